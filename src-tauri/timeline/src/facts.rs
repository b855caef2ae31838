//! What the timeline tells: the short form of each Call, and what changed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    history::HistoryState, mock::MockState, prompt::Prompt, replay::ReplayState, session::OpenSession,
    tapping::TapStatus,
};
use porthole_base::error::Error;
use porthole_engine::target::TargetStatus;
use porthole_output::{BodyKind, Charset, Counts, Encoded, Searching, TaskProgress};
pub use porthole_sdk::call::{Act, Call, CallId, Origin, Outcome};
use porthole_sdk::{
    diagnostic::DiagnosticCounts,
    permission::{Decision, PermissionState},
    sdk_call::Sdk,
};

/// Who asks for a Call.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub origin: Origin,
    /// The call on `ddClient`, if there was one.
    pub sdk: Option<Sdk>,
    /// What allowed or denied it, if it needed permission.
    pub decision: Option<Decision>,
    /// When the replay began that it is part of, in milliseconds since 1970-01-01 UTC.
    pub replay_ms: Option<u64>,
}

impl From<Origin> for By {
    fn from(origin: Origin) -> Self {
        Self { origin, sdk: None, decision: None, replay_ms: None }
    }
}

/// The load of a page, the run of the console's code, or the replay of a session that a Call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallGroup {
    /// When it began, in milliseconds since 1970-01-01 UTC. Together with the origin it tells groups apart.
    #[ts(type = "number")]
    pub began_ms: u64,
    /// Which load, run or replay it was, from 1, of those that made calls.
    pub number: u32,
}

/// Calls that were removed from the timeline and can be put back for some seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Removal {
    /// Its number.
    pub number: u32,
    /// How many calls.
    pub calls: u32,
    /// The text of the call when it is only one: its row is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// Whether they go from the history as well.
    pub deleted: bool,
}

/// One row of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Its number.
    pub id: CallId,
    /// Who asked for it.
    pub origin: Origin,
    /// Where in the code it was made, as the code says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub at: Option<String>,
    /// The page load, console run or replay that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<CallGroup>,
    /// The number of the session file that it is from, which is in [`Changes::sessions`].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<u32>,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// `GET`, `POST`, … for an Exchange; `host` or `container` for a Run.
    pub label: String,
    /// Request target, or the command line with each argument quoted where it must be.
    pub text: String,
    /// Whether it is an Exchange (true) or a Run (false).
    pub http: bool,
    /// Whether it is a Run in a terminal.
    pub terminal: bool,
    /// What its body is shown as: by its media type and content, or as the user chose; absent for a Run and before the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub body: Option<BodyKind>,
    /// Whether the user chose that.
    pub body_chosen: bool,
    /// The content encoding of its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub encoded: Option<Encoded>,
    /// The charset that its text is shown in, where that isn't UTF-8 or was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub charset: Option<Charset>,
    /// How many bytes of body the response promised, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub promised: Option<u64>,
    /// Whether its output is kept for the next start.
    pub kept: bool,
    /// Whether it is of an earlier start and was opened from the history.
    pub from_history: bool,
    /// Why what came after it was kept could not be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub keep_failed: Option<Error>,
    /// Where it is.
    pub outcome: Outcome,
    /// When the first byte of the response arrived, or the command had started, in microseconds since it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waited_us: Option<u64>,
    /// How long it took, in microseconds; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub took_us: Option<u64>,
    /// What it wrote so far.
    pub counts: Counts,
    /// How many findings there are; all zero while it runs.
    pub found: DiagnosticCounts,
}

/// How much of the disk outputs take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Disk {
    /// Bytes of all outputs.
    pub used: u64,
    /// How many they may take. At that much nothing more is read: processes and backends wait.
    pub quota: u64,
    /// How many Calls wait for room.
    pub waiting: u32,
}

/// Which rows are gone: all up to a number, except those that remain. It is the same however often Calls were removed,
/// so nothing has to be remembered of each of them, and a page that missed an update still learns of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Cleared {
    /// The newest number that had been given when Calls were last removed.
    pub through: CallId,
    /// Rows up to it that are still there, in order.
    pub except: Vec<CallId>,
}

/// What changed since a revision: rows to put in place of those with the same number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Changes {
    /// Pass this to the next question.
    pub revision: u64,
    /// New and changed rows, in order.
    pub calls: Vec<Summary>,
    /// Which rows are gone, when some were removed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cleared: Option<Cleared>,
    /// What was removed and can be put back, the newest last.
    pub removals: Vec<Removal>,
    /// The session files that were opened, by number.
    pub sessions: Vec<OpenSession>,
    /// The mock that is the target, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mock: Option<MockState>,
    /// The recording of what a desktop sends, if one runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tap: Option<TapStatus>,
    /// The three live marks as they are now.
    pub target_status: TargetStatus,
    /// Counts the changes of the extension that is open: a caller that shows it asks for it again.
    pub extension: u64,
    /// Counts the files that the open page asked for in vain.
    pub misses: u64,
    /// Counts what was dropped on the window.
    pub dropped: u64,
    /// The running or finished search, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub search: Option<Searching>,
    /// The running or last replay, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub replay: Option<ReplayState>,
    /// How far the file that is being saved has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub saving: Option<TaskProgress>,
    /// The call of code that has waited longest for the user, if one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub prompt: Option<Prompt>,
    /// How many wait in all.
    pub waiting: u32,
    /// What code may do without a prompt now.
    pub permissions: PermissionState,
    /// How much of the disk the outputs may take and do take.
    pub disk: Disk,
    /// Why calls that an earlier start kept are not there. Their files stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kept_unread: Option<Error>,
    /// The calls of this start and earlier ones.
    pub history: HistoryState,
}

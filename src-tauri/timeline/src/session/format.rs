//! What is in a session file: `session.json`, and the names of the entries beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use porthole_base::error::{Code, Error};
use porthole_http::exchange::{ExchangeEvent, Failure, Stage};
use porthole_process::RunEvent;
use porthole_sdk::call::{Act, Call};

/// What a session's name ends in.
pub const SUFFIX: &str = "porthole";
/// The entry with all facts.
pub const ENTRY: &str = "session.json";
/// What the facts say they are.
pub(super) const FORMAT: &str = "porthole-session";
/// The version of the format that is written.
pub const VERSION: u32 = 1;
/// The most calls of a session.
pub const MOST_CALLS: usize = 50_000;
/// The most bytes of `session.json`.
pub const MOST_FACTS: u64 = 128_000_000;
/// The most bytes of the zip's directory, with three entries for each call.
pub const MOST_DIRECTORY: u64 = 32 * 1024 * 1024;

/// What `session.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionFacts {
    /// Always `porthole-session`.
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The version of Porthole that wrote it.
    pub porthole: String,
    /// When it was written, in milliseconds since 1970-01-01 UTC.
    pub saved_ms: u64,
    /// The differences that a replay allows.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub rules: Value,
    /// The calls in order.
    pub calls: Vec<SessionCall>,
}

/// A call and the entries with its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionCall {
    /// All that is known of it. It has ended.
    pub call: Call,
    /// Standard output, or the response body; absent where that has no bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<StreamEntry>,
    /// Standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<StreamEntry>,
    /// How the bytes arrived: 16 bytes for each chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<StreamEntry>,
    /// Whether it was pinned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

/// An entry of the zip, stored and not compressed, so that it is read where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEntry {
    /// Its name.
    pub entry: String,
    /// Its length.
    pub bytes: u64,
}

/// What an entry of a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Stdout,
    Stderr,
    Chunks,
}

impl Part {
    /// The name of the entry of the nth call, from 0.
    pub fn entry(self, n: usize) -> String {
        let name = match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Chunks => "chunks",
        };
        format!("calls/{}/{name}", n + 1)
    }
}

impl SessionCall {
    pub(super) fn parts(&self) -> [(Part, Option<&StreamEntry>); 3] {
        [
            (Part::Stdout, self.stdout.as_ref()),
            (Part::Stderr, self.stderr.as_ref()),
            (Part::Chunks, self.chunks.as_ref()),
        ]
    }
}

/// The call as one that has ended: a call that still runs while it is written ends there for the session.
pub(super) fn ended(mut call: Call, at_us: u64) -> Call {
    let error = || Error::new(Code::Cancelled, "The call was still active when the session was written");
    match &mut call.act {
        Act::Exchange(exchange) if !exchange.ended() => {
            exchange.apply(ExchangeEvent::Failed { at_us, failure: Failure::new(Stage::Body, error()) });
        }
        Act::Run(run) if run.closed_us.is_none() => run.apply(RunEvent::Failed { at_us, error: error() }),
        _ => {}
    }
    call
}

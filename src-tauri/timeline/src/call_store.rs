//! What the timeline knows, and since which revision.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use encoding_rs::{Encoding, UTF_8};
use tokio_util::sync::CancellationToken;

mod row;

use super::{
    Act, Call, CallGroup, CallId, Changes, Cleared, Disk,
    groups::Groups,
    history::{HistoryState, RowId},
    kept_folder::KeptCall,
    removal::Removals,
    summary::outcome,
    terminal::LiveTerminal,
};
use crate::{
    mock::MockState,
    prompt::Prompt,
    replay::ReplayState,
    session::{OpenSession, OpenedRules},
    tapping::TapStatus,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::TargetStatus;
use porthole_http::exchange::{ExchangeEvent, Head};
use porthole_output::{BodyKind, CharsetBy, Coding, Output, Searching, TaskProgress};
use porthole_process::{RunEvent, Signal, Stopper};
use porthole_sdk::{diagnostic::DiagnosticCounts, permission::PermissionState};

/// How a live Call is ended.
#[derive(Debug, Clone)]
pub(super) enum Control {
    Exchange(CancellationToken),
    Run(Stopper),
    /// A run in a terminal.
    Terminal(Stopper, LiveTerminal),
}

impl Control {
    /// Ends a request at once, and a run with a signal. What cannot be reached has ended, or will.
    pub async fn end(&self, signal: Signal) {
        match self {
            Self::Exchange(cancel) => cancel.cancel(),
            Self::Run(stopper) => drop(stopper.stop(signal).await),
            // Its shell ignores SIGTERM.
            Self::Terminal(stopper, _) if signal == Signal::Term => drop(stopper.stop(Signal::Hup).await),
            Self::Terminal(stopper, _) => drop(stopper.stop(signal).await),
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Shared with those who waited for its end: it changes no more then.
    pub call: Arc<Call>,
    pub output: Arc<Output>,
    /// The page load, console run or replay that it belongs to.
    group: Option<CallGroup>,
    /// The session file that it is from.
    session: Option<u32>,
    /// How it is ended; nothing for one of an earlier start.
    control: Option<Control>,
    /// Cancelled when nothing more will happen.
    over: CancellationToken,
    /// Where it is kept for the next start, if it is.
    pub kept: Option<Arc<KeptCall>>,
    /// Its number in the history, if it is recorded there.
    pub row: Option<RowId>,
    /// Whether it is pinned there.
    pub pinned: bool,
    /// It is of an earlier start and was opened from the history.
    pub reopened: bool,
    /// The extension that was open when it began.
    pub extension: Option<Arc<str>>,
    /// Why what came later could not be added to that.
    keep_failed: Option<Error>,
    /// The encoding that was chosen to show it in.
    chosen: Option<&'static Encoding>,
    /// The kind of body that it was chosen to be shown as.
    chosen_kind: Option<BodyKind>,
    /// Its body is shown as sent, although it could be decoded.
    as_sent: bool,
    /// How many findings it has, counted when it ended.
    found: DiagnosticCounts,
    /// The revision of the last change to it.
    pub changed_at: u64,
}

impl Entry {
    /// The encoding that its text is shown in, where that isn't UTF-8 or was chosen.
    fn charset(&self) -> Option<(&'static Encoding, CharsetBy)> {
        if let Some(chosen) = self.chosen {
            return Some((chosen, CharsetBy::Chosen));
        }
        if self.is_encoded_bytes() {
            return None;
        }
        self.output.charset(self.head().and_then(|head| head.header("content-type")))
    }

    /// The head of its response, if it has one.
    fn head(&self) -> Option<&Head> {
        match &self.call.act {
            Act::Exchange(exchange) => exchange.response.as_ref().map(|response| &response.head),
            Act::Run(_) => None,
        }
    }

    /// The codings that are undone before it is shown; none where it is shown as sent.
    fn undone(&self) -> Vec<Coding> {
        if self.as_sent || self.output.is_mislabeled() {
            return Vec::new();
        }
        self.head().and_then(|head| head.encoded_body().1.ok()).unwrap_or_default()
    }

    /// Whether compressed bytes are shown.
    fn is_encoded_bytes(&self) -> bool {
        self.as_sent && !self.output.is_mislabeled()
    }

    /// The kind of its body as it is shown, where it has one.
    fn kind(&self) -> Option<BodyKind> {
        let found = || if self.is_encoded_bytes() { Some(BodyKind::Bytes) } else { self.output.kind() };
        self.chosen_kind.or_else(found)
    }

    fn is_live(&self) -> bool {
        outcome(&self.call.act).is_live()
    }

    fn is_kept(&self) -> bool {
        self.kept.is_some() || self.pinned
    }
}

/// All Calls, by number. Every change has a revision.
#[derive(Debug, Default)]
pub(super) struct CallStore {
    pub revision: u64,
    pub target_status: TargetStatus,
    pub extension: u64,
    /// Counts the files that the open page asked for in vain.
    pub misses: u64,
    pub dropped: u64,
    pub search: Option<Searching>,
    pub replay: Option<ReplayState>,
    pub saving: Option<TaskProgress>,
    pub mock: Option<MockState>,
    pub tap: Option<TapStatus>,
    pub prompt: Option<Prompt>,
    pub waiting: u32,
    pub permissions: PermissionState,
    /// Why calls that an earlier start kept are not there.
    pub kept_unread: Option<Error>,
    pub history: HistoryState,
    /// That is why something isn't in the history, and not what became of it before.
    pub history_failed: bool,
    /// What the extension that is open is called.
    pub extension_name: Option<Arc<str>>,
    last_id: CallId,
    pub entries: BTreeMap<CallId, Entry>,
    groups: Groups,
    /// The session files that were opened. They stay here: removed calls can be put back.
    sessions: Vec<OpenSession>,
    /// The rules of those files, by their number.
    pub session_rules: BTreeMap<u32, OpenedRules>,
    /// What was removed and can be put back.
    pub removals: Removals,
    /// The revision at which Calls were last removed, and the last number that had been given by then. Numbers are never
    /// given twice, so of those up to it, exactly the ones without an entry are gone.
    cleared: Option<(u64, CallId)>,
}

impl CallStore {
    /// An empty one, at the first revision: 0 is for a client that has nothing yet.
    pub fn new() -> Self {
        Self { revision: 1, ..Self::default() }
    }

    pub fn next_id(&mut self) -> CallId {
        self.last_id += 1;
        self.last_id
    }

    pub fn insert(&mut self, call: Call, output: Arc<Output>, control: Option<Control>, over: CancellationToken) {
        self.insert_of(None, call, output, control, over);
    }

    /// A Call of the replay that began then, if it is one.
    pub fn insert_of(
        &mut self,
        replay_ms: Option<u64>,
        call: Call,
        output: Arc<Output>,
        control: Option<Control>,
        over: CancellationToken,
    ) {
        let began_ms = replay_ms.or_else(|| call.sdk.as_ref().and_then(|sdk| sdk.began_ms));
        let group = began_ms.map(|began_ms| self.groups.of(call.origin, began_ms));
        self.insert_in(group, None, call, output, control, over);
    }

    /// A Call of a session file. It has ended.
    pub fn insert_of_session(&mut self, session: u32, call: Call, output: Arc<Output>, over: CancellationToken) {
        self.insert_in(None, Some(session), call, output, None, over);
    }

    fn insert_in(
        &mut self,
        group: Option<CallGroup>,
        session: Option<u32>,
        call: Call,
        output: Arc<Output>,
        control: Option<Control>,
        over: CancellationToken,
    ) {
        let extension = self.extension_name.clone();
        self.entries.insert(
            call.id,
            Entry {
                call: Arc::new(call),
                group,
                session,
                output,
                control,
                over,
                kept: None,
                row: None,
                pinned: false,
                reopened: false,
                extension,
                keep_failed: None,
                chosen: None,
                chosen_kind: None,
                as_sent: false,
                found: DiagnosticCounts::default(),
                changed_at: self.revision,
            },
        );
    }

    /// An entry that is about to change, marked as changed.
    pub fn changed(&mut self, id: CallId) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(&id)?;
        entry.changed_at = self.revision;
        Some(entry)
    }

    pub fn mark_changed(&mut self, id: CallId) {
        self.changed(id);
    }

    pub fn exchange(&mut self, id: CallId, event: ExchangeEvent) {
        if let Some(Act::Exchange(exchange)) = self.changed(id).map(|entry| &mut Arc::make_mut(&mut entry.call).act) {
            exchange.apply(event);
        }
    }

    pub fn run(&mut self, id: CallId, event: RunEvent) {
        if let Some(Act::Run(run)) = self.changed(id).map(|entry| &mut Arc::make_mut(&mut entry.call).act) {
            run.apply(event);
        }
    }

    fn entry(&self, id: CallId) -> Result<&Entry> {
        self.entries.get(&id).ok_or_else(|| Error::new(Code::CallNotFound, format!("Call {id} not found")))
    }

    pub fn call(&self, id: CallId) -> Result<Arc<Call>> {
        self.entry(id).map(|entry| Arc::clone(&entry.call))
    }

    pub fn output(&self, id: CallId) -> Result<Arc<Output>> {
        self.entry(id).map(|entry| Arc::clone(&entry.output))
    }

    /// The encoding that the text of an output is shown in, where that isn't UTF-8.
    pub fn charset(&self, id: CallId) -> Option<&'static Encoding> {
        let (encoding, _) = self.entries.get(&id)?.charset()?;
        (encoding != UTF_8).then_some(encoding)
    }

    /// Shows it in this encoding from now on; in the one that is found when none is given.
    pub fn choose_charset(&mut self, id: CallId, chosen: Option<&'static Encoding>) -> Result<()> {
        self.entry(id)?;
        if let Some(entry) = self.changed(id) {
            entry.chosen = chosen;
        }
        Ok(())
    }

    /// The codings of a body that are undone before it is shown, and its kind then.
    pub fn shown_as(&self, id: CallId) -> (Vec<Coding>, Option<BodyKind>) {
        self.entries.get(&id).map(|entry| (entry.undone(), entry.kind())).unwrap_or_default()
    }

    /// The codings of a body, and its kind when they are undone.
    pub fn body(&self, id: CallId) -> (Vec<Coding>, Option<BodyKind>) {
        let Some(entry) = self.entries.get(&id) else { return Default::default() };
        let codings = entry.head().and_then(|head| head.encoded_body().1.ok()).unwrap_or_default();
        (codings, entry.output.kind())
    }

    /// Shows a body as this kind from now on; as the one that is found when none is given.
    pub fn choose_kind(&mut self, id: CallId, chosen: Option<BodyKind>) -> Result<()> {
        self.entry(id)?;
        if let Some(entry) = self.changed(id) {
            entry.chosen_kind = chosen;
        }
        Ok(())
    }

    /// Shows a body as sent from now on, or decoded.
    pub fn show_as_sent(&mut self, id: CallId, as_sent: bool) -> Result<()> {
        self.entry(id)?;
        if let Some(entry) = self.changed(id) {
            (entry.as_sent, entry.chosen_kind, entry.chosen) = (as_sent, None, None);
        }
        Ok(())
    }

    /// Where it is kept for the next start, if it is.
    pub fn kept(&self, id: CallId) -> Option<Arc<KeptCall>> {
        self.entries.get(&id)?.kept.clone()
    }

    pub fn set_kept(&mut self, id: CallId, kept: Option<Arc<KeptCall>>) {
        if let Some(entry) = self.changed(id) {
            (entry.kept, entry.keep_failed) = (kept, None);
        }
    }

    /// Why what came later could not be kept, if so.
    pub fn keep_failed(&self, id: CallId) -> Option<Error> {
        self.entries.get(&id)?.keep_failed.clone()
    }

    pub fn set_keep_failed(&mut self, id: CallId, failed: Option<Error>) {
        if let Some(entry) = self.changed(id) {
            entry.keep_failed = failed;
        }
    }

    /// Writes down how much there is to say about a Call, also of one that may be put back.
    pub fn set_found(&mut self, id: CallId, found: DiagnosticCounts) {
        self.mark_changed(id);
        if let Some(entry) = self.entries.get_mut(&id).or_else(|| self.removals.entry_mut(id)) {
            entry.found = found;
        }
    }

    /// Whether there is such a Call, also one that may be put back.
    pub fn is_recorded(&self, id: CallId) -> bool {
        self.entries.contains_key(&id) || self.removals.entry(id).is_some()
    }

    /// All of these Calls in order: facts, output, and whether they are kept.
    pub fn all(&self, of: impl Fn(CallId) -> bool) -> Vec<(Call, Arc<Output>, bool)> {
        let entries = self.entries.values().filter(|entry| of(entry.call.id));
        entries.map(|entry| (Call::clone(&entry.call), Arc::clone(&entry.output), entry.kept.is_some())).collect()
    }

    /// A Call with its output, also of one that may be put back.
    pub fn recorded(&self, id: CallId) -> Option<(Arc<Call>, Arc<Output>)> {
        let entry = self.entries.get(&id).or_else(|| self.removals.entry(id))?;
        Some((Arc::clone(&entry.call), Arc::clone(&entry.output)))
    }

    /// What is cancelled when nothing more will happen to a Call.
    pub fn over(&self, id: CallId) -> Result<CancellationToken> {
        self.entry(id).map(|entry| entry.over.clone())
    }

    /// Whether something more may happen to it.
    pub fn is_live(&self, id: CallId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.is_live())
    }

    pub fn control(&self, id: CallId) -> Result<Option<Control>> {
        self.entry(id).map(|entry| entry.control.clone())
    }

    /// How to end a Call, if it has not ended.
    pub fn live_control(&self, id: CallId) -> Result<Option<Control>> {
        self.entry(id).map(|entry| entry.control.clone().filter(|_| entry.is_live()))
    }

    /// How to end each Call that has not ended.
    pub fn live(&self) -> Vec<Control> {
        self.live_of(|_| true)
    }

    /// How to end each Call of these that has not ended.
    pub fn live_of(&self, of: impl Fn(&Call) -> bool) -> Vec<Control> {
        let live = self.entries.values().filter(|entry| entry.is_live() && of(&entry.call));
        live.filter_map(|entry| entry.control.clone()).collect()
    }

    /// Takes out what has ended and isn't kept, in order.
    pub fn clear(&mut self) -> Vec<Entry> {
        self.take(|entry| !entry.is_kept())
    }

    /// Takes out those of these Calls that have ended, in order.
    pub fn delete(&mut self, ids: &BTreeSet<CallId>) -> Vec<Entry> {
        self.take(|entry| ids.contains(&entry.call.id))
    }

    /// Takes out all that has ended, in order.
    pub fn take_ended(&mut self) -> Vec<Entry> {
        self.take(|_| true)
    }

    /// Gives a session file that is opened its number.
    pub fn begin_session(&mut self, name: String, path: String) -> u32 {
        let number = u32::try_from(self.sessions.len() + 1).unwrap_or(u32::MAX);
        self.sessions.push(OpenSession { number, name, path });
        number
    }

    /// The session file that a Call is from.
    pub fn session_of(&self, id: CallId) -> Option<u32> {
        self.entries.get(&id)?.session
    }

    /// A session file that was opened.
    pub fn session(&self, number: u32) -> Option<&OpenSession> {
        self.sessions.iter().find(|session| session.number == number)
    }

    /// The Calls of a session file, in order.
    pub fn calls_of_session(&self, number: u32) -> Vec<CallId> {
        let of_it = self.entries.values().filter(|entry| entry.session == Some(number));
        of_it.map(|entry| entry.call.id).collect()
    }

    /// Takes out the Calls of a session file, in order.
    pub fn take_session(&mut self, number: u32) -> Vec<Entry> {
        self.take(|entry| entry.session == Some(number))
    }

    fn take(&mut self, which: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let ended = self.entries.values().filter(|entry| !entry.is_live() && which(entry));
        let ids: Vec<CallId> = ended.map(|entry| entry.call.id).collect();
        if !ids.is_empty() {
            self.cleared = Some((self.revision, self.last_id));
        }
        ids.into_iter().filter_map(|id| self.entries.remove(&id)).collect()
    }

    /// Puts back what was taken out, each with its number.
    pub fn put_back(&mut self, entries: Vec<Entry>) {
        for mut entry in entries {
            entry.changed_at = self.revision;
            self.entries.insert(entry.call.id, entry);
        }
    }

    pub fn changes(&self, since: u64, disk: Disk) -> Changes {
        let changed_at = self.entries.values().filter(|entry| entry.changed_at > since);
        let cleared = self.cleared.filter(|(revision, _)| *revision > since && since > 0);
        Changes {
            revision: self.revision,
            calls: changed_at.map(Entry::summary).collect(),
            cleared: cleared.map(|(_, through)| Cleared {
                through,
                except: self.entries.range(..=through).map(|(id, _)| *id).collect(),
            }),
            removals: self.removals.list(),
            sessions: self.sessions.clone(),
            mock: self.mock.clone(),
            tap: self.tap.clone(),
            target_status: self.target_status.clone(),
            extension: self.extension,
            misses: self.misses,
            dropped: self.dropped,
            search: self.search.clone(),
            replay: self.replay.clone(),
            saving: self.saving,
            prompt: self.prompt.clone(),
            waiting: self.waiting,
            permissions: self.permissions,
            disk,
            kept_unread: self.kept_unread.clone(),
            history: self.history.clone(),
        }
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;

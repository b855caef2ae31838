//! The replay that a window shows, one at a time: its progress, and the result of each call. It continues without a viewer
//! until it is stopped, its session is closed, or the timeline closes.

use std::sync::{Arc, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{ReplayOptions, ReplayResult, Replayed, Skipped, method_and_title};
use crate::{
    Timeline,
    compare::{Allow, CallPart, Comparison, Difference},
};
use porthole_base::error::{Code, Error, Result};
use porthole_sdk::call::CallId;

/// The most rows of results that are handed over at once.
const ROWS: u32 = 500;
/// The most rules that are proposed.
const PROPOSED: usize = 100;

/// How far the replay is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReplayState {
    /// The number of the session.
    pub session: u32,
    /// It is running.
    pub running: bool,
    /// Calls with a result.
    pub done: u32,
    /// All calls of the session.
    pub whole: u32,
    /// Calls that did what was recorded, but for differences that the rules allow.
    pub same: u32,
    /// Calls that did something else.
    pub different: u32,
    /// Calls that could not be made or compared.
    pub failed: u32,
    /// Calls that were left out.
    pub skipped: u32,
    /// Why it ended before all calls were made; absent when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<Error>,
}

/// What became of a call, in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ReplayRowResult {
    /// Its turn hasn't come.
    Waiting,
    /// It is being made, or compared.
    Running,
    /// The replay ended before it had a result.
    NotRun,
    /// It did what was recorded.
    Same {
        /// How many differences the rules allow.
        allowed: u32,
    },
    /// It did something else.
    Different {
        /// The parts that differ, each once.
        parts: Vec<CallPart>,
    },
    /// It was left out.
    Skipped {
        /// Why.
        reason: Skipped,
    },
    /// It could not be made or compared.
    Failed {
        /// Why.
        error: Error,
    },
}

/// A call of the session and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReplayRow {
    /// Its number in the session, from 1.
    pub number: u32,
    /// Its method and path, or its command line; absent when it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The recorded call in the timeline.
    pub recorded: CallId,
    /// The new call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub call: Option<CallId>,
    /// What became of it.
    pub result: ReplayRowResult,
}

/// Some rows of the results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ReplayList {
    /// The requested rows.
    pub rows: Vec<ReplayRow>,
    /// How many rows there are in all.
    pub total: u32,
    /// Rules that would allow what looks as if it differs each time.
    pub proposed: Vec<Allow>,
}

/// The replay that is shown.
#[derive(Debug)]
pub(crate) struct ShownReplay {
    state: ReplayState,
    recorded: Vec<CallId>,
    /// Of the first calls, in order.
    results: Vec<(Option<CallId>, ReplayRowResult)>,
    proposed: Vec<Allow>,
    /// Ends it. What an ended one still tells is not of the one that is shown.
    stop: CancellationToken,
}

impl ShownReplay {
    fn new(session: u32, recorded: Vec<CallId>, stop: CancellationToken) -> Self {
        let state = ReplayState {
            session,
            running: true,
            done: 0,
            whole: count(recorded.len()),
            same: 0,
            different: 0,
            failed: 0,
            skipped: 0,
            error: None,
        };
        Self { state, recorded, results: Vec::new(), proposed: Vec::new(), stop }
    }

    fn take(&mut self, replayed: Replayed) {
        let result = match replayed.result {
            ReplayResult::Same { allowed } => {
                self.state.same += 1;
                ReplayRowResult::Same { allowed }
            }
            ReplayResult::Different { comparison } => {
                self.state.different += 1;
                self.propose(&comparison);
                ReplayRowResult::Different { parts: different_parts(&comparison) }
            }
            ReplayResult::Skipped { reason } => {
                self.state.skipped += 1;
                ReplayRowResult::Skipped { reason }
            }
            ReplayResult::Failed { error } => {
                self.state.failed += 1;
                ReplayRowResult::Failed { error }
            }
        };
        self.results.push((replayed.call, result));
        self.state.done = count(self.results.len());
    }

    fn propose(&mut self, comparison: &Comparison) {
        for rule in comparison.proposed() {
            if self.proposed.len() < PROPOSED && !self.proposed.contains(&rule) {
                self.proposed.push(rule);
            }
        }
    }

    fn row(&self, at: usize) -> Option<ReplayRow> {
        let recorded = *self.recorded.get(at)?;
        let (call, result) = match self.results.get(at) {
            Some(made) => made.clone(),
            None if !self.state.running => (None, ReplayRowResult::NotRun),
            None if at == self.results.len() => (None, ReplayRowResult::Running),
            None => (None, ReplayRowResult::Waiting),
        };
        Some(ReplayRow { number: count(at + 1), title: None, recorded, call, result })
    }

    /// The places of calls that did something else, or could not be made.
    fn failed(&self) -> impl Iterator<Item = usize> {
        let is_failed = |result: &ReplayRowResult| {
            matches!(result, ReplayRowResult::Different { .. } | ReplayRowResult::Failed { .. })
        };
        self.results.iter().enumerate().filter(move |(_, (_, result))| is_failed(result)).map(|(at, _)| at)
    }

    fn list(&self, from: u32, most: u32, only_failed: bool) -> ReplayList {
        let (from, most) = (from as usize, most.min(ROWS) as usize);
        let (total, places): (usize, Vec<usize>) = match only_failed {
            true => (self.failed().count(), self.failed().skip(from).take(most).collect()),
            false => (self.recorded.len(), (from..self.recorded.len()).take(most).collect()),
        };
        ReplayList {
            rows: places.into_iter().filter_map(|at| self.row(at)).collect(),
            total: count(total),
            proposed: self.proposed.clone(),
        }
    }
}

fn different_parts(comparison: &Comparison) -> Vec<CallPart> {
    let mut parts: Vec<CallPart> = Vec::new();
    for part in &comparison.parts {
        let differs = part.part != CallPart::Timing && part.difference != Difference::Same;
        if differs && !parts.contains(&part.part) {
            parts.push(part.part);
        }
    }
    parts
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Timeline {
    /// Begins to replay a session for a caller that shows one replay at a time: the one before ends.
    ///
    /// # Errors
    /// [`Code::CallNotFound`] when the session has no calls in the timeline; [`Code::RuleInvalid`].
    pub fn replay_shown(self: &Arc<Self>, session: u32, options: ReplayOptions) -> Result<()> {
        let rules = self.rules_of_session(session)?;
        let recorded = self.calls_of_session(session);
        if recorded.is_empty() {
            return Err(Error::new(Code::CallNotFound, "None of the session's calls is in the timeline")
                .hint("Open the session file again."));
        }
        let stop = CancellationToken::new();
        let shown = ShownReplay::new(session, recorded, stop.clone());
        let state = shown.state.clone();
        let mut replaying = self.replaying();
        if let Some(before) = replaying.replace(shown) {
            before.stop.cancel();
        }
        self.shared.change(|store| store.replay = Some(state));
        drop(replaying);
        let timeline = Arc::clone(self);
        self.own(async move {
            let tell = |one: Replayed| timeline.change_replay(&stop, |shown| shown.take(one));
            let ended = timeline.replay(session, &rules, &options, &stop, tell).await;
            timeline.change_replay(&stop, |shown| {
                shown.state.running = false;
                shown.state.error = ended.err().filter(|error| error.code != Code::Cancelled);
            });
        });
        Ok(())
    }

    /// Stops that replay, and the call that it is waiting for.
    pub fn replay_stop(&self) {
        if let Some(shown) = &*self.replaying() {
            shown.stop.cancel();
        }
    }

    /// Results of that replay from one on: of all calls, or only of those that differ or failed.
    pub fn replay_results(&self, from: u32, count: u32, only_failed: bool) -> ReplayList {
        let mut list = match &*self.replaying() {
            Some(shown) => shown.list(from, count, only_failed),
            None => return ReplayList::default(),
        };
        if let Some(rules) = self.replayed_session().and_then(|session| self.rules_of_session(session).ok()) {
            list.proposed.retain(|rule| !rules.allow.contains(rule));
        }
        let store = self.shared.store();
        for row in &mut list.rows {
            row.title = store.entries.get(&row.recorded).map(|entry| method_and_title(&entry.call));
        }
        drop(store);
        list
    }

    /// Stops the replay of a session, and forgets its results.
    pub(crate) fn forget_replay(&self, session: u32) {
        let mut replaying = self.replaying();
        if let Some(shown) = replaying.take_if(|shown| shown.state.session == session) {
            shown.stop.cancel();
            self.shared.change(|store| store.replay = None);
        }
    }

    /// Whether one of these is the call that this replay made of the other.
    pub(crate) fn is_replay_of(&self, first: CallId, second: CallId) -> bool {
        let is_pair = |shown: &ShownReplay| {
            let made = shown.results.iter().map(|(call, _)| *call);
            let mut pairs = shown.recorded.iter().zip(made);
            pairs.any(|(recorded, call)| {
                call.is_some_and(|call| [(first, second), (second, first)].contains(&(*recorded, call)))
            })
        };
        self.replaying().as_ref().is_some_and(is_pair)
    }

    fn replayed_session(&self) -> Option<u32> {
        self.replaying().as_ref().map(|shown| shown.state.session)
    }

    /// Changes the replay that this ends, if it is the one that is shown.
    fn change_replay(&self, stop: &CancellationToken, change: impl FnOnce(&mut ShownReplay)) {
        let mut replaying = self.replaying();
        let Some(shown) = replaying.as_mut().filter(|shown| shown.stop == *stop) else { return };
        change(shown);
        let state = shown.state.clone();
        self.shared.change(|store| store.replay = Some(state));
    }

    fn replaying(&self) -> MutexGuard<'_, Option<ShownReplay>> {
        self.replaying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

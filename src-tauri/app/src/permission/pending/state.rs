//! The calls that wait for the user, and what became of the others.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::{PendingEnd, ProposedState};
use crate::permission::{grants::Grants, listener_check::ListenerCheck};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::Watch;
use porthole_sdk::{call::Origin, permission::CallKind};
use porthole_timeline::{inspect::PlannedCall, prompt::Prompt};

/// Calls of one origin that may wait for the user.
pub(super) const MOST: usize = 100;
/// Outcomes that are kept for code that has not asked for them yet.
const MOST_DECIDED: usize = 1_000;

#[derive(Debug)]
pub(in crate::permission) struct Pending {
    pub arrived: u64,
    pub kind: CallKind,
    pub planned: PlannedCall,
    pub prompt: Prompt,
}

#[derive(Debug)]
pub(in crate::permission) struct State {
    pub grants: Grants,
    pub last: u32,
    pub waiting: VecDeque<Pending>,
    /// Approved, and looked at once more.
    pub deciding: BTreeSet<u32>,
    /// The one of them that the user approved. Until it is decided, what else it allows is open, and no prompt is shown.
    pub approving: Option<u32>,
    pub decided: BTreeMap<u32, Result<ProposedState>>,
    /// What became of the last ones, for the prompt that still shows one.
    pub ends: BTreeMap<u32, PendingEnd>,
    /// Counts the pages that were closed or left; a call that was proposed by one before is withdrawn.
    pub page: u64,
    pub console: u64,
    /// The last call that was proposed, and those that are being planned, by the order in which they came.
    pub arrived: u64,
    pub planning: BTreeMap<u64, Origin>,
    /// Looks who listens for the page that is open.
    pub looking: Option<ListenerCheck>,
}

impl State {
    pub fn new(grants: Grants) -> Self {
        Self {
            grants,
            last: 0,
            waiting: VecDeque::new(),
            deciding: BTreeSet::new(),
            approving: None,
            decided: BTreeMap::new(),
            ends: BTreeMap::new(),
            page: 0,
            console: 0,
            arrived: 0,
            planning: BTreeMap::new(),
            looking: None,
        }
    }

    /// What the page that is open was read from.
    pub fn watch(&self) -> Option<Arc<Watch>> {
        self.grants.page().map(|page| Arc::clone(&page.watch))
    }

    pub fn turn(&self, origin: Origin) -> u64 {
        if origin == Origin::Page { self.page } else { self.console }
    }

    pub fn place_of(&self, pending: u32) -> Option<usize> {
        self.waiting.iter().position(|waits| waits.prompt.pending == pending)
    }

    pub fn has_room(&self, origin: Origin) -> Result<()> {
        if self.waiting.iter().filter(|waits| waits.prompt.origin == origin).count() < MOST {
            return Ok(());
        }
        Err(Error::new(Code::TooManyPending, format!("Not run: {MOST} calls are already waiting for your permission"))
            .hint("Allow or deny those first."))
    }

    pub fn put(&mut self, pending: u32, outcome: Result<ProposedState>) {
        let end = match &outcome {
            Ok(ProposedState::Started { .. }) => PendingEnd::Started,
            Ok(_) => PendingEnd::Refused,
            Err(error) if error.code == Code::Cancelled => PendingEnd::Withdrawn,
            Err(_) => PendingEnd::Refused,
        };
        self.ends.insert(pending, end);
        while self.ends.len() > MOST_DECIDED {
            self.ends.pop_first();
        }
        self.decided.insert(pending, outcome);
        while self.decided.len() > MOST_DECIDED {
            self.decided.pop_first();
        }
    }
}

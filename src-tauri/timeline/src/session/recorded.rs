//! Calls as they were at a moment, with their outputs: what is exported.

use std::{collections::BTreeSet, sync::Arc};

use super::{content::OutputContent, format::ended, read::expected};
use crate::{CallId, Timeline};
use porthole_output::{Coding, Counts, Output};
use porthole_sdk::call::{Act, Call};

/// One call.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its facts.
    pub call: Call,
    /// Its output, which may hold more by now.
    pub output: Arc<Output>,
    /// How much it held.
    pub counts: Counts,
    /// Whether it is pinned.
    pub pinned: bool,
}

impl Recorded {
    /// A call as it is now.
    pub fn new(call: Call, output: Arc<Output>, pinned: bool) -> Self {
        let counts = output.counts();
        Self { call, output, counts, pinned }
    }

    /// Its facts; a running one ends with what was recorded so far.
    pub fn ended(&self) -> Call {
        ended(self.call.clone(), self.content().last_us())
    }

    /// Its bytes.
    pub fn content(&self) -> OutputContent<'_> {
        OutputContent::at(&self.output, self.counts)
    }

    pub(super) fn is_exchange(&self) -> bool {
        matches!(self.call.act, Act::Exchange(_))
    }

    /// The codings of its body, where it is what they say.
    pub(super) fn codings(&self) -> Vec<Coding> {
        if self.output.is_mislabeled() {
            return Vec::new();
        }
        expected(&self.call).map(|(_, codings)| codings).unwrap_or_default()
    }
}

impl Timeline {
    /// Calls as they are now, in order: these, or all.
    pub fn recorded(&self, ids: Option<&BTreeSet<CallId>>) -> Vec<Recorded> {
        let all = self.shared.store().all(|id| ids.is_none_or(|ids| ids.contains(&id)));
        all.into_iter().map(|(call, output, pinned)| Recorded::new(call, output, pinned)).collect()
    }
}

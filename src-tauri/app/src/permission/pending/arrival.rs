//! The order of prompts: the order of the calls, however long each takes to plan.

use super::Gate;
use porthole_sdk::call::Origin;

/// The place of a call among those that were proposed, while it is being planned.
pub(super) struct Arrival<'g> {
    gate: &'g Gate,
    pub(super) number: u64,
}

impl<'g> Arrival<'g> {
    pub(super) fn new(gate: &'g Gate, origin: Origin) -> Self {
        let mut state = gate.state();
        state.arrived += 1;
        let number = state.arrived;
        state.planning.insert(number, origin);
        Self { gate, number }
    }

    /// Waits until no call is being planned that the same code made before.
    pub(super) async fn is_next(&self, origin: Origin) {
        let mut told = self.gate.told.subscribe();
        let is_next = || self.gate.state().planning.range(..self.number).all(|(_, other)| *other != origin);
        while !is_next() && told.changed().await.is_ok() {}
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.gate.state().planning.remove(&self.number);
        self.gate.told.send_replace(());
    }
}

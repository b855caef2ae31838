//! The prompt in the stream of changes, and since when it is there.

use std::{sync::PoisonError, time::Duration};

use tokio::time::Instant;

use super::Timeline;
use crate::prompt::Prompt;
use porthole_sdk::permission::PermissionState;

impl Timeline {
    /// Puts the oldest pending call and what code may do into the stream of changes.
    pub fn set_prompt(&self, prompt: Option<Prompt>, waiting: u32, permissions: PermissionState) {
        self.shared.change(|store| (store.prompt, store.waiting, store.permissions) = (prompt, waiting, permissions));
    }

    /// For how long a pending call's prompt has been in the changes.
    pub fn prompted_for(&self, pending: u32) -> Option<Duration> {
        let prompted = *self.prompted.lock().unwrap_or_else(PoisonError::into_inner);
        prompted.filter(|(shown, _)| *shown == pending).map(|(_, since)| since.elapsed())
    }

    pub(super) fn note_prompt(&self, prompt: Option<&Prompt>) {
        let Some(Prompt { pending, .. }) = prompt else { return };
        let mut prompted = self.prompted.lock().unwrap_or_else(PoisonError::into_inner);
        if prompted.is_none_or(|(shown, _)| shown != *pending) {
            *prompted = Some((*pending, Instant::now()));
        }
    }
}

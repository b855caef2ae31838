//! The jobs of what ended commands have left in the background, as they would in a terminal. It lives on until Porthole
//! ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use porthole_process::group::Group;

/// Jobs. Closing one ends all that is in it.
#[derive(Debug, Default)]
pub(super) struct LeftJobs(Mutex<Vec<Group>>);

impl LeftJobs {
    /// Keeps one, and lets go of those that have nothing left in them.
    pub fn keep(&self, job: Group) {
        let mut all = self.all();
        all.retain(Group::exists);
        all.push(job);
    }

    /// Ends all that is in them.
    pub fn close(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, Vec<Group>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

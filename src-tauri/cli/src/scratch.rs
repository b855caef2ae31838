//! A timeline in a temporary directory, for commands that work on session files.

use std::sync::Arc;

use porthole_base::{error::Result, private};
use porthole_engine::reaper::Reaper;
use porthole_timeline::Timeline;
use tempfile::TempDir;

/// The directory. It goes with this value.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Result<Self> {
        private::temporary_directory("porthole-").map(Self).map_err(|error| {
            private::temporary_files_failed("Can't create a temporary directory for the output", &error)
        })
    }

    /// An empty timeline. With a reaper it may start commands.
    pub fn timeline(&self, reaper: Option<Arc<Reaper>>) -> Timeline {
        Timeline::new(self.0.path().to_owned(), self.0.path().join("kept"), u64::MAX, reaper)
    }
}

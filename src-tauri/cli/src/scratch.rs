//! The temporary directory of a command. The next command removes it when this one was killed.

use std::{path::Path, sync::Arc};

use porthole_app::session::{Session, TEMPORARY};
use porthole_base::{error::Result, private};
use porthole_engine::reaper::Reaper;
use porthole_timeline::Timeline;

/// The directory. It goes with this value.
pub struct Scratch(Session);

impl Scratch {
    pub fn new() -> Result<Self> {
        Self::at(&std::env::temp_dir()).map_err(|error| {
            private::temporary_files_failed("Can't create a temporary directory for the output", &error)
        })
    }

    fn at(parent: &Path) -> std::io::Result<Self> {
        Session::begin(parent, TEMPORARY).map(Self)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// An empty timeline. With a reaper it may start commands.
    pub fn timeline(&self, reaper: Option<Arc<Reaper>>) -> Timeline {
        Timeline::new(self.path().to_owned(), self.path().join("kept"), u64::MAX, reaper)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_killed_command_left_stayed_for_good() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("porthole-session-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        fs::write(dead.join("ballast"), "16 MB").unwrap();
        let living = Scratch::at(parent.path()).unwrap();
        let timeline = living.timeline(None);
        assert!(!dead.exists() && living.path().join("ballast").exists());
        let next = Scratch::at(parent.path()).unwrap();
        assert!(living.path().join("ballast").exists(), "the directory of a command that runs was removed");
        drop((timeline, living, next));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}

//! A private directory for one start of Porthole, which the next start removes if this one could
//! not.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

const PREFIX: &str = "session-";

/// A directory that only this user may enter; it goes when this value is dropped.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    /// Locked as long as this session lives; the operating system unlocks it when the process dies.
    _lock: File,
}

impl Session {
    /// Makes a directory below `parent`, and removes those of sessions that were killed.
    ///
    /// # Errors
    /// What the operating system says when nothing can be made there.
    pub fn begin(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        remove_dead(parent);
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        let lock = File::create(path.join("lock"))?;
        lock.try_lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn remove_dead(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_session = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let dead = match File::open(entry.path().join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            // Killed before it had made its lock, or being made this very moment.
            Err(_) => false,
        };
        if is_session && dead {
            tracing::info!(directory = %entry.path().display(), "removing what a killed session left");
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_session_left_goes_and_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("session-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let living = parent.path().join("session-living");
        fs::create_dir(&living).unwrap();
        let held = File::create(living.join("lock")).unwrap();
        held.lock().unwrap();
        let session = Session::begin(parent.path()).unwrap();
        assert!(!dead.exists() && living.exists());
        let path = session.path().to_owned();
        drop(session);
        assert!(!path.exists());
    }
}

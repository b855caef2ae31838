//! A private directory for one start of Porthole, which the next start removes if this one couldn't.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use porthole_base::private;

/// The names of sessions in Porthole's own directory.
pub const OWN: &str = "session-";
/// The names of sessions among the temporary files of everybody.
pub const TEMPORARY: &str = "porthole-session-";
/// What the name of a session begins with until its lock is held.
const UNLOCKED: &str = "new-";
const LOCK: &str = "lock";

/// A directory that only this user may enter; it's removed when this value is dropped.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    /// Locked as long as this session lives; the operating system unlocks it when the process dies. It decides who lives:
    /// process numbers say nothing in another container.
    lock: Option<File>,
}

impl Session {
    /// Makes a directory below `parent` with a name that starts with `prefix`, and removes those of sessions that were
    /// killed.
    ///
    /// # Errors
    /// What the operating system says when nothing can be made there.
    pub fn begin(parent: &Path, prefix: &str) -> io::Result<Self> {
        /// Another start may take a directory whose lock isn't held yet for one that a killed session left.
        const TRIES: usize = 8;
        remove_dead(parent, prefix);
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for _ in 0..TRIES {
            match Self::make(parent, prefix) {
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock) => {
                    last = error
                }
                made => return made,
            }
        }
        Err(last)
    }

    fn make(parent: &Path, prefix: &str) -> io::Result<Self> {
        let new = private::temporary_directory_in(&format!("{UNLOCKED}{prefix}"), parent)?;
        let lock = private::file_options().write(true).create_new(true).open(new.path().join(LOCK))?;
        lock.try_lock()?;
        // From here on it has a lock that is held: one without a lock is always a dead one.
        let name = new.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = parent.join(name.trim_start_matches(UNLOCKED));
        if cfg!(windows) {
            // An open file keeps its directory's name there.
            return Ok(Self { path: new.keep(), lock: Some(lock) });
        }
        fs::rename(new.path(), &path)?;
        let _ = new.keep();
        Ok(Self { path, lock: Some(lock) })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let is_removed = fs::remove_dir_all(&self.path).is_ok();
        // Windows keeps the directory of an open file.
        drop(self.lock.take());
        if !is_removed {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// NFS locks a file for one process only where it is open for writing.
fn open_lock(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(path)
}

fn remove_dead(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_new = name.strip_prefix(UNLOCKED).is_some_and(|name| name.starts_with(prefix));
        if !(is_new || name.starts_with(prefix)) || !is_own_directory(&entry.path()) {
            continue;
        }
        let removed = match open_lock(&entry.path().join(LOCK)).map(|lock| lock.try_lock()) {
            Ok(Ok(())) => fs::remove_dir_all(entry.path()),
            Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) => continue,
            // One that is being made this moment is made again, and an empty one is all that this removes.
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => fs::remove_dir(entry.path()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && cfg!(unix) => fs::remove_dir_all(entry.path()),
            Err(_) => continue,
        };
        match removed {
            Ok(()) => tracing::info!(directory = %entry.path().display(), "removed what a killed session left"),
            Err(error) => tracing::info!(%error, directory = %entry.path().display(), "a killed session's files stay"),
        }
    }
}

/// A link, and what another user put among the temporary files, is left alone.
fn is_own_directory(path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&about) != nix::unistd::geteuid().as_raw() {
        return false;
    }
    about.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(parent: &Path, name: &str) -> PathBuf {
        let path = parent.join(name);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn what_a_killed_session_left_goes_and_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let dead = directory(parent.path(), "session-dead");
        fs::write(dead.join("lock"), "").unwrap();
        let living = directory(parent.path(), "session-living");
        let held = File::create(living.join("lock")).unwrap();
        held.lock().unwrap();
        let session = Session::begin(parent.path(), OWN).unwrap();
        assert!(!dead.exists() && living.exists());
        let path = session.path().to_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.strip_prefix(UNLOCKED).filter(|_| cfg!(windows)).unwrap_or(&name).starts_with(OWN));
        drop(session);
        assert!(!path.exists());
    }

    /// They stayed for good: nobody knew whether they were being made.
    #[cfg(unix)]
    #[test]
    fn a_session_that_was_killed_before_it_had_a_lock_goes_too() {
        let parent = tempfile::tempdir().unwrap();
        let lockless = directory(parent.path(), "session-lockless");
        fs::write(lockless.join("1.stdout"), "output").unwrap();
        let new = directory(parent.path(), "new-session-empty");
        let other = directory(parent.path(), "kept");
        let link = parent.path().join("session-link");
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let _session = Session::begin(parent.path(), OWN).unwrap();
        assert!(!lockless.exists() && !new.exists());
        assert!(other.exists() && link.is_symlink(), "what isn't a session's directory stays");
    }

    #[test]
    fn sessions_that_begin_at_once_all_live() {
        let parent = tempfile::tempdir().unwrap();
        let begun: Vec<Session> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..16).map(|_| scope.spawn(|| Session::begin(parent.path(), OWN).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for session in &begun {
            assert!(session.path().join(LOCK).exists(), "{} was removed", session.path().display());
        }
    }
}

//! A lock for a file that several processes change. It is a file beside it: what is locked must not be replaced, and the file
//! itself is replaced whenever it is written.

#[cfg(any(test, not(windows)))]
use std::fs;
use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::in_use;

/// How long to wait before another try.
const STEP: Duration = Duration::from_millis(4);
/// Characters of the file's name that are in the lock's: two files that share a lock only wait for each other.
const NAMED: usize = 60;

/// A lock that is held until it is dropped. Its file is removed then, and the operating system ends it with its process.
#[derive(Debug)]
pub struct LockBeside {
    #[cfg_attr(windows, expect(dead_code, reason = "Windows removes the file when it is closed"))]
    path: PathBuf,
    _file: File,
}

impl LockBeside {
    /// Waits for the lock of this file, at most this long; nothing when another process or thread had it all the time. It works
    /// among processes that name the file in one directory; on a file system without locks it keeps nothing out.
    ///
    /// # Errors
    /// What the operating system says when the lock's file can't be made or locked.
    pub fn wait(file: &Path, patience: Duration) -> io::Result<Option<Self>> {
        let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let name: String = name.chars().take(NAMED).collect();
        let path = file.with_file_name(format!(".{name}.lock"));
        let locked = until_taken(patience, || take(&path))?;
        Ok(locked.map(|file| Self { path, _file: file }))
    }
}

#[cfg(not(windows))]
impl Drop for LockBeside {
    fn drop(&mut self) {
        // Before it is unlocked: the next one sees that the file it waits for has no name any more, and makes another.
        let _ = fs::remove_file(&self.path);
    }
}

/// Tries until something is taken, at most this long.
///
/// # Errors
/// The first one that isn't for the moment.
pub(crate) fn until_taken<T>(
    patience: Duration,
    mut take: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<Option<T>> {
    let began = Instant::now();
    loop {
        let is_late = began.elapsed() >= patience;
        match take() {
            Ok(None) if !is_late => std::thread::sleep(STEP),
            Err(error) if in_use::may_be_in_use(&error) && !is_late => std::thread::sleep(STEP),
            done => return done,
        }
    }
}

#[cfg(not(windows))]
fn take(path: &Path) -> io::Result<Option<File>> {
    use fs::TryLockError;
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(has_name(&file, path)?.then_some(file))
}

/// Whether the path still leads to this file: the one who had the lock before may have removed it after it was opened here.
#[cfg(unix)]
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let id = |about: fs::Metadata| (about.dev(), about.ino());
    match fs::metadata(path) {
        Ok(named) => Ok(id(named) == id(file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that others may not open meanwhile, and that is gone when it is closed, also by the end of its process.
#[cfg(windows)]
fn take(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const SHARING_VIOLATION: i32 = 32;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).share_mode(0).custom_flags(DELETE_ON_CLOSE);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn lock(file: &Path) -> LockBeside {
        LockBeside::wait(file, LONG).unwrap().unwrap()
    }

    #[test]
    fn one_at_a_time_has_it_and_it_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("counter");
        fs::write(&file, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _lock = lock(&file);
                        let count: u32 = fs::read_to_string(&file).unwrap().parse().unwrap();
                        // As a session is written: the file is another one afterwards.
                        let new = file.with_extension("new");
                        fs::write(&new, (count + 1).to_string()).unwrap();
                        fs::rename(&new, &file).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&file).unwrap(), "400");
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["counter"]);
    }

    #[test]
    fn waiting_ends() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a");
        let held = lock(&file);
        assert!(LockBeside::wait(&file, Duration::from_millis(20)).unwrap().is_none());
        drop(held);
        drop(lock(&file));
    }

    #[test]
    fn a_lock_that_a_killed_process_left_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(".a.lock"), "").unwrap();
        drop(lock(&directory.path().join("a")));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn names_are_as_long_as_they_may_be() {
        let directory = tempfile::tempdir().unwrap();
        drop(lock(&directory.path().join("é".repeat(127))));
        let missing = LockBeside::wait(&directory.path().join("none/a"), LONG);
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(LockBeside::wait(Path::new("/"), LONG).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

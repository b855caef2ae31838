//! Files that another process uses at the same moment.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

/// How long another process may keep a file from being opened or replaced.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(4);

/// Does this again while it fails because the file is in use. Only Windows refuses a file for that: while it is replaced, it
/// can't be opened, and while it is open, also in a virus scanner, it can't be replaced.
///
/// # Errors
/// The last one.
pub fn until_free<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let began = Instant::now();
    loop {
        match act() {
            Err(error) if may_be_in_use(&error) && began.elapsed() < PATIENCE => std::thread::sleep(STEP),
            done => return done,
        }
    }
}

/// Whether the operating system refused a file because it is in use at the moment.
pub(crate) fn may_be_in_use(error: &io::Error) -> bool {
    /// `ERROR_ACCESS_DENIED`, which means other things as well, and `ERROR_SHARING_VIOLATION`.
    const IN_USE: [i32; 2] = [5, 32];
    cfg!(windows) && error.raw_os_error().is_some_and(|code| IN_USE.contains(&code))
}

/// Gives a written file its path, in place of the file that is there.
///
/// # Errors
/// What the operating system says; the new file is removed then.
pub fn replace(new: NamedTempFile, path: &Path) -> io::Result<()> {
    let mut new = Some(new);
    until_free(|| {
        let Some(file) = new.take() else { return Err(io::ErrorKind::NotFound.into()) };
        file.persist(path).map(drop).map_err(|failed| {
            new = Some(failed.file);
            failed.error
        })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn other_errors_are_returned_at_once() {
        let mut tries = 0;
        let done: io::Result<()> = until_free(|| {
            tries += 1;
            Err(io::ErrorKind::NotFound.into())
        });
        assert_eq!((done.unwrap_err().kind(), tries), (io::ErrorKind::NotFound, 1));
    }

    /// On Windows the settings weren't saved when another window read them at that moment.
    #[test]
    fn a_file_that_is_open_elsewhere_is_replaced_once_it_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "0").unwrap();
        for number in 1..=10 {
            let number = number.to_string();
            let mut new = NamedTempFile::new_in(directory.path()).unwrap();
            io::Write::write_all(&mut new, number.as_bytes()).unwrap();
            let open = fs::File::open(&path).unwrap();
            let (sender, begins) = std::sync::mpsc::channel();
            std::thread::scope(|scope| {
                let replaced = scope.spawn(|| {
                    sender.send(()).unwrap();
                    replace(new, &path)
                });
                begins.recv().unwrap();
                std::thread::yield_now();
                drop(open);
                replaced.join().unwrap().unwrap();
            });
            assert_eq!(until_free(|| fs::read_to_string(&path)).unwrap(), number);
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

//! Directories and files that only this user may open, under any umask.

#[cfg(unix)]
use std::fs;
use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::Path,
};

use crate::error::{Code, Error};

/// Lets this process use the files that it makes. A umask may take the owner's own rights away, and then no file could
/// be opened twice. Call it first in `main`: it changes the umask for a moment to read it, for all threads.
pub fn keep_owner_rights() {
    #[cfg(unix)]
    {
        use nix::sys::stat::{Mode, umask};
        let set = umask(Mode::from_bits_truncate(0o077));
        let _ = umask(set & !Mode::S_IRWXU);
    }
}

/// Makes a directory and those above it that are missing. One that is there is taken from others.
///
/// # Errors
/// What the operating system says; `NotADirectory` when a file is in its place.
pub fn create_directory(path: &Path) -> io::Result<()> {
    builder().recursive(true).create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = fs::symlink_metadata(path)?;
        if about.is_dir() && about.permissions().mode() & 0o077 != 0 {
            // One that belongs to another user can't be changed, and needn't be for this one to use it.
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
        }
    }
    Ok(())
}

/// Makes one new directory.
///
/// # Errors
/// What the operating system says.
pub fn create_new_directory(path: &Path) -> io::Result<()> {
    builder().create(path)
}

/// A directory in another with a random name, removed when dropped.
///
/// # Errors
/// What the operating system says.
pub fn temporary_directory_in(prefix: &str, parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// Options that make a new file private.
pub fn file_options() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes a socket that was just bound from others. It must be in a private directory: until this is done, the umask
/// decides.
///
/// # Errors
/// What the operating system says.
#[cfg(unix)]
pub fn restrict_socket(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

fn builder() -> DirBuilder {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Why something that is needed for a while can't be put among the temporary files.
pub fn temporary_files_failed(what: &str, error: &io::Error) -> Error {
    Error::new(Code::TemporaryFilesFailed, what)
        .detail(error)
        .hint(format!("Check the space and permissions in {}, or set TMPDIR.", std::env::temp_dir().display()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn directories_are_private_and_one_that_was_open_is_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("a/b");
        create_directory(&deep).unwrap();
        assert_eq!((mode(&deep), mode(&parent.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&deep, fs::Permissions::from_mode(0o777)).unwrap();
        create_directory(&deep).unwrap();
        assert_eq!(mode(&deep), 0o700);
    }

    #[test]
    fn temporary_files_that_cannot_be_made_are_no_file_that_the_user_chose() {
        let error = tempfile::Builder::new().tempdir_in("/nonexistent").unwrap_err();
        let error = temporary_files_failed("Can't create a file for compose", &error);
        assert_eq!(error.code, Code::TemporaryFilesFailed);
        assert!(error.detail.is_some() && error.hint.unwrap().contains("TMPDIR"));
    }

    #[test]
    fn a_file_in_the_place_of_a_directory_is_named_as_such() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(create_directory(&file).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(create_directory(&file.join("below")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(fs::read(&file).unwrap(), b"");
    }
}

//! A file that the user names: written beside it and put in its place when it is whole. One that is replaced keeps its
//! permissions, and a link to it stays.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use porthole_base::{
    error::{Code, Error, Result},
    in_use, links,
};

/// A file that is being written. When it is dropped before it is finished, nothing of it stays.
#[derive(Debug)]
pub struct NewFile {
    beside: NamedTempFile,
    path: PathBuf,
    /// Where the path leads.
    target: PathBuf,
    replace: bool,
}

impl NewFile {
    /// Begins it. A new one is as any file that a person saves: the user's mask decides who may read it.
    ///
    /// # Errors
    /// [`Code::SavePathInvalid`]; [`Code::FileExists`] when there is such a file and it is not to be replaced;
    /// [`Code::SaveFailed`] when nothing can be written there.
    pub fn begin(path: &Path, replace: bool) -> Result<Self> {
        Self::begin_with(path, replace, 0o666)
    }

    /// The same for recorded calls, which may hold secrets: only the user may read a new one.
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin).
    pub fn begin_private(path: &Path, replace: bool) -> Result<Self> {
        Self::begin_with(path, replace, 0o600)
    }

    #[cfg_attr(not(unix), expect(unused_variables, reason = "Windows has no modes"))]
    fn begin_with(path: &Path, replace: bool, mode: u32) -> Result<Self> {
        if !path.is_absolute() {
            return Err(Error::new(Code::SavePathInvalid, format!("`{}` isn't an absolute path", path.display()))
                .hint("Start the path with / or ~/."));
        }
        if path.is_dir() {
            return Err(
                Error::new(Code::SavePathInvalid, format!("{} is a folder", path.display())).hint("Add a file name.")
            );
        }
        if !replace && path.exists() {
            return Err(exists(path));
        }
        let failed = |error: io::Error| save_failed(path, &error);
        let target = if replace { links::followed(path).map_err(failed)? } else { path.to_owned() };
        let before = fs::symlink_metadata(&target).ok().filter(|about| about.is_file());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".porthole-").suffix(".part");
        // No other user can open it before it has the permissions of the file that it replaces.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(if before.is_some() { 0o600 } else { mode }));
        let beside = builder.tempfile_in(target.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        #[cfg(unix)]
        if let Some(before) = before {
            keep_rights(beside.as_file(), &before).map_err(failed)?;
        }
        Ok(Self { beside, path: path.to_owned(), target, replace })
    }

    /// To be written to.
    pub fn file(&self) -> &File {
        self.beside.as_file()
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why writing failed.
    pub fn failed(&self, error: &io::Error) -> Error {
        save_failed(&self.path, error)
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// [`Code::FileExists`], [`Code::SaveFailed`].
    pub fn finish(self) -> Result<()> {
        let Self { beside, path, target, replace } = self;
        let named = if replace {
            in_use::replace(beside, &target)
        } else {
            beside.persist_noclobber(&target).map(drop).map_err(|error| error.error)
        };
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => save_failed(&path, &error),
        })
    }
}

/// Gives a new file the owner, the group and the mode of the one that it replaces. Where the group can't be given, the new
/// file's group has no rights: it may be another one.
#[cfg(unix)]
fn keep_rights(new: &File, before: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let about = new.metadata()?;
    let (owner, group) = (Some(before.uid()), Some(before.gid()));
    let is_same = (about.uid(), about.gid()) == (before.uid(), before.gid());
    let has_group =
        is_same || fchown(new, owner, group).is_ok() || about.gid() == before.gid() || fchown(new, None, group).is_ok();
    let rights = if has_group { 0o777 } else { 0o707 };
    new.set_permissions(fs::Permissions::from_mode(before.mode() & rights))
}

/// Why a file that the user named can't be written.
pub fn save_failed(path: &Path, error: &io::Error) -> Error {
    let explained = Error::new(Code::SaveFailed, format!("Can't save to {}", path.display())).detail(error);
    match error.kind() {
        io::ErrorKind::StorageFull => explained.hint("The disk is full. Choose another place."),
        _ => explained.hint("Choose a folder that exists and that you may write to."),
    }
}

fn exists(path: &Path) -> Error {
    Error::new(Code::FileExists, format!("A file already exists at {}", path.display()))
        .hint("Replace it, or choose another name.")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        io::Write,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn write(new: NewFile, text: &str) {
        new.file().write_all(text.as_bytes()).unwrap();
        new.finish().unwrap();
    }

    #[test]
    fn a_private_file_was_readable_by_everyone_once_it_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for kept in [0o600, 0o640, 0o666, 0o400] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            write(NewFile::begin(&path, true).unwrap(), "new");
            assert_eq!((mode(&path), fs::read_to_string(&path).unwrap().as_str()), (kept, "new"));
            write(NewFile::begin_private(&path, true).unwrap(), "newer");
            assert_eq!(mode(&path), kept);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn recorded_calls_were_readable_by_everyone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(NewFile::begin_private(&path, false).unwrap(), "new");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_to_the_file_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [link, target] = ["link", "deep/target"].map(|name| folder.path().join(name));
        fs::create_dir(folder.path().join("deep")).unwrap();
        symlink("deep/target", &link).unwrap();
        // Nothing is there: it is made where the link leads.
        write(NewFile::begin(&link, true).unwrap(), "1");
        write(NewFile::begin(&link, true).unwrap(), "2");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "2");
        assert_eq!(NewFile::begin(&link, false).unwrap_err().code, Code::FileExists);
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }
}

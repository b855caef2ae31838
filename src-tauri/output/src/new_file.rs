//! A file that the user names: written beside it and put in its place when it is whole.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use porthole_base::{
    error::{Code, Error, Result},
    in_use,
};

/// A file that is being written. When it is dropped before it is finished, nothing of it stays.
#[derive(Debug)]
pub struct NewFile {
    beside: NamedTempFile,
    path: PathBuf,
    replace: bool,
}

impl NewFile {
    /// Begins it.
    ///
    /// # Errors
    /// [`Code::SavePathInvalid`]; [`Code::FileExists`] when there is such a file and it is not to be replaced;
    /// [`Code::SaveFailed`] when nothing can be written there.
    pub fn begin(path: &Path, replace: bool) -> Result<Self> {
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
        let mut builder = tempfile::Builder::new();
        builder.prefix(".porthole-").suffix(".part");
        // As for any file that a person saves: what the user's mask allows.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let beside = builder.tempfile_in(path.parent().unwrap_or(Path::new("/")));
        let beside = beside.map_err(|error| save_failed(path, &error))?;
        Ok(Self { beside, path: path.to_owned(), replace })
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
        let Self { beside, path, replace } = self;
        let named = if replace {
            in_use::replace(beside, &path)
        } else {
            beside.persist_noclobber(&path).map(drop).map_err(|error| error.error)
        };
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => save_failed(&path, &error),
        })
    }
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

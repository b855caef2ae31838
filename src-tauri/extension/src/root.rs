//! The folder of an extension. Every file of an extension is opened here and nowhere else: below the folder, as a regular
//! file, up to a size. A stranger wrote what is in it.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, FileType, Metadata, OpenOptions},
};

use super::FILE;
use porthole_base::numbers::count;

/// The first bytes of a file that tell a program from a text.
const HEAD: u64 = 1024;

/// An open folder that no path and no link leads out of, whatever happens to the folder meanwhile.
#[derive(Debug, Clone)]
pub struct ExtensionRoot {
    dir: Arc<Dir>,
    path: PathBuf,
}

/// A regular file of an extension, open for reading.
#[derive(Debug)]
pub struct RegularFile {
    /// The file. It never blocks: it is on a disk.
    pub file: File,
    /// Its length when it was opened, in bytes.
    pub length: u64,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Why a file of an extension isn't read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// Nothing exists there.
    #[error("no such file")]
    Missing,
    /// The path or a link in it leads out of the folder.
    #[error("the path or a link leads out of the extension")]
    Outside,
    /// It is a directory.
    #[error("it's a directory")]
    Directory,
    /// It is something that can block, or never ends.
    #[error("it's {0}, not a regular file")]
    Special(&'static str),
    /// It is larger than it may be.
    #[error("it's larger than {} bytes", count(*.limit))]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The operating system refused.
    #[error("{0}")]
    Failed(String),
}

/// What is in a folder under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, which may lead anywhere.
    Link(PathBuf),
    /// Anything else: it is never read.
    Other,
}

/// What a path of a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Whether it may be executed.
        executable: bool,
        /// Its first bytes.
        head: Vec<u8>,
    },
}

type Result<T> = std::result::Result<T, FileProblem>;

impl ExtensionRoot {
    /// Opens a folder that the user chose. A link to it is followed.
    ///
    /// # Errors
    /// [`FileProblem::Failed`] when it isn't a folder, or can't be opened.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = dunce::canonicalize(folder).map_err(|error| problem(&error))?;
        let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(|error| problem(&error))?;
        Ok(Self { dir: Arc::new(dir), path })
    }

    /// Opens the folder of a manifest, given the folder or the manifest's own path; with the manifest's file name.
    ///
    /// # Errors
    /// As for [`ExtensionRoot::open`].
    pub fn of_manifest(path: &Path) -> Result<(Self, PathBuf)> {
        // Without following the last link: one that leads to a FIFO or out is a bad manifest and not a folder.
        let is_folder = std::fs::metadata(path).is_ok_and(|found| found.is_dir());
        let is_there = std::fs::symlink_metadata(path).is_ok();
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if is_there && !is_folder => Ok((Self::open(parent)?, name.into())),
            _ => Ok((Self::open(path)?, FILE.into())),
        }
    }

    /// The folder's absolute path, with links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder below this one: nothing leads out of that one either.
    ///
    /// # Errors
    /// [`FileProblem::Missing`], [`FileProblem::Outside`].
    pub fn folder(&self, path: impl AsRef<Path>) -> Result<Self> {
        let path = relative(path.as_ref())?;
        let real = self.dir.canonicalize(&path).map_err(|error| problem(&error))?;
        let dir = self.dir.open_dir(&path).map_err(|error| problem(&error))?;
        Ok(Self { dir: Arc::new(dir), path: self.path.join(real) })
    }

    /// Opens a file. It returns at once, whatever is at the path.
    ///
    /// # Errors
    /// All but [`FileProblem::TooLarge`].
    pub fn file(&self, path: impl AsRef<Path>) -> Result<RegularFile> {
        let path = relative(path.as_ref())?;
        // Opening a device can have side effects: look first, and again at what was opened.
        regular(self.dir.metadata(&path).map_err(|error| problem(&error))?.file_type())?;
        let file = self.dir.open_with(&path, &reading()).map_err(|error| problem(&error))?;
        let found = file.metadata().map_err(|error| problem(&error))?;
        regular(found.file_type())?;
        Ok(RegularFile { length: found.len(), executable: executable(&found), file: file.into_std() })
    }

    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// Any [`FileProblem`].
    pub fn read(&self, path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>> {
        let RegularFile { file, length, .. } = self.file(path)?;
        if length > limit {
            return Err(FileProblem::TooLarge { limit });
        }
        let mut bytes = Vec::new();
        // A file can grow, and those of some systems have no length at all.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| problem(&error))?;
        if bytes.len() as u64 > limit { Err(FileProblem::TooLarge { limit }) } else { Ok(bytes) }
    }

    /// Reads a text file of at most `limit` bytes.
    ///
    /// # Errors
    /// Any [`FileProblem`]; [`FileProblem::Failed`] when it isn't UTF-8.
    pub fn read_text(&self, path: impl AsRef<Path>, limit: u64) -> Result<String> {
        String::from_utf8(self.read(path, limit)?).map_err(|_| FileProblem::Failed("it isn't UTF-8".to_owned()))
    }

    /// What a path names, with the first bytes of a file.
    ///
    /// # Errors
    /// As for [`ExtensionRoot::file`], but for directories.
    pub fn entry(&self, path: impl AsRef<Path>) -> Result<Entry> {
        match self.file(path) {
            Ok(RegularFile { file, executable, .. }) => {
                let mut head = Vec::new();
                file.take(HEAD).read_to_end(&mut head).map_err(|error| problem(&error))?;
                Ok(Entry::File { executable, head })
            }
            Err(FileProblem::Directory) => Ok(Entry::Directory),
            Err(problem) => Err(problem),
        }
    }

    /// When a file or folder was changed last, where the system knows.
    pub fn modified(&self, path: impl AsRef<Path>) -> Option<SystemTime> {
        let modified = self.dir.metadata(relative(path.as_ref()).ok()?).ok()?.modified().ok()?;
        Some(modified.into_std())
    }

    /// What is in a folder below this one, by name, up to this many entries.
    ///
    /// # Errors
    /// As for [`ExtensionRoot::folder`]; [`FileProblem::TooLarge`] when there are more.
    pub fn list(&self, path: impl AsRef<Path>, most: usize) -> Result<Vec<(OsString, Listing)>> {
        let entries = self.dir.read_dir(relative(path.as_ref())?).map_err(|error| problem(&error))?;
        let mut listed = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| problem(&error))?;
            let kind = entry.file_type().map_err(|error| problem(&error))?;
            let listing = if kind.is_symlink() {
                let link = relative(&path.as_ref().join(entry.file_name()))?;
                Listing::Link(self.dir.read_link_contents(link).map_err(|error| problem(&error))?)
            } else if kind.is_dir() {
                Listing::Folder
            } else if kind.is_file() {
                Listing::File
            } else {
                Listing::Other
            };
            listed.push((entry.file_name(), listing));
            if listed.len() > most {
                return Err(FileProblem::TooLarge { limit: most as u64 });
            }
        }
        listed.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(listed)
    }

    /// The absolute path of a regular file, with links resolved: for programs that take no handle.
    ///
    /// # Errors
    /// As for [`ExtensionRoot::file`].
    pub fn file_path(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        self.file(&path)?;
        let real = self.dir.canonicalize(relative(path.as_ref())?).map_err(|error| problem(&error))?;
        Ok(self.path.join(real))
    }
}

/// A path of a manifest below the root, with or without a slash before it; none when it leads out.
pub(super) fn below(path: impl AsRef<Path>) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for part in path.as_ref().components() {
        match part {
            Component::Normal(part) => below.push(part),
            Component::ParentDir => below.pop().then_some(())?,
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(below)
}

fn relative(path: &Path) -> Result<PathBuf> {
    let path = below(path).ok_or(FileProblem::Outside)?;
    Ok(if path.as_os_str().is_empty() { PathBuf::from(".") } else { path })
}

fn regular(kind: FileType) -> Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(FileProblem::Directory);
    }
    Err(FileProblem::Special(special(kind)))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use cap_std::fs::FileTypeExt;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else {
        "something else"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something else"
}

#[cfg(unix)]
fn reading() -> OpenOptions {
    use cap_std::fs::OpenOptionsExt;
    use nix::fcntl::OFlag;
    let mut options = OpenOptions::new();
    // What was a file when it was looked at may be a named pipe by now.
    options.read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    options
}

#[cfg(not(unix))]
fn reading() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(unix)]
fn executable(found: &Metadata) -> bool {
    cap_std::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    true
}

fn problem(error: &io::Error) -> FileProblem {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileProblem::Missing,
        // cap-std says so itself; a refusal of the operating system has a number.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => FileProblem::Outside,
        _ => FileProblem::Failed(error.to_string()),
    }
}

#[cfg(test)]
#[path = "root_tests.rs"]
mod tests;

//! A JSON file that several processes may write, also of other versions: each changes what it changed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value};

use crate::{
    in_use::{self, until_free},
    lock::until_taken,
    private,
};

/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many links lead to a file at most, as on Linux.
const LINKS: usize = 40;

/// A file that holds a JSON object.
#[derive(Debug, Clone)]
pub struct JsonFile {
    path: PathBuf,
}

impl JsonFile {
    /// The one at this path, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn is_link(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_symlink())
    }

    /// Where it is, or a link to it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes what is in the file, and leaves all else in it as it is. A crash leaves the old file or the new
    /// one.
    ///
    /// # Errors
    /// What the operating system says when the file can't be locked, read or written.
    pub fn update(&self, change: impl FnOnce(&mut Map<String, Value>) -> io::Result<()>) -> io::Result<()> {
        let target = self.target()?;
        make_directory_of(&target, self.is_link())?;
        let _lock = lock(&target)?;
        let mut file = match self.content()? {
            Content::Missing => Map::new(),
            Content::Object(file) => file,
            Content::Broken(_) => {
                self.set_aside()?;
                Map::new()
            }
        };
        change(&mut file)?;
        replace(&target, &serde_json::to_vec_pretty(&file)?)
    }

    /// Writes what differs between the two into the file, field by field.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn save(&self, before: &Map<String, Value>, after: &Map<String, Value>) -> io::Result<()> {
        self.update(|file| {
            merge_objects(file, before, after);
            Ok(())
        })
    }

    /// Says early whether it can be written.
    ///
    /// # Errors
    /// What the operating system says when it can't be.
    pub fn check_writable(&self) -> io::Result<()> {
        let target = self.target()?;
        make_directory_of(&target, self.is_link())?;
        let directory = directory_of(&target);
        temporary_in(&directory).map(drop)
    }

    /// What is in it now.
    ///
    /// # Errors
    /// What the operating system says when it's there and can't be read.
    pub fn content(&self) -> io::Result<Content> {
        let text = match until_free(|| fs::read(&self.path)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Missing),
            Err(error) => return Err(error),
        };
        Ok(match serde_json::from_slice(&text) {
            Ok(Value::Object(file)) => Content::Object(file),
            Ok(_) => Content::Broken("It isn't a JSON object".to_owned()),
            Err(error) => Content::Broken(error.to_string()),
        })
    }

    /// Moves the file aside if it still isn't a JSON object: another process may have written it meanwhile.
    ///
    /// # Errors
    /// What the operating system says when the file can't be locked, read or moved.
    pub fn recover(&self) -> io::Result<Recovered> {
        let _lock = lock(&self.target()?)?;
        Ok(match self.content()? {
            Content::Broken(_) => Recovered::Aside(self.set_aside()?),
            content => Recovered::Content(content),
        })
    }

    /// Moves the file to a name that no other has. The lock is held meanwhile.
    fn set_aside(&self) -> io::Result<PathBuf> {
        let target = self.target()?;
        let name = target.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for number in 1.. {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            let aside = target.with_file_name(format!("{name}.broken{number}.json"));
            // A link is made only where nothing is; a rename would replace what is there.
            match fs::hard_link(&target, &aside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(_) if !aside.exists() => fs::rename(&target, &aside)?,
                Err(error) => return Err(error),
                Ok(()) => fs::remove_file(&target)?,
            }
            return Ok(aside);
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Where the file is: a link to it stays a link.
    fn target(&self) -> io::Result<PathBuf> {
        let mut path = self.path.clone();
        for _ in 0..LINKS {
            match fs::read_link(&path) {
                Ok(to) => path = directory_of(&path).join(to),
                // Nothing there, or no link.
                Err(_) => return Ok(path),
            }
        }
        Err(io::Error::other("too many links"))
    }
}

/// Changes in `file` what differs between `before` and `after`, field by field.
pub fn merge_objects(file: &mut Map<String, Value>, before: &Map<String, Value>, after: &Map<String, Value>) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        file.remove(name);
    }
    for (name, new) in after {
        let old = before.get(name);
        match (file.get_mut(name), old, new) {
            (_, Some(old), new) if old == new => {}
            // A field within it that this version doesn't know stays.
            (Some(Value::Object(there)), Some(Value::Object(old)), Value::Object(new)) => {
                merge_objects(there, old, new)
            }
            _ => drop(file.insert(name.clone(), new.clone())),
        }
    }
}

/// What is in the file.
#[derive(Debug)]
pub enum Content {
    /// There's no such file.
    Missing,
    /// A JSON object.
    Object(Map<String, Value>),
    /// Something else, and why it isn't one.
    Broken(String),
}

/// What became of a file that was broken.
#[derive(Debug)]
pub enum Recovered {
    /// It was moved here.
    Aside(PathBuf),
    /// It isn't broken any more.
    Content(Content),
}

/// Makes the file's directory where it's missing. One that is there stays as it is: where the file is a link, it's a
/// directory of the user's.
fn make_directory_of(target: &Path, is_link: bool) -> io::Result<()> {
    let directory = directory_of(target);
    if is_link && directory.is_dir() { Ok(()) } else { private::create_directory(&directory) }
}

fn directory_of(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Waits for the lock beside the file, for all who write it. It's gone with the value. Its file stays: other versions of this
/// program lock it too.
fn lock(target: &Path) -> io::Result<File> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let path = target.with_file_name(format!(".{name}.lock"));
    let lock = private::file_options().read(true).write(true).create(true).truncate(false).open(path)?;
    let taken = until_taken(PATIENCE, || match lock.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    })?;
    taken.map(|()| lock).ok_or_else(|| io::Error::other("another process holds its lock"))
}

/// For this user only: composed headers and variables may hold secrets.
fn temporary_in(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    builder.tempfile_in(directory)
}

/// The text is on the disk before it has the name, and the name is when this returns.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let directory = directory_of(path);
    let mut new = temporary_in(&directory)?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    in_use::replace(new, path)?;
    #[cfg(unix)]
    File::open(&directory)?.sync_all()?;
    Ok(())
}

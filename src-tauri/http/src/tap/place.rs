//! The path at which a tap listens, where that is a unix socket. When the backend's own socket is there, it is moved aside
//! and put back later.
//!
//! Nothing is ever overwritten: paths are swapped, and what is found afterwards is compared with what was meant. A file
//! beside the socket says which socket is Porthole's, and is locked while it records, so that the next start can undo what a
//! killed one left.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use super::rename::{is_dead, move_to_free, swap};
use crate::{
    endpoint::{Endpoint, usable},
    exchange::SocketId,
    listener::{failed, make_room},
};
use porthole_base::{
    error::{Code, Error, Result},
    private,
};

/// What is added to the path of the backend's own socket while it is aside.
const ASIDE: &str = ".porthole";
/// The number of no socket.
const NONE: SocketId = (0, 0);
/// What is added for the file that is locked.
const LOCK: &str = ".porthole-tap";

/// A path that this Porthole listens at.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    aside: PathBuf,
    lock: Lock,
    /// The socket that Porthole listens at.
    own: Option<SocketId>,
    /// Whether the backend's own socket is aside.
    in_place: bool,
}

impl Place {
    /// Takes the path, and undoes first what a killed Porthole left there. With `in_place`, a backend's socket is there.
    ///
    /// # Errors
    /// [`Code::TapUnavailable`], [`Code::ListenFailed`], [`Code::TapMoveFailed`], [`Code::EndpointPathTooLong`].
    pub fn take(path: &Path, in_place: bool) -> Result<Self> {
        let endpoint = Endpoint::Unix(path.to_owned());
        let path = resolved(path).map_err(|error| failed(&endpoint, &error))?;
        let aside = with(&path, ASIDE);
        let longest = if in_place { &aside } else { &path };
        usable(&Endpoint::Unix(longest.clone()))?;
        let mut lock = Lock::take(with(&path, LOCK), &endpoint)?;
        let left = lock.left();
        // What is noted is needed as long as something is left.
        undo(&path, &aside, left).inspect_err(|_| {
            if left.is_none() {
                lock.remove()
            }
        })?;
        Ok(Self { path, aside, lock, own: None, in_place })
    }

    /// Whether the backend's own socket is moved aside.
    pub fn aside(&self) -> Option<&Path> {
        self.in_place.then_some(&*self.aside)
    }

    /// Listens. Users that may connect to the backend's socket may connect to this one.
    ///
    /// # Errors
    /// [`Code::AddressInUse`], [`Code::ListenFailed`]; [`Code::TapMoveFailed`], [`Code::EndpointMissing`] and [`Code::EndpointNotSocket`] for the
    /// socket that is to be moved.
    pub fn bind(&mut self, like: Option<&Path>) -> Result<UnixListener> {
        let shown = Endpoint::Unix(self.path.clone());
        let at = if self.in_place { self.aside.clone() } else { self.path.clone() };
        if self.in_place {
            self.check_backend()?;
        }
        let listener = make_room(&at).and_then(|()| UnixListener::bind(&at)).map_err(|error| failed(&shown, &error))?;
        let bound = || -> io::Result<SocketId> {
            let id = id_of(&at)?.ok_or(io::ErrorKind::NotFound)?;
            same_access(&at, if self.in_place { Some(&self.path) } else { like })?;
            listener.set_nonblocking(true)?;
            Ok(id)
        };
        let id = match bound() {
            Ok(id) => id,
            Err(error) => {
                let _ = fs::remove_file(&at);
                return Err(failed(&shown, &error));
            }
        };
        self.own = Some(id);
        let noted = self.lock.note(id);
        let moved = noted.and_then(|()| if self.in_place { swap(&self.aside, &self.path) } else { Ok(()) });
        if let Err(error) = moved {
            self.own = None;
            let _ = fs::remove_file(&at);
            return Err(not_moved(&self.path, &error));
        }
        Ok(listener)
    }

    /// The socket that is to be moved is one.
    fn check_backend(&self) -> Result<()> {
        match id_of(&self.path) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Error::new(Code::EndpointNotSocket, format!("{} isn't a socket", self.path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::new(Code::EndpointMissing, format!("Nothing exists at {}", self.path.display()))
                    .hint("Start the backend first: its socket is moved while Porthole records."))
            }
            Err(error) => Err(not_moved(&self.path, &error)),
        }
    }

    /// Puts everything back.
    ///
    /// # Errors
    /// [`Code::TapMoveFailed`]. Both sockets are still there then.
    pub fn restore(&mut self) -> Result<()> {
        let Some(own) = self.own.take() else { return Ok(()) };
        let restored = if self.in_place { put_back(&self.path, &self.aside, own) } else { remove_own(&self.path, own) };
        self.lock.remove();
        restored
    }
}

impl Drop for Place {
    /// Also when something panicked.
    fn drop(&mut self) {
        if let Err(error) = self.restore() {
            tracing::warn!(%error, "a socket wasn't put back");
        }
        self.lock.remove();
    }
}

/// Where the socket at a path would be moved.
pub(super) fn aside_of(path: &Path) -> Option<PathBuf> {
    resolved(path).ok().map(|path| with(&path, ASIDE))
}

/// Undoes what a Porthole left that was killed. `left` is the socket that it listened at.
fn undo(path: &Path, aside: &Path, left: Option<SocketId>) -> Result<()> {
    let (at_path, at_aside) = (id_of(path).ok().flatten(), id_of(aside).ok().flatten());
    match (left, at_aside) {
        (Some(left), None) if at_path == Some(left) => remove_own(path, left),
        // It was killed before it moved anything.
        (Some(left), Some(other)) if left == other => remove_own(aside, left),
        (Some(left), Some(_)) => put_back(path, aside, left),
        (None, Some(_)) => put_back(path, aside, NONE),
        (_, None) => Ok(()),
    }
}

/// Moves the backend's socket back to its path, where `own` is Porthole's.
fn put_back(path: &Path, aside: &Path, own: SocketId) -> Result<()> {
    let failed = |error: io::Error| not_restored(path, aside, &error);
    match id_of(path) {
        Ok(Some(id)) if id == own => {
            match id_of(aside) {
                Ok(Some(_)) => {}
                // The backend has removed its socket.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return remove_own(path, own),
                Ok(None) => return Err(failed(io::Error::other("it isn't a socket any more"))),
                Err(error) => return Err(failed(error)),
            }
            swap(path, aside).map_err(failed)?;
            if id_of(aside).ok().flatten() == Some(own) {
                return fs::remove_file(aside).map_err(failed);
            }
            // At this very moment something else was put there: it gets its path back.
            swap(path, aside).map_err(failed)?;
            Err(failed(io::ErrorKind::AlreadyExists.into()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A backend that ended removes the socket at its path, which was Porthole's, or the whole directory.
            match (fs::symlink_metadata(aside), is_dead(aside)) {
                (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                (_, true) => fs::remove_file(aside).map_err(failed),
                (_, false) => move_to_free(aside, path).map_err(failed),
            }
        }
        // A backend that was started again has a new socket there.
        Ok(_) if is_dead(aside) => fs::remove_file(aside).map_err(failed),
        Ok(_) => Err(failed(io::ErrorKind::AlreadyExists.into())),
        Err(error) => Err(failed(error)),
    }
}

fn remove_own(path: &Path, own: SocketId) -> Result<()> {
    if id_of(path).ok().flatten() != Some(own) {
        return Ok(());
    }
    fs::remove_file(path).map_err(|error| {
        Error::new(Code::TapMoveFailed, format!("Porthole's socket at {} can't be removed", path.display()))
            .detail(error)
            .hint("Remove it.")
    })
}

fn not_moved(path: &Path, error: &io::Error) -> Error {
    let explained =
        Error::new(Code::TapMoveFailed, format!("The socket at {} can't be moved", path.display())).detail(error);
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            explained.hint("Moving it needs the right to write to its directory. Nothing was changed.")
        }
        _ => explained.hint("Nothing was changed."),
    }
}

fn not_restored(path: &Path, aside: &Path, error: &io::Error) -> Error {
    let (aside, path) = (aside.display(), path.display());
    Error::new(Code::TapMoveFailed, format!("The backend's socket is at {aside} and can't be moved back to {path}"))
        .detail(error)
        .hint(format!("Porthole overwrites nothing. When the path is free: mv {aside} {path}"))
}

/// The path with links in it followed, so that a link to the socket stays one. A socket that isn't there yet has none.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Ok(path);
    }
    let path = std::path::absolute(path)?;
    match (path.parent(), path.file_name()) {
        (Some(directory), Some(name)) => Ok(fs::canonicalize(directory)?.join(name)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Which socket is there; nothing for something else. No link is followed.
fn id_of(path: &Path) -> io::Result<Option<SocketId>> {
    let found = fs::symlink_metadata(path)?;
    Ok(found.file_type().is_socket().then(|| (found.dev(), found.ino())))
}

/// Gives a socket the access of another one; without one only this user may connect.
fn same_access(path: &Path, like: Option<&Path>) -> io::Result<()> {
    let Some(like) = like.and_then(|like| fs::metadata(like).ok()) else { return private::restrict_socket(path) };
    fs::set_permissions(path, fs::Permissions::from_mode(like.mode() & 0o777))?;
    // Only the system's administrator may give files away.
    let _ = std::os::unix::fs::chown(path, Some(like.uid()), Some(like.gid()));
    Ok(())
}

/// The locked file, which has the number of Porthole's socket in it.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
    is_there: bool,
}

impl Lock {
    fn take(path: PathBuf, endpoint: &Endpoint) -> Result<Self> {
        /// The one that had it may be removing it.
        const TRIES: u32 = 100;
        for _ in 0..TRIES {
            let mut options = private::file_options();
            options.read(true).write(true).create(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
            let file = options.open(&path).map_err(|error| failed(endpoint, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(Code::TapUnavailable, format!("Another Porthole records at {endpoint}"))
                        .hint("Stop that recording first."));
                }
                Err(TryLockError::Error(error)) => return Err(failed(endpoint, &error)),
            }
            let about = file.metadata().map_err(|error| failed(endpoint, &error))?;
            let there = fs::symlink_metadata(&path);
            if there.is_ok_and(|there| (there.dev(), there.ino()) == (about.dev(), about.ino())) {
                return Ok(Self { path, file, is_there: true });
            }
        }
        Err(failed(endpoint, &io::ErrorKind::ResourceBusy.into()))
    }

    /// The socket that was noted there.
    fn left(&mut self) -> Option<SocketId> {
        let mut text = String::new();
        (&mut self.file).take(64).read_to_string(&mut text).ok()?;
        let (device, inode) = text.trim().split_once(' ')?;
        Some((device.parse().ok()?, inode.parse().ok()?))
    }

    fn note(&mut self, (device, inode): SocketId) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{device} {inode}")?;
        self.file.sync_data()
    }

    fn remove(&mut self) {
        if std::mem::replace(&mut self.is_there, false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;

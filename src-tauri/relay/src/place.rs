//! A path at which Porthole listens as a unix socket. When the backend's own socket is there, it is moved aside
//! and put back later.
//!
//! Nothing is ever overwritten: paths are swapped, and what is found afterwards is compared with what was meant. A file
//! beside the socket says which socket is Porthole's, and is locked while it records, so that the next start can undo what a
//! killed one left.
//!
//! On this machine Porthole itself uses this, and in containers the relay's program, which has no dependencies.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use super::{
    place_error::{PlaceError, Step},
    rename::{is_dead, make_room, move_to_free, swap},
    tap_protocol::ASIDE,
};

/// Device, inode, and when it was made: file systems give the number of an inode again, to the next socket that a backend makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SocketId {
    device: u64,
    inode: u64,
    made: (i64, i64),
}

impl SocketId {
    /// Moving a file, and changing who may use it, leaves this as it is.
    fn of(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino(), made: (found.mtime(), found.mtime_nsec()) }
    }
}

type Result<T> = std::result::Result<T, PlaceError>;

/// The number of no socket.
const NONE: SocketId = SocketId { device: 0, inode: 0, made: (0, 0) };
/// What is added to the path for the file that is locked.
const LOCK: &str = ".porthole-tap";

/// A path that this Porthole listens at.
#[derive(Debug)]
pub struct Place {
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
    /// [`Step::Busy`], [`Step::Listen`], [`Step::Restore`], [`Step::Remove`].
    pub fn take(path: &Path, in_place: bool) -> Result<Self> {
        let path = resolved(path).map_err(|error| PlaceError::new(Step::Listen, error))?;
        // A link below /proc can lead into the files of another container.
        if path.starts_with("/proc") {
            return Err(PlaceError::new(Step::Listen, io::ErrorKind::PermissionDenied));
        }
        let aside = with(&path, ASIDE);
        let mut lock = Lock::take(with(&path, LOCK))?;
        let left = lock.left();
        // What is noted is needed as long as something is left.
        undo(&path, &aside, left).inspect_err(|_| {
            if left.is_none() {
                lock.remove()
            }
        })?;
        Ok(Self { path, aside, lock, own: None, in_place })
    }

    /// Where the backend's own socket is while it is moved.
    pub fn aside(&self) -> Option<&Path> {
        self.in_place.then_some(&*self.aside)
    }

    /// Listens. Users that may connect to the backend's socket may connect to this one.
    ///
    /// # Errors
    /// [`Step::Listen`]; [`Step::Move`], [`Step::Missing`] and [`Step::NotSocket`] for the socket that is to be moved.
    pub fn bind(&mut self, like: Option<&Path>) -> Result<UnixListener> {
        let failed = |error| PlaceError::new(Step::Listen, error);
        let at = if self.in_place { self.aside.clone() } else { self.path.clone() };
        if self.in_place {
            self.check_backend()?;
        }
        let listener = make_room(&at).and_then(|()| UnixListener::bind(&at)).map_err(failed)?;
        let id = id_of(&at).and_then(|id| id.ok_or_else(|| io::ErrorKind::NotFound.into())).map_err(failed)?;
        let like = if self.in_place { Some(&*self.path) } else { like };
        if let Err(error) = same_access(&at, id, like).and_then(|()| listener.set_nonblocking(true)) {
            let _ = remove_own(&at, id);
            return Err(failed(error));
        }
        let noted = self.lock.note(id);
        let moved = noted.and_then(|()| if self.in_place { swap(&self.aside, &self.path) } else { Ok(()) });
        if let Err(error) = moved {
            let _ = remove_own(&at, id);
            return Err(PlaceError::new(Step::Move, error));
        }
        self.own = Some(id);
        Ok(listener)
    }

    /// Whether something else is at the path than the socket that Porthole listens at: a backend that was started again
    /// has removed it.
    pub fn is_lost(&self) -> bool {
        self.own.is_some_and(|own| id_of(&self.path).ok().flatten() != Some(own))
    }

    /// Whether no process has the backend's own socket any more, which is aside. It can't come back: a backend that is started
    /// again has a new one.
    pub fn is_backend_gone(&self) -> bool {
        self.in_place && self.own.is_some() && is_dead(&self.aside).unwrap_or(false)
    }

    /// Whether a path that may have links in it leads to the socket that Porthole listens at. One that can't be looked at may.
    pub fn is_reached_by(&self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(found) => self.own == Some(SocketId::of(&found)),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// The socket that is to be moved is one.
    fn check_backend(&self) -> Result<()> {
        match id_of(&self.path) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(PlaceError::new(Step::NotSocket, io::ErrorKind::InvalidInput)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(PlaceError::new(Step::Missing, error)),
            Err(error) => Err(PlaceError::new(Step::Move, error)),
        }
    }

    /// Puts everything back. After an error it can be tried again.
    ///
    /// # Errors
    /// [`Step::Restore`], [`Step::Remove`]. Both sockets are still there then.
    pub fn restore(&mut self) -> Result<()> {
        let Some(own) = self.own else { return Ok(()) };
        let restored = if self.in_place { put_back(&self.path, &self.aside, own) } else { remove_own(&self.path, own) };
        // As long as Porthole's socket is at the path, the next start needs the note to undo that.
        if restored.is_ok() || id_of(&self.path).ok().flatten() != Some(own) {
            self.own = None;
            self.lock.remove();
        }
        restored
    }
}

impl Drop for Place {
    /// Also when something panicked.
    fn drop(&mut self) {
        let _ = self.restore();
        if self.own.is_none() {
            self.lock.remove();
        }
    }
}

/// Where the socket at a path would be moved.
pub fn aside_of(path: &Path) -> Option<PathBuf> {
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
    let failed = |error: io::Error| PlaceError::new(Step::Restore, error);
    // One that can't be looked at may have a process.
    let is_dead = |path: &Path| is_dead(path).unwrap_or(false);
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
        Ok(_) if is_dead(aside) => match fs::remove_file(aside) {
            // The directory is another one.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        },
        Ok(_) => Err(failed(io::ErrorKind::AlreadyExists.into())),
        Err(error) => Err(failed(error)),
    }
}

fn remove_own(path: &Path, own: SocketId) -> Result<()> {
    if id_of(path).ok().flatten() != Some(own) {
        return Ok(());
    }
    fs::remove_file(path).map_err(|error| PlaceError::new(Step::Remove, error))
}

/// The path with links in it followed, so that a link to the socket stays one. A socket that isn't there yet has none.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
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
    Ok(found.file_type().is_socket().then(|| SocketId::of(&found)))
}

/// Gives a socket the access of another one; without one only this user may connect.
fn same_access(path: &Path, own: SocketId, like: Option<&Path>) -> io::Result<()> {
    let socket = Pinned::open(path, own)?;
    let like = like.and_then(|like| fs::symlink_metadata(resolved(like).ok()?).ok());
    let Some(like) = like.filter(|like| like.file_type().is_socket()) else {
        return fs::set_permissions(socket.path(), fs::Permissions::from_mode(0o600));
    };
    fs::set_permissions(socket.path(), fs::Permissions::from_mode(like.mode() & 0o777))?;
    // Only the system's administrator may give files away.
    let _ = std::os::unix::fs::chown(socket.path(), Some(like.uid()), Some(like.gid()));
    Ok(())
}

/// A socket's file, whatever is put at its path meanwhile: others may write in its directory, and this may be the
/// system's administrator.
struct Pinned {
    #[cfg(target_os = "linux")]
    file: File,
    path: PathBuf,
}

impl Pinned {
    #[cfg(target_os = "linux")]
    fn open(path: &Path, own: SocketId) -> io::Result<Self> {
        use std::os::fd::AsRawFd;
        const O_PATH: i32 = 0o10_000_000;
        let file = OpenOptions::new().read(true).custom_flags(O_PATH | NO_LINK).open(path)?;
        let found = file.metadata()?;
        // Another name of a file may be one of another user's.
        if !found.file_type().is_socket() || SocketId::of(&found) != own || found.nlink() != 1 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        Ok(Self { file, path })
    }

    /// There is no such file here, and Porthole has the rights of its user only.
    #[cfg(not(target_os = "linux"))]
    fn open(path: &Path, own: SocketId) -> io::Result<Self> {
        match id_of(path)? {
            Some(id) if id == own => Ok(Self { path: path.to_owned() }),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// Leads to the file as long as this value is there.
    fn path(&self) -> &Path {
        #[cfg(target_os = "linux")]
        let _ = &self.file;
        &self.path
    }
}

/// The locked file, which has the number of Porthole's socket in it.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
    is_there: bool,
}

impl Lock {
    fn take(path: PathBuf) -> Result<Self> {
        /// The one that had it may be removing it.
        const TRIES: u32 = 100;
        let failed = |error| PlaceError::new(Step::Listen, error);
        for _ in 0..TRIES {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).mode(0o600).custom_flags(NO_LINK);
            let file = options.open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(PlaceError::new(Step::Busy, io::ErrorKind::WouldBlock)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            let about = file.metadata().map_err(failed)?;
            // Another name of a file may be one of another user's, which must not be written to.
            if !about.is_file() || about.nlink() > 1 {
                return Err(failed(io::ErrorKind::AlreadyExists.into()));
            }
            let lock = Self { path: path.clone(), file, is_there: true };
            if lock.is_at_its_path() {
                return Ok(lock);
            }
        }
        Err(failed(io::ErrorKind::ResourceBusy.into()))
    }

    /// The socket that was noted there.
    fn left(&mut self) -> Option<SocketId> {
        let mut text = String::new();
        (&mut self.file).take(128).read_to_string(&mut text).ok()?;
        let mut numbers = text.split_ascii_whitespace();
        Some(SocketId {
            device: numbers.next()?.parse().ok()?,
            inode: numbers.next()?.parse().ok()?,
            made: (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?),
        })
    }

    fn note(&mut self, SocketId { device, inode, made: (seconds, nanoseconds) }: SocketId) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{device} {inode} {seconds} {nanoseconds}")?;
        self.file.sync_data()
    }

    fn remove(&mut self) {
        // In a directory that was made again it may be another Porthole's.
        if std::mem::replace(&mut self.is_there, false) && self.is_at_its_path() {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn is_at_its_path(&self) -> bool {
        let (own, there) = (self.file.metadata(), fs::symlink_metadata(&self.path));
        matches!((own, there), (Ok(own), Ok(there)) if (own.dev(), own.ino()) == (there.dev(), there.ino()))
    }
}

/// `O_NOFOLLOW | O_NONBLOCK`: no link that was put there is followed, and no pipe is waited for.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "x86")))]
const NO_LINK: i32 = 0o400_000 | 0o4000;
#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "x86"))))]
const NO_LINK: i32 = 0o100_000 | 0o4000;
#[cfg(not(target_os = "linux"))]
const NO_LINK: i32 = 0x100 | 0x4;

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;

//! The data directory, which one Porthole at a time owns. A lock of the operating system says who: it's released when the
//! process dies in whatever way, and works across containers that share the directory.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::session::{self, Session};
use porthole_base::{
    error::{Code, Error, Result},
    in_use, private,
};

const LOCK: &str = "owner.lock";
/// What the owner says of itself. Only a lock that is held makes it true.
const OWNER: &str = "owner.json";
const SESSIONS: &str = "sessions";

/// What came of opening the data directory.
#[derive(Debug)]
pub enum Opened {
    /// This process may use it.
    Here(DataDir),
    /// Another Porthole uses it.
    Elsewhere(Owner),
}

/// The process that owns a data directory, as it says itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Its process number, for people: it may be one of another container.
    pub pid: Option<u32>,
    /// Where it takes requests to raise its window.
    pub socket: Option<PathBuf>,
}

/// Where this process has its files.
#[derive(Debug)]
pub struct DataDir {
    /// Kept outputs are here; absent where there is no home to have a data directory in.
    pub path: Option<PathBuf>,
    /// The outputs of this start.
    pub session: Session,
    /// Why nothing is kept.
    pub trouble: Option<Error>,
    lock: Option<File>,
}

impl DataDir {
    /// Takes the directory for this process. Where it can't be used, what this start needs is in `temporary`, and
    /// [`trouble`](Self::trouble) says why; what is kept is still read.
    ///
    /// # Errors
    /// [`Code::DataDirUnusable`] when `temporary` can't be used either.
    pub fn open(path: Option<PathBuf>, temporary: &Path) -> Result<Opened> {
        let Some(path) = path else {
            let error = Error::new(Code::HomeMissing, "No home directory was found");
            return Self::open_temporary(None, None, temporary, error.hint(SET_HOME));
        };
        let lock = match claim(&path) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Ok(Opened::Elsewhere(Owner::read(&path))),
            Err(error) => return Self::open_temporary(Some(path.clone()), None, temporary, unusable(&path, &error)),
        };
        let sessions = path.join(SESSIONS);
        let begun = private::create_directory(&sessions)
            .and_then(|()| Owner { pid: Some(std::process::id()), socket: None }.write(&path))
            .and_then(|()| Session::begin(&sessions, session::OWN));
        match begun {
            Ok(session) => Ok(Opened::Here(Self { path: Some(path), session, trouble: None, lock: Some(lock) })),
            Err(error) => Self::open_temporary(Some(path.clone()), Some(lock), temporary, unusable(&sessions, &error)),
        }
    }

    fn open_temporary(path: Option<PathBuf>, lock: Option<File>, temporary: &Path, trouble: Error) -> Result<Opened> {
        let session = Session::begin(temporary, session::TEMPORARY).map_err(|error| {
            let why = trouble.detail.as_deref().unwrap_or_default();
            Error::new(
                Code::DataDirUnusable,
                format!("{}, and no directory can be created in {}", trouble.message, temporary.display()),
            )
            .detail(format!("{why}; {error}"))
            .hint(format!(
                "Make one of the two writable, or set TMPDIR. {}",
                trouble.hint.as_deref().unwrap_or_default()
            ))
        })?;
        Ok(Opened::Here(Self { path, session, trouble: Some(trouble), lock }))
    }

    /// Says where this process takes requests to raise its window.
    ///
    /// # Errors
    /// What the operating system says when that can't be written down.
    pub fn announce(&self, socket: &Path) -> io::Result<()> {
        match (&self.path, &self.lock) {
            (Some(path), Some(_)) => {
                Owner { pid: Some(std::process::id()), socket: Some(socket.to_owned()) }.write(path)
            }
            _ => Ok(()),
        }
    }
}

const SET_HOME: &str = "Nothing is kept after Porthole exits. Set HOME, or XDG_DATA_HOME and XDG_CONFIG_HOME.";

fn unusable(path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::NotADirectory => "A file has the directory's name: move it.",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free up space on its disk.",
        io::ErrorKind::ReadOnlyFilesystem => "Its file system is read-only: set XDG_DATA_HOME to another directory.",
        _ => "Make it writable, or set XDG_DATA_HOME to another directory.",
    };
    Error::new(Code::DataDirUnusable, format!("The data directory {} can't be used", path.display()))
        .detail(error)
        .hint(format!("Nothing is kept after Porthole exits. {hint}"))
}

/// The lock of a directory that no other process holds; none when one does.
fn claim(path: &Path) -> io::Result<Option<File>> {
    let made = private::create_directory(path).and_then(|()| {
        private::file_options().read(true).write(true).create(true).truncate(false).open(path.join(LOCK))
    });
    let (lock, refused) = match made {
        Ok(lock) => (lock, None),
        // Where nothing can be made, one that is there says whether another Porthole lives.
        Err(error) => match File::open(path.join(LOCK)) {
            Ok(lock) => (lock, Some(error)),
            Err(_) => return Err(error),
        },
    };
    match (lock.try_lock(), refused) {
        (Err(TryLockError::WouldBlock), _) => Ok(None),
        (Err(TryLockError::Error(error)), _) | (Ok(()), Some(error)) => Err(error),
        (Ok(()), None) => Ok(Some(lock)),
    }
}

impl Owner {
    fn read(path: &Path) -> Self {
        let text = in_use::until_free(|| std::fs::read(path.join(OWNER))).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// In one step: another start may read it at any time.
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut new = tempfile::Builder::new().prefix("new-owner-").tempfile_in(path)?;
        new.write_all(&serde_json::to_vec(self)?)?;
        in_use::replace(new, &path.join(OWNER))
    }

    /// Says that it has the directory, where its window can't be shown.
    pub fn already_running(&self, path: &Path) -> Error {
        let who = self.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        Error::new(Code::AlreadyRunning, format!("Another Porthole{who} is using {}", path.display()))
            .detail("Its window didn't respond.")
            .hint("Use its window or close it, or set XDG_DATA_HOME to start a second one.")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn here(path: &Path, temporary: &Path) -> DataDir {
        match DataDir::open(Some(path.to_owned()), temporary).unwrap() {
            Opened::Here(data) => data,
            Opened::Elsewhere(owner) => panic!("{owner:?} has it"),
        }
    }

    #[test]
    fn one_process_at_a_time_owns_a_directory() {
        let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = home.path().join("data");
        let first = here(&path, temporary.path());
        assert!(first.trouble.is_none() && first.session.path().starts_with(&path));
        first.announce(Path::new("/run/raise.sock")).unwrap();
        let second = DataDir::open(Some(path.clone()), temporary.path()).unwrap();
        let Opened::Elsewhere(owner) = second else { panic!("two have it") };
        assert_eq!(
            (owner.pid, owner.socket.as_deref()),
            (Some(std::process::id()), Some(Path::new("/run/raise.sock")))
        );
        let error = owner.already_running(&path);
        assert_eq!(error.code, Code::AlreadyRunning);
        assert!(
            error.message.contains(&path.display().to_string())
                && error.message.contains(&std::process::id().to_string())
        );
        drop(first);
        // The process that it names lives on, and has the directory no more.
        assert!(here(&path, temporary.path()).trouble.is_none());
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_named_and_nothing_is_kept() {
        let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = home.path().join("data");
        fs::write(&path, "mine").unwrap();
        let data = here(&path, temporary.path());
        let trouble = data.trouble.as_ref().unwrap();
        assert_eq!(trouble.code, Code::DataDirUnusable);
        assert!(trouble.message.contains(&path.display().to_string()), "{trouble:?}");
        assert!(data.session.path().starts_with(temporary.path()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        let session = data.session.path().to_owned();
        drop(data);
        assert!(!session.exists());
        let file = home.path().join("temporary");
        fs::write(&file, "").unwrap();
        let neither = DataDir::open(Some(path.clone()), &file).unwrap_err();
        assert_eq!(neither.code, Code::DataDirUnusable);
        assert!(
            neither.message.contains(&path.display().to_string())
                && neither.message.contains(&file.display().to_string())
        );
    }

    #[test]
    fn a_file_in_the_place_of_the_sessions_is_named_and_the_directory_is_still_owned() {
        let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(home.path().join("sessions"), "").unwrap();
        let data = here(home.path(), temporary.path());
        assert_eq!(data.trouble.as_ref().unwrap().code, Code::DataDirUnusable);
        assert!(matches!(DataDir::open(Some(home.path().to_owned()), temporary.path()), Ok(Opened::Elsewhere(_))));
    }

    #[test]
    fn without_a_home_there_is_a_session_and_nothing_is_kept() {
        let temporary = tempfile::tempdir().unwrap();
        let Opened::Here(data) = DataDir::open(None, temporary.path()).unwrap() else { panic!("not here") };
        assert_eq!(data.trouble.as_ref().unwrap().code, Code::HomeMissing);
        assert!(data.path.is_none() && data.session.path().starts_with(temporary.path()));
    }
}

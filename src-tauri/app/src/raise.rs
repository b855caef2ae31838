//! How a second start has the first one raise its window, and open a file: a private socket that carries one word, and the
//! path of the file. It needs no session bus.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use porthole_base::private;
use porthole_http::endpoint::PATH_LIMIT;

const RAISE: &[u8] = b"raise\n";
/// The length of a path and the path follow.
const OPEN: &[u8] = b"open:\n";
const RAISED: &[u8] = b"raised\n";
/// The window can't be raised. An owner that is being killed sends nothing: its connections are closed.
const UNABLE: &[u8] = b"unable\n";
/// The longest path, in bytes.
const LONGEST: usize = 4096;
/// How long a window may take to be raised.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait after a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a caller may take to say its word.
const WORD: Duration = Duration::from_secs(1);

/// The socket of the first start. It's removed when dropped.
#[derive(Debug)]
pub struct RaiseSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Made where the directory's own path is too long for a socket.
    _made: Option<tempfile::TempDir>,
}

impl RaiseSocket {
    /// Listens in a private directory that this process owns. One that a killed process left is replaced.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn bind(directory: &Path) -> io::Result<Self> {
        let (path, made) = socket_path(directory, "raise.sock")?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        private::restrict_socket(&path)?;
        Ok(Self { listener, path, _made: made })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `raise` for each request, with the file to open, for as long as the process lives; the caller hears that it
    /// returned true.
    ///
    /// # Errors
    /// What the operating system says when no thread can be started.
    pub fn serve(&self, mut raise: impl FnMut(Option<PathBuf>) -> bool + Send + 'static) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        let serve = move || answer_all(listener.incoming(), &mut raise, || std::thread::sleep(PAUSE));
        std::thread::Builder::new().name("raise".to_owned()).spawn(serve).map(drop)
    }
}

impl Drop for RaiseSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn answer_all(
    connections: impl Iterator<Item = io::Result<UnixStream>>,
    raise: &mut impl FnMut(Option<PathBuf>) -> bool,
    mut pause: impl FnMut(),
) {
    for stream in connections {
        match stream {
            // A client that doesn't send it gets nothing, and the next one is served.
            Ok(stream) => drop(answer(stream, raise)),
            // With too many open files, a connection stays where it is and is refused again at once.
            Err(_) => pause(),
        }
    }
}

fn answer(mut stream: UnixStream, raise: &mut impl FnMut(Option<PathBuf>) -> bool) -> io::Result<()> {
    stream.set_read_timeout(Some(WORD))?;
    stream.set_write_timeout(Some(WORD))?;
    let mut word = [0; RAISE.len()];
    stream.read_exact(&mut word)?;
    let file = match &word {
        word if word == RAISE => None,
        word if word == OPEN => Some(read_path(&mut stream)?),
        _ => return Ok(()),
    };
    stream.write_all(if raise(file) { RAISED } else { UNABLE })
}

fn read_path(stream: &mut UnixStream) -> io::Result<PathBuf> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let length = usize::from(u16::from_le_bytes(length));
    if length == 0 || length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut path = vec![0; length];
    stream.read_exact(&mut path)?;
    let path = PathBuf::from(OsString::from_vec(path));
    if path.is_absolute() { Ok(path) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Asks the process that listens there to raise its window and to open a file, and waits until it's raised.
///
/// # Errors
/// `NotFound`, `ConnectionRefused` or `ConnectionReset` where nothing listens, or nothing any more: it's about to start or to
/// end. Any other where it doesn't answer or its window can't be raised.
pub fn raise(socket: &Path, file: Option<&Path>) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let silent = |error: io::Error| match error.kind() {
        // The operating system ends a process's files one by one: the lock may go after the socket.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
            io::Error::new(io::ErrorKind::ConnectionReset, error)
        }
        io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::TimedOut, error),
        _ => error,
    };
    let asked = match file.map(|file| file.as_os_str().as_bytes()) {
        None => RAISE.to_vec(),
        Some(path) if path.len() > LONGEST => return Err(io::ErrorKind::InvalidFilename.into()),
        Some(path) => [OPEN, &(path.len() as u16).to_le_bytes(), path].concat(),
    };
    stream.write_all(&asked).map_err(silent)?;
    let mut word = [0; RAISED.len()];
    stream.read_exact(&mut word).map_err(silent)?;
    if word == *RAISED { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Where a socket of this name can be made: in the directory, or in a new one where its path would be too long.
///
/// # Errors
/// When no path is short enough.
pub(crate) fn socket_path(directory: &Path, name: &str) -> io::Result<(PathBuf, Option<tempfile::TempDir>)> {
    let path = directory.join(name);
    if path.as_os_str().len() <= PATH_LIMIT {
        return Ok((path, None));
    }
    for root in [std::env::temp_dir(), PathBuf::from("/tmp")] {
        let made = private::temporary_directory_in("porthole-", &root)?;
        let path = made.path().join(name);
        if path.as_os_str().len() <= PATH_LIMIT {
            return Ok((path, Some(made)));
        }
    }
    Err(io::ErrorKind::InvalidFilename.into())
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::PermissionsExt,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering::Relaxed},
        },
    };

    use super::*;

    #[test]
    fn a_window_is_raised_by_the_one_word_and_by_no_other() {
        let directory = tempfile::tempdir().unwrap();
        // What a killed process left is in its place.
        drop(UnixListener::bind(directory.path().join("raise.sock")).unwrap());
        let socket = RaiseSocket::bind(directory.path()).unwrap();
        let mode = std::fs::metadata(socket.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let raised = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&raised);
        socket.serve(move |file| file.is_none() && counted.fetch_add(1, Relaxed) == 0).unwrap();
        let mut other = UnixStream::connect(socket.path()).unwrap();
        other.write_all(b"--eval\n").unwrap();
        assert_eq!(other.read(&mut [0; 8]).unwrap_or(0), 0);
        raise(socket.path(), None).unwrap();
        // The second time the window says that it can't be.
        assert_eq!(raise(socket.path(), None).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(raised.load(Relaxed), 2);
        let path = socket.path().to_owned();
        drop(socket);
        assert_eq!(raise(&path, None).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_opened_by_its_path_and_nothing_else_is_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let socket = RaiseSocket::bind(directory.path()).unwrap();
        let opened = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&opened);
        socket.serve(move |file| seen.lock().map(|mut seen| seen.push(file)).is_ok()).unwrap();
        for wrong in [&b"open:\n\0\0"[..], b"open:\n\xff\xff/a", b"open:\n\x04\0a/bc"] {
            let mut other = UnixStream::connect(socket.path()).unwrap();
            other.write_all(wrong).unwrap();
            assert_eq!(other.read(&mut [0; 8]).unwrap_or(0), 0);
        }
        let file = Path::new("/home/me/a b.porthole");
        raise(socket.path(), Some(file)).unwrap();
        let long = PathBuf::from(format!("/{}", "x".repeat(5000)));
        assert_eq!(raise(socket.path(), Some(&long)).unwrap_err().kind(), io::ErrorKind::InvalidFilename);
        assert_eq!(*opened.lock().unwrap(), [Some(file.to_owned())]);
    }

    /// A thread of its own was busy for as long as there were too many open files.
    #[test]
    fn a_connection_that_can_not_be_accepted_is_not_tried_again_at_once() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(RAISE).unwrap();
        let too_many = || Err(io::Error::from_raw_os_error(nix::libc::EMFILE));
        let (mut pauses, mut raised) = (0, 0);
        answer_all(
            [too_many(), too_many(), Ok(theirs)].into_iter(),
            &mut |_| {
                raised += 1;
                true
            },
            || pauses += 1,
        );
        assert_eq!((pauses, raised), (2, 1));
        let mut word = [0; RAISED.len()];
        ours.read_exact(&mut word).unwrap();
        assert_eq!(word, *RAISED);
    }

    #[test]
    fn a_long_directory_gets_a_socket_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        let socket = RaiseSocket::bind(&long).unwrap();
        assert!(!socket.path().starts_with(&long));
        let made = socket.path().parent().unwrap().to_owned();
        drop(socket);
        assert!(!made.exists());
    }
}

//! Listens at an endpoint in the place of a backend.

mod connection;
#[cfg(target_os = "linux")]
mod held_back;

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
#[cfg(windows)]
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

pub use self::connection::Connection;
use crate::endpoint::{self, Endpoint};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// What a connection reads and writes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An accepted connection.
pub struct Accepted {
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// This process itself connected, as far as the operating system says.
    pub is_own: bool,
}

/// Listens for as long as it lives.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    /// The name, and the instance that the next client gets.
    #[cfg(windows)]
    Pipe(String, NamedPipeServer),
}

/// The file of a socket that a [`Listener`] made. It is removed when this is dropped, unless another one has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    #[cfg(unix)]
    path: std::path::PathBuf,
    #[cfg(unix)]
    id: unix::FileId,
}

impl Listener {
    /// Listens at an address of this machine. A socket that nothing listens on is replaced; one that accepts connections
    /// never is. Only this user may connect to a socket.
    ///
    /// # Errors
    /// [`Code::AddressInUse`], [`Code::ListenFailed`]; [`Code::EndpointUnsupported`] for an address that isn't one of this
    /// machine; [`Code::EndpointPathTooLong`], [`Code::EndpointUnknownHost`].
    pub async fn bind(endpoint: &Endpoint) -> Result<(Self, Option<SocketFile>)> {
        endpoint::usable(endpoint)?;
        match endpoint {
            Endpoint::Tcp { host, port } => {
                let addresses = tokio::net::lookup_host((host.as_str(), *port)).await;
                let addresses: Vec<_> = addresses.map_err(|error| endpoint::unknown_host(host, &error))?.collect();
                let listener =
                    TcpListener::bind(addresses.as_slice()).await.map_err(|error| failed(endpoint, &error))?;
                Ok((Self(Kind::Tcp(listener)), None))
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let listener = unix::bind(path).map_err(|error| failed(endpoint, &error))?;
                let file = unix::made(path).map_err(|error| failed(endpoint, &error))?;
                Ok((Self(Kind::Unix(listener)), Some(file)))
            }
            #[cfg(windows)]
            Endpoint::Npipe(name) => {
                let first = pipe(name, true).map_err(|error| failed(endpoint, &error))?;
                Ok((Self(Kind::Pipe(name.clone(), first)), None))
            }
            _ => Err(Error::new(Code::EndpointUnsupported, format!("Porthole can't listen on {endpoint}"))
                .hint("Use unix:///path/to.sock, http://127.0.0.1:PORT, or on Windows npipe:////./pipe/name.")),
        }
    }

    /// The next connection.
    ///
    /// # Errors
    /// What the operating system says; the next one may still be accepted.
    pub async fn accept(&mut self) -> io::Result<Accepted> {
        let connection = self.accept_connection().await?;
        Ok(Accepted { is_own: connection.is_own(), stream: Box::new(connection) })
    }

    /// The same, as the kind that it is.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn accept_connection(&mut self) -> io::Result<Connection> {
        match &mut self.0 {
            Kind::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Each chunk leaves when it is written.
                stream.set_nodelay(true)?;
                Ok(Connection::Tcp(stream))
            }
            #[cfg(unix)]
            Kind::Unix(listener) => Ok(Connection::unix(listener.accept().await?.0)),
            #[cfg(windows)]
            Kind::Pipe(name, next) => {
                next.connect().await?;
                // The next client finds one before this one is served.
                let another = pipe(name, false)?;
                Ok(Connection::Pipe(std::mem::replace(next, another)))
            }
        }
    }

    /// One of a socket that is there already.
    ///
    /// # Errors
    /// What tokio says of the socket.
    #[cfg(unix)]
    pub fn of_unix(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        Ok(Self(Kind::Unix(tokio::net::UnixListener::from_std(listener)?)))
    }

    /// The port, of one that listens on TCP.
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Kind::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            #[cfg(unix)]
            Kind::Unix(_) => None,
            #[cfg(windows)]
            Kind::Pipe(..) => None,
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        #[cfg(unix)]
        if unix::id(&self.path).is_ok_and(|id| id == self.id) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(windows)]
fn pipe(name: &str, first: bool) -> io::Result<NamedPipeServer> {
    ServerOptions::new().first_pipe_instance(first).reject_remote_clients(true).create(format!(r"\\.\pipe\{name}"))
}

pub(crate) fn failed(endpoint: &Endpoint, error: &io::Error) -> Error {
    if let Some(exhausted) = handles::exhausted(&format!("listen on {endpoint}"), error) {
        return exhausted;
    }
    // Windows refuses the first instance of a pipe that is there already.
    let taken_pipe = matches!(endpoint, Endpoint::Npipe(_)) && error.kind() == io::ErrorKind::PermissionDenied;
    if error.kind() == io::ErrorKind::AddrInUse || taken_pipe {
        return Error::new(Code::AddressInUse, format!("Another program is already listening on {endpoint}"))
            .detail(error)
            .hint("Stop that program, or choose another address.");
    }
    let hint = match (error.kind(), endpoint) {
        (io::ErrorKind::AlreadyExists, _) => "A file that isn't a socket has this name. Choose another address.",
        (io::ErrorKind::NotFound, Endpoint::Unix(_)) => "Create the directory of the socket first.",
        (io::ErrorKind::PermissionDenied, _) => "Choose an address that this user may listen on.",
        _ => "Choose an address of this machine.",
    };
    Error::new(Code::ListenFailed, format!("Can't listen on {endpoint}")).detail(error).hint(hint)
}

#[cfg(unix)]
mod unix {
    use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

    use porthole_base::private;
    use porthole_relay::rename::make_room;
    use tokio::net::UnixListener;

    use super::SocketFile;

    pub(super) fn bind(path: &Path) -> io::Result<UnixListener> {
        make_room(path)?;
        let listener = UnixListener::bind(path)?;
        private::restrict_socket(path)?;
        Ok(listener)
    }

    pub(super) fn made(path: &Path) -> io::Result<SocketFile> {
        Ok(SocketFile { path: path.to_owned(), id: id(path)? })
    }

    /// Device, inode, and when it was made: the number of an inode is given again.
    pub(super) type FileId = (u64, u64, i64, i64);

    pub(super) fn id(path: &Path) -> io::Result<FileId> {
        let about = fs::symlink_metadata(path)?;
        Ok((about.dev(), about.ino(), about.mtime(), about.mtime_nsec()))
    }
}

// Sockets that are files.
#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    fn at(path: &std::path::Path) -> Endpoint {
        Endpoint::Unix(path.to_owned())
    }

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_one_that_answers_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        drop(tokio::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a dropped listener leaves its socket");
        let (listener, file) = Listener::bind(&at(&path)).await.unwrap();
        let error = Listener::bind(&at(&path)).await.unwrap_err();
        assert_eq!(error.code, Code::AddressInUse);
        assert!(tokio::net::UnixStream::connect(&path).await.is_ok(), "it still listens");
        drop((listener, file));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_the_socket_that_it_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let (listener, file) = Listener::bind(&at(&path)).await.unwrap();
        drop(listener);
        fs::remove_file(&path).unwrap();
        let (_other, other_file) = Listener::bind(&at(&path)).await.unwrap();
        drop(file);
        assert!(path.exists(), "it is another one's");
        drop(other_file);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_cannot_be_listened_on_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "notes").unwrap();
        assert_eq!(Listener::bind(&at(&path)).await.unwrap_err().code, Code::ListenFailed);
        assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
        let missing = at(&folder.path().join("none/b.sock"));
        assert_eq!(Listener::bind(&missing).await.unwrap_err().code, Code::ListenFailed);
        for text in ["container://web/b.sock", "engine://far", "npipe:////./pipe/x"] {
            let error = Listener::bind(&text.parse().unwrap()).await.unwrap_err();
            assert_eq!(error.code, Code::EndpointUnsupported, "{text}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_refused() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let endpoint = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port };
        assert_eq!(Listener::bind(&endpoint).await.unwrap_err().code, Code::AddressInUse);
    }
}

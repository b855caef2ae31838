//! The embedded backend: a real HTTP server on a real socket, so that the first start answers
//! requests with no engine and no extension.

mod examples;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use examples::examples;
use porthole_demo::accept;
use tokio::task::JoinSet;

use porthole_base::error::{Code, Error};
use porthole_http::endpoint::Endpoint;

/// Why there is no demo backend.
pub fn failed(error: &io::Error) -> Error {
    Error::new(Code::DemoFailed, "The demo backend can't listen").detail(error).hint("Choose another target.")
}

/// A running demo backend. It ends, with its connections and its socket, when it is dropped.
#[derive(Debug)]
pub struct Demo {
    endpoint: Endpoint,
    /// The socket, to be removed at the end.
    socket: Option<PathBuf>,
    /// Made where the directory's own path is too long for a socket.
    _made: Option<tempfile::TempDir>,
    _accepting: JoinSet<()>,
}

impl Demo {
    /// Listens on `demo.sock` in a directory that only this user may enter, or on a loopback port
    /// where there are no unix sockets. Where the path would be longer than a socket's can be, a
    /// private directory for temporary files takes its place.
    ///
    /// # Errors
    /// What the operating system says when the socket cannot be bound.
    pub async fn start(directory: &Path) -> io::Result<Self> {
        let mut accepting = JoinSet::new();
        #[cfg(unix)]
        {
            let (path, made) = crate::raise::socket_path(directory, "demo.sock")?;
            let listener = tokio::net::UnixListener::bind(&path)?;
            porthole_base::private::restrict_socket(&path)?;
            accepting.spawn(accept(async move || listener.accept().await.map(|(stream, _)| stream), |_| ()));
            Ok(Self { endpoint: Endpoint::Unix(path.clone()), socket: Some(path), _made: made, _accepting: accepting })
        }
        #[cfg(not(unix))]
        {
            let _ = directory;
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
            let port = listener.local_addr()?.port();
            accepting.spawn(accept(async move || listener.accept().await.map(|(stream, _)| stream), |_| ()));
            let endpoint = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port };
            Ok(Self { endpoint, socket: None, _made: None, _accepting: accepting })
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            let _ = std::fs::remove_file(socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long home directory, and there was no demo backend.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_long_directory_does_not_keep_it_from_listening() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        let demo = Demo::start(&long).await.unwrap();
        let Endpoint::Unix(path) = demo.endpoint().clone() else { panic!("isn't a socket") };
        tokio::net::UnixStream::connect(&path).await.unwrap();
        drop(demo);
        assert!(!path.parent().unwrap().exists());
    }

    // Elsewhere it listens on a port.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_demo_backend_that_cannot_listen_is_no_wrong_endpoint() {
        let directory = tempfile::tempdir().unwrap();
        let error = Demo::start(&directory.path().join("missing")).await.unwrap_err();
        assert_eq!(failed(&error).code, Code::DemoFailed);
    }

    #[tokio::test]
    async fn the_socket_goes_with_the_backend() {
        let directory = tempfile::tempdir().unwrap();
        let demo = Demo::start(directory.path()).await.unwrap();
        assert!(demo.endpoint().to_string().starts_with("unix://") || cfg!(not(unix)));
        drop(demo);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

//! Where a tap listens: a unix socket, a named pipe, or a port of this machine.

use std::{io, path::Path};

use super::{pass::Stream, place::Place};
use crate::endpoint::Endpoint;
use porthole_base::error::{Code, Error, Result};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpStream};

/// A socket that takes connections.
pub(super) enum Listener {
    #[cfg(unix)]
    Unix(UnixListener),
    Tcp(TcpListener),
    #[cfg(windows)]
    Pipe {
        name: String,
        next: tokio::net::windows::named_pipe::NamedPipeServer,
    },
}

impl Listener {
    /// Listens there. A unix socket is at `place`, and those may connect to it who may connect to the socket at `like`.
    ///
    /// # Errors
    /// [`Code::TapUnavailable`].
    pub async fn bind(endpoint: &Endpoint, place: Option<&mut Place>, like: Option<&Path>) -> Result<(Self, Endpoint)> {
        match endpoint {
            #[cfg(unix)]
            Endpoint::Unix(_) => {
                let Some(place) = place else { return Err(unavailable(endpoint)) };
                let listener = place.bind(like)?;
                let listener = UnixListener::from_std(listener).map_err(|error| cannot_listen(endpoint, &error))?;
                Ok((Self::Unix(listener), endpoint.clone()))
            }
            Endpoint::Tcp { host, port } if is_loopback(host) => {
                let listener = TcpListener::bind((host.as_str(), *port)).await;
                let listener = listener.map_err(|error| cannot_listen(endpoint, &error))?;
                let port = listener.local_addr().map_err(|error| cannot_listen(endpoint, &error))?.port();
                Ok((Self::Tcp(listener), Endpoint::Tcp { host: host.clone(), port }))
            }
            Endpoint::Tcp { host, .. } => Err(Error::new(
                Code::TapUnavailable,
                format!("Not listening on {host}: other machines could reach the backend there"),
            )
            .hint("Listen on 127.0.0.1.")),
            #[cfg(windows)]
            Endpoint::Npipe(name) => {
                let next = pipe(name, true).map_err(|error| cannot_listen(endpoint, &error))?;
                Ok((Self::Pipe { name: name.clone(), next }, endpoint.clone()))
            }
            _ => {
                let _ = (place, like);
                Err(unavailable(endpoint))
            }
        }
    }

    /// The next connection.
    pub async fn accept(&mut self) -> io::Result<Accepted> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let of = stream.peer_cred().ok().and_then(|peer| peer.pid());
                let is_own = of.and_then(|of| u32::try_from(of).ok()) == Some(std::process::id());
                Ok(Accepted { stream: Box::new(stream), is_own })
            }
            Self::Tcp(listener) => {
                let (stream, _): (TcpStream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Accepted { stream: Box::new(stream), is_own: false })
            }
            #[cfg(windows)]
            Self::Pipe { name, next } => {
                next.connect().await?;
                let stream = std::mem::replace(next, pipe(name, false)?);
                Ok(Accepted { stream: Box::new(stream), is_own: false })
            }
        }
    }
}

/// A connection that came.
pub(super) struct Accepted {
    pub stream: Box<dyn Stream>,
    /// This process itself connected, as far as the system tells.
    pub is_own: bool,
}

#[cfg(windows)]
fn pipe(name: &str, is_first: bool) -> io::Result<tokio::net::windows::named_pipe::NamedPipeServer> {
    let mut options = tokio::net::windows::named_pipe::ServerOptions::new();
    options.first_pipe_instance(is_first).reject_remote_clients(true).create(format!(r"\\.\pipe\{name}"))
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn unavailable(endpoint: &Endpoint) -> Error {
    let kinds = if cfg!(windows) {
        "a named pipe or a port of this machine"
    } else {
        "a unix socket or a port of this machine"
    };
    Error::new(Code::TapUnavailable, format!("Porthole can't listen on {endpoint}")).hint(format!("Use {kinds}."))
}

pub(super) fn cannot_listen(endpoint: &Endpoint, error: &io::Error) -> Error {
    let explained = Error::new(Code::TapUnavailable, format!("Porthole can't listen on {endpoint}")).detail(error);
    match error.kind() {
        io::ErrorKind::AddrInUse => explained.hint("Something else is there. Stop it, or choose another address."),
        io::ErrorKind::NotFound => explained.hint("Create the directory first."),
        io::ErrorKind::PermissionDenied => explained.hint("Choose a directory that your user may write to."),
        _ => explained,
    }
}

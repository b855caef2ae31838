//! Opening the connection.

use std::{io, path::Path, time::Duration};

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{
    Connections, EngineDialer,
    socket::{Engines, Socket, SocketId, find_socket},
    wire::Io,
};
use crate::endpoint::{self, Endpoint};
use porthole_base::error::{Error, Result};

/// Opens a connection to the endpoint, through the socket that was found for it. The way to a socket in a container is
/// made first where it is not there, and takes the time that it takes; the limit is for the backend.
///
/// # Errors
/// The codes `Endpoint…`, [`Code::ConnectFailed`] and [`Code::ConnectTimeout`]; for a socket in a container also those of
/// the engine and of the container, for an engine's API those of the engine.
///
/// [`Code::ConnectFailed`]: porthole_base::error::Code::ConnectFailed
/// [`Code::ConnectTimeout`]: porthole_base::error::Code::ConnectTimeout
pub(super) async fn connect(
    endpoint: &Endpoint,
    found: Result<Option<Socket>>,
    engines: &dyn EngineDialer,
    limit: Duration,
) -> Result<Opened> {
    endpoint::usable(endpoint)?;
    if let Endpoint::Container { .. } | Endpoint::Engine { .. } = endpoint {
        return Ok((engines.connect(endpoint, limit).await?, None));
    }
    let socket = found?;
    let id = socket.as_ref().map(|socket| socket.id);
    let opened = tokio::time::timeout(limit, open(endpoint, socket.as_ref())).await;
    Ok((opened.unwrap_or_else(|_| Err(endpoint::took_none(endpoint, limit)))?, id))
}

/// An open connection, and the unix socket that it leads to.
pub(super) type Opened = (Box<dyn Io>, Option<SocketId>);

/// Whether something listens there: a connection is opened and closed again.
///
/// # Errors
/// As for an exchange.
pub async fn probe_connect(endpoint: &Endpoint, connections: &Connections, limit: Duration) -> Result<()> {
    let engines = connections.engines();
    if let Endpoint::Container { .. } | Endpoint::Engine { .. } = endpoint {
        endpoint::usable(endpoint)?;
        return engines.probe_connect(endpoint, limit).await;
    }
    let found = find_socket(endpoint, Engines::Allowed, engines);
    connect(endpoint, found, engines, limit).await.map(drop)
}

/// Opens a connection to whatever the endpoint leads to at this moment.
///
/// # Errors
/// As for an exchange.
pub(crate) async fn open_connection(
    endpoint: &Endpoint,
    engines: Engines,
    dialer: &dyn EngineDialer,
    limit: Duration,
) -> Result<Box<dyn Io>> {
    let found = find_socket(endpoint, engines, dialer);
    Ok(connect(endpoint, found, dialer, limit).await?.0)
}

async fn open(endpoint: &Endpoint, socket: Option<&Socket>) -> Result<Box<dyn Io>> {
    match endpoint {
        Endpoint::Unix(path) => open_socket(&socket.map_or_else(|| path.clone(), |socket| socket.path(path))).await,
        Endpoint::Npipe(name) => open_pipe(name).await,
        Endpoint::Tcp { host, port } => open_port(host, *port).await,
        Endpoint::Container { .. } | Endpoint::Engine { .. } => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
    .map_err(|error| match error {
        Refused::Os(error) => endpoint::explain_connect(endpoint, &error),
        Refused::Name(error) => error,
    })
}

/// What can be wrong: the operating system said no, or the name means nothing.
enum Refused {
    Os(io::Error),
    Name(Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Os(error)
    }
}

async fn open_port(host: &str, port: u16) -> std::result::Result<Box<dyn Io>, Refused> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<_> = addresses.map_err(|error| Refused::Name(endpoint::unknown_host(host, &error)))?.collect();
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(TokioIo::new(stream)))
}

#[cfg(unix)]
async fn open_socket(path: &Path) -> std::result::Result<Box<dyn Io>, Refused> {
    use tower_service::Service;

    loop {
        match hyperlocal::UnixConnector.call(hyperlocal::Uri::new(path, "/").into()).await {
            // Linux answers so when the backlog of the listening socket is full, and offers
            // nothing to wait on: Python's server has a backlog of five.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            answer => return Ok(Box::new(answer?)),
        }
    }
}

#[cfg(not(unix))]
async fn open_socket(_: &Path) -> std::result::Result<Box<dyn Io>, Refused> {
    Err(io::Error::from(io::ErrorKind::Unsupported).into())
}

#[cfg(windows)]
async fn open_pipe(name: &str) -> std::result::Result<Box<dyn Io>, Refused> {
    use tokio::net::windows::named_pipe::ClientOptions;
    /// `ERROR_PIPE_BUSY`: every instance of the pipe is in use at this moment.
    const BUSY: i32 = 231;

    loop {
        match ClientOptions::new().open(format!(r"\\.\pipe\{name}")) {
            Err(error) if error.raw_os_error() == Some(BUSY) => tokio::time::sleep(Duration::from_millis(10)).await,
            answer => return Ok(Box::new(TokioIo::new(answer?))),
        }
    }
}

#[cfg(not(windows))]
async fn open_pipe(_: &str) -> std::result::Result<Box<dyn Io>, Refused> {
    Err(io::Error::from(io::ErrorKind::Unsupported).into())
}

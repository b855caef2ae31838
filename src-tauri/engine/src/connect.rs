//! The connections to an engine, whatever carries them.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, errors::Error as ApiError};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{
    address::{Address, HostPort, Transport},
    diagnose,
    pool::Pool,
    ssh,
    tls::Dial,
};
use porthole_base::error::Result;

/// How long an engine may take to begin its response, in seconds.
pub(super) const ANSWER: u64 = 120;

/// A client, the connections that it uses, and how the address of each request begins.
type Client = (std::result::Result<Docker, ApiError>, Arc<Pool>, String);

/// A client of the engine at this address, which need not be there yet.
pub(super) fn client(address: &Address, transport: Transport) -> Result<Client> {
    let (base, dial) = match transport {
        Transport::Local => ("http://docker".to_owned(), Dialing::Local(address.host.as_str().into())),
        Transport::Tcp(place) => (format!("http://{place}"), Dialing::Tcp(place)),
        Transport::Tls(place, tls) => {
            (format!("http://{place}"), Dialing::Tls(Box::new(Dial::new(address, place, &tls)?)))
        }
        Transport::Ssh(to) => ("http://docker".to_owned(), Dialing::Ssh(ssh::argv(address, &to).into())),
    };
    let pool = Arc::new(Pool::new(dial));
    let shared = Arc::clone(&pool);
    let transport = move |request: BollardRequest| {
        let pool = Arc::clone(&shared);
        async move { pool.send(request).await }
    };
    let docker = Docker::connect_with_custom_transport(transport, Some(base.clone()), ANSWER, API_DEFAULT_VERSION);
    Ok((docker, pool, base))
}

/// One connection to an engine that is reached over TLS or through ssh, to be spoken HTTP on.
///
/// # Errors
/// [`Code::EngineAddressInvalid`](porthole_base::error::Code::EngineAddressInvalid), and
/// [`Code::EngineUnavailable`](porthole_base::error::Code::EngineUnavailable) when nothing listens. What ssh finds out later
/// comes with the first bytes.
pub(crate) async fn dial_engine(address: &Address, limit: Duration) -> Result<EngineStream> {
    let dialled = match address.transport()? {
        Transport::Tls(place, tls) => {
            let dial = Dial::new(address, place, &tls)?.connect();
            let dialled = tokio::time::timeout(limit, dial).await;
            dialled
                .map_err(|_| diagnose::silent(address, limit.as_secs()))?
                .map(|stream| EngineStream(Box::new(stream)))
        }
        Transport::Ssh(to) => ssh::dial(&ssh::argv(address, &to)).map(|tunnel| EngineStream(Box::new(tunnel))),
        Transport::Local | Transport::Tcp(_) => Err(io::ErrorKind::Unsupported.into()),
    };
    dialled.map_err(|error| diagnose::unavailable(address, &error))
}

/// How a connection is opened.
pub(super) enum Dialing {
    /// A socket or a pipe of this machine: `unix://PATH`, `npipe://PATH`.
    Local(Box<str>),
    Tcp(HostPort),
    Tls(Box<Dial>),
    Ssh(Arc<[String]>),
}

impl Dialing {
    /// Its own connection.
    pub async fn dial(&self) -> io::Result<EngineStream> {
        Ok(match self {
            Self::Local(host) => local(host).await?,
            Self::Tcp(place) => {
                let stream = TcpStream::connect((place.host.as_str(), place.port)).await?;
                stream.set_nodelay(true)?;
                EngineStream(Box::new(stream))
            }
            Self::Tls(dial) => EngineStream(Box::new(dial.as_ref().clone().connect().await?)),
            Self::Ssh(argv) => EngineStream(Box::new(ssh::dial(argv)?)),
        })
    }
}

#[cfg(unix)]
async fn local(host: &str) -> io::Result<EngineStream> {
    let path = host.strip_prefix("unix://").ok_or(io::ErrorKind::Unsupported)?;
    loop {
        match tokio::net::UnixStream::connect(path).await {
            // The backlog of the listening socket is full, and there is nothing to wait on.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            opened => return Ok(EngineStream(Box::new(opened?))),
        }
    }
}

#[cfg(windows)]
async fn local(host: &str) -> io::Result<EngineStream> {
    use tokio::net::windows::named_pipe::ClientOptions;
    /// `ERROR_PIPE_BUSY`: every instance of the pipe is in use at this moment.
    const BUSY: i32 = 231;
    let path = host.strip_prefix("npipe://").ok_or(io::ErrorKind::Unsupported)?.replace('/', "\\");
    loop {
        match ClientOptions::new().open(&path) {
            Err(error) if error.raw_os_error() == Some(BUSY) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return Ok(EngineStream(Box::new(opened?))),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection, whatever carries it.
pub(crate) struct EngineStream(Box<dyn Duplex>);

impl AsyncRead for EngineStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for EngineStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

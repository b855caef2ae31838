//! The connections to an engine: bollard's own to what is near and to plain ports, ours to TLS and ssh.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, errors::Error as ApiError};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::{
    address::{Address, Way},
    ssh,
    tls::Dial,
    trouble,
};
use crate::error::Result;

/// How long an engine may take to answer one call, in seconds.
const ANSWER: u64 = 120;
/// How many connections are kept for later calls: one is enough for most, and each may be a process.
const KEPT: usize = 2;

/// A client of the engine at this address, which need not be there yet.
pub(super) fn client(address: &Address, way: Way) -> Result<std::result::Result<Docker, ApiError>> {
    let (base, carrier) = match way {
        Way::Local => return Ok(Docker::connect_with_host(&address.host)),
        Way::Tcp(place) => return Ok(Docker::connect_with_host(&format!("tcp://{place}"))),
        Way::Tls(place, tls) => (format!("http://{place}"), Carrier::Tls(Box::new(Dial::new(address, place, &tls)?))),
        Way::Ssh(to) => ("http://docker".to_owned(), Carrier::Ssh(ssh::argv(address, &to).into())),
    };
    let client =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(KEPT).pool_timer(TokioTimer::new()).build(carrier);
    let transport = move |request: BollardRequest| {
        let answer = client.request(request);
        async move { answer.await.map_err(ApiError::from) }
    };
    Ok(Docker::connect_with_custom_transport(transport, Some(base), ANSWER, API_DEFAULT_VERSION))
}

/// One connection to an engine that is reached over TLS or through ssh, to be spoken HTTP on.
///
/// # Errors
/// [`Code::EngineAddressInvalid`](crate::error::Code::EngineAddressInvalid), and
/// [`Code::EngineUnavailable`](crate::error::Code::EngineUnavailable) when there is nobody. What ssh finds out later
/// comes with the first bytes.
pub(crate) async fn line(address: &Address, limit: Duration) -> Result<Line> {
    let dialled = match address.way()? {
        Way::Tls(place, tls) => {
            let dial = Dial::new(address, place, &tls)?.connect();
            let dialled = tokio::time::timeout(limit, dial).await;
            dialled.map_err(|_| trouble::silent(address, limit.as_secs()))?.map(|stream| Line(Box::new(stream)))
        }
        Way::Ssh(to) => ssh::dial(&ssh::argv(address, &to)).map(|tunnel| Line(Box::new(tunnel))),
        Way::Local | Way::Tcp(_) => Err(io::ErrorKind::Unsupported.into()),
    };
    dialled.map_err(|error| trouble::unavailable(address, &error))
}

/// What carries the bytes; it makes a new connection whenever the client has none to spare.
#[derive(Clone)]
enum Carrier {
    Tls(Box<Dial>),
    Ssh(Arc<[String]>),
}

impl Service<hyper::Uri> for Carrier {
    type Response = TokioIo<Line>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Uri) -> Self::Future {
        let carrier = self.clone();
        Box::pin(async move {
            let line: Line = match carrier {
                Self::Tls(dial) => Line(Box::new(dial.connect().await?)),
                Self::Ssh(argv) => Line(Box::new(ssh::dial(&argv)?)),
            };
            Ok(TokioIo::new(line))
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection, whatever carries it.
pub(crate) struct Line(Box<dyn Duplex>);

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
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

//! The HTTP client that `bollard` speaks through: each connection is counted, so each response has limits.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bollard::{BollardRequest, errors::Error as ApiError};
use hyper::{
    Response, Uri,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{HOST, HeaderValue},
    http::uri::PathAndQuery,
};
use hyper_util::rt::TokioIo;

use super::{
    connect::Dialing,
    limits::{Kind, Meter, Metered},
};

/// How many connections are kept for later calls: one is enough for most, and each may be a process.
const KEPT: usize = 2;
/// For how long.
const IDLE: Duration = Duration::from_secs(90);

/// The body of a request: `bollard` doesn't name its type.
pub(crate) type Body = <BollardRequest as BodyOf>::Body;

pub(crate) trait BodyOf {
    type Body;
}

impl<B> BodyOf for hyper::Request<B> {
    type Body = B;
}

/// The connections to one engine.
pub(super) struct Pool {
    dialing: Dialing,
    idle: Mutex<Vec<Link>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// One connection. The task that drives it ends with it.
struct Link {
    sender: SendRequest<Body>,
    meter: Meter,
}

impl Pool {
    pub fn new(dialing: Dialing) -> Self {
        Self { dialing, idle: Mutex::default() }
    }

    /// Sends a request on a connection that is open, or on a new one.
    pub async fn send(self: &Arc<Self>, mut request: BollardRequest) -> Result<Response<Incoming>, ApiError> {
        let kind = Kind::of(&request);
        prepare(&mut request);
        loop {
            let (mut link, is_new) = match self.take() {
                Some(link) => (link, false),
                None => (self.open().await?, true),
            };
            link.meter.begin(kind);
            match link.sender.try_send_request(request).await {
                Ok(response) => {
                    tokio::spawn(put_back(Arc::downgrade(self), link));
                    return Ok(response);
                }
                Err(mut error) => match error.take_message() {
                    // The engine closed it a moment ago, and nothing was sent.
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    async fn open(&self) -> Result<Link, ApiError> {
        let meter = Meter::new();
        let line = self.dialing.dial().await?;
        let (sender, connection) = handshake(TokioIo::new(Metered::new(line, meter.clone()))).await?;
        // It ends when its sender and the last response are gone; how it ended is reported to callers that wait for a
        // response.
        tokio::spawn(connection.with_upgrades());
        Ok(Link { sender, meter })
    }

    fn take(&self) -> Option<Link> {
        let mut idle = self.idle();
        idle.retain(|link| !link.sender.is_closed());
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a connection for a while once its response was read to the end.
async fn put_back(pool: Weak<Pool>, mut link: Link) {
    if link.sender.ready().await.is_err() {
        return;
    }
    link.meter.rest();
    let (meter, rests) = (link.meter.clone(), link.meter.rests());
    {
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        if idle.len() >= KEPT {
            return;
        }
        idle.push(link);
    }
    tokio::time::sleep(IDLE).await;
    if let Some(pool) = pool.upgrade() {
        // One that was used meanwhile has a later end.
        pool.idle().retain(|link| !link.meter.is_of(&meter) || link.meter.rests() > rests);
    }
}

/// As HTTP/1 wants it on one connection: the path alone, and the host in a header.
fn prepare(request: &mut BollardRequest) {
    let host = request.uri().authority().map_or("docker", |authority| authority.as_str());
    if let Ok(host) = HeaderValue::from_str(host) {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
}

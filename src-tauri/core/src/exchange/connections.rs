//! Connections that stay open between two exchanges, as those of a browser do.

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use hyper::client::conn::http1::SendRequest;

use super::{Request, Version, outgoing::Outgoing, socket::SocketId, wire::Tap};
use crate::{carrier::Carrier, endpoint::Endpoint, engine::Address};

/// How long a connection nobody uses stays open: shorter than the five seconds after which Node's
/// server closes one, so that it is rarely found closed.
const PATIENCE: Duration = Duration::from_secs(4);
/// Connections that stay open.
const MOST: usize = 8;

/// Connections that wait for the next exchange, and what carries those into containers.
#[derive(Debug, Default)]
pub struct Connections {
    idle: Mutex<Vec<Idle>>,
    carrier: Carrier,
}

#[derive(Debug)]
struct Idle {
    endpoint: Endpoint,
    link: Link,
    since: Instant,
}

/// A connection and what is asked over it.
#[derive(Debug)]
pub(super) struct Link {
    pub sender: SendRequest<Outgoing>,
    pub tap: Arc<Tap>,
    pub driver: Driver,
    /// The unix socket that it leads to.
    pub socket: Option<SocketId>,
}

/// What reads and writes for a connection: only while an exchange goes on, in the exchange's own
/// task, and never after it.
pub(super) struct Driver(Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>);

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Driver").field(&self.0.is_some()).finish()
    }
}

impl Driver {
    pub fn new(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self(Some(Box::pin(connection)))
    }

    /// Drives the connection until something that waits for it is there.
    pub async fn until<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|context| {
            if let Poll::Ready(wanted) = wanted.as_mut().poll(context) {
                return Poll::Ready(wanted);
            }
            // How it ended is told to whoever waits for it.
            self.step(context);
            wanted.as_mut().poll(context)
        })
        .await
    }

    fn step(&mut self, context: &mut Context<'_>) {
        if self.0.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
            self.0 = None;
        }
    }

    /// Whether the connection is still open, as far as can be seen at this moment.
    fn is_open(&mut self) -> bool {
        self.step(&mut Context::from_waker(Waker::noop()));
        self.0.is_some()
    }
}

impl Connections {
    /// None yet; those into containers will be carried by this.
    pub fn carried_by(carrier: Carrier) -> Self {
        Self { carrier, ..Self::default() }
    }

    /// Those into containers go through the engine at this address from now on.
    pub fn use_engine(&self, address: Address) {
        self.close_those_into_containers();
        self.carrier.use_engine(address);
    }

    /// Those into containers go through the engine of this docker context from now on; through the one in use when none
    /// is given.
    pub fn use_context(&self, name: Option<String>) {
        self.close_those_into_containers();
        self.carrier.use_context(name);
    }

    /// A container of the same name on another engine is another one.
    fn close_those_into_containers(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| !matches!(idle.endpoint, Endpoint::Container { .. }));
    }

    /// What carries connections into containers.
    pub fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// Closes those that wait, and removes what carried them.
    pub async fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.carrier.close().await;
    }

    /// An open connection for this request. Only for a request that may be sent again, should the
    /// backend turn out to have closed it: whether it did cannot be known before. `socket` is what the endpoint's path
    /// leads to now: a connection to another socket that was there before isn't used.
    pub(super) fn take(&self, endpoint: &Endpoint, socket: Option<SocketId>, request: &Request) -> Option<Link> {
        if !may_be_repeated(request) {
            return None;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain_mut(|idle| idle.since.elapsed() < PATIENCE && idle.link.driver.is_open());
        let last = idle.iter().rposition(|idle| {
            idle.endpoint == *endpoint && idle.link.socket == socket && idle.link.sender.is_ready()
        })?;
        Some(idle.remove(last).link)
    }

    /// Keeps a connection whose exchange is over, unless one of the two wants it closed.
    pub(super) fn put(&self, endpoint: &Endpoint, mut link: Link) {
        // One to a far engine may be a process of ssh, which would stay until somebody asks again.
        if !link.driver.is_open() || matches!(endpoint, Endpoint::Engine { .. }) {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle { endpoint: endpoint.clone(), link, since: Instant::now() });
        if idle.len() > MOST {
            idle.remove(0);
        }
    }
}

/// Methods that mean the same when they come twice (RFC 9110, section 9.2.2), with nothing said
/// about the connection.
fn may_be_repeated(request: &Request) -> bool {
    let repeatable = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(&request.method.as_str());
    let own = |name: &str| request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    repeatable && request.version == Version::Http11 && !own("connection") && !own("upgrade")
}

//! Connections that stay open between two exchanges, as those of a browser do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::client::conn::http1::SendRequest;
use tokio::task::JoinSet;

use super::{Request, Version, outgoing::Outgoing, wire::Tap};
use crate::endpoint::Endpoint;

/// How long a connection nobody uses stays open: shorter than the five seconds after which Node's
/// server closes one, so that it is rarely found closed.
const PATIENCE: Duration = Duration::from_secs(4);
/// Connections that stay open.
const MOST: usize = 8;

/// Connections that wait for the next exchange.
#[derive(Debug, Default)]
pub struct Connections {
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    endpoint: Endpoint,
    link: Link,
    since: Instant,
}

/// A connection with the task that drives it, which ends with this.
#[derive(Debug)]
pub(super) struct Link {
    pub sender: SendRequest<Outgoing>,
    pub tap: Arc<Tap>,
    _driver: JoinSet<hyper::Result<()>>,
}

impl Link {
    pub fn new(
        sender: SendRequest<Outgoing>,
        connection: impl Future<Output = hyper::Result<()>> + Send + 'static,
        tap: Arc<Tap>,
    ) -> Self {
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Self { sender, tap, _driver: driver }
    }
}

impl Connections {
    /// An open connection for this request. Only for a request that may be sent again, should the
    /// backend turn out to have closed it: whether it did cannot be known before.
    pub(super) fn take(&self, endpoint: &Endpoint, request: &Request) -> Option<Link> {
        if !may_be_repeated(request) {
            return None;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < PATIENCE && !idle.link.sender.is_closed());
        let last = idle.iter().rposition(|idle| idle.endpoint == *endpoint && idle.link.sender.is_ready())?;
        Some(idle.remove(last).link)
    }

    /// Keeps a connection whose exchange is over, unless one of the two wants it closed.
    pub(super) fn put(&self, endpoint: &Endpoint, link: Link) {
        if link.sender.is_closed() {
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

//! Connections that stay open between two exchanges, as those of a browser do.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use hyper::client::conn::http1::{self, SendRequest};
use tokio::task::JoinSet;

use super::{
    EngineDialer, Request, Version,
    outgoing::Outgoing,
    socket::SocketId,
    wire::{Tap, Wire},
};
use crate::endpoint::Endpoint;

/// How long a connection nothing uses stays open: shorter than the five seconds after which Node's
/// server closes one, so that it is rarely found closed.
const PATIENCE: Duration = Duration::from_secs(4);
/// Connections that stay open.
const MOST: usize = 8;
/// Endpoints that are remembered for having answered.
const REMEMBERED: usize = 16;

/// Connections that wait for the next exchange, and what opens those that lead through an engine.
#[derive(Debug)]
pub struct Connections {
    idle: Arc<Waiting>,
    /// Closes those that have timed out, while any wait. It ends with this value.
    closing: Mutex<JoinSet<()>>,
    engines: Arc<dyn EngineDialer>,
    /// Those that answered a request in HTTP, the last one last.
    answered: Mutex<VecDeque<Endpoint>>,
}

#[derive(Debug, Default)]
struct Waiting(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    /// The oldest first.
    idle: Vec<Idle>,
    /// A task closes them in time. It runs while a connection is in use: to start one for each request would cost more
    /// than the rest of a small one.
    is_watched: bool,
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes each when its time is up, until none is left. A backend that serves one connection at a time can't take
    /// another one before that.
    async fn close_in_time(waiting: Weak<Self>) {
        let oldest = |waiting: Arc<Self>| {
            let mut all = waiting.all();
            all.idle.retain(|idle| idle.since.elapsed() < PATIENCE);
            let oldest = all.idle.first().map(|idle| idle.since);
            all.is_watched = oldest.is_some();
            oldest
        };
        while let Some(oldest) = waiting.upgrade().and_then(oldest) {
            tokio::time::sleep_until((oldest + PATIENCE).into()).await;
        }
    }
}

#[derive(Debug)]
struct Idle {
    endpoint: Endpoint,
    link: Link,
    since: Instant,
}

/// A connection and its requests.
#[derive(Debug)]
pub(super) struct Link {
    pub sender: SendRequest<Outgoing>,
    pub tap: Arc<Tap>,
    pub driver: Driver,
    /// The unix socket that it leads to.
    pub socket: Option<SocketId>,
}

/// What reads and writes for a connection: only during an exchange, in the exchange's own
/// task, and never after it.
#[derive(Debug)]
pub(super) struct Driver(State);

#[derive(Debug)]
enum State {
    Open(Box<http1::Connection<Wire, Outgoing>>),
    /// hyper has let go of it. What it had read and not used is still there, and the connection too.
    Ended(Box<http1::Parts<Wire>>),
    /// Only while one becomes the other.
    Between,
}

impl Driver {
    pub fn new(connection: http1::Connection<Wire, Outgoing>) -> Self {
        Self(State::Open(Box::new(connection)))
    }

    /// Drives the connection until something that waits for it is there.
    pub async fn until<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|context| {
            if let Poll::Ready(wanted) = wanted.as_mut().poll(context) {
                return Poll::Ready(wanted);
            }
            // How it ended is reported to callers that wait for it.
            self.step(context);
            wanted.as_mut().poll(context)
        })
        .await
    }

    /// Drives the connection until hyper lets go of it.
    pub async fn ended(&mut self) {
        poll_fn(|context| {
            self.step(context);
            if matches!(self.0, State::Open(_)) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// The connection, when hyper has let go of it, and what it had read and not used.
    pub fn leftover(&mut self) -> Option<(&mut Wire, &[u8])> {
        match &mut self.0 {
            State::Ended(parts) => Some((&mut parts.io, &parts.read_buf)),
            State::Open(_) | State::Between => None,
        }
    }

    fn step(&mut self, context: &mut Context<'_>) {
        let State::Open(connection) = &mut self.0 else { return };
        if Pin::new(&mut **connection).poll(context).is_ready()
            && let State::Open(connection) = std::mem::replace(&mut self.0, State::Between)
        {
            self.0 = State::Ended(Box::new(connection.into_parts()));
        }
    }

    /// Whether the connection is still open, as far as can be seen at this moment.
    pub fn is_open(&mut self) -> bool {
        self.step(&mut Context::from_waker(Waker::noop()));
        matches!(self.0, State::Open(_))
    }
}

impl Connections {
    /// None yet; this opens those that lead through an engine.
    pub fn new(engines: Arc<dyn EngineDialer>) -> Self {
        Self { idle: Arc::default(), closing: Mutex::default(), engines, answered: Mutex::default() }
    }

    /// Closes those into containers: a container of the same name on another engine is another one.
    pub fn close_those_into_containers(&self) {
        self.idle.all().idle.retain(|idle| !matches!(idle.endpoint, Endpoint::Container { .. }));
    }

    /// What opens those that lead through an engine.
    pub fn dialer(&self) -> Arc<dyn EngineDialer> {
        Arc::clone(&self.engines)
    }

    /// The same, for one look.
    pub fn engines(&self) -> &dyn EngineDialer {
        &*self.engines
    }

    /// Remembers that this endpoint answered a request in HTTP.
    pub(super) fn note_answer(&self, endpoint: &Endpoint) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.back() != Some(endpoint) {
            answered.retain(|other| other != endpoint);
            answered.push_back(endpoint.clone());
            if answered.len() > REMEMBERED {
                answered.pop_front();
            }
        }
    }

    /// Whether this endpoint is among the last ones that answered a request in HTTP.
    pub fn has_answered(&self, endpoint: &Endpoint) -> bool {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).contains(endpoint)
    }

    /// Closes those that wait, and removes what carried them.
    pub async fn close(&self) {
        self.idle.all().idle.clear();
        self.engines.close().await;
    }

    /// An open connection for this request; without one, those that wait at the endpoint are closed, for it is about to
    /// get another and may serve one at a time. Only for a request that may be sent again, should the
    /// backend turn out to have closed it: whether it did cannot be known before. `socket` is what the endpoint's path
    /// leads to now: a connection to another socket that was there before isn't used.
    pub(super) fn take(&self, endpoint: &Endpoint, socket: Option<SocketId>, request: &Request) -> Option<Link> {
        let idle = &mut self.idle.all().idle;
        idle.retain_mut(|idle| idle.since.elapsed() < PATIENCE && idle.link.driver.is_open());
        let usable =
            |idle: &Idle| idle.endpoint == *endpoint && idle.link.socket == socket && idle.link.sender.is_ready();
        let last = if may_be_repeated(request) { idle.iter().rposition(usable) } else { None };
        if last.is_none() {
            idle.retain(|idle| idle.endpoint != *endpoint);
        }
        last.map(|last| idle.remove(last).link)
    }

    /// Keeps a connection after its exchange, unless one of the two wants it closed.
    pub(super) fn put(&self, endpoint: &Endpoint, mut link: Link) {
        // One to a far engine may be a process of ssh, which would stay until the next request.
        if !link.driver.is_open() || matches!(endpoint, Endpoint::Engine { .. }) {
            return;
        }
        let mut all = self.idle.all();
        all.idle.push(Idle { endpoint: endpoint.clone(), link, since: Instant::now() });
        if all.idle.len() > MOST {
            all.idle.remove(0);
        }
        let is_watched = std::mem::replace(&mut all.is_watched, true);
        drop(all);
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        while closing.try_join_next().is_some() {}
        // The task may have gone with its runtime.
        if !is_watched || closing.is_empty() {
            closing.spawn(Waiting::close_in_time(Arc::downgrade(&self.idle)));
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

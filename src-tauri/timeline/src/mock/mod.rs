//! A session as a mock: its responses are served on a socket as they were recorded, and its commands run again without any
//! process. A request or command that the session doesn't have is an error that names the closest one.

mod connection;
mod in_timeline;
mod request_key;
mod requests;
mod response;
mod runs;
mod sequence;
mod speed;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet};

pub use self::{in_timeline::MockState, speed::Speed};
use self::{requests::Requests, runs::Runs};
use crate::session::Recorded;
use porthole_base::error::Result;
use porthole_http::{
    endpoint::Endpoint,
    exchange::Exchange,
    listener::{Listener, SocketFile},
};
use porthole_output::{Output, record::Record};
use porthole_process::{Command, Place, RunEvent, Stops};
use porthole_sdk::call::Act;

/// Connections that are served at the same time. Further ones wait.
const CONNECTIONS: usize = 64;
/// How long to wait after a connection couldn't be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// A request that was answered.
#[derive(Debug)]
pub struct Served<'s> {
    /// Its method.
    pub method: &'s str,
    /// Its target.
    pub target: &'s str,
    /// The call of the session that has the response, or is closest; from 1.
    pub call: Option<usize>,
    /// The status of the recorded response, if there is one.
    pub status: Option<u16>,
    /// Why there is none, if so.
    pub miss: Option<&'s str>,
}

/// Gets each request that was answered.
pub type Tell = Box<dyn Fn(&Served<'_>) + Send + Sync>;

/// What of a session can happen again.
pub struct Recordings {
    calls: Vec<Recorded>,
    requests: Requests,
    runs: Runs,
    speed: Mutex<Speed>,
    tell: Tell,
}

impl fmt::Debug for Recordings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recordings").field("requests", &self.requests.len()).field("runs", &self.runs.len()).finish()
    }
}

impl Recordings {
    /// Of these calls, in order.
    pub fn new(calls: Vec<Recorded>, speed: Speed, tell: Tell) -> Self {
        let (requests, runs) = (Requests::of(&calls), Runs::of(&calls));
        Self { calls, requests, runs, speed: Mutex::new(speed), tell }
    }

    /// How many responses and commands there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.requests.len(), self.runs.len())
    }

    /// How fast what was recorded happens again.
    pub fn speed(&self) -> Speed {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes that for what happens from now on.
    pub fn set_speed(&self, speed: Speed) {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner) = speed;
    }

    /// What the commands of an extension's backend ran in, if the session has any.
    pub fn own_place(&self) -> Option<Place> {
        runs::own_place(&self.calls)
    }

    /// Does again what was recorded for a command: the nth time what the nth recording did. The last event is `Closed` or
    /// `Failed`.
    pub async fn run(&self, command: &Command, stops: Stops, record: &mut dyn Record<RunEvent>) {
        self.runs.play(command, self.speed(), stops, record).await;
    }

    /// Whether a connection was reset.
    fn has_resets(&self) -> bool {
        let is_reset = |one: &Recorded| match &one.call.act {
            Act::Exchange(exchange) => exchange.failure.as_ref().is_some_and(|failure| failure.reset),
            Act::Run(_) => false,
        };
        self.calls.iter().any(is_reset)
    }

    fn exchange(&self, call: usize) -> Option<(&Exchange, &Arc<Output>)> {
        let recorded = self.calls.get(call)?;
        match &recorded.call.act {
            Act::Exchange(exchange) => Some((exchange, &recorded.output)),
            Act::Run(_) => None,
        }
    }

    /// Whether the connection was closed before anything of a response came.
    fn is_silent(&self, call: usize) -> bool {
        let failed = |exchange: &Exchange| exchange.failure.as_ref().is_some_and(|failure| failure.received.is_empty());
        let is_silent =
            |exchange: &Exchange| exchange.response.is_none() && exchange.informational.is_empty() && failed(exchange);
        self.exchange(call).is_some_and(|(exchange, _)| is_silent(exchange))
    }

    fn tell(&self, served: &Served<'_>) {
        (self.tell)(served);
    }
}

/// A mock that listens. It ends, with its connections and its socket, when it is dropped.
#[derive(Debug)]
pub struct Mock {
    endpoint: Endpoint,
    recordings: Arc<Recordings>,
    _accepting: JoinSet<()>,
    _socket: Option<SocketFile>,
}

impl Mock {
    /// Listens at an address.
    ///
    /// # Errors
    /// Those of [`Listener::bind`].
    pub async fn start(endpoint: Endpoint, recordings: Recordings) -> Result<Self> {
        let (listener, socket) = Listener::bind(&endpoint).await?;
        let recordings = Arc::new(recordings);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&recordings)));
        Ok(Self { endpoint, recordings, _accepting: accepting, _socket: socket })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it serves.
    pub fn recordings(&self) -> &Arc<Recordings> {
        &self.recordings
    }
}

/// Takes connections until it is dropped, which ends those that are open then.
async fn accept(mut listener: Listener, recordings: Arc<Recordings>) {
    let mut connections = JoinSet::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept_connection().await {
            Ok(connection) => {
                let recordings = Arc::clone(&recordings);
                connections.spawn(async move {
                    connection::serve(connection, recordings).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: those that are open end sooner or later.
                tracing::warn!(%error, "the mock can't take a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

// It listens on sockets that are files.
#[cfg(all(test, unix))]
#[path = "mock_tests.rs"]
mod tests;

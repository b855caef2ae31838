//! A recorder that keeps everything, for tests to look at.

use std::path::Path;

use porthole_base::error::{Code, Result};
use porthole_engine::BackendConnections;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Exchange, ExchangeEvent, Request},
};
use porthole_output::{Stream, record::Record};
use porthole_process::{Command, Containment, Run, RunEvent, Stopper, Stops, run_on_host_in, stops};
use porthole_timeline::Timeline;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// A timeline that records into the history in this directory.
pub async fn with_history(directory: &Path) -> Timeline {
    let session = tempfile::tempdir_in(directory).expect("a directory").keep();
    let timeline = Timeline::new(session, directory.join("kept"), u64::MAX, None);
    timeline.open_history(&directory.join("history"), true).await;
    timeline
}

/// All that one exchange or run told.
#[derive(Debug)]
pub struct Kept<E> {
    pub events: Vec<E>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// How many bytes came so far, for those who wait.
    pub length: watch::Sender<usize>,
}

impl<E: Send> Record<E> for Kept<E> {
    fn event(&mut self, event: E) {
        self.events.push(event);
    }

    fn chunk(&mut self, stream: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        match stream {
            Stream::Stdout => self.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.extend_from_slice(bytes),
        }
        self.length.send_modify(|length| *length += bytes.len());
        Ok(())
    }
}

impl<E> Kept<E> {
    pub fn empty() -> Self {
        Self { events: Vec::new(), stdout: Vec::new(), stderr: Vec::new(), length: watch::Sender::new(0) }
    }
}

/// An exchange that has ended, and its body.
#[derive(Debug)]
pub struct Sent {
    pub exchange: Exchange,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn status(&self) -> u16 {
        self.exchange.response.as_ref().expect("a response").status
    }

    /// Code and stage of the failure.
    pub fn failure(&self) -> (Code, exchange::Stage) {
        let failure = self.exchange.failure.as_ref().unwrap_or_else(|| panic!("no failure: {self:?}"));
        (failure.error.code, failure.stage)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Sends a request and waits for its end.
pub async fn send(endpoint: &Endpoint, request: &Request) -> Sent {
    send_over(&BackendConnections::default(), endpoint, request).await
}

/// The same over connections that are there.
pub async fn send_over(connections: &BackendConnections, endpoint: &Endpoint, request: &Request) -> Sent {
    let mut kept = Kept::empty();
    exchange::send(endpoint, request, connections, &CancellationToken::new(), &mut kept).await;
    finished(endpoint, request, kept)
}

/// Puts what was kept together.
pub fn finished(endpoint: &Endpoint, request: &Request, kept: Kept<ExchangeEvent>) -> Sent {
    let mut exchange = Exchange::new(endpoint.clone(), request.clone());
    kept.events.into_iter().for_each(|event| exchange.apply(event));
    Sent { exchange, body: kept.stdout }
}

/// Puts what a run told together.
pub fn run_of(command: Command, kept: &Kept<RunEvent>) -> Run {
    let mut run = Run::new(command);
    kept.events.iter().cloned().for_each(|event| run.apply(event));
    run
}

/// A run that goes on while a test does something to it.
pub struct Live {
    /// Stops it.
    pub stopper: Stopper,
    /// Ends with it.
    pub task: JoinHandle<(Run, Kept<RunEvent>)>,
    length: watch::Receiver<usize>,
}

impl Live {
    /// One on the host.
    pub fn on_host(command: Command) -> Self {
        Self::on_host_in(Containment::Cgroup, command)
    }

    /// One on the host, contained so at most.
    pub fn on_host_in(most: Containment, command: Command) -> Self {
        Self::begin(move |stopping, mut kept| async move {
            run_on_host_in(&command, most, stopping, None, &mut kept).await;
            (run_of(command, &kept), kept)
        })
    }

    /// One that goes on in this.
    pub fn begin<F>(run: impl FnOnce(Stops, Kept<RunEvent>) -> F) -> Self
    where
        F: Future<Output = (Run, Kept<RunEvent>)> + Send + 'static,
    {
        let (stopper, stopping) = stops();
        let kept = Kept::empty();
        let length = kept.length.subscribe();
        Self { stopper, task: tokio::spawn(run(stopping, kept)), length }
    }

    /// Waits for the first that it writes.
    pub async fn wrote(&mut self) {
        self.length.wait_for(|length| *length > 0).await.expect("something written");
    }
}

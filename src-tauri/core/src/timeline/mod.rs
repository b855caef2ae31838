//! The Calls in order: begun here, recorded while they go on, ended with the timeline.

mod book;
mod facts;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use book::{Book, Control};
pub use facts::*;

use crate::{
    endpoint::Endpoint,
    engine::Address,
    error::{Code, Error, Result},
    exchange::{self, Exchange, ExchangeEvent, Request},
    output::{Output, View, Window},
    record::Record,
    run::{self, Command, Run, RunEvent, Signal, Stream, Warden, stops},
    target::Marks,
};

/// The longest wait for a change.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// The shortest time between two answers to whoever follows the changes: thirty a second.
const SHORTEST_WAIT: Duration = Duration::from_millis(33);
/// What commands get to end by themselves when the timeline closes.
const GRACE: Duration = Duration::from_secs(1);

/// The Calls of one Porthole. It owns the task of each of them.
#[derive(Debug)]
pub struct Timeline {
    shared: Arc<Shared>,
    warden: Option<Arc<Warden>>,
    tasks: Mutex<JoinSet<()>>,
    /// When whoever follows the changes was last answered.
    told: Mutex<Instant>,
}

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    book: Mutex<Book>,
    /// The book's revision, for those who wait for the next.
    revision: watch::Sender<u64>,
}

impl Timeline {
    /// An empty timeline that keeps outputs in this directory, one folder a Call.
    pub fn new(directory: PathBuf, warden: Option<Arc<Warden>>) -> Self {
        let shared = Shared { directory, book: Mutex::new(Book::new()), revision: watch::Sender::new(1) };
        Self { shared: Arc::new(shared), warden, tasks: Mutex::default(), told: Mutex::new(Instant::now()) }
    }

    /// Sends a request and answers at once with its number.
    ///
    /// # Errors
    /// [`Code::SpillFailed`] when there is no place for its body.
    pub fn send(&self, origin: Origin, endpoint: Endpoint, request: Request) -> Result<CallId> {
        let cancel = CancellationToken::new();
        let act = Act::Exchange(Exchange::new(endpoint.clone(), request.clone()));
        let mut recorder = self.begin(origin, act, Control::Exchange(cancel.clone()))?;
        let id = recorder.id;
        self.own(async move { exchange::send(&endpoint, &request, &cancel, &mut recorder).await });
        Ok(id)
    }

    /// Runs a command and answers at once with its number. `engine` is where commands in
    /// containers go.
    ///
    /// # Errors
    /// [`Code::SpillFailed`] when there is no place for its output.
    pub fn run(&self, origin: Origin, engine: Result<Address>, command: Command) -> Result<CallId> {
        let (stopper, stops) = stops();
        let mut recorder = self.begin(origin, Act::Run(Run::new(command.clone())), Control::Run(stopper))?;
        let id = recorder.id;
        let warden = self.warden.clone();
        self.own(async move { run::run(&command, engine, stops, warden, &mut recorder).await });
        Ok(id)
    }

    fn begin(&self, origin: Origin, act: Act, control: Control) -> Result<Recorder> {
        let began_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        let id = self.shared.change(|book| book.next_id());
        let output = Arc::new(Output::create(self.shared.directory.join(id.to_string()))?);
        let call = Call { id, origin, began_ms, act };
        self.shared.change(|book| book.insert(call, Arc::clone(&output), control));
        Ok(Recorder { shared: Arc::clone(&self.shared), id, output })
    }

    fn own(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Cancels a request, or kills a run. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::StopFailed`].
    pub async fn cancel(&self, id: CallId) -> Result<()> {
        let live = self.shared.book().live_control(id)?;
        match live {
            Some(Control::Exchange(cancel)) => cancel.cancel(),
            Some(Control::Run(stopper)) => stopper.stop(Signal::Kill).await?,
            None => {}
        }
        Ok(())
    }

    /// Sends a signal to a run's process group.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::StopFailed`] when it has ended or cannot be reached.
    pub async fn stop(&self, id: CallId, signal: Signal) -> Result<()> {
        let control = self.shared.book().control(id)?;
        match control {
            Control::Run(stopper) => stopper.stop(signal).await,
            Control::Exchange(_) => Err(Error::new(Code::StopFailed, "a request takes no signal").hint("Cancel it.")),
        }
    }

    /// Removes ended Calls and their files.
    pub fn clear(&self) {
        // Files are removed after the lock is gone.
        drop(self.shared.change(Book::clear));
    }

    /// All facts of a Call.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn call(&self, id: CallId) -> Result<Call> {
        self.shared.book().call(id)
    }

    /// The output of a Call.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn output(&self, id: CallId) -> Result<Arc<Output>> {
        self.shared.book().output(id)
    }

    /// Lines of a Call's output. Reading and indenting files takes a thread that may wait.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::SpillFailed`].
    pub async fn lines(&self, id: CallId, view: View, from: u64, count: u64) -> Result<Window> {
        let output = self.output(id)?;
        let read = tokio::task::spawn_blocking(move || output.window(view, from, count)).await;
        read.map_err(|error| Error::new(Code::SpillFailed, "the lines could not be read").detail(error))?
    }

    /// Puts new marks into the stream of changes.
    pub fn set_marks(&self, marks: Marks) {
        if self.shared.book().marks != marks {
            self.shared.change(|book| book.marks = marks);
        }
    }

    /// Waits for the first change after a revision, or half a minute, and tells all that changed
    /// since; since 0 it is all there is, at once. Two answers are never closer than 33 ms, so whoever asks again at once is told of a
    /// flood in thirty answers a second.
    pub async fn changes(&self, since: u64) -> Changes {
        let mut revision = self.shared.revision.subscribe();
        let changed = revision.wait_for(|revision| *revision > since);
        let _ = tokio::time::timeout(LONGEST_WAIT, changed).await;
        if since > 0 {
            let due = *self.told() + SHORTEST_WAIT;
            tokio::time::sleep_until(due).await;
        }
        *self.told() = Instant::now();
        self.shared.book().changes(since)
    }

    fn told(&self) -> MutexGuard<'_, Instant> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every Call: requests at once, commands with SIGTERM and after a second with SIGKILL.
    pub async fn close(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for signal in [Signal::Term, Signal::Kill] {
            let live = self.shared.book().live();
            let ends = live.iter().map(|control| async move {
                match control {
                    Control::Exchange(cancel) => cancel.cancel(),
                    Control::Run(stopper) => drop(stopper.stop(signal).await),
                }
            });
            let ended = async {
                futures_util::future::join_all(ends).await;
                while tasks.join_next().await.is_some() {}
            };
            // An engine that hangs must not hold the exit up: the warden sees to the rest.
            if tokio::time::timeout(GRACE, ended).await.is_ok() {
                return;
            }
        }
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Each change is complete before anything in it could panic.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book and wakes whoever follows it.
    fn change<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let (answer, revision) = {
            let mut book = self.book();
            book.revision += 1;
            (change(&mut book), book.revision)
        };
        self.revision.send_replace(revision);
        answer
    }
}

/// Writes down what one Call does.
struct Recorder {
    shared: Arc<Shared>,
    id: CallId,
    output: Arc<Output>,
}

impl Recorder {
    fn keep(&self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.output.append(stream, bytes, at_us)?;
        self.shared.change(|book| book.touch(self.id));
        Ok(())
    }
}

impl Record<ExchangeEvent> for Recorder {
    fn event(&mut self, event: ExchangeEvent) {
        self.shared.change(|book| book.exchange(self.id, event));
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.keep(stream, at_us, bytes)
    }
}

impl Record<RunEvent> for Recorder {
    fn event(&mut self, event: RunEvent) {
        self.shared.change(|book| book.run(self.id, event));
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.keep(stream, at_us, bytes)
    }
}

#[cfg(all(test, unix))]
#[path = "timeline_tests.rs"]
mod tests;

//! The Calls in order: begun here, recorded while they go on, ended with the timeline.

#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod call_store;
mod chunk_times;
pub mod compare;
#[cfg(all(test, unix))]
mod demo_backend;
mod diagnosing;
mod facts;
mod filtering;
mod groups;
mod history;
pub mod inspect;
mod kept;
mod kept_folder;
mod logs;
pub mod mock;
mod preview;
pub mod prompt;
mod prompting;
mod recorder;
mod removal;
pub mod replay;
mod rows;
mod saving;
mod searching;
pub mod session;
mod shown;
mod summary;
mod tapping;
mod terminal;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use call_store::{CallStore, Control};
use diagnosing::Uncounted;
pub use facts::*;
use filtering::Filters;
pub use history::{
    HistoryFilter, HistoryFrom, HistoryList, HistoryNames, HistoryRow, HistorySearch, HistoryState, RowId,
};
use logs::ShownLog;
pub use preview::Preview;
use recorder::Recorder;
use searching::Searched;
use shown::Derived;
pub use tapping::{ShownTap, TapPlace, TapStatus};
use terminal::LiveTerminal;
pub use terminal::TerminalPiece;

use crate::{inspect::CountedCalls, replay::ShownReplay};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::exec;
use porthole_engine::{
    Address, BackendConnections, LastEngine, reaper::Reaper, target::TargetStatus, tunnel::EngineTunnel,
};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Engines, Exchange, ExchangeEvent, Failure, Request, Stage},
};
use porthole_output::{DiskQuota, Output};
use porthole_process::{Command, FixedCommand, Run, RunEvent, Signal, stops};

/// The longest wait for a change.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// The shortest time between two answers to a caller that follows the changes: thirty a second.
const SHORTEST_WAIT: Duration = Duration::from_millis(33);
/// What commands get to end by themselves when the timeline closes.
const GRACE: Duration = Duration::from_secs(1);
/// How long the rest of the history may take to be written.
const WRITTEN_AT_THE_END: Duration = Duration::from_secs(10);

/// The Calls of one Porthole. It owns the task of each of them.
#[derive(Debug)]
pub struct Timeline {
    shared: Arc<Shared>,
    reaper: Option<Arc<Reaper>>,
    connections: Arc<BackendConnections>,
    engines: Arc<LastEngine>,
    /// The one search that runs or is being viewed.
    searching: Mutex<Option<Searched>>,
    filters: Mutex<Filters>,
    logs: Mutex<Option<ShownLog>>,
    /// The callbacks that were counted for a caller that looks at them.
    pub(crate) counted: CountedCalls,
    /// Ends what is being saved.
    saving: Mutex<CancellationToken>,
    /// Ends the comparison that is shown.
    comparing: Mutex<CancellationToken>,
    /// The replay that is shown.
    replaying: Mutex<Option<ShownReplay>>,
    /// One session's rules are written at a time.
    writing_rules: tokio::sync::Mutex<()>,
    tasks: Mutex<JoinSet<()>>,
    /// Writes the history; it ends after everything else.
    journal: Mutex<Option<(CancellationToken, JoinHandle<()>)>>,
    /// When a caller that follows the changes was last answered.
    last_sent: Mutex<Instant>,
    /// The prompt that was in the changes last, and since when.
    prompted: Mutex<Option<(u32, Instant)>>,
}

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    /// Where outputs go that are kept for the next start.
    kept: PathBuf,
    quota: Arc<DiskQuota>,
    store: Mutex<CallStore>,
    /// The book's revision, for those who wait for the next.
    revision: watch::Sender<u64>,
    /// Outputs that are shown decoded.
    derived: Mutex<Derived>,
    uncounted: Mutex<Uncounted>,
    /// Where calls are recorded for later starts, if they are.
    history: OnceLock<Arc<history::History>>,
}

impl Timeline {
    /// An empty timeline that has its outputs in this directory, and those that the next start is
    /// to have in `kept`. They may take this many bytes together.
    pub fn new(directory: PathBuf, kept: PathBuf, quota: u64, reaper: Option<Arc<Reaper>>) -> Self {
        let quota = Arc::new(DiskQuota::new(quota).with_ballast(&directory));
        let shared = Shared {
            directory,
            kept,
            quota,
            store: Mutex::new(CallStore::new()),
            revision: watch::Sender::new(1),
            derived: Mutex::default(),
            uncounted: Mutex::default(),
            history: OnceLock::new(),
        };
        let engines: Arc<LastEngine> = Arc::default();
        let tunnel = EngineTunnel::new(None, Arc::clone(&engines), reaper.clone());
        Self {
            shared: Arc::new(shared),
            reaper,
            connections: Arc::new(BackendConnections::with_tunnel(tunnel)),
            engines,
            searching: Mutex::default(),
            filters: Mutex::default(),
            logs: Mutex::default(),
            counted: CountedCalls::default(),
            saving: Mutex::default(),
            comparing: Mutex::default(),
            replaying: Mutex::default(),
            writing_rules: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
            journal: Mutex::default(),
            last_sent: Mutex::new(Instant::now()),
            prompted: Mutex::default(),
        }
    }

    /// The directory of its outputs, which goes with the session.
    pub fn directory(&self) -> &Path {
        &self.shared.directory
    }

    /// The connections of its requests, for other users of the same backend.
    pub fn connections(&self) -> Arc<BackendConnections> {
        Arc::clone(&self.connections)
    }

    /// Sends a request and answers at once with its number.
    pub fn send(&self, by: impl Into<By>, endpoint: Endpoint, request: Request) -> CallId {
        self.send_to(by, endpoint, Engines::Allowed, request)
    }

    /// The same with whether it may reach a container engine.
    pub fn send_to(&self, by: impl Into<By>, endpoint: Endpoint, engines: Engines, request: Request) -> CallId {
        let cancel = CancellationToken::new();
        let act = Act::Exchange(Exchange::new(endpoint.clone(), request.clone()));
        let mut recorder = self.begin(by.into(), act, Some(Control::Exchange(cancel.clone())));
        let id = recorder.id;
        let connections = Arc::clone(&self.connections);
        self.own(async move {
            exchange::send_to(&endpoint, engines, &request, &connections, &cancel, &mut recorder).await;
            recorder.ended().await;
        });
        id
    }

    /// Runs a command and answers at once with its number. `engine` is where commands in
    /// containers go.
    pub fn run(&self, by: impl Into<By>, engine: Result<Address>, command: Command) -> CallId {
        self.run_fixed(by, engine, command, None)
    }

    /// The same with the programs that a prompt showed.
    pub(crate) fn run_fixed(
        &self,
        by: impl Into<By>,
        engine: Result<Address>,
        command: Command,
        fixed: Option<Arc<FixedCommand>>,
    ) -> CallId {
        let (stopper, mut stops) = stops();
        let control = match command.terminal {
            Some(size) => {
                let (user, input) = porthole_process::terminal(size);
                stops = stops.with_terminal(input);
                Control::Terminal(stopper, LiveTerminal::new(user))
            }
            None => Control::Run(stopper),
        };
        let mut recorder = self.begin(by.into(), Act::Run(Run::new(command.clone())), Some(control));
        let id = recorder.id;
        let (reaper, engines) = (self.reaper.clone(), Arc::clone(&self.engines));
        self.own(async move {
            exec::run(&command, fixed.as_deref(), engine, &engines, stops, reaper, &mut recorder).await;
            recorder.ended().await;
        });
        id
    }

    /// Records a call that isn't run, with the reason.
    pub fn record(&self, by: impl Into<By>, mut act: Act, error: Error) -> CallId {
        match &mut act {
            Act::Exchange(exchange) => {
                let failure = Failure::new(Stage::Prepare, error);
                exchange.apply(ExchangeEvent::Failed { at_us: 0, failure });
            }
            Act::Run(run) => run.apply(RunEvent::Failed { at_us: 0, error }),
        }
        self.begin(by.into(), act, None).id
    }

    fn begin(&self, By { origin, sdk, decision, replay_ms }: By, act: Act, control: Option<Control>) -> Recorder {
        let began_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        let over = CancellationToken::new();
        let flow = match &control {
            Some(Control::Terminal(_, terminal)) => Some(terminal.flow()),
            _ => None,
        };
        let (id, output) = self.shared.change(|store| {
            let id = store.next_id();
            let place = self.shared.recording().map(|history| history.place(id));
            let (row, stem) = place.map_or_else(|| (None, self.shared.stem(id)), |(row, stem)| (Some(row), stem));
            let quota = Arc::clone(&self.shared.quota);
            let output = match act {
                Act::Exchange(_) => Output::of_body(stem, quota),
                Act::Run(_) => Output::new(stem, quota),
            };
            // Its files are the history's from their first byte: a killed Porthole leaves them where they belong.
            let output = Arc::new(if row.is_some() { output.kept() } else { output });
            let call = Call { id, origin, began_ms, sdk, decision, act };
            store.insert_of(replay_ms, call, Arc::clone(&output), control, over.clone());
            if let Some(row) = row {
                store.set_row(id, row);
            }
            (id, output)
        });
        Recorder { shared: Arc::clone(&self.shared), id, output, over, flow }
    }

    fn own(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        // The task of a request has some kilobytes, which the runtime copies several times unless they are in a box.
        tasks.spawn(Box::pin(task));
    }

    /// Cancels a request, or kills a run. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::StopFailed`].
    pub async fn cancel(&self, id: CallId) -> Result<()> {
        let live = self.shared.store().live_control(id)?;
        match live {
            Some(Control::Exchange(cancel)) => cancel.cancel(),
            Some(Control::Run(stopper) | Control::Terminal(stopper, _)) => stopper.stop(Signal::Kill).await?,
            None => {}
        }
        Ok(())
    }

    /// Sends a signal to a run's process group.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::StopFailed`] when it has ended or cannot be reached.
    pub async fn stop(&self, id: CallId, signal: Signal) -> Result<()> {
        let control = self.shared.store().control(id)?;
        match control {
            Some(Control::Run(stopper) | Control::Terminal(stopper, _)) => stopper.stop(signal).await,
            None => Err(Error::new(Code::StopFailed, "The command has already ended")),
            Some(Control::Exchange(_)) => {
                Err(Error::new(Code::StopFailed, "A request can't receive a signal").hint("Cancel it."))
            }
        }
    }

    /// Ends the running calls of this origin, as it ends when an extension's page is closed: requests at once,
    /// commands with SIGTERM.
    pub async fn end_all(&self, origin: Origin) {
        let live = self.shared.store().live_of(|call| call.origin == origin);
        futures_util::future::join_all(live.iter().map(|control| control.end(Signal::Term))).await;
    }

    /// Allows outputs this many bytes of the disk from now on.
    pub fn set_quota(&self, quota: u64) {
        self.shared.quota.set_quota(quota);
        self.shared.change(|_| ());
    }

    /// All facts of a Call.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn call(&self, id: CallId) -> Result<Call> {
        self.shared.store().call(id).map(Arc::unwrap_or_clone)
    }

    /// Waits until nothing more will happen to a Call, and tells all of it.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub async fn ended(&self, id: CallId) -> Result<Arc<Call>> {
        let over = self.shared.store().over(id)?;
        over.cancelled().await;
        self.shared.store().call(id)
    }

    /// Tells of each change of any Call.
    pub(crate) fn revision(&self) -> watch::Receiver<u64> {
        self.shared.revision.subscribe()
    }

    /// Whether something more may happen to a Call.
    pub(crate) fn is_live(&self, id: CallId) -> bool {
        self.shared.store().is_live(id)
    }

    /// The output of a Call.
    ///
    /// # Errors
    /// [`Code::CallNotFound`].
    pub fn output(&self, id: CallId) -> Result<Arc<Output>> {
        self.shared.store().output(id)
    }

    /// Puts new marks into the stream of changes.
    pub fn set_target_status(&self, target_status: TargetStatus) {
        if self.shared.store().target_status != target_status {
            self.shared.change(|store| store.target_status = target_status);
        }
    }

    /// Tells of a change of the extension that is open.
    pub fn extension_changed(&self) {
        self.shared.change(|store| store.extension += 1);
    }

    /// Tells that the open page asked for a file in vain.
    pub fn page_missed_a_file(&self) {
        self.shared.change(|store| store.misses += 1);
    }

    /// Tells that something was dropped on the window.
    pub fn something_dropped(&self) {
        self.shared.change(|store| store.dropped += 1);
    }

    /// Waits for the first change after a revision, or half a minute, and tells all that changed
    /// since; since 0 it is all there is, at once. Two answers are never closer than 33 ms, so a caller that asks again
    /// at once gets a flood in thirty answers a second.
    pub async fn changes(&self, since: u64) -> Changes {
        if self.shared.follow_findings() {
            self.own(Arc::clone(&self.shared).count_uncounted());
        }
        let mut revision = self.shared.revision.subscribe();
        let changed = revision.wait_for(|revision| *revision > since);
        let _ = tokio::time::timeout(LONGEST_WAIT, changed).await;
        if since > 0 {
            let due = *self.last_sent() + SHORTEST_WAIT;
            tokio::time::sleep_until(due).await;
        }
        *self.last_sent() = Instant::now();
        let quota = &self.shared.quota;
        let disk = Disk { used: quota.used(), quota: quota.quota(), waiting: quota.waiting() };
        let changes = self.shared.store().changes(since, disk);
        self.note_prompt(changes.prompt.as_ref());
        changes
    }

    fn last_sent(&self) -> MutexGuard<'_, Instant> {
        self.last_sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every Call: requests at once, commands with SIGTERM and after a second with SIGKILL.
    pub async fn close(&self) {
        self.search_end();
        self.filter_end();
        self.save_stop();
        self.history_search_stop();
        self.replay_stop();
        self.shared.end_removals();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for signal in [Signal::Term, Signal::Kill] {
            let live = self.shared.store().live();
            let ended = async {
                futures_util::future::join_all(live.iter().map(|control| control.end(signal))).await;
                while tasks.join_next().await.is_some() {}
            };
            // An engine that hangs must not hold the exit up: the reaper sees to the rest.
            if tokio::time::timeout(GRACE, ended).await.is_ok() {
                break;
            }
        }
        let _ = tokio::time::timeout(GRACE, self.connections.close()).await;
        self.close_history().await;
    }

    /// Writes what is left to be written of the history.
    async fn close_history(&self) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((closing, task)) = journal {
            closing.cancel();
            if tokio::time::timeout(WRITTEN_AT_THE_END, task).await.is_err() {
                tracing::warn!("the last moments aren't in the history: the disk is too slow");
            }
        }
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        if let Some((closing, _)) = self.journal.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            closing.cancel();
        }
    }
}

/// Does something that waits for the disk where waiting is allowed.
pub async fn aside<T: Send + 'static>(read: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(read).await;
    done.map_err(|error| Error::new(Code::Internal, "A task of Porthole ended without a result").detail(error))?
}

impl Shared {
    /// What the files of a Call's output are named after.
    fn stem(&self, id: CallId) -> PathBuf {
        self.directory.join(id.to_string())
    }

    fn store(&self) -> MutexGuard<'_, CallStore> {
        // Each change is complete before anything in it could panic.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book and wakes a caller that follows it.
    fn change<T>(&self, change: impl FnOnce(&mut CallStore) -> T) -> T {
        let (answer, revision) = {
            let mut store = self.store();
            store.revision += 1;
            (change(&mut store), store.revision)
        };
        // Waking receivers takes time even when there are none. One that subscribes later sees the new value.
        self.revision.send_if_modified(|current| {
            *current = revision;
            self.revision.receiver_count() > 0
        });
        answer
    }
}

// They start `sh`.
#[cfg(all(test, unix))]
#[path = "timeline_tests.rs"]
mod tests;

//! The thread that keeps a reaper's process running and tells it what to watch.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    message::{Key, Message},
    serve::ARGUMENT,
};

/// How long to wait before the next start: it doubles with each that soon ends again.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// One that lived this long starts again at once.
const STEADY: Duration = Duration::from_secs(10);
/// A reaper that reads nothing (it was stopped) while this many messages wait is replaced.
const MOST_UNSENT: usize = 10_000;
/// How long a reaper's process may take at the end before it is killed: engines that are far away and gone take 15 s, twice.
const LONGEST_END: Duration = Duration::from_secs(40);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    pub restarts: watch::Sender<u64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Everything that is to be watched: a new reaper gets all of it.
    watched: BTreeMap<Key, Message>,
    /// Belongings that are to be ended now.
    ending: BTreeSet<String>,
    /// What the present reaper has not been told.
    unsent: Vec<Message>,
    pub process: Option<u32>,
    /// The process has ended.
    gone: bool,
    closing: bool,
}

impl Shared {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never waits and never fails.
    pub fn tell(&self, message: Message) {
        let mut state = self.state();
        if matches!(message, Message::Sweep(_)) && state.watched.contains_key(&message.key()) {
            return;
        }
        state.note(&message);
        // One that isn't there yet will be told everything.
        if state.process.is_some() {
            if message.forgets() {
                let key = message.key();
                state.unsent.retain(|unsent| unsent.key() != key);
            }
            state.unsent.push(message);
            if state.unsent.len() > MOST_UNSENT {
                tracing::warn!("the reaper's process does not read: it is replaced");
                state.kill();
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    pub fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }

    fn wait_while(&self, limit: Duration, waits: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.changed.wait_timeout_while(self.state(), limit, |state| waits(state));
        state.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl State {
    fn note(&mut self, message: &Message) {
        match message {
            Message::EndBelongings(id) => drop(self.ending.insert(id.clone())),
            _ if message.forgets() => {
                if let Message::ForgetBelongings(id) = message {
                    self.ending.remove(id);
                }
                self.watched.remove(&message.key());
            }
            _ => drop(self.watched.insert(message.key(), message.clone())),
        }
    }

    /// Everything, for a reaper that knows nothing.
    fn all(&self) -> Vec<Message> {
        let ending = self.ending.iter().map(|id| Message::EndBelongings(id.clone()));
        self.watched.values().cloned().chain(ending).collect()
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(pid) = self.process.and_then(|pid| i32::try_from(pid).ok()) {
            use nix::{sys::signal, unistd::Pid};
            let _ = signal::kill(Pid::from_raw(pid), signal::Signal::SIGKILL);
        }
        // The thread that waits for it holds it open, so its number is its own.
        #[cfg(windows)]
        if let Some(pid) = self.process {
            let _ = porthole_base::win32::end_process(pid);
        }
        self.unsent.clear();
    }
}

/// Runs until the owner closes and everything has been ended.
pub(super) fn keep(shared: &Arc<Shared>) {
    /// One that is killed while it ends everything is replaced this often.
    const LAST_TRIES: u32 = 3;
    let mut pause = FIRST_PAUSE;
    let mut last_tries = 0;
    loop {
        let began = Instant::now();
        let done = match spawn() {
            Ok(child) => attend(shared, child),
            Err(error) => {
                tracing::warn!(%error, "the reaper can't be started: it is tried again");
                false
            }
        };
        pause = if began.elapsed() > STEADY { FIRST_PAUSE } else { pause };
        let state = shared.wait_while(pause, |state| !state.closing);
        if state.closing {
            last_tries += 1;
            if done || state.watched.is_empty() || last_tries == LAST_TRIES {
                return;
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn spawn() -> io::Result<Child> {
    let own = std::env::current_exe()?;
    // This very file, also when an update has replaced it meanwhile.
    let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { own.clone() };
    let mut command = Command::new(program);
    command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // In its own group, so that Ctrl-C in a terminal does not end it with the rest.
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.arg0(own).process_group(0);
    }
    // The same there, and out of the reach of the terminal's end.
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt;
        command.creation_flags(porthole_base::win32::CREATE_NEW_PROCESS_GROUP | porthole_base::win32::CREATE_NO_WINDOW);
    }
    command.spawn()
}

/// Tells a process everything, until it ends or the owner closes. Tells whether it ended by itself after that.
fn attend(shared: &Arc<Shared>, mut child: Child) -> bool {
    let pipe = child.stdin.take();
    let pid = child.id();
    let again = {
        let mut state = shared.state();
        let again = state.gone;
        (state.process, state.gone, state.unsent) = (Some(pid), false, state.all());
        again
    };
    if again {
        tracing::warn!(pid, "the reaper's process had ended: another one was started and watches everything");
        shared.restarts.send_modify(|count| *count += 1);
    }
    let (waiting, succeeded) = (Arc::clone(shared), Arc::new(AtomicBool::new(false)));
    let success = Arc::clone(&succeeded);
    let waiter = std::thread::Builder::new().name("reaper's end".to_owned()).spawn(move || {
        success.store(child.wait().is_ok_and(|status| status.success()), Ordering::Relaxed);
        let mut state = waiting.state();
        (state.process, state.gone) = (None, true);
        drop(state);
        waiting.changed.notify_all();
    });
    if let Some(pipe) = pipe {
        write_all(shared, pipe);
    }
    // Without a thread that waits, a failed write told that it is gone.
    if waiter.is_ok() && !shared.wait_while(LONGEST_END, |state| !state.gone).gone {
        shared.state().kill();
    }
    let mut state = shared.state();
    (state.process, state.gone) = (None, true);
    succeeded.load(Ordering::Relaxed)
}

fn write_all(shared: &Shared, mut pipe: ChildStdin) {
    loop {
        let unsent = {
            let idle = |state: &State| state.unsent.is_empty() && !state.gone && !state.closing;
            let mut state = shared.wait_while(HOUR, idle);
            if state.gone || (state.closing && state.unsent.is_empty()) {
                return;
            }
            std::mem::take(&mut state.unsent)
        };
        for message in unsent {
            let line = serde_json::to_string(&message).map_err(io::Error::other);
            if line.and_then(|line| pipe.write_all(format!("{line}\n").as_bytes())).is_err() {
                return;
            }
        }
    }
}

//! The warden: a second process of this same program that outlives it for a moment.
//!
//! It reads on a pipe what Porthole runs. When the pipe ends, because Porthole was closed or was
//! killed, it ends what is left: process groups on the host, commands in containers, containers of
//! Porthole's own. On Windows job objects do the first of these without help.

#[cfg(unix)]
use std::os::fd::AsFd;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use bollard::query_parameters::RemoveContainerOptionsBuilder;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::inside::Inside;
#[cfg(unix)]
use super::{Signal, group::Group};
use crate::engine::{Address, Belongings, Engine};

/// The id of a group that is gone may be given to somebody else: it is forgotten soon.
const LOOK: Duration = Duration::from_secs(1);
/// How long ending a command may take where the engine is on this machine.
const NEAR: Duration = Duration::from_secs(5);
/// And on another: Porthole's own end waits for this one.
const FAR: Duration = Duration::from_secs(15);
/// The only argument of a warden's process.
const ARGUMENT: &str = "--warden";

/// One message to the warden: a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    WatchBelongings(Box<Belongings>),
    ForgetBelongings(String),
    EndBelongings(String),
    WatchGroup(i32),
    ForgetGroup(i32),
    WatchExec(Box<Inside>),
    ForgetExec(String),
    WatchContainer { engine: Box<Address>, name: String },
    ForgetContainer(String),
}

/// The living end of the pipe to the warden.
#[derive(Debug)]
pub struct Warden {
    pipe: Mutex<Option<ChildStdin>>,
    process: Mutex<Child>,
}

impl Warden {
    /// Starts the warden of this process. The program's `main` must begin with
    /// [`serve_if_asked`].
    ///
    /// # Errors
    /// What the operating system says when the process cannot be started.
    pub fn start() -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // In a group of its own, so that Ctrl-C in a terminal does not end it with the rest.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn()?;
        Ok(Self { pipe: Mutex::new(process.stdin.take()), process: Mutex::new(process) })
    }

    /// Lets a command that is about to be started tell of itself, as the last thing before it
    /// becomes the program: a Porthole that is killed meanwhile leaves nothing unknown behind.
    #[cfg(unix)]
    #[allow(unsafe_code)]
    pub(super) fn watch_from_start(&self, command: &mut tokio::process::Command) {
        let pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pipe) = pipe.as_ref().and_then(|pipe| pipe.as_fd().try_clone_to_owned().ok()) else { return };
        let announce = move || {
            // The line that serde makes of `Message::WatchGroup`, without touching the heap.
            let mut line = [0_u8; 64];
            let mut rest = &mut line[..];
            writeln!(rest, "{{\"watch_group\":{}}}", nix::unistd::getpid())?;
            let length = 64 - rest.len();
            nix::unistd::write(&pipe, &line[..length])?;
            Ok(())
        };
        // SAFETY: between fork and exec only calls that are safe in a signal handler are allowed.
        // `announce` calls getpid and write, and formats a number into memory that it has.
        unsafe { command.pre_exec(announce) };
    }

    #[cfg(not(unix))]
    pub(super) fn watch_from_start(&self, _: &mut tokio::process::Command) {}

    /// Removes a backend's containers and all else that Porthole makes for it at the end.
    pub(crate) fn watch_belongings(&self, belongings: &Belongings) {
        self.tell(&Message::WatchBelongings(Box::new(belongings.clone())));
    }

    pub(crate) fn forget_belongings(&self, id: &str) {
        self.tell(&Message::ForgetBelongings(id.to_owned()));
    }

    /// Removes them now.
    pub(crate) fn end_belongings(&self, id: &str) {
        self.tell(&Message::EndBelongings(id.to_owned()));
    }

    pub(super) fn forget_group(&self, id: i32) {
        self.tell(&Message::ForgetGroup(id));
    }

    pub(super) fn watch_exec(&self, inside: &Inside) {
        self.tell(&Message::WatchExec(Box::new(inside.clone())));
    }

    pub(super) fn forget_exec(&self, exec: &str) {
        self.tell(&Message::ForgetExec(exec.to_owned()));
    }

    /// Removes a container of Porthole's own at the end, also one that is about to be made.
    pub(crate) fn watch_container(&self, engine: &Engine, name: &str) {
        let engine = Box::new(engine.address().clone());
        self.tell(&Message::WatchContainer { engine, name: name.to_owned() });
    }

    pub(crate) fn forget_container(&self, name: &str) {
        self.tell(&Message::ForgetContainer(name.to_owned()));
    }

    fn tell(&self, message: &Message) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stdin) = pipe.as_mut() else { return };
        // One write: a command that starts meanwhile writes its own line into the same pipe.
        let line = serde_json::to_string(message).map_err(io::Error::other);
        let told = line.and_then(|line| stdin.write_all(format!("{line}\n").as_bytes()));
        if let Err(error) = told {
            tracing::warn!(%error, "the warden is gone: a killed Porthole may leave processes behind");
            *pipe = None;
        }
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // It ends what is left and then itself: when this returns, nothing is left.
        let _ = self.process.lock().unwrap_or_else(PoisonError::into_inner).wait();
    }
}

/// Serves as a warden and returns true when this process was started as one. Call it before
/// anything else in `main`.
pub fn serve_if_asked() -> bool {
    let asked = std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT);
    if asked {
        serve();
    }
    asked
}

fn serve() {
    let mut belongings: BTreeMap<String, Belongings> = BTreeMap::new();
    let mut groups = BTreeSet::new();
    let mut execs = BTreeMap::new();
    let mut containers = BTreeMap::new();
    // A rendezvous: the reader waits for the warden, the warden waits on the pipe.
    let (sender, receiver) = mpsc::sync_channel(0);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                if let Ok(message) = serde_json::from_str(&line)
                    && sender.send(message).is_err()
                {
                    return;
                }
            }
        });
        let mut looked = Instant::now();
        loop {
            if looked.elapsed() > LOOK {
                groups.retain(|id| group_exists(*id));
                looked = Instant::now();
            }
            match receiver.recv_timeout(LOOK) {
                Ok(Message::WatchBelongings(new)) => drop(belongings.insert(new.id.clone(), *new)),
                Ok(Message::ForgetBelongings(id)) => drop(belongings.remove(&id)),
                Ok(Message::EndBelongings(id)) => {
                    // Beside the rest: an engine may take seconds. And once more at the end, for what a command that
                    // still runs may make.
                    let ended = belongings.get(&id).cloned();
                    scope.spawn(move || end_belongings(ended.into_iter().collect()));
                }
                Ok(Message::WatchGroup(id)) => drop(groups.insert(id)),
                Ok(Message::ForgetGroup(id)) => drop(groups.remove(&id)),
                Ok(Message::WatchExec(inside)) => drop(execs.insert(inside.exec.clone(), *inside)),
                Ok(Message::ForgetExec(exec)) => drop(execs.remove(&exec)),
                Ok(Message::WatchContainer { engine, name }) => drop(containers.insert(name, engine)),
                Ok(Message::ForgetContainer(name)) => drop(containers.remove(&name)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    end_groups(&groups);
    end_belongings(belongings.into_values().collect());
    end_in_engines(execs.into_values().collect(), containers);
}

fn end_belongings(belongings: Vec<Belongings>) {
    if belongings.is_empty() {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(futures_util::future::join_all(belongings.iter().map(async |belongings| {
        let limit = if belongings.engine.is_remote() { FAR } else { NEAR };
        let _ = tokio::time::timeout(limit, belongings.end()).await;
    })));
}

#[cfg(unix)]
fn group_exists(id: i32) -> bool {
    Group::with_id(id).is_some_and(|group| group.exists())
}

#[cfg(unix)]
fn end_groups(ids: &BTreeSet<i32>) {
    /// What a group gets to end by itself, in steps of 20 ms.
    const STEPS: u32 = 50;
    let groups: Vec<Group> = ids.iter().filter_map(|id| Group::with_id(*id)).collect();
    for group in &groups {
        let _ = group.signal(Signal::Term);
    }
    for _ in 0..STEPS {
        if !groups.iter().any(Group::exists) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for group in &groups {
        let _ = group.signal(Signal::Kill);
    }
}

#[cfg(not(unix))]
fn group_exists(_: i32) -> bool {
    false
}

#[cfg(not(unix))]
fn end_groups(_: &BTreeSet<i32>) {}

fn end_in_engines(execs: Vec<Inside>, containers: BTreeMap<String, Box<Address>>) {
    if execs.is_empty() && containers.is_empty() {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    // All at once: an engine that is far away and gone must not keep the others waiting.
    let execs = join_all(execs.iter().map(async |inside| {
        let _ = tokio::time::timeout(limit(&inside.engine), inside.end()).await;
    }));
    let containers = join_all(containers.into_iter().map(async |(name, engine)| {
        let _ = tokio::time::timeout(limit(&engine), end_container(*engine, &name)).await;
    }));
    runtime.block_on(async { tokio::join!(execs, containers) });
}

fn limit(engine: &Address) -> Duration {
    if engine.is_remote() { FAR } else { NEAR }
}

/// Removes a container. One that is not there may have ended by itself, or may be about to be made: the engine had
/// been asked for it when Porthole was killed.
async fn end_container(engine: Address, name: &str) {
    const AGAIN: Duration = Duration::from_millis(300);
    let Ok(engine) = Engine::connect(engine).await else { return };
    for _ in 0..3 {
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        if engine.docker().remove_container(name, Some(options)).await.is_ok() {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

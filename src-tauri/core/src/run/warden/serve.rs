//! The warden's process: what it does with what it is told, and at the end.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use bollard::query_parameters::RemoveContainerOptionsBuilder;
use futures_util::future::join_all;

use super::message::{Message, WatchedGroup};
#[cfg(target_os = "linux")]
use crate::run::cgroup;
#[cfg(unix)]
use crate::run::{Signal, group::Group};
use crate::{
    engine::{Address, Belongings, Engine},
    run::inside::{Inside, Swept},
};

/// The id of a group that is gone may be given to somebody else: it is forgotten soon.
const LOOK: Duration = Duration::from_secs(1);
/// How long ending a command may take where the engine is on this machine.
const NEAR: Duration = Duration::from_secs(5);
/// And on another: Porthole's own end waits for this one.
const FAR: Duration = Duration::from_secs(15);
/// The only argument of a warden's process.
pub(super) const ARGUMENT: &str = "--warden";

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
    let mut groups: BTreeMap<i32, WatchedGroup> = BTreeMap::new();
    let mut sweeps: BTreeMap<String, Swept> = BTreeMap::new();
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
                groups.retain(|_, group| exists(group));
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
                Ok(Message::WatchGroup(group)) => drop(groups.insert(group.id, group)),
                Ok(Message::ForgetGroup(id)) => drop(groups.remove(&id)),
                Ok(Message::WatchExec(inside)) => drop(execs.insert(inside.exec.clone(), *inside)),
                Ok(Message::ForgetExec(exec)) => drop(execs.remove(&exec)),
                Ok(Message::WatchContainer { engine, name }) => drop(containers.insert(name, engine)),
                Ok(Message::ForgetContainer(name)) => drop(containers.remove(&name)),
                Ok(Message::Sweep(swept)) => drop(sweeps.insert(swept.container.clone(), *swept)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    end_groups(groups.into_values().collect());
    end_belongings(belongings.into_values().collect());
    end_in_engines(execs.into_values().collect(), sweeps.into_values().collect(), containers);
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
fn exists(group: &WatchedGroup) -> bool {
    #[cfg(target_os = "linux")]
    if group.cgroup.as_deref().is_some_and(cgroup::is_populated) {
        return true;
    }
    Group::with_id(group.id).is_some_and(|group| group.exists())
}

/// A supervisor has begun to end its own by now, in the same way: this is for those that are gone.
#[cfg(unix)]
fn end_groups(mut watched: Vec<WatchedGroup>) {
    /// What a group gets to end by itself, in steps of 20 ms. A supervisor gives it a second.
    const STEPS: u32 = 60;
    for group in watched.iter().filter(|group| !group.supervised) {
        signal(group, Signal::Term);
    }
    for _ in 0..STEPS {
        watched.retain(exists);
        if watched.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for group in &watched {
        signal(group, Signal::Kill);
        #[cfg(target_os = "linux")]
        if let Some(path) = &group.cgroup {
            cgroup::kill(path);
        }
    }
}

#[cfg(unix)]
fn signal(group: &WatchedGroup, signal: Signal) {
    let _ = Group::with_id(group.id).map(|group| group.signal(signal));
}

#[cfg(not(unix))]
fn exists(_: &WatchedGroup) -> bool {
    false
}

#[cfg(not(unix))]
fn end_groups(_: Vec<WatchedGroup>) {}

fn end_in_engines(execs: Vec<Inside>, sweeps: Vec<Swept>, containers: BTreeMap<String, Box<Address>>) {
    if execs.is_empty() && sweeps.is_empty() && containers.is_empty() {
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
    let sweeps = join_all(sweeps.iter().map(async |swept| {
        let _ = tokio::time::timeout(limit(&swept.engine), swept.end()).await;
    }));
    runtime.block_on(async { tokio::join!(execs, sweeps, containers) });
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

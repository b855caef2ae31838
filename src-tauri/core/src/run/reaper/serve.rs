//! The reaper's process: how it handles messages, and what it does at the end.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::message::{Message, WatchedGroup};
#[cfg(target_os = "linux")]
use crate::run::cgroup;
#[cfg(unix)]
use crate::run::{Signal, group::signal_group};
use crate::{
    engine::{Address, BackendResources, Engine, remove_unfinished},
    run::{
        exec_signal::{ExecProcess, SweepTarget},
        membership::Present,
    },
};

/// The id of a group that is gone may be given to another process: it is forgotten soon.
const LOOK: Duration = Duration::from_secs(1);
/// How long ending a command may take where the engine is on this machine.
const NEAR: Duration = Duration::from_secs(5);
/// And on another: Porthole's own end waits for this one.
const FAR: Duration = Duration::from_secs(15);
/// The only argument of a reaper's process.
pub(super) const ARGUMENT: &str = "--reaper";

/// Serves as a reaper and returns true when this process was started as one. Call it before
/// anything else in `main`.
pub fn serve_if_asked() -> bool {
    let asked = std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT);
    if asked {
        serve();
    }
    asked
}

fn serve() {
    let mut resources: BTreeMap<String, BackendResources> = BTreeMap::new();
    let mut groups: BTreeMap<i32, WatchedGroup> = BTreeMap::new();
    let mut sweeps: BTreeMap<String, SweepTarget> = BTreeMap::new();
    let mut execs = BTreeMap::new();
    let mut containers = BTreeMap::new();
    // A rendezvous: the reader waits for the reaper, the reaper waits on the pipe.
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
                let present = Present::in_groups(&groups.keys().copied().collect::<Vec<_>>());
                groups.retain(|_, group| group.is_left(&present));
                looked = Instant::now();
            }
            match receiver.recv_timeout(LOOK) {
                Ok(Message::WatchBelongings(new)) => drop(resources.insert(new.id.clone(), *new)),
                Ok(Message::ForgetBelongings(id)) => drop(resources.remove(&id)),
                Ok(Message::EndBelongings(id)) => {
                    // Beside the rest: an engine may take seconds. And once more at the end, for what a command that
                    // still runs may make.
                    let ended = resources.get(&id).cloned();
                    scope.spawn(move || end_resources(ended.into_iter().collect()));
                }
                Ok(Message::WatchGroup(group)) => drop(groups.insert(group.membership.id, group)),
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
    end_resources(resources.into_values().collect());
    end_in_engines(execs.into_values().collect(), sweeps.into_values().collect(), containers);
}

fn end_resources(resources: Vec<BackendResources>) {
    if resources.is_empty() {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(futures_util::future::join_all(resources.iter().map(async |resources| {
        let limit = if resources.engine.is_remote() { FAR } else { NEAR };
        let _ = tokio::time::timeout(limit, resources.end()).await;
    })));
}

impl WatchedGroup {
    /// Whether something is left to be ended. Of a daemon's command only the cgroup may be.
    fn is_left(&mut self, present: &Present) -> bool {
        // The group is looked at in any case: once it is gone, its id is another's.
        let in_group = self.membership.is_among(present);
        #[cfg(target_os = "linux")]
        let in_cgroup = self.cgroup.as_deref().is_some_and(cgroup::is_populated);
        #[cfg(not(target_os = "linux"))]
        let in_cgroup = false;
        in_group || in_cgroup
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: Signal) {
        if self.membership.is_left() {
            let _ = signal_group(self.membership.id, signal);
        }
    }
}

/// A supervisor has begun to end its own by now, in the same way: this is for those that are gone.
#[cfg(unix)]
fn end_groups(mut watched: Vec<WatchedGroup>) {
    /// What a group gets to end by itself, in steps of 20 ms. A supervisor gives it a second.
    const STEPS: u32 = 60;
    for group in watched.iter_mut().filter(|group| !group.supervised) {
        group.signal(Signal::Term);
    }
    for _ in 0..STEPS {
        let present = Present::in_groups(&watched.iter().map(|group| group.membership.id).collect::<Vec<_>>());
        watched.retain_mut(|group| group.is_left(&present));
        if watched.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for group in &mut watched {
        group.signal(Signal::Kill);
        #[cfg(target_os = "linux")]
        if let Some(path) = &group.cgroup {
            cgroup::kill(path);
        }
    }
}

#[cfg(not(unix))]
fn end_groups(_: Vec<WatchedGroup>) {}

fn end_in_engines(execs: Vec<ExecProcess>, sweeps: Vec<SweepTarget>, containers: BTreeMap<String, Box<Address>>) {
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

async fn end_container(engine: Address, name: &str) {
    if let Ok(engine) = Engine::connect(engine).await {
        remove_unfinished(&engine, name, false).await;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;
    use crate::run::membership::Membership;

    /// It signaled every group with the id of one that it once watched, as long as a daemon lived in the cgroup.
    #[test]
    fn a_process_group_that_got_the_id_of_one_that_is_gone_is_not_ended() {
        let mut command = std::process::Command::new("sleep");
        command.arg("600").process_group(0);
        let mut first = command.spawn().unwrap();
        let watched = WatchedGroup {
            membership: Membership::led_by(first.id() as i32),
            supervised: false,
            cgroup: Some("/nonexistent".into()),
        };
        let mut stranger = command.spawn().unwrap();
        let mut gone = serde_json::to_value(&watched).unwrap();
        // As if the system had given it the id of the first.
        gone["membership"]["id"] = stranger.id().into();
        gone["membership"]["leader"]["pid"] = stranger.id().into();
        gone["membership"]["leader"]["started"] = 1.into();
        end_groups(vec![serde_json::from_value(gone).unwrap(), watched]);
        assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
        assert!(!first.wait().unwrap().success(), "the watched one was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

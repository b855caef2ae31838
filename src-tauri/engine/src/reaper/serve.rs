//! The reaper's process: how it handles messages, and what it does at the end.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::message::{Message, WatchedContainer};
use crate::{
    Address, BackendResources, Engine,
    exec::exec_signal::{ExecProcess, SweepTarget},
    remove_unfinished, stop,
};
use porthole_process::membership::Present;
use porthole_process::{WatchedGroup, end_groups};

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
                Ok(Message::WatchContainer(watched)) => drop(containers.insert(watched.name.clone(), watched)),
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

fn end_in_engines(execs: Vec<ExecProcess>, sweeps: Vec<SweepTarget>, containers: BTreeMap<String, WatchedContainer>) {
    if execs.is_empty() && sweeps.is_empty() && containers.is_empty() {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    // All at once: an engine that is far away and gone must not keep the others waiting.
    let execs = join_all(execs.iter().map(async |inside| {
        let _ = tokio::time::timeout(limit(&inside.engine), inside.end()).await;
    }));
    let containers = join_all(containers.into_values().map(async |watched| {
        let _ = tokio::time::timeout(limit(&watched.engine), end_container(watched)).await;
    }));
    let sweeps = join_all(sweeps.iter().map(async |swept| {
        let _ = tokio::time::timeout(limit(&swept.engine), swept.end()).await;
    }));
    runtime.block_on(async { tokio::join!(execs, sweeps, containers) });
}

fn limit(engine: &Address) -> Duration {
    if engine.is_remote() { FAR } else { NEAR }
}

async fn end_container(WatchedContainer { engine, name, gently }: WatchedContainer) {
    if let Ok(engine) = Engine::connect(*engine).await {
        if gently {
            stop(&engine, &name).await;
        }
        remove_unfinished(&engine, &name, false).await;
    }
}

// They start `sleep` in a process group.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;
    use porthole_process::membership::Membership;

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

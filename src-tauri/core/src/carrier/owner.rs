//! Whose helper containers are whose.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};

use crate::engine::Engine;

/// The label of a helper container; its value is the machine and the process that made it.
pub(super) const LABEL: &str = "porthole.carrier";

/// This process, among those of all machines that use an engine.
pub(super) fn own() -> String {
    format!("{}/{}", machine(), std::process::id())
}

/// A name that no other helper has.
pub(super) fn new_name() -> String {
    // Not a secret: the hasher's seed is random for each.
    format!("porthole-carrier-{}-{:08x}", std::process::id(), RandomState::new().build_hasher().finish() as u32)
}

/// Removes the helpers of a Porthole on this machine that was killed. None should be there: each ends with the
/// stream to it, but an engine may have been killed as well.
pub(super) async fn remove_stale(engine: &Engine) {
    let labelled = HashMap::from([("label", vec![LABEL])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&labelled).build();
    let Ok(found) = engine.docker().list_containers(Some(options)).await else { return };
    for container in found {
        let owner = container.labels.unwrap_or_default().remove(LABEL).unwrap_or_default();
        if let Some(id) = container.id
            && is_stale(&owner, &machine(), lives)
        {
            tracing::info!(%id, "removing a helper container that a killed Porthole left");
            let options = RemoveContainerOptionsBuilder::default().force(true).build();
            let _ = engine.docker().remove_container(&id, Some(options)).await;
        }
    }
}

fn is_stale(owner: &str, machine: &str, lives: impl Fn(i32) -> bool) -> bool {
    let Some((at, process)) = owner.rsplit_once('/') else { return false };
    at == machine && process.parse().is_ok_and(|process: i32| process > 0 && !lives(process))
}

#[cfg(unix)]
fn machine() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(unix)]
fn lives(process: i32) -> bool {
    use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
    kill(Pid::from_raw(process), None) != Err(Errno::ESRCH)
}

#[cfg(not(unix))]
fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(not(unix))]
fn lives(_: i32) -> bool {
    // Not known here: the stream to it is what ends it.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dead_process_of_this_machine_left_is_stale() {
        let dead = |_| false;
        assert!(is_stale("here/7", "here", dead));
        for (owner, lives) in [("here/7", true), ("there/7", false), ("here/", false), ("here/-7", false), ("", false)]
        {
            assert!(!is_stale(owner, "here", |_| lives), "{owner}");
        }
        assert!(!is_stale(&own(), &machine(), lives));
    }
}

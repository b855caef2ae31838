//! What Porthole made on an engine for one backend: known by a label, so that it is found again by
//! a caller that has to remove it.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    time::Duration,
};

use bollard::query_parameters::{
    RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder, StopContainerOptionsBuilder,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::{
    Address, Engine,
    extensions::PROJECT,
    left::remove_unfinished,
    owner::{is_dead, owner},
};
use porthole_base::{error::Result, random::random_id};

/// The label of what belongs to one backend; its value is the backend's own.
const BACKEND: &str = "dev.porthole.backend";
/// The label that tells its owner: the machine and the process that made it.
const OWNER: &str = "dev.porthole.owner";
/// The label that tells of which extension it is, by the name of its image.
pub const EXTENSION: &str = "dev.porthole.extension";
/// What containers get to end by themselves, in seconds.
const GRACE: i32 = 5;

/// What was made for one backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendResources {
    /// The engine that has it.
    pub engine: Address,
    /// The label's value: no other backend has it.
    pub id: String,
    /// The compose project, if it has one.
    pub project: Option<String>,
    /// The directory of its sockets on this host.
    pub directory: Option<PathBuf>,
}

impl BackendResources {
    /// Nothing yet.
    ///
    /// # Errors
    /// [`Code::RandomUnavailable`](porthole_base::error::Code::RandomUnavailable).
    pub fn new(engine: Address) -> Result<Self> {
        let id = format!("{}-{}", std::process::id(), random_id()?);
        Ok(Self { engine, id, project: None, directory: None })
    }

    /// The labels of each thing that is made for the backend of this extension.
    pub fn labels(&self, image: &str) -> BTreeMap<String, String> {
        [(BACKEND, self.id.clone()), (OWNER, owner()), (EXTENSION, image.to_owned())]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// Removes all of it; containers may end by themselves first when there is time.
    pub async fn remove(&self, engine: &Engine, gently: bool) {
        /// An engine may still be creating a container that was requested before Porthole was killed.
        const AGAIN: Duration = Duration::from_millis(300);
        for _ in 0..4 {
            let names = containers(engine, &format!("{BACKEND}={}", self.id)).await;
            let found = !names.is_empty();
            join_all(names.iter().map(|name| remove_container(engine, name, gently))).await;
            if gently {
                break;
            }
            if !found {
                tokio::time::sleep(AGAIN).await;
            }
        }
        if let Some(project) = &self.project {
            remove_networks(engine, project).await;
        }
        remove_volumes(engine, &self.id).await;
        self.remove_directory();
    }

    /// Connects and removes all of it, at once.
    pub async fn end(&self) {
        self.remove_directory();
        if let Ok(engine) = Engine::connect(self.engine.clone()).await {
            self.remove(&engine, false).await;
        }
    }

    fn remove_directory(&self) {
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// The ids of backends that a Porthole of this machine left when it was killed, among these labels of containers.
pub fn left_behind<'l>(labels: impl IntoIterator<Item = &'l HashMap<String, String>>) -> Vec<String> {
    let stale = labels.into_iter().filter(|labels| labels.get(OWNER).is_some_and(|owner| is_dead(owner)));
    let mut ids: Vec<String> = stale.filter_map(|labels| labels.get(BACKEND).cloned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

async fn containers(engine: &Engine, label: &str) -> Vec<String> {
    match engine.listed(Some(label)).await {
        Ok(found) => found.into_iter().filter(|(one, _)| one.problem.is_none()).map(|(one, _)| one.id).collect(),
        Err(error) => left(&error, "containers"),
    }
}

/// What can't be listed can't be removed.
fn left(error: &dyn std::fmt::Display, what: &str) -> Vec<String> {
    tracing::warn!(%error, "{what} of Porthole's may be left");
    Vec::new()
}

async fn remove_container(engine: &Engine, name: &str, gently: bool) {
    if !gently {
        return remove_unfinished(engine, name, true).await;
    }
    let options = StopContainerOptionsBuilder::default().t(GRACE).build();
    let _ = engine.docker().stop_container(name, Some(options)).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    if let Err(error) = engine.docker().remove_container(name, Some(options)).await {
        tracing::warn!(%error, name, "a container of Porthole's is left");
    }
}

async fn remove_networks(engine: &Engine, project: &str) {
    let found = engine.networks(&format!("{PROJECT}={project}")).await;
    for network in found.unwrap_or_else(|error| left(&error, "networks")) {
        // One that others are in stays, as the engine says.
        let _ = engine.docker().remove_network(&network).await;
    }
}

async fn remove_volumes(engine: &Engine, id: &str) {
    let found = engine.volumes(&format!("{BACKEND}={id}")).await;
    for volume in found.unwrap_or_else(|error| left(&error, "volumes")) {
        let options = RemoveVolumeOptionsBuilder::default().force(true).build();
        let _ = engine.docker().remove_volume(&volume, Some(options)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::dead_owner;

    #[test]
    fn only_what_a_dead_process_of_this_machine_made_is_left_behind() {
        let resources = BackendResources::new(Address::new("test", "unix:///x")).unwrap();
        let living: HashMap<_, _> = resources.labels("acme/x").into_iter().collect();
        let mut dead = living.clone();
        // No process has an id this high.
        dead.insert(OWNER.to_owned(), dead_owner());
        assert_eq!(left_behind([&living, &HashMap::new()]), [] as [String; 0]);
        assert_eq!(left_behind([&living, &dead, &dead]), [resources.id]);
    }
}

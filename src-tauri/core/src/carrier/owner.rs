//! Whose helper containers are whose.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};

use crate::engine::{Engine, is_dead};

/// The label of a helper container; its value is the machine and the process that made it.
pub(super) const LABEL: &str = "porthole.carrier";

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
            && is_dead(&owner)
        {
            tracing::info!(%id, "removing a helper container that a killed Porthole left");
            let options = RemoveContainerOptionsBuilder::default().force(true).build();
            let _ = engine.docker().remove_container(&id, Some(options)).await;
        }
    }
}

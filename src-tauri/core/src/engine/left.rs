//! Containers of Porthole's own: what they are called, and the end of those that a killed Porthole left.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use bollard::{errors::Error as ApiError, query_parameters::RemoveContainerOptionsBuilder};

use super::{Engine, is_dead};

/// How long an engine may take to list them, and to remove one.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name that no other container has.
pub(crate) fn new_name(purpose: &str) -> String {
    // Not a secret: the hasher's seed is random for each.
    format!("porthole-{purpose}-{}-{:08x}", std::process::id(), RandomState::new().build_hasher().finish() as u32)
}

/// Removes the containers with this label, whose value is their owner, of a Porthole on this machine that was killed. What
/// can't be removed now is removed the next time.
pub(crate) async fn remove_left(engine: &Engine, label: &str) {
    let listed = tokio::time::timeout(PATIENCE, engine.listed(Some(label))).await;
    let found = match listed {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, label, "containers of a killed Porthole may be left");
            return;
        }
        Err(_) => return,
    };
    for (container, labels) in found {
        if container.problem.is_none() && labels.get(label).is_some_and(|owner| is_dead(owner)) {
            tracing::info!(id = container.id, label, "removing a container that a killed Porthole left");
            remove(engine, &container.id).await;
        }
    }
}

/// Removes a container of Porthole's own. Tells whether it is gone.
pub(crate) async fn remove(engine: &Engine, container: &str) -> bool {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match tokio::time::timeout(PATIENCE, engine.docker().remove_container(container, Some(options))).await {
        // One that was not made is gone too.
        Ok(Ok(()) | Err(ApiError::DockerResponseServerError { status_code: 404, .. })) => return true,
        Ok(Err(error)) => tracing::warn!(%error, container, "a container of Porthole's own is left"),
        Err(_) => tracing::warn!(container, "the engine takes too long to remove a container"),
    }
    false
}

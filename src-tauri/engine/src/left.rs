//! Containers of Porthole's own: what they are called, and the end of those that a killed Porthole left.

use std::{collections::HashMap, time::Duration};

use bollard::{
    errors::Error as ApiError,
    query_parameters::{RemoveContainerOptionsBuilder, StopContainerOptionsBuilder},
};

use super::{Engine, is_dead};
use porthole_base::{error::Result, random::random_id};

/// How long an engine may take to list them, and to remove one.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name that no other container has.
///
/// # Errors
/// [`Code::RandomUnavailable`](porthole_base::error::Code::RandomUnavailable).
pub fn new_name(purpose: &str) -> Result<String> {
    Ok(format!("porthole-{purpose}-{}-{}", std::process::id(), random_id()?))
}

/// How containers are removed that were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// At once.
    Plain,
    /// At once, with volumes as for [`remove`].
    WithVolumes,
    /// After SIGTERM: their programs undo something then.
    AfterStop,
}

/// Removes the containers with this label, which has their owner as its value, of a Porthole on this machine that was
/// killed. What can't be removed now is removed the next time.
pub async fn remove_left(engine: &Engine, label: &str, removal: Removal) {
    for id in left_ids(engine, label).await {
        tracing::info!(id, label, ?removal, "removing a container that a killed Porthole left");
        if removal == Removal::AfterStop {
            stop(engine, &id).await;
        }
        remove(engine, &id, removal == Removal::WithVolumes).await;
    }
}

/// Asks the program of a container to end, and waits for its end. One that isn't there has ended.
pub(crate) async fn stop(engine: &Engine, container: &str) {
    /// Then it is killed, in seconds.
    const GRACE: i32 = 4;
    let options = StopContainerOptionsBuilder::default().t(GRACE).build();
    let stopped = engine.docker().stop_container(container, Some(options));
    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, stopped).await {
        tracing::debug!(%error, container, "a container of Porthole's own isn't stopped");
    }
}

async fn left_ids(engine: &Engine, label: &str) -> Vec<String> {
    let listed = tokio::time::timeout(PATIENCE, engine.listed(Some(label))).await;
    let found = match listed {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, label, "containers of a killed Porthole may be left");
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    };
    let is_left = |labels: &HashMap<String, String>| labels.get(label).is_some_and(|owner| is_dead(owner));
    let left = found.into_iter().filter(|(container, labels)| container.problem.is_none() && is_left(labels));
    left.map(|(container, _)| container.id).collect()
}

/// Removes a container of Porthole's own, with the volumes without a name that it has; Podman 4 counts among them one that
/// belongs to something else and that it only mounts. Tells whether it is gone.
pub async fn remove(engine: &Engine, container: &str, with_volumes: bool) -> bool {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(with_volumes).build();
    match tokio::time::timeout(PATIENCE, engine.docker().remove_container(container, Some(options))).await {
        // One that was not made is gone too, and one that the engine is removing by itself will be.
        Ok(Ok(()) | Err(ApiError::DockerResponseServerError { status_code: 404 | 409, .. })) => return true,
        Ok(Err(error)) => tracing::warn!(%error, container, "a container of Porthole's own is left"),
        Err(_) => tracing::warn!(container, "the engine takes too long to remove a container"),
    }
    false
}

/// Removes a container that the engine may still be making, because it was requested before Porthole was killed. One
/// that isn't there may come yet. Podman says that it removed one that it was making, but keeps a part of it, and can't
/// list any container from then on until that part is removed too. So this asks until there is nothing left to remove;
/// the caller limits the time.
pub async fn remove_unfinished(engine: &Engine, container: &str, with_volumes: bool) {
    const AGAIN: Duration = Duration::from_millis(300);
    const ATTEMPTS: u32 = 3;
    let (mut removed, mut failed) = (false, 0);
    while failed < ATTEMPTS {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(with_volumes).build();
        match engine.docker().remove_container(container, Some(options)).await {
            Ok(()) => removed = true,
            Err(ApiError::DockerResponseServerError { status_code: 404, .. }) if removed => return,
            Err(error) => {
                tracing::debug!(%error, container, "a container of Porthole's own isn't removed yet");
                failed += 1;
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::Address;

    /// How many removals are sent to an engine that responds with these statuses, one after the other.
    async fn removals(statuses: Vec<&'static str>) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).await.unwrap_or_default();
                let status = if head[..length].starts_with(b"DELETE") {
                    statuses[counted.fetch_add(1, Ordering::SeqCst)]
                } else {
                    "200 OK"
                };
                let answer =
                    format!("HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let engine = Engine::connect(Address::new("test", address)).await.unwrap();
        remove_unfinished(&engine, "porthole-relay-1", false).await;
        serving.abort();
        asked.load(Ordering::SeqCst)
    }

    /// After a removal of a container that it was still making, Podman could list no containers at all.
    #[tokio::test]
    async fn what_podman_keeps_of_a_container_that_it_was_making_is_removed_too() {
        let gone = "404 Not Found";
        assert_eq!(removals(vec!["204 No Content", "204 No Content", gone]).await, 3);
        // One that is made late, and one that never is.
        assert_eq!(removals(vec![gone, "204 No Content", gone]).await, 3);
        assert_eq!(removals(vec![gone, gone, gone]).await, 3);
        assert_eq!(removals(vec!["500 Internal Server Error", "409 Conflict", "204 No Content", gone]).await, 4);
    }
}

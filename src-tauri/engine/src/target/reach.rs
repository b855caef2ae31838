//! A target's endpoint as it can be reached: the path of a socket that only the container has means nothing here.

use std::time::Duration;

use super::Target;
use crate::{
    BackendConnections, Engine,
    tunnel::{Choice, choose, direct, inside, is_not_there},
};
use porthole_base::{
    error::{Code, Result},
    reference::ContainerName,
};
use porthole_http::{endpoint::Endpoint, exchange};

/// How long a socket may take to accept.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long all of it may take: the user has pressed Apply. An engine that takes longer leaves the target as it is, and
/// the marks say why.
const LIMIT: Duration = Duration::from_secs(10);

/// The target with the endpoint by which its backend is reached, and why it is not the plain one: a socket that is not
/// here and that its container has is taken from there. What cannot be found out stays as it is.
///
/// `connections` go to the target's engine.
pub async fn reached(mut target: Target, connections: &BackendConnections) -> Target {
    let found = tokio::time::timeout(LIMIT, way(&target, connections)).await;
    match found {
        Ok(Ok(Some(Choice { endpoint, said }))) => (target.endpoint, target.via) = (Some(endpoint), said),
        _ if !matches!(target.endpoint, Some(Endpoint::Container { .. })) => target.via = None,
        _ => {}
    }
    target
}

async fn way(target: &Target, connections: &BackendConnections) -> Result<Option<Choice>> {
    match (&target.endpoint, &target.container) {
        (Some(Endpoint::Container { container, path }), _) if target.via.is_none() => {
            let mounts = connections.tunnel().engine().await?.mounts(container).await?;
            Ok(Some(choose(None, container, path, &mounts)))
        }
        (Some(endpoint @ Endpoint::Unix(path)), Some(container)) => {
            let Some(path) = path.to_str().filter(|path| path.starts_with('/')) else { return Ok(None) };
            match exchange::probe_connect(endpoint, connections, PATIENCE).await {
                Err(error) if is_not_there(endpoint, &error) => {}
                _ => return Ok(None),
            }
            let engine = connections.tunnel().engine().await?;
            in_container(&engine, &container.parse()?, path, connections).await
        }
        _ => Ok(None),
    }
}

/// The way to a path that does not answer here, as the container sees it or as the engine's host does.
async fn in_container(
    engine: &Engine,
    container: &ContainerName,
    path: &str,
    connections: &BackendConnections,
) -> Result<Option<Choice>> {
    let mounts = engine.running(container).await?.mounts;
    for (socket, is_the_containers) in [(Some(path.to_owned()), true), (inside(&mounts, path), false)] {
        let Some(socket) = socket else { continue };
        // Where the container's directory is one of this machine, the socket may be here under its other name.
        let other = direct(&mounts, &socket).filter(|other| is_the_containers && *other != unix(path));
        let other = match other.filter(|_| !engine.address().is_remote()) {
            Some(other) => {
                let seen = exchange::probe_connect(&other, connections, PATIENCE).await;
                Some((other, seen))
            }
            None => None,
        };
        let choice = choose(other, container, &socket, &mounts);
        if choice.said.is_none() {
            return Ok(Some(choice));
        }
        match exchange::probe_connect(&choice.endpoint, connections, PATIENCE).await {
            Ok(()) => return Ok(Some(choice)),
            // It exists, and its listener is gone: through the engine that is the truth.
            Err(error) if is_the_containers && error.code == Code::EndpointRefused => return Ok(Some(choice)),
            Err(_) => {}
        }
    }
    Ok(None)
}

fn unix(path: &str) -> Endpoint {
    Endpoint::Unix(path.into())
}

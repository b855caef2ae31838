//! The container that an image is read through: made, never started, removed.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};

use bollard::{
    errors::Error as ApiError,
    models::ContainerCreateBody,
    query_parameters::{CreateContainerOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder},
};
use tokio::sync::oneshot;

use crate::{
    engine::{Engine, is_dead, owner},
    error::{Code, Error, Result},
    reference::ImageRef,
    run::Warden,
};

/// The label of such a container; its value is the machine and the process that made it.
const LABEL: &str = "dev.porthole.reading";
/// How long an engine may take to remove one.
const PATIENCE: Duration = Duration::from_secs(10);

/// A container of an image. It is removed with this value, and by the warden when Porthole is killed; what both missed is
/// removed before the next one is made.
#[derive(Debug)]
pub(super) struct Reading {
    pub engine: Engine,
    /// Its name.
    pub container: String,
    warden: Option<Arc<Warden>>,
    is_removed: bool,
}

impl Reading {
    /// Makes one.
    ///
    /// # Errors
    /// [`Code::ImageNotFound`], and what the engine says.
    pub async fn begin(engine: &Engine, image: &ImageRef, warden: Option<Arc<Warden>>) -> Result<Self> {
        remove_stale(engine).await;
        let body = ContainerCreateBody {
            image: Some(image.to_string()),
            // An image that is not meant to be run has no command, and the engine wants one.
            cmd: Some(vec!["never-started".to_owned()]),
            labels: Some([(LABEL.to_owned(), owner())].into()),
            ..ContainerCreateBody::default()
        };
        let reading = Self { engine: engine.clone(), container: new_name(), warden, is_removed: false };
        if let Some(warden) = &reading.warden {
            warden.watch_container(engine, &reading.container);
        }
        let (tell, told) = oneshot::channel();
        // A task of its own, which ends with the engine's answer: when nobody waits for it any more, the container goes with
        // the value.
        tokio::spawn(async move {
            let options = CreateContainerOptionsBuilder::default().name(&reading.container).build();
            let made = reading.engine.docker().create_container(Some(options), body).await;
            let _ = tell.send(made.map(|_| reading));
        });
        let made = told.await.map_err(|_| engine.lost(&"the container was not made"))?;
        made.map_err(|error| match error {
            ApiError::DockerResponseServerError { status_code: 404, message } => {
                Error::new(Code::ImageNotFound, format!("the engine has no image `{image}`"))
                    .detail(message)
                    .hint(format!("docker pull {image}, or open the folder that it is built from."))
            }
            error => engine.explain(error, image),
        })
    }

    /// Removes it.
    pub async fn end(mut self) {
        // Dropped in the middle, it is removed once more.
        remove(&self.engine, &self.container, self.warden.as_deref()).await;
        self.is_removed = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.is_removed {
            return;
        }
        let (engine, container, warden) = (self.engine.clone(), self.container.clone(), self.warden.take());
        // Without a runtime this process ends, and the warden removes it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { remove(&engine, &container, warden.as_deref()).await });
        }
    }
}

async fn remove(engine: &Engine, container: &str, warden: Option<&Warden>) {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    let removed = tokio::time::timeout(PATIENCE, engine.docker().remove_container(container, Some(options))).await;
    match removed {
        // One that was not made is gone too.
        Ok(Ok(()) | Err(ApiError::DockerResponseServerError { status_code: 404, .. })) => {
            if let Some(warden) = warden {
                warden.forget_container(container);
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, container, "a container that an image was read through is left"),
        Err(_) => tracing::warn!(container, "the engine takes too long to remove a container"),
    }
}

/// Removes those of a Porthole on this machine that was killed.
async fn remove_stale(engine: &Engine) {
    let labelled = HashMap::from([("label", vec![LABEL])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&labelled).build();
    let Ok(found) = engine.docker().list_containers(Some(options)).await else { return };
    for container in found {
        let owner = container.labels.unwrap_or_default().remove(LABEL).unwrap_or_default();
        if let Some(id) = container.id
            && is_dead(&owner)
        {
            tracing::info!(%id, "removing a container that a killed Porthole read an image through");
            remove(engine, &id, None).await;
        }
    }
}

/// A name that no other container has.
fn new_name() -> String {
    // Not a secret: the hasher's seed is random for each.
    format!("porthole-reading-{}-{:08x}", std::process::id(), RandomState::new().build_hasher().finish() as u32)
}

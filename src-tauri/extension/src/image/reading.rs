//! The container that an image is read through: made, never started, removed.

use std::sync::Arc;

use bollard::models::ContainerCreateBody;
use tokio::sync::oneshot;

use super::found;
use porthole_base::{error::Result, reference::ImageRef};
use porthole_engine as engine;
use porthole_engine::{Engine, reaper::Reaper};

/// The label of such a container; its value is the machine and the process that made it.
const LABEL: &str = "dev.porthole.reading";

/// A container of an image. It is removed with this value, and by the reaper when Porthole is killed; what both missed is
/// removed before the next one is made.
#[derive(Debug)]
pub(super) struct Reading {
    pub engine: Engine,
    /// Its name.
    pub container: String,
    reaper: Option<Arc<Reaper>>,
    is_removed: bool,
}

impl Reading {
    /// Makes one of the image with this name, by what it exactly is.
    ///
    /// # Errors
    /// [`Code::ImageNotFound`], and what the engine says.
    pub async fn begin(
        engine: &Engine,
        (name, exact): (&ImageRef, &ImageRef),
        reaper: Option<Arc<Reaper>>,
    ) -> Result<Self> {
        engine::remove_left(engine, LABEL, engine::Removal::WithVolumes).await;
        let body = ContainerCreateBody {
            image: Some(exact.to_string()),
            // An image that is not meant to be run has no command, and the engine wants one.
            cmd: Some(vec!["never-started".to_owned()]),
            labels: Some([(LABEL.to_owned(), engine::owner())].into()),
            ..ContainerCreateBody::default()
        };
        let container = engine::new_name("reading")?;
        let reading = Self { engine: engine.clone(), container, reaper, is_removed: false };
        if let Some(reaper) = &reading.reaper {
            reaper.watch_container(engine, &reading.container);
        }
        let (tell, told) = oneshot::channel();
        // Its own task, which ends with the engine's answer: when nothing waits for it any more, the container goes
        // with the value.
        tokio::spawn(async move {
            let made = reading.engine.create_container(&reading.container, &body).await;
            let _ = tell.send(made.map(|_| reading));
        });
        let made = told.await.map_err(|_| engine.lost(&"the container wasn't created"))?;
        found(made, engine, name)
    }

    /// Removes it.
    pub async fn end(mut self) {
        // Dropped in the middle, it is removed once more.
        remove(&self.engine, &self.container, self.reaper.as_deref()).await;
        self.is_removed = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.is_removed {
            return;
        }
        let (engine, container, reaper) = (self.engine.clone(), self.container.clone(), self.reaper.take());
        // Without a runtime this process ends, and the reaper removes it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { remove(&engine, &container, reaper.as_deref()).await });
        }
    }
}

async fn remove(engine: &Engine, container: &str, reaper: Option<&Reaper>) {
    if engine::remove(engine, container, true).await
        && let Some(reaper) = reaper
    {
        reaper.forget_container(container);
    }
}

//! The engines of this machine's contexts, and what runs on them.

use porthole_base::error::Result;
use porthole_engine as engine;
use porthole_engine::{Container, Context, ContextExtensions, Engine, EngineEnvironment};

use crate::{application::Application, blocking::blocking, host::Host};

impl<H: Host> Application<H> {
    pub async fn contexts(&self) -> Result<Vec<Context>> {
        // A connection is tried on each well-known socket, and an engine that hangs takes a while.
        blocking(|| Ok(EngineEnvironment::of_this_process().contexts())).await
    }

    pub async fn containers(&self, engine: Option<String>) -> Result<Vec<Container>> {
        Engine::connect(EngineEnvironment::of_this_process().resolve(engine.as_deref())?).await?.containers().await
    }

    pub async fn extensions(&self) -> Result<Vec<ContextExtensions>> {
        Ok(engine::extensions_everywhere(&EngineEnvironment::of_this_process()).await)
    }
}

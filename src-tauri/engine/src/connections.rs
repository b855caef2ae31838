//! Connections to backends: those of this machine, and those that lead through an engine.

use std::{ops::Deref, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use hyper_util::rt::TokioIo;
use porthole_base::error::{Error, Result};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Connections, EngineDialer, Io, SocketId},
    tap::RemoteTap,
};

use crate::{Address, Engine, EngineEnvironment, dial_engine, sockets::is_engine_socket, tunnel::EngineTunnel};

/// The connections of exchanges, with the tunnel that carries those into containers.
#[derive(Debug)]
pub struct BackendConnections {
    open: Connections,
    tunnel: Arc<EngineTunnel>,
}

impl BackendConnections {
    /// None yet; those into containers will be carried by this tunnel.
    pub fn with_tunnel(tunnel: EngineTunnel) -> Self {
        let tunnel = Arc::new(tunnel);
        let dialer: Arc<dyn EngineDialer> = Arc::<EngineTunnel>::clone(&tunnel);
        Self { open: Connections::new(dialer), tunnel }
    }

    /// What carries connections into containers.
    pub fn tunnel(&self) -> &EngineTunnel {
        &self.tunnel
    }

    /// Those into containers go through the engine at this address from now on.
    pub fn use_engine(&self, address: Address) {
        self.open.close_those_into_containers();
        self.tunnel.use_engine(address);
    }

    /// Those into containers go through the engine of this docker context from now on; through the one in use when none
    /// is given.
    pub fn use_context(&self, name: Option<String>) {
        self.open.close_those_into_containers();
        self.tunnel.use_context(name);
    }
}

impl Default for BackendConnections {
    /// Those into containers go through the engine in use.
    fn default() -> Self {
        Self::with_tunnel(EngineTunnel::default())
    }
}

impl Deref for BackendConnections {
    type Target = Connections;

    fn deref(&self) -> &Connections {
        &self.open
    }
}

impl EngineDialer for EngineTunnel {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, limit: Duration) -> BoxFuture<'a, Result<Box<dyn Io>>> {
        Box::pin(async move {
            let stream: Box<dyn Io> = match endpoint {
                Endpoint::Engine { name } => Box::new(TokioIo::new(dial_engine(&self.address_of(name)?, limit).await?)),
                _ => Box::new(TokioIo::new(self.connect(endpoint, limit).await?)),
            };
            Ok(stream)
        })
    }

    fn probe_connect<'a>(&'a self, endpoint: &'a Endpoint, limit: Duration) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match endpoint {
                // A process of ssh says nothing of the engine behind it.
                Endpoint::Engine { name } => Engine::connect(self.address_of(name)?).await.map(drop),
                _ => self.probe_connect(endpoint, limit).await,
            }
        })
    }

    fn tap<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn RemoteTap>>> {
        Box::pin(async move {
            let tap: Box<dyn RemoteTap> = Box::new(self.tap(endpoint).await?);
            Ok(tap)
        })
    }

    fn explain<'a>(&'a self, endpoint: &'a Endpoint, error: Error) -> BoxFuture<'a, Error> {
        Box::pin(self.explain(endpoint, error))
    }

    fn is_engine_socket(&self, socket: SocketId) -> bool {
        is_engine_socket(socket, &EngineEnvironment::of_this_process())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.close())
    }
}

//! What an exchange needs of engines, without knowing them.

use std::{fmt::Debug, time::Duration};

use futures_util::future::BoxFuture;
use porthole_base::error::{Error, Result};

use super::{socket::SocketId, wire::Io};
use crate::{endpoint::Endpoint, tap::RemoteTap};

/// Opens connections that lead through an engine, and knows which sockets are an engine's. The endpoints that it gets are
/// [`Endpoint::Container`] and [`Endpoint::Engine`].
pub trait EngineDialer: Debug + Send + Sync {
    /// Opens a connection. `limit` is for the backend's socket alone.
    ///
    /// # Errors
    /// The codes of an engine and of a container that is missing or doesn't run; for the socket those of a direct one.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, limit: Duration) -> BoxFuture<'a, Result<Box<dyn Io>>>;

    /// Tells whether the endpoint takes connections.
    ///
    /// # Errors
    /// As for a connection.
    fn probe_connect<'a>(&'a self, endpoint: &'a Endpoint, limit: Duration) -> BoxFuture<'a, Result<()>>;

    /// Has a program in the container's engine listen in the place of a backend's socket. It puts the socket back when it
    /// is to stop, and when the value is dropped, as when Porthole is killed.
    ///
    /// # Errors
    /// As for a connection, except those of the socket: the program's first frame tells about it.
    fn tap<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn RemoteTap>>>;

    /// What an error in the middle of an exchange really is, when it is the engine that went away.
    fn explain<'a>(&'a self, endpoint: &'a Endpoint, error: Error) -> BoxFuture<'a, Error>;

    /// Whether a unix socket, by its device and inode, is an engine's: who can write to it owns the machine.
    fn is_engine_socket(&self, socket: SocketId) -> bool;

    /// Removes what carries connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// For tests of exchanges that no engine takes part in. They tell sockets apart by their inodes, as on Linux.
#[cfg(all(test, target_os = "linux"))]
#[derive(Debug, Default)]
pub(crate) struct NoEngine {
    /// The sockets that count as an engine's.
    pub sockets: Vec<SocketId>,
}

#[cfg(all(test, target_os = "linux"))]
impl EngineDialer for NoEngine {
    fn connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> BoxFuture<'a, Result<Box<dyn Io>>> {
        unreachable!("no endpoint leads through an engine")
    }

    fn probe_connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> BoxFuture<'a, Result<()>> {
        unreachable!("no endpoint leads through an engine")
    }

    fn tap<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn RemoteTap>>> {
        unreachable!("no endpoint leads through an engine")
    }

    fn explain<'a>(&'a self, _: &'a Endpoint, error: Error) -> BoxFuture<'a, Error> {
        Box::pin(std::future::ready(error))
    }

    fn is_engine_socket(&self, socket: SocketId) -> bool {
        self.sockets.contains(&socket)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

//! One HTTP request and its response, kept as they stood on the wire.

mod connect;
mod connections;
mod facts;
mod head;
mod outgoing;
mod send;
mod wire;

pub use connect::knock;
pub use connections::Connections;
pub use facts::*;
pub use outgoing::target;
pub use send::send;
#[cfg(fuzzing)]
pub(crate) use wire::fuzz_head;

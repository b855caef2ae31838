//! One HTTP request and its response, kept as they stood on the wire.

mod client;
mod connect;
mod connections;
mod decoding;
mod dialer;
mod excess;
mod facts;
mod form;
mod head;
mod outgoing;
mod protocol;
mod request;
mod send;
mod socket;
mod wire;
mod zstd;

pub use client::{HttpClient, Next, without_additions};
pub(crate) use connect::open_connection;
pub use connect::probe_connect;
pub use connections::Connections;
pub use decoding::{Decoded, Problem, codings, decode};
pub use dialer::EngineDialer;
pub use facts::*;
pub use form::urlencoded;
pub(crate) use head::{end_of_head_from, read_head, text as head_text};
pub use outgoing::{body_bytes, target};
pub use protocol::Protocol;
pub use request::*;
pub(crate) use send::response_of;
pub use send::{send, send_to};
pub use socket::{Engines, SocketId};
pub use wire::Io;
#[cfg(fuzzing)]
pub(crate) use wire::fuzz_head;

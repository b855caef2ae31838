//! A Docker-compatible engine.

mod facts;

pub use facts::*;

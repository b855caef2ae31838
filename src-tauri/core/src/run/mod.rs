//! One command execution, on the host or in a container.

mod facts;

pub use facts::*;

//! The Calls in order.

mod facts;

pub use facts::*;

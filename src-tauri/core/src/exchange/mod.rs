//! One HTTP request and its response.

mod facts;

pub use facts::*;

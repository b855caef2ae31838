//! What a Run or a body wrote.

mod facts;

pub use facts::*;

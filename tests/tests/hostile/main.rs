//! What hostile backends, engines and machines in trouble do, without a window and without an engine of containers.

#![cfg(unix)]

mod handles;
mod permissions;
mod responses;

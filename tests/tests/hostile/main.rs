//! What hostile backends, engines, commands and machines in trouble do, without a window and without an engine of
//! containers.

#![cfg(unix)]

mod handles;
#[cfg(target_os = "linux")]
mod processes;
mod responses;

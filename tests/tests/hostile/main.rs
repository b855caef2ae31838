//! What hostile backends, engines, commands and machines in trouble do, without a window and without an engine of
//! containers.

#![cfg(unix)]

mod built_image;
mod engines;
mod faults;
mod files;
mod growth;
mod handles;
mod keeping;
mod permissions;
mod place;
#[cfg(target_os = "linux")]
mod processes;
mod programs;
mod responses;

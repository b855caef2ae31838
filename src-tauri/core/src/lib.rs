//! Porthole without its window: everything that can be done to the backend of a container
//! extension from a script, a test or a shell of any kind.
//!
//! Dependencies point one way: `endpoint`, `output` ← `exchange`, `run` ← `timeline` ← the shell.

#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod asked;
pub mod call;
pub mod carrier;
pub mod code;
mod commands;
pub mod data_dir;
pub mod demo;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod extension;
pub mod finding;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod handles;
pub mod inspect;
pub mod json_file;
mod memory;
pub mod opening;
pub mod output;
pub mod permission;
pub mod private;
#[cfg(unix)]
pub mod raise;
pub mod received;
pub mod record;
pub mod reference;
pub mod run;
pub mod runtime;
pub mod session;
pub mod settings;
pub mod target;
pub mod terminal;
pub mod this_machine;
pub mod timeline;

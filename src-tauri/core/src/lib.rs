//! Porthole without its window: everything that can be done to the backend of a container
//! extension from a script, a test or a shell of any kind.
//!
//! Dependencies point one way: `endpoint`, `output` ← `exchange`, `run` ← `timeline` ← the shell.

#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod bootstrap;
pub mod call;
pub mod code;
mod commands;
pub mod data_dir;
pub mod demo;
pub mod diagnostics;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod extension;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod handles;
pub mod inspect;
pub mod json_file;
mod memory;
pub mod output;
pub mod permission;
pub mod private;
#[cfg(unix)]
pub mod raise;
pub mod record;
pub mod reference;
pub mod run;
pub mod runtime;
pub mod sdk_call;
pub mod sdk_result;
pub mod session;
pub mod settings;
pub mod target;
pub mod terminal;
pub mod this_machine;
pub mod timeline;
pub mod tunnel;
#[cfg(windows)]
mod win32;

//! The application without its window: permissions and pending calls, settings, the data directory, the demo backend.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod bootstrap;
mod commands;
pub mod data_dir;
pub mod demo;
pub mod page_window;
pub mod permission;
#[cfg(unix)]
pub mod raise;
pub mod session;
pub mod settings;

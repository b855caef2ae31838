//! Porthole's application without a window: the target, the demo backend, the open extension with its page, permissions,
//! drafts, settings and calls. A [`Host`] shows it: the window in `src-tauri/src`, `porthole-cli`, a test.
//!
//! Each command of the window is a method of [`Application`] with the same name.

// The list of commands, in `commands.rs`, documents them.
#![allow(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod application;
mod blocking;
pub mod bootstrap;
mod commands;
pub mod data_dir;
pub mod demo;
mod demo_extension;
pub mod dropped;
mod expression;
mod host;
pub mod page_window;
pub mod permission;
#[cfg(unix)]
pub mod raise;
pub mod session;
pub mod settings;

pub use application::{Application, Directories, PageAccess, ReplayChoices, StoredPlaces};
pub use demo_extension::demo_extension;
pub use expression::Expression;
pub use host::{Host, PathKind};

// They start `sh`, and listen on sockets that are files.
#[cfg(all(test, unix))]
mod tests;

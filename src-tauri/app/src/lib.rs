//! Porthole's application without a window: the target, the demo backend, the open extension with its page, permissions,
//! drafts, settings and calls. A [`Host`] shows it: the window in `src-tauri/src`, `porthole-cli`, a test.
//!
//! Each command of the window is a method of [`Application`] with the same name.

// The list of commands, in porthole-core, documents them.
#![allow(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod application;
mod backend;
mod blocking;
mod calls;
mod code;
mod demo_extension;
mod drafts;
mod engines;
mod expression;
mod extension;
mod host;
mod page;
mod page_window;
mod paths;
mod permissions;
mod settings;
mod target;

pub use application::{Application, Directories};
pub use demo_extension::demo_extension;
pub use expression::Expression;
pub use host::Host;
pub use page::PageAccess;

#[cfg(all(test, unix))]
mod tests;

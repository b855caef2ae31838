//! What every part of Porthole uses: errors with their closed set of codes, files that only this user may read, names
//! that an engine takes, and how text of others is made safe to print.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod error;
pub mod handles;
pub mod in_use;
pub mod json_file;
pub mod links;
pub mod lock;
pub mod memory;
pub mod numbers;
pub mod private;
pub mod random;
pub mod reference;
pub mod terminal;
#[cfg(windows)]
pub mod win32;

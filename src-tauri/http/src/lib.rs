//! Endpoints of backends, and exchanges over HTTP with them.

#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod endpoint;
pub mod exchange;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod listener;
pub mod tap;

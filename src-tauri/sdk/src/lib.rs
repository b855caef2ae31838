//! What an extension's code asks of `ddClient`, and what it receives on each runtime: a pure function of a call's facts.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines))]

pub mod call;
pub mod code;
pub mod diagnostic;
pub mod diagnostics;
pub mod draft;
pub mod functions;
pub mod permission;
pub mod runtime;
pub mod sdk_call;
pub mod sdk_result;
pub mod variables;

//! The one program in Porthole's helper containers, as bytes, and the words that it understands.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(unix)]
pub mod place;
pub mod place_error;
pub mod protocol;
#[cfg(unix)]
pub mod rename;
#[cfg(unix)]
pub mod seat;
pub mod tap_protocol;

// The program's own files are here only so that the lints see them.
#[cfg(all(test, target_os = "linux"))]
#[path = "../program/passing.rs"]
mod passing;
#[cfg(all(test, target_os = "linux"))]
#[path = "../program/queue.rs"]
mod queue;
#[cfg(all(test, target_os = "linux"))]
#[allow(dead_code)]
#[path = "../program/relay.rs"]
mod relay;
#[cfg(all(test, target_os = "linux"))]
#[allow(unsafe_code)]
#[path = "../program/system.rs"]
mod system;
#[cfg(all(test, target_os = "linux"))]
#[allow(dead_code)]
#[path = "../program/tap.rs"]
mod tap;

/// The program for an engine's architecture, in the engine's words (`amd64`, `arm64`) or in Rust's; none where this
/// Porthole was built without it.
pub fn program(architecture: &str) -> Option<&'static [u8]> {
    let program: &[u8] = match architecture {
        "amd64" | "x86_64" => include_bytes!(concat!(env!("OUT_DIR"), "/porthole-relay-x86_64")),
        "arm64" | "aarch64" => include_bytes!(concat!(env!("OUT_DIR"), "/porthole-relay-aarch64")),
        _ => &[],
    };
    (!program.is_empty()).then_some(program)
}

#[cfg(all(test, target_os = "linux"))]
mod tap_tests;
#[cfg(all(test, target_os = "linux"))]
mod test_program;
#[cfg(all(test, target_os = "linux"))]
#[path = "program_tests.rs"]
mod tests;

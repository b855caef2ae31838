//! The one program in Porthole's helper containers, as bytes, and the words that it understands.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod protocol;

// Here only so that the lints see it.
#[cfg(all(test, target_os = "linux"))]
#[allow(dead_code)]
#[path = "../program/relay.rs"]
mod relay;

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
#[path = "program_tests.rs"]
mod tests;

//! The supervisor's program as bytes, and the protocol between Porthole and a supervisor.

#[path = "../program/protocol.rs"]
pub mod protocol;

/// The program for this platform; none where Porthole was built without it.
pub fn program() -> Option<&'static [u8]> {
    let program: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/porthole-supervisor"));
    (!program.is_empty()).then_some(program)
}

//! Findings: diagnoses of a Call, each with what to do about it. Pure: one small function a rule.

mod facts;

pub use facts::*;

use crate::{
    call::Call,
    output::Counts,
    received::{Received, Written},
};

/// All that a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The Call, which has ended.
    pub call: &'a Call,
    /// What it wrote: the beginning of each stream.
    pub written: Written<'a>,
    /// How the output ends: the last bytes of stdout or the body, and of stderr.
    pub tails: [&'a [u8]; 2],
    /// How much it wrote.
    pub counts: Counts,
    /// Chunks that end in the middle of a character.
    pub characters_cut: u64,
    /// What code receives on each Runtime.
    pub received: &'a [Received],
}

/// Everything there is to say about a Call, the gravest first.
pub fn findings(_evidence: &Evidence<'_>) -> Vec<Finding> {
    Vec::new()
}

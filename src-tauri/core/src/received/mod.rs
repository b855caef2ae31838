//! What an extension's code receives for a Call, on each Runtime. Pure: facts in, values out.

mod facts;
mod plan;

pub use facts::*;
pub use plan::plan;

use crate::{call::Call, runtime::Runtime};

/// What a Call wrote, as far as it is to be handed over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'a> {
    /// Standard output, or the response body: all of it or its beginning.
    pub stdout: &'a [u8],
    /// How long it is in all.
    pub stdout_len: u64,
    /// Standard error: all of it or its beginning.
    pub stderr: &'a [u8],
    /// How long it is in all.
    pub stderr_len: u64,
}

/// What the code gets from one Runtime.
pub fn received(_call: &Call, _written: Written<'_>, runtime: Runtime) -> Received {
    Received { runtime, outcome: Delivery::Pending, rules: Vec::new(), as_run: true }
}

/// The same from all three, with what differs marked.
pub fn compared(call: &Call, written: Written<'_>) -> Vec<Received> {
    Runtime::ALL.into_iter().map(|runtime| received(call, written, runtime)).collect()
}

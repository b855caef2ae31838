//! How an exchange or a run tells what happens, while it happens.

use std::{pin::Pin, time::Instant};

use crate::Stream;
use porthole_base::error::Result;

/// A wait that ends when there is room again.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the events and the bytes of one exchange or run, in order. It is called between two
/// reads: a slow reader here makes the process or the backend wait, and loses nothing.
pub trait Record<E>: Send {
    /// Something happened.
    fn event(&mut self, event: E);

    /// Bytes arrived, `at_us` microseconds after the beginning.
    ///
    /// # Errors
    /// When they cannot be kept; the exchange or run then ends with this error.
    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()>;

    /// Something to wait for before more is read, when there is no room for it now. A caller that reads
    /// asks before each read, and still receives signals and cancels while it waits.
    fn full(&self) -> Option<Wait> {
        None
    }
}

/// What may be read beyond the quota once a command has ended: all that its two pipes hold, or the engine's buffers. After
/// that only a process that left it can still be writing.
const REST: u64 = 4 * 1024 * 1024;

/// Whether a run must wait for room before it reads on.
#[derive(Debug, Default)]
pub struct Gate {
    ended: bool,
    stopped: bool,
    rest: u64,
}

impl Gate {
    /// The command has ended. What a stopped command left in its streams is bounded, and is read even where there is
    /// no room for it: the user who pressed Stop does not wait for room.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The user ended it.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// This many bytes were read.
    pub fn read(&mut self, bytes: usize) {
        if self.ended {
            self.rest += bytes as u64;
        }
    }

    /// What to wait for before more is read.
    pub fn full<E>(&self, record: &dyn Record<E>) -> Option<Wait> {
        if self.ended && self.stopped && self.rest < REST { None } else { record.full() }
    }

    /// All that the command itself had written was read, there is no room for more, and the user who ended the command
    /// does not want it.
    pub fn is_over<E>(&self, record: &dyn Record<E>) -> bool {
        self.ended && self.stopped && self.rest >= REST && record.full().is_some()
    }
}

/// The end of a wait, if there is one.
pub async fn until(wait: Option<Wait>) {
    if let Some(wait) = wait {
        wait.await;
    }
}

/// Microseconds since an exchange or a run began.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds until now.
    pub fn now_us(self) -> u64 {
        self.at_us(Instant::now())
    }

    /// Microseconds until a moment; 0 for one before the beginning.
    pub fn at_us(self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.0).as_micros() as u64
    }
}

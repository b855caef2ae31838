//! How an exchange or a run tells what happens, while it happens.

use std::{pin::Pin, time::Instant};

use crate::{error::Result, run::Stream};

/// A wait that ends when there is room again.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the events and the bytes of one exchange or run, in order. It is called between two
/// reads: whoever takes long here makes the process or the backend wait, and loses nothing.
pub trait Record<E>: Send {
    /// Something happened.
    fn event(&mut self, event: E);

    /// Bytes arrived, `at_us` microseconds after the beginning.
    ///
    /// # Errors
    /// When they cannot be kept; the exchange or run then ends with this error.
    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()>;

    /// Something to wait for before more is read, when there is no room for it now. Whoever reads
    /// asks before each read, and goes on hearing signals and cancels while it waits.
    fn full(&self) -> Option<Wait> {
        None
    }
}

/// The end of a wait, if there is one.
pub(crate) async fn until(wait: Option<Wait>) {
    if let Some(wait) = wait {
        wait.await;
    }
}

/// Microseconds since an exchange or a run began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn now_us(self) -> u64 {
        self.at_us(Instant::now())
    }

    pub fn at_us(self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.0).as_micros() as u64
    }
}

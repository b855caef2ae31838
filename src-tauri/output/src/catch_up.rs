//! Scans an output for the rows of a view when the view is opened: a limited number of bytes for each query.

use super::{Output, Stream, TaskProgress, streams::Streams};
use porthole_base::error::Result;

/// Bytes that are read at once.
const READ: u64 = 1024 * 1024;

/// Looks through the bytes of a stream once, in their order.
pub(super) trait Scan {
    const STREAM: Stream = Stream::Stdout;

    /// How many bytes it has looked through.
    fn scanned(streams: &Streams) -> u64;

    /// Looks through the next ones.
    fn scan(streams: &mut Streams, bytes: &[u8]);
}

impl Output {
    /// Has what arrived since then looked through, about `step` bytes of it; returns how far that is, unless it's all.
    pub(super) fn catch_up_with<S: Scan>(&self, step: u64) -> Result<Option<TaskProgress>> {
        let from = S::scanned(&self.lock());
        loop {
            let (at, whole, bytes) = {
                let streams = self.lock();
                (S::scanned(&streams), streams.of(S::STREAM).len(), streams.of(S::STREAM).bytes())
            };
            if at >= whole {
                return Ok(None);
            }
            if at - from >= step {
                return Ok(Some(TaskProgress { done: at, whole }));
            }
            let read = bytes.read(at, whole.min(at + READ)).map_err(|error| self.unreadable(&error))?;
            if read.is_empty() {
                return Ok(None);
            }
            let streams = &mut *self.lock();
            // Another look may have read the same.
            if S::scanned(streams) == at {
                S::scan(streams, &read);
            }
        }
    }
}

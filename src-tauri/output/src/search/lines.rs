//! The numbers of lines that match.

use std::io;

use grep_searcher::{Searcher, Sink, SinkMatch};

use super::NEAR;
use crate::{Output, Stream};

/// Turns the places of matching lines into numbers of lines.
pub(super) struct Lines<'a> {
    pub output: &'a Output,
    pub stream: Stream,
    /// Where in the stream the bytes are.
    pub start: u64,
    pub bytes: &'a [u8],
    /// Where the hit before ends, and the line that begins there.
    pub before: Option<(usize, u64)>,
    pub hits: &'a mut Vec<u64>,
}

impl Sink for &mut Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let start = found.absolute_byte_offset() as usize;
        let line = match self.before {
            Some((at, line)) if start - at <= NEAR => {
                line + memchr::memchr_iter(b'\n', &self.bytes[at..start]).count() as u64
            }
            _ => self.output.lock().of(self.stream).line_of(self.start + start as u64).unwrap_or_default(),
        };
        // Several lines that match one after the other may come at once.
        let matched = found.bytes();
        let lines = memchr::memchr_iter(b'\n', matched).count() as u64 + u64::from(!matched.ends_with(b"\n"));
        self.hits.extend(line..line + lines);
        self.before = Some((start + matched.len(), line + lines));
        Ok(true)
    }
}

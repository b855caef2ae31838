//! Chunks as rows: what was read at once, as an SDK would hand it on.

use super::{Line, Output, Row, Streams, Window, text::RenderedText, utf8::incomplete_tail};
use crate::Stream;
use porthole_base::error::Result;

/// Bytes of a chunk that are drawn.
const DRAWN: u64 = 1024;

/// The bytes of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Which stream it is from.
    pub stream: Stream,
    /// When it was read, in microseconds since the Call began.
    pub at_us: u64,
    /// Where it begins in its stream.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
}

impl Streams {
    fn chunks(&self, from: u64, count: usize) -> Vec<Chunk> {
        let places = self.chunks.iter_from(from).take(count);
        places
            .filter_map(|(stream, n)| {
                let (offset, end, at_us) = self.of(stream).chunk(n)?;
                Some(Chunk { stream, at_us, offset, len: end - offset })
            })
            .collect()
    }
}

impl Output {
    /// Chunks from the nth on, in the order read.
    pub fn chunks(&self, from: u64, count: usize) -> Vec<Chunk> {
        self.lock().chunks(from, count)
    }

    pub(super) fn chunks_window(&self, from: u64, count: u64) -> Result<Window> {
        let (total, chunks, before_us) = {
            let streams = self.lock();
            let before = from.checked_sub(1).map(|before| streams.chunks(before, 1));
            let before_us = before.and_then(|before| Some(before.first()?.at_us));
            (streams.chunks.len(), streams.chunks(from, count as usize), before_us)
        };
        let lines = chunks.iter().zip(from..).map(|(chunk, n)| self.chunk_row(n, chunk)).collect::<Result<_>>()?;
        Ok(Window { from, total, lines, before_us, making: None, problem: None, decoded: None })
    }

    fn chunk_row(&self, n: u64, chunk: &Chunk) -> Result<Line> {
        let end = chunk.offset + chunk.len;
        let (bytes, _) = self.bytes(chunk.stream);
        let read = |from, to| bytes.read(from, to).map_err(|error| self.unreadable(&error));
        let cut = chunk.len > DRAWN;
        let mut drawn = read(chunk.offset, end.min(chunk.offset + DRAWN))?;
        if cut {
            drawn.truncate(drawn.len() - incomplete_tail(&drawn));
        }
        let before = read(chunk.offset.saturating_sub(4), chunk.offset)?;
        let last = read(end.saturating_sub(4), end)?;
        let row = Row::Chunk {
            offset: chunk.offset,
            begins_in_line: !before.is_empty() && !before.ends_with(b"\n"),
            ends_in_line: !last.ends_with(b"\n"),
            begins_in_character: incomplete_tail(&before) > 0,
            ends_in_character: incomplete_tail(&last) > 0,
        };
        Ok(Line { cut, row: Some(row), ..Line::of(n, chunk.stream, chunk.at_us, RenderedText::of(&drawn), chunk.len) })
    }
}

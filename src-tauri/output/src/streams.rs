//! The streams of one output, with what orders their rows.

use std::io;

use super::{
    BodyKind, DiskQuota, Events, LOOKED_AT, REOPENED, Stream, View, charset::CharsetGuess, decoded::Beginning, hex,
    order::Order, sniff::KindGuess, spill::Spill, table::Table,
};

#[derive(Debug)]
pub(super) struct Streams {
    pub stdout: Spill,
    pub stderr: Spill,
    pub lines: Order,
    pub chunks: Order,
    /// What a body is declared as; that of one with codings is what it is when they are undone.
    pub body: Option<BodyKind>,
    /// What rows of events are made of: server-sent events, or else a line each.
    pub has_events: bool,
    pub events: Events,
    /// How its text begins, with its codings undone: of a run what came first, whatever the stream.
    pub start: Vec<u8>,
    /// Undoes the codings of the beginning.
    pub beginning: Option<Beginning>,
    /// It isn't what its codings say.
    pub mislabeled: bool,
    /// What the start looks like.
    pub guess: CharsetGuess,
    pub kind: KindGuess,
    /// Where its records begin, where it is looked at as a table.
    pub table: Table,
    /// Its files outlive this value.
    pub kept: bool,
}

impl Streams {
    pub fn of(&self, stream: Stream) -> &Spill {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }

    /// Takes this many bytes that the file of a stream holds, as if they came now as one chunk; whether there were any.
    pub fn read_again(&mut self, stream: Stream, len: u64, at_us: u64, quota: &DiskQuota) -> io::Result<bool> {
        let begin = self.of(stream).len();
        let end = begin.saturating_add(len);
        loop {
            let from = self.of(stream).len();
            let bytes = self.of(stream).bytes().read(from, end.min(from.saturating_add(REOPENED)))?;
            if bytes.is_empty() {
                return Ok(from > begin);
            }
            let spill = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            let begins = from == begin;
            let lines = if begins { spill.index(&bytes, at_us) } else { spill.index_more(&bytes) };
            if !self.of(stream).is_part() {
                quota.take(bytes.len() as u64);
            }
            self.indexed(stream, lines, &bytes, begins);
        }
    }

    /// Bytes of a chunk are in its file and in the index of its stream; whether it begins with them.
    pub fn indexed(&mut self, stream: Stream, lines: u64, bytes: &[u8], begins: bool) {
        let room = LOOKED_AT.saturating_sub(self.start.len());
        if room > 0 {
            match &mut self.beginning {
                Some(beginning) => self.mislabeled |= beginning.push(bytes, &mut self.start, LOOKED_AT),
                None => self.start.extend_from_slice(&bytes[..bytes.len().min(room)]),
            }
        }
        self.lines.push(stream, lines);
        if begins {
            self.chunks.push(stream, 1);
        }
        let is_next = stream == Stream::Stdout && self.events.pushed() + bytes.len() as u64 == self.stdout.len();
        if self.has_events && is_next {
            self.events.push(bytes);
        }
    }

    /// How many rows a view has if its rows are ordered by time.
    pub fn rows(&self, view: View) -> u64 {
        match view {
            View::Both => self.lines.len(),
            View::Stderr => self.stderr.lines(),
            View::Chunks => self.chunks.len(),
            View::Events if self.has_events => self.events.len(),
            View::Hex => self.stdout.len().div_ceil(hex::ROW),
            View::HexStderr => self.stderr.len().div_ceil(hex::ROW),
            View::Stdout | View::Events | View::Pretty | View::Filtered | View::Markup | View::Table | View::Hits => {
                self.stdout.lines()
            }
        }
    }

    /// When a row of such a view came.
    pub fn row_time(&self, view: View, n: u64) -> Option<u64> {
        let line = |stream, n| {
            let spill = self.of(stream);
            spill.time_at(spill.line_start(n))
        };
        match view {
            View::Both => self.lines.iter_from(n).next().and_then(|(stream, n)| line(stream, n)),
            View::Stderr => line(Stream::Stderr, n),
            View::Chunks => self.chunks.iter_from(n).next().and_then(|(stream, n)| Some(self.of(stream).chunk(n)?.2)),
            View::Events if self.has_events => self.stdout.time_at(self.events.bounds(n)?.1 - 1),
            View::Hex => self.stdout.time_at(n * hex::ROW),
            View::HexStderr => self.stderr.time_at(n * hex::ROW),
            View::Stdout | View::Events | View::Pretty | View::Filtered | View::Markup | View::Table | View::Hits => {
                line(Stream::Stdout, n)
            }
        }
    }
}

//! Lines as rows: of one stream, or of both where each began.

use std::io;

use super::{
    Dress, LINE_LIMIT, Line, Output, Streams, View, WINDOW_LIMIT, Window,
    ansi::Looks,
    screen,
    spill::Bytes,
    text::{Shown, without_line_end},
    utf8::incomplete_tail,
};
use crate::{error::Result, run::Stream};

/// Bytes that are read at once of a long line.
const PIECE: u64 = 1024 * 1024;
/// How far back a color is looked for that was set on an earlier line, in bytes.
const LOOK_BACK: u64 = 64 * 1024;

/// Where a line stands: found under the lock and read without it.
#[derive(Debug)]
pub(super) struct Place {
    pub n: u64,
    pub bytes: Bytes,
    pub stream: Stream,
    pub start: u64,
    pub end: u64,
    pub at_us: u64,
}

impl Streams {
    /// Where the lines of a view stand, from the nth on.
    pub(super) fn places(&self, view: View, from: u64, count: u64) -> Vec<Place> {
        let place = |n: u64, stream: Stream, own: u64| {
            let spill = self.of(stream);
            let (start, end) = spill.line(own)?;
            Some(Place { n, bytes: spill.bytes(), stream, start, end, at_us: spill.time_at(start)? })
        };
        let to = self.rows(view).min(from.saturating_add(count));
        match view {
            View::Both => {
                let items = self.lines.iter_from(from).take(count as usize);
                items.zip(from..).filter_map(|((stream, own), n)| place(n, stream, own)).collect()
            }
            View::Stderr => (from..to).filter_map(|n| place(n, Stream::Stderr, n)).collect(),
            _ => (from..to).filter_map(|n| place(n, Stream::Stdout, n)).collect(),
        }
    }
}

impl Streams {
    /// The same with the window that they are drawn into.
    pub(super) fn places_and_window(&self, view: View, from: u64, count: u64) -> (Vec<Place>, Window) {
        let before_us = from.checked_sub(1).and_then(|before| self.row_time(view, before));
        let (total, lines) = (self.rows(view), Vec::new());
        (self.places(view, from, count), Window { from, total, lines, before_us, making: None, problem: None })
    }
}

impl Output {
    pub(super) fn lines_window(&self, view: View, from: u64, count: u64, dress: Dress<'_>) -> Result<Window> {
        let (places, window) = self.lock().places_and_window(view, from, count);
        Ok(Window { lines: self.drawn(&places, dress)?, ..window })
    }

    /// Reads lines until a window is full.
    pub(super) fn drawn(&self, places: &[Place], dress: Dress<'_>) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(places.len());
        let mut left = WINDOW_LIMIT;
        let mut looks = Continued::default();
        for place in places {
            let line = place.draw(dress, &mut looks).map_err(|error| self.unreadable(&error))?;
            left = left.saturating_sub(line.bytes.min(LINE_LIMIT));
            lines.push(line);
            if left == 0 {
                break;
            }
        }
        Ok(lines)
    }

    /// The lines that stand at some numbers of a view, as a window of another.
    pub(super) fn lines_at(&self, view: View, numbers: &[u64], dress: Dress<'_>) -> Result<Vec<Line>> {
        let places: Vec<Place> = {
            let streams = self.lock();
            numbers.iter().flat_map(|n| streams.places(view, *n, 1)).collect()
        };
        self.drawn(&places, dress)
    }

    /// Hands over lines as they came, line ends included. A very long one comes in several pieces.
    pub(super) fn each_line(
        &self,
        view: View,
        from: u64,
        to: u64,
        mut take: impl FnMut(&Place, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut at = from;
        let mut buffer = Vec::new();
        while at < to {
            let places = self.lock().places(view, at, (to - at).min(4096));
            if places.is_empty() {
                break;
            }
            at += places.len() as u64;
            for place in &places {
                let mut start = place.start;
                while start < place.end {
                    let end = place.end.min(start + PIECE);
                    let read = place.bytes.read_into(&mut buffer, start, end);
                    read.map_err(|error| self.unreadable(&error))?;
                    take(place, &buffer)?;
                    start = end;
                }
            }
        }
        Ok(())
    }
}

impl Line {
    /// A row that shows this, and is whole.
    pub(super) fn of(n: u64, stream: Stream, at_us: u64, shown: Shown, bytes: u64) -> Self {
        let Shown { text, ranges, styles, .. } = shown;
        Self { n, stream, at_us, text, shown: ranges, found: Vec::new(), styles, bytes, cut: false, row: None }
    }
}

/// How letters look at the end of the last line that was drawn, of each stream.
#[derive(Default)]
struct Continued {
    stdout: Option<(u64, Looks)>,
    stderr: Option<(u64, Looks)>,
}

impl Continued {
    fn of(&mut self, stream: Stream) -> &mut Option<(u64, Looks)> {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

impl Place {
    /// The line as it is drawn.
    fn draw(&self, dress: Dress<'_>, continued: &mut Continued) -> io::Result<Line> {
        let bytes = self.end - self.start;
        let cut = bytes > LINE_LIMIT;
        let buffer = self.bytes.read(self.start, self.end.min(self.start + LINE_LIMIT))?;
        let head = if cut { whole_characters(&buffer) } else { without_line_end(&buffer) };
        let ranges = |visible: &[u8]| dress.finder.map(|finder| finder.ranges(visible)).unwrap_or_default();
        let (shown, found) = if dress.ansi {
            let last = if cut { self.overwritten(head)? } else { None };
            let visible = last.as_deref().unwrap_or(head);
            let mut looks = match continued.of(self.stream).take() {
                Some((end, looks)) if end == self.start => looks,
                _ => self.looks_before()?,
            };
            let drawn = Shown::on_terminal(visible, &ranges(visible), &mut looks);
            if !cut {
                *continued.of(self.stream) = Some((self.end, looks));
            }
            drawn
        } else {
            Shown::with(head, &ranges(head))
        };
        Ok(Line { found, cut, ..Line::of(self.n, self.stream, self.at_us, shown, bytes) })
    }

    /// What a terminal shows of a long line that was written over itself: what came after a carriage return in its last
    /// part.
    fn overwritten(&self, head: &[u8]) -> io::Result<Option<Vec<u8>>> {
        if memchr::memchr(b'\r', head).is_none() {
            return Ok(None);
        }
        let tail = self.bytes.read(self.end.saturating_sub(LINE_LIMIT).max(self.start), self.end)?;
        let tail = without_line_end(&tail);
        Ok(memchr::memchr(b'\r', tail).map(|at| tail[at..].to_vec()))
    }

    /// How letters look at its beginning, by the codes in the bytes before it.
    fn looks_before(&self) -> io::Result<Looks> {
        let before = self.bytes.read(self.start.saturating_sub(LOOK_BACK), self.start)?;
        let mut looks = Looks::default();
        if memchr::memchr(0x1b, &before).is_some() {
            for line in before.split(|byte| *byte == b'\n') {
                screen::looks_after(line, &mut looks);
            }
        }
        Ok(looks)
    }
}

/// Without a character that the limit cut in two: its bytes are in the file and not wrong.
pub(crate) fn whole_characters(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - incomplete_tail(bytes)]
}

//! Lines as rows: of one stream, or of both where each began.

use std::io;

use super::{
    LINE_LIMIT, Line, Output, RenderOptions, Streams, View, WINDOW_LIMIT, Window,
    ansi::SgrState,
    log, screen,
    spill::Bytes,
    text::{RenderedText, without_line_end},
    utf8::incomplete_tail,
};
use crate::Stream;
use porthole_base::error::Result;

/// Bytes that are read at once of a long line.
const PIECE: u64 = 1024 * 1024;
/// How far back a color is looked for that was set on an earlier line, in bytes.
const LOOK_BACK: u64 = 64 * 1024;

/// Where a line is: found under the lock and read without it.
#[derive(Debug)]
pub(super) struct LineSpan {
    pub n: u64,
    pub bytes: Bytes,
    pub stream: Stream,
    pub start: u64,
    pub end: u64,
    pub at_us: u64,
}

impl Streams {
    /// Where the lines of a view are, from the nth on.
    pub(super) fn places(&self, view: View, from: u64, count: u64) -> Vec<LineSpan> {
        let place = |n: u64, stream: Stream, own: u64| {
            let spill = self.of(stream);
            let (start, end) = spill.line(own)?;
            Some(LineSpan { n, bytes: spill.bytes(), stream, start, end, at_us: spill.time_at(start)? })
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
    pub(super) fn places_and_window(&self, view: View, from: u64, count: u64) -> (Vec<LineSpan>, Window) {
        let before_us = from.checked_sub(1).and_then(|before| self.row_time(view, before));
        let (total, lines) = (self.rows(view), Vec::new());
        (
            self.places(view, from, count),
            Window { from, total, lines, before_us, making: None, problem: None, decoded: None },
        )
    }
}

impl Output {
    pub(super) fn lines_window(&self, view: View, from: u64, count: u64, options: RenderOptions<'_>) -> Result<Window> {
        let (places, window) = self.lock().places_and_window(view, from, count);
        Ok(Window { lines: self.drawn(&places, options)?, ..window })
    }

    /// Reads lines until a window is full.
    pub(super) fn drawn(&self, places: &[LineSpan], options: RenderOptions<'_>) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(places.len());
        let mut left = WINDOW_LIMIT;
        let mut sgr = Continued::default();
        for place in places {
            let line = place.draw(options, &mut sgr).map_err(|error| self.unreadable(&error))?;
            left = left.saturating_sub(line.bytes.min(LINE_LIMIT));
            lines.push(line);
            if left == 0 {
                break;
            }
        }
        Ok(lines)
    }

    /// The lines that are at some numbers of a view, as a window of another.
    pub(super) fn lines_at(&self, view: View, numbers: &[u64], options: RenderOptions<'_>) -> Result<Vec<Line>> {
        let places: Vec<LineSpan> = {
            let streams = self.lock();
            numbers.iter().flat_map(|n| streams.places(view, *n, 1)).collect()
        };
        self.drawn(&places, options)
    }

    /// Passes on lines as they came, line ends included. A very long one comes in several pieces.
    pub(super) fn each_line(
        &self,
        view: View,
        from: u64,
        to: u64,
        mut take: impl FnMut(&LineSpan, &[u8]) -> Result<()>,
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
    pub(crate) fn of(n: u64, stream: Stream, at_us: u64, rendered: RenderedText, bytes: u64) -> Self {
        let RenderedText { text, ranges, styles, .. } = rendered;
        Self {
            n,
            stream,
            at_us,
            text,
            shown: ranges,
            found: Vec::new(),
            styles,
            bytes,
            cut: false,
            skipped: 0,
            level: None,
            level_at: None,
            row: None,
        }
    }
}

/// How letters look at the end of the last line that was drawn, of each stream.
#[derive(Default)]
struct Continued {
    stdout: Option<(u64, SgrState)>,
    stderr: Option<(u64, SgrState)>,
}

impl Continued {
    fn of(&mut self, stream: Stream) -> &mut Option<(u64, SgrState)> {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

impl LineSpan {
    /// The line as it is drawn.
    fn draw(&self, options: RenderOptions<'_>, continued: &mut Continued) -> io::Result<Line> {
        let bytes = self.end - self.start;
        let cut = bytes > LINE_LIMIT;
        let buffer = self.bytes.read(self.start, self.end.min(self.start + LINE_LIMIT))?;
        let head = if cut { whole_characters(&buffer) } else { without_line_end(&buffer) };
        let ranges = |visible: &[u8]| options.finder.map(|finder| finder.ranges(visible)).unwrap_or_default();
        let (rendered, found) = if options.ansi {
            let last = if cut { self.overwritten(head)? } else { None };
            let visible = last.as_deref().unwrap_or(head);
            let mut sgr = match continued.of(self.stream).take() {
                Some((end, sgr)) if end == self.start => sgr,
                _ => self.sgr_before()?,
            };
            let drawn = RenderedText::on_terminal(visible, &ranges(visible), &mut sgr);
            if !cut {
                *continued.of(self.stream) = Some((self.end, sgr));
            }
            drawn
        } else {
            RenderedText::with(head, &ranges(head))
        };
        let line = Line { found, cut, ..Line::of(self.n, self.stream, self.at_us, rendered, bytes) };
        Ok(log::mark(line, head))
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
    fn sgr_before(&self) -> io::Result<SgrState> {
        let before = self.bytes.read(self.start.saturating_sub(LOOK_BACK), self.start)?;
        let mut sgr = SgrState::default();
        if memchr::memchr(0x1b, &before).is_some() {
            for line in before.split(|byte| *byte == b'\n') {
                screen::sgr_after(line, &mut sgr);
            }
        }
        Ok(sgr)
    }
}

/// Without a character that the limit cut in two: its bytes are in the file and not wrong.
pub fn whole_characters(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - incomplete_tail(bytes)]
}

//! What each line of a stream is to a log, in four bits, found when the log is opened.

use super::{
    Level,
    level::{self, HEAD},
    trace::Tracker,
};
use crate::{Stream, catch_up::Scan, streams::Streams};

/// What one line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// It has a level, or begins a stack trace, or is any other line.
    Own(Level),
    /// It belongs to the line before.
    Continues {
        /// It is a frame of a stack.
        frame: bool,
    },
}

impl Class {
    fn nibble(self) -> u8 {
        match self {
            Self::Own(level) => level as u8,
            Self::Continues { frame: false } => 6,
            Self::Continues { frame: true } => 7,
        }
    }

    fn of(nibble: u8) -> Self {
        match nibble {
            6 => Self::Continues { frame: false },
            7 => Self::Continues { frame: true },
            level => Self::Own(Level::ALL.get(usize::from(level)).copied().unwrap_or(Level::Other)),
        }
    }
}

/// Lines that belong to one line: more than any trace has, so that looking for its ends takes no time.
const LONGEST_GROUP: u64 = 10_000;

/// Four bits for each line.
#[derive(Debug, Default)]
struct Nibbles {
    bytes: Vec<u8>,
    len: u64,
}

impl Nibbles {
    fn push(&mut self, nibble: u8) {
        if self.len.is_multiple_of(2) {
            self.bytes.push(nibble);
        } else if let Some(last) = self.bytes.last_mut() {
            *last |= nibble << 4;
        }
        self.len += 1;
    }

    fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
        if self.len.is_multiple_of(2) {
            self.bytes.pop();
        } else if let Some(last) = self.bytes.last_mut() {
            *last &= 0x0f;
        }
    }

    fn get(&self, n: u64) -> Option<u8> {
        let byte = self.bytes.get((n / 2) as usize).filter(|_| n < self.len)?;
        Some(if n.is_multiple_of(2) { byte & 0x0f } else { byte >> 4 })
    }

    fn set(&mut self, n: u64, nibble: u8) {
        if let Some(byte) = self.bytes.get_mut((n / 2) as usize) {
            *byte = if n.is_multiple_of(2) { (*byte & 0xf0) | nibble } else { (*byte & 0x0f) | (nibble << 4) };
        }
    }
}

/// What may change with the next line.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    tracker: Tracker,
    /// The last line that belongs to no other, with what it is.
    head: Option<(u64, Class)>,
    /// An empty line behind the trace, which may be within it.
    blank: Option<u64>,
    counts: [u64; 6],
}

/// The lines of one stream. A line is decided when it ends, by its first 64 KiB; the last one may be decided before it
/// ends, and again when more of it came.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    lines: Nibbles,
    open: Open,
    /// How it was before the last line, which hasn't ended, was decided.
    before_last: Option<Open>,
    /// The beginning of the line that hasn't ended.
    line: Vec<u8>,
    in_line: bool,
    scanned: u64,
}

impl Classes {
    /// Adds what came next.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Some(before) = self.before_last.take() {
            self.undo(before);
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let rest = &bytes[start..end];
            start = end + 1;
            if self.line.is_empty() {
                self.line_ended(rest);
            } else {
                let mut line = std::mem::take(&mut self.line);
                add(&mut line, rest);
                self.line_ended(&line);
                line.clear();
                self.line = line;
            }
        }
        add(&mut self.line, &bytes[start..]);
        self.in_line = start < bytes.len() || (self.in_line && start == 0);
        self.scanned += bytes.len() as u64;
        if self.in_line {
            let before = self.open;
            let line = std::mem::take(&mut self.line);
            self.line_ended(&line);
            self.line = line;
            self.before_last = Some(before);
        }
    }

    fn undo(&mut self, before: Open) {
        self.lines.pop();
        self.open = before;
        if let Some((head, class)) = before.head {
            self.lines.set(head, class.nibble());
        }
        if let Some(blank) = before.blank {
            self.lines.set(blank, Class::Own(Level::Other).nibble());
        }
    }

    fn line_ended(&mut self, line: &[u8]) {
        let text = level::readable(line);
        let level = level::find(&text).map(|found| found.level);
        let step = self.open.tracker.next(&text, level);
        let n = self.lines.len;
        let blank = self.open.blank.take();
        let behind = self.open.head.map_or(0, |(head, _)| n - head);
        if step.continues && behind < LONGEST_GROUP {
            if let Some(blank) = blank.filter(|_| step.joins_blank) {
                self.lines.set(blank, Class::Continues { frame: false }.nibble());
                self.open.counts[Level::Other as usize] -= 1;
            }
            self.lines.push(Class::Continues { frame: step.frame }.nibble());
            if step.traces {
                self.trace_of_head();
            }
            return;
        }
        let level = level.unwrap_or(if step.traces { Level::Error } else { Level::Other });
        let class = Class::Own(level);
        self.open.counts[level as usize] += 1;
        self.lines.push(class.nibble());
        if step.may_join {
            self.open.blank = Some(n);
        } else {
            self.open.head = Some((n, class));
        }
    }

    /// A line that turned out to begin a trace is an error, unless it has a level.
    fn trace_of_head(&mut self) {
        if let Some((n, class @ Class::Own(Level::Other))) = &mut self.open.head {
            *class = Class::Own(Level::Error);
            let (n, class) = (*n, *class);
            self.open.counts[Level::Other as usize] -= 1;
            self.open.counts[Level::Error as usize] += 1;
            self.lines.set(n, class.nibble());
        }
    }

    /// How many lines were decided.
    pub fn len(&self) -> u64 {
        self.lines.len
    }

    /// What a line is.
    pub fn get(&self, n: u64) -> Option<Class> {
        self.lines.get(n).map(Class::of)
    }

    /// The first line that may still become something else.
    pub fn open_from(&self) -> u64 {
        let head = |open: &Open| open.head.map_or(0, |(n, _)| n);
        self.before_last.as_ref().map_or_else(|| head(&self.open), |before| head(before).min(head(&self.open)))
    }

    /// The line that a line belongs to.
    pub fn head_of(&self, n: u64) -> u64 {
        let mut head = n;
        while head > 0 && matches!(self.get(head), Some(Class::Continues { .. })) {
            head -= 1;
        }
        head
    }

    /// The lines that belong to a line, which come behind it: how many, and how many of them are frames.
    pub fn behind(&self, n: u64) -> (u64, u64) {
        let (mut lines, mut frames) = (0, 0);
        while let Some(Class::Continues { frame }) = self.get(n + 1 + lines) {
            lines += 1;
            frames += u64::from(frame);
        }
        (lines, frames)
    }

    /// Lines of each level, those that belong to others not counted.
    pub fn counts(&self) -> [u64; 6] {
        self.open.counts
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        self.lines.bytes.capacity() + self.line.capacity()
    }
}

fn add(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = HEAD.saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// The lines of standard output.
pub(super) struct OfStdout;
/// The lines of standard error.
pub(super) struct OfStderr;

impl Scan for OfStdout {
    fn scanned(streams: &Streams) -> u64 {
        streams.classes(Stream::Stdout).scanned
    }

    fn scan(streams: &mut Streams, bytes: &[u8]) {
        streams.log.stdout.push(bytes);
    }
}

impl Scan for OfStderr {
    const STREAM: Stream = Stream::Stderr;

    fn scanned(streams: &Streams) -> u64 {
        streams.classes(Stream::Stderr).scanned
    }

    fn scan(streams: &mut Streams, bytes: &[u8]) {
        streams.log.stderr.push(bytes);
    }
}

/// The lines of both streams.
#[derive(Debug, Default)]
pub(crate) struct Classified {
    pub stdout: Classes,
    pub stderr: Classes,
}

impl Streams {
    pub fn classes(&self, stream: Stream) -> &Classes {
        match stream {
            Stream::Stdout => &self.log.stdout,
            Stream::Stderr => &self.log.stderr,
        }
    }
}

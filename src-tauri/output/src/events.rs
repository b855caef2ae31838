//! Server-sent events: where the blocks of a stream are, and what each one says.
//!
//! By the rules of the WHATWG HTML standard, "Parsing an event stream" and "Interpreting an event
//! stream": <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

use super::{
    EventOutcome, LINE_LIMIT, Line, Output, Row, TaskProgress, Window, lines::whole_characters, offsets::Offsets,
    text::RenderedText,
};
use crate::{Stream, catch_up::Scan, streams::Streams};
use porthole_base::error::Result;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Bytes of a block that are read to find out what it says.
const READ: u64 = 1024 * 1024;
/// Bytes in which events are found while the user waits for rows.
const STEP: u64 = 8 * 1024 * 1024;

/// Where the blocks of an event stream begin and end, found while the stream arrives in pieces
/// that are cut anywhere. A block is what is between two empty lines.
#[derive(Debug, Default)]
pub struct Events {
    starts: Offsets,
    /// Where the empty line that ends each block ends.
    ends: Offsets,
    /// Numbers of the blocks that have a line for the last event id.
    ids: Offsets,
    /// Bytes seen.
    length: u64,
    /// Bytes added: also those that may be a byte order mark.
    pushed: u64,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of the current line, as far as they matter: up to three.
    line: Vec<u8>,
    /// How many bytes the current line has, a byte order mark not counted.
    line_length: u64,
    /// The current line holds a NUL: as a last event id it would not count.
    has_nul: bool,
    /// A carriage return ended the line before: a line feed now belongs to it.
    after_return: bool,
    in_block: bool,
    /// Bytes of a byte order mark seen at the very beginning.
    mark: usize,
}

impl Events {
    /// Adds what came next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pushed += bytes.len() as u64;
        let mut rest = bytes;
        if self.length == self.state.mark as u64 {
            let same = rest.iter().zip(&BOM[self.state.mark..]).take_while(|(a, b)| a == b).count();
            self.state.mark += same;
            self.length += same as u64;
            rest = &rest[same..];
            if !rest.is_empty() && !matches!(self.state.mark, 0 | 3) {
                // It was the beginning of a mark and no mark: these bytes are the line's.
                let seen = std::mem::take(&mut self.state.mark);
                self.length = 0;
                self.lines(&BOM[..seen]);
            }
        }
        self.lines(rest);
    }

    fn lines(&mut self, mut rest: &[u8]) {
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.state.after_return) && first == b'\n' {
                self.length += 1;
                rest = &rest[1..];
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', rest);
            let text = &rest[..end.unwrap_or(rest.len())];
            self.text(text);
            self.length += text.len() as u64;
            let Some(end) = end else { return };
            self.state.after_return = rest[end] == b'\r';
            self.length += 1;
            self.line_ended();
            rest = &rest[end + 1..];
        }
    }

    fn text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        if !std::mem::replace(&mut self.state.in_block, true) {
            self.starts.push(self.length);
        }
        let room = 3usize.saturating_sub(self.state.line.len());
        self.state.line.extend_from_slice(&text[..text.len().min(room)]);
        self.state.line_length += text.len() as u64;
        self.state.has_nul |= memchr::memchr(0, text).is_some();
    }

    fn line_ended(&mut self) {
        let state = &mut self.state;
        let is_id = !std::mem::take(&mut state.has_nul) && (state.line == b"id" || state.line == b"id:");
        let empty = state.line_length == 0;
        state.line.clear();
        state.line_length = 0;
        if empty && std::mem::take(&mut state.in_block) {
            self.ends.push(self.length);
        } else if is_id {
            let block = self.starts.len().saturating_sub(1);
            if self.ids.len() == 0 || self.ids.get(self.ids.len() - 1) != Some(block) {
                self.ids.push(block);
            }
        }
    }

    /// How many bytes were added.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// How many blocks have begun.
    pub fn len(&self) -> u64 {
        self.starts.len()
    }

    /// Whether no block has begun.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a block begins, and where it ends as far as it has come.
    pub fn bounds(&self, n: u64) -> Option<(u64, u64)> {
        let start = self.starts.get(n)?;
        Some((start, self.ends.get(n).unwrap_or(self.length)))
    }

    /// Whether the empty line after a block has come.
    pub fn is_whole(&self, n: u64) -> bool {
        n < self.ends.len()
    }

    /// The last block up to this one that has a line for the last event id.
    fn id_block(&self, n: u64) -> Option<u64> {
        self.ids.get(self.ids.last_at_or_below(n)?)
    }

    pub(super) fn memory(&self) -> usize {
        self.starts.memory() + self.ends.memory() + self.ids.memory()
    }
}

/// What one block of an event stream says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The type; empty where none is named.
    pub name: Vec<u8>,
    /// The lines of data, with a line feed between them.
    pub data: Vec<u8>,
    /// Whether there is a line of data at all.
    pub has_data: bool,
    /// The last event id that it sets.
    pub id: Option<Vec<u8>>,
    /// The reconnection time that it sets, in milliseconds.
    pub retry: Option<u64>,
    /// Comments, with a line feed between them.
    pub comments: Vec<u8>,
    /// Whether there is anything but comments.
    pub has_fields: bool,
}

impl Block {
    /// Reads a block: whole lines that end with a carriage return, a line feed, or both.
    pub fn read(bytes: &[u8]) -> Self {
        let mut block = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            block.line(&rest[..end]);
            let length = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            rest = rest.get(end + length..).unwrap_or_default();
        }
        block
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if field.is_empty() {
            if !self.comments.is_empty() {
                self.comments.push(b'\n');
            }
            self.comments.extend_from_slice(value);
            return;
        }
        self.has_fields = true;
        match field {
            b"event" => self.name = value.to_vec(),
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"id" if !value.contains(&0) => self.id = Some(value.to_vec()),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.retry = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
            }
            _ => {}
        }
    }

    /// What a browser makes of it. A data buffer that holds one empty line is an empty one: the
    /// standard drops the event then.
    pub fn outcome(&self, whole: bool) -> EventOutcome {
        match (whole, self.has_data, self.has_fields) {
            (false, ..) => EventOutcome::Unfinished,
            (true, true, _) => EventOutcome::Dispatched,
            (true, false, true) => EventOutcome::Nothing,
            (true, false, false) => EventOutcome::Comment,
        }
    }
}

impl Scan for Events {
    fn scanned(streams: &Streams) -> u64 {
        streams.events.pushed()
    }

    fn scan(streams: &mut Streams, bytes: &[u8]) {
        streams.events.push(bytes);
    }
}

impl Output {
    /// Finds the events in what came before they were looked for; tells how far that is, unless all is done.
    pub(super) fn find_events(&self) -> Result<Option<TaskProgress>> {
        self.catch_up_with::<Events>(STEP)
    }

    pub(super) fn events_window(&self, from: u64, count: u64) -> Result<Window> {
        struct Place {
            start: u64,
            end: u64,
            at_us: u64,
            whole: bool,
            id: Option<(u64, u64)>,
        }
        let (total, places, before_us, bytes) = {
            let streams = self.lock();
            let (events, stdout) = (&streams.events, &streams.stdout);
            let came = |n: u64| stdout.time_at(events.bounds(n)?.1 - 1);
            let to = events.len().min(from.saturating_add(count));
            let places = (from..to).filter_map(|n| {
                let (start, end) = events.bounds(n)?;
                let id = events.id_block(n).and_then(|n| events.bounds(n));
                Some(Place { start, end, at_us: came(n)?, whole: events.is_whole(n), id })
            });
            (events.len(), places.collect::<Vec<_>>(), from.checked_sub(1).and_then(came), stdout.bytes())
        };
        let read = |start: u64, end: u64| {
            let read = bytes.read(start, end.min(start + READ)).map_err(|error| self.unreadable(&error))?;
            Ok(Block::read(&read))
        };
        let mut lines = Vec::with_capacity(places.len());
        for (place, n) in places.iter().zip(from..) {
            let block = read(place.start, place.end)?;
            let inherited = match (&block.id, place.id) {
                (None, Some((start, end))) => read(start, end)?.id,
                _ => None,
            };
            let id = block.id.clone().or(inherited).map(|id| String::from_utf8_lossy(&id).into_owned());
            lines.push(row(n, place.at_us, place.end - place.start, &block, place.whole, id));
        }
        Ok(Window { from, total, lines, before_us, making: None, problem: None, decoded: None })
    }
}

fn row(n: u64, at_us: u64, bytes: u64, block: &Block, whole: bool, id: Option<String>) -> Line {
    let text = if block.has_data { &block.data } else { &block.comments };
    let cut = text.len() as u64 > LINE_LIMIT || bytes > READ;
    let text = if cut { whole_characters(&text[..text.len().min(LINE_LIMIT as usize)]) } else { text };
    let rendered = RenderedText::of(text);
    let name = String::from_utf8_lossy(if block.name.is_empty() { b"message" } else { &block.name }).into_owned();
    let row = Row::Event { outcome: block.outcome(whole), name, id, retry: block.retry };
    Line { cut, row: Some(row), ..Line::of(n, Stream::Stdout, at_us, rendered, bytes) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(stream: &[u8]) -> Events {
        let mut events = Events::default();
        events.push(stream);
        events
    }

    fn blocks(events: &Events, stream: &[u8]) -> Vec<(Block, bool)> {
        let bounds = (0..events.len()).map(|n| (events.bounds(n).unwrap(), events.is_whole(n)));
        bounds.map(|((start, end), whole)| (Block::read(&stream[start as usize..end as usize]), whole)).collect()
    }

    /// What a browser dispatches, written down from the standard without regard to speed or
    /// pieces: type, data and last event id of each event.
    fn dispatched(stream: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let stream = stream.strip_prefix(BOM).unwrap_or(stream);
        let mut lines = vec![Vec::new()];
        let mut bytes = stream.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\r' => {
                    bytes.next_if_eq(&b'\n');
                    lines.push(Vec::new());
                }
                b'\n' => lines.push(Vec::new()),
                byte => lines.last_mut().unwrap().push(byte),
            }
        }
        lines.pop();
        let (mut data, mut name, mut id, mut events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            if line.is_empty() {
                let text = std::mem::take(&mut data);
                let kind = std::mem::take(&mut name);
                if let Some((_, text)) = text.split_last() {
                    events.push((if kind.is_empty() { b"message".to_vec() } else { kind }, text.to_vec(), id.clone()));
                }
                continue;
            }
            let (field, value) = match line.iter().position(|byte| *byte == b':') {
                Some(0) => continue,
                Some(colon) => (line[..colon].to_vec(), line[colon + 1..].to_vec()),
                None => (line, Vec::new()),
            };
            let value = value.strip_prefix(b" ").map(<[u8]>::to_vec).unwrap_or(value);
            match &field[..] {
                b"event" => name = value,
                b"data" => {
                    data.extend(value);
                    data.push(b'\n');
                }
                b"id" if !value.contains(&0) => id = value,
                _ => {}
            }
        }
        events
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            3 => Just(&b"\n"[..]), 3 => Just(&b"\r"[..]), 2 => Just(&b"\r\n"[..]),
            2 => Just(&b"data: x"[..]), 1 => Just(&b"data"[..]), 1 => Just(&b"data:"[..]), 1 => Just(&b"event: tick"[..]),
            1 => Just(&b"id: 7"[..]), 1 => Just(&b"id"[..]), 1 => Just(&b"id: \0"[..]), 1 => Just(&b"retry: 10"[..]),
            1 => Just(&b": ping"[..]), 1 => Just(&b"other: y"[..]), 1 => Just(BOM), 1 => Just(&b"\xef"[..]),
            1 => Just(&b" "[..]), 1 => Just(&b":"[..]),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        /// However the stream is cut, the blocks are those of the whole, and what they say is what
        /// a browser makes of it.
        #[test]
        fn split_anywhere_is_the_same(stream in stream(), cuts in prop::collection::vec(0usize..200, 0..30)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.sort_unstable();
            let (mut events, mut from) = (Events::default(), 0);
            for cut in cuts.into_iter().chain([stream.len()]) {
                events.push(&stream[from..cut]);
                from = cut;
            }
            let whole = of(&stream);
            prop_assert_eq!(blocks(&events, &stream), blocks(&whole, &stream));
            let blocks = blocks(&whole, &stream);
            let mut told = Vec::new();
            for (n, (block, whole_block)) in blocks.iter().enumerate() {
                if block.outcome(*whole_block) == EventOutcome::Dispatched {
                    // An id block may set none: one with a NUL in it does not count.
                    let mut ids = blocks[..=n].iter().filter_map(|(block, _)| block.id.clone());
                    let name = if block.name.is_empty() { b"message".to_vec() } else { block.name.clone() };
                    told.push((name, block.data.clone(), ids.next_back().unwrap_or_default()));
                }
            }
            prop_assert_eq!(told, dispatched(&stream));
        }
    }

    #[test]
    fn a_block_says_what_a_browser_reads_of_it() {
        let block =
            Block::read(b": hi\r\nevent: a: b\rdata:  two\ndata\ndata:x\nid: 5\nretry: 2000\nretry: x\nnonsense\n\n");
        assert_eq!(block.name, b"a: b");
        assert_eq!(block.data, b" two\n\nx");
        assert_eq!((block.id.as_deref(), block.retry), (Some(&b"5"[..]), Some(2000)));
        assert_eq!(block.comments, b"hi");
        assert_eq!(Block::read(b"id: a\0b\n\n").id, None);
        assert_eq!(Block::read(b"id\n\n").id.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn what_is_not_dispatched_is_told_apart() {
        let stream = b"\n\n: ping\n\nid: 3\n\ndata\n\ndata: cut";
        let events = of(stream);
        let outcomes: Vec<_> = blocks(&events, stream).iter().map(|(block, whole)| block.outcome(*whole)).collect();
        use EventOutcome::{Comment, Dispatched, Nothing, Unfinished};
        assert_eq!(outcomes, [Comment, Nothing, Dispatched, Unfinished]);
    }
}

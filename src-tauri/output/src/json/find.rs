//! Finds in the rows of indented JSON, as they are drawn and without their indentation: each place counts, also in what is
//! folded or too long to be drawn.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use grep_matcher::{LineTerminator, Matcher};
use grep_searcher::{Searcher, SearcherBuilder, Sink, SinkMatch};

use super::{
    Focus, Json, PATIENCE, Walk,
    splitter::{Splitter, Start, Tidier},
};
use crate::{Finder, Hit, LINE_LIMIT, Line, Output, TaskProgress, offsets::Offsets, unread};
use porthole_base::error::Result;

/// Bytes that are searched at once.
const SLICE: u64 = 4 * 1024 * 1024;
/// What two pieces of a row that is longer have in common: a match longer than this may be missed where they meet.
const OVERLAP: usize = 64 * 1024;
/// Bytes of a long row that are drawn before what was found in it.
const BEFORE: u64 = 40;

/// A place in a row: bytes of its text, without the indentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub line: u64,
    pub from: u64,
    pub to: u64,
}

/// What was found in one body so far.
#[derive(Debug)]
pub struct JsonSearch {
    output: Arc<Output>,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    /// The lines in which something was found.
    lines: Offsets,
    /// How many places were found before each of them.
    before: Offsets,
    places: u64,
    /// The next line to be searched, and where it begins.
    next: u64,
    done: u64,
}

impl JsonSearch {
    pub fn new(output: Arc<Output>) -> Self {
        Self { output, found: Mutex::default() }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many places were found, and on how many lines.
    pub fn counts(&self) -> (u64, u64) {
        let found = self.found();
        (found.places, found.lines.len())
    }

    pub fn progress(&self) -> TaskProgress {
        // Not begun here: a body that is being decoded is read as JSON when all of it is there.
        let whole = self.output.json.get().map_or_else(|| self.output.counts().stdout.bytes, |json| json.0.length);
        TaskProgress { done: self.found().done, whole }
    }

    pub fn lines(&self, from: u64, count: u64) -> Vec<u64> {
        self.found().lines.iter_from(from).take(count as usize).collect()
    }

    /// Searches to the end, a slice at a time, as long as `go_on` says so after each.
    pub fn advance(&self, finder: &Finder, mut go_on: impl FnMut() -> bool) -> Result<()> {
        let json = self.output.json();
        let mut searcher = SearcherBuilder::new().line_terminator(LineTerminator::crlf()).line_number(false).build();
        let mut buffer = Vec::new();
        loop {
            let from = self.found().next;
            let (slice, over) = json.slice(from);
            if let Some((start, to, end)) = slice {
                json.0.bytes.read_into(&mut buffer, start.offset, end).map_err(|error| unread(&json.0.path, &error))?;
                let lines = json.matches(finder, &mut searcher, &buffer, (from, to), start)?;
                let found = &mut *self.found();
                for (line, places) in lines {
                    found.lines.push(line);
                    let before = found.places;
                    found.before.push(before);
                    found.places += places;
                }
                (found.next, found.done) = (to, end);
            } else if over {
                self.found().done = json.0.length;
                return Ok(());
            }
            if !go_on() {
                return Ok(());
            }
        }
    }

    /// The lines that were found, from the nth on.
    pub fn drawn(&self, finder: &Finder, from: u64, count: u64) -> Result<Vec<Line>> {
        match self.lines(from, count) {
            none if none.is_empty() => Ok(Vec::new()),
            lines => self.output.json().lines_at(&lines, Some(finder)),
        }
    }

    /// The place after or before one, or at the other end when there is none; what hides it is unfolded.
    pub fn near(&self, finder: &Finder, line: u64, column: Option<u64>, after: bool) -> Result<Option<Hit>> {
        if self.counts().0 == 0 {
            return Ok(None);
        }
        let json = self.output.json();
        let (place, at) = {
            let found = self.found();
            let Some(last) = found.lines.len().checked_sub(1) else { return Ok(None) };
            let here = found.lines.below(line);
            let on_it = found.lines.get(here) == Some(line);
            drop(found);
            match column.filter(|_| on_it) {
                Some(column) => match json.beside(finder, line, column, after)? {
                    Some((nth, spot)) => (here, Nth::Known(nth, spot)),
                    None => (around(here, last, after), Nth::End),
                },
                None if after && !on_it => (if here > last { 0 } else { here }, Nth::End),
                None => (around(here, last, after), Nth::End),
            }
        };
        let (found_line, before, next) = {
            let found = self.found();
            let before = found.before.get(place).unwrap_or_default();
            (found.lines.get(place).unwrap_or_default(), before, found.before.get(place + 1).unwrap_or(found.places))
        };
        let spot = match at {
            Nth::Known(nth, spot) => Some((nth, spot)),
            Nth::End if finder.inverse => None,
            Nth::End => {
                let nth = if after { 0 } else { (next - before).saturating_sub(1) };
                json.nth(finder, found_line, nth)?.map(|spot| (nth, spot))
            }
        };
        let (row, mark) = json.reveal(found_line, spot.map(|(_, spot)| spot))?;
        let place_of_all = before + spot.map_or(0, |(nth, _)| nth);
        let column = spot.map(|(_, spot)| spot.from);
        Ok(Some(Hit { place: place_of_all, line: found_line, row, listed: place, column, mark }))
    }
}

impl Drop for JsonSearch {
    fn drop(&mut self) {
        if let Some(json) = self.output.json.get() {
            json.0.state().focus = None;
        }
    }
}

/// Which place of a line.
enum Nth {
    Known(u64, Spot),
    /// The first one, or the last one when going backwards.
    End,
}

/// The next of some lines, or the one before.
fn around(here: u64, last: u64, after: bool) -> u64 {
    if after { if here >= last { 0 } else { here + 1 } } else { here.checked_sub(1).unwrap_or(last) }
}

impl Json {
    /// What is searched next, from a line on, and whether there will be no more.
    fn slice(&self, from: u64) -> (Option<(Start, u64, u64)>, bool) {
        let state = self.0.state();
        let slice = state.index.slice(from, SLICE, state.over);
        if slice.is_some() || state.over {
            return (slice, state.over);
        }
        let waited = self.0.over.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        (None, waited.over && waited.index.lines <= from)
    }

    /// The lines of a slice in which something is found, each with how often.
    fn matches(
        &self,
        finder: &Finder,
        searcher: &mut Searcher,
        bytes: &[u8],
        (from, to): (u64, u64),
        start: Start,
    ) -> Result<Vec<(u64, u64)>> {
        let mut lines = Vec::new();
        if bytes.len() as u64 > 2 * SLICE {
            let mut walk = self.walk(from)?;
            for line in from..to {
                while walk.line < line {
                    walk.next()?;
                }
                let mut count = 0;
                self.each_spot(finder, &mut walk, &mut |_| {
                    count += 1;
                    true
                })?;
                lines.push((line, count));
            }
            lines.retain(|(_, count)| (*count > 0) != finder.inverse);
        } else {
            let text = rows(bytes, start);
            let mut sink = Counter { matcher: finder, text: &text, line: from, at: 0, lines: Vec::new() };
            let searched = searcher.search_slice(&finder.matcher, &text, &mut sink);
            searched.map_err(|error| unread(&self.0.path, &error))?;
            lines = sink.lines;
            if finder.inverse {
                let mut rest = lines.into_iter().map(|(line, _)| line).peekable();
                let others = (from..to).filter(|line| rest.next_if_eq(line).is_none());
                return Ok(others.map(|line| (line, 1)).collect());
            }
        }
        Ok(lines.into_iter().map(|(line, count)| (line, count.max(1))).collect())
    }

    /// The places in the line of a walk, in order, until one is enough.
    fn each_spot(&self, finder: &Finder, walk: &mut Walk<'_>, take: &mut dyn FnMut(Spot) -> bool) -> Result<()> {
        let (start, until, _) = walk.current()?;
        let (mut tidier, mut raw, mut text) = (Tidier::default(), Vec::new(), Vec::new());
        // The buffer's first column in the line, and the position in the buffer that is searched next.
        let (mut at, mut base, mut from) = (start.offset, 0, 0);
        loop {
            let to = until.min(at + SLICE);
            self.0.bytes.read_into(&mut raw, at, to).map_err(|error| unread(&self.0.path, &error))?;
            tidier.push(&raw, &mut text);
            at = to;
            let last = at == until || raw.is_empty();
            while let Ok(Some(found)) = finder.matcher.find_at(&text, from) {
                if found.end() == text.len() && !last {
                    break;
                }
                from = if found.is_empty() { found.end() + 1 } else { found.end() };
                let spot = Spot { line: walk.line, from: base + found.start() as u64, to: base + found.end() as u64 };
                if !found.is_empty() && !take(spot) {
                    return Ok(());
                }
                if from > text.len() {
                    break;
                }
            }
            if last {
                return Ok(());
            }
            // A byte more stays, so that what follows doesn't look like the beginning of the line.
            let next = from.max(text.len().saturating_sub(OVERLAP)).min(text.len());
            let keep = next.saturating_sub(1);
            text.drain(..keep);
            base += keep as u64;
            from = next - keep;
        }
    }

    fn at_line(&self, line: u64) -> Result<Walk<'_>> {
        let mut walk = self.walk(line)?;
        while walk.line < line {
            walk.next()?;
        }
        Ok(walk)
    }

    /// The place in a line next to a column.
    fn beside(&self, finder: &Finder, line: u64, column: u64, after: bool) -> Result<Option<(u64, Spot)>> {
        let (mut n, mut found) = (0, None);
        self.each_spot(finder, &mut self.at_line(line)?, &mut |spot| {
            let passed = if after { spot.from > column } else { spot.from >= column };
            if passed == after {
                found = Some((n, spot));
            }
            n += 1;
            !passed
        })?;
        Ok(found)
    }

    fn nth(&self, finder: &Finder, line: u64, nth: u64) -> Result<Option<Spot>> {
        let (mut n, mut found) = (0, None);
        self.each_spot(finder, &mut self.at_line(line)?, &mut |spot| {
            found = Some(spot);
            n += 1;
            n <= nth
        })?;
        Ok(found)
    }

    /// Unfolds what hides a line and draws it so that a place in it is seen; its row, and where the place is in what is
    /// drawn.
    fn reveal(&self, line: u64, spot: Option<Spot>) -> Result<(u64, Option<(u32, u32)>)> {
        let mut walk = self.at_line(line)?;
        let focus = spot.filter(|spot| spot.to > LINE_LIMIT / 2).map(|spot| self.focus(&mut walk, spot)).transpose()?;
        let row = {
            let mut state = self.0.state();
            state.folds.reveal(line);
            state.focus = focus.flatten();
            state.folds.row_of(line)
        };
        let Some(spot) = spot else { return Ok((row, None)) };
        let skipped = focus.flatten().map_or(0, |focus| focus.skipped);
        let (from, to) = (spot.from.saturating_sub(skipped) as usize, spot.to.saturating_sub(skipped) as usize);
        let drawn = self.row(&mut walk, 0, &|text| vec![(from.min(text.len()), to.min(text.len()))])?;
        Ok((row, drawn.found.first().copied()))
    }

    /// From where a long line is drawn, when a place in it is beyond its beginning.
    fn focus(&self, walk: &mut Walk<'_>, spot: Spot) -> Result<Option<Focus>> {
        let (start, until, _) = walk.current()?;
        if until - start.offset <= LINE_LIMIT {
            return Ok(None);
        }
        let wanted = spot.from.saturating_sub(BEFORE);
        let (mut tidier, mut raw, mut text) = (Tidier::default(), Vec::new(), Vec::new());
        let (mut at, mut column) = (start.offset, 0);
        while at < until {
            let to = until.min(at + LINE_LIMIT);
            self.0.bytes.read_into(&mut raw, at, to).map_err(|error| unread(&self.0.path, &error))?;
            let before = tidier;
            text.clear();
            tidier.push(&raw, &mut text);
            if column + text.len() as u64 > wanted {
                tidier = before;
                for (n, byte) in raw.iter().enumerate() {
                    // Not in the middle of a character or of an escape.
                    if column >= wanted && tidier.is_apart() && byte & 0xc0 != 0x80 {
                        let (offset, in_text) = (at + n as u64, tidier.in_text);
                        return Ok(Some(Focus { line: spot.line, skipped: column, offset, in_text }));
                    }
                    text.clear();
                    tidier.push(&[*byte], &mut text);
                    column += text.len() as u64;
                }
            } else {
                column += text.len() as u64;
            }
            if raw.is_empty() {
                break;
            }
            at = to;
        }
        Ok(None)
    }
}

/// The rows of some lines, each without its indentation.
fn rows(bytes: &[u8], start: Start) -> Vec<u8> {
    let mut splitter = Splitter::at_line(start, bytes.first().copied().unwrap_or_default());
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 4);
    let mut at = 0;
    while at < bytes.len() {
        let passed = splitter.passes(&bytes[at..]);
        if passed > 0 {
            text.extend_from_slice(&bytes[at..at + passed]);
            at += passed;
            continue;
        }
        let (byte, in_text) = (bytes[at], splitter.in_text());
        if splitter.byte(byte, at as u64).is_some_and(|start| start.offset > 0) {
            text.push(b'\n');
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' if !in_text => {}
            b':' if !in_text => text.extend_from_slice(b": "),
            byte => text.push(byte),
        }
        at += 1;
    }
    text
}

/// Counts the places on each line that matches.
struct Counter<'a> {
    matcher: &'a Finder,
    text: &'a [u8],
    /// The line that is at `at`.
    line: u64,
    at: usize,
    lines: Vec<(u64, u64)>,
}

impl Sink for &mut Counter<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let start = found.absolute_byte_offset() as usize;
        self.line += memchr::memchr_iter(b'\n', &self.text[self.at..start]).count() as u64;
        self.at = start;
        let bytes = found.bytes();
        for line in bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n') {
            let mut count = 0;
            let _ = self.matcher.matcher.find_iter(line, |place| {
                count += u64::from(!place.is_empty());
                true
            });
            if count > 0 {
                self.lines.push((self.line, count));
            }
            self.line += 1;
        }
        self.at = start + bytes.len();
        Ok(true)
    }
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;

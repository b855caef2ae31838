//! Search in lines, while they arrive: slice by slice in the order of the view, with the engine
//! of ripgrep.

mod lines;
mod slices;
mod workers;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use super::{
    Hit, JsonSearch, Log, Output, Query, RenderOptions, TaskProgress, View, Window, offsets::Offsets, spill::Bytes,
};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Bytes of each stream that are searched before progress is reported.
const SLICE: u64 = 16 * 1024 * 1024;
/// A line longer than this is read and searched in pieces of this size.
const LONG: u64 = 4 * 1024 * 1024;
/// Bytes of them that are read at once: they are still in the processor's cache when they are searched.
const BLOCK: u64 = 256 * 1024;
/// What two pieces of a line that is longer than that have in common: a match longer than this
/// may be missed where they meet.
const OVERLAP: u64 = 64 * 1024;
/// Matches that are marked in one drawn line.
const MARKED: usize = 256;
/// A hit that is farther from the one before than this is looked up; nearer ones are counted to.
const NEAR: usize = 16 * 1024;

/// What is looked for in a line.
#[derive(Debug)]
pub struct Finder {
    pub(super) matcher: RegexMatcher,
    pub(super) inverse: bool,
}

impl Finder {
    /// Reads what is looked for.
    ///
    /// # Errors
    /// [`Code::SearchInvalid`] when it is empty or no regular expression.
    pub fn new(query: &Query) -> Result<Self> {
        if query.text.is_empty() {
            return Err(Error::new(Code::SearchInvalid, "The search text is empty"));
        }
        let matcher = RegexMatcherBuilder::new()
            .fixed_strings(!query.regex)
            .case_insensitive(!query.match_case)
            .multi_line(true)
            .crlf(true)
            .build(&query.text);
        let matcher = matcher.map_err(|error| {
            let what = if query.regex { "Invalid regular expression" } else { "This text can't be searched for" };
            Error::new(Code::SearchInvalid, what)
                .detail(error)
                .hint("A search works line by line, so its text can't contain a line break.")
        })?;
        Ok(Self { matcher, inverse: query.inverse })
    }

    /// Where in a line without its end it is: byte offsets, from and to.
    pub fn ranges(&self, line: &[u8]) -> Vec<(usize, usize)> {
        let mut ranges = Vec::new();
        if !self.inverse {
            let _ = self.matcher.find_iter(line, |found| {
                ranges.push((found.start(), found.end()));
                ranges.len() < MARKED
            });
        }
        ranges
    }
}

/// A search in one output, and what it found so far.
#[derive(Debug)]
pub struct Search {
    output: Arc<Output>,
    view: View,
    finder: Finder,
    found: Mutex<Found>,
    /// What is found in rows of indented JSON.
    json: Option<JsonSearch>,
    /// The log of which only the lines count that are in it.
    log: Option<Arc<Log>>,
}

#[derive(Debug, Default)]
struct Found {
    /// Numbers of the lines in their view.
    hits: Offsets,
    /// The next line to be searched.
    next: u64,
    /// Lines that were searched before they had ended.
    open: Vec<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    stream: Stream,
    own: u64,
    line: u64,
    end: u64,
    is_hit: bool,
}

impl Found {
    /// Searches again from this line on, where it was searched already.
    fn back_to(&mut self, line: u64) {
        if line < self.next {
            let keep = self.hits.below(line);
            self.hits.truncate(keep);
            self.next = line;
            self.open.retain(|other| other.line < line);
        }
    }
}

/// What is searched at once: some lines of the view, which are contiguous in each stream.
#[derive(Debug)]
struct Slice {
    from: u64,
    to: u64,
    parts: Vec<Part>,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Part {
    stream: Stream,
    /// The first line and the one after the last, in the stream's own numbers.
    from: u64,
    to: u64,
    bytes: Bytes,
    start: u64,
    end: u64,
}

impl Part {
    /// Reads the whole lines that begin at this offset: some, or one that is longer than a block with all that follow.
    fn read_lines(&self, buffer: &mut Vec<u8>, start: u64, end: u64) -> io::Result<()> {
        let to = end.min(start + BLOCK);
        self.bytes.read_into(buffer, start, to)?;
        if to == end {
            return Ok(());
        }
        match memchr::memrchr(b'\n', buffer) {
            Some(last) => {
                buffer.truncate(last + 1);
                Ok(())
            }
            None => self.bytes.read_into(buffer, start, end),
        }
    }
}

impl Search {
    /// A search that has not begun.
    ///
    /// # Errors
    /// [`Code::SearchInvalid`] when the query cannot be read or names no view of lines.
    pub fn new(output: Arc<Output>, query: &Query) -> Result<Self> {
        if !matches!(query.view, View::Both | View::Stdout | View::Stderr) && !query.view.is_json() {
            return Err(Error::new(Code::SearchInvalid, "Only lines and indented JSON can be searched"));
        }
        let finder = Finder::new(query)?;
        let json = query.view.is_json().then(|| JsonSearch::new(Arc::clone(&output)));
        Ok(Self { output, view: query.view, finder, found: Mutex::default(), json, log: None })
    }

    /// A search in the lines of a log, those in folded stack traces too.
    ///
    /// # Errors
    /// [`Code::SearchInvalid`] when the query cannot be read.
    pub fn in_log(log: Arc<Log>, query: &Query) -> Result<Self> {
        let lines = Query { view: log.view(), ..query.clone() };
        Ok(Self { log: Some(Arc::clone(&log)), ..Self::new(Arc::clone(log.output()), &lines)? })
    }

    /// Decides all that is there for a log; whether there is more, and the search is to go on later.
    fn follow_log(&self, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        while log.advance()?.is_some() {
            if !go_on() {
                return Ok(());
            }
        }
        if let Some(line) = log.take_changed() {
            self.found().back_to(line);
        }
        Ok(())
    }

    /// Searches all that is there now, a slice at a time, as long as `go_on` says so after each.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn advance(&self, mut go_on: impl FnMut() -> bool) -> Result<()> {
        if let Some(json) = &self.json {
            return json.advance(&self.finder, go_on);
        }
        self.follow_log(&mut go_on)?;
        self.look_again()?;
        let mut workers = Vec::new();
        loop {
            let from = self.found().next;
            let decided = self.log.as_ref().map_or(u64::MAX, |log| log.decided());
            let Some(slice) = self.output.lock().slice(self.view, from, decided) else { return Ok(()) };
            let own = self.hits_in(&slice, &mut workers)?;
            let mut hits = self.in_view(&slice, &own);
            if let Some(log) = &self.log {
                hits.retain(|line| log.has(*line));
            }
            let mut found = self.found();
            for line in &hits {
                found.hits.push(*line);
            }
            found.next = slice.to;
            let open = slice.open.into_iter().map(|open| Open { is_hit: hits.contains(&open.line), ..open });
            found.open.extend(open);
            drop(found);
            if !go_on() {
                return Ok(());
            }
        }
    }

    /// Lines that had not ended when they were searched may have grown into hits, or out of being
    /// one; then the search continues from there.
    fn look_again(&self) -> Result<()> {
        let open = self.found().open.clone();
        for mut line in open {
            let Some((bytes, start, end, whole)) = self.output.lock().line_now(line.stream, line.own) else { continue };
            let is_hit = if end == line.end { line.is_hit } else { self.is_hit(&bytes, start, end)? };
            let mut found = self.found();
            found.open.retain(|other| other.line != line.line);
            if is_hit != line.is_hit {
                found.back_to(line.line);
                return Ok(());
            }
            if !whole {
                line.end = end;
                found.open.push(line);
            }
        }
        Ok(())
    }

    /// The hits of both streams as numbers of the view, in order; with an inverse search the others.
    fn in_view(&self, slice: &Slice, own: &[Vec<u64>; 2]) -> Vec<u64> {
        let streams = self.output.lock();
        let few = (own[0].len() + own[1].len()) as u64 * 16 < slice.to - slice.from;
        if few && !self.finder.inverse {
            let number = |stream| {
                let streams = &streams;
                move |n: &u64| streams.number_in(self.view, stream, *n)
            };
            let mut hits: Vec<u64> = own[0].iter().map(number(Stream::Stdout)).collect();
            hits.extend(own[1].iter().map(number(Stream::Stderr)));
            hits.sort_unstable();
            return hits;
        }
        let mut rest = [own[0].iter().peekable(), own[1].iter().peekable()];
        let lines = streams.owners(self.view, slice.from, slice.to);
        let hits = lines.zip(slice.from..).filter_map(|((stream, n), line)| {
            let is_hit = rest[stream as usize].next_if(|hit| **hit == n).is_some();
            (is_hit != self.finder.inverse).then_some(line)
        });
        hits.collect()
    }

    fn is_hit(&self, bytes: &Bytes, start: u64, end: u64) -> Result<bool> {
        let matches = self.matches_somewhere(bytes, start, end).map_err(|error| self.output.unreadable(&error))?;
        Ok(matches != self.finder.inverse)
    }

    /// Whether one line matches, however long it is.
    fn matches_somewhere(&self, bytes: &Bytes, start: u64, end: u64) -> io::Result<bool> {
        let (mut buffer, mut at) = (Vec::new(), start);
        loop {
            let to = end.min(at + LONG);
            bytes.read_into(&mut buffer, at, to)?;
            // The first byte of a later piece is there so that it does not look like the beginning of
            // the line, and what touches the end of a piece that is not the last is looked at again.
            let mut from = usize::from(at > start);
            while let Ok(Some(found)) = self.finder.matcher.find_at(&buffer, from) {
                if to == end || found.end() < buffer.len() {
                    return Ok(true);
                }
                from = found.start() + 1;
                if from > buffer.len() {
                    break;
                }
            }
            if to == end {
                return Ok(false);
            }
            at = to - OVERLAP;
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The view of lines that is searched.
    pub fn view(&self) -> View {
        self.view
    }

    /// What is looked for.
    pub fn finder(&self) -> &Finder {
        &self.finder
    }

    /// How many lines were found so far, or places in indented JSON.
    pub fn hits(&self) -> u64 {
        self.json.as_ref().map_or_else(|| self.found().hits.len(), |json| json.counts().0)
    }

    /// How many lines were found so far.
    pub fn lines(&self) -> u64 {
        self.json.as_ref().map_or_else(|| self.found().hits.len(), |json| json.counts().1)
    }

    /// How much of the output has been searched.
    pub fn progress(&self) -> TaskProgress {
        if let Some(json) = &self.json {
            return json.progress();
        }
        let next = self.found().next;
        self.output.lock().bytes_before(self.view, next)
    }

    /// The hit after or before a line, or the first or last one when there is none there. In indented JSON it is the one
    /// after or before a column of the line, and what hides it is unfolded.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn near(&self, line: u64, column: Option<u64>, after: bool) -> Result<Option<Hit>> {
        if let Some(json) = &self.json {
            return json.near(&self.finder, line, column, after);
        }
        let found = self.found();
        let Some(last) = found.hits.len().checked_sub(1) else { return Ok(None) };
        let place = if after {
            let next = found.hits.below(line.saturating_add(1));
            if next > last { 0 } else { next }
        } else {
            found.hits.below(line).checked_sub(1).unwrap_or(last)
        };
        let line = found.hits.get(place);
        drop(found);
        let Some(line) = line else { return Ok(None) };
        let row = self.log.as_ref().map_or(Ok(line), |log| log.row_of(line))?;
        Ok(Some(Hit { place, line, row, listed: place, column: None, mark: None }))
    }

    /// The numbers of the lines found, from the nth on.
    pub fn numbers(&self, from: u64, count: u64) -> Vec<u64> {
        match &self.json {
            Some(json) => json.lines(from, count),
            None => self.found().hits.iter_from(from).take(count as usize).collect(),
        }
    }

    /// The lines found, from one to another, as they came.
    ///
    /// # Errors
    /// As for [`Output::exact`].
    pub fn exact(&self, from: u64, to: u64) -> Result<String> {
        let mut text = String::new();
        if let Some(json) = &self.json {
            let mut at = from;
            while at < to {
                let lines = json.drawn(&self.finder, at, (to - at).min(super::WINDOW_LINES))?;
                at += lines.len() as u64;
                lines.iter().for_each(|line| text.extend([&line.text, "\n"]));
                if lines.is_empty() {
                    break;
                }
                if text.len() as u64 > super::EXACT_LIMIT {
                    return Err(super::too_much());
                }
            }
            return Ok(text);
        }
        for n in self.numbers(from, to.saturating_sub(from)) {
            text.push_str(&self.output.exact(self.view, n, n + 1)?);
            if text.len() as u64 > super::EXACT_LIMIT {
                return Err(super::too_much());
            }
        }
        Ok(text)
    }

    /// The lines found, from the nth on, as rows.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn window(&self, from: u64, count: u64, ansi: bool) -> Result<Window> {
        if let Some(json) = &self.json {
            let lines = json.drawn(&self.finder, from, count.min(super::WINDOW_LINES))?;
            return Ok(Window { from, total: self.lines(), lines, ..Window::empty() });
        }
        let numbers = self.numbers(from, count.min(super::WINDOW_LINES));
        let before = from.checked_sub(1).and_then(|before| self.found().hits.get(before));
        let before_us = before.and_then(|before| self.output.lock().row_time(self.view, before));
        let lines = self.output.lines_at(self.view, &numbers, RenderOptions { ansi, finder: Some(&self.finder) })?;
        Ok(Window { from, total: self.hits(), lines, before_us, making: None, problem: None, decoded: None })
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;

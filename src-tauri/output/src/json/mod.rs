//! A JSON body, indented and folded, whatever its size: nothing of it is copied or decoded. An
//! index tells where the lines would begin; a look at some of them reads those bytes alone.

mod find;
mod folds;
mod grammar;
mod index;
mod path;
mod splitter;
mod walk;

use std::{
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

pub(super) use find::JsonSearch;
use folds::Folds;
use grammar::Grammar;
use index::Index;
pub(super) use path::Decimal;
pub use path::{Location, PathFilter};
use splitter::{Start, tidy};
use walk::Walk;

use super::{
    Finder, Fold, LINE_LIMIT, Line, Row, TaskProgress, WINDOW_LIMIT, Window, lines::whole_characters, spill::Bytes,
    text::RenderedText, unread,
};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Bytes read at once.
const PIECE: u64 = 256 * 1024;
/// How long a look waits for the lines of a body that is still being read: long enough for most
/// to be whole at the first look.
const PATIENCE: Duration = Duration::from_millis(40);
/// Folds that a body may have: each costs some memory.
pub(super) const MOST_FOLDS: usize = 2_000_000;
/// Levels of indentation that are drawn.
const DRAWN_DEPTH: u32 = 48;

/// Whether text is the beginning of JSON: `Some(true)` when it is all of a value, `None` when it is something else.
pub(super) fn begins_like_json(text: &[u8]) -> Option<bool> {
    let mut grammar = Grammar::new();
    for byte in text {
        grammar.byte(*byte).ok()?;
    }
    Some(grammar.finish().is_ok())
}

/// The indented form of one body. Its own thread reads the body once; it ends with this.
#[derive(Debug)]
pub(super) struct Json(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bytes: Bytes,
    length: u64,
    path: PathBuf,
    most_folds: usize,
    state: Mutex<State>,
    /// Told when the body has been read.
    over: Condvar,
    given_up: AtomicBool,
}

#[derive(Debug)]
struct State {
    index: Index,
    folds: Folds,
    /// Of a line that is too long to be drawn whole, the part that is.
    focus: Option<Focus>,
    over: bool,
    problem: Option<Error>,
}

/// A place in a long line from which it is drawn.
#[derive(Debug, Clone, Copy)]
struct Focus {
    line: u64,
    /// How much of the line's text is left out before.
    skipped: u64,
    /// Where the rest begins in the body.
    offset: u64,
    in_text: bool,
}

/// Where a line is, found under the lock and read without it.
struct Place {
    line: u64,
    checkpoint: u64,
    start: Start,
    folded: u64,
}

/// What is marked in the text of a line, as byte offsets in it.
type Marks<'a> = &'a dyn Fn(&[u8]) -> Vec<(usize, usize)>;

impl Json {
    /// Begins to read this many bytes, of which no more than `most_folds` brackets are folded.
    pub fn begin(bytes: Bytes, length: u64, path: PathBuf, most_folds: usize) -> Self {
        let state = State { index: Index::new(), folds: Folds::default(), focus: None, over: false, problem: None };
        let (state, over, given_up) = (Mutex::new(state), Condvar::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { bytes, length, path, most_folds, state, over, given_up });
        let reading = Arc::clone(&shared);
        let started = std::thread::Builder::new().name("json".into()).spawn(move || reading.read());
        if let Err(error) = started {
            shared.end(Some(unread(&shared.path, &error)));
        }
        Self(shared)
    }

    /// Rows from the nth on, with what is found in them.
    pub fn window(&self, from: u64, count: u64, finder: Option<&Finder>) -> Result<Window> {
        let shared = &self.0;
        let state = shared.patiently();
        let total = state.folds.rows(state.index.lines);
        let making = (!state.over).then_some(TaskProgress { done: state.index.done, whole: shared.length });
        let problem = state.problem.clone();
        let rows = from..total.min(from.saturating_add(count));
        let places = rows.map(|row| self.place(&state, state.folds.line_of(row))).collect::<Result<Vec<_>>>()?;
        let end = state.index.done;
        drop(state);
        let lines = self.drawn(places, end, finder)?;
        Ok(Window { from, total, lines, before_us: None, making, problem, decoded: None })
    }

    /// Lines by their numbers, whether they are folded away or not.
    pub fn lines_at(&self, numbers: &[u64], finder: Option<&Finder>) -> Result<Vec<Line>> {
        let state = self.0.state();
        let places = numbers.iter().map(|line| self.place(&state, *line)).collect::<Result<Vec<_>>>()?;
        let end = state.index.done;
        drop(state);
        self.drawn(places, end, finder)
    }

    fn place(&self, state: &State, line: u64) -> Result<Place> {
        let (_, checkpoint) = state.index.before(line).ok_or_else(|| self.missing(line))?;
        let folded = state.folds.folded_into(line);
        Ok(Place { line, checkpoint: checkpoint.line, start: checkpoint.start, folded })
    }

    fn drawn(&self, places: Vec<Place>, end: u64, finder: Option<&Finder>) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(places.len());
        let mut walk: Option<Walk<'_>> = None;
        let mut left = WINDOW_LIMIT;
        for Place { line, checkpoint, start, folded } in places {
            let on = walk.take().filter(|walk| walk.line <= line && walk.line >= checkpoint);
            let mut here = on.unwrap_or_else(|| Walk::begin(&self.0, checkpoint, start, end));
            while here.line < line {
                here.next()?;
            }
            let drawn =
                self.row(&mut here, folded, &|text| finder.map_or_else(Vec::new, |finder| finder.ranges(text)))?;
            left = left.saturating_sub(drawn.bytes.min(LINE_LIMIT));
            lines.push(drawn);
            walk = Some(here);
            if left == 0 {
                break;
            }
        }
        Ok(lines)
    }

    fn row(&self, walk: &mut Walk<'_>, folded: u64, marks: Marks<'_>) -> Result<Line> {
        let (start, until, next_depth) = walk.current()?;
        let focus = self.0.state().focus.filter(|focus| focus.line == walk.line);
        let (from, in_text) = focus.map_or((start.offset, false), |focus| (focus.offset, focus.in_text));
        let cut = until.saturating_sub(from) > LINE_LIMIT;
        let read = self.0.bytes.read(from, until.min(from + LINE_LIMIT));
        let read = read.map_err(|error| unread(&self.0.path, &error))?;
        let bytes = tidy(if cut { whole_characters(&read) } else { &read }, in_text);
        let indent = 2 * start.depth.min(DRAWN_DEPTH) as usize;
        let marked: Vec<(usize, usize)> =
            marks(&bytes).into_iter().map(|(from, to)| (indent + from, indent + to)).collect();
        let mut text = vec![b' '; indent];
        text.extend_from_slice(&bytes);
        let row = Row::Json { depth: start.depth, opens: next_depth > start.depth, folded };
        let (rendered, found) = RenderedText::with(&text, &marked);
        let line = Line::of(walk.line, Stream::Stdout, 0, rendered, until - start.offset);
        Ok(Line { cut, skipped: focus.map_or(0, |focus| focus.skipped), found, row: Some(row), ..line })
    }

    /// Waits until all of the body is read.
    ///
    /// # Errors
    /// What is wrong with it; [`Code::Cancelled`].
    pub fn whole(&self, stop: &AtomicBool) -> Result<()> {
        let mut state = self.0.state();
        while !state.over {
            if stop.load(Relaxed) {
                return Err(Error::new(Code::Cancelled, "The filter was canceled"));
            }
            state = self.0.over.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.problem.clone().map_or(Ok(()), Err)
    }

    /// The value on a line.
    pub fn location(&self, line: u64) -> Result<Location> {
        let mut walk = self.walk(line)?;
        while walk.line < line {
            walk.next()?;
        }
        self.location_at(walk.start.offset)?.ok_or_else(|| self.missing(line))
    }

    /// The value at a byte.
    pub fn location_at(&self, offset: u64) -> Result<Option<Location>> {
        path::location_in(&self.0.bytes, self.0.length, &self.0.path, offset)
    }

    /// Folds or unfolds at a line.
    pub fn fold(&self, line: u64, fold: Fold) -> Result<()> {
        if fold == Fold::Open {
            self.0.state().folds.unfold(line);
            return Ok(());
        }
        let (depth, close) = self.bracket(line)?;
        match fold {
            Fold::Close => self.0.state().folds.fold([(line, close - line)]),
            Fold::OpenInside => self.0.state().folds.unfold_from(line, close),
            Fold::Open => {}
            Fold::CloseInside => {
                let inside = self.brackets_in(line, close, depth + 1)?;
                let mut state = self.0.state();
                state.folds.unfold(line);
                state.folds.fold(inside);
            }
        }
        Ok(())
    }

    /// The depth of a line that opens a bracket, and the line that closes it.
    fn bracket(&self, line: u64) -> Result<(u32, u64)> {
        let mut walk = self.walk(line)?;
        while walk.line < line {
            walk.next()?;
        }
        let (start, _, next_depth) = walk.current()?;
        if next_depth <= start.depth {
            return Err(Error::new(Code::NoBracket, format!("No bracket opens on line {}", line + 1)));
        }
        walk.next()?;
        loop {
            if let Some(skipped) = self.skip(walk.line, start.depth) {
                walk = self.walk(skipped)?;
            }
            if walk.start.depth <= start.depth {
                return Ok((start.depth, walk.line));
            }
            walk.next()?;
        }
    }

    /// The brackets that open at a depth between two lines, each with the lines in it.
    fn brackets_in(&self, from: u64, to: u64, depth: u32) -> Result<Vec<(u64, u64)>> {
        let (mut brackets, mut opened) = (Vec::new(), None);
        let before = self.0.state().folds.len();
        let mut walk = self.walk(from)?;
        while walk.line < from {
            walk.next()?;
        }
        while walk.line < to {
            walk.next()?;
            if walk.start.depth != depth {
                if opened.is_some()
                    && let Some(skipped) = self.skip(walk.line, depth)
                {
                    walk = self.walk(skipped)?;
                }
                if walk.start.depth != depth {
                    continue;
                }
            }
            // A line of that depth opens a bracket when the next one is deeper, and the next one
            // of its depth is where that closes.
            if let Some(open) = opened.take() {
                brackets.push((open, walk.line - open));
            } else if walk.current()?.2 > depth {
                opened = Some(walk.line);
            }
            if brackets.len() + before > self.0.most_folds {
                return Err(Error::new(Code::TooManyFolds, "There are too many brackets to fold")
                    .hint("Fold the enclosing bracket instead."));
            }
        }
        Ok(brackets)
    }

    fn walk(&self, line: u64) -> Result<Walk<'_>> {
        let state = self.0.state();
        let (_, checkpoint) = state.index.before(line).ok_or_else(|| self.missing(line))?;
        Ok(Walk::begin(&self.0, checkpoint.line, checkpoint.start, state.index.done))
    }

    /// Where to go on from a line that begins blocks in which nothing is as high as `depth`.
    fn skip(&self, line: u64, depth: u32) -> Option<u64> {
        let state = self.0.state();
        let (at, checkpoint) = state.index.before(line)?;
        if checkpoint.line != line {
            return None;
        }
        let deeper = |at: &usize| state.index.block(*at).is_some_and(|(block, _)| block.least > depth);
        let blocks = (at..).take_while(deeper).count();
        let next = state.index.block(at + blocks)?.0.line;
        (blocks > 0).then_some(next)
    }

    fn missing(&self, line: u64) -> Error {
        Error::new(Code::LineNotFound, format!("The JSON has no line {} yet", line + 1))
            .hint("It is still being read, or ends before that line.")
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        self.0.given_up.store(true, Relaxed);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state when the body has been read, or as far as it is after a moment.
    fn patiently(&self) -> MutexGuard<'_, State> {
        let waited = self.over.wait_timeout_while(self.state(), PATIENCE, |state| !state.over);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self, problem: Option<Error>) {
        let mut state = self.state();
        state.over = true;
        state.problem = problem;
        self.over.notify_all();
    }

    fn read(&self) {
        let mut grammar = Grammar::new();
        let mut buffer = Vec::new();
        let (mut at, mut lines_before) = (0, 0);
        while at < self.length && !self.given_up.load(Relaxed) {
            if let Err(error) = self.bytes.read_into(&mut buffer, at, self.length.min(at + PIECE)) {
                return self.end(Some(unread(&self.path, &error)));
            }
            if buffer.is_empty() {
                break;
            }
            let (good, refused) = check(&mut grammar, &buffer);
            self.state().index.push(&buffer[..good]);
            if let Some(why) = refused {
                lines_before += memchr::memchr_iter(b'\n', &buffer[..good]).count();
                return self.end(Some(not_json(at + good as u64, lines_before as u64, why)));
            }
            lines_before += memchr::memchr_iter(b'\n', &buffer).count();
            at += buffer.len() as u64;
        }
        let unfinished = grammar.finish().err();
        self.end(unfinished.map(|why| not_json(at, lines_before as u64, why)));
    }
}

/// How many bytes are JSON so far, and why the one after them is not.
fn check(grammar: &mut Grammar, bytes: &[u8]) -> (usize, Option<grammar::Refused>) {
    let mut at = 0;
    while at < bytes.len() {
        at += grammar.passes(&bytes[at..]);
        let Some(byte) = bytes.get(at) else { break };
        if let Err(why) = grammar.byte(*byte) {
            return (at, Some(why));
        }
        at += 1;
    }
    (at, None)
}

fn not_json(offset: u64, lines_before: u64, why: &str) -> Error {
    Error::new(Code::NotJson, format!("The body isn't valid JSON: {why}"))
        .detail(format!("At byte {offset}, line {}", lines_before + 1))
        .hint("View the raw body.")
}

#[cfg(fuzzing)]
pub fn fuzz_json(bytes: &[u8], pieces: &[&[u8]]) {
    use serde::de::IgnoredAny;
    let mut grammar = Grammar::new();
    let (good, refused) = check(&mut grammar, bytes);
    let is_json = refused.is_none() && grammar.finish().is_ok();
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>().peekable();
    let serde_says = values.peek().is_some() && values.all(|value| value.is_ok());
    // serde goes 128 brackets deep.
    if bytes.iter().filter(|byte| b"[{".contains(byte)).count() < 128 {
        assert_eq!(is_json, serde_says);
    }
    let bytes = &bytes[..good];
    let starts = |pieces: &[&[u8]]| {
        let (mut splitter, mut offset, mut starts) = (Splitter::at(0), 0, Vec::new());
        for byte in pieces.concat() {
            starts.extend(splitter.byte(byte, offset));
            offset += 1;
        }
        starts
    };
    let whole = starts(&[bytes]);
    let mut index = Index::new();
    let mut left = good;
    for piece in pieces {
        let piece = &piece[..piece.len().min(left)];
        left -= piece.len();
        index.push(piece);
    }
    assert_eq!(index.lines, whole.len() as u64);
    let ends = whole.iter().skip(1).map(|start| start.offset as usize).chain([good]);
    let lines: Vec<u8> = whole
        .iter()
        .zip(ends)
        .flat_map(|(start, end)| {
            let mut line = tidy(&bytes[start.offset as usize..end], false);
            line.push(b'\n');
            line
        })
        .collect();
    if is_json {
        let value = |text: &[u8]| {
            serde_json::Deserializer::from_slice(text)
                .into_iter::<serde_json::Value>()
                .map(|value| value.ok())
                .collect::<Vec<_>>()
        };
        assert_eq!(value(&lines), value(bytes));
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;

//! What a Run or a body wrote: every byte on disk in the order read, a small index in memory,
//! and windows of rows for a caller that looks.

#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod ansi;
mod body_kind;
mod catch_up;
mod charset;
mod chunks;
mod coding;
mod decoded;
mod disk_quota;
mod events;
mod facts;
mod file_errors;
mod files;
mod hex;
mod json;
mod lines;
mod log;
mod markup;
mod new_file;
mod offsets;
mod order;
pub mod record;
mod records;
mod reopened;
mod save;
mod screen;
mod search;
mod sniff;
mod spill;
mod stream;
mod streams;
mod table;
mod text;
mod transcript;
mod utf8;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

pub use body_kind::BodyKind;
pub use charset::{Charset, CharsetBy, Clues, LOOKED_AT, detect, encoding};
use charset::{CharsetGuess, detect_with};
pub use chunks::Chunk;
pub use coding::{Broken, Coding, Decoder, Halt};
use decoded::Beginning;
pub use decoded::{Decoded, Limit, MOST_DECODED, MOST_TIMES, TIMES_FROM};
pub use disk_quota::DiskQuota;
pub use events::{Block, Events};
pub use facts::*;
use file_errors::{unread, unwritten};
pub use files::FilePart;
#[cfg(fuzzing)]
pub use json::fuzz_json;
use json::{Json, JsonSearch, MOST_FOLDS};
pub use json::{Location, PathFilter};
pub use lines::whole_characters;
use log::Classified;
pub use log::{Level, Log, LogMark, LogQuery, LogSummary};
pub use markup::Markup;
pub use new_file::{NewFile, save_failed};
use order::Order;
pub use save::{SAVE_PIECE, save};
pub use search::{Finder, Search};
use sniff::KindGuess;
pub use sniff::{image_type, is_svg};
use spill::{Bytes, Spill};
pub use stream::Stream;
use streams::Streams;
use table::Table;
#[cfg(fuzzing)]
pub use text::fuzz_text;
pub use text::visible;
pub use transcript::Transcript;
pub use utf8::Utf8;
pub use utf8::{incomplete_tail, lengths};

use porthole_base::error::{Code, Error, Result};

/// Bytes of one line that are drawn; the file holds all of it.
pub const LINE_LIMIT: u64 = 16 * 1024;
/// Bytes of text in one window.
const WINDOW_LIMIT: u64 = 1024 * 1024;
/// Rows in one window.
const WINDOW_LINES: u64 = 1000;
/// A body of this many bytes needs no file.
const SMALL: usize = 4096;
/// Bytes that are read at once of files of an earlier start.
const REOPENED: u64 = 1024 * 1024;
/// Bytes that are handed over as one text.
const EXACT_LIMIT: u64 = 32_000_000;

/// The output of one Call, in files that go when it is dropped.
#[derive(Debug)]
pub struct Output {
    stem: PathBuf,
    quota: Arc<DiskQuota>,
    streams: Mutex<Streams>,
    json: OnceLock<Json>,
}

/// How rows are drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenderOptions<'a> {
    /// Terminal codes are followed; else they are shown.
    pub ansi: bool,
    /// What is marked in the lines.
    pub finder: Option<&'a Finder>,
}

impl Output {
    /// An output of a run with nothing in it yet. Its files are made with the first byte of each
    /// stream: `STEM.stdout` and `STEM.stderr`, for this user only.
    pub fn new(stem: PathBuf, quota: Arc<DiskQuota>) -> Self {
        Self::with(stem, quota, 0)
    }

    /// One of a body: it has a file when it is longer than 4 KiB. A small one is kept as its
    /// headers are.
    pub fn of_body(stem: PathBuf, quota: Arc<DiskQuota>) -> Self {
        Self::with(stem, quota, SMALL)
    }

    fn with(stem: PathBuf, quota: Arc<DiskQuota>, in_memory: usize) -> Self {
        let spill = |stream| Spill::new(path(&stem, stream), in_memory);
        let streams = Streams {
            stdout: spill(Stream::Stdout),
            stderr: spill(Stream::Stderr),
            lines: Order::default(),
            chunks: Order::default(),
            body: None,
            has_events: false,
            events: Events::default(),
            start: Vec::new(),
            beginning: None,
            mislabeled: false,
            kind: KindGuess::default(),
            table: Table::default(),
            log: Classified::default(),
            guess: CharsetGuess::default(),
            kept: false,
        };
        Self { stem, quota, streams: Mutex::new(streams), json: OnceLock::new() }
    }

    /// Its files outlive this value.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.streams.get_mut().unwrap_or_else(PoisonError::into_inner).kept = true;
        self
    }

    /// The bytes of a stream that has no file, because it is small and was never needed in one.
    pub fn in_memory(&self, stream: Stream) -> Option<Vec<u8>> {
        let streams = self.lock();
        let spill = streams.of(stream);
        spill.stored().is_none().then(|| spill.in_memory().to_vec())
    }

    /// Tells what the body that comes is, before its first byte.
    pub fn expect(&self, body: BodyKind) {
        self.expect_encoded(body, &[]);
    }

    /// The same of a body with content codings, in the order in which they were applied. It is what it is when they are
    /// undone.
    pub fn expect_encoded(&self, body: BodyKind, codings: &[Coding]) {
        let streams = &mut *self.lock();
        streams.body = Some(body);
        streams.has_events = body == BodyKind::Events && codings.is_empty();
        streams.beginning = (!codings.is_empty()).then(|| Beginning::new(codings));
    }

    /// What its body is, by what was expected and how it begins; that of one with codings is what it is when they are
    /// undone.
    pub fn kind(&self) -> Option<BodyKind> {
        let Streams { body, start, kind, .. } = &mut *self.lock();
        body.map(|declared| kind.of(declared, start))
    }

    /// Whether a body isn't what its codings say, so that it can only be shown as sent.
    pub fn is_mislabeled(&self) -> bool {
        self.lock().mislabeled
    }

    /// Shows it as this kind of body from now on.
    pub fn show_as(&self, kind: BodyKind) {
        self.lock().has_events = kind == BodyKind::Events;
    }

    /// Adds a chunk. The write goes to the page cache and is over in microseconds; a stalled disk
    /// makes a caller that reads the process or the socket wait, never lose.
    ///
    /// # Errors
    /// [`Code::SpillFailed`], [`Code::TooManyOpenFiles`]; all that was appended is kept, this chunk in memory. The
    /// caller must then end.
    pub fn append(&self, stream: Stream, bytes: &[u8], at_us: u64) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let streams = &mut *self.lock();
        let spill = match stream {
            Stream::Stdout => &mut streams.stdout,
            Stream::Stderr => &mut streams.stderr,
        };
        let (lines, written) = spill.append(bytes, at_us, &self.quota);
        let file = written.as_ref().err().map(|_| spill.path().to_owned());
        streams.indexed(stream, lines, bytes, true);
        written.map_err(|error| unwritten(&file.unwrap_or_default(), &error))
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        let streams = self.lock();
        let of = |spill: &Spill| StreamCounts { bytes: spill.len(), lines: spill.lines() };
        Counts { stdout: of(&streams.stdout), stderr: of(&streams.stderr), chunks: streams.chunks.len() }
    }

    /// Bytes of memory that the index takes.
    pub fn memory(&self) -> usize {
        let streams = self.lock();
        let orders = streams.lines.memory() + streams.chunks.memory();
        streams.stdout.memory()
            + streams.stderr.memory()
            + orders
            + streams.events.memory()
            + streams.table.memory()
            + streams.log.memory()
    }

    /// Bytes of a stream from one offset to another, or as many as there are.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when its file cannot be read.
    pub fn read(&self, stream: Stream, from: u64, to: u64) -> Result<Vec<u8>> {
        let (bytes, length) = self.bytes(stream);
        bytes.read(from, to.min(length)).map_err(|error| self.unreadable(&error))
    }

    /// The file of a stream. It is there as soon as a run's stream has a byte; see
    /// [`Output::make_files`] for bodies.
    pub fn path(&self, stream: Stream) -> PathBuf {
        self.lock().of(stream).path().to_owned()
    }

    /// Nothing more will be appended: the files are closed, and opened again for readers.
    pub fn end(&self) {
        let streams = &mut *self.lock();
        streams.stdout.end();
        streams.stderr.end();
        streams.beginning = None;
    }

    /// Waits until what was appended is on the disk.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn sync(&self) -> io::Result<()> {
        // A slow disk must not hold up who appends or counts.
        let files = {
            let streams = self.lock();
            [streams.stdout.stored(), streams.stderr.stored()]
        };
        files.into_iter().flatten().try_for_each(|file| file.reader()?.sync_all())
    }

    /// Moves its files to where this stem names them.
    ///
    /// # Errors
    /// What the operating system says; the files can then neither be moved nor be kept open.
    pub fn move_to(&self, stem: &Path) -> io::Result<()> {
        let streams = &mut *self.lock();
        streams.stdout.move_to(path(stem, Stream::Stdout))?;
        streams.stderr.move_to(path(stem, Stream::Stderr))
    }

    /// Writes to the files what is in memory.
    ///
    /// # Errors
    /// What the operating system says when they cannot be made.
    pub fn make_files(&self) -> io::Result<()> {
        let streams = &mut *self.lock();
        for spill in [&mut streams.stdout, &mut streams.stderr] {
            if spill.len() > 0 {
                spill.flush(&self.quota)?;
            }
        }
        Ok(())
    }

    /// Rows from the nth of a view on, ready to be drawn.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file cannot be read; [`Code::SearchMissing`] for
    /// [`View::Hits`], which a [`Search`] answers, and [`View::Log`], which a [`Log`] does.
    pub fn window(&self, view: View, from: u64, count: u64, options: RenderOptions<'_>) -> Result<Window> {
        let count = count.min(WINDOW_LINES);
        match view {
            View::Both | View::Stdout | View::Stderr => self.lines_window(view, from, count, options),
            View::Chunks => self.chunks_window(from, count),
            View::Events if self.lock().has_events => {
                let making = self.find_events()?;
                Ok(Window { making, ..self.events_window(from, count)? })
            }
            View::Events => self.records_window(from, count),
            View::Hex => self.hex_window(Stream::Stdout, from, count),
            View::HexStderr => self.hex_window(Stream::Stderr, from, count),
            // The values that a path selects are a separate body.
            View::Pretty | View::Filtered => self.json().window(from, count, options.finder),
            View::Table => self.table_window(from, count),
            // The lines of a [`Markup`], which are those of its output.
            View::Markup => self.lines_window(View::Stdout, from, count, options),
            View::Log => Err(Error::new(Code::SearchMissing, "No log view is open in this output")),
            View::Hits => Err(Error::new(Code::SearchMissing, "No search is active in this output")),
        }
    }

    /// The text of rows as it came, not as it is drawn: line ends and control characters are
    /// themselves, and bytes that are no text become U+FFFD.
    ///
    /// # Errors
    /// [`Code::CopyTooLarge`] above 32 MB; [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn exact(&self, view: View, from: u64, to: u64) -> Result<String> {
        let mut bytes = Vec::new();
        match view {
            View::Both | View::Stdout | View::Stderr => self.each_line(view, from, to, |_, line| {
                bytes.extend_from_slice(line);
                if bytes.len() as u64 > EXACT_LIMIT { Err(too_much()) } else { Ok(()) }
            })?,
            View::Markup => return self.exact(View::Stdout, from, to),
            View::Chunks
            | View::Events
            | View::Hex
            | View::HexStderr
            | View::Pretty
            | View::Filtered
            | View::Table
            | View::Log
            | View::Hits => {
                let mut at = from;
                while at < to {
                    let window = self.window(view, at, to - at, RenderOptions::default())?;
                    if window.lines.is_empty() {
                        break;
                    }
                    at += window.lines.len() as u64;
                    for line in window.lines {
                        bytes.extend_from_slice(line.text.as_bytes());
                        bytes.push(b'\n');
                    }
                    if bytes.len() as u64 > EXACT_LIMIT {
                        return Err(too_much());
                    }
                }
            }
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Folds or unfolds indented JSON at a line.
    ///
    /// # Errors
    /// [`Code::TooManyFolds`] when that would be millions of folds; [`Code::OutputUnreadable`] when the body
    /// cannot be read.
    pub fn fold(&self, line: u64, fold: Fold) -> Result<()> {
        self.json().fold(line, fold)
    }

    /// The value on a line of indented JSON.
    ///
    /// # Errors
    /// [`Code::LineNotFound`]; [`Code::OutputUnreadable`] when the body cannot be read.
    pub fn location(&self, line: u64) -> Result<Location> {
        self.json().location(line)
    }

    /// The bytes of a value, unchanged.
    ///
    /// # Errors
    /// [`Code::CopyTooLarge`] above 32 MB; [`Code::OutputUnreadable`] when the body cannot be read.
    pub fn value(&self, of: &Location) -> Result<String> {
        if of.end - of.start > EXACT_LIMIT {
            return Err(too_much());
        }
        let bytes = self.read(Stream::Stdout, of.start, of.end)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The number of the first row of a view that came at this time or later.
    pub fn row_at_time(&self, view: View, at_us: u64) -> u64 {
        let streams = self.lock();
        let (mut low, mut high) = (0, streams.rows(view));
        while low < high {
            let middle = u64::midpoint(low, high);
            if streams.row_time(view, middle).is_some_and(|time| time < at_us) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Which encoding its text is in where it isn't UTF-8, as far as can be told now. Of bytes that are no text there is none.
    pub fn charset(&self, content_type: Option<&str>) -> Option<(&'static encoding_rs::Encoding, CharsetBy)> {
        let Streams { body, start, guess, kind, .. } = &mut *self.lock();
        match body {
            Some(declared) if kind.of(*declared, start).is_bytes() => None,
            _ => detect_with(Clues { content_type, start }, guess),
        }
    }

    /// Keeps the files when this value is dropped, or does not.
    pub fn keep(&self, kept: bool) {
        self.lock().kept = kept;
    }

    /// The indented form of a body, begun at the first look at it.
    fn json(&self) -> &Json {
        self.json.get_or_init(|| {
            let streams = self.lock();
            let file = streams.stdout.path().to_owned();
            Json::begin(streams.stdout.bytes(), streams.stdout.len(), file, MOST_FOLDS)
        })
    }

    fn bytes(&self, stream: Stream) -> (Bytes, u64) {
        let streams = self.lock();
        let spill = streams.of(stream);
        (spill.bytes(), spill.len())
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // A panic while the lock was held leaves counts that are still those of whole appends.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        unread(&self.stem, error)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let streams = self.streams.get_mut().unwrap_or_else(PoisonError::into_inner);
        for spill in [&mut streams.stdout, &mut streams.stderr] {
            let bytes = if spill.is_part() { 0 } else { spill.len() };
            if !streams.kept
                && let Err(error) = spill.remove()
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(file = %spill.path().display(), %error, "an output's file stays");
            }
            self.quota.give_back(bytes);
        }
    }
}

fn too_much() -> Error {
    Error::new(Code::CopyTooLarge, "The selection has more than 32 MB, too much to copy").hint("Save it to a file.")
}

/// The file of a stream: `STEM.stdout` or `STEM.stderr`.
fn path(stem: &Path, stream: Stream) -> PathBuf {
    stem.with_extension(match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    })
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;

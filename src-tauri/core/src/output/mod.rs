//! What a Run or a body wrote: every byte on disk in the order read, a small index in memory,
//! and windows of lines for whoever looks.

mod facts;
mod offsets;
mod order;
mod pretty;
mod spill;
mod text;
mod utf8;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use facts::*;
use order::Order;
use spill::{Spill, read_at};
use text::{Shown, without_line_end};
pub use utf8::Utf8;

use crate::{
    error::{Code, Error, Result},
    run::Stream,
};

/// Bytes of one line that are drawn; the file holds all of it.
pub const LINE_LIMIT: u64 = 16 * 1024;
/// Bytes of text in one window.
const WINDOW_LIMIT: u64 = 1024 * 1024;
/// A body larger than this is shown as it is: indenting can make it many times as long.
const PRETTY_LIMIT: u64 = 32 * 1024 * 1024;
/// Lines in one window.
const WINDOW_LINES: u64 = 1000;

/// The output of one Call, in a directory of its own that goes when it is dropped.
#[derive(Debug)]
pub struct Output {
    directory: PathBuf,
    streams: Mutex<Streams>,
    pretty: Mutex<Pretty>,
}

/// The indented form of a body.
#[derive(Debug, Default)]
enum Pretty {
    #[default]
    NotMade,
    /// It is not JSON, or too long.
    None,
    Made(Box<Output>),
}

#[derive(Debug)]
struct Streams {
    stdout: Spill,
    stderr: Spill,
    lines: Order,
    chunks: Order,
}

impl Streams {
    fn of(&self, stream: Stream) -> &Spill {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

/// One piece as it was read.
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

impl Output {
    /// Makes the directory with an empty file for each stream, for this user only.
    ///
    /// # Errors
    /// [`Code::SpillFailed`] when the directory exists or cannot be made.
    pub fn create(directory: PathBuf) -> Result<Self> {
        let make = || {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&directory)?;
            Ok(Streams {
                stdout: Spill::create(&directory.join("stdout"))?,
                stderr: Spill::create(&directory.join("stderr"))?,
                lines: Order::default(),
                chunks: Order::default(),
            })
        };
        let streams = make().map_err(|error| failed("make", &directory, &error))?;
        Ok(Self { directory, streams: Mutex::new(streams), pretty: Mutex::default() })
    }

    /// Adds a chunk. The write goes to the page cache and is over in microseconds; a full or
    /// stalled disk makes whoever reads the process or the socket wait, never lose.
    ///
    /// # Errors
    /// [`Code::SpillFailed`], with everything before it kept.
    pub fn append(&self, stream: Stream, bytes: &[u8], at_us: u64) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut streams = self.lock();
        let spill = match stream {
            Stream::Stdout => &mut streams.stdout,
            Stream::Stderr => &mut streams.stderr,
        };
        let lines = spill.append(bytes, at_us).map_err(|error| failed("write to", &self.directory, &error))?;
        for _ in 0..lines {
            streams.lines.push(stream);
        }
        streams.chunks.push(stream);
        Ok(())
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        let streams = self.lock();
        let of = |spill: &Spill| StreamCounts { bytes: spill.len(), lines: spill.lines() };
        Counts { stdout: of(&streams.stdout), stderr: of(&streams.stderr), chunks: streams.chunks.len() }
    }

    /// The file of a stream.
    pub fn path(&self, stream: Stream) -> PathBuf {
        self.directory.join(match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        })
    }

    /// Chunks from the nth on, in the order read.
    pub fn chunks(&self, from: u64, count: usize) -> Vec<Chunk> {
        let streams = self.lock();
        let places = streams.chunks.iter_from(from).take(count);
        places
            .filter_map(|(stream, n)| {
                let (offset, end, at_us) = streams.of(stream).chunk(n)?;
                Some(Chunk { stream, at_us, offset, len: end - offset })
            })
            .collect()
    }

    /// Lines from the nth of a view on, ready to be drawn. [`View::Pretty`] of a body that is not
    /// JSON shows it as it is.
    ///
    /// # Errors
    /// [`Code::SpillFailed`] when a file cannot be read.
    pub fn window(&self, view: View, from: u64, count: u64) -> Result<Window> {
        if view == View::Pretty {
            return self.pretty_window(from, count);
        }
        let failed = |error| failed("read", &self.directory, &error);
        let (total, places) = self.places(view, from, count.min(WINDOW_LINES));
        let mut lines = Vec::with_capacity(places.len());
        let mut left = WINDOW_LIMIT;
        for place in places {
            let line = place.read().map_err(failed)?;
            left = left.saturating_sub(line.bytes.min(LINE_LIMIT));
            lines.push(line);
            if left == 0 {
                break;
            }
        }
        Ok(Window { from, total, lines, before_us: None, making: None, problem: None })
    }

    /// Where the lines stand, found under the lock; they are read without it.
    fn places(&self, view: View, from: u64, count: u64) -> (u64, Vec<Place>) {
        let streams = self.lock();
        let place = |(stream, n): (Stream, u64)| {
            let spill = streams.of(stream);
            let (start, end) = spill.line(n)?;
            Some(Place { file: spill.file(), stream, start, end, at_us: spill.time_at(start)? })
        };
        let only = |stream| {
            let total = streams.of(stream).lines();
            let places = (from..total.min(from.saturating_add(count))).filter_map(|n| place((stream, n)));
            (total, places.collect())
        };
        match view {
            View::Both => {
                let places = streams.lines.iter_from(from).take(count as usize);
                (streams.lines.len(), places.filter_map(place).collect())
            }
            View::Stdout | View::Pretty | View::Chunks | View::Events | View::Hex | View::HexStderr | View::Hits => only(Stream::Stdout),
            View::Stderr => only(Stream::Stderr),
        }
    }

    /// The indented body is made once, on the first look at the finished body, and is an output of
    /// its own.
    fn pretty_window(&self, from: u64, count: u64) -> Result<Window> {
        let mut pretty = self.pretty.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*pretty, Pretty::NotMade) {
            *pretty = self.make_pretty()?;
        }
        match &*pretty {
            Pretty::Made(made) => made.window(View::Stdout, from, count),
            Pretty::NotMade | Pretty::None => self.window(View::Stdout, from, count),
        }
    }

    fn make_pretty(&self) -> Result<Pretty> {
        let read = |error| failed("read", &self.directory, &error);
        let open = || fs::File::open(self.path(Stream::Stdout)).map_err(read);
        if self.counts().stdout.bytes > PRETTY_LIMIT || !pretty::is_json(open()?) {
            return Ok(Pretty::None);
        }
        let made = Output::create(self.directory.join("pretty"))?;
        pretty::indent(open()?, Appending(&made)).map_err(read)?;
        Ok(Pretty::Made(Box::new(made)))
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // A panic while the lock was held leaves counts that are still those of whole appends.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.directory)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(directory = %self.directory.display(), %error, "the output's files stay");
        }
    }
}

/// Writes into an output's stdout.
struct Appending<'a>(&'a Output);

impl io::Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(Stream::Stdout, bytes, 0).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Place {
    file: std::sync::Arc<fs::File>,
    stream: Stream,
    start: u64,
    end: u64,
    at_us: u64,
}

impl Place {
    fn read(&self) -> io::Result<Line> {
        let bytes = self.end - self.start;
        let mut buffer = vec![0; bytes.min(LINE_LIMIT) as usize];
        let mut filled = 0;
        while filled < buffer.len() {
            match read_at(&self.file, &mut buffer[filled..], self.start + filled as u64)? {
                0 => break,
                n => filled += n,
            }
        }
        buffer.truncate(filled);
        let cut = bytes > LINE_LIMIT;
        let shown = Shown::of(if cut { whole_characters(&buffer) } else { without_line_end(&buffer) });
        Ok(Line { n: 0, stream: self.stream, at_us: self.at_us, text: shown.text, shown: shown.ranges, found: Vec::new(), styles: Vec::new(), bytes, cut, row: None })
    }
}

/// Without a character that the limit cut in two: its bytes are in the file and not wrong.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - utf8::incomplete_tail(bytes)]
}

fn failed(did: &str, directory: &Path, error: &io::Error) -> Error {
    let error_text =
        Error::new(Code::SpillFailed, format!("cannot {did} the output's files in {}", directory.display()))
            .detail(error);
    match error.kind() {
        io::ErrorKind::StorageFull => {
            error_text.hint("The disk is full: clear old Calls or make room, then run it again.")
        }
        _ => error_text,
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;

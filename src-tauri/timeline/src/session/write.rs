//! Writing a session: as a stream, beside its path, and put there when it is whole.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::SystemTime,
};

use serde_json::Value;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{
    content::{Content, OutputContent, WriteFailed},
    format::{ENTRY, FORMAT, MOST_CALLS, MOST_FACTS, Part, SessionCall, StreamEntry, VERSION, ended},
};
use crate::chunk_times::ChunkWriter;
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};
use porthole_output::{NewFile, Output, SAVE_PIECE, SavedFile, Stream};
use porthole_sdk::call::Call;

/// From this length on an entry needs the long form of the zip format, which has to be known before it is written.
const LONG: u64 = 1 << 30;

/// Hears from time to time how many bytes are written, and says whether to go on.
type GoOn<'a> = Box<dyn FnMut(u64) -> bool + Send + 'a>;

/// A session that is being written. When it is dropped before it is finished, nothing of it stays.
pub struct SessionWriter<'a> {
    /// Goes before the zip, which would otherwise write its end when it is dropped.
    _abandon: Abandon,
    zip: ZipWriter<Target>,
    new: NewFile,
    /// The calls of `session.json` so far, separated by commas.
    calls: Vec<u8>,
    count: usize,
    bytes: u64,
    told: u64,
    go_on: GoOn<'a>,
}

impl std::fmt::Debug for SessionWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionWriter")
            .field("path", &self.new.path())
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl<'a> SessionWriter<'a> {
    /// Begins one at this absolute path.
    ///
    /// # Errors
    /// Those of [`NewFile::begin_private`].
    pub fn begin(path: &Path, replace: bool) -> Result<Self> {
        let new = NewFile::begin_private(path, replace)?;
        let file = new.file().try_clone().map_err(|error| new.failed(&error))?;
        let abandoned = Arc::new(AtomicBool::new(false));
        let file = BufWriter::with_capacity(256 * 1024, file);
        let zip = ZipWriter::new(Target { file, abandoned: Arc::clone(&abandoned), at: 0, end: 0 });
        let go_on = Box::new(|_| true);
        Ok(Self { _abandon: Abandon(abandoned), zip, new, calls: Vec::new(), count: 0, bytes: 0, told: 0, go_on })
    }

    /// Reports progress from now on; an answer of false ends it with [`Code::Cancelled`].
    #[must_use]
    pub fn reporting(mut self, go_on: impl FnMut(u64) -> bool + Send + 'a) -> Self {
        self.go_on = Box::new(go_on);
        self
    }

    /// How many calls were added.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds a call with what its output holds now.
    ///
    /// # Errors
    /// As [`add_content`](Self::add_content).
    pub fn add(&mut self, call: &Call, output: &Output, pinned: bool) -> Result<()> {
        let mut content = OutputContent::new(output);
        let call = ended(call.clone(), content.last_us());
        self.add_content(call, pinned, &mut content)
    }

    /// Adds a call that has ended, with its bytes.
    ///
    /// # Errors
    /// [`Code::SaveFailed`] when it can't be written; [`Code::OutputUnreadable`] when its bytes can't be read;
    /// [`Code::SessionTooLarge`]; [`Code::Cancelled`]. After an error the writer can only be dropped.
    pub fn add_content(&mut self, call: Call, pinned: bool, content: &mut dyn Content) -> Result<()> {
        if self.count >= MOST_CALLS {
            return Err(too_large(&format!("A session holds at most {} calls", count(MOST_CALLS as u64))));
        }
        let n = self.count;
        let stdout = self.add_stream(n, Part::Stdout, Stream::Stdout, content)?;
        let stderr = self.add_stream(n, Part::Stderr, Stream::Stderr, content)?;
        let chunks = match (&stdout, &stderr) {
            (None, None) => None,
            _ => Some(self.add_chunks(n, content)?),
        };
        let facts = SessionCall { call, stdout, stderr, chunks, pinned };
        if n > 0 {
            self.calls.push(b',');
        }
        serde_json::to_writer(&mut self.calls, &facts).map_err(|error| self.new.failed(&error.into()))?;
        if self.calls.len() as u64 > MOST_FACTS - 64 * 1024 {
            return Err(too_large("These calls have more metadata than a session file can hold"));
        }
        self.count += 1;
        Ok(())
    }

    fn add_stream(
        &mut self,
        n: usize,
        part: Part,
        stream: Stream,
        content: &mut dyn Content,
    ) -> Result<Option<StreamEntry>> {
        let about = content.about(stream);
        if about == 0 {
            return Ok(None);
        }
        let entry = part.entry(n);
        self.start(&entry, CompressionMethod::Stored, about >= LONG)?;
        let mut to = Counting { writer: self, bytes: 0, cancelled: false };
        let written = content.write(stream, &mut to);
        let Counting { bytes, cancelled, .. } = to;
        written.map_err(|failed| self.failed(failed, cancelled))?;
        Ok(Some(StreamEntry { entry, bytes }))
    }

    fn add_chunks(&mut self, n: usize, content: &mut dyn Content) -> Result<StreamEntry> {
        let entry = Part::Chunks.entry(n);
        let about = content.about(Stream::Stdout).max(content.about(Stream::Stderr));
        self.start(&entry, CompressionMethod::Stored, about >= LONG / 16)?;
        let mut chunks = ChunkWriter::default();
        let mut to = Counting { writer: self, bytes: 0, cancelled: false };
        let written = {
            let mut buffered = BufWriter::new(&mut to);
            let told = content.each_chunk(&mut |stream, len, at_us| match len {
                0 => Ok(()),
                len => chunks.write(&mut buffered, stream, len, at_us),
            });
            told.and_then(|()| buffered.flush().map_err(WriteFailed::from))
        };
        let cancelled = to.cancelled;
        written.map_err(|failed| self.failed(failed, cancelled))?;
        Ok(StreamEntry { entry, bytes: chunks.bytes })
    }

    fn start(&mut self, entry: &str, method: CompressionMethod, long: bool) -> Result<()> {
        let options = SimpleFileOptions::default().compression_method(method).large_file(long).unix_permissions(0o600);
        self.zip.start_file(entry, options).map_err(|error| self.new.failed(&io_error(error)))
    }

    /// Writes the facts and gives the file its name. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`Code::SaveFailed`], [`Code::FileExists`].
    pub fn finish(mut self, rules: &Value) -> Result<SavedFile> {
        let saved_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        let mut head = serde_json::json!({
            "format": FORMAT, "version": VERSION, "porthole": env!("CARGO_PKG_VERSION"), "savedMs": saved_ms,
        });
        if !rules.is_null() {
            head["rules"] = rules.clone();
        }
        self.start(ENTRY, CompressionMethod::Deflated, false)?;
        let head = head.to_string();
        let parts: [&[u8]; 4] = [head.trim_end_matches('}').as_bytes(), b",\"calls\":[", &self.calls, b"]}\n"];
        for part in parts {
            self.zip.write_all(part).map_err(|error| self.new.failed(&error))?;
        }
        let file = self.zip.finish().map_err(|error| self.new.failed(&io_error(error)))?;
        let file = file.file.into_inner().map_err(|error| self.new.failed(error.error()))?;
        file.sync_all().map_err(|error| self.new.failed(&error))?;
        let bytes = file.metadata().map_err(|error| self.new.failed(&error))?.len();
        let path = self.new.path().display().to_string();
        self.new.finish()?;
        Ok(SavedFile { path, bytes })
    }

    fn failed(&self, failed: WriteFailed, cancelled: bool) -> Error {
        match failed {
            WriteFailed::Writing(_) if cancelled => {
                Error::new(Code::Cancelled, "Exporting was canceled, and nothing was saved")
            }
            WriteFailed::Writing(error) => self.new.failed(&error),
            WriteFailed::Reading(error) => error,
        }
    }
}

/// The file that the zip is written to. When it is abandoned, or a write failed, nothing more reaches it, and the zip, which
/// writes its end when it is dropped, sees a file that takes all of it.
#[derive(Debug)]
struct Target {
    file: BufWriter<File>,
    abandoned: Arc<AtomicBool>,
    /// Where the next byte goes, and where the file ends.
    at: u64,
    end: u64,
}

impl Target {
    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Relaxed)
    }

    fn abandon_after<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.abandoned.store(true, Relaxed);
            }
        })
    }
}

impl Write for Target {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match self.is_abandoned() {
            true => buffer.len(),
            false => {
                let written = self.file.write(buffer);
                self.abandon_after(written)?
            }
        };
        self.at += written as u64;
        self.end = self.end.max(self.at);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_abandoned() {
            return Ok(());
        }
        let flushed = self.file.flush();
        self.abandon_after(flushed)
    }
}

impl Seek for Target {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        if !self.is_abandoned() {
            let moved = self.file.seek(SeekFrom::Start(place));
            self.abandon_after(moved)?;
        }
        self.at = place;
        Ok(place)
    }
}

/// Has nothing more written when it is dropped.
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Counts what is written to the entry that is open.
struct Counting<'w, 'a> {
    writer: &'w mut SessionWriter<'a>,
    bytes: u64,
    cancelled: bool,
}

impl Write for Counting<'_, '_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.writer.zip.write(buffer)?;
        self.bytes += written as u64;
        self.writer.bytes += written as u64;
        if self.writer.bytes - self.writer.told >= SAVE_PIECE {
            self.writer.told = self.writer.bytes;
            if !(self.writer.go_on)(self.writer.bytes) {
                self.cancelled = true;
                return Err(io::Error::other("canceled"));
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large(message: &str) -> Error {
    Error::new(Code::SessionTooLarge, message).hint("Export fewer calls.")
}

fn io_error(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

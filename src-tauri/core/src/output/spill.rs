//! One stream on disk: an append-only file, and where its lines and chunks begin.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use super::offsets::Offsets;

/// One stream: its bytes as they came, in a file of its own so that a line is always contiguous.
#[derive(Debug)]
pub(super) struct Spill {
    file: Arc<File>,
    len: u64,
    lines: Offsets,
    chunks: Offsets,
    times: Offsets,
    /// Whether the next byte begins a line.
    at_line_start: bool,
}

impl Spill {
    /// Makes the file, for this user only.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: Arc::new(options.open(path)?),
            len: 0,
            lines: Offsets::default(),
            chunks: Offsets::default(),
            times: Offsets::default(),
            at_line_start: true,
        })
    }

    /// Adds a chunk and tells how many lines it began. What could not be written is not counted.
    pub fn append(&mut self, bytes: &[u8], at_us: u64) -> io::Result<u64> {
        (&*self.file).write_all(bytes)?;
        self.chunks.push(self.len);
        self.times.push(at_us);
        let before = self.lines.len();
        let mut from = 0;
        while from < bytes.len() {
            if self.at_line_start {
                self.lines.push(self.len + from as u64);
            }
            let end = memchr::memchr(b'\n', &bytes[from..]);
            self.at_line_start = end.is_some();
            from = end.map_or(bytes.len(), |end| from + end + 1);
        }
        self.len += bytes.len() as u64;
        Ok(self.lines.len() - before)
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn lines(&self) -> u64 {
        self.lines.len()
    }

    /// The file, to be read while more is appended.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Where a line begins and ends, line end included.
    pub fn line(&self, n: u64) -> Option<(u64, u64)> {
        let mut bounds = self.lines.iter_from(n);
        let start = bounds.next()?;
        Some((start, bounds.next().unwrap_or(self.len)))
    }

    /// When the byte at this offset came.
    pub fn time_at(&self, offset: u64) -> Option<u64> {
        self.times.get(self.chunks.last_at_or_below(offset)?)
    }

    /// Where a chunk begins and ends, and when it came.
    pub fn chunk(&self, n: u64) -> Option<(u64, u64, u64)> {
        let mut bounds = self.chunks.iter_from(n);
        let start = bounds.next()?;
        Some((start, bounds.next().unwrap_or(self.len), self.times.get(n)?))
    }
}

/// Reads without moving any position, so that readers and the writer do not meet. Not a memory
/// map: a file that somebody truncates must not end the process.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

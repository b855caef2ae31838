//! One stream on disk: an append-only file, and where its lines and chunks begin.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{offsets::Offsets, room::Room};

/// One stream: its bytes as they came, in a file of its own so that a line is always contiguous.
/// The file is made with the first byte, or with the first beyond what may stay in memory.
#[derive(Debug)]
pub(super) struct Spill {
    path: PathBuf,
    file: Option<Arc<File>>,
    /// All of it as long as it is no longer than `in_memory`, in place of the file.
    small: Vec<u8>,
    in_memory: usize,
    len: u64,
    lines: Offsets,
    chunks: Offsets,
    times: Offsets,
    /// Whether the next byte begins a line.
    at_line_start: bool,
}

/// Bytes that could not be written. Those of the same chunk before them were, and count.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub bytes: usize,
    pub error: io::Error,
}

impl Spill {
    /// One with nothing in it, of which so many bytes may stay in memory: to make a file takes as
    /// long as a small request to a backend.
    pub fn new(path: PathBuf, in_memory: usize) -> Self {
        Self {
            path,
            file: None,
            small: Vec::new(),
            in_memory,
            len: 0,
            lines: Offsets::default(),
            chunks: Offsets::default(),
            times: Offsets::default(),
            at_line_start: true,
        }
    }

    /// Adds a chunk and tells how many lines it began. What could not be written is not counted.
    pub fn append(&mut self, bytes: &[u8], at_us: u64, room: &Room) -> (u64, std::result::Result<(), Unwritten>) {
        let (written, ended) = self.write(bytes, room);
        let lines = self.index(&bytes[..written], at_us);
        room.take(written as u64);
        (lines, ended.map_err(|error| Unwritten { bytes: bytes.len() - written, error }))
    }

    fn write(&mut self, bytes: &[u8], room: &Room) -> (usize, io::Result<()>) {
        if self.file.is_none() && self.small.len() + bytes.len() <= self.in_memory {
            self.small.extend_from_slice(bytes);
            return (bytes.len(), Ok(()));
        }
        let file = match self.make_file() {
            Ok(file) => file,
            Err(error) => return (0, Err(error)),
        };
        let mut written = 0;
        while written < bytes.len() {
            match (&**file).write(&bytes[written..]) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull && room.drop_ballast() => {
                    // The rest of what was read fits now; the run ends with the error all the same.
                    let rest = (&**file).write_all(&bytes[written..]);
                    let all = if rest.is_ok() { bytes.len() } else { written };
                    return (all, Err(rest.err().unwrap_or(error)));
                }
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Makes the file, if it is not there, with what is in memory.
    pub fn make_file(&mut self) -> io::Result<&Arc<File>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let file = create(&self.path)?;
                if let Err(error) = (&file).write_all(&self.small) {
                    let _ = fs::remove_file(&self.path);
                    return Err(error);
                }
                self.small = Vec::new();
                Arc::new(file)
            }
        };
        Ok(self.file.insert(file))
    }

    /// Takes the file that is there, if one is. Its bytes count when they are indexed.
    pub fn open(&mut self) -> io::Result<()> {
        match File::open(&self.path) {
            Ok(file) => self.file = Some(Arc::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Adds to the index what stands next in the file, and tells how many lines it began.
    pub fn index(&mut self, bytes: &[u8], at_us: u64) -> u64 {
        if bytes.is_empty() {
            return 0;
        }
        self.chunks.push(self.len);
        self.times.push(at_us);
        let before = self.lines.len();
        if self.at_line_start {
            self.lines.push(self.len);
        }
        for end in memchr::memchr_iter(b'\n', bytes) {
            if end + 1 < bytes.len() {
                self.lines.push(self.len + end as u64 + 1);
            }
        }
        self.at_line_start = bytes.ends_with(b"\n");
        self.len += bytes.len() as u64;
        self.lines.len() - before
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// How many lines have begun.
    pub fn lines(&self) -> u64 {
        self.lines.len()
    }

    /// How many lines have ended.
    pub fn whole_lines(&self) -> u64 {
        self.lines.len() - u64::from(!self.at_line_start)
    }

    pub fn memory(&self) -> usize {
        self.lines.memory() + self.chunks.memory() + self.times.memory()
    }

    /// The bytes, to be read while more is appended.
    pub fn bytes(&self) -> Bytes {
        match &self.file {
            Some(file) => Bytes::File(Arc::clone(file)),
            None => Bytes::Memory(self.small.as_slice().into()),
        }
    }

    /// Where a line begins and ends, line end included.
    pub fn line(&self, n: u64) -> Option<(u64, u64)> {
        let mut bounds = self.lines.iter_from(n);
        let start = bounds.next()?;
        Some((start, bounds.next().unwrap_or(self.len)))
    }

    /// Where the nth line begins, or where the bytes end.
    pub fn line_start(&self, n: u64) -> u64 {
        self.lines.get(n).unwrap_or(self.len)
    }

    /// The line that the byte at this offset stands in.
    pub fn line_of(&self, offset: u64) -> Option<u64> {
        self.lines.last_at_or_below(offset)
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

    /// Removes the file.
    pub fn remove(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(_) => fs::remove_file(&self.path),
            None => Ok(()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a file for this user only.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The bytes of a stream, read by whoever holds this without any lock.
#[derive(Debug, Clone)]
pub(super) enum Bytes {
    /// All of it, as it was a moment ago.
    Memory(Arc<[u8]>),
    File(Arc<File>),
}

impl Bytes {
    /// Reads the bytes from `from` to `to`, or as many as there are. Not a memory map: a file that
    /// somebody truncates must not end the process.
    pub fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut buffer = Vec::new();
        self.read_into(&mut buffer, from, to)?;
        Ok(buffer)
    }

    /// The same into a buffer that is used again.
    pub fn read_into(&self, buffer: &mut Vec<u8>, from: u64, to: u64) -> io::Result<()> {
        let file = match self {
            Self::File(file) => file,
            Self::Memory(bytes) => {
                let to = bytes.len().min(to as usize);
                buffer.clear();
                buffer.extend_from_slice(bytes.get(from as usize..to).unwrap_or_default());
                return Ok(());
            }
        };
        buffer.resize(to.saturating_sub(from) as usize, 0);
        let mut filled = 0;
        while filled < buffer.len() {
            match read_at(file, &mut buffer[filled..], from + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.truncate(filled);
        Ok(())
    }
}

/// Reads without moving any position, so that readers and the writer do not meet.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

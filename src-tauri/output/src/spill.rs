//! One stream on disk: an append-only file, and where its lines and chunks begin.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk_quota::DiskQuota,
    files::{FilePart, Files, Stored, read_at},
    offsets::Offsets,
};

/// One stream: its bytes as they came, in its own file so that a line is always contiguous.
/// The file is made with the first byte, or with the first beyond what may stay in memory.
#[derive(Debug)]
pub(super) struct Spill {
    path: PathBuf,
    file: Option<Arc<Stored>>,
    /// What follows on the file's bytes: all of it as long as it is no longer than `in_memory`, and what could not be
    /// written when it was read.
    tail: Vec<u8>,
    /// Nothing more is written.
    ended: bool,
    in_memory: usize,
    len: u64,
    lines: Offsets,
    chunks: Offsets,
    times: Offsets,
    /// Whether the next byte begins a line.
    at_line_start: bool,
}

impl Spill {
    /// One with nothing in it, of which this many bytes may stay in memory: to make a file takes as
    /// long as a small request to a backend.
    pub fn new(path: PathBuf, in_memory: usize) -> Self {
        Self {
            path,
            file: None,
            tail: Vec::new(),
            ended: false,
            in_memory,
            len: 0,
            lines: Offsets::default(),
            chunks: Offsets::default(),
            times: Offsets::default(),
            at_line_start: true,
        }
    }

    /// Adds a chunk and tells how many lines it began. What can't be written stays in memory and counts all the same: the
    /// error is for readers, who must end.
    pub fn append(&mut self, bytes: &[u8], at_us: u64, quota: &DiskQuota) -> (u64, io::Result<()>) {
        let ended = self.write(bytes, quota);
        let lines = self.index(bytes, at_us);
        quota.take(bytes.len() as u64);
        (lines, ended)
    }

    fn write(&mut self, bytes: &[u8], quota: &DiskQuota) -> io::Result<()> {
        if self.file.is_none() && self.tail.len() + bytes.len() <= self.in_memory {
            self.tail.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        let ended = self.flush(quota).and_then(|file| write_all(&file, &mut rest, quota));
        self.tail.extend_from_slice(rest);
        ended
    }

    /// Makes the file, if it is not there, and writes what is in memory.
    pub fn flush(&mut self, quota: &DiskQuota) -> io::Result<Arc<File>> {
        let stored = match self.file.take() {
            Some(stored) => stored,
            None => Arc::new(Stored::create(&self.path, quota.files())?),
        };
        let stored = self.file.insert(stored);
        if self.tail.is_empty() && self.ended {
            return stored.reader();
        }
        let file = stored.writer()?;
        let mut rest = &self.tail[..];
        let written = write_all(&file, &mut rest, quota);
        let left = rest.len();
        self.tail.drain(..self.tail.len() - left);
        self.tail.shrink_to_fit();
        if self.ended {
            stored.release();
        }
        written.map(|()| file)
    }

    /// Takes the file that is there, if one is. Its bytes count when they are indexed.
    pub fn open(&mut self, files: &Arc<Files>) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(_) => self.file = Some(Arc::new(Stored::at(&self.path, files))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes bytes of a file that isn't Porthole's. They count when they are indexed.
    pub fn open_part(&mut self, part: FilePart, files: &Arc<Files>) {
        self.path.clone_from(&part.path);
        self.file = Some(Arc::new(Stored::part(part, files)));
        self.ended = true;
    }

    /// Whether its bytes are in a file that isn't Porthole's: they take none of its quota.
    pub fn is_part(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_part())
    }

    /// Nothing more is written: the file is closed, and opened again for its readers.
    pub fn end(&mut self) {
        self.ended = true;
        if let Some(file) = &self.file {
            file.release();
        }
    }

    /// Lets writes fail, until the file is closed.
    #[cfg(test)]
    pub fn fail_writes(&self) {
        let file = self.file.as_ref().unwrap();
        file.hold(File::open(&self.path).unwrap());
    }

    /// Its file, where it has one: to be synced without holding anything.
    pub fn stored(&self) -> Option<Arc<Stored>> {
        self.file.clone()
    }

    /// What isn't in the file.
    pub fn in_memory(&self) -> &[u8] {
        &self.tail
    }

    /// Moves the file to another path.
    pub fn move_to(&mut self, path: PathBuf) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.move_to(&path)?;
        }
        self.path = path;
        Ok(())
    }

    /// Adds to the index what is next in the file, and tells how many lines it began.
    pub fn index(&mut self, bytes: &[u8], at_us: u64) -> u64 {
        if bytes.is_empty() {
            return 0;
        }
        self.chunks.push(self.len);
        self.times.push(at_us);
        self.index_more(bytes)
    }

    /// Adds more of the last chunk.
    pub fn index_more(&mut self, bytes: &[u8]) -> u64 {
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
        let tail = (!self.tail.is_empty()).then(|| self.tail.as_slice().into());
        Bytes { file: self.file.clone(), tail, tail_from: self.len - self.tail.len() as u64 }
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

    /// The line that the byte at this offset is in.
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

    /// Removes the file, unless it isn't Porthole's.
    pub fn remove(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(file) if file.is_part() => Ok(()),
            Some(_) => fs::remove_file(&self.path),
            None => Ok(()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes as much as can be written; `rest` is what could not.
fn write_all(mut file: &File, rest: &mut &[u8], quota: &DiskQuota) -> io::Result<()> {
    let mut on_full_disk = Ok(());
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(more) => *rest = &rest[more..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull && on_full_disk.is_ok() => {
                // The rest of what was read fits now, also where another run has just freed the space. The run ends with
                // the error all the same.
                quota.drop_ballast();
                on_full_disk = Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    on_full_disk
}

/// The bytes of a stream as they were a moment ago, read by anyone who holds this without any lock.
#[derive(Debug, Clone)]
pub(super) struct Bytes {
    file: Option<Arc<Stored>>,
    /// What follows on the file's bytes.
    tail: Option<Arc<[u8]>>,
    tail_from: u64,
}

impl Bytes {
    /// Reads the bytes from `from` to `to`, or as many as there are. Not a memory map: a file that
    /// is truncated must not end the process.
    pub fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut buffer = Vec::new();
        self.read_into(&mut buffer, from, to)?;
        Ok(buffer)
    }

    /// The same into a buffer that is used again.
    pub fn read_into(&self, buffer: &mut Vec<u8>, from: u64, to: u64) -> io::Result<()> {
        let mut filled = 0;
        // What was in memory may have been written to the file since; its place is the same.
        let in_file = if self.tail.is_some() { to.min(self.tail_from) } else { to };
        let (begin, most) = self.file.as_ref().map_or((0, 0), |file| file.bounds());
        let in_file = in_file.min(most);
        if let Some(file) = self.file.as_ref().filter(|_| from < in_file) {
            let file = file.reader()?;
            // What is in it already is written over: to fill it with zeros would take as long as to read.
            buffer.resize((in_file - from) as usize, 0);
            while filled < buffer.len() {
                match read_at(&file, &mut buffer[filled..], begin + from + filled as u64) {
                    Ok(0) => break,
                    Ok(n) => filled += n,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        buffer.truncate(filled);
        if let Some(tail) = &self.tail {
            let at = |offset: u64| tail.len().min(offset.saturating_sub(self.tail_from) as usize);
            buffer.extend_from_slice(&tail[at(from)..at(to).max(at(from))]);
        }
        Ok(())
    }
}

//! A tar stream, read as it comes. Whatever it says, little of it is held in memory: a library that hands out whole
//! entries would read a name of a gigabyte.

use porthole_base::error::{Code, Error, Result};

const BLOCK: usize = 512;
/// The most bytes of an extended header, which holds a long name.
const LONGEST_EXTENSION: usize = 64 * 1024;
/// Where a block of a sparse file's map says that another follows.
const MAP_GOES_ON: usize = 504;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// A symbolic link, with its target.
    Link(Vec<u8>),
    /// Another name for an earlier entry, with that entry's name.
    HardLink(Vec<u8>),
    /// Something that isn't unpacked, in words.
    Other(&'static str),
}

/// The head of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// The name, as written in the archive.
    pub path: Vec<u8>,
    pub kind: Kind,
    /// Bytes of data that follow; only those of a file are handed on.
    pub size: u64,
    pub executable: bool,
}

/// Who gets the entries.
pub(super) trait Receive {
    /// The next entry.
    fn entry(&mut self, head: Head) -> Result<()>;
    /// Bytes of the last entry, if that was a file.
    fn data(&mut self, bytes: &[u8]) -> Result<()>;
    /// The last entry is over, if that was a file.
    fn end(&mut self) -> Result<()>;
}

/// Where in the stream it is.
#[derive(Debug)]
enum State {
    /// In a header's block.
    Header,
    /// In an extended header.
    Extension { of: Extension, left: u64, padding: u64, text: Vec<u8> },
    /// In a file's data.
    Data { left: u64, padding: u64 },
    /// In bytes that nothing wants.
    Skip { left: u64 },
    /// In the map of a sparse file, with the data that follows it.
    SparseMap { size: u64 },
    /// Behind the end, where anything may follow.
    End,
}

/// What an extended header holds.
#[derive(Debug, Clone, Copy)]
enum Extension {
    Pax,
    LongPath,
    LongLink,
}

/// What extended headers said of the entry that comes.
#[derive(Debug, Default)]
struct Pending {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
    is_too_long: bool,
}

/// Takes a tar stream in pieces of any size.
#[derive(Debug)]
pub(super) struct TarStream {
    state: State,
    block: [u8; BLOCK],
    filled: usize,
    pending: Pending,
}

impl Default for TarStream {
    fn default() -> Self {
        Self { state: State::Header, block: [0; BLOCK], filled: 0, pending: Pending::default() }
    }
}

impl TarStream {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Code::ArchiveUnreadable`], and what the receiver says. Nothing more may be fed then.
    pub fn feed(&mut self, mut bytes: &[u8], to: &mut impl Receive) -> Result<()> {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::End => return Ok(()),
                State::Header | State::SparseMap { .. } => self.fill(bytes, to)?,
                State::Skip { left } => {
                    let (_, rest) = split(bytes, left);
                    if *left == 0 {
                        self.state = State::Header;
                    }
                    rest
                }
                State::Data { left, padding } => {
                    let (taken, rest) = split(bytes, left);
                    to.data(taken)?;
                    if *left == 0 {
                        let padding = *padding;
                        to.end()?;
                        self.skip(padding);
                    }
                    rest
                }
                State::Extension { left, text, .. } => {
                    let (taken, rest) = split(bytes, left);
                    // One byte more than allowed tells that it was too long.
                    let room = (LONGEST_EXTENSION + 1).saturating_sub(text.len());
                    text.extend_from_slice(&taken[..taken.len().min(room)]);
                    if *left == 0 {
                        self.extended()?;
                    }
                    rest
                }
            };
        }
        Ok(())
    }

    /// The stream is over.
    ///
    /// # Errors
    /// [`Code::ArchiveUnreadable`] when it ended in the middle of something.
    pub fn finish(&self) -> Result<()> {
        match self.state {
            State::End => Ok(()),
            State::Header if self.filled == 0 => Ok(()),
            _ => Err(unreadable("it ends in the middle of an entry")),
        }
    }

    fn fill<'b>(&mut self, bytes: &'b [u8], to: &mut impl Receive) -> Result<&'b [u8]> {
        let (taken, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
        self.block[self.filled..self.filled + taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
        if self.filled == BLOCK {
            self.filled = 0;
            match self.state {
                State::SparseMap { .. } if self.block[MAP_GOES_ON] != 0 => {}
                State::SparseMap { size } => self.skip(padded(size)),
                _ => self.header(to)?,
            }
        }
        Ok(rest)
    }

    fn skip(&mut self, left: u64) {
        self.state = if left == 0 { State::Header } else { State::Skip { left } };
    }

    fn header(&mut self, to: &mut impl Receive) -> Result<()> {
        if self.block == [0; BLOCK] {
            self.state = State::End;
            return Ok(());
        }
        let header = tar::Header::from_byte_slice(&self.block);
        if header.cksum().ok() != Some(checksum(&self.block)) {
            return Err(unreadable("a checksum is wrong"));
        }
        let size = header.entry_size().map_err(|_| unreadable("a size isn't a number"))?;
        let of = match header.entry_type() {
            tar::EntryType::XHeader => Extension::Pax,
            tar::EntryType::GNULongName => Extension::LongPath,
            tar::EntryType::GNULongLink => Extension::LongLink,
            // Defaults for all entries; engines write none that matter here.
            tar::EntryType::XGlobalHeader => {
                self.skip(padded(size));
                return Ok(());
            }
            _ => return self.entry(size, to),
        };
        self.state = State::Extension { of, left: size, padding: padded(size) - size, text: Vec::new() };
        if size == 0 { self.extended() } else { Ok(()) }
    }

    fn extended(&mut self) -> Result<()> {
        let State::Extension { of, padding, text, .. } = std::mem::replace(&mut self.state, State::Header) else {
            return Ok(());
        };
        self.skip(padding);
        if text.len() > LONGEST_EXTENSION {
            self.pending.is_too_long = true;
            return Ok(());
        }
        match of {
            Extension::Pax => self.pending.read(&text)?,
            Extension::LongPath => self.pending.path = Some(up_to_nul(text)),
            Extension::LongLink => self.pending.link = Some(up_to_nul(text)),
        }
        Ok(())
    }

    fn entry(&mut self, size: u64, to: &mut impl Receive) -> Result<()> {
        use tar::EntryType;
        let pending = std::mem::take(&mut self.pending);
        let header = tar::Header::from_byte_slice(&self.block);
        let entry_type = header.entry_type();
        let size = pending.size.unwrap_or(size);
        let path = pending.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = pending.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
        let link = link.unwrap_or_default();
        let kind = match entry_type {
            _ if pending.is_too_long => Kind::Other("its name is too long"),
            _ if pending.is_sparse => Kind::Other("it's a sparse file"),
            // The oldest form has no type for directories.
            EntryType::Regular | EntryType::Continuous if path.ends_with(b"/") => Kind::Directory,
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Link(link),
            EntryType::Link => Kind::HardLink(link),
            EntryType::Char | EntryType::Block => Kind::Other("it's a device"),
            EntryType::Fifo => Kind::Other("it's a named pipe"),
            EntryType::GNUSparse => Kind::Other("it's a sparse file"),
            _ => Kind::Other("its file type is unknown"),
        };
        // These have no data, whatever their size says: so Go's archive/tar writes and reads them.
        let has_data = !matches!(
            entry_type,
            EntryType::Link
                | EntryType::Symlink
                | EntryType::Char
                | EntryType::Block
                | EntryType::Directory
                | EntryType::Fifo
        );
        let size = if has_data { size } else { 0 };
        let executable = header.mode().is_ok_and(|mode| mode & 0o111 != 0);
        let goes_on = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        let is_file = kind == Kind::File;
        to.entry(Head { path, kind, size, executable })?;
        match entry_type {
            EntryType::GNUSparse if goes_on => self.state = State::SparseMap { size },
            _ if is_file && size > 0 => self.state = State::Data { left: size, padding: padded(size) - size },
            _ => {
                self.skip(padded(size));
                if is_file {
                    to.end()?;
                }
            }
        }
        Ok(())
    }
}

impl Pending {
    /// Takes the records of a pax header: `LENGTH KEY=VALUE\n`.
    fn read(&mut self, mut text: &[u8]) -> Result<()> {
        let broken = || unreadable("a pax header is wrong");
        while !text.is_empty() {
            let blank = text.iter().position(|c| *c == b' ').ok_or_else(broken)?;
            let length = text.get(..blank).and_then(number).ok_or_else(broken)?;
            let length = usize::try_from(length).map_err(|_| broken())?;
            let record = text.get(blank + 1..length).and_then(|record| record.strip_suffix(b"\n"));
            let record = record.ok_or_else(broken)?;
            let equals = record.iter().position(|c| *c == b'=').ok_or_else(broken)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number(value).ok_or_else(broken)?),
                _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            text = &text[length..];
        }
        Ok(())
    }
}

/// As many bytes as are left, and the others.
fn split<'b>(bytes: &'b [u8], left: &mut u64) -> (&'b [u8], &'b [u8]) {
    let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
    *left -= taken as u64;
    bytes.split_at(taken)
}

/// A size with what fills the last block. None is near the end of the numbers: a receiver would have refused it.
fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX)
}

fn up_to_nul(mut text: Vec<u8>) -> Vec<u8> {
    text.truncate(text.iter().position(|c| *c == 0).unwrap_or(text.len()));
    text
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

/// The sum of a header's bytes, with blanks where the sum itself is.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

pub(super) fn unreadable(why: &str) -> Error {
    Error::new(Code::ArchiveUnreadable, "Can't read the archive that the engine sent").detail(why)
}

#[cfg(test)]
#[path = "tar_stream_tests.rs"]
mod tests;

//! `zstd`, RFC 8878: frames one after the other are one body, as for the `zstd` program. The library is the reference
//! implementation, because `ruzstd` gives out the bytes of a frame only when its window is full, which for a stream of
//! events is too late.

use std::fmt;

use porthole_base::error::{Code, Error, Result};
use zstd::stream::raw::{Decoder, Operation};

use super::{Broken, Next, PIECE, Pushed};

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
const SKIPPED: [u8; 4] = 0x184d_2a50_u32.to_le_bytes();

pub(super) struct Zstd {
    decoder: Decoder<'static>,
    out: Box<[u8]>,
    part: Part,
    /// Whether the frame ends with a checksum.
    has_checksum: bool,
    /// Frames that are whole.
    frames: u64,
}

/// What of a frame comes next. The library gets no more than one part at once: where it finds an error, it keeps what it
/// decoded in the same call.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// The first five bytes of a frame, after this many of them.
    Start(usize),
    /// The rest of a frame's header.
    Header(u64),
    /// The three bytes before a block, after this many of them.
    BlockHeader(u32, u32),
    /// A block, and whether it is the last one.
    Block(u64, bool),
    Checksum(u64),
    /// The length of a frame to skip, after this many of its four bytes.
    SkippedLength(u32, u32),
    Skipped(u64),
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("part", &self.part).field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl Zstd {
    pub fn new() -> Result<Self> {
        // Its largest window is 128 MB: a frame that asks for more is refused.
        let decoder =
            Decoder::new().map_err(|error| Error::new(Code::Internal, "Can't create a zstd decoder").detail(error))?;
        let out = vec![0; PIECE].into_boxed_slice();
        Ok(Self { decoder, out, part: Part::Start(0), has_checksum: false, frames: 0 })
    }

    pub fn push(&mut self, mut bytes: &[u8], next: Next<'_>) -> Pushed {
        while let Some(&first) = bytes.first() {
            let length = match self.part {
                Part::Header(left) | Part::Block(left, _) | Part::Checksum(left) | Part::Skipped(left) => {
                    left.min(bytes.len() as u64) as usize
                }
                Part::Start(_) | Part::BlockHeader(..) | Part::SkippedLength(..) => 1,
            };
            let next_part = self.after(first, length as u64)?;
            self.decode(&bytes[..length], next)?;
            self.part = next_part;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    pub fn is_whole(&self) -> bool {
        matches!(self.part, Part::Start(0))
    }

    /// Gives the library bytes of one part, and hands on what it makes of them.
    fn decode(&mut self, bytes: &[u8], next: Next<'_>) -> Pushed {
        let mut read = 0;
        loop {
            let status = self
                .decoder
                .run_on_buffers(&bytes[read..], &mut self.out)
                .map_err(|_| if self.is_checksum() { Broken::Checksum } else { Broken::Damaged })?;
            read += status.bytes_read;
            if status.bytes_written > 0 {
                next(&self.out[..status.bytes_written])?;
            }
            if status.bytes_read + status.bytes_written == 0 && read < bytes.len() {
                return Err(Broken::Damaged.into());
            }
            if read == bytes.len() && status.bytes_written < self.out.len() {
                return Ok(());
            }
        }
    }

    fn is_checksum(&self) -> bool {
        matches!(self.part, Part::Checksum(_))
    }

    /// What comes after this many bytes of the part, the first of which is `byte`.
    fn after(&mut self, byte: u8, length: u64) -> Pushed<Part> {
        Ok(match self.part {
            Part::Start(4) => self.header(byte),
            Part::Start(read) => self.magic(read, byte)?,
            Part::Header(left) if left > length => Part::Header(left - length),
            Part::Header(_) => Part::BlockHeader(0, 0),
            Part::BlockHeader(2, read) => self.block(read | u32::from(byte) << 16),
            Part::BlockHeader(count, read) => Part::BlockHeader(count + 1, read | u32::from(byte) << (8 * count)),
            Part::Block(left, is_last) if left > length => Part::Block(left - length, is_last),
            Part::Block(_, is_last) => self.after_block(is_last),
            Part::Checksum(left) | Part::Skipped(left) if left == length => self.ended(),
            Part::Checksum(left) => Part::Checksum(left - length),
            Part::SkippedLength(3, read) => match read | u32::from(byte) << 24 {
                0 => self.ended(),
                length => Part::Skipped(length.into()),
            },
            Part::SkippedLength(count, read) => Part::SkippedLength(count + 1, read | u32::from(byte) << (8 * count)),
            Part::Skipped(left) => Part::Skipped(left - length),
        })
    }

    /// A frame begins with one of two numbers, and sixteen mark a frame to skip.
    fn magic(&self, read: usize, byte: u8) -> Pushed<Part> {
        let is_skipped = if read == 0 { byte & 0xf0 == SKIPPED[0] } else { byte == SKIPPED[read] };
        match read {
            3 if is_skipped => Ok(Part::SkippedLength(0, 0)),
            _ if is_skipped || byte == MAGIC[read] => Ok(Part::Start(read + 1)),
            _ => Err(if self.frames == 0 { Broken::Format } else { Broken::Trailing }.into()),
        }
    }

    /// What follows the byte that describes a frame's header.
    fn header(&mut self, descriptor: u8) -> Part {
        self.has_checksum = descriptor & 4 != 0;
        let is_single_segment = descriptor & 0x20 != 0;
        let window = u64::from(!is_single_segment);
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let content = [u64::from(is_single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
        match window + dictionary + content {
            0 => Part::BlockHeader(0, 0),
            left => Part::Header(left),
        }
    }

    fn block(&mut self, header: u32) -> Part {
        const REPEATED_BYTE: u32 = 1;
        let is_last = header & 1 == 1;
        match (header >> 1 & 3, u64::from(header >> 3)) {
            (REPEATED_BYTE, _) => Part::Block(1, is_last),
            (_, 0) => self.after_block(is_last),
            (_, length) => Part::Block(length, is_last),
        }
    }

    fn after_block(&mut self, is_last: bool) -> Part {
        match (is_last, self.has_checksum) {
            (false, _) => Part::BlockHeader(0, 0),
            (true, true) => Part::Checksum(4),
            (true, false) => self.ended(),
        }
    }

    fn ended(&mut self) -> Part {
        self.frames += 1;
        Part::Start(0)
    }
}

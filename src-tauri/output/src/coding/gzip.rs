//! `gzip`, RFC 1952: members one after the other are one body, as for the `gzip` program, which also ignores zeros at the end.

use flate2::Crc;

use super::{Broken, Next, Pushed, deflate::Inflate};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;
const HAS_HEADER_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

#[derive(Debug)]
pub(super) struct Gzip {
    state: State,
    /// Members that are whole.
    members: u64,
    flags: u8,
    inflate: Inflate,
    crc: Crc,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing of a member yet.
    Between,
    /// In the fixed part of a header, after this many of its ten bytes.
    Fixed(u8),
    /// In the two bytes of a length.
    ExtraLength(u8, u16),
    Extra(u16),
    Name,
    Comment,
    HeaderCrc(u8),
    Data,
    /// Checksum and length, after this many of their eight bytes.
    Trailer(u8, u64),
    /// Zeros after the last member.
    Padding,
}

impl Default for Gzip {
    fn default() -> Self {
        Self { state: State::Between, members: 0, flags: 0, inflate: Inflate::bare(), crc: Crc::new() }
    }
}

impl Gzip {
    pub fn push(&mut self, mut bytes: &[u8], next: Next<'_>) -> Pushed {
        while let Some(&byte) = bytes.first() {
            if matches!(self.state, State::Data) {
                let crc = &mut self.crc;
                let read = self.inflate.push(bytes, &mut |piece| {
                    crc.update(piece);
                    next(piece)
                })?;
                bytes = &bytes[read..];
                if self.inflate.is_whole() {
                    self.state = State::Trailer(0, 0);
                }
            } else {
                self.state = self.step(byte)?;
                bytes = &bytes[1..];
            }
        }
        Ok(())
    }

    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Between | State::Padding)
    }

    /// Takes a byte outside of the compressed data.
    fn step(&mut self, byte: u8) -> Pushed<State> {
        let wrong = if self.members == 0 { Broken::Format } else { Broken::Trailing };
        Ok(match self.state {
            State::Between if byte == 0 && self.members > 0 => State::Padding,
            State::Between if byte == MAGIC[0] => State::Fixed(1),
            State::Fixed(1) if byte == MAGIC[1] => State::Fixed(2),
            State::Fixed(2) if byte == DEFLATE => State::Fixed(3),
            State::Fixed(3) if byte & RESERVED == 0 => {
                self.flags = byte;
                State::Fixed(4)
            }
            State::Between | State::Fixed(..=3) => return Err(wrong.into()),
            State::Fixed(9) if self.flags & HAS_EXTRA != 0 => State::ExtraLength(0, 0),
            State::Fixed(9) => self.after_extra(),
            State::Fixed(read) => State::Fixed(read + 1),
            State::ExtraLength(0, _) => State::ExtraLength(1, byte.into()),
            State::ExtraLength(_, low) => match low | u16::from(byte) << 8 {
                0 => self.after_extra(),
                length => State::Extra(length),
            },
            State::Extra(1) => self.after_extra(),
            State::Extra(left) => State::Extra(left - 1),
            State::Name if byte == 0 => self.after_name(),
            State::Comment if byte == 0 => self.after_comment(),
            State::HeaderCrc(0) => State::HeaderCrc(1),
            State::HeaderCrc(_) => self.begin_data(),
            State::Trailer(7, read) => return self.ended(read >> 8 | u64::from(byte) << 56),
            State::Trailer(count, read) => State::Trailer(count + 1, read >> 8 | u64::from(byte) << 56),
            State::Padding if byte != 0 => return Err(Broken::Trailing.into()),
            state @ (State::Name | State::Comment | State::Padding | State::Data) => state,
        })
    }

    fn after_extra(&mut self) -> State {
        if self.flags & HAS_NAME != 0 { State::Name } else { self.after_name() }
    }

    fn after_name(&mut self) -> State {
        if self.flags & HAS_COMMENT != 0 { State::Comment } else { self.after_comment() }
    }

    fn after_comment(&mut self) -> State {
        if self.flags & HAS_HEADER_CRC != 0 { State::HeaderCrc(0) } else { self.begin_data() }
    }

    fn begin_data(&mut self) -> State {
        self.inflate.reset();
        self.crc.reset();
        State::Data
    }

    /// `told` is the trailer: the checksum, and the length modulo 2^32.
    fn ended(&mut self, told: u64) -> Pushed<State> {
        if told != u64::from(self.crc.sum()) | u64::from(self.crc.amount()) << 32 {
            return Err(Broken::Checksum.into());
        }
        self.members += 1;
        Ok(State::Between)
    }
}

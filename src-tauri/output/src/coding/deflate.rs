//! `deflate`: zlib's format by the standard, and often the bare one in practice. Clients take both.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Broken, Next, PIECE, Pushed};

/// The compressed data of `gzip` and `deflate`.
#[derive(Debug)]
pub(super) struct Inflate {
    decompress: Decompress,
    is_zlib: bool,
    out: Box<[u8]>,
    /// The end of the data was there.
    is_whole: bool,
}

impl Inflate {
    pub fn bare() -> Self {
        Self::new(false)
    }

    fn new(is_zlib: bool) -> Self {
        let out = vec![0; PIECE].into_boxed_slice();
        Self { decompress: Decompress::new(is_zlib), is_zlib, out, is_whole: false }
    }

    pub fn reset(&mut self) {
        self.decompress.reset(self.is_zlib);
        self.is_whole = false;
    }

    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Decodes until the end of the data or of the bytes, and tells how many of them that took.
    pub fn push(&mut self, bytes: &[u8], next: Next<'_>) -> Pushed<usize> {
        let mut read = 0;
        while !self.is_whole {
            let (in_before, out_before) = (self.decompress.total_in(), self.decompress.total_out());
            let status = self.decompress.decompress(&bytes[read..], &mut self.out, FlushDecompress::None);
            let taken = (self.decompress.total_in() - in_before) as usize;
            let given = (self.decompress.total_out() - out_before) as usize;
            read += taken;
            if given > 0 {
                next(&self.out[..given])?;
            }
            match status {
                Ok(Status::StreamEnd) => self.is_whole = true,
                Ok(Status::Ok | Status::BufError) if taken + given == 0 => break,
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => return Err(Broken::Damaged.into()),
            }
        }
        Ok(read)
    }
}

#[derive(Debug, Default)]
pub(super) enum Deflate {
    #[default]
    Empty,
    /// The first byte, which alone doesn't tell the format.
    First(u8),
    Data(Inflate),
}

impl Deflate {
    pub fn push(&mut self, mut bytes: &[u8], next: Next<'_>) -> Pushed {
        while let Some(&byte) = bytes.first() {
            match self {
                Self::Empty => {
                    *self = Self::First(byte);
                    bytes = &bytes[1..];
                }
                Self::First(first) => {
                    let first = *first;
                    let mut inflate = Inflate::new(is_zlib(first, byte));
                    inflate.push(&[first], next).map_err(not_begun)?;
                    *self = Self::Data(inflate);
                }
                Self::Data(inflate) if inflate.is_whole() => return Err(Broken::Trailing.into()),
                Self::Data(inflate) => {
                    let nothing_yet = inflate.decompress.total_out() == 0;
                    let pushed = inflate.push(bytes, next);
                    let has_none = nothing_yet && inflate.decompress.total_out() == 0;
                    let read = if has_none { pushed.map_err(not_begun) } else { pushed }?;
                    bytes = &bytes[read..];
                }
            }
        }
        Ok(())
    }

    pub fn is_whole(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::First(_) => false,
            Self::Data(inflate) => inflate.is_whole(),
        }
    }
}

/// The bare format has nothing that it must begin with: data of which nothing can be decoded is something else.
fn not_begun(stop: super::Stop) -> super::Stop {
    match stop {
        super::Stop::Here(Broken::Damaged) => Broken::Format.into(),
        stop => stop,
    }
}

/// Whether these are the two bytes of zlib's header.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

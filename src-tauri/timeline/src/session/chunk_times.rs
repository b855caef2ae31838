//! How bytes arrived: each chunk as two numbers of eight bytes. The first is twice its length, and one more for standard
//! error; the second is the microseconds since the chunk before.

use std::io::{self, Read, Write};

use porthole_output::Stream;

/// Bytes of one chunk.
pub(super) const CHUNK: u64 = 16;

/// Writes chunks one after the other.
#[derive(Debug, Default)]
pub(super) struct ChunkWriter {
    last_us: u64,
    /// How many bytes were written.
    pub bytes: u64,
}

impl ChunkWriter {
    pub fn write(&mut self, to: &mut impl Write, stream: Stream, len: u64, at_us: u64) -> io::Result<()> {
        let twice = len * 2 + u64::from(stream == Stream::Stderr);
        to.write_all(&twice.to_le_bytes())?;
        to.write_all(&at_us.saturating_sub(self.last_us).to_le_bytes())?;
        self.last_us = at_us.max(self.last_us);
        self.bytes += CHUNK;
        Ok(())
    }
}

/// The chunks that a reader holds: stream, length, and when it came.
pub(super) struct ChunkReader<R> {
    from: R,
    at_us: u64,
}

impl<R: Read> ChunkReader<R> {
    pub fn new(from: R) -> Self {
        Self { from, at_us: 0 }
    }

    /// The next one; none at the end.
    pub fn next(&mut self) -> io::Result<Option<(Stream, u64, u64)>> {
        let mut bytes = [0; CHUNK as usize];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.from.read(&mut bytes[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(eight)
        };
        let (twice, since) = (number(0), number(8));
        self.at_us = self.at_us.saturating_add(since);
        Ok(Some((if twice % 2 == 0 { Stream::Stdout } else { Stream::Stderr }, twice / 2, self.at_us)))
    }
}

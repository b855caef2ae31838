//! How bytes arrived, as bytes: each chunk as two numbers of eight bytes. The first is twice its length, and one more for
//! standard error; the second is the microseconds since the chunk before.

use std::io::{self, Read, Write};

use porthole_output::{Chunk, Stream};

/// Bytes of one chunk.
pub(crate) const CHUNK: u64 = 16;

type Encoded = [u8; CHUNK as usize];

/// One chunk; `last_us` is when the one before it came, and then when this one did.
fn encoded(stream: Stream, len: u64, at_us: u64, last_us: &mut u64) -> Encoded {
    let mut bytes = Encoded::default();
    let twice = len * 2 + u64::from(stream == Stream::Stderr);
    bytes[..8].copy_from_slice(&twice.to_le_bytes());
    bytes[8..].copy_from_slice(&at_us.saturating_sub(*last_us).to_le_bytes());
    *last_us = at_us.max(*last_us);
    bytes
}

/// Stream, length and time of one chunk; `last_us` as for [`encoded`].
fn decoded(bytes: &Encoded, last_us: &mut u64) -> (Stream, u64, u64) {
    let [twice, since] = [&bytes[..8], &bytes[8..]].map(|half| {
        let mut eight = [0; 8];
        eight.copy_from_slice(half);
        u64::from_le_bytes(eight)
    });
    *last_us = last_us.saturating_add(since);
    (if twice % 2 == 0 { Stream::Stdout } else { Stream::Stderr }, twice / 2, *last_us)
}

/// The bytes for these chunks; `last_us` is when the one before them came, and then when the last of them did.
pub(crate) fn encode(chunks: &[Chunk], last_us: &mut u64) -> Vec<u8> {
    chunks.iter().flat_map(|chunk| encoded(chunk.stream, chunk.len, chunk.at_us, last_us)).collect()
}

/// Stream, length and time of each whole chunk.
pub(crate) fn decode(bytes: &[u8]) -> impl Iterator<Item = (Stream, u64, u64)> {
    let mut last_us = 0;
    bytes.as_chunks::<{ CHUNK as usize }>().0.iter().map(move |chunk| decoded(chunk, &mut last_us))
}

/// Writes chunks one after the other.
#[derive(Debug, Default)]
pub(crate) struct ChunkWriter {
    last_us: u64,
    /// How many bytes were written.
    pub bytes: u64,
}

impl ChunkWriter {
    pub fn write(&mut self, to: &mut impl Write, stream: Stream, len: u64, at_us: u64) -> io::Result<()> {
        to.write_all(&encoded(stream, len, at_us, &mut self.last_us))?;
        self.bytes += CHUNK;
        Ok(())
    }
}

/// The chunks that a reader holds: stream, length, and when it came.
pub(crate) struct ChunkReader<R> {
    from: R,
    last_us: u64,
}

impl<R: Read> ChunkReader<R> {
    pub fn new(from: R) -> Self {
        Self { from, last_us: 0 }
    }

    /// The next one; none at the end.
    pub fn next(&mut self) -> io::Result<Option<(Stream, u64, u64)>> {
        let mut bytes = Encoded::default();
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
        Ok(Some(decoded(&bytes, &mut self.last_us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_read_as_they_were_written_and_a_part_of_one_is_an_error_in_a_file() {
        let chunk = |stream, offset, len, at_us| Chunk { stream, offset, len, at_us };
        let chunks =
            [chunk(Stream::Stdout, 0, 3, 5), chunk(Stream::Stderr, 0, 1, 5), chunk(Stream::Stdout, 3, 9, 1 << 40)];
        let expected: Vec<_> = chunks.iter().map(|chunk| (chunk.stream, chunk.len, chunk.at_us)).collect();
        let mut last_us = 0;
        let mut bytes = encode(&chunks[..1], &mut last_us);
        bytes.extend(encode(&chunks[1..], &mut last_us));
        assert_eq!((decode(&bytes).collect::<Vec<_>>(), last_us), (expected.clone(), 1 << 40));
        let (mut written, mut writer) = (Vec::new(), ChunkWriter::default());
        for (stream, len, at_us) in &expected {
            writer.write(&mut written, *stream, *len, *at_us).unwrap();
        }
        assert_eq!((&written, writer.bytes), (&bytes, 3 * CHUNK));
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(decode(cut).count(), 2);
        let mut reader = ChunkReader::new(cut);
        assert_eq!((reader.next().unwrap(), reader.next().unwrap()), (Some(expected[0]), Some(expected[1])));
        assert_eq!(reader.next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

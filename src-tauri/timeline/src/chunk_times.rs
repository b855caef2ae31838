//! When each chunk of an output came, as bytes: two numbers of eight bytes, twice its length and one more for stderr; and the
//! microseconds since the one before.

use porthole_output::{Chunk, Stream};

/// Bytes of one chunk.
pub(crate) const CHUNK: u64 = 16;

/// The bytes for these chunks; `last_us` is when the one before them came, and then when the last of them did.
pub(crate) fn encode(chunks: &[Chunk], last_us: &mut u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(chunks.len() * CHUNK as usize);
    for chunk in chunks {
        let stream = u64::from(chunk.stream == Stream::Stderr);
        bytes.extend_from_slice(&(chunk.len * 2 + stream).to_le_bytes());
        bytes.extend_from_slice(&chunk.at_us.saturating_sub(*last_us).to_le_bytes());
        *last_us = chunk.at_us.max(*last_us);
    }
    bytes
}

/// Stream, length and time of each whole chunk.
pub(crate) fn decode(bytes: &[u8]) -> impl Iterator<Item = (Stream, u64, u64)> {
    let mut numbers = bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let mut at_us: u64 = 0;
    std::iter::from_fn(move || {
        let (length, since) = (numbers.next()?, numbers.next()?);
        at_us = at_us.saturating_add(since);
        Some((if length % 2 == 0 { Stream::Stdout } else { Stream::Stderr }, length / 2, at_us))
    })
}

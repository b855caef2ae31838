//! The `zstd` coding, as Node 24 undoes it: one frame, with what is there of one that ends too early. Tried with Node
//! 24.11.1, whose `fetch` (undici 7.16) decodes it.

use std::io::{self, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The largest window that Node takes: more is refused, and this much may be held in memory.
const LARGEST_WINDOW: u64 = 128 * 1024 * 1024;

/// An empty last block, for a frame that has none.
const LAST_BLOCK: [u8; 3] = [1, 0, 0];
/// In the place of a checksum that isn't there.
const NO_CHECKSUM: [u8; 4] = [0; 4];

/// A body that is decoded while it is read. Where the frame ends too early, what is there comes before the error.
pub(super) struct Decoder<R> {
    source: R,
    frame: FrameDecoder,
    /// There is no more to decode. What is decoded may not have been read yet.
    ended: bool,
    is_cut: bool,
}

impl<R: Read> Decoder<R> {
    /// Reads the frame's header.
    ///
    /// # Errors
    /// `UnexpectedEof` when it ends too early, `InvalidData` when it is none, or asks for too much memory.
    pub fn new(source: R) -> io::Result<Self> {
        let mut source = Watched { source, is_at_end: false };
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(LARGEST_WINDOW);
        let ended = match frame.init(&mut source) {
            Ok(()) => false,
            // Node takes such a frame for the whole body: nothing.
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { .. })) => true,
            Err(_) if source.is_at_end => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) => return Err(invalid(error)),
        };
        Ok(Self { source: source.source, frame, ended, is_cut: false })
    }

    /// Decodes the next block, which is given to the decoder whole: one that isn't all there ends the frame.
    fn decode_block(&mut self) -> io::Result<()> {
        let block = self.read_block()?;
        self.is_cut = block.is_none();
        let (block, is_last) = block.unwrap_or_else(|| (LAST_BLOCK.to_vec(), true));
        self.ended = is_last;
        let mut checksum = Vec::new();
        if is_last {
            self.source.by_ref().take(4).read_to_end(&mut checksum)?;
        }
        let has_checksum = checksum.len() == NO_CHECKSUM.len();
        let behind = if has_checksum { checksum.as_slice() } else { &NO_CHECKSUM };
        let mut bytes = block.as_slice().chain(behind);
        self.frame.decode_blocks(&mut bytes, BlockDecodingStrategy::UptoBlocks(1)).map_err(invalid)?;
        self.is_cut |= is_last && self.frame.get_checksum_from_data().is_some() && !has_checksum;
        Ok(())
    }

    /// A block with its header, and whether it is the last one; none where it isn't all there.
    fn read_block(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        const HEADER: u64 = 3;
        const REPEATED_BYTE: u8 = 1;
        let mut block = Vec::new();
        if self.source.by_ref().take(HEADER).read_to_end(&mut block)? as u64 != HEADER {
            return Ok(None);
        }
        let [low, middle, high] = [block[0], block[1], block[2]];
        let size = u32::from_le_bytes([low, middle, high, 0]) >> 3;
        let length = if low >> 1 & 3 == REPEATED_BYTE { 1 } else { u64::from(size) };
        let read = self.source.by_ref().take(length).read_to_end(&mut block)? as u64;
        Ok((read == length).then_some((block, low & 1 == 1)))
    }

    fn is_damaged(&self) -> bool {
        let told = self.frame.get_checksum_from_data();
        !self.is_cut && told.is_some() && told != self.frame.get_calculated_checksum()
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.frame.can_collect() == 0 && !self.ended {
            self.decode_block()?;
        }
        match self.frame.read(buffer)? {
            0 if buffer.is_empty() => Ok(0),
            0 if self.is_cut => Err(io::ErrorKind::UnexpectedEof.into()),
            0 if self.is_damaged() => Err(invalid("the checksum doesn't match")),
            length => Ok(length),
        }
    }
}

/// Notes that there was no more to read.
struct Watched<R> {
    source: R,
    is_at_end: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.is_at_end |= length == 0 && !buffer.is_empty();
        Ok(length)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// `{"hello":"world"}` by the `zstd` program, with a checksum.
    const HELLO: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x89\x00\x00{\"hello\":\"world\"}\x8e\x23\xa6\x52";

    fn decoded(bytes: &[u8]) -> (String, Option<io::ErrorKind>) {
        let mut text = Vec::new();
        let error = Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut text)).err();
        (String::from_utf8_lossy(&text).into_owned(), error.map(|error| error.kind()))
    }

    #[test]
    fn one_frame_is_decoded_and_what_follows_it_is_not_as_in_node() {
        let hello = || (r#"{"hello":"world"}"#.to_owned(), None);
        assert_eq!(decoded(HELLO), hello());
        assert_eq!(decoded(&[HELLO, HELLO].concat()), hello());
        assert_eq!(decoded(&[HELLO, b"xx"].concat()), hello());
        assert_eq!(decoded(&[b"\x50\x2a\x4d\x18\x03\0\0\0abc", HELLO].concat()), (String::new(), None));
        let long = "all work and no play ".repeat(50_000);
        let packed = compress_to_vec(long.as_bytes(), CompressionLevel::Fastest);
        assert_eq!(decoded(&packed), (long, None));
    }

    #[test]
    fn of_a_frame_that_ends_too_early_its_whole_blocks_come_and_then_the_error() {
        // Too little alike to be packed: three blocks, each as it is.
        let mut number = 1_u32;
        let text: String = std::iter::repeat_with(|| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b' ' + (number >> 24) as u8 % 90)
        })
        .take(300_000)
        .collect();
        let packed = compress_to_vec(text.as_bytes(), CompressionLevel::Uncompressed);
        let (got, error) = decoded(&packed[..packed.len() - 9]);
        assert_eq!(error, Some(io::ErrorKind::UnexpectedEof));
        assert!(got.len() >= 128 * 1024 && text.starts_with(&got), "{}", got.len());
        for end in [0, 3, 5, 8, 9, HELLO.len() - 5] {
            assert_eq!(decoded(&HELLO[..end]), (String::new(), Some(io::ErrorKind::UnexpectedEof)), "{end}");
        }
        // All but the checksum.
        let (got, error) = decoded(&HELLO[..HELLO.len() - 2]);
        assert_eq!((got.as_str(), error), (r#"{"hello":"world"}"#, Some(io::ErrorKind::UnexpectedEof)));
    }

    #[test]
    fn what_is_damaged_or_wants_too_much_memory_is_refused() {
        assert_eq!(decoded(b"plain text").1, Some(io::ErrorKind::InvalidData));
        let mut damaged = HELLO.to_vec();
        damaged[12] ^= 1;
        assert_eq!(decoded(&damaged).1, Some(io::ErrorKind::InvalidData));
        // A window of 256 MB.
        let window = b"\x28\xb5\x2f\xfd\x04\x90\x89\x00\x00{\"hello\":\"world\"}\x8e\x23\xa6\x52";
        assert_eq!(decoded(window).1, Some(io::ErrorKind::InvalidData));
    }
}

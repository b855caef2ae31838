//! What the program that listens in a container says, frame by frame.

use bytes::{Bytes, BytesMut};
use porthole_relay::protocol::{BLOCK, HEAD, length};

/// Puts frames together from pieces that are cut anywhere. It holds one frame and one piece at most.
#[derive(Debug, Default)]
pub(super) struct WholeFrames(BytesMut);

/// The beginning of something that isn't a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign(pub String);

impl WholeFrames {
    /// Takes a piece.
    pub fn give(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }

    /// The kind and the payload of the next frame, when all of it is there.
    ///
    /// # Errors
    /// [`Foreign`] for a frame that the program would not write, then and from then on: an engine says on stdout why it
    /// couldn't start it.
    pub fn next(&mut self) -> Result<Option<(u8, Bytes)>, Foreign> {
        let Some(head) = self.0.first_chunk::<HEAD>().copied() else { return Ok(None) };
        let length = length(head);
        if length > BLOCK {
            let start = &self.0[..self.0.len().min(500)];
            return Err(Foreign(String::from_utf8_lossy(start).trim().to_owned()));
        }
        if self.0.len() < HEAD + length {
            return Ok(None);
        }
        let frame = self.0.split_to(HEAD + length).freeze();
        Ok(Some((head[0], frame.slice(HEAD..))))
    }
}

#[cfg(test)]
mod tests {
    use porthole_relay::protocol::head;
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> (Vec<(u8, Bytes)>, bool) {
        let (mut frames, mut read) = (WholeFrames::default(), Vec::new());
        for piece in pieces {
            frames.give(piece);
            loop {
                match frames.next() {
                    Ok(Some(frame)) => read.push(frame),
                    Ok(None) => break,
                    Err(_) => return (read, true),
                }
            }
        }
        (read, false)
    }

    #[test]
    fn an_engines_words_are_no_frames_and_no_length_is_believed() {
        let mut frames = WholeFrames::default();
        frames.give(b"OCI runtime exec failed: no such file\r\n");
        assert_eq!(frames.next(), Err(Foreign("OCI runtime exec failed: no such file".into())));
        assert!(frames.next().is_err());
        let mut frames = WholeFrames::default();
        frames.give(&head(b'C', BLOCK + 1));
        assert!(frames.next().is_err());
    }

    proptest! {
        /// Cut anywhere, the same is read.
        #[test]
        fn split_anywhere_is_the_same(
            sent in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8),
            rest in prop::collection::vec(any::<u8>(), 0..12),
            cuts in prop::collection::vec(0_usize..300, 0..12),
        ) {
            let frames = sent.iter().flat_map(|(kind, text)| [&head(*kind, text.len())[..], text].concat());
            let whole: Vec<u8> = frames.chain(rest.iter().copied()).collect();
            let ends = [0, whole.len()];
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).chain(ends).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            let (read_whole, is_foreign) = read(&[&whole]);
            prop_assert_eq!(read(&pieces), (read_whole.clone(), is_foreign));
            let before: Vec<(u8, Bytes)> = sent.into_iter().map(|(kind, text)| (kind, text.into())).collect();
            prop_assert_eq!(&read_whole[..before.len().min(read_whole.len())], &before[..before.len().min(read_whole.len())]);
            prop_assert!(read_whole.len() >= before.len());
        }
    }
}

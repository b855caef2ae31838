//! What the program in the helper container says, read as it comes.

use bytes::{Buf, Bytes};
use porthole_relay::protocol::{BLOCK, DATA, EOF, ERROR, HEAD, OPEN, REFUSED, WRITE_CLOSED, length};

/// The longest text that is kept: the words of an operating system or an engine.
const TEXT: usize = 4096;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// There is a connection.
    Open,
    /// There is none, and why: a `Refusal`'s name and words.
    Refused(String),
    /// Bytes of the backend.
    Data(Bytes),
    /// The backend has said all it will.
    Eof,
    /// The backend takes no more.
    WriteClosed,
    /// The connection broke.
    Error(String),
    /// This is not the program that speaks: an engine says on stdout why it could not start it.
    Foreign(String),
}

/// Takes pieces that are cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: Vec<u8>,
    /// The frame that is being read, and what is left of it.
    within: Option<(u8, usize)>,
    text: Vec<u8>,
}

impl Frames {
    /// The next thing in these bytes, of which as much is taken.
    pub fn next(&mut self, bytes: &mut Bytes) -> Option<Frame> {
        loop {
            let (kind, left) = match self.within {
                Some(within) => within,
                None => self.begin(bytes)?,
            };
            if left == 0 {
                self.within = None;
                return Some(self.piece(kind));
            }
            if bytes.is_empty() {
                return None;
            }
            let taken = bytes.split_to(left.min(bytes.len()));
            let left = left - taken.len();
            // The end of data is not a message.
            self.within = (kind != DATA || left > 0).then_some((kind, left));
            if kind == DATA {
                return Some(Frame::Data(taken));
            }
            let room = TEXT.saturating_sub(self.text.len());
            self.text.extend_from_slice(&taken[..taken.len().min(room)]);
        }
    }

    /// Reads the head of a frame. One that the program would not write begins a foreign text without an end.
    fn begin(&mut self, bytes: &mut Bytes) -> Option<(u8, usize)> {
        while self.head.len() < HEAD && bytes.has_remaining() {
            self.head.push(bytes.get_u8());
        }
        let kind = *self.head.first()?;
        let is_known = [DATA, EOF, OPEN, REFUSED, WRITE_CLOSED, ERROR].contains(&kind);
        if self.head.len() < HEAD && is_known {
            return None;
        }
        let length = self.head[..].try_into().map_or(0, length);
        let within = if is_known && length <= BLOCK && (kind != DATA || length > 0) {
            self.head.clear();
            (kind, length)
        } else {
            self.text.append(&mut self.head);
            (b'?', usize::MAX)
        };
        self.within = Some(within);
        Some(within)
    }

    fn piece(&mut self, kind: u8) -> Frame {
        let text = self.take_text();
        match kind {
            OPEN => Frame::Open,
            REFUSED => Frame::Refused(text),
            EOF => Frame::Eof,
            WRITE_CLOSED => Frame::WriteClosed,
            _ => Frame::Error(text),
        }
    }

    fn take_text(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.text)).trim().to_owned()
    }

    /// The text of another process, known when nothing more comes.
    pub fn foreign(&mut self) -> Option<Frame> {
        let has_begun = matches!(self.within, Some((b'?', _)));
        has_begun.then(|| Frame::Foreign(self.take_text()))
    }
}

#[cfg(test)]
mod tests {
    use porthole_relay::protocol::head;
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut frames = Frames::default();
        let mut said: Vec<Frame> = Vec::new();
        for piece in pieces {
            let mut bytes = Bytes::copy_from_slice(piece);
            while let Some(piece) = frames.next(&mut bytes) {
                // Data may come in as many parts as it was cut into.
                match (said.last_mut(), piece) {
                    (Some(Frame::Data(before)), Frame::Data(more)) => {
                        *before = [&before[..], &more[..]].concat().into()
                    }
                    (_, piece) => said.push(piece),
                }
            }
            assert!(bytes.is_empty());
        }
        said.extend(frames.foreign());
        said
    }

    fn frame(kind: u8, text: &[u8]) -> Vec<u8> {
        [&head(kind, text.len())[..], text].concat()
    }

    #[test]
    fn each_kind_of_frame_is_told() {
        let all = [
            frame(OPEN, b""),
            frame(DATA, b"abc"),
            frame(WRITE_CLOSED, b""),
            frame(ERROR, b"reset"),
            frame(REFUSED, b"missing: no"),
            frame(EOF, b""),
        ]
        .concat();
        let expected = [
            Frame::Open,
            Frame::Data("abc".into()),
            Frame::WriteClosed,
            Frame::Error("reset".into()),
            Frame::Refused("missing: no".into()),
            Frame::Eof,
        ];
        assert_eq!(read(&[&all]), expected);
    }

    #[test]
    fn an_engines_words_are_nobodys_frames() {
        for words in
            ["OCI runtime exec failed: exec: \"/porthole-relay\": not found\r\n", "drat, this is long", "Error"]
        {
            assert_eq!(read(&[words.as_bytes()]), [Frame::Foreign(words.trim().to_owned())]);
        }
        // The beginning of a frame that never came to its end is nothing.
        assert_eq!(read(&[b"d\0\0"]), []);
        assert_eq!(read(&[b"r\0\0\0\x07miss"]), []);
    }

    proptest! {
        /// Cut anywhere, the same is said, also when it is nonsense.
        #[test]
        fn split_anywhere_is_the_same(
            texts in prop::collection::vec((prop::sample::select(vec![DATA, EOF, OPEN, REFUSED, WRITE_CLOSED, ERROR]), prop::collection::vec(any::<u8>(), 0..40)), 0..6),
            rest in prop::collection::vec(any::<u8>(), 0..12),
            cuts in prop::collection::vec(0_usize..300, 0..12),
        ) {
            let mut whole: Vec<u8> = texts.iter().flat_map(|(kind, text)| frame(*kind, text)).collect();
            whole.extend(rest);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).chain([0, whole.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[&whole]));
        }
    }
}

//! Where a body ends: its length, its chunks, or the end of the connection (RFC 9112, section 6).

use super::head::MessageHead;

/// Digits of a chunk's size: more would not fit into 64 bits.
const DIGITS: u32 = 16;
/// Bytes after a chunk's size, up to the end of the line.
const EXTENSION: u32 = 16 * 1024;
/// Bytes of header lines after the last chunk.
const TRAILERS: usize = 16 * 1024;

/// How the end of a body is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes are left.
    Length(u64),
    Chunked(Chunks),
    /// Only the end of the connection ends it.
    UntilClose,
}

/// What the next bytes of a body are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Bytes of the body.
    Data(&'a [u8]),
    /// Bytes that belong to the encoding.
    Encoding,
    /// It is complete, with these header lines after it. Nothing of the next message was taken.
    Complete(Vec<u8>),
    /// The chunks aren't valid.
    Invalid,
}

impl Framing {
    /// How the body of a request ends; nothing when its head can't be relied on.
    pub fn of_request(head: &MessageHead) -> Option<Self> {
        match head.transfer_codings() {
            Some(last) => last.eq_ignore_ascii_case("chunked").then(Self::chunked),
            None => head.content_length().map(|length| Self::Length(length.unwrap_or_default())),
        }
    }

    /// How the body of a response ends, where the method of its request doesn't say it.
    pub fn of_response(head: &MessageHead, status: u16) -> Option<Self> {
        if matches!(status, 100..=199 | 204 | 304) {
            return Some(Self::Length(0));
        }
        match head.transfer_codings() {
            Some(last) if last.eq_ignore_ascii_case("chunked") => Some(Self::chunked()),
            Some(_) => Some(Self::UntilClose),
            None => head.content_length().map(|length| length.map_or(Self::UntilClose, Self::Length)),
        }
    }

    fn chunked() -> Self {
        Self::Chunked(Chunks::Size { value: 0, digits: 0, extension: 0 })
    }

    /// Takes from the beginning of `bytes`, and tells how many it took. With no bytes it tells only whether it is complete.
    pub fn step<'a>(&mut self, bytes: &'a [u8]) -> (usize, Step<'a>) {
        match self {
            Self::Length(0) => (0, Step::Complete(Vec::new())),
            Self::Length(left) => {
                let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                (taken, Step::Data(&bytes[..taken]))
            }
            Self::UntilClose => (bytes.len(), Step::Data(bytes)),
            Self::Chunked(chunks) => chunks.step(bytes),
        }
    }

    /// Passes over bytes that weren't seen. It can't where the encoding is among them.
    pub fn skip(&mut self, count: u64) -> bool {
        match self {
            Self::UntilClose => true,
            Self::Length(left) | Self::Chunked(Chunks::Data(left)) if *left >= count => {
                *left -= count;
                true
            }
            Self::Length(_) | Self::Chunked(_) => false,
        }
    }

    /// Whether the end of the connection is its end.
    pub fn ends_with_connection(&self) -> bool {
        matches!(self, Self::UntilClose)
    }
}

/// Where in a chunked body it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line with the size.
    Size {
        value: u64,
        digits: u32,
        extension: u32,
    },
    /// This many bytes of the chunk are left.
    Data(u64),
    /// After the chunk's bytes: a line end.
    DataEnd,
    /// After the last chunk.
    Trailers(Vec<u8>),
    Over,
}

impl Chunks {
    fn step<'a>(&mut self, bytes: &'a [u8]) -> (usize, Step<'a>) {
        if *self == Self::Over {
            return (0, Step::Complete(Vec::new()));
        }
        if let Self::Data(left) = self
            && *left > 0
        {
            let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= taken as u64;
            return (taken, Step::Data(&bytes[..taken]));
        }
        for (at, byte) in bytes.iter().enumerate() {
            match self.byte(*byte) {
                Next::More => {}
                Next::Data => return (at + 1, Step::Encoding),
                Next::Complete(trailers) => return (at + 1, Step::Complete(trailers)),
                Next::Invalid => return (at, Step::Invalid),
            }
        }
        (bytes.len(), Step::Encoding)
    }

    /// Takes a byte that isn't of the body.
    fn byte(&mut self, byte: u8) -> Next {
        match self {
            Self::Size { value, digits, extension } => {
                let digit = char::from(byte).to_digit(16).filter(|_| *extension == 0);
                match (digit, byte) {
                    (Some(digit), _) if *digits < DIGITS => {
                        (*value, *digits) = (*value << 4 | u64::from(digit), *digits + 1);
                    }
                    (_, b'\n') if *digits > 0 => {
                        *self = if *value == 0 { Self::Trailers(Vec::new()) } else { Self::Data(*value) };
                        return Next::Data;
                    }
                    (None, b';' | b' ' | b'\t' | b'\r') if *digits > 0 && *extension == 0 => *extension = 1,
                    (_, _) if *extension > 0 && *extension < EXTENSION => *extension += 1,
                    _ => return Next::Invalid,
                }
                Next::More
            }
            Self::Data(_) if byte == b'\r' => {
                *self = Self::DataEnd;
                Next::More
            }
            Self::Data(_) | Self::DataEnd if byte == b'\n' => {
                *self = Self::Size { value: 0, digits: 0, extension: 0 };
                Next::More
            }
            Self::Data(_) | Self::DataEnd | Self::Over => Next::Invalid,
            Self::Trailers(lines) => {
                lines.push(byte);
                let is_empty_line =
                    matches!(lines.as_slice(), b"\n" | b"\r\n" | [.., b'\n', b'\n'] | [.., b'\n', b'\r', b'\n']);
                if is_empty_line {
                    let lines = std::mem::take(lines);
                    *self = Self::Over;
                    return Next::Complete(lines);
                }
                if lines.len() < TRAILERS { Next::More } else { Next::Invalid }
            }
        }
    }
}

/// What follows a byte of the encoding.
enum Next {
    More,
    /// The line with the size is over.
    Data,
    Complete(Vec<u8>),
    Invalid,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is in a chunked body, however it is cut, the trailers, and what was not taken.
    fn decoded(pieces: &[&[u8]]) -> Option<(Vec<u8>, Vec<u8>, usize)> {
        let (mut framing, mut body, mut left) = (Framing::chunked(), Vec::new(), 0);
        let mut trailers = None;
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() && trailers.is_none() {
                let (taken, step) = framing.step(rest);
                rest = &rest[taken..];
                match step {
                    Step::Data(bytes) => body.extend_from_slice(bytes),
                    Step::Encoding => {}
                    Step::Complete(lines) => trailers = Some(lines),
                    Step::Invalid => return None,
                }
            }
            left += rest.len();
        }
        Some((body, trailers?, left))
    }

    proptest! {
        #[test]
        fn chunks_are_the_same_wherever_they_are_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(0usize..400, 0..12),
        ) {
            let mut sent = Vec::new();
            for chunk in &chunks {
                sent.extend_from_slice(format!("{:X};name=\"a b\"\r\n", chunk.len()).as_bytes());
                sent.extend_from_slice(chunk);
                sent.extend_from_slice(b"\r\n");
            }
            sent.extend_from_slice(b"0\r\nA: b\r\n\r\nnext");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(sent.len())).collect();
            cuts.extend([0, sent.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &sent[cut[0]..cut[1]]).collect();
            prop_assert_eq!(decoded(&pieces), Some((chunks.concat(), b"A: b\r\n\r\n".to_vec(), 4)));
        }

        #[test]
        fn no_bytes_are_taken_twice_or_keep_it_from_going_on(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (mut framing, mut rest) = (Framing::chunked(), bytes.as_slice());
            while !rest.is_empty() {
                let (taken, step) = framing.step(rest);
                prop_assert!(taken <= rest.len());
                if matches!(step, Step::Complete(_) | Step::Invalid) {
                    break;
                }
                prop_assert!(taken > 0);
                rest = &rest[taken..];
            }
        }
    }

    #[test]
    fn line_ends_alone_are_taken_and_nonsense_is_refused() {
        assert_eq!(decoded(&[b"3\nabc\n0\n\n"]), Some((b"abc".to_vec(), b"\n".to_vec(), 0)));
        for nonsense in [&b"\r\n"[..], b"x\r\n", b"-1\r\n", b"3\r\nabcd", b"11111111111111111\r\n", b"3\r\nabc\rX"] {
            assert_eq!(decoded(&[nonsense]), None, "{nonsense:?}");
        }
    }

    #[test]
    fn bytes_that_were_not_seen_are_passed_over_where_no_encoding_is_among_them() {
        let mut length = Framing::Length(10);
        assert!(length.skip(4) && !length.skip(7) && length.skip(6));
        assert_eq!(length.step(b"next"), (0, Step::Complete(Vec::new())));
        let mut chunked = Framing::chunked();
        assert!(!chunked.skip(1));
        assert_eq!(chunked.step(b"a\r\n0123").0, 3);
        assert!(chunked.skip(10) && !chunked.skip(1));
        assert!(Framing::UntilClose.skip(u64::MAX));
    }
}

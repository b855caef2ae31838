//! What is kept of an output so that rules can look at it: the beginning and the end of each
//! stream, whatever lies between.

use crate::sdk_result::Written;
use porthole_output::{Counts, Stream, StreamCounts};

/// Bytes that are kept of the beginning of a stream.
pub const HEAD: u64 = 1024 * 1024;
/// Bytes that are kept of its end.
pub const TAIL: u64 = 64 * 1024;

/// The beginning and the end of an output, and how much of it there was.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Standard output, or the response body.
    pub stdout: Part,
    /// Standard error.
    pub stderr: Part,
    /// Pieces in which both came.
    pub chunks: u64,
}

/// The same of one stream.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Its first bytes, [`HEAD`] at most.
    pub head: Vec<u8>,
    /// Its last bytes, [`TAIL`] at most. In a short stream they are the first ones too.
    pub tail: Vec<u8>,
    /// How much there was.
    pub counts: StreamCounts,
    /// Where its pieces end, as far as that is in the head.
    pub ends: Vec<u64>,
}

impl Sample {
    /// Adds a chunk, for callers that store the output nowhere else.
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.chunks += 1;
        match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        }
    }

    /// As much as was kept, for the rules of [`received`](crate::received).
    pub fn written(&self) -> Written<'_> {
        Written {
            stdout: &self.stdout.head,
            stdout_len: self.stdout.counts.bytes,
            stderr: &self.stderr.head,
            stderr_len: self.stderr.counts.bytes,
            limit: usize::MAX,
        }
    }

    /// How much there was.
    pub fn counts(&self) -> Counts {
        Counts { stdout: self.stdout.counts, stderr: self.stderr.counts, chunks: self.chunks }
    }
}

impl Part {
    fn push(&mut self, bytes: &[u8]) {
        let begins_line = self.counts.bytes == 0 || self.tail.ends_with(b"\n");
        let ends = memchr::memchr_iter(b'\n', bytes).count() as u64;
        // A line counts when it begins.
        self.counts.lines += u64::from(begins_line) + ends - u64::from(bytes.ends_with(b"\n"));
        self.counts.bytes += bytes.len() as u64;
        let room = HEAD as usize - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.counts.bytes <= HEAD {
            self.ends.push(self.counts.bytes);
        }
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL as usize)..]);
        let over = self.tail.len().saturating_sub(TAIL as usize);
        self.tail.drain(..over);
    }

    /// Characters of the head that one piece begins and another ends.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        self.ends.iter().filter_map(|end| Cut::at(&self.head, *end)).collect()
    }
}

/// A character that came in two pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Where the second piece begins in its stream.
    pub offset: u64,
    /// The character.
    pub character: char,
}

impl Cut {
    fn at(bytes: &[u8], offset: u64) -> Option<Self> {
        let at = usize::try_from(offset).ok().filter(|at| *at < bytes.len())?;
        // A character has four bytes at most: one that is cut begins up to three before.
        (1..=3.min(at)).find_map(|before| {
            let begin = &bytes[at - before..bytes.len().min(at - before + 4)];
            let text = begin.utf8_chunks().next()?.valid();
            let character = text.chars().next().filter(|c| c.len_utf8() > before)?;
            Some(Self { offset, character })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_stream_is_kept_at_both_ends() {
        let mut sample = Sample::default();
        for _ in 0..40 {
            sample.push(Stream::Stdout, &[b'a'; 60_000]);
        }
        sample.push(Stream::Stdout, b"\nlast");
        assert_eq!((sample.stdout.head.len() as u64, sample.stdout.tail.len() as u64), (HEAD, TAIL));
        assert!(sample.stdout.tail.ends_with(b"a\nlast"));
        assert_eq!(sample.stdout.counts, StreamCounts { bytes: 2_400_005, lines: 2 });
        assert_eq!((sample.chunks, sample.stdout.ends.len()), (41, 17));
    }

    #[test]
    fn a_character_in_two_pieces_is_cut_and_broken_bytes_are_not() {
        let cuts = |pieces: &[&[u8]]| {
            let mut sample = Sample::default();
            pieces.iter().for_each(|piece| sample.push(Stream::Stdout, piece));
            sample.stdout.cuts()
        };
        assert_eq!(cuts(&[b"caf\xc3", b"\xa9"]), [Cut { offset: 4, character: 'é' }]);
        assert_eq!(cuts(&[b"\xf0\x9f", b"\x90", b"\xb3"]).len(), 2);
        for whole in [&["é".as_bytes(), "é".as_bytes()][..], &[b"\xc3", b"x"], &[b"caf\xc3"], &[b"a", b"\xa9"]] {
            assert_eq!(cuts(whole), [], "{whole:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_of_any_text_are_counted_as_the_whole(text in ".{0,40}", cuts in prop::collection::vec(0usize..80, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let (mut sample, mut from) = (Sample::default(), 0);
            for cut in cuts.iter().copied().chain([text.len()]) {
                sample.push(Stream::Stderr, &text.as_bytes()[from..cut]);
                from = cut;
            }
            let lines = text.split_inclusive('\n').count() as u64;
            prop_assert_eq!(sample.stderr.counts, StreamCounts { bytes: text.len() as u64, lines });
            cuts.dedup();
            let inside = cuts.iter().filter(|cut| !text.is_char_boundary(**cut)).count();
            prop_assert_eq!(sample.stderr.cuts().len(), inside);
        }
    }
}

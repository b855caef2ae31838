//! An output as UTF-8: a second output made of the first, as far as the user looks. The bytes of the first stay as they
//! are.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use encoding_rs::{Decoder, Encoding};

use super::{Chunk, DiskQuota, Output, TaskProgress};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Bytes that are decoded at once.
const PIECE: u64 = 64 * 1024;
/// Bytes that are decoded while the user waits for rows.
const STEP: u64 = 8 * 1024 * 1024;
/// Chunks that are requested at once.
const CHUNKS: usize = 256;

/// The text of an output in an encoding.
#[derive(Debug)]
pub struct Transcript {
    source: Arc<Output>,
    encoding: &'static Encoding,
    text: Arc<Output>,
    state: Mutex<State>,
    quota: Arc<DiskQuota>,
}

struct State {
    /// The next chunk of the source, and how much of it was decoded.
    chunk: u64,
    within: u64,
    stdout: Decoder,
    stderr: Decoder,
    /// Bytes decoded.
    done: u64,
    /// When the last of them came.
    at_us: u64,
    finished: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("done", &self.done).field("finished", &self.finished).finish_non_exhaustive()
    }
}

impl Transcript {
    /// One of which nothing is decoded yet. Its files are named after this stem and go when it is dropped.
    pub fn new(source: Arc<Output>, encoding: &'static Encoding, stem: PathBuf, quota: Arc<DiskQuota>) -> Self {
        let text = Output::of_body(stem, Arc::clone(&quota));
        if let Some(body) = source.kind() {
            text.expect(body);
        }
        let decoder = || encoding.new_decoder_with_bom_removal();
        let state =
            State { chunk: 0, within: 0, stdout: decoder(), stderr: decoder(), done: 0, at_us: 0, finished: false };
        Self { source, encoding, text: Arc::new(text), state: Mutex::new(state), quota }
    }

    /// The encoding of the source.
    pub fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// Whether this is of that output.
    pub fn is_of(&self, source: &Arc<Output>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }

    /// The text, as far as it is decoded.
    pub fn text(&self) -> &Arc<Output> {
        &self.text
    }

    /// Whether the source holds more than was decoded.
    pub fn is_behind(&self) -> bool {
        self.state().done < self.length()
    }

    /// Decodes some megabytes of what came since; tells how far it is, unless all is done. `ended` says that nothing more
    /// will come.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] or [`Code::SpillFailed`] when a file can't be read or written; [`Code::QuotaReached`] when outputs have used up their part of
    /// the disk.
    pub fn catch_up(&self, ended: bool) -> Result<Option<TaskProgress>> {
        let state = &mut *self.state();
        // What comes meanwhile is for the next time.
        let whole = self.length();
        let to = whole.min(state.done.saturating_add(STEP));
        while state.done < to {
            let chunks = self.source.chunks(state.chunk, CHUNKS);
            if chunks.is_empty() {
                return Ok(None);
            }
            for chunk in chunks {
                self.decode_chunk(state, &chunk, to)?;
                if state.within < chunk.len {
                    break;
                }
                (state.chunk, state.within) = (state.chunk + 1, 0);
            }
        }
        if state.done < whole {
            return Ok(Some(TaskProgress { done: state.done, whole }));
        }
        if ended && !std::mem::replace(&mut state.finished, true) {
            // The beginning of a character that never came whole.
            for stream in [Stream::Stdout, Stream::Stderr] {
                let rest = decode(state.decoder(stream), b"", true);
                self.text.append(stream, rest.as_bytes(), state.at_us)?;
            }
            self.text.end();
        }
        Ok(None)
    }

    fn decode_chunk(&self, state: &mut State, chunk: &Chunk, to: u64) -> Result<()> {
        while state.within < chunk.len && state.done < to {
            if self.quota.is_full() {
                return Err(Error::new(Code::QuotaReached, "Output quota reached").hint(
                    "Clear the timeline or increase the quota. Choose UTF-8 to view the output without decoding.",
                ));
            }
            let from = chunk.offset + state.within;
            let end = (from + PIECE.min(to - state.done)).min(chunk.offset + chunk.len);
            let bytes = self.source.read(chunk.stream, from, end)?;
            if bytes.is_empty() {
                return Err(Error::new(Code::OutputUnreadable, "The output file is shorter than expected"));
            }
            let text = decode(state.decoder(chunk.stream), &bytes, false);
            self.text.append(chunk.stream, text.as_bytes(), chunk.at_us)?;
            state.within += bytes.len() as u64;
            state.done += bytes.len() as u64;
            state.at_us = chunk.at_us;
        }
        Ok(())
    }

    fn length(&self) -> u64 {
        let counts = self.source.counts();
        counts.stdout.bytes + counts.stderr.bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decoder(&mut self, stream: Stream) -> &mut Decoder {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

/// The text that is certain after these bytes.
fn decode(decoder: &mut Decoder, bytes: &[u8], last: bool) -> String {
    let mut text = String::new();
    let mut from = 0;
    loop {
        let room = decoder.max_utf8_buffer_length(bytes.len() - from).unwrap_or(PIECE as usize);
        text.reserve(room.max(16));
        let (result, read, _) = decoder.decode_to_string(&bytes[from..], &mut text, last);
        from += read;
        if matches!(result, encoding_rs::CoderResult::InputEmpty) {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GBK, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;
    use crate::{RenderOptions, View};

    fn transcript(encoding: &'static Encoding) -> (tempfile::TempDir, Arc<Output>, Transcript) {
        let directory = tempfile::tempdir().unwrap();
        let quota = Arc::new(DiskQuota::unlimited());
        let source = Arc::new(Output::new(directory.path().join("1"), Arc::clone(&quota)));
        let transcript = Transcript::new(Arc::clone(&source), encoding, directory.path().join("1-text"), quota);
        (directory, source, transcript)
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn lines(transcript: &Transcript, view: View) -> Vec<(String, u64)> {
        let window = transcript.text().window(view, 0, 1000, RenderOptions::default()).unwrap();
        window.lines.into_iter().map(|line| (line.text, line.at_us)).collect()
    }

    #[test]
    fn lines_of_utf16_are_those_of_its_text_also_where_a_byte_is_a_line_feed() {
        let (_directory, source, transcript) = transcript(UTF_16LE);
        // U+0A0A has two bytes of a line feed each.
        let bytes = [b"\xff\xfe", &utf16("one\r\n\u{a0a}two\nthr")[..]].concat();
        let (first, rest) = bytes.split_at(11);
        source.append(Stream::Stdout, first, 1).unwrap();
        assert_eq!(transcript.catch_up(false).unwrap(), None);
        source.append(Stream::Stdout, rest, 2).unwrap();
        source.append(Stream::Stderr, &utf16("error\n"), 3).unwrap();
        assert!(transcript.is_behind());
        assert_eq!(transcript.catch_up(false).unwrap(), None);
        let expected = [("one", 1), ("\u{a0a}two", 2), ("thr", 2), ("error", 3)];
        assert_eq!(lines(&transcript, View::Both), expected.map(|(text, at)| (text.to_owned(), at)));
        assert_eq!(source.read(Stream::Stdout, 0, 999).unwrap(), bytes, "the bytes stay");
    }

    #[test]
    fn a_character_that_the_end_cuts_is_shown_as_such() {
        let (_directory, source, transcript) = transcript(SHIFT_JIS);
        source.append(Stream::Stdout, b"\x82\xa0\x82", 1).unwrap();
        transcript.catch_up(false).unwrap();
        assert_eq!(lines(&transcript, View::Stdout), [("あ".to_owned(), 1)]);
        transcript.catch_up(true).unwrap();
        transcript.catch_up(true).unwrap();
        assert_eq!(lines(&transcript, View::Stdout), [("あ\u{fffd}".to_owned(), 1)]);
    }

    #[test]
    fn a_long_output_is_decoded_in_steps_and_a_full_disk_is_told() {
        let (_directory, source, transcript) = transcript(GBK);
        let piece = GBK.encode("长长长长\n").0.repeat(100_000);
        for at in 0..12 {
            source.append(Stream::Stdout, &piece, at).unwrap();
        }
        let making = transcript.catch_up(true).unwrap().unwrap();
        assert_eq!((making.done, making.whole), (STEP, 12 * piece.len() as u64));
        while transcript.catch_up(true).unwrap().is_some() {}
        assert_eq!(transcript.text().counts().stdout.lines, 1_200_000);
        transcript.quota.set_quota(1);
        source.append(Stream::Stdout, b"\xb3\xa4\n", 13).unwrap();
        assert_eq!(transcript.catch_up(true).unwrap_err().code, Code::QuotaReached);
    }

    proptest! {
        /// However the bytes are cut into chunks, and whenever it is read, the text is that of the whole.
        #[test]
        fn cut_anywhere_is_the_same(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(10), Just(0x82), 0x40u8..0x60], 0..200),
            cuts in prop::collection::vec((0usize..200, any::<bool>()), 0..8),
            which in 0usize..5,
        ) {
            let encoding = [UTF_16LE, UTF_16BE, SHIFT_JIS, GBK, WINDOWS_1252][which];
            let (_directory, source, transcript) = transcript(encoding);
            let mut cuts: Vec<_> = cuts.into_iter().map(|(cut, look)| (cut.min(bytes.len()), look)).collect();
            cuts.sort_unstable();
            let mut from = 0;
            for (cut, look) in cuts.into_iter().chain([(bytes.len(), true)]) {
                source.append(Stream::Stdout, &bytes[from..cut], 1).unwrap();
                from = cut;
                if look {
                    prop_assert_eq!(transcript.catch_up(false).unwrap(), None);
                }
            }
            transcript.catch_up(true).unwrap();
            let text = transcript.text().read(Stream::Stdout, 0, u64::MAX).unwrap();
            let (expected, _) = encoding.decode_with_bom_removal(&bytes);
            prop_assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}

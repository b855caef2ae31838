//! How output becomes callbacks: a state machine over chunks as they were read. However the reading
//! was cut, the lines are the same.

use porthole_output::{Stream, incomplete_tail};

/// What one callback of a stream gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A chunk.
    Chunks,
    /// A line without its end.
    Lines,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// `\n`
    Lf,
    /// `\n` and one `\r` before it
    CrLf,
}

/// How bytes become what a callback gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoding {
    /// Strings; a character that is cut by a chunk comes whole with the next one.
    Joined,
    /// Strings; each chunk is decoded alone.
    Alone,
    /// Bytes.
    Bytes,
}

/// What a Runtime does with output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackRules {
    /// What callbacks of stdout get.
    pub stdout: Framing,
    /// What those of stderr get.
    pub stderr: Framing,
    /// What ends a line.
    pub ends: LineEnds,
    /// How bytes become what a callback gets.
    pub decoding: Decoding,
    /// A last line without a newline is lost.
    pub loses_last: bool,
    /// From this moment on nothing is called.
    pub silent_from: Option<u64>,
}

impl CallbackRules {
    fn of(&self, stream: Stream) -> Framing {
        match stream {
            Stream::Stdout => self.stdout,
            Stream::Stderr => self.stderr,
        }
    }
}

/// One callback: which bytes of its stream it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its stream.
    pub stream: Stream,
    /// Where its bytes begin.
    pub from: u64,
    /// Where they end. A line's own end is not among them, but for a `\r` that may count as one.
    pub to: u64,
    /// When it is called, in microseconds since the beginning.
    pub at_us: u64,
    /// It is a line, or a last one without its end.
    pub line: bool,
    /// Where a chunk cut a character in it that was decoded in two pieces.
    pub cuts: &'a [u64],
}

/// What becomes of chunks.
#[derive(Debug, Clone)]
pub struct Machine {
    callback_rules: CallbackRules,
    stdout: Side,
    stderr: Side,
    /// How many callbacks there were.
    pub count: u64,
}

/// One stream, as far as it has come.
#[derive(Debug, Clone, Default)]
struct Side {
    /// Where the next callback's bytes begin.
    from: u64,
    /// Where the bytes seen so far end.
    seen: u64,
    /// The last of them: as many as a character can have begun with.
    last: Vec<u8>,
    cuts: Vec<u64>,
}

impl Machine {
    /// One that has seen nothing yet.
    pub fn new(callback_rules: CallbackRules) -> Self {
        Self { callback_rules, stdout: Side::default(), stderr: Side::default(), count: 0 }
    }

    /// The rules that it follows.
    pub fn callback_rules(&self) -> &CallbackRules {
        &self.callback_rules
    }

    /// Nothing is called from a moment on, which may only become known while this goes on.
    pub fn silent_from(&mut self, at_us: Option<u64>) {
        self.callback_rules.silent_from = at_us;
    }

    /// The next chunk of a stream, in the order in which they were read.
    pub fn push(&mut self, stream: Stream, at_us: u64, bytes: &[u8], take: &mut dyn FnMut(u64, Piece<'_>)) {
        if bytes.is_empty() || self.callback_rules.silent_from.is_some_and(|from| at_us >= from) {
            return;
        }
        let callback_rules = self.callback_rules;
        let (side, count) = match stream {
            Stream::Stdout => (&mut self.stdout, &mut self.count),
            Stream::Stderr => (&mut self.stderr, &mut self.count),
        };
        let began = side.seen;
        if callback_rules.decoding == Decoding::Alone && incomplete_tail(&side.last) > 0 {
            side.cuts.push(began);
        }
        side.see(bytes);
        let mut call = |from: u64, to: u64, line: bool, cuts: &[u64]| {
            take(*count, Piece { stream, from, to, at_us, line, cuts });
            *count += 1;
        };
        match callback_rules.of(stream) {
            Framing::Lines => {
                for end in memchr::memchr_iter(b'\n', bytes) {
                    let end = began + end as u64;
                    call(side.from, end, true, &side.cuts);
                    side.from = end + 1;
                    side.cuts.clear();
                }
            }
            Framing::Chunks => {
                let held =
                    if callback_rules.decoding == Decoding::Joined { incomplete_tail(&side.last) as u64 } else { 0 };
                let to = side.seen - held;
                if to > side.from {
                    call(side.from, to, false, &[]);
                    side.from = to;
                }
                side.cuts.clear();
            }
        }
    }

    /// The streams have ended.
    pub fn finish(&mut self, at_us: u64, take: &mut dyn FnMut(u64, Piece<'_>)) {
        if self.callback_rules.silent_from.is_some_and(|from| at_us >= from) {
            return;
        }
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = self.callback_rules.of(stream) == Framing::Lines;
            let side = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            if side.from < side.seen && !(line && self.callback_rules.loses_last) {
                take(self.count, Piece { stream, from: side.from, to: side.seen, at_us, line, cuts: &side.cuts });
                self.count += 1;
                side.from = side.seen;
            }
        }
    }

    /// What of a stream no callback has got: the beginning of a line or of a character.
    pub fn rest(&self, stream: Stream) -> (u64, u64) {
        let side = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        (side.from, side.seen)
    }
}

impl Side {
    fn see(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let tail = &bytes[bytes.len().saturating_sub(4)..];
        self.last.extend_from_slice(tail);
        let beyond = self.last.len().saturating_sub(4);
        self.last.drain(..beyond);
    }
}

/// The text of a piece, of which `bytes` are all or the beginning.
pub fn text_of(piece: &Piece<'_>, callback_rules: &CallbackRules, bytes: &[u8]) -> String {
    let whole = bytes.len() as u64 == piece.to - piece.from;
    let bytes = match (piece.line && whole, callback_rules.ends) {
        (true, LineEnds::CrLf) => bytes.strip_suffix(b"\r").unwrap_or(bytes),
        _ => bytes,
    };
    let mut text = String::new();
    let mut at = 0;
    let cuts = piece.cuts.iter().map(|cut| cut.saturating_sub(piece.from) as usize);
    for cut in cuts.filter(|cut| *cut < bytes.len()).collect::<Vec<_>>() {
        text.push_str(&String::from_utf8_lossy(&bytes[at..cut]));
        at = cut;
    }
    text.push_str(&String::from_utf8_lossy(&bytes[at..]));
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn callback_rules(pieces: Framing, decoding: Decoding, loses_last: bool) -> CallbackRules {
        CallbackRules { stdout: pieces, stderr: pieces, ends: LineEnds::CrLf, decoding, loses_last, silent_from: None }
    }

    /// The texts of the callbacks of one stream, cut at these places.
    fn texts(callback_rules: CallbackRules, bytes: &[u8], cuts: &[usize]) -> Vec<String> {
        let mut machine = Machine::new(callback_rules);
        let (mut all, mut from) = (Vec::new(), 0);
        let mut take = |_: u64, piece: Piece<'_>| {
            all.push(text_of(&piece, &callback_rules, &bytes[piece.from as usize..piece.to as usize]));
        };
        for cut in cuts.iter().copied().chain([bytes.len()]) {
            machine.push(Stream::Stdout, 0, &bytes[from..cut], &mut take);
            from = cut;
        }
        machine.finish(1, &mut take);
        all
    }

    #[test]
    fn a_character_that_a_chunk_cuts_comes_whole_with_the_next_one() {
        let joined = callback_rules(Framing::Chunks, Decoding::Joined, false);
        assert_eq!(texts(joined, "aü€b".as_bytes(), &[2, 4]), ["a", "ü", "€b"]);
        assert_eq!(texts(joined, b"a\xe2\x82", &[1, 2]), ["a", "\u{fffd}"], "what never comes whole comes at the end");
    }

    #[test]
    fn chunks_that_are_decoded_alone_break_characters() {
        let alone = callback_rules(Framing::Chunks, Decoding::Alone, true);
        assert_eq!(texts(alone, "aüb".as_bytes(), &[2]), ["a\u{fffd}", "\u{fffd}b"]);
        let lines = callback_rules(Framing::Lines, Decoding::Alone, true);
        assert_eq!(texts(lines, "aüb\ncü\n".as_bytes(), &[2]), ["a\u{fffd}\u{fffd}b", "cü"]);
    }

    #[test]
    fn a_last_line_without_its_end_is_delivered_or_lost() {
        let kept = callback_rules(Framing::Lines, Decoding::Joined, false);
        assert_eq!(texts(kept, b"a\n\nb", &[]), ["a", "", "b"]);
        let lost = callback_rules(Framing::Lines, Decoding::Joined, true);
        assert_eq!(texts(lost, b"a\n\nb", &[]), ["a", ""]);
    }

    #[test]
    fn a_carriage_return_ends_a_line_only_where_it_counts() {
        let mut both = callback_rules(Framing::Lines, Decoding::Joined, false);
        assert_eq!(texts(both, b"a\r\nb\r\r\nc\rd\n", &[2]), ["a", "b\r", "c\rd"]);
        both.ends = LineEnds::Lf;
        assert_eq!(texts(both, b"a\r\nb\n", &[2]), ["a\r", "b"]);
    }

    #[test]
    fn nothing_is_called_after_a_close() {
        let mut machine = Machine::new(CallbackRules {
            silent_from: Some(5),
            ..callback_rules(Framing::Lines, Decoding::Alone, true)
        });
        let mut count = 0;
        machine.push(Stream::Stdout, 4, b"a\n", &mut |_, _| count += 1);
        machine.push(Stream::Stdout, 5, b"b\n", &mut |_, _| count += 1);
        machine.finish(6, &mut |_, _| count += 1);
        assert_eq!((count, machine.count), (1, 1));
    }

    #[test]
    fn streams_do_not_mix() {
        let split = callback_rules(Framing::Lines, Decoding::Joined, false);
        let mut machine = Machine::new(split);
        let mut seen = Vec::new();
        let mut take = |n: u64, piece: Piece<'_>| seen.push((n, piece.stream, piece.from, piece.to));
        machine.push(Stream::Stdout, 0, b"ab", &mut take);
        machine.push(Stream::Stderr, 0, b"x\ny", &mut take);
        machine.push(Stream::Stdout, 0, b"c\n", &mut take);
        machine.finish(0, &mut take);
        assert_eq!(seen, [(0, Stream::Stderr, 0, 1), (1, Stream::Stdout, 0, 3), (2, Stream::Stderr, 2, 3)]);
    }

    fn written() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            prop::collection::vec(any::<u8>(), 1..3),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cut_anywhere_the_lines_are_the_same(bytes in written(), cuts in prop::collection::vec(0usize..160, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            for decoding in [Decoding::Joined, Decoding::Bytes] {
                let split = callback_rules(Framing::Lines, decoding, false);
                prop_assert_eq!(texts(split, &bytes, &cuts), texts(split, &bytes, &[]));
            }
        }

        #[test]
        fn cut_anywhere_the_joined_chunks_are_the_text(bytes in written(), cuts in prop::collection::vec(0usize..160, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let chunks = callback_rules(Framing::Chunks, Decoding::Joined, false);
            prop_assert_eq!(texts(chunks, &bytes, &cuts).concat(), String::from_utf8_lossy(&bytes));
        }
    }
}

//! How bytes are shown as text: nothing is dropped, and what is not text is marked.

use std::fmt::Write;

use super::{
    ansi::{Escape, Looks, escape},
    facts::Styled,
};

/// Text to draw, and the UTF-16 ranges of it that stand for something that is not there as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub text: String,
    pub ranges: Vec<(u32, u32)>,
    /// What terminal codes say, where they are followed.
    pub styles: Vec<Styled>,
    /// Length of `text` in UTF-16 units, in which the page counts.
    length: u32,
    /// How many bytes of the line are in `text`.
    done: usize,
    /// Byte offsets whose place in the text is asked for, the next one last.
    asked: Vec<usize>,
    told: Vec<u32>,
}

impl Shown {
    /// Text that stands for nothing but itself.
    pub fn plain(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// Shows a line without its line end. Control characters become control pictures, bytes that
    /// are not UTF-8 become `\xNN`; a tab stays a tab.
    pub fn of(bytes: &[u8]) -> Self {
        let mut shown = Self::default();
        shown.piece(bytes);
        shown
    }

    /// The same, and tells where ranges of bytes stand in the text. With `ansi`, terminal codes are
    /// followed: those for looks and those that are commands to a terminal are not in the text.
    pub fn with(bytes: &[u8], found: &[(usize, usize)], ansi: bool) -> (Self, Vec<(u32, u32)>) {
        let mut shown =
            Self { asked: found.iter().rev().flat_map(|(from, to)| [*to, *from]).collect(), ..Self::default() };
        if ansi {
            shown.with_codes(bytes);
        } else {
            shown.piece(bytes);
        }
        shown.reached(usize::MAX);
        let places = shown.told.chunks_exact(2).map(|ends| (ends[0], ends[1])).filter(|(from, to)| from < to).collect();
        (shown, places)
    }

    fn with_codes(&mut self, bytes: &[u8]) {
        let (mut looks, mut since) = (Looks::default(), 0);
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(0x1b, rest) {
            self.piece(&rest[..at]);
            rest = &rest[at..];
            let (kind, length) = escape(rest).map_or((None, 1), |(kind, length)| (Some(kind), length));
            match kind {
                Some(Escape::Looks(parameters)) => {
                    self.styles.extend(looks.styled(since, self.length));
                    looks.follow(parameters);
                    since = self.length;
                    self.done += length;
                }
                Some(Escape::Command) => self.done += length,
                Some(Escape::Other) => {
                    let from = self.length;
                    self.piece(&rest[..length]);
                    self.mark(from);
                }
                None => self.piece(&rest[..length]),
            }
            rest = &rest[length..];
        }
        self.piece(rest);
        self.styles.extend(looks.styled(since, self.length));
    }

    fn piece(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                self.reached(self.done);
                self.character(c);
                self.done += c.len_utf8();
            }
            for byte in chunk.invalid() {
                self.reached(self.done);
                let from = self.length;
                let _ = write!(self.text, "\\x{byte:02X}");
                self.length += 4;
                self.mark(from);
                self.done += 1;
            }
        }
    }

    /// The text that comes next is that of the byte at `offset`.
    fn reached(&mut self, offset: usize) {
        while self.asked.pop_if(|asked| *asked <= offset).is_some() {
            self.told.push(self.length);
        }
    }

    fn character(&mut self, c: char) {
        let from = self.length;
        match c {
            '\t' => self.push(c),
            '\0'..='\x1f' => self.push(char::from_u32(0x2400 + c as u32).unwrap_or(c)),
            '\x7f' => self.push('\u{2421}'),
            '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                // C1 controls, and marks that would let a backend reorder what is read.
                let name = format!("\\u{{{:x}}}", c as u32);
                self.length += name.len() as u32;
                self.text.push_str(&name);
            }
            _ => {
                self.push(c);
                return;
            }
        }
        if c != '\t' {
            self.mark(from);
        }
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.length += c.len_utf16() as u32;
    }

    fn mark(&mut self, from: u32) {
        match self.ranges.last_mut() {
            // A code that moves the cursor is one mark: its control picture is in it already.
            Some(last) if last.1 >= from => *last = (last.0.min(from), self.length),
            _ => self.ranges.push((from, self.length)),
        }
    }
}

/// The line without its line end: `\n` or `\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(fuzzing)]
pub(crate) fn fuzz_text(input: &[u8]) {
    let Some(([ansi, from, length], bytes)) = input.split_first_chunk() else { return };
    let from = usize::from(*from).min(bytes.len());
    let to = (from + usize::from(*length)).min(bytes.len());
    let (shown, found) = Shown::with(bytes, &[(from, to)], ansi % 2 == 1);
    let length = shown.text.encode_utf16().count() as u32;
    assert_eq!((shown.length, shown.done), (length, bytes.len()));
    let styles = shown.styles.iter().map(|styled| (styled.from, styled.to));
    for marks in [shown.ranges.clone(), styles.collect(), found] {
        let mut before = 0;
        for (from, to) in marks {
            assert!(before <= from && from < to && to <= length);
            before = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_and_broken_bytes_are_shown_not_dropped() {
        let shown = Shown::of(b"a\0\x1b[1m\tb\xff\xfe\xc3\xa9\x7f");
        assert_eq!(shown.text, "a␀␛[1m\tb\\xFF\\xFEé␡");
        assert_eq!(shown.ranges, [(1, 3), (8, 16), (17, 18)]);
    }

    #[test]
    fn ranges_count_utf16_units() {
        assert_eq!(Shown::of("🚢\x01".as_bytes()).ranges, [(2, 3)]);
    }

    #[test]
    fn terminal_codes_are_followed_where_that_is_asked_for() {
        let line = b"\x1b[31mred\x1b[0m \x1b[2Kx \x1b]8;;https://example.com\x07link\x1b]8;;\x07 \x1b[1";
        let (shown, _) = Shown::with(line, &[], true);
        assert_eq!(shown.text, "red \u{241b}[2Kx link \u{241b}[1");
        assert_eq!(shown.styles.iter().map(|styled| (styled.from, styled.to)).collect::<Vec<_>>(), [(0, 3)]);
        assert_eq!(shown.ranges, [(4, 8), (15, 16)]);
        let (plain, _) = Shown::with(line, &[], false);
        assert!(plain.text.starts_with("\u{241b}[31mred") && plain.styles.is_empty());
    }

    #[test]
    fn what_was_found_is_told_in_places_of_the_text() {
        let line = "\u{1b}[1mé🚢\u{1}x\u{1b}[0my".as_bytes();
        let found = |ansi, needle: &str| {
            let at = memchr::memmem::find(line, needle.as_bytes()).unwrap();
            Shown::with(line, &[(at, at + needle.len())], ansi).1
        };
        assert_eq!(found(true, "é🚢"), [(0, 3)]);
        assert_eq!(found(true, "x\u{1b}[0my"), [(4, 6)]);
        assert_eq!(found(true, "\u{1b}[0m"), [], "nothing of it is in the text");
        assert_eq!(found(false, "é🚢"), [(4, 7)]);
        assert_eq!(found(false, "\u{1b}[0m"), [(9, 13)]);
    }

    #[test]
    fn a_code_after_a_control_character_is_one_mark_with_it() {
        assert_eq!(Shown::with(b"\0\x1b[2Kx", &[], true).0.ranges, [(0, 5)]);
    }

    #[test]
    fn text_cannot_reorder_itself() {
        assert_eq!(Shown::of("\u{202e}x".as_bytes()).text, "\\u{202e}x");
    }

    #[test]
    fn a_carriage_return_ends_a_line_only_before_a_newline() {
        assert_eq!(without_line_end(b"a\r\n"), b"a");
        assert_eq!(without_line_end(b"a\rb\n"), b"a\rb");
    }

    proptest! {
        #[test]
        fn plain_text_stands_as_it_is(text in "[ -~é-ü]{0,40}") {
            let shown = Shown::of(text.as_bytes());
            prop_assert_eq!(shown.text, text);
            prop_assert!(shown.ranges.is_empty());
        }

        #[test]
        fn ranges_lie_in_the_text(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'm'), Just(b'1')], 0..60),
            ansi: bool,
            from in 0usize..60,
            len in 0usize..20,
        ) {
            let from = from.min(bytes.len());
            let to = (from + len).min(bytes.len());
            let (shown, found) = Shown::with(&bytes, &[(from, to)], ansi);
            let length = shown.text.encode_utf16().count() as u32;
            prop_assert_eq!(shown.length, length);
            prop_assert_eq!(shown.done, bytes.len());
            let styles = shown.styles.iter().map(|styled| (styled.from, styled.to));
            let all: Vec<(u32, u32)> = shown.ranges.iter().copied().chain(styles).chain(found).collect();
            prop_assert!(all.iter().all(|(from, to)| from < to && *to <= length), "{:?}", all);
            prop_assert!(shown.ranges.is_sorted() && shown.styles.is_sorted_by_key(|styled| styled.from));
        }
    }
}

//! How bytes are shown as text: nothing is dropped, and what is not text is marked.

use std::fmt::Write;

use super::{
    ansi::SgrState,
    facts::Styled,
    screen::{self, Cell, Glyph},
};

/// Text to draw, and the UTF-16 ranges of it that represent something that is not there as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RenderedText {
    pub text: String,
    pub ranges: Vec<(u32, u32)>,
    /// What terminal codes say, where they are followed.
    pub styles: Vec<Styled>,
    /// Length of `text` in UTF-16 units, in which the page counts.
    length: u32,
    /// How many bytes of the line are in `text`.
    done: usize,
    /// Byte offsets to find in the text, the next one last.
    asked: Vec<usize>,
    told: Vec<u32>,
}

impl RenderedText {
    /// Text that represents nothing but itself.
    pub fn plain(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// Shows a line without its line end. Control characters become control pictures, bytes that
    /// are not UTF-8 become `\xNN`; a tab stays a tab.
    pub fn of(bytes: &[u8]) -> Self {
        let mut rendered = Self::default();
        rendered.piece(bytes);
        rendered
    }

    /// The same, and tells where ranges of bytes are in the text.
    pub fn with(bytes: &[u8], found: &[(usize, usize)]) -> (Self, Vec<(u32, u32)>) {
        let mut rendered =
            Self { asked: found.iter().rev().flat_map(|(from, to)| [*to, *from]).collect(), ..Self::default() };
        rendered.piece(bytes);
        rendered.reached(usize::MAX);
        let places =
            rendered.told.chunks_exact(2).map(|ends| (ends[0], ends[1])).filter(|(from, to)| from < to).collect();
        (rendered, places)
    }

    /// Shows the line as a terminal does when all of it was written: codes are followed and are not in the text.
    /// `looks` is how letters look where it begins, and afterwards how they look where it ends.
    pub fn on_terminal(bytes: &[u8], found: &[(usize, usize)], sgr: &mut SgrState) -> (Self, Vec<(u32, u32)>) {
        if !screen::concerns(bytes) {
            let (mut rendered, places) = Self::with(bytes, found);
            rendered.styles.extend(sgr.styled(0, rendered.length));
            return (rendered, places);
        }
        let cells = screen::written(bytes, sgr);
        let mut rendered = Self::default();
        let mut places: Vec<(usize, u32, u32)> = Vec::new();
        for run in cells.chunk_by(|a, b| a.sgr == b.sgr) {
            let from = rendered.length;
            for cell in run {
                let begins = rendered.length;
                rendered.cell(cell);
                // Searches are in the bytes: a match that was written over has no place in the text.
                let Some(hit) = found.iter().position(|(from, to)| (*from..*to).contains(&cell.at)) else { continue };
                match places.last_mut() {
                    Some((last, _, end)) if *last == hit && *end == begins => *end = rendered.length,
                    _ => places.push((hit, begins, rendered.length)),
                }
            }
            let sgr = run.first().map(|cell| &cell.sgr);
            rendered.styles.extend(sgr.and_then(|sgr| sgr.styled(from, rendered.length)));
        }
        (rendered, places.into_iter().map(|(_, from, to)| (from, to)).collect())
    }

    fn cell(&mut self, cell: &Cell) {
        match cell.glyph {
            Glyph::Character(c) => self.character(c),
            Glyph::Byte(byte) => self.byte(byte),
        }
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
                self.byte(*byte);
                self.done += 1;
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        let from = self.length;
        let _ = write!(self.text, "\\x{byte:02X}");
        self.length += 4;
        self.mark(from);
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
            c if is_hidden(c) => {
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
            Some(last) if last.1 == from => last.1 = self.length,
            _ => self.ranges.push((from, self.length)),
        }
    }
}

/// Bytes as one line of text: what can't be seen is made visible.
pub fn visible(bytes: &[u8]) -> String {
    RenderedText::of(bytes).text
}

/// Whether a character can't be seen, looks like another one, or reorders its neighbors.
fn is_hidden(c: char) -> bool {
    porthole_base::terminal::is_control(c) || matches!(c, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}')
}

/// The line without its line end: `\n` or `\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(fuzzing)]
pub fn fuzz_text(input: &[u8]) {
    let Some(([ansi, from, length], bytes)) = input.split_first_chunk() else { return };
    let from = usize::from(*from).min(bytes.len());
    let to = (from + usize::from(*length)).min(bytes.len());
    let (rendered, found) = match ansi % 2 {
        0 => RenderedText::with(bytes, &[(from, to)]),
        _ => RenderedText::on_terminal(bytes, &[(from, to)], &mut SgrState::default()),
    };
    assert_eq!(rendered.length, rendered.text.encode_utf16().count() as u32);
    let length = rendered.length;
    let styles = rendered.styles.iter().map(|styled| (styled.from, styled.to));
    for marks in [rendered.ranges.clone(), styles.collect(), found] {
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
        let rendered = RenderedText::of(b"a\0\x1b[1m\tb\xff\xfe\xc3\xa9\x7f");
        assert_eq!(rendered.text, "a␀␛[1m\tb\\xFF\\xFEé␡");
        assert_eq!(rendered.ranges, [(1, 3), (8, 16), (17, 18)]);
    }

    #[test]
    fn ranges_count_utf16_units() {
        assert_eq!(RenderedText::of("🚢\x01".as_bytes()).ranges, [(2, 3)]);
    }

    fn on_terminal(line: &[u8]) -> RenderedText {
        RenderedText::on_terminal(line, &[], &mut SgrState::default()).0
    }

    #[test]
    fn terminal_codes_are_followed_where_that_is_asked_for() {
        let line = b"\x1b[31mred\x1b[0m \x1b]8;;https://example.com\x07link\x1b]8;;\x07 \x1b[1";
        let rendered = on_terminal(line);
        assert_eq!(rendered.text, "red link \u{241b}[1");
        assert_eq!(rendered.styles.iter().map(|styled| (styled.from, styled.to)).collect::<Vec<_>>(), [(0, 3)]);
        assert_eq!(rendered.ranges, [(9, 10)]);
        let (plain, _) = RenderedText::with(line, &[]);
        assert!(plain.text.starts_with("\u{241b}[31mred") && plain.styles.is_empty());
    }

    #[test]
    fn what_was_found_is_told_in_places_of_the_text() {
        let line = "\u{1b}[1mé🚢\u{1}x\u{1b}[0my".as_bytes();
        let found = |ansi, needle: &str| {
            let at = memchr::memmem::find(line, needle.as_bytes()).unwrap();
            let range = [(at, at + needle.len())];
            if ansi {
                RenderedText::on_terminal(line, &range, &mut SgrState::default()).1
            } else {
                RenderedText::with(line, &range).1
            }
        };
        assert_eq!(found(true, "é🚢"), [(0, 3)]);
        assert_eq!(found(true, "x\u{1b}[0my"), [(4, 6)]);
        assert_eq!(found(true, "\u{1b}[0m"), [], "nothing of it is in the text");
        assert_eq!(found(false, "é🚢"), [(4, 7)]);
        assert_eq!(found(false, "\u{1b}[0m"), [(9, 13)]);
    }

    #[test]
    fn colors_go_on_to_the_next_line_until_they_are_reset() {
        let mut sgr = SgrState::default();
        let red =
            |rendered: &RenderedText| rendered.styles.iter().map(|styled| (styled.from, styled.to)).collect::<Vec<_>>();
        let (rendered, _) = RenderedText::on_terminal(b"a\x1b[31mb", &[], &mut sgr);
        assert_eq!(red(&rendered), [(1, 2)]);
        let (rendered, _) = RenderedText::on_terminal(b"plain text of the next line", &[], &mut sgr);
        assert_eq!(red(&rendered), [(0, 27)]);
        let (rendered, _) = RenderedText::on_terminal(b"c\x1b[md", &[], &mut sgr);
        assert_eq!(red(&rendered), [(0, 1)]);
        assert_eq!(sgr, SgrState::default());
    }

    #[test]
    fn characters_that_cannot_be_seen_are_made_visible() {
        for c in "\u{a0}\u{ad}\u{61c}\u{200a}\u{200b}\u{200d}\u{2028}\u{202f}\u{2060}\u{feff}\u{e0041}".chars() {
            let rendered = RenderedText::of(format!("a{c}b").as_bytes());
            assert_eq!(rendered.text, format!("a\\u{{{:x}}}b", c as u32));
            assert_eq!(rendered.ranges.len(), 1);
        }
    }

    #[test]
    fn text_cannot_reorder_itself() {
        assert_eq!(RenderedText::of("\u{202e}x".as_bytes()).text, "\\u{202e}x");
    }

    #[test]
    fn a_carriage_return_ends_a_line_only_before_a_newline() {
        assert_eq!(without_line_end(b"a\r\n"), b"a");
        assert_eq!(without_line_end(b"a\rb\n"), b"a\rb");
    }

    proptest! {
        #[test]
        fn plain_text_stands_as_it_is(text in "[ -~é-ü]{0,40}") {
            let rendered = RenderedText::of(text.as_bytes());
            prop_assert_eq!(rendered.text, text);
            prop_assert!(rendered.ranges.is_empty());
        }

        #[test]
        fn ranges_lie_in_the_text(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'm'), Just(b'K'), Just(b'D'), Just(b'\r'), Just(b'1')], 0..60),
            ansi: bool,
            from in 0usize..60,
            len in 0usize..20,
        ) {
            let from = from.min(bytes.len());
            let to = (from + len).min(bytes.len());
            let (rendered, found) = match ansi {
                true => RenderedText::on_terminal(&bytes, &[(from, to)], &mut SgrState::default()),
                false => RenderedText::with(&bytes, &[(from, to)]),
            };
            let length = rendered.text.encode_utf16().count() as u32;
            prop_assert_eq!(rendered.length, length);
            let styles = rendered.styles.iter().map(|styled| (styled.from, styled.to));
            let all: Vec<(u32, u32)> = rendered.ranges.iter().copied().chain(styles).chain(found).collect();
            prop_assert!(all.iter().all(|(from, to)| from < to && *to <= length), "{:?}", all);
            prop_assert!(rendered.ranges.is_sorted() && rendered.styles.is_sorted_by_key(|styled| styled.from));
        }
    }
}

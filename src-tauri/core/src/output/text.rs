//! How bytes are shown as text: nothing is dropped, and what is not text is marked.

use std::fmt::Write;

/// Text to draw, and the UTF-16 ranges of it that stand for something that is not there as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub text: String,
    pub ranges: Vec<(u32, u32)>,
    /// Length of `text` in UTF-16 units, in which the page counts.
    length: u32,
}

impl Shown {
    /// Shows a line without its line end. Control characters become control pictures, bytes that
    /// are not UTF-8 become `\xNN`; a tab stays a tab.
    pub fn of(bytes: &[u8]) -> Self {
        let mut shown = Self::default();
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                shown.character(c);
            }
            for byte in chunk.invalid() {
                let from = shown.length;
                let _ = write!(shown.text, "\\x{byte:02X}");
                shown.length += 4;
                shown.mark(from);
            }
        }
        shown
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
            Some(last) if last.1 == from => last.1 = self.length,
            _ => self.ranges.push((from, self.length)),
        }
    }
}

/// The line without its line end: `\n` or `\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
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
        fn ranges_lie_in_the_text(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let shown = Shown::of(&bytes);
            let length = shown.text.encode_utf16().count() as u32;
            prop_assert_eq!(shown.length, length);
            prop_assert!(shown.ranges.iter().all(|(from, to)| from < to && *to <= length));
        }
    }
}

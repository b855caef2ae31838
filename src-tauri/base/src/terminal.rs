//! Text of others for a terminal: what would move the cursor, change the clipboard or the order of letters is written by
//! its number.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

/// Whether a character acts on what shows it, or is not seen at all: C0 and C1 controls, line separators, marks of
/// direction, and those without a width.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A name or another text of one line: line breaks and tabs are written by their escapes too.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// A text that may have lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// JSON that means the same and holds no such character: they can be in its strings only.
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push(c),
            c if is_control(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(safe, "\\u{unit:04x}");
                }
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_control(c) && !stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_control(c) || stays(c) => safe.push(c),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if c.is_ascii() => safe.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => safe.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(safe)
}

/// Passes on what is written, one whole text at a time, as [`lines()`] has it. For logs, whose records hold texts of
/// others.
#[derive(Debug)]
pub struct Escaping<W>(pub W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(lines(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard error for a log.
pub fn stderr() -> Escaping<io::Stderr> {
    Escaping(io::stderr())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_by_its_number() {
        for (text, line_of, lines_of) in [
            ("plain é 日本", "plain é 日本", "plain é 日本"),
            ("a\nb\tc\r", "a\\nb\\tc\\r", "a\nb\tc\\r"),
            ("\u{1b}]0;owned\u{7}", "\\x1b]0;owned\\x07", "\\x1b]0;owned\\x07"),
            ("\u{9b}2J", "\\u{9b}2J", "\\u{9b}2J"),
            ("gpj\u{202e}exe", "gpj\\u{202e}exe", "gpj\\u{202e}exe"),
            ("a\u{200b}b\u{e0041}", "a\\u{200b}b\\u{e0041}", "a\\u{200b}b\\u{e0041}"),
        ] {
            assert_eq!((line(text).as_ref(), lines(text).as_ref()), (line_of, lines_of));
        }
    }

    #[test]
    fn a_log_holds_no_escape_of_others() {
        let mut log = Escaping(Vec::new());
        log.write_all("removed \u{1b}[2J\u{202e}x\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(log.0).unwrap(), "removed \\x1b[2J\\u{202e}x\n");
    }

    proptest! {
        #[test]
        fn a_line_has_no_control_character_and_json_means_the_same(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(is_control));
            prop_assert!(!lines(&text).chars().any(|c| is_control(c) && c != '\n' && c != '\t'));
            let written = serde_json::to_string(&text).unwrap();
            let safe = json(&written);
            prop_assert!(!safe.chars().any(is_control));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}

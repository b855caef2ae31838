//! Whether bytes that come in pieces are JSON, by the grammar of RFC 8259: one value, or several
//! after each other.

/// Brackets that may appear in each other. Deeper than any document that a person reads, and what
/// keeps the indentation of a line short.
pub(super) const DEEPEST: usize = 512;

/// Reads byte by byte; where it says no, the text isn't JSON.
#[derive(Debug)]
pub(super) struct Grammar {
    /// For each open bracket, whether it is that of an object.
    open: Vec<bool>,
    expects: Expects,
    /// A value of the outermost level was there.
    any: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    /// In a string; whether it is a key.
    Text(bool),
    Escaped(bool),
    /// This many hexadecimal digits of `\u`.
    Digits(bool, u8),
    /// This many of the bytes of `true`, `false` or `null` were there.
    Word(&'static [u8], usize),
    Number(Number),
    /// The end of a word of the outermost level: something that no word goes on with.
    Apart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// Why a byte can't appear where it does.
pub(super) type Refused = &'static str;

impl Grammar {
    pub fn new() -> Self {
        Self { open: Vec::new(), expects: Expects::Value, any: false }
    }

    /// How many bytes can be passed over without a look: those of a string.
    pub fn passes(&self, bytes: &[u8]) -> usize {
        match self.expects {
            Expects::Text(_) => bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count(),
            _ => 0,
        }
    }

    pub fn byte(&mut self, byte: u8) -> Result<(), Refused> {
        match self.expects {
            Expects::Text(key) => match byte {
                b'"' => self.value_or_colon(key),
                b'\\' => self.expects = Expects::Escaped(key),
                0..=0x1f => return Err("unescaped control character in a string"),
                _ => {}
            },
            Expects::Escaped(key) => {
                self.expects = match byte {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Expects::Text(key),
                    b'u' => Expects::Digits(key, 4),
                    _ => return Err("invalid escape sequence in a string"),
                }
            }
            Expects::Digits(key, left) => {
                if !byte.is_ascii_hexdigit() {
                    return Err("\\u needs four hexadecimal digits");
                }
                self.expects = if left == 1 { Expects::Text(key) } else { Expects::Digits(key, left - 1) };
            }
            Expects::Word(word, at) => {
                if word.get(at) != Some(&byte) {
                    return Err("expected true, false or null");
                }
                if at + 1 == word.len() {
                    self.value_ended();
                    if self.open.is_empty() {
                        self.expects = Expects::Apart;
                    }
                } else {
                    self.expects = Expects::Word(word, at + 1);
                }
            }
            Expects::Number(number) => match number.next(byte) {
                Some(next) => self.expects = Expects::Number(next),
                None if number.may_end() => {
                    self.value_ended();
                    // A number has no end mark: the next byte ends it.
                    self.stands_apart(byte)?;
                    return self.byte(byte);
                }
                None => return Err("incomplete number"),
            },
            Expects::Apart => {
                self.stands_apart(byte)?;
                self.expects = Expects::Value;
                return self.byte(byte);
            }
            _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
            _ => return self.between(byte),
        }
        Ok(())
    }

    /// Values of the outermost level have nothing between them; two words would be one.
    fn stands_apart(&self, byte: u8) -> Result<(), Refused> {
        if self.open.is_empty() && !b" \t\n\r\"[{".contains(&byte) {
            return Err("unexpected text after a value");
        }
        Ok(())
    }

    fn between(&mut self, byte: u8) -> Result<(), Refused> {
        let in_object = self.open.last().copied();
        match (self.expects, byte) {
            (Expects::ValueOrEnd, b']') | (Expects::KeyOrEnd, b'}') => self.closed(),
            (Expects::CommaOrEnd, b']') if in_object == Some(false) => self.closed(),
            (Expects::CommaOrEnd, b'}') if in_object == Some(true) => self.closed(),
            (Expects::CommaOrEnd, b',') => {
                self.expects = if in_object == Some(true) { Expects::Key } else { Expects::Value };
            }
            (Expects::CommaOrEnd, _) => return Err("expected a comma or a closing bracket"),
            (Expects::Key | Expects::KeyOrEnd, b'"') => self.expects = Expects::Text(true),
            (Expects::Key | Expects::KeyOrEnd, _) => return Err("expected a key"),
            (Expects::Colon, b':') => self.expects = Expects::Value,
            (Expects::Colon, _) => return Err("expected a colon"),
            (_, b'{' | b'[') => {
                if self.open.len() == DEEPEST {
                    return Err("nested more than 512 levels deep");
                }
                self.open.push(byte == b'{');
                self.expects = if byte == b'{' { Expects::KeyOrEnd } else { Expects::ValueOrEnd };
            }
            (_, b'"') => self.expects = Expects::Text(false),
            (_, b't') => self.expects = Expects::Word(b"true", 1),
            (_, b'f') => self.expects = Expects::Word(b"false", 1),
            (_, b'n') => self.expects = Expects::Word(b"null", 1),
            (_, b'-') => self.expects = Expects::Number(Number::Minus),
            (_, b'0') => self.expects = Expects::Number(Number::Zero),
            (_, b'1'..=b'9') => self.expects = Expects::Number(Number::Whole),
            _ => return Err("expected a value"),
        }
        Ok(())
    }

    fn closed(&mut self) {
        self.open.pop();
        self.value_ended();
    }

    fn value_or_colon(&mut self, key: bool) {
        if key {
            self.expects = Expects::Colon;
        } else {
            self.value_ended();
        }
    }

    fn value_ended(&mut self) {
        self.any |= self.open.is_empty();
        self.expects = if self.open.is_empty() { Expects::Value } else { Expects::CommaOrEnd };
    }

    /// The bytes are over.
    pub fn finish(&self) -> Result<(), Refused> {
        match self.expects {
            Expects::Number(number) if self.open.is_empty() && number.may_end() => Ok(()),
            Expects::Value | Expects::Apart if self.open.is_empty() && self.any => Ok(()),
            Expects::Value if self.open.is_empty() => Err("expected a value"),
            _ => Err("unexpected end in a value"),
        }
    }
}

impl Number {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Exponent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(text: &[u8]) -> bool {
        let mut grammar = Grammar::new();
        text.iter().all(|byte| grammar.byte(*byte).is_ok()) && grammar.finish().is_ok()
    }

    /// What serde makes of one value after the other.
    fn serde_says(text: &[u8]) -> bool {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>().peekable();
        values.peek().is_some() && values.all(|value| value.is_ok())
    }

    #[test]
    fn what_is_json_and_what_is_not() {
        for yes in ["0", "-1.5e+3 ", "\"\\u00e9\\n\"", "[]", "{}", "{\"a\":[1,{}]}\n{}", "1\n2\n", "[0e1, true,null]"] {
            assert!(is_json(yes.as_bytes()) && serde_says(yes.as_bytes()), "{yes}");
        }
        let deep = "[".repeat(DEEPEST + 1);
        let no = [
            "",
            " ",
            "<html>",
            "{\"a\":",
            "{\"a\":1} x",
            "01",
            "1.",
            "-",
            "[1,]",
            "{,}",
            "{\"a\" 1}",
            "{1:2}",
            "[1}",
            "nul",
            "\"\n\"",
            "\"\\x\"",
            "1x",
            "\u{feff}1",
            &deep,
        ];
        for no in no {
            assert!(!is_json(no.as_bytes()) && !serde_says(no.as_bytes()), "{no}");
        }
    }

    proptest! {
        #[test]
        fn it_says_what_serde_says(pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u12\"", "\"\\\"\"", "1", "-0.5", "0", "1e9", "true", "null", " ", "\n", "x", ".",
        ]), 0..12)) {
            let text = pieces.concat();
            prop_assert_eq!(is_json(text.as_bytes()), serde_says(text.as_bytes()), "{}", text);
        }
    }
}

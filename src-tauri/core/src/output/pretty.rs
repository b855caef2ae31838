//! JSON, indented without being read: every token stands as it was sent.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::de::IgnoredAny;

/// Whether the whole text is JSON: one value, or several after each other.
pub(super) fn is_json(text: impl Read) -> bool {
    let mut values = serde_json::Deserializer::from_reader(BufReader::new(text)).into_iter::<IgnoredAny>().peekable();
    values.peek().is_some() && values.all(|value| value.is_ok())
}

/// Writes JSON text again with line ends and two spaces a level. Strings and numbers are copied
/// byte by byte, so a number beyond 2^53 keeps its digits and `1.0` stays `1.0`.
pub(super) fn indent(from: impl Read, to: impl Write) -> io::Result<()> {
    let mut reader = BufReader::new(from);
    let mut indenter =
        Indenter { to: io::BufWriter::new(to), depth: 0, state: State::Between, opened: false, after: false };
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        let length = piece.len();
        for byte in piece {
            indenter.byte(*byte)?;
        }
        reader.consume(length);
    }
    indenter.to.write_all(b"\n")?;
    indenter.to.flush()
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Between,
    Token,
    Text,
    Escape,
}

struct Indenter<W: Write> {
    to: W,
    depth: usize,
    state: State,
    /// A bracket was opened and nothing stands in it yet.
    opened: bool,
    /// A value of the outermost level is complete.
    after: bool,
}

impl<W: Write> Indenter<W> {
    fn byte(&mut self, byte: u8) -> io::Result<()> {
        match self.state {
            State::Escape => self.state = State::Text,
            State::Text if byte == b'\\' => self.state = State::Escape,
            State::Text if byte == b'"' => self.state = State::Between,
            State::Text => {}
            State::Between | State::Token => return self.outside(byte),
        }
        self.to.write_all(&[byte])
    }

    fn outside(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                self.state = State::Between;
                return Ok(());
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.opened) {
                    self.line()?;
                }
                self.state = State::Between;
                return self.to.write_all(&[byte]);
            }
            b',' => {
                self.state = State::Between;
                self.to.write_all(b",")?;
                return self.line();
            }
            b':' => {
                self.state = State::Between;
                return self.to.write_all(b": ");
            }
            _ => {}
        }
        let first_in_bracket = std::mem::take(&mut self.opened);
        let next_value = self.depth == 0 && self.state == State::Between && std::mem::replace(&mut self.after, true);
        if first_in_bracket || next_value {
            self.line()?;
        }
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.opened = true;
                self.state = State::Between;
                self.after = true;
            }
            b'"' => self.state = State::Text,
            _ => self.state = State::Token,
        }
        self.to.write_all(&[byte])
    }

    fn line(&mut self) -> io::Result<()> {
        self.to.write_all(b"\n")?;
        for _ in 0..self.depth {
            self.to.write_all(b"  ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn indented(text: &str) -> String {
        let mut out = Vec::new();
        indent(text.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tokens_stand_as_they_were_sent() {
        assert_eq!(
            indented(r#"{"big":9007199254740993,"f":1.0,"e":1E+2,"s":"a\"{,:\u00e9","n":[],"o":{},"l":[1,[2]]}"#),
            "{\n  \"big\": 9007199254740993,\n  \"f\": 1.0,\n  \"e\": 1E+2,\n  \"s\": \"a\\\"{,:\\u00e9\",\n  \"n\": [],\n  \"o\": {},\n  \"l\": [\n    1,\n    [\n      2\n    ]\n  ]\n}\n",
        );
    }

    #[test]
    fn values_after_each_other_have_a_line_each() {
        assert_eq!(indented("{\"a\":1}\n{}\n3 4\n\"x\"\n"), "{\n  \"a\": 1\n}\n{}\n3\n4\n\"x\"\n");
    }

    #[test]
    fn what_is_not_json_is_told_apart() {
        assert!(is_json("{\"a\": [1, 2]}\n".as_bytes()));
        assert!(is_json("1\n2\n".as_bytes()));
        for text in ["", "<html>", "{\"a\":", "{\"a\":1} x"] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
        assert!(
            !is_json("[".repeat(100_000).as_bytes()),
            "a nested text must not be indented: it would grow without end"
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_value_is_the_same_and_the_form_is_that_of_serde(value in json()) {
            prop_assert_eq!(indented(&value.to_string()), format!("{value:#}\n"));
        }
    }
}

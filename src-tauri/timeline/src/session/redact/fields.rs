//! Values of JSON fields by name, replaced while the text streams through. All other bytes stay as they are: nothing is
//! parsed into values and written again. It works on tokens and not on a grammar, so that it also finds JSON in event
//! streams, JSON lines and logs, and in JSON that is cut or not quite valid.

use super::{
    FieldNames, PLACEHOLDER,
    embedded::{Embedded, is_blank},
};

/// The longest name that is compared, as it is in the text.
const LONGEST_NAME: usize = 256;
/// The longest value that is looked for elsewhere.
const LONGEST_VALUE: usize = 4096;
/// JSON in a string of JSON, and so on, this many times.
const EMBEDDED: u8 = 4;

/// Where in the text the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of strings.
    Between,
    /// In a string that may be a name.
    Name { escaped: bool },
    /// After a string that is one of the names, before its colon.
    Named,
    /// After the colon.
    Colon,
    /// In the value: a string.
    Text { escaped: bool, empty: bool },
    /// In the value: a number.
    Number,
    /// In the value: an object or an array.
    Nested { depth: u32, in_string: bool, escaped: bool },
}

/// What was found: the name of the field, and its value if it's a string that isn't too long.
pub type Found<'a> = &'a mut dyn FnMut(&str, Option<&str>);

/// Replaces the values in one text.
#[derive(Debug)]
pub struct FieldRedactor<'n> {
    names: &'n FieldNames,
    state: State,
    /// The string that may be a name, without quotes.
    name: Vec<u8>,
    /// The value, as long as it isn't too long.
    value: Vec<u8>,
    /// The string is JSON itself.
    embedded: Option<Box<Embedded<'n>>>,
    /// How often there may be JSON in a string.
    depth: u8,
}

impl<'n> FieldRedactor<'n> {
    pub fn new(names: &'n FieldNames) -> Self {
        Self::with_depth(names, EMBEDDED)
    }

    fn with_depth(names: &'n FieldNames, depth: u8) -> Self {
        Self { names, state: State::Between, name: Vec::new(), value: Vec::new(), embedded: None, depth }
    }

    /// Takes what comes next, and appends to `out` what is to be there.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>, found: Found<'_>) {
        let mut at = 0;
        while at < bytes.len() {
            at += match self.state {
                State::Between => self.between(&bytes[at..], out),
                _ => {
                    self.byte(bytes[at], out, found);
                    1
                }
            };
        }
    }

    /// Nothing more comes: a value that is cut is still one.
    pub fn finish(&mut self, out: &mut Vec<u8>, found: Found<'_>) {
        match self.state {
            State::Number => self.found(None, found),
            State::Text { empty: true, .. } => out.push(b'"'),
            State::Text { .. } => self.found_text(found),
            State::Nested { .. } => self.found(None, found),
            State::Name { .. } => self.end_string(out, found),
            _ => {}
        }
        self.state = State::Between;
    }

    /// Everything up to the next string; tells how many bytes that is.
    fn between(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        match memchr::memchr(b'"', bytes) {
            Some(at) => {
                out.extend_from_slice(&bytes[..=at]);
                self.name.clear();
                self.state = State::Name { escaped: false };
                at + 1
            }
            None => {
                out.extend_from_slice(bytes);
                bytes.len()
            }
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>, found: Found<'_>) {
        match self.state {
            State::Between => {}
            State::Name { escaped } => self.in_string(byte, escaped, out, found),
            State::Named => {
                out.push(byte);
                self.state = match byte {
                    b':' => State::Colon,
                    b' ' | b'\t' | b'\r' | b'\n' => State::Named,
                    b'"' => {
                        self.name.clear();
                        State::Name { escaped: false }
                    }
                    _ => State::Between,
                };
            }
            State::Colon => self.begin_value(byte, out),
            State::Text { escaped, empty } => self.in_text(byte, escaped, empty, out, found),
            State::Number => {
                if !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
                    self.found(None, found);
                    self.again(byte, out);
                }
            }
            State::Nested { depth, in_string, escaped } => self.in_nested(byte, depth, in_string, escaped, found),
        }
    }

    fn in_string(&mut self, byte: u8, escaped: bool, out: &mut Vec<u8>, found: Found<'_>) {
        if matches!(byte, b'{' | b'[') && !escaped && self.depth > 0 && self.embedded.is_none() && is_blank(&self.name)
        {
            let redactor = Self::with_depth(self.names, self.depth - 1);
            self.embedded = Some(Box::new(Embedded::new(redactor)));
        }
        self.state = self.in_name(byte, escaped);
        if !matches!(self.state, State::Name { .. }) {
            self.end_string(out, found);
        }
        match &mut self.embedded {
            Some(embedded) => embedded.push(byte, out, found),
            None => out.push(byte),
        }
    }

    /// JSON in the string ends with it.
    fn end_string(&mut self, out: &mut Vec<u8>, found: Found<'_>) {
        if let Some(mut embedded) = self.embedded.take() {
            embedded.finish(out, found);
        }
    }

    fn in_name(&mut self, byte: u8, escaped: bool) -> State {
        match byte {
            _ if escaped => {}
            b'\\' => {
                self.name.push(byte);
                return State::Name { escaped: true };
            }
            b'"' => return if self.is_name() { State::Named } else { State::Between },
            // No string of JSON has one: this was a quote in another text.
            b'\n' => return State::Between,
            _ => {}
        }
        if self.name.len() <= LONGEST_NAME {
            self.name.push(byte);
        }
        State::Name { escaped: false }
    }

    fn is_name(&self) -> bool {
        self.name.len() <= LONGEST_NAME && self.names.has(&unescaped(&self.name))
    }

    fn begin_value(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.value.clear();
        self.state = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                out.push(byte);
                State::Colon
            }
            // The quote is written when it's certain that the string isn't empty.
            b'"' => State::Text { escaped: false, empty: true },
            b'{' | b'[' => {
                write_placeholder(out);
                State::Nested { depth: 1, in_string: false, escaped: false }
            }
            b'0'..=b'9' | b'-' => {
                write_placeholder(out);
                State::Number
            }
            // `null`, `true` and `false` tell nothing.
            _ => {
                out.push(byte);
                State::Between
            }
        };
    }

    fn in_text(&mut self, byte: u8, escaped: bool, empty: bool, out: &mut Vec<u8>, found: Found<'_>) {
        if byte == b'"' && !escaped {
            if empty {
                out.extend_from_slice(b"\"\"");
            } else {
                self.found_text(found);
            }
            self.state = State::Between;
            return;
        }
        if empty {
            write_placeholder(out);
        }
        if self.value.len() <= LONGEST_VALUE {
            self.value.push(byte);
        }
        self.state = State::Text { escaped: byte == b'\\' && !escaped, empty: false };
    }

    fn in_nested(&mut self, byte: u8, depth: u32, in_string: bool, escaped: bool, found: Found<'_>) {
        let (mut depth, mut in_string) = (depth, in_string);
        match byte {
            _ if escaped => {}
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth = depth.saturating_add(1),
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            self.found(None, found);
            self.state = State::Between;
        } else {
            self.state = State::Nested { depth, in_string, escaped: in_string && byte == b'\\' && !escaped };
        }
    }

    /// The byte belongs to what follows on the value.
    fn again(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.state = State::Between;
        self.between(&[byte], out);
    }

    fn found_text(&mut self, found: Found<'_>) {
        // Redacted before: it stays, and isn't found again.
        if self.value == PLACEHOLDER.as_bytes() {
            return;
        }
        let value = (self.value.len() <= LONGEST_VALUE).then(|| unescaped(&self.value));
        self.found(value.as_deref(), found);
    }

    fn found(&self, value: Option<&str>, found: Found<'_>) {
        found(&unescaped(&self.name), value);
    }
}

fn write_placeholder(out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(PLACEHOLDER.as_bytes());
    out.push(b'"');
}

/// What a JSON string is, by what is between its quotes.
fn unescaped(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\\') {
        return text.into_owned();
    }
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn names() -> FieldNames {
        FieldNames::new(["token", "access_token", "a\"b"])
    }

    fn redact(pieces: &[&[u8]]) -> (String, Vec<(String, Option<String>)>) {
        let (mut out, mut all) = (Vec::new(), Vec::new());
        let names = names();
        let mut redactor = FieldRedactor::new(&names);
        let mut found = |name: &str, value: Option<&str>| all.push((name.to_owned(), value.map(str::to_owned)));
        for piece in pieces {
            redactor.push(piece, &mut out, &mut found);
        }
        redactor.finish(&mut out, &mut found);
        (String::from_utf8_lossy(&out).into_owned(), all)
    }

    fn text(text: &str) -> String {
        redact(&[text.as_bytes()]).0
    }

    #[test]
    fn values_are_replaced_at_any_depth_and_all_else_stays_byte_for_byte() {
        for (before, after) in [
            (r#"{"token":"abc","n":1.0}"#, r#"{"token":"[redacted]","n":1.0}"#),
            (
                r#"{ "a" : [ { "Token" :  "a\"b" , "x":1e400} ] }"#,
                r#"{ "a" : [ { "Token" :  "[redacted]" , "x":1e400} ] }"#,
            ),
            (r#"{"access-token":{"a":["}"]},"b":0}"#, r#"{"access-token":"[redacted]","b":0}"#),
            (r#"{"token":12345678901234567890123,"b":-0}"#, r#"{"token":"[redacted]","b":-0}"#),
            (r#"{"token":null,"token":true,"token":""}"#, r#"{"token":null,"token":true,"token":""}"#),
            (r#"{"a\"b":"x","to\u006ben":"y"}"#, r#"{"a\"b":"[redacted]","to\u006ben":"[redacted]"}"#),
            (r#"["token","x",{"tokens":"y"}]"#, r#"["token","x",{"tokens":"y"}]"#),
            (
                "data: {\"token\":\"x\"}\n\ndata: {\"token\":\"y\"}\n\n",
                "data: {\"token\":\"[redacted]\"}\n\ndata: {\"token\":\"[redacted]\"}\n\n",
            ),
            ("5\" pipe\n{\"token\":\"x\"}\n", "5\" pipe\n{\"token\":\"[redacted]\"}\n"),
            (r#"{"token":"cut"#, r#"{"token":"[redacted]""#),
            (r#"{"token":["cut"#, r#"{"token":"[redacted]""#),
        ] {
            assert_eq!(text(before), after);
        }
    }

    #[test]
    fn the_values_are_reported_as_they_are() {
        let (_, found) = redact(&[br#"{"token":"a\u0062\"c","access_token":7}"#]);
        assert_eq!(found, [("token".to_owned(), Some("ab\"c".to_owned())), ("access_token".to_owned(), None)]);
    }

    #[test]
    fn what_was_redacted_before_was_found_again() {
        for before in [r#"{"token":"[redacted]","a":1}"#, r#"{"in":"{\"token\" : \"[redacted]\"}"}"#] {
            assert_eq!(redact(&[before.as_bytes()]), (before.to_owned(), vec![]));
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\\n ]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let name = prop_oneof![Just("token".to_owned()), "[a-z\"\\\\]{0,5}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// The same on values.
    fn expected(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(expected).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    let tells = !matches!(value, Value::Null | Value::Bool(_)) && value != "";
                    let value = if tells && names().has(name) { json!(PLACEHOLDER) } else { expected(value) };
                    (name.clone(), value)
                };
                Value::Object(fields.iter().map(field).collect())
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn it_does_what_replacing_parsed_values_would_do(value in value(), pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let (out, _) = redact(&[text.as_bytes()]);
            let read: Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(read, expected(&value));
        }

        #[test]
        fn wherever_the_text_is_cut_the_result_is_the_same(text in "(\"token\"|\"|:|[ab\\\\{}\\[\\],0-9\n]){0,30}", at in 0..60_usize) {
            let bytes = text.as_bytes();
            let (left, right) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(redact(&[left, right]), redact(&[bytes]));
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(redact(&single), redact(&[bytes]));
        }
    }
}

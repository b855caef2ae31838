//! JSON in a string of JSON: `"{\"token\":\"x\"}"`. The string is read one character at a time, whether it is escaped or
//! not. A character that the redactor leaves alone keeps its escapes; the text in place of a value is escaped.

use super::fields::{FieldRedactor, Found};

/// A string with an object or an array in it.
#[derive(Debug)]
pub(super) struct Embedded<'n> {
    redactor: FieldRedactor<'n>,
    /// The character that isn't complete yet, as it is in the text.
    character: Vec<u8>,
    redacted: Vec<u8>,
}

impl<'n> Embedded<'n> {
    pub fn new(redactor: FieldRedactor<'n>) -> Self {
        Self { redactor, character: Vec::new(), redacted: Vec::new() }
    }

    /// Takes the next byte between the quotes.
    pub fn push(&mut self, byte: u8, out: &mut Vec<u8>, found: Found<'_>) {
        let Self { redactor, character, redacted } = self;
        character.push(byte);
        let mut buffer = [0; 4];
        let Some(plain) = unescaped(character, &mut buffer) else { return };
        redacted.clear();
        redactor.push(plain, redacted, found);
        if *redacted == plain {
            out.extend_from_slice(character);
        } else {
            escape(redacted, out);
        }
        character.clear();
    }

    /// The string ends here.
    pub fn finish(&mut self, out: &mut Vec<u8>, found: Found<'_>) {
        self.redacted.clear();
        self.redactor.finish(&mut self.redacted, found);
        escape(&self.redacted, out);
        out.append(&mut self.character);
    }
}

/// Whether a string that begins with these bytes has had nothing but white space.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return true,
            [b' ', after @ ..] | [b'\\', b'n' | b'r' | b't', after @ ..] => after,
            _ => return false,
        };
    }
}

/// What a character of a JSON string is; nothing if it isn't complete. Half of a surrogate pair is U+FFFD, so a value with
/// such a pair is taken out, and is not found where it is written otherwise.
fn unescaped<'a>(character: &'a [u8], buffer: &'a mut [u8; 4]) -> Option<&'a [u8]> {
    let plain = match character {
        [b'\\'] => return None,
        [b'\\', b'u', digits @ ..] if digits.len() < 4 => return None,
        [b'\\', b'u', digits @ ..] => {
            let code = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
            let Some(code) = code else { return Some(character) };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        [b'\\', b'n'] => '\n',
        [b'\\', b'r'] => '\r',
        [b'\\', b't'] => '\t',
        [b'\\', b'b'] => '\u{8}',
        [b'\\', b'f'] => '\u{c}',
        [b'\\', other @ (b'"' | b'\\' | b'/')] => char::from(*other),
        _ => return Some(character),
    };
    Some(plain.encode_utf8(buffer).as_bytes())
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{
        super::{FieldNames, PLACEHOLDER},
        *,
    };

    type FoundValues = Vec<(String, Option<String>)>;

    fn redact(pieces: &[&[u8]]) -> (String, FoundValues) {
        let names = FieldNames::new(["token"]);
        let (mut out, mut all) = (Vec::new(), Vec::new());
        let mut redactor = FieldRedactor::new(&names);
        let mut found = |name: &str, value: Option<&str>| all.push((name.to_owned(), value.map(str::to_owned)));
        for piece in pieces {
            redactor.push(piece, &mut out, &mut found);
        }
        redactor.finish(&mut out, &mut found);
        (String::from_utf8_lossy(&out).into_owned(), all)
    }

    #[test]
    fn fields_of_json_in_a_string_are_replaced_and_all_else_stays_byte_for_byte() {
        for (before, after) in [
            (r#"{"a":"{\"token\":\"x\",\"n\":1.0}"}"#, r#"{"a":"{\"token\":\"[redacted]\",\"n\":1.0}"}"#),
            (r#"["[{\"token\":[1,{}]}]"]"#, r#"["[{\"token\":\"[redacted]\"}]"]"#),
            (r#"{"a":" \n{ \"token\" : 12 }","b":2}"#, r#"{"a":" \n{ \"token\" : \"[redacted]\" }","b":2}"#),
            // Other ways to escape the same characters.
            (
                r#"{"a":"\u007b"}{"a":"{\u0022token\u0022:\u0022x\u0022,\"\/\":\"\u003c\"}"}"#,
                r#"{"a":"\u007b"}{"a":"{\u0022token\u0022:\"[redacted]\",\"\/\":\"\u003c\"}"}"#,
            ),
            // A string in a string in a string.
            (
                r#"{"a":"{\"b\":\"{\\\"token\\\":\\\"x\\\"}\"}"}"#,
                r#"{"a":"{\"b\":\"{\\\"token\\\":\\\"[redacted]\\\"}\"}"}"#,
            ),
            (r#"{"a":"{\"token\":\"\",\"token\":null}"}"#, r#"{"a":"{\"token\":\"\",\"token\":null}"}"#),
            // A name of a field, and text that is no JSON.
            (r#"{"[token]":"[token] {\"x","y":"{"}"#, r#"{"[token]":"[token] {\"x","y":"{"}"#),
            // The string ends before the value does, and the text before the string does.
            (r#"{"a":"{\"token\":12","b":1}"#, r#"{"a":"{\"token\":\"[redacted]\"","b":1}"#),
            (r#"{"a":"{\"token\":\"cut"#, r#"{"a":"{\"token\":\"[redacted]\""#),
            (r#"data: {"a":"{\"token\":\"x\"}"}"#, r#"data: {"a":"{\"token\":\"[redacted]\"}"}"#),
        ] {
            assert_eq!(redact(&[before.as_bytes()]).0, after, "{before}");
        }
    }

    #[test]
    fn the_value_is_reported_without_any_escapes() {
        let (_, found) = redact(&[br#"{"a":"{\"token\":\"s\\\"\\u0063\"}"}"#]);
        assert_eq!(found, [("token".to_owned(), Some("s\"c".to_owned()))]);
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<i64>().prop_map(Value::from), "[a-zé\"\\\\\n]{0,6}".prop_map(Value::from)];
        leaf.prop_recursive(3, 20, 3, |inner| {
            let name = prop_oneof![Just("token".to_owned()), "[a-z\"\\\\]{0,3}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// JSON in a string becomes what it would become by itself.
        #[test]
        fn a_document_in_a_string_is_redacted_as_the_document(value in document(), depth in 1..4_u32) {
            prop_assume!(value.is_object() || value.is_array());
            let nest = |text: String| (0..depth).fold(text, |text, _| json!({ "in": text }).to_string());
            let (alone, mut found) = redact(&[value.to_string().as_bytes()]);
            let (nested, mut found_nested) = redact(&[nest(value.to_string()).as_bytes()]);
            prop_assert_eq!(nested, nest(alone));
            found.sort();
            found_nested.sort();
            prop_assert_eq!(found_nested, found);
        }

        #[test]
        fn wherever_the_text_is_cut_the_result_is_the_same(text in "(\"\\{|\\\\\"token\\\\\"|:|\\\\|u0022|[\"n{}\\[\\],0-9]){0,30}", at in 0..90_usize) {
            let bytes = text.as_bytes();
            let (left, right) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(redact(&[left, right]), redact(&[bytes]));
        }

        /// What has none of the names stays as it is, JSON or not.
        #[test]
        fn text_without_the_names_stays(text in "[\"{}\\[\\]:,\\\\nu0-9a-f ]{0,60}") {
            prop_assert_eq!(redact(&[text.as_bytes()]).0, text);
        }
    }

    #[test]
    fn the_placeholder_needs_no_escapes() {
        assert!(PLACEHOLDER.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'));
    }
}

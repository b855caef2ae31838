//! One line as fields: an object of JSON, or the pairs of logfmt. Values are as they are written.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::level;

/// Where in a line an object may begin, after a time or a container's name.
const PREFIX: usize = 300;
/// Fields of an object that are read.
const MOST: usize = 1000;

/// A field and its value as it is written: JSON, or the text of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub key: Cow<'a, str>,
    pub value: &'a str,
    /// Whether the value is JSON; one of logfmt may be in quotes.
    pub json: bool,
}

impl Field<'_> {
    /// A string without its quotes and escapes, or anything else as it is written.
    pub fn plain(&self) -> Cow<'_, str> {
        if !self.value.starts_with('"') {
            return Cow::Borrowed(self.value);
        }
        match serde_json::from_str::<String>(self.value) {
            Ok(text) => Cow::Owned(text),
            Err(_) => Cow::Borrowed(self.value.trim_matches('"')),
        }
    }
}

/// The fields of a line, if it has some.
pub(super) fn fields(text: &str) -> Option<Vec<Field<'_>>> {
    if let Some(start) = object_start(text)
        && let Some(members) = members(&text[start..])
    {
        return Some(members);
    }
    pairs(text)
}

/// Where an object begins that ends with the line.
pub(super) fn object_start(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let starts = memchr::memchr_iter(b'{', &bytes[..bytes.len().min(PREFIX)]);
    let start = starts.into_iter().find(|at| bytes[..*at].last().is_none_or(u8::is_ascii_whitespace))?;
    let whole = text.trim_end().ends_with('}') || text.len() + 4 >= level::HEAD;
    whole.then_some(start)
}

/// The members of an object, in their order.
pub(super) fn members(json: &str) -> Option<Vec<Field<'_>>> {
    serde_json::from_str::<Members<'_>>(json).ok().map(|members| members.0)
}

struct Members<'a>(Vec<Field<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Vec<Field<'de>>;
            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if fields.len() == MOST {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let value: &RawValue = map.next_value()?;
                    fields.push(Field { key: Cow::Owned(key), value: value.get(), json: true });
                }
                Ok(fields)
            }
        }
        from.deserialize_map(Reads).map(Self)
    }
}

/// The value of an object's level as it is written, if it has one. `cut`: the rest of the object is missing.
pub(super) fn level_value(json: &str, cut: bool) -> Option<Option<&str>> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = reader.deserialize_map(Levels(&mut found)).and_then(|()| reader.end());
    (read.is_ok() || cut).then_some(found)
}

/// Looks for the level and keeps it, also when what comes after it isn't whole.
struct Levels<'a, 'de>(&'a mut Option<&'de str>);

impl<'de> Visitor<'de> for Levels<'_, 'de> {
    type Value = ();

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if self.0.is_none() && level::is_key(&key) {
                *self.0 = Some(map.next_value::<&RawValue>()?.get());
            } else if self.0.is_none() && key == "log" {
                let inner = map.next_value::<&RawValue>()?.get();
                *self.0 = inner.starts_with('{').then(|| level_value(inner, false).flatten()).flatten();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A word of a line, and key and value where it is a pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub start: usize,
    pub pair: Option<((usize, usize), (usize, usize))>,
}

/// The words of a line; a quoted value is part of its word.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let start = at;
        if start == bytes.len() {
            return None;
        }
        let key =
            bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-@/".contains(byte)).count();
        let is_pair = bytes.get(start + key) == Some(&b'=')
            && bytes.get(start).is_some_and(|byte| byte.is_ascii_alphabetic() || b"_@".contains(byte));
        let value = start + key + 1;
        if is_pair && bytes.get(value) == Some(&b'"') {
            let end = value + quoted(&bytes[value..]);
            // Something behind the quote makes it no pair.
            at = end + word(&bytes[end..]);
            let pair = (at == end).then_some(((start, start + key), (value, end)));
            return Some(Token { start, pair });
        }
        at = start + word(&bytes[start..]);
        Some(Token { start, pair: is_pair.then_some(((start, start + key), (value, at))) })
    })
}

fn word(bytes: &[u8]) -> usize {
    bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len())
}

/// Bytes of a quoted value, its quotes included.
fn quoted(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// The pairs at the end of a line: two or more, or one after the level of a plain line.
fn pairs(text: &str) -> Option<Vec<Field<'_>>> {
    memchr::memchr(b'=', text.as_bytes())?;
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut begins = 0;
    for token in tokens(text) {
        let Some((key, value)) = token.pair else {
            fields.clear();
            continue;
        };
        if fields.is_empty() {
            begins = token.start;
        }
        if fields.len() < MOST {
            fields.push(Field { key: Cow::Borrowed(&text[key.0..key.1]), value: &text[value.0..value.1], json: false });
        }
    }
    let enough = fields.len() >= 2 || (fields.len() == 1 && super::words::find(&text[..begins]).is_some());
    enough.then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(String, String)> {
        let fields = fields(line).unwrap_or_default();
        fields.iter().map(|field| (field.key.to_string(), field.value.to_owned())).collect()
    }

    fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_objects_values_are_as_they_are_written() {
        let line = r#"{"id":9007199254740993,"took":1.50e1, "a":{"b":[1, 2]},"id":null}"#;
        assert_eq!(
            read(line),
            of(&[("id", "9007199254740993"), ("took", "1.50e1"), ("a", r#"{"b":[1, 2]}"#), ("id", "null")])
        );
        assert_eq!(read("web-1  | {\"a\":\"\\u0041\"}"), of(&[("a", "\"\\u0041\"")]));
        for none in ["{", "{}x", "[1]", "{a:1}", "x{\"a\":1}"] {
            assert_eq!(read(none), of(&[]), "{none}");
        }
    }

    #[test]
    fn pairs_are_read_as_logfmt_writes_them() {
        assert_eq!(
            read(r#"time=1 level=info msg="a \"b\" c=d" empty= x.y/z=é"#),
            of(&[("time", "1"), ("level", "info"), ("msg", r#""a \"b\" c=d""#), ("empty", ""), ("x.y/z", "é"),])
        );
        assert_eq!(read("2026-01-02T15:04:05Z  INFO app: served status=200"), of(&[("status", "200")]));
        assert_eq!(read(r#"a=1 b="open"#), of(&[("a", "1"), ("b", "\"open")]));
        for none in ["a=1", "see x=1 and y=2 there", "GET /?a=1&b=2 x=1", "== ==", r#"a="b"c d=1"#] {
            assert_eq!(read(none), of(&[]), "{none}");
        }
    }

    #[test]
    fn a_quoted_value_is_plain_without_its_escapes() {
        let fields = fields(r#"a="x \"y\"\n" b=7"#).unwrap();
        assert_eq!((fields[0].plain().as_ref(), fields[1].plain().as_ref()), ("x \"y\"\n", "7"));
    }
}

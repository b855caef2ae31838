//! JSON text as a JavaScript literal, where the literal would be sent as the same JSON.

use std::collections::HashSet;

use serde::de::IgnoredAny;

use super::javascript;
use porthole_base::terminal;

/// The literal, or why there is none: what code passes is written again by `JSON.stringify`, and some texts
/// do not survive that.
pub(super) fn literal(text: &str) -> Result<String, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("it isn't valid JSON ({error})"))?;
    let mut reader = Reader { rest: text, depth: 0 };
    reader.space();
    if !reader.rest.starts_with(['{', '[']) {
        return Err("only objects and arrays are sent as JSON".to_owned());
    }
    reader.value()
}

/// The deepest value that is written as a literal: each level is indented, and read by recursion.
const DEEPEST: usize = 64;

/// Reads text that is known to be JSON.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes a character and the space around it, if it comes next.
    fn take(&mut self, c: char) -> bool {
        self.space();
        let Some(rest) = self.rest.strip_prefix(c) else { return false };
        self.rest = rest;
        self.space();
        true
    }

    fn value(&mut self) -> Result<String, String> {
        if self.rest.starts_with(['{', '[']) {
            if self.depth == DEEPEST {
                return Err(format!("it is nested more than {DEEPEST} levels deep"));
            }
            self.depth += 1;
            let value = if self.take('{') {
                self.object()
            } else {
                self.take('[');
                self.array()
            };
            self.depth -= 1;
            value
        } else if self.rest.starts_with('"') {
            Ok(string(self.string()))
        } else {
            let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            match word {
                "true" | "false" | "null" => Ok(word.to_owned()),
                number if survives(number) => Ok(number.to_owned()),
                number => Err(format!("JavaScript can't represent the number {number} exactly")),
            }
        }
    }

    fn object(&mut self) -> Result<String, String> {
        let (mut properties, mut names) = (Vec::new(), HashSet::new());
        while !self.take('}') {
            let raw = self.string();
            let name: String =
                serde_json::from_str(raw).map_err(|_| format!("the key {raw} contains an unpaired surrogate"))?;
            if is_index(&name) {
                return Err(format!("JavaScript moves the key {raw} to the front, because it looks like a number"));
            }
            if !names.insert(name.clone()) {
                return Err(format!("it has the key {raw} twice, which an object can't have"));
            }
            self.take(':');
            properties.push((name, self.value()?));
            self.take(',');
        }
        Ok(javascript::object(&properties))
    }

    fn array(&mut self) -> Result<String, String> {
        let mut values = Vec::new();
        while !self.take(']') {
            values.push(self.value()?);
            self.take(',');
        }
        Ok(javascript::array(&values))
    }

    /// A string as it is written, with its quotes.
    fn string(&mut self) -> &'a str {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let (string, rest) = self.rest.split_at(end.map_or(self.rest.len(), |(at, _)| at + 1));
        self.rest = rest;
        string
    }
}

/// A JSON string is one of JavaScript; half a character cannot be read here and stays as it is written.
fn string(raw: &str) -> String {
    serde_json::from_str::<String>(raw)
        .map_or_else(|_| terminal::json(raw).into_owned(), |text| javascript::string(&text))
}

/// Whether JavaScript writes a number as it read it: no digit lost, none added.
fn survives(number: &str) -> bool {
    const MOST: u64 = (1 << 53) - 1;
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.contains(['e', 'E']) {
        return false;
    }
    if !digits.contains('.') {
        return number != "-0" && digits.parse::<u64>().is_ok_and(|whole| whole <= MOST);
    }
    // Within these bounds JavaScript, as Rust, writes the shortest decimals that name the number.
    number.parse::<f64>().is_ok_and(|value| (1e-6..1e21).contains(&value.abs()) && value.to_string() == number)
}

/// Whether it is what JavaScript takes for the index of an array.
fn is_index(name: &str) -> bool {
    name == "0" || (!name.starts_with('0') && name.parse::<u32>().is_ok_and(|_| !name.starts_with('+')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_object_is_written_as_javascript_in_its_order() {
        let text = r#" {"b": 1, "a-b":[true,null, "it's \"\u00e9\" \/"], "__proto__": {}, "n": -0.5} "#;
        let source =
            "{\n  b: 1,\n  \"a-b\": [true, null, \"it's \\\"é\\\" /\"],\n  [\"__proto__\"]: {},\n  n: -0.5,\n}";
        assert_eq!(literal(text).unwrap(), source);
        assert_eq!(literal("[{\"a\":1}]").unwrap(), "[\n  {\n    a: 1,\n  },\n]");
        assert_eq!(literal("[\"\\ud800\"]").unwrap(), "[\"\\ud800\"]");
    }

    #[test]
    fn what_would_be_sent_differently_has_no_literal() {
        for (text, why) in [
            ("[9007199254740993]", "9007199254740993"),
            ("[9007199254740992]", "9007199254740992"),
            ("[1.0]", "1.0"),
            ("[1e3]", "1e3"),
            ("[-0]", "-0"),
            ("[0.1000]", "0.1000"),
            ("[0.0000001]", "0.0000001"),
            ("{\"a\":1,\"a\":2}", "twice"),
            ("{\"b\":1,\"1\":2}", "front"),
            ("{\"\\ud800\":1}", "unpaired"),
            ("{", "valid JSON"),
            ("\"text\"", "only objects"),
            ("12", "only objects"),
        ] {
            let said = literal(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
        for text in ["[9007199254740991]", "[-9007199254740991]", "[0]", "[0.1]", "[123456.789]", "{\"01\":1}"] {
            assert!(literal(text).is_ok(), "{text}");
        }
        assert!(literal(&"[".repeat(100_000)).is_err());
        for depth in [65, 100_000] {
            let nested = "[".repeat(depth) + &"]".repeat(depth);
            assert!(literal(&nested).unwrap_err().contains("levels deep"), "{depth}");
        }
        assert!(literal(&("[".repeat(64) + &"]".repeat(64))).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in any::<String>()) {
            let _ = literal(&text);
        }

        /// Numbers, strings and keys are those of the text: put back, it is the same JSON.
        #[test]
        fn a_list_of_strings_is_the_same_list(strings in prop::collection::vec(any::<String>(), 0..5)) {
            let source = literal(&serde_json::to_string(&strings).unwrap()).unwrap().replace(",\n]", "\n]");
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&source).unwrap(), strings);
        }
    }
}

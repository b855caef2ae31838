//! What code receives as text that reads like JavaScript. The same value is always the same text:
//! on one line where that has 100 characters at most, else with one property a line.
//!
//! JSON is shown as the value that `JSON.parse` makes of it, so a number that lost digits on the
//! way shows those that are left.

use std::fmt::Write;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::{Callback, Called, End, Field, SdkOutcome, Text, Value};
use porthole_output::Stream;

/// The longest line.
const WIDTH: usize = 100;

/// How the code learns of it, and of what.
pub fn render(outcome: &SdkOutcome) -> String {
    match outcome {
        SdkOutcome::Pending => "pending".to_owned(),
        SdkOutcome::Never => "never settles".to_owned(),
        SdkOutcome::Resolved { value } => format!("resolves to {}", laid_out(&node(value), 0, 0)),
        SdkOutcome::Rejected { value } => format!("rejects with {}", laid_out(&node(value), 0, 0)),
        SdkOutcome::Thrown { value } => format!("throws {}", laid_out(&node(value), 0, 0)),
        SdkOutcome::Streamed { end } => called_at_end(end).unwrap_or_else(|| "still open".to_owned()),
    }
}

/// One callback a line, as the code would be called.
pub fn render_callbacks(rows: &[Callback]) -> String {
    let lines = rows.iter().filter_map(|row| match &row.what {
        Called::Output { stream, value, .. } => {
            let name = match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            Some(format!("onOutput({{ {name}: {} }})", one_line(&node(value))))
        }
        Called::End { end } => called_at_end(end),
    });
    lines.fold(String::new(), |mut text, line| {
        text.push_str(&line);
        text.push('\n');
        text
    })
}

fn called_at_end(end: &End) -> Option<String> {
    match end {
        End::Open => None,
        End::Close { code } => Some(format!("onClose({})", one_line(&node(code)))),
        End::Error { error } => Some(format!("onError({})", one_line(&node(error)))),
        End::Silent => Some("no callback reports the end".to_owned()),
    }
}

/// A value as it is laid out: text, or something with parts.
enum Node {
    Leaf(String),
    /// With what is before the braces.
    Object(String, Vec<Node>),
    List(Vec<Node>),
    Property(String, Box<Node>),
}

fn one_line(node: &Node) -> String {
    match node {
        Node::Leaf(text) => text.clone(),
        Node::Property(name, value) => format!("{name}: {}", one_line(value)),
        Node::Object(before, parts) if parts.is_empty() => format!("{before}{{}}"),
        Node::Object(before, parts) => {
            format!("{before}{{ {} }}", parts.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        Node::List(parts) => format!("[{}]", parts.iter().map(one_line).collect::<Vec<_>>().join(", ")),
    }
}

/// The same on as many lines as it takes. This many characters come before it on its first line,
/// besides the indent.
fn laid_out(node: &Node, depth: usize, before: usize) -> String {
    let line = one_line(node);
    if line.chars().count() + before + 2 * depth <= WIDTH {
        return line;
    }
    let inner = "  ".repeat(depth + 1);
    let outer = "  ".repeat(depth);
    let joined = |parts: &[Node]| {
        parts.iter().map(|part| format!("{inner}{}", laid_out(part, depth + 1, 0))).collect::<Vec<_>>().join(",\n")
    };
    match node {
        Node::Property(name, value) => format!("{name}: {}", laid_out(value, depth, name.chars().count() + 2)),
        Node::Object(before, parts) if !parts.is_empty() => format!("{before}{{\n{}\n{outer}}}", joined(parts)),
        Node::List(parts) if !parts.is_empty() => format!("[\n{}\n{outer}]", joined(parts)),
        _ => line,
    }
}

fn node(value: &Value) -> Node {
    Node::Leaf(match value {
        Value::Undefined => "undefined".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool { value } => value.to_string(),
        Value::Number { text } => text.clone(),
        Value::Text(text) => quoted(text),
        Value::Bytes(text) => format!("Uint8Array({}) {}", text.bytes, quoted(text)),
        Value::Method => "[Function]".to_owned(),
        Value::Json(text) => match serde_json::from_str::<Json>(&text.text) {
            Ok(json) if !text.cut => return json.node(),
            // Cut, or nested deeper than is looked at.
            _ => format!("JSON.parse({})", quoted(text)),
        },
        Value::Object { class, fields } => {
            let before = class.as_ref().map(|class| format!("{class} ")).unwrap_or_default();
            return Node::Object(before, fields.iter().map(property).collect());
        }
    })
}

fn property(field: &Field) -> Node {
    match &field.value {
        None => Node::Leaf(format!("{} absent", key(&field.name))),
        Some(Value::Method) => Node::Leaf(format!("{}()", field.name)),
        Some(value) => Node::Property(key(&field.name), Box::new(node(value))),
    }
}

/// A property's name, in quotes where it is no word.
fn key(name: &str) -> String {
    let word = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if word { name.to_owned() } else { in_quotes(name) }
}

fn quoted(text: &Text) -> String {
    let quoted = in_quotes(&text.text);
    if text.cut { format!("{quoted} … ({} bytes)", text.bytes) } else { quoted }
}

/// In single quotes, with what cannot be seen as an escape.
fn in_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(quoted, "\\x{:02x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// What `JSON.parse` makes of a text.
enum Json {
    Leaf(String),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn node(&self) -> Node {
        match self {
            Self::Leaf(text) => Node::Leaf(text.clone()),
            Self::Number(number) => Node::Leaf(digits(*number)),
            Self::Text(text) => Node::Leaf(in_quotes(text)),
            Self::List(parts) => Node::List(parts.iter().map(Self::node).collect()),
            Self::Object(properties) => {
                let property = |(name, value): &(String, Self)| Node::Property(key(name), Box::new(value.node()));
                Node::Object(String::new(), properties.iter().map(property).collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsParsed)
    }
}

struct AsParsed;

impl<'de> Visitor<'de> for AsParsed {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Leaf("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element()? {
            list.push(part);
        }
        Ok(Json::List(list))
    }

    /// JavaScript has the names that are array indexes first, in their order; of two of one name the
    /// last value counts, in the first one's place.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut properties: Vec<(String, Json)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            match places.get(&name) {
                Some(place) => {
                    let place: &usize = place;
                    if let Some(property) = properties.get_mut(*place) {
                        property.1 = value;
                    }
                }
                None => {
                    places.insert(name.clone(), properties.len());
                    properties.push((name, value));
                }
            }
        }
        let index = |name: &str| name.parse::<u32>().ok().filter(|n| *n != u32::MAX && n.to_string() == name);
        properties.sort_by_key(|(name, _)| index(name).map_or(u64::MAX, u64::from));
        Ok(Json::Object(properties))
    }
}

/// A number as JavaScript writes it.
fn digits(number: f64) -> String {
    if number == 0.0 {
        // As `JSON.parse` has it, and consoles show it.
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let size = number.abs();
    if (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        render(&SdkOutcome::Resolved { value: Value::Json(Text::whole(text)) })
    }

    #[test]
    fn absent_undefined_and_null_are_told_apart() {
        let mut value = Value::object([
            ("code", Value::Undefined),
            ("signal", Value::Null),
            ("stdout", Value::text("it's\n\u{7}")),
        ]);
        let Value::Object { fields, .. } = &mut value else { panic!("no object") };
        fields.push(Field { name: "cmd".into(), value: None, differs: true });
        let text = render(&SdkOutcome::Rejected { value: value.with_methods() });
        assert_eq!(
            text,
            r"rejects with {
  code: undefined,
  signal: null,
  stdout: 'it\'s\n\x07',
  cmd absent,
  lines(),
  parseJsonLines(),
  parseJsonObject()
}"
        );
        assert_eq!(
            render(&SdkOutcome::Rejected { value: Value::error("no") }),
            "rejects with Error { name: 'Error', message: 'no' }"
        );
    }

    #[test]
    fn json_is_shown_as_the_value_that_it_becomes() {
        assert_eq!(
            json(r#"{"b":9007199254740993,"a":[1.0,1e21,1e-7,0.1],"1":null,"a-b":"x","b":true}"#),
            "resolves to { '1': null, b: true, a: [1, 1e+21, 1e-7, 0.1], 'a-b': 'x' }"
        );
        assert_eq!(json("9007199254740993"), "resolves to 9007199254740992");
        assert_eq!(json("18446744073709551615"), "resolves to 18446744073709552000");
        assert_eq!(json("[]"), "resolves to []");
        assert_eq!(json("[-0,0]"), "resolves to [-0, 0]");
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(json(&deep).starts_with("resolves to JSON.parse('[["));
    }

    #[test]
    fn a_text_that_is_cut_says_so() {
        let text = Text { text: "ab".into(), bytes: 20, cut: true };
        assert_eq!(render(&SdkOutcome::Resolved { value: Value::Text(text) }), "resolves to 'ab' … (20 bytes)");
    }
}

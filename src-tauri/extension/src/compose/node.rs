//! The values of a compose file, each with the place where it is written.

use std::collections::HashMap;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Number, Value as Json};

use super::report::At;
use crate::yaml::{self, Refusal};

/// A mapping, in the order of its file.
pub(crate) type Map = IndexMap<String, Node>;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where it begins; of a sequence or mapping below a key, where the key is.
    pub at: At,
    pub value: Value,
    /// It has the tag `!override`: it replaces what it would be merged with.
    pub replaces: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Map),
    /// The tag `!reset`: it removes what it would be merged with.
    Reset,
}

/// Why a file isn't read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The whole file.
    Whole(Refusal),
    /// One place in it.
    Location(At, String),
}

impl Node {
    pub fn new(at: At, value: Value) -> Self {
        Self { at, value, replaces: false }
    }

    pub fn text(at: At, text: impl Into<String>) -> Self {
        Self::new(at, Value::Text(text.into()))
    }

    pub fn map<const N: usize>(at: At, entries: [(&str, Self); N]) -> Self {
        Self::new(at, Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub fn is_true(&self) -> bool {
        matches!(self.value, Value::Bool(true))
    }

    /// An entry of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The entries of a mapping, or none.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Self)> {
        self.as_map().into_iter().flatten()
    }

    /// The entries of a list, or none.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        self.as_list().into_iter().flatten()
    }

    /// A scalar as compose writes it into a text; none of a list, a mapping or nothing.
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// How many values it has, itself included.
    pub fn count(&self) -> usize {
        match &self.value {
            Value::List(list) => list.iter().map(Self::count).sum::<usize>() + 1,
            Value::Map(map) => map.values().map(Self::count).sum::<usize>() + 1,
            _ => 1,
        }
    }

    /// Without what `!reset` removes, once all merging with it is done.
    pub fn settle(&mut self) {
        self.replaces = false;
        match &mut self.value {
            Value::List(list) => {
                list.retain(|node| node.value != Value::Reset);
                list.iter_mut().for_each(Self::settle);
            }
            Value::Map(map) => {
                map.retain(|_, node| node.value != Value::Reset);
                map.values_mut().for_each(Self::settle);
            }
            _ => {}
        }
    }

    /// As compose's `config --format json` writes it, with each dollar sign twice.
    pub fn json(&self) -> Json {
        match &self.value {
            Value::Null | Value::Reset => Json::Null,
            Value::Bool(is) => Json::Bool(*is),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Value::Text(text) => Json::String(text.replace('$', "$$")),
            Value::List(list) => list.iter().map(Self::json).collect(),
            Value::Map(map) => Json::Object(map.iter().map(|(key, node)| (key.clone(), node.json())).collect()),
        }
    }
}

/// What is open while a document is read.
struct Open {
    anchor: usize,
    node: Node,
    /// The key whose value comes next, and its place. `<<` is one only without quotes.
    key: Option<(String, At, bool)>,
    /// What `<<` takes in, in its order.
    merged: Vec<Node>,
}

/// The documents of a file.
///
/// # Errors
/// [`Unread`], with the place.
pub(super) fn documents(text: &str, file: u16) -> Result<Vec<Node>, Unread> {
    let text = yaml::readable(text);
    yaml::bounded(&text).map_err(Unread::Whole)?;
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), documents: Vec::new() };
    for event in Parser::new_from_str(&text) {
        let (event, span) = event.map_err(|error| Unread::Whole(Refusal::of_syntax(&error)))?;
        builder.event(event, place(file, span))?;
    }
    Ok(builder.documents)
}

fn place(file: u16, span: Span) -> At {
    At { file, line: span.start.line() as u32, column: span.start.col() as u32 + 1 }
}

struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    documents: Vec<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: At) -> Result<(), Unread> {
        match event {
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Unread::Location(at, "An alias refers to a value that contains it".to_owned()));
                };
                self.add(Node { at, ..node }, true)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let kind = kind_of(tag.as_deref(), at)?;
                let value = match kind {
                    Kind::Reset => Value::Reset,
                    Kind::Text => Value::Text(text.into_owned()),
                    Kind::Plain | Kind::Override if is_plain => scalar(&text),
                    Kind::Plain | Kind::Override => Value::Text(text.into_owned()),
                };
                let node = Node { at, value, replaces: matches!(kind, Kind::Override) };
                self.finish(anchor, node, is_plain)?;
            }
            Event::SequenceStart(anchor, tag) => self.begin(anchor, tag.as_deref(), at, Value::List(Vec::new()))?,
            Event::MappingStart(anchor, tag) => self.begin(anchor, tag.as_deref(), at, Value::Map(Map::new()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, mut node, merged, .. }) = self.open.pop() {
                    if let Value::Map(map) = &mut node.value {
                        for taken in merged {
                            for (key, value) in taken.as_map().into_iter().flatten() {
                                map.entry(key.clone()).or_insert_with(|| value.clone());
                            }
                        }
                    }
                    self.finish(anchor, node, false)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, anchor: usize, tag: Option<&Tag>, at: At, value: Value) -> Result<(), Unread> {
        let kind = kind_of(tag, at)?;
        // What is below a reset is read too, and goes with it.
        let value = if matches!(kind, Kind::Reset) { Value::Reset } else { value };
        // Below a key it is found by the key.
        let at = self.open.last().and_then(|open| open.key.as_ref()).map_or(at, |(_, at, _)| *at);
        let node = Node { at, value, replaces: matches!(kind, Kind::Override) };
        self.open.push(Open { anchor, node, key: None, merged: Vec::new() });
        Ok(())
    }

    fn finish(&mut self, anchor: usize, node: Node, is_plain: bool) -> Result<(), Unread> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node, is_plain)
    }

    fn add(&mut self, node: Node, is_plain: bool) -> Result<(), Unread> {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.value {
            Value::List(list) => list.push(node),
            Value::Map(map) => match open.key.take() {
                None => {
                    let at = node.at;
                    let name = match node.value {
                        Value::Text(text) => text,
                        other => {
                            let shown = Node::new(at, other).scalar().unwrap_or_default();
                            return Err(Unread::Location(at, format!("The key `{shown}` isn't a string")));
                        }
                    };
                    let merges = is_plain && name == "<<";
                    if !merges && let Some(before) = map.get(&name) {
                        let line = before.at.line;
                        return Err(Unread::Location(
                            at,
                            format!("The key `{name}` is already defined at line {line}"),
                        ));
                    }
                    open.key = Some((name, at, merges));
                }
                Some((_, at, true)) => match node.value {
                    Value::Map(_) => open.merged.push(node),
                    Value::List(list) if list.iter().all(|node| node.as_map().is_some()) => open.merged.extend(list),
                    _ => return Err(Unread::Location(at, "`<<` needs a mapping or a list of mappings".to_owned())),
                },
                Some((name, _, false)) => drop(map.insert(name, node)),
            },
            // Below a reset: a mapping's keys and values alike.
            _ => {}
        }
        Ok(())
    }
}

enum Kind {
    Plain,
    Text,
    Reset,
    Override,
}

fn kind_of(tag: Option<&Tag>, at: At) -> Result<Kind, Unread> {
    let Some(tag) = tag else { return Ok(Kind::Plain) };
    let name = format!("{}{}", tag.handle, tag.suffix);
    match name.as_str() {
        "!reset" => Ok(Kind::Reset),
        "!override" => Ok(Kind::Override),
        "tag:yaml.org,2002:str" | "!" => Ok(Kind::Text),
        _ if tag.is_yaml_core_schema() => Ok(Kind::Plain),
        _ => Err(Unread::Location(at, format!("The YAML tag `{name}` isn't supported"))),
    }
}

/// A plain scalar as go-yaml, which compose reads with, takes it.
fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn number(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits = unsigned.replace('_', "");
    let radix = |prefixes: [&str; 2], radix| {
        let digits = prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix))?;
        i64::from_str_radix(digits, radix).ok()
    };
    let whole = radix(["0x", "0X"], 16)
        .or_else(|| radix(["0o", "0O"], 8))
        .or_else(|| radix(["0b", "0B"], 2))
        .or_else(|| {
            digits.strip_prefix('0').filter(|rest| !rest.is_empty()).and_then(|rest| i64::from_str_radix(rest, 8).ok())
        })
        .or_else(|| digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit())));
    if let Some(whole) = whole {
        return Some(Value::Integer(if text.starts_with('-') { -whole } else { whole }));
    }
    let is_float = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let float: f64 = digits.parse().ok().filter(|_| is_float)?;
    float.is_finite().then(|| Value::Float(if text.starts_with('-') { -float } else { float }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        documents(text, 0).unwrap().remove(0).json()
    }

    #[test]
    fn scalars_are_what_compose_takes_them_for() {
        let found = json(
            "a: yes\nb: true\nc: 0o17\nd: 017\ne: 1_000\nf: 1.50\ng: ~\nh: '5'\ni: 80:80\nj: 1e3\nk: 0x1F\nl: -3\nm: 1.2.3\nn: !!str 5\n",
        );
        let expected = serde_json::json!({"a": "yes", "b": true, "c": 15, "d": 15, "e": 1000, "f": 1.5, "g": null, "h": "5",
            "i": "80:80", "j": 1000.0, "k": 31, "l": -3, "m": "1.2.3", "n": "5"});
        assert_eq!(found, expected);
    }

    #[test]
    fn merge_keys_take_in_mappings_and_own_keys_win() {
        let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\none: {<<: *x, a: 9}\ntwo: {<<: [*x, *y], '<<': 5}\nlist: &l [*x, *y]\nthree: {<<: *l}\n";
        let found = json(text);
        assert_eq!(found["one"], serde_json::json!({"a": 9, "b": 2}));
        assert_eq!(found["two"], serde_json::json!({"a": 1, "b": 2, "c": 4, "<<": 5}));
        assert_eq!(found["three"], serde_json::json!({"a": 1, "b": 2, "c": 4}));
    }

    #[test]
    fn what_compose_refuses_in_yaml_has_its_place() {
        for (text, line, why) in [
            ("a: 1\nb: 2\na: 3\n", 3, "already defined at line 1"),
            ("a:\n  8080: x\n", 2, "`8080` isn't a string"),
            ("a: &a\n  b: [*a]\n", 2, "contains it"),
            ("a: {<<: 5}", 1, "needs a mapping"),
            ("a: !secret x", 1, "`!secret` isn't supported"),
        ] {
            let Err(Unread::Location(at, found)) = documents(text, 3) else { panic!("{text}") };
            assert!(at.line == line && at.file == 3 && found.contains(why), "{text}: {found}");
        }
        assert!(matches!(documents("a: [", 0), Err(Unread::Whole(_))));
    }

    #[test]
    fn a_list_is_found_by_its_key() {
        let found = documents("services:\n  web:\n    ports:\n      - 80\n", 0).unwrap().remove(0);
        let ports = found.get("services").and_then(|all| all.get("web")?.get("ports")).unwrap();
        assert_eq!((ports.at.line, ports.at.column, ports.as_list().unwrap()[0].at.line), (3, 5, 4));
    }
}

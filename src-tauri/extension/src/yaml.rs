//! Untrusted YAML: read only when it is small, shallow, and stays so when its aliases are followed.

mod indentation;

use std::borrow::Cow;

pub(super) use indentation::readable;
use saphyr::{LoadableYamlNode, Scalar, ScalarStyle, Yaml, YamlLoader};
use saphyr_parser::{Event, Marker, Parser};
use serde_json::{Map, Number, Value};

use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};

/// The most bytes of one file that are read.
pub(super) const LONGEST: u64 = 1024 * 1024;
/// The most values a file may have once each alias is replaced by what it names.
const MOST: usize = 200_000;
/// The deepest nesting: a tree is built, walked and dropped by recursion.
const DEEPEST: usize = 64;

/// All documents of a compose file.
///
/// # Errors
/// [`Code::ComposeUnreadable`], with the line where there is one.
pub(super) fn documents(text: &str) -> Result<Vec<Yaml<'_>>> {
    let text = readable(text);
    bounded(&text).map_err(Refusal::error)?;
    match text {
        Cow::Borrowed(text) => Yaml::load_from_str(text).map_err(|error| syntax(&error)),
        Cow::Owned(text) => {
            let documents = Yaml::load_from_str(&text).map_err(|error| syntax(&error))?;
            Ok(documents.into_iter().map(indentation::owned).collect())
        }
    }
}

/// What docker-compose wrote, which is YAML 1.1: a word such as `1e3` that is no number there stays a text.
///
/// # Errors
/// [`Code::ComposeUnreadable`].
pub(super) fn json(text: &str) -> Result<Value> {
    bounded(text).map_err(Refusal::error)?;
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    Parser::new_from_str(text).load(&mut loader, true).map_err(|error| syntax(&error))?;
    if let Some(error) = loader.error() {
        return Err(syntax(error));
    }
    loader.into_documents().first().map(value).ok_or_else(|| unreadable("is empty"))
}

pub(super) fn unreadable(why: &str) -> Error {
    Error::new(Code::ComposeUnreadable, format!("The compose file {why}"))
}

fn syntax(error: &saphyr::ScanError) -> Error {
    let marker = error.marker();
    unreadable(&format!("can't be read at line {}, column {}", marker.line(), marker.col() + 1)).detail(error)
}

/// Why a text isn't read.
#[derive(Debug)]
pub(super) struct Refusal {
    pub error: Error,
    /// Line and column, from 1.
    pub place: (u32, u32),
}

impl Refusal {
    fn error(self) -> Error {
        self.error
    }

    fn at(error: Error, marker: &Marker) -> Self {
        Self { error, place: (marker.line() as u32, marker.col() as u32 + 1) }
    }

    pub fn of_syntax(error: &saphyr::ScanError) -> Self {
        Self::at(syntax(error), error.marker())
    }
}

/// Refuses a text that would become too much, before anything is built of it.
pub(super) fn bounded(text: &str) -> std::result::Result<(), Refusal> {
    if text.len() as u64 > LONGEST {
        return Err(Refusal { error: unreadable(&format!("has more than {} bytes", count(LONGEST))), place: (1, 1) });
    }
    let too_much = |marker| {
        Refusal::at(
            unreadable(&format!("has more than {} values after its aliases are expanded", count(MOST as u64))),
            marker,
        )
    };
    let too_deep = |marker| Refusal::at(unreadable(&format!("is nested more than {DEEPEST} levels deep")), marker);
    // What each anchor represents, by its number; and what is open: where it began, and how deep it is so far.
    let (mut anchors, mut open, mut total) = (Vec::new(), Vec::<Open>::new(), 0_usize);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Refusal::of_syntax(&error))?;
        match event {
            Event::Alias(anchor) => {
                let Extent { values, depth } = anchors.get(anchor).copied().unwrap_or_default();
                total = total.saturating_add(values);
                // What an alias names is built once more, at this depth.
                if open.len() + depth > DEEPEST {
                    return Err(too_deep(&span.start));
                }
                deepen(&mut open, depth);
            }
            Event::Scalar(_, _, anchor, _) => {
                total += 1;
                remember(&mut anchors, anchor, Extent::default());
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                open.push(Open { anchor, began: total, depth: 1 });
                total += 1;
                if open.len() > DEEPEST {
                    return Err(too_deep(&span.start));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, began, depth }) = open.pop() {
                    remember(&mut anchors, anchor, Extent { values: total - began, depth });
                    deepen(&mut open, depth);
                }
            }
            _ => {}
        }
        if total > MOST {
            return Err(too_much(&span.start));
        }
    }
    Ok(())
}

/// What an anchor represents once its own aliases are followed.
#[derive(Debug, Clone, Copy)]
struct Extent {
    values: usize,
    /// Levels of sequences and mappings.
    depth: usize,
}

impl Default for Extent {
    fn default() -> Self {
        Self { values: 1, depth: 0 }
    }
}

struct Open {
    anchor: usize,
    /// How many values came before it.
    began: usize,
    /// Its own level, and the deepest in it so far.
    depth: usize,
}

/// What is open holds something of this depth.
fn deepen(open: &mut [Open], depth: usize) {
    if let Some(outer) = open.last_mut() {
        outer.depth = outer.depth.max(depth + 1);
    }
}

fn remember(anchors: &mut Vec<Extent>, anchor: usize, extent: Extent) {
    if anchor > 0 {
        anchors.resize(anchors.len().max(anchor + 1), Extent::default());
        anchors[anchor] = extent;
    }
}

fn value(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Representation(text, style, _) => scalar(text, *style),
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Value(Scalar::Boolean(is)) => Value::Bool(*is),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Number::from_f64(**number).map_or(Value::Null, Value::Number),
        Yaml::Value(Scalar::Null) | Yaml::Alias(_) | Yaml::BadValue => Value::Null,
        Yaml::Sequence(list) => list.iter().map(value).collect(),
        Yaml::Mapping(map) => {
            Value::Object(map.iter().map(|(key, found)| (name(key), value(found))).collect::<Map<_, _>>())
        }
        Yaml::Tagged(_, inner) => value(inner),
    }
}

fn name(key: &Yaml<'_>) -> String {
    match key {
        Yaml::Representation(text, ..) => text.to_string(),
        _ => match value(key) {
            Value::String(text) => text,
            other => other.to_string(),
        },
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => number(text),
        _ => Value::String(text.to_owned()),
    }
}

fn number(text: &str) -> Value {
    let digits = text.trim_start_matches('-');
    let is_decimal = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    if let (true, Ok(number)) = (is_decimal, text.parse::<i64>()) {
        return Value::from(number);
    }
    let is_fraction = digits.split_once('.').is_some_and(|(whole, rest)| {
        !whole.is_empty()
            && !rest.is_empty()
            && [whole, rest].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
    });
    let fraction = text.parse::<f64>().ok().filter(|_| is_fraction).and_then(Number::from_f64);
    fraction.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn a_file_that_its_aliases_make_huge_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let before = format!("*a{}, ", n - 1).repeat(10);
            writeln!(bomb, "a{n}: &a{n} [{}]", before.trim_end_matches(", ")).unwrap();
        }
        let error = documents(&bomb).unwrap_err();
        assert!(error.code == Code::ComposeUnreadable && error.message.contains("aliases"), "{error:?}");
        assert!(documents("a: &a [1, 2]\nb: [*a, *a]").is_ok());
    }

    #[test]
    fn a_file_that_is_deep_or_long_is_refused() {
        let deep = |levels: usize| documents(&"[".repeat(levels)).unwrap_err();
        assert!(deep(DEEPEST + 1).message.contains("nested"));
        assert_eq!(deep(100_000).code, Code::ComposeUnreadable);
        assert!(documents(&"#".repeat(1024 * 1024 + 1)).unwrap_err().message.contains("bytes"));
    }

    #[test]
    fn what_docker_compose_writes_keeps_its_types() {
        let found =
            json("a: 1e3\nb: '1'\nc: 2\nd: true\ne: 'true'\nf: 0.5\ng: null\nh: 1_0\ni: 1:30\n5: x\nj: 0o7\n").unwrap();
        let expected = serde_json::json!({
            "a": "1e3", "b": "1", "c": 2, "d": true, "e": "true", "f": 0.5, "g": null, "h": "1_0", "i": "1:30", "5": "x", "j": "0o7"
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn aliases_that_make_a_shallow_text_deep_are_refused() {
        let mut text = "a0: &a0 [[[[[[[[x]]]]]]]]\n".to_owned();
        for level in 1..40 {
            text += &format!("a{level}: &a{level} [[[[[[[[*a{}]]]]]]]]\n", level - 1);
        }
        let error = documents(&text).unwrap_err();
        assert!(error.message.contains("levels deep"), "{error:?}");
        // A few levels are what files in use have.
        assert!(documents("a: &a {b: [c]}\nd: [*a, *a]\ne: {<<: *a}\n").is_ok());
    }
}

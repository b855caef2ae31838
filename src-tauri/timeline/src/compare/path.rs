//! Places in a JSON document, and the patterns of places that rules name.

use std::fmt::Write;

use porthole_base::error::{Code, Error, Result};

/// One step from a value to one in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The place in an array, from 0.
    Index(usize),
    /// The name in an object.
    Name(String),
}

/// The normalized path of a place (RFC 9535), with plain names after a dot.
pub(super) fn written(steps: &[Step]) -> String {
    let mut path = String::from("$");
    for step in steps {
        match step {
            Step::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Name(name) if is_plain(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Name(name) => {
                path.push_str("['");
                for c in name.chars() {
                    match c {
                        '\'' | '\\' => path.extend(['\\', c]),
                        '\n' => path.push_str("\\n"),
                        '\r' => path.push_str("\\r"),
                        '\t' => path.push_str("\\t"),
                        c if c < ' ' => {
                            let _ = write!(path, "\\u{:04x}", c as u32);
                        }
                        c => path.push(c),
                    }
                }
                path.push_str("']");
            }
        }
    }
    path
}

/// The steps of a path that names one place.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let PathPattern(segments) = PathPattern::read(path).ok()?;
    segments.into_iter().map(|Segment { descends, step }| step.filter(|_| !descends)).collect()
}

/// The path of these places in every element of the arrays on the way.
pub(super) fn with_any_index(steps: &[Step]) -> String {
    let part = |step: &Step| match step {
        Step::Index(_) => "[*]".to_owned(),
        Step::Name(_) => written(std::slice::from_ref(step)).split_off(1),
    };
    std::iter::once("$".to_owned()).chain(steps.iter().map(part)).collect()
}

fn is_plain(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && !c.is_whitespace());
    name.starts_with(begins) && name.chars().all(|c| begins(c) || c.is_ascii_digit())
}

/// A path that names places: JSONPath with names, indexes, `*` and `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    /// It may be any number of levels further down.
    descends: bool,
    /// Absent for `*`.
    step: Option<Step>,
}

impl PathPattern {
    /// Reads one.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`].
    pub fn read(text: &str) -> Result<Self> {
        let invalid = || {
            Error::new(Code::RuleInvalid, format!("Invalid path: {text}"))
                .hint("Examples: `$.items[*].id`, `$..createdAt`, `$['two words'][0]`.")
        };
        let mut rest = text.trim().strip_prefix('$').ok_or_else(invalid)?;
        let mut segments = Vec::new();
        while !rest.is_empty() {
            let (segment, after) = segment(rest).ok_or_else(invalid)?;
            segments.push(segment);
            rest = after;
        }
        Ok(Self(segments))
    }

    /// Whether it names exactly this place.
    pub fn is_at(&self, steps: &[Step]) -> bool {
        matches(&self.0, steps, false)
    }

    /// Whether it names this place or one that this is in.
    pub fn covers(&self, steps: &[Step]) -> bool {
        matches(&self.0, steps, true)
    }

    /// The text of the first value that it names in a document.
    pub fn first_in<'a>(&self, document: &'a super::json::Json<'a>) -> Option<&'a str> {
        find(&self.0, document)
    }
}

/// Whether segments lead to a place, or to one that it is in. Places have few steps, and patterns few `..`.
fn matches(segments: &[Segment], steps: &[Step], covers: bool) -> bool {
    let Some((segment, rest)) = segments.split_first() else { return covers || steps.is_empty() };
    let fits = |step: &Step| segment.step.as_ref().is_none_or(|wanted| wanted == step);
    let farthest = if segment.descends { steps.len() } else { steps.len().min(1) };
    (0..farthest).any(|at| fits(&steps[at]) && matches(rest, &steps[at + 1..], covers))
}

fn find<'a>(segments: &[Segment], value: &'a super::json::Json<'a>) -> Option<&'a str> {
    let Some((segment, rest)) = segments.split_first() else { return Some(value.raw()) };
    let fits = |step: &Step| segment.step.as_ref().is_none_or(|wanted| wanted == step);
    for (step, child) in value.children() {
        if fits(&step)
            && let Some(found) = find(rest, child)
        {
            return Some(found);
        }
        if segment.descends
            && let Some(found) = find(segments, child)
        {
            return Some(found);
        }
    }
    None
}

/// The first segment of a path, and what follows it.
fn segment(text: &str) -> Option<(Segment, &str)> {
    if let Some(after) = text.strip_prefix("..") {
        if after.starts_with('[') {
            let (step, rest) = bracket(after)?;
            return Some((Segment { descends: true, step }, rest));
        }
        let (step, rest) = name(after)?;
        return Some((Segment { descends: true, step }, rest));
    }
    let (step, rest) = match text.strip_prefix('.') {
        Some(after) => name(after)?,
        None => bracket(text)?,
    };
    Some((Segment { descends: false, step }, rest))
}

fn name(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((None, rest));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "]'\"*?@".contains(c));
    is_name.then(|| (Some(Step::Name(name.to_owned())), rest))
}

fn bracket(text: &str) -> Option<(Option<Step>, &str)> {
    let inner = text.strip_prefix('[')?;
    if let Some(rest) = inner.strip_prefix("*]") {
        return Some((None, rest));
    }
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let Some(quote) = quote else {
        let (digits, rest) = inner.split_once(']')?;
        return Some((Some(Step::Index(digits.parse().ok()?)), rest));
    };
    let (mut name, mut characters) = (String::new(), inner.char_indices().skip(1));
    while let Some((at, c)) = characters.next() {
        match c {
            c if c == quote => return Some((Some(Step::Name(name)), inner[at + 1..].strip_prefix(']')?)),
            '\\' => name.push(match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                other => other,
            }),
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(text: &str) -> Vec<Step> {
        let read = PathPattern::read(text).unwrap();
        read.0.into_iter().map(|segment| segment.step.unwrap()).collect()
    }

    #[test]
    fn a_pattern_names_places() {
        for (pattern, path, at, covers) in [
            ("$", "$", true, true),
            ("$", "$.a", false, true),
            ("$.items[*].id", "$.items[3].id", true, true),
            ("$.items[*].id", "$.items[3].id.more", false, true),
            ("$.items[*].id", "$.items[3]", false, false),
            ("$..id", "$.a.b[2].id", true, true),
            ("$..id", "$.id", true, true),
            ("$..id", "$.identity", false, false),
            ("$..[0]", "$.a[0]", true, true),
            ("$.*", "$.a", true, true),
            ("$..a..b", "$.a.x.a.b", true, true),
            ("$['two words']", "$['two words']", true, true),
            ("$[\"a'b\"]", "$['a\\'b']", true, true),
        ] {
            let read = PathPattern::read(pattern).unwrap();
            assert_eq!((read.is_at(&place(path)), read.covers(&place(path))), (at, covers), "{pattern} {path}");
        }
    }

    #[test]
    fn indexes_become_any_index() {
        for (path, any) in [("$.items[3].tags[12]", "$.items[*].tags[*]"), ("$['a[3]'].b", "$['a[3]'].b"), ("$", "$")] {
            assert_eq!(with_any_index(&steps(path).unwrap()), any);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "a", "$a", "$.", "$[", "$[]", "$[-1]", "$['a'", "$.a b", "$..", "$[?@.a]", "$.a..", "$[1,2]"] {
            assert_eq!(PathPattern::read(text).unwrap_err().code, Code::RuleInvalid, "{text}");
        }
    }

    proptest! {
        /// What is written of a place leads back to it.
        #[test]
        fn a_written_path_names_its_place(
            steps in prop::collection::vec(
                prop_oneof![(0usize..1000).prop_map(Step::Index), ".*".prop_map(Step::Name)],
                0..6,
            )
        ) {
            let read = PathPattern::read(&written(&steps));
            prop_assert!(read.unwrap().is_at(&steps));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = PathPattern::read(&format!("${text}"));
        }
    }
}

//! What may differ between a recording and a later run. A session keeps them, and they can be edited there.

use regex::Regex;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::path::PathPattern;
use porthole_base::error::{Code, Error, Result};

/// What may differ, and what a later call takes from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Rules {
    /// Differences that are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Allow>>", optional)]
    pub allow: Vec<Allow>,
    /// Values that are taken from a response and put into later requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Capture>>", optional)]
    pub capture: Vec<Capture>,
}

/// One allowed difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Allow {
    /// A response header may have any value, or be absent.
    Header {
        /// Its name, in any case.
        name: String,
    },
    /// A value in a JSON body may be anything, or be absent.
    Path {
        /// Where: JSONPath with names, indexes, `*` and `..`.
        path: String,
    },
    /// A value in a JSON body must have the recorded type.
    Type {
        /// Where.
        path: String,
    },
    /// A number in a JSON body must lie between two.
    Range {
        /// Where.
        path: String,
        /// The smallest one.
        min: f64,
        /// The largest one.
        max: f64,
    },
    /// The text of a value in a JSON body must match: of a string without its quotes.
    Matches {
        /// Where.
        path: String,
        /// A regular expression that must match all of it.
        pattern: String,
    },
    /// Lines of text that match are left out of both sides.
    Lines {
        /// A regular expression that must match a part of the line.
        pattern: String,
    },
}

/// A value that later requests use as `{{name}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// The number of the call in the session that has it in its response.
    pub call: u32,
    /// Where it is in the JSON body: the first value at this path.
    pub path: String,
}

/// Rules that were read, ready to be used.
#[derive(Debug, Default)]
pub(crate) struct ReadRules {
    headers: Vec<String>,
    paths: Vec<(PathPattern, Expected)>,
    lines: Vec<Regex>,
}

#[derive(Debug)]
enum Expected {
    Anything,
    Type,
    Range(f64, f64),
    Matches(Regex),
}

/// The kind of a JSON value, as JavaScript's `typeof` doesn't tell it.
fn type_of(raw: &str) -> &'static str {
    match raw.bytes().next() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

fn pattern(text: &str, whole: bool) -> Result<Regex> {
    let source = if whole { format!("^(?:{text})$") } else { text.to_owned() };
    regex::RegexBuilder::new(&source).size_limit(1 << 20).build().map_err(|error| {
        Error::new(Code::RuleInvalid, format!("Invalid regular expression: {text}"))
            .detail(error)
            .hint("Use the syntax of Rust's regex crate: no look-around and no back-references.")
    })
}

/// The most rules of a session, and the most bytes of a text in one.
const MOST_RULES: usize = 500;
const LONGEST: usize = 4096;

fn invalid(message: &str, hint: &str) -> Error {
    Error::new(Code::RuleInvalid, message).hint(hint)
}

impl Allow {
    /// Checks what reading its path and pattern doesn't.
    fn check(&self) -> Result<()> {
        let (texts, must_be) = match self {
            Self::Header { name } => ([name.as_str(), ""], "Enter the name of a header."),
            Self::Path { path } | Self::Type { path } | Self::Range { path, .. } => {
                ([path.as_str(), ""], "Enter a path, such as $.id.")
            }
            Self::Matches { path, pattern } => ([path.as_str(), pattern], "Enter a path, such as $.id."),
            // An empty pattern would leave out all lines.
            Self::Lines { pattern } => ([pattern.as_str(), ""], "Enter a regular expression, such as ^took."),
        };
        if texts[0].is_empty() {
            return Err(invalid("The rule is empty", must_be));
        }
        if texts.iter().any(|text| text.len() > LONGEST) {
            return Err(too_long());
        }
        match self {
            Self::Range { min, max, .. } if min > max => {
                Err(invalid("The range is empty", "The smallest number must not be larger than the largest."))
            }
            _ => Ok(()),
        }
    }
}

impl Capture {
    fn check(&self) -> Result<()> {
        if self.name.is_empty() || self.call == 0 {
            return Err(invalid("The capture is incomplete", "It needs a name and the number of a call, from 1."));
        }
        if self.name.len().max(self.path.len()) > LONGEST {
            return Err(too_long());
        }
        PathPattern::read(&self.path).map(drop)
    }
}

fn too_long() -> Error {
    invalid("A path, name or pattern in the rules is too long", "Use at most 4,096 bytes.")
}

impl Rules {
    /// Checks the paths and patterns.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`].
    pub fn check(&self) -> Result<()> {
        if self.allow.len() + self.capture.len() > MOST_RULES {
            return Err(invalid("A session has too many rules", "Use at most 500 rules and captures."));
        }
        self.allow.iter().try_for_each(Allow::check)?;
        self.capture.iter().try_for_each(Capture::check)?;
        if let Some(Capture { name, .. }) = self.capture.iter().enumerate().find_map(|(at, capture)| {
            self.capture[..at].iter().any(|before| before.name == capture.name).then_some(capture)
        }) {
            return Err(invalid(&format!("Two captures have the name {name}"), "Give each another name."));
        }
        self.read().map(drop)
    }

    /// Reads the paths and patterns.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`].
    pub(crate) fn read(&self) -> Result<ReadRules> {
        let mut read = ReadRules::default();
        for rule in &self.allow {
            let (path, expected) = match rule {
                Allow::Header { name } => {
                    read.headers.push(name.to_ascii_lowercase());
                    continue;
                }
                Allow::Lines { pattern: text } => {
                    read.lines.push(pattern(text, false)?);
                    continue;
                }
                Allow::Path { path } => (path, Expected::Anything),
                Allow::Type { path } => (path, Expected::Type),
                Allow::Range { path, min, max } => (path, Expected::Range(*min, *max)),
                Allow::Matches { path, pattern: text } => (path, Expected::Matches(pattern(text, true)?)),
            };
            read.paths.push((PathPattern::read(path)?, expected));
        }
        Ok(read)
    }
}

impl ReadRules {
    /// Whether this header may differ.
    pub fn allows_header(&self, name: &str) -> bool {
        self.headers.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// Whether lines are left out.
    pub fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether this line is left out.
    pub fn leaves_out(&self, line: &str) -> bool {
        self.lines.iter().any(|pattern| pattern.is_match(line))
    }

    /// Whether the values at a place may differ in this way. A value without a counterpart is allowed only where anything
    /// is.
    pub fn allows(&self, steps: &[super::path::Step], first: Option<&str>, second: Option<&str>) -> bool {
        self.paths.iter().any(|(path, expected)| match expected {
            Expected::Anything => path.covers(steps),
            _ if !path.is_at(steps) => false,
            Expected::Type => match (first, second) {
                (Some(first), Some(second)) => type_of(first) == type_of(second),
                _ => false,
            },
            Expected::Range(min, max) => second
                .filter(|second| type_of(second) == "number")
                .and_then(|second| second.parse::<f64>().ok())
                .is_some_and(|number| (*min..=*max).contains(&number)),
            Expected::Matches(pattern) => second.is_some_and(|second| {
                let text = if type_of(second) == "string" { serde_json::from_str::<String>(second).ok() } else { None };
                pattern.is_match(text.as_deref().unwrap_or(second))
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_mean_nothing_are_refused() {
        let allow = |rule: &str| Rules { allow: vec![serde_json::from_str(rule).unwrap()], ..Rules::default() };
        let capture = |text: &str| Rules { capture: vec![serde_json::from_str(text).unwrap()], ..Rules::default() };
        for rules in [
            allow(r#"{"kind":"header","name":""}"#),
            allow(r#"{"kind":"path","path":"id"}"#),
            allow(r#"{"kind":"lines","pattern":""}"#),
            allow(r#"{"kind":"lines","pattern":"("}"#),
            allow(r#"{"kind":"matches","path":"$.a","pattern":"("}"#),
            allow(r#"{"kind":"range","path":"$.a","min":2,"max":1}"#),
            allow(&format!(r#"{{"kind":"header","name":"{}"}}"#, "a".repeat(LONGEST + 1))),
            capture(r#"{"name":"","call":1,"path":"$.id"}"#),
            capture(r#"{"name":"id","call":0,"path":"$.id"}"#),
            capture(r#"{"name":"id","call":1,"path":"id"}"#),
            Rules { allow: vec![Allow::Header { name: "a".to_owned() }; MOST_RULES + 1], ..Rules::default() },
        ] {
            assert_eq!(rules.check().unwrap_err().code, Code::RuleInvalid, "{rules:?}");
        }
        for rules in [
            Rules::default(),
            allow(r#"{"kind":"range","path":"$.a","min":1,"max":1}"#),
            allow(r#"{"kind":"matches","path":"$..a","pattern":""}"#),
            capture(r#"{"name":"id","call":1,"path":"$.id"}"#),
        ] {
            rules.check().unwrap();
        }
    }
}

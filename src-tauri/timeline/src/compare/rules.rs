//! What may differ between a recording and a later run. A session keeps them, and they can be edited there.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::path::PathPattern;
use porthole_base::error::{Code, Error, Result};

/// What may differ, and what a later call takes from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Differences that are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allow>,
    /// Values that are taken from a response and put into later requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Capture>,
}

/// One allowed difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Rules {
    /// Checks the paths and patterns.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`].
    pub fn check(&self) -> Result<()> {
        for capture in &self.capture {
            PathPattern::read(&capture.path)?;
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

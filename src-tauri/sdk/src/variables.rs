//! Variables in what the composer holds: `{{name}}` in a text is replaced by the value of the variable in the environment
//! that the user chose.
//!
//! A name begins with a letter or `_` and has letters, digits, `_`, `-` and `.`. Anything else between braces stays as it
//! is, and so do the words of Go templates that look like a name (`{{end}}`): `docker inspect --format` takes them. A
//! backslash before the braces (`\{{name}}`) keeps any other name. Where there is no environment at all, nothing is
//! replaced. Values are inserted as they are, except in the query of a path, where they are percent-encoded.

mod texts;

use std::{borrow::Cow, collections::BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::draft::Draft;
use porthole_base::error::{Code, Error, Result};
use texts::{Kind, each};

/// The longest name, in bytes.
const LONGEST_NAME: usize = 64;
/// Words of Go templates.
const GO_TEMPLATE: [&str; 4] = ["end", "else", "break", "continue"];
/// The shortest secret that is looked for in a text: a shorter one is found by chance.
const SHORTEST_SECRET: usize = 4;
/// What stays as it is in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A named set of variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Environment {
    /// Its name, which no other one has.
    pub name: String,
    /// The variables; of two with the same name the first one counts.
    #[serde(default)]
    pub variables: Vec<Variable>,
}

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
    /// The value is hidden on the screen and left out of snippets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub secret: bool,
}

/// A variable that a draft uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UsedVariable {
    /// Its name.
    pub name: String,
    /// Its value, if it may be shown.
    pub meaning: Meaning,
}

/// The value of a used variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Meaning {
    /// This value.
    Value {
        /// The value.
        value: String,
    },
    /// A value that isn't shown.
    Secret,
    /// The environment has no such variable, or none is chosen.
    Unknown,
}

/// The environments, and which of them is used.
#[derive(Debug, Clone, Copy)]
pub struct Environments<'a> {
    all: &'a [Environment],
    active: Option<&'a Environment>,
}

impl<'a> Environments<'a> {
    /// Those of the settings, and the name of the one that is used.
    pub fn new(all: &'a [Environment], active: Option<&str>) -> Self {
        Self { all, active: active.and_then(|name| all.iter().find(|environment| environment.name == name)) }
    }

    fn find(&self, name: &str) -> Option<&'a Variable> {
        self.active?.variables.iter().find(|variable| variable.name == name)
    }

    /// Replaces each variable by its value.
    ///
    /// # Errors
    /// [`Code::VariableUnknown`] for the first one that the environment doesn't have.
    pub fn fill(&self, draft: &mut Draft) -> Result<()> {
        if self.all.is_empty() {
            return Ok(());
        }
        let mut unknown = None;
        each(draft, &mut |kind, text| {
            let filled = replaced(text, kind, true, |name| {
                let found = self.find(name).map(|variable| variable.value.as_str());
                if found.is_none() && unknown.is_none() {
                    unknown = Some(name.to_owned());
                }
                found
            });
            if let Some(filled) = filled {
                *text = filled;
            }
        });
        unknown.map_or(Ok(()), |name| Err(self.unknown(&name)))
    }

    /// For a snippet: replaces what isn't secret, and puts the names of secret variables in the place of their values. What
    /// is unknown stays.
    pub fn fill_shown(&self, draft: &mut Draft) {
        if self.all.is_empty() {
            return;
        }
        let secrets: Vec<&Variable> = self.active.map_or_else(Vec::new, |environment| {
            environment.variables.iter().filter(|one| one.secret && one.value.len() >= SHORTEST_SECRET).collect()
        });
        each(draft, &mut |kind, text| {
            let open = |name: &str| Some(self.find(name).filter(|one| !one.secret)?.value.as_str());
            if let Some(filled) = replaced(text, kind, false, open) {
                *text = filled;
            }
            for secret in &secrets {
                let name = format!("{{{{{}}}}}", secret.name);
                for value in [Cow::Borrowed(secret.value.as_str()), encoded(&secret.value)] {
                    if text.contains(value.as_ref()) {
                        *text = text.replace(value.as_ref(), &name);
                    }
                }
            }
        });
    }

    /// The variables that a draft uses, each once, in the order of their names.
    pub fn used(&self, draft: &Draft) -> Vec<UsedVariable> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let mut names = BTreeSet::new();
        each(&mut draft.clone(), &mut |kind, text| {
            replaced(text, kind, true, |name| {
                names.insert(name.to_owned());
                None
            });
        });
        let used = names.into_iter().map(|name| {
            let meaning = match self.find(&name) {
                None => Meaning::Unknown,
                Some(variable) if variable.secret => Meaning::Secret,
                Some(variable) => Meaning::Value { value: variable.value.clone() },
            };
            UsedVariable { name, meaning }
        });
        used.collect()
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::new(Code::VariableUnknown, format!("Unknown variable: {name}"));
        let as_it_is = format!("Write \\{{{{{name}}}}} to send the braces as they are.");
        match self.active {
            Some(active) => error.hint(format!("Add it to the environment “{}”. {as_it_is}", active.name)),
            None => error.hint(format!("No environment is active: choose one in the side bar. {as_it_is}")),
        }
    }
}

/// The text with its variables replaced; none where nothing changes. What has no value stays as it is. `unescape`: a
/// backslash before braces that it kept is removed.
fn replaced<'v>(
    text: &str,
    kind: Kind,
    unescape: bool,
    mut value: impl FnMut(&str) -> Option<&'v str>,
) -> Option<String> {
    let query = if kind == Kind::Path { text.find('?').unwrap_or(text.len()) } else { usize::MAX };
    let mut filled = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        let Some((name, end)) = name_at(text, start) else {
            at = start + 1;
            continue;
        };
        at = end;
        if text[..start].ends_with('\\') {
            if unescape {
                filled.push_str(&text[copied..start - 1]);
                copied = start;
            }
        } else if let Some(value) = value(name) {
            filled.push_str(&text[copied..start]);
            filled.push_str(&if start > query { encoded(value) } else { Cow::Borrowed(value) });
            copied = end;
        }
    }
    if copied == 0 {
        return None;
    }
    filled.push_str(&text[copied..]);
    Some(filled)
}

/// The name between the braces that begin here, and where they end.
fn name_at(text: &str, start: usize) -> Option<(&str, usize)> {
    let rest = &text[start + 2..];
    let end = rest.as_bytes().iter().take(LONGEST_NAME + 16).position(|&byte| byte == b'}')?;
    let name = rest[..end].trim_matches(' ');
    let first = name.bytes().next()?;
    let is_name = (first.is_ascii_alphabetic() || first == b'_')
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && !GO_TEMPLATE.contains(&name);
    (is_name && rest[end..].starts_with("}}")).then_some((name, start + 2 + end + 2))
}

fn encoded(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, QUERY).into()
}

#[cfg(test)]
#[path = "variables/variables_tests.rs"]
mod tests;

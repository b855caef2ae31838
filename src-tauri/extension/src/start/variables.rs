//! Variables in a compose file: which are requested, and what a path becomes when they are put in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What becomes of a variable that a compose file asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VariableState {
    /// Its value in Porthole's environment is handed to compose: the user allowed that.
    Passed,
    /// It is not handed on.
    NotPassed,
    /// It is allowed, and Porthole's environment doesn't have it.
    Missing,
}

/// A variable that a compose file asks for and the desktop doesn't define.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartVariable {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub state: VariableState,
}

/// The names that a text asks for: `$NAME`, `${NAME}`, `${NAME:-default}`. `$$` is a dollar sign.
pub(super) fn names_in(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
            continue;
        }
        let start = rest.strip_prefix('{').unwrap_or(rest);
        let end = start.find(|c: char| !is_part(c)).unwrap_or(start.len());
        if start[..end].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            names.insert(start[..end].to_owned());
        }
        // A default may ask for more.
        rest = &start[end..];
    }
    names
}

/// A text with its variables in place; none where Porthole can't tell what compose makes of it.
pub(super) fn expand(text: &str, known: &BTreeMap<String, String>) -> Option<String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        done.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            done.push('$');
            rest = after;
            continue;
        }
        let (inner, after) = match rest.strip_prefix('{') {
            Some(start) => start.split_once('}')?,
            None => rest.split_at(rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())),
        };
        let end = inner.find(|c: char| !is_part(c)).unwrap_or(inner.len());
        let (name, default) = inner.split_at(end);
        if name.is_empty() || default.contains('$') {
            return None;
        }
        let set = known.get(name);
        let value = if default.is_empty() {
            set.cloned().unwrap_or_default()
        } else if let Some(default) = default.strip_prefix(":-") {
            set.filter(|set| !set.is_empty()).cloned().unwrap_or_else(|| default.to_owned())
        } else if let Some(default) = default.strip_prefix('-') {
            set.cloned().unwrap_or_else(|| default.to_owned())
        } else {
            return None;
        };
        done.push_str(&value);
        rest = after;
    }
    done.push_str(rest);
    Some(done)
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_found_in_every_form() {
        let names = names_in("$A ${B} ${C:-$D} $$E ${F?no} $1 ${} $");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["A", "B", "C", "D", "F"]);
    }

    #[test]
    fn a_path_is_what_compose_makes_of_it_or_unknown() {
        let known = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned()), ("EMPTY".to_owned(), String::new())]);
        for (text, made) in [
            ("$HOME/.aws", Some("/home/me/.aws")),
            ("${HOME}/x$$y", Some("/home/me/x$y")),
            ("${NO:-.env}", Some(".env")),
            ("${EMPTY:-a}${EMPTY-b}", Some("a")),
            ("${NO}", Some("")),
            ("${NO:-$HOME}", None),
            ("${NO:+x}", None),
            ("${HOME", None),
        ] {
            assert_eq!(expand(text, &known).as_deref(), made, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[$A{}:\\-é ?+]{0,16}") {
            let _ = (names_in(&text), expand(&text, &BTreeMap::new()));
        }
    }
}

//! Variables in a Dockerfile, with their defaults: a build without arguments.

use std::collections::HashMap;

use crate::braces::closing;

/// The variables that are set at an instruction.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(HashMap<String, Option<String>>);

impl Variables {
    /// Those that every build has, for an image of this machine's kind.
    pub fn of_platform() -> Self {
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let platform = format!("linux/{arch}");
        let set = [
            ("TARGETPLATFORM", platform.as_str()),
            ("BUILDPLATFORM", &platform),
            ("TARGETOS", "linux"),
            ("BUILDOS", "linux"),
            ("TARGETARCH", arch),
            ("BUILDARCH", arch),
            ("TARGETVARIANT", ""),
        ];
        Self(set.into_iter().map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).collect())
    }

    /// `ARG name=default …`. One without a default keeps what was set before, by `outer` or by the platform.
    pub fn arg(&mut self, text: &str, outer: &Self) {
        for (name, value) in pairs(text) {
            let value = match value {
                Some(value) => self.filled(&value),
                None => outer.0.get(&name).cloned().flatten(),
            };
            self.0.insert(name, value);
        }
    }

    /// `ENV name=value …`, or `ENV name value`.
    pub fn env(&mut self, text: &str) {
        for (name, value) in self.assigned(text) {
            self.0.insert(name, value);
        }
    }

    /// What `name=value …`, or `name value`, gives: also the form of `LABEL`.
    pub fn assigned(&self, text: &str) -> Vec<(String, Option<String>)> {
        let old_form = !text.split_whitespace().next().unwrap_or_default().contains('=');
        if old_form {
            let pair = text.trim().split_once(char::is_whitespace);
            return pair.map(|(name, value)| (name.to_owned(), self.filled(value.trim()))).into_iter().collect();
        }
        let pairs = pairs(text).into_iter();
        pairs.map(|(name, value)| (name, self.filled(&value.unwrap_or_default()))).collect()
    }

    /// The text with its variables replaced; none when one of them is not known.
    pub fn filled(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '\\']) {
            filled.push_str(&rest[..at]);
            let sign = rest[at..].chars().next()?;
            rest = &rest[at + 1..];
            if sign == '\\' {
                let escaped = rest.chars().next();
                filled.extend(escaped);
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
                continue;
            }
            if let Some(inner) = rest.strip_prefix('{') {
                let end = closing(inner)?;
                filled.push_str(&self.expression(&inner[..end])?);
                rest = &inner[end + 1..];
            } else {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                if end == 0 {
                    filled.push('$');
                } else {
                    filled.push_str(self.0.get(&rest[..end])?.as_ref()?);
                }
                rest = &rest[end..];
            }
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// What is between the braces: `NAME`, `NAME:-default`, `NAME:+other`.
    fn expression(&self, text: &str) -> Option<String> {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, operator) = text.split_at(end);
        let value = self.0.get(name).cloned().flatten();
        let set = value.clone().filter(|value| !value.is_empty());
        if let Some(default) = operator.strip_prefix(":-") {
            return set.or_else(|| self.filled(default));
        }
        if let Some(default) = operator.strip_prefix('-') {
            return value.or_else(|| self.filled(default));
        }
        if let Some(other) = operator.strip_prefix(":+") {
            return if set.is_some() { self.filled(other) } else { Some(String::new()) };
        }
        // Patterns (`${NAME#…}`) need a newer syntax and are rare.
        value.filter(|_| operator.is_empty())
    }
}

/// `name=value` and `name`, separated by blanks, with quotes taken off.
fn pairs(text: &str) -> Vec<(String, Option<String>)> {
    let words = shell_words::split(text).unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect());
    let pair = |word: String| match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word, None),
    };
    words.into_iter().map(pair).collect()
}

//! Rules that two runs of the same call suggest: what differs and looks like a time, an id or a number that counts up.
//! They are only proposed: nothing may differ until the user adds the rule.

use super::{
    Allow, CallPart, ChangeKind, Comparison, Difference, FieldDifference, JsonChange, line_pattern,
    path::{self, Step},
};

/// Headers that differ from one response to the next by their meaning.
const VOLATILE: &[&str] = &[
    "age",
    "date",
    "etag",
    "expires",
    "last-modified",
    "x-request-id",
    "x-correlation-id",
    "x-runtime",
    "x-response-time",
];

impl Comparison {
    /// Rules that would allow what differs here, where that looks as if it differs each time.
    pub fn proposed(&self) -> Vec<Allow> {
        let mut rules: Vec<Allow> = Vec::new();
        for part in &self.parts {
            match &part.difference {
                Difference::Fields { fields } if matches!(part.part, CallPart::Headers | CallPart::Trailers) => {
                    let named = fields.iter().filter(|field| is_volatile_header(field));
                    rules.extend(named.map(|field| Allow::Header { name: field.name.clone() }));
                }
                Difference::Json { changes, .. } => rules.extend(changes.iter().filter_map(of_change)),
                Difference::Text { .. }
                    if matches!(part.part, CallPart::Body | CallPart::Stdout | CallPart::Stderr) =>
                {
                    rules.extend(line_pattern::proposed(&part.difference));
                }
                _ => {}
            }
        }
        let mut kept: Vec<Allow> = Vec::with_capacity(rules.len());
        for rule in rules {
            if !kept.contains(&rule) {
                kept.push(rule);
            }
        }
        kept
    }
}

fn is_volatile_header(FieldDifference { name, first, second }: &FieldDifference) -> bool {
    let known = VOLATILE.iter().any(|volatile| volatile.eq_ignore_ascii_case(name));
    let values = || first.iter().chain(second).all(|value| is_volatile(value));
    known || (first.is_some() && second.is_some() && values())
}

/// The same kind of value at the same place of both documents. Indexes become `*`: an id differs in each element.
fn of_change(change: &JsonChange) -> Option<Allow> {
    let JsonChange { kind: ChangeKind::Changed, path, from: None, first: Some(first), second: Some(second) } = change
    else {
        return None;
    };
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let is_text = |text: &str| text.starts_with('"');
    let steps = path::steps(path)?;
    let proposed = (is_text(first)
        && is_text(second)
        && is_volatile(first.trim_matches('"'))
        && is_volatile(second.trim_matches('"')))
        || (is_number(first) && is_number(second) && names_a_volatile_number(&steps));
    proposed.then(|| Allow::Type { path: path::with_any_index(&steps) })
}

/// Whether the last name on a way is one of an id, a time or a measured value.
fn names_a_volatile_number(steps: &[Step]) -> bool {
    const NAMES: &[&str] =
        &["id", "pid", "time", "timestamp", "ts", "at", "date", "uptime", "duration", "elapsed", "nanos", "ms"];
    let last = steps.iter().rev().find_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        Step::Index(_) => None,
    });
    let last = last.unwrap_or_default();
    let ends_with = |name: &&&str| {
        let lower = last.to_ascii_lowercase();
        let is_whole = lower == **name;
        // `createdAt`, `user_id`, but not `format` or `paid`.
        let before = last.len().checked_sub(name.len()).filter(|_| lower.ends_with(**name));
        let begins_word = before
            .is_some_and(|at| at > 0 && (last.as_bytes()[at].is_ascii_uppercase() || last.as_bytes()[at - 1] == b'_'));
        is_whole || begins_word
    };
    NAMES.iter().any(|name| ends_with(&name))
}

/// Whether a text looks like a UUID, a hash, a random id or a time.
fn is_volatile(text: &str) -> bool {
    is_time(text) || is_id(text)
}

/// `2026-11-30T…`, `2026-11-30 12:…`, `Mon, 30 Nov 2026 …` or seconds and more since 1970.
fn is_time(text: &str) -> bool {
    let digits =
        |range: std::ops::Range<usize>| text.get(range).is_some_and(|part| part.bytes().all(|c| c.is_ascii_digit()));
    let iso =
        digits(0..4) && text.get(4..5) == Some("-") && digits(5..7) && text.get(7..8) == Some("-") && digits(8..10);
    let epoch = (10..=19).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    let http = text.len() > 16 && text.get(3..5) == Some(", ") && digits(5..7);
    iso || epoch || http
}

/// Hexadecimal digits with at most dashes between them, at least 8 of them, of which one is a digit.
fn is_id(text: &str) -> bool {
    let text = text.trim_matches('"').trim_start_matches("W/\"").trim_start_matches("sha256:");
    let hex = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let others = text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
    others && hex >= 8 && text.bytes().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ids_look_volatile_and_words_do_not() {
        for text in [
            "2026-11-30T01:02:03Z",
            "2026-11-30 01:02:03",
            "Mon, 30 Nov 2026 01:02:03 GMT",
            "1796000000",
            "1796000000123",
            "9f86d081-884c-4d65-9a2f-eaa0c55ad015",
            "9f86d081884c",
            "\"9f86d081884c\"",
            "sha256:9f86d081884c7d65",
        ] {
            assert!(is_volatile(text), "{text}");
        }
        for text in ["", "ok", "deadbeef", "12", "version 2026", "cafe-babe", "running", "2026-11"] {
            assert!(!is_volatile(text), "{text}");
        }
    }

    #[test]
    fn names_of_numbers_that_change() {
        for path in ["$.id", "$.items[3].createdAt", "$.user_id", "$.a.uptime", "$.times.ts", "$.ids[4].pid"] {
            assert!(names_a_volatile_number(&path::steps(path).unwrap()), "{path}");
        }
        for path in ["$", "$.count", "$.format", "$.paid", "$.things[2]", "$.width"] {
            assert!(!names_a_volatile_number(&path::steps(path).unwrap()), "{path}");
        }
    }
}

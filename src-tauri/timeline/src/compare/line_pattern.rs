//! Patterns of lines that differ only in what is another each time: numbers, ids, times, durations.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{Allow, Difference, Rules, facts::ComparedLine};

/// The longest line that a pattern is made of, in characters. A longer one would be unreadable.
const LONGEST: usize = 500;
/// Patterns that are proposed for one output.
const MOST: usize = 20;

/// What is another each time, by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Uuid,
    Timestamp,
    Date,
    Clock,
    Duration,
    Prefixed,
    Name,
    Hex,
    Number,
}

impl Form {
    /// In the order in which they are tried: a UUID begins as a hexadecimal id, and a date as a number.
    const ALL: [Self; 9] = [
        Self::Uuid,
        Self::Timestamp,
        Self::Date,
        Self::Clock,
        Self::Duration,
        Self::Prefixed,
        Self::Name,
        Self::Hex,
        Self::Number,
    ];

    /// A regular expression of it, without groups that capture.
    fn expression(self) -> &'static str {
        match self {
            Self::Uuid => r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
            Self::Timestamp => {
                r"[0-9]{4}-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9](?::[0-9][0-9](?:[.,][0-9]+)?)?(?:Z|[+-][0-9][0-9]:?[0-9][0-9])?"
            }
            Self::Date => r"[0-9]{4}[-/][0-9][0-9][-/][0-9][0-9]",
            Self::Clock => r"[0-9][0-9]?:[0-9][0-9](?::[0-9][0-9](?:[.,][0-9]+)?)?",
            Self::Duration => {
                r"(?:(?:[0-9]+(?:\.[0-9]+)?(?:ns|[µμ]s|us|ms|s|m|h))+|[0-9]+(?:\.[0-9]+)? (?:ns|[µμ]s|us|ms|s|min|h|seconds?))"
            }
            Self::Prefixed => r"0[xX][0-9A-Fa-f]+",
            Self::Name => "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
            Self::Hex => r"[0-9A-Fa-f]{8,}",
            Self::Number => r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?",
        }
    }

    /// Whether it counts only as a whole word.
    fn is_word(self) -> bool {
        !matches!(self, Self::Prefixed | Self::Number)
    }
}

/// A line in pieces: text, and between it what may be another each time.
struct Pieces<'l> {
    texts: Vec<&'l str>,
    values: Vec<(Form, &'l str)>,
}

impl<'l> Pieces<'l> {
    fn of(line: &'l str) -> Self {
        static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
            let one = |form: &Form| match form.is_word() {
                true => format!(r"(\b{}\b)", form.expression()),
                false => format!("({})", form.expression()),
            };
            Regex::new(&Form::ALL.iter().map(one).collect::<Vec<_>>().join("|")).ok()
        });
        let mut pieces = Self { texts: Vec::new(), values: Vec::new() };
        let mut at = 0;
        let between = between_escapes(line);
        let found = between.flat_map(|(from, text)| {
            FORMS.iter().flat_map(move |forms| forms.captures_iter(text)).map(move |found| (from, found))
        });
        for (from, found) in found {
            let form = Form::ALL.into_iter().enumerate().find(|(n, _)| found.get(n + 1).is_some());
            let (Some((_, form)), Some(value)) = (form, found.get(0)) else { continue };
            // A word of the letters a to f.
            if form == Form::Hex && !value.as_str().bytes().any(|c| c.is_ascii_digit()) {
                continue;
            }
            pieces.texts.push(&line[at..from + value.start()]);
            pieces.values.push((form, value.as_str()));
            at = from + value.end();
        }
        pieces.texts.push(&line[at..]);
        pieces
    }
}

/// Codes for a terminal, such as colors. Their numbers aren't values: red isn't another green.
static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|\x{9b}[0-?]*[ -/]*[@-~]")
        .ok()
});

/// The parts of a line without such codes, each with its place.
fn between_escapes(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let escapes = ESCAPES.iter().flat_map(move |escapes| escapes.find_iter(line)).map(|escape| escape.range());
    let mut from = 0;
    escapes.chain(std::iter::once(line.len()..line.len())).map(move |escape| {
        let begin = std::mem::replace(&mut from, escape.end);
        (begin, &line[begin..escape.start])
    })
}

fn without_escapes(text: &str) -> String {
    between_escapes(text).map(|(_, part)| part).collect()
}

/// Whether a number in a line with this text may be a result: `3 tests failed`, `exit status 1`, `HTTP 500`. In a URL (`http://`)
/// it isn't.
fn tells_result(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = r"err(?:or|\b)|fail|exit|status|code|warn|panic|http(?:[^:s]|:[^/]|s[^:]|:?$)";
        Regex::new(&format!(r"(?i)(?:\b|_)(?:{words})")).ok()
    });
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

/// Lines with the same text between their values.
#[derive(Default)]
struct Alike<'l> {
    lines: Vec<Pieces<'l>>,
    in_first: bool,
    in_second: bool,
}

impl Alike<'_> {
    /// The pattern of these lines: a value that all of them have stays as it is. None if it would hide another result.
    fn pattern(&self) -> Option<String> {
        let texts = &self.lines.first()?.texts;
        let mut pattern = format!("^{}", regex::escape(texts.first()?));
        // A line of nothing but a number could be any.
        let words: Vec<String> = texts.iter().map(|text| without_escapes(text)).collect();
        let mut is_told = words.iter().any(|text| text.contains(char::is_alphabetic));
        let has_result = words.iter().any(|text| tells_result(text));
        let mut differs = false;
        for (n, text) in texts.iter().skip(1).enumerate() {
            let values: Vec<(Form, &str)> = self.lines.iter().filter_map(|line| line.values.get(n).copied()).collect();
            let (form, value) = *values.first()?;
            if values.iter().all(|(_, other)| *other == value) {
                pattern.push_str(&regex::escape(value));
                is_told |= form != Form::Number;
            } else if has_result && values.iter().any(|(form, _)| *form == Form::Number) {
                return None;
            } else {
                pattern.push_str(&expression_of(&values));
                differs = true;
                is_told |= values.iter().any(|(form, _)| *form != Form::Number);
            }
            pattern.push_str(&regex::escape(text));
        }
        pattern.push('$');
        (differs && is_told && self.in_first && self.in_second).then_some(pattern)
    }
}

/// An expression that matches all of these.
fn expression_of(values: &[(Form, &str)]) -> String {
    let has_only = |forms: &[Form]| values.iter().all(|(form, _)| forms.contains(form));
    let is_digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if has_only(&[Form::Number]) && values.iter().all(|(_, text)| is_digits(text)) {
        return r"[0-9]+".to_owned();
    }
    // An id may have only digits by chance, and a number eight of them.
    if has_only(&[Form::Number, Form::Hex]) && values.iter().all(|(form, text)| *form == Form::Hex || is_digits(text)) {
        let letters = values.iter().any(|(_, text)| !is_digits(text));
        return if letters { "[0-9A-Fa-f]+".to_owned() } else { r"[0-9]+".to_owned() };
    }
    let forms: Vec<&str> = Form::ALL
        .into_iter()
        .filter(|form| values.iter().any(|(other, _)| other == form))
        .map(Form::expression)
        .collect();
    match forms.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("(?:{})", several.join("|")),
    }
}

/// Rules that leave out the lines of both texts that differ only in such values.
pub(super) fn proposed(difference: &Difference) -> Vec<Allow> {
    let Difference::Text { hunks, .. } = difference else { return Vec::new() };
    let differing =
        hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.first.is_none() || line.second.is_none());
    let lines: Vec<(bool, String)> = differing.map(|line| (line.first.is_some(), text_of(line))).collect();
    let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for (is_first, line) in lines.iter().filter(|(_, line)| line.chars().nth(LONGEST).is_none()) {
        let pieces = Pieces::of(line);
        let place = *places.entry(pieces.texts.clone()).or_insert_with(|| {
            groups.push(Alike::default());
            groups.len() - 1
        });
        let Some(group) = groups.get_mut(place) else { continue };
        group.lines.push(pieces);
        group.in_first |= is_first;
        group.in_second |= !is_first;
    }
    let rules = groups.iter().filter_map(Alike::pattern).map(|pattern| Allow::Lines { pattern });
    rules.filter(|rule| Rules { allow: vec![rule.clone()], ..Rules::default() }.check().is_ok()).take(MOST).collect()
}

fn text_of(line: &ComparedLine) -> String {
    line.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

#[cfg(test)]
#[path = "line_pattern_tests.rs"]
mod tests;

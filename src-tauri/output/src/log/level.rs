//! The level of a line: a field of JSON or logfmt, or a word at the beginning of plain text.

use std::borrow::Cow;

use super::{Level, record, words};

/// Bytes of a line that are looked at.
pub(crate) const HEAD: usize = 64 * 1024;

/// A level, and where in the line it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub level: Level,
    pub range: (usize, usize),
}

/// Names of fields with a level, in lower case.
const KEYS: [&str; 11] = [
    "level",
    "lvl",
    "severity",
    "levelname",
    "log.level",
    "loglevel",
    "log_level",
    "@level",
    "@l",
    "severitytext",
    "severity_text",
];

/// Whether a field of this name has the level.
pub(super) fn is_key(name: &str) -> bool {
    name.len() <= 13 && KEYS.iter().any(|key| key.eq_ignore_ascii_case(name))
}

/// What a value of such a field says: a word, a number of bunyan and pino, or one of syslog.
pub(super) fn of_value(value: &str) -> Option<Level> {
    let value = value.trim();
    if let Ok(number) = value.parse::<u32>() {
        return match number {
            0..=3 | 50.. => Some(Level::Error),
            4 | 40..=49 => Some(Level::Warning),
            5..=6 | 30..=39 => Some(Level::Info),
            7 | 20..=29 => Some(Level::Debug),
            10..=19 => Some(Level::Trace),
            8..=9 => None,
        };
    }
    of_word(value)
}

/// The level that a word names.
pub(super) fn of_word(word: &str) -> Option<Level> {
    const WORDS: [(Level, &[&str]); 5] = [
        (
            Level::Error,
            &[
                "error",
                "err",
                "eror",
                "fatal",
                "ftl",
                "critical",
                "crit",
                "panic",
                "dpanic",
                "alert",
                "emerg",
                "emergency",
                "severe",
            ],
        ),
        (Level::Warning, &["warn", "warning", "wrn"]),
        (Level::Info, &["info", "inf", "information", "notice", "note"]),
        (Level::Debug, &["debug", "dbg", "debg", "fine"]),
        (Level::Trace, &["trace", "trc", "verbose", "vrb", "finer", "finest", "silly"]),
    ];
    if !(3..=11).contains(&word.len()) {
        return None;
    }
    WORDS.iter().find(|(_, words)| words.iter().any(|one| one.eq_ignore_ascii_case(word))).map(|(level, _)| *level)
}

/// The level of a line without codes of a terminal.
pub(crate) fn find(text: &str) -> Option<Found> {
    if let Some(start) = record::object_start(text)
        && let Some(found) = in_json(text, start)
    {
        return found.or_else(|| words::find(&text[..start]));
    }
    let in_field = memchr::memchr(b'=', text.as_bytes()).and_then(|_| in_pairs(text));
    in_field.or_else(|| words::find(text))
}

/// The level in the object that begins at `start`; nothing at all where there is no object.
fn in_json(text: &str, start: usize) -> Option<Option<Found>> {
    let value = record::level_value(&text[start..], text.len() + 4 >= HEAD)?;
    let found = value.and_then(|raw| {
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        // Both are parts of `text`.
        let from = inner.as_ptr() as usize - text.as_ptr() as usize;
        of_value(inner).map(|level| Found { level, range: (from, from + inner.len()) })
    });
    Some(found)
}

fn in_pairs(text: &str) -> Option<Found> {
    record::tokens(text).find_map(|token| {
        let (key, value) = token.pair?;
        let inner = text[value.0..value.1].trim_matches('"');
        let from = value.0 + usize::from(text[value.0..].starts_with('"'));
        let level = is_key(&text[key.0..key.1]).then(|| of_value(inner))??;
        Some(Found { level, range: (from, from + inner.len()) })
    })
}

/// A line as text, without the codes of a terminal: its first [`HEAD`] bytes.
pub(crate) fn readable(line: &[u8]) -> Cow<'_, str> {
    if line.len() > HEAD { all_readable(crate::lines::whole_characters(&line[..HEAD])) } else { all_readable(line) }
}

/// The same of all of the line.
pub(super) fn all_readable(line: &[u8]) -> Cow<'_, str> {
    let head = crate::text::without_line_end(line);
    if memchr::memchr(0x1b, head).is_none() {
        return String::from_utf8_lossy(head);
    }
    Cow::Owned(String::from_utf8_lossy(&without_codes(head)).into_owned())
}

/// Without `ESC [ … letter`, `ESC ] … BEL` and `ESC` with one more character.
fn without_codes(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    let mut at = 0;
    while at < line.len() {
        if line[at] != 0x1b {
            plain.push(line[at]);
            at += 1;
            continue;
        }
        let rest = &line[at + 1..];
        let length = match rest.first() {
            Some(b'[') => rest[1..].iter().position(|byte| (0x40..=0x7e).contains(byte)).map_or(rest.len(), |n| n + 2),
            Some(b']') => rest.iter().position(|byte| *byte == 0x07).map_or(rest.len(), |n| n + 1),
            Some(_) => 1,
            None => 0,
        };
        at += 1 + length;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(line: &str) -> Option<Level> {
        let text = readable(line.as_bytes());
        let found = find(&text);
        if let Some(found) = found {
            assert!(text.get(found.range.0..found.range.1).is_some_and(|word| !word.is_empty()), "{line}");
        }
        found.map(|found| found.level)
    }

    #[test]
    fn fields_of_json_and_logfmt_tell_the_level() {
        for (line, expected) in [
            (r#"{"level":"error","msg":"x"}"#, Level::Error),
            (r#"{"level":30,"time":1,"msg":"pino"}"#, Level::Info),
            (r#"{"name":"app","level":60,"v":0}"#, Level::Error),
            (r#"{"version":"1.1","level":4,"host":"gelf"}"#, Level::Warning),
            (r#"{"log":{"level":"WARN"},"msg":"ecs"}"#, Level::Warning),
            (r#"{"log.level":"debug","message":"ecs"}"#, Level::Debug),
            (r#"{"severity":"NOTICE","message":"gcp"}"#, Level::Info),
            (r#"{"levelname":"CRITICAL","levelno":50}"#, Level::Error),
            (r#"{"@t":"2026-01-01","@l":"Verbose"}"#, Level::Trace),
            (r#"{"lvl":"dbg"}"#, Level::Debug),
            (r#"web-1  | {"level":"warn","msg":"compose"}"#, Level::Warning),
            ("2026-01-01T00:00:00.0Z\tERROR\tmain.go:3\tfailed\t{\"id\": 7}", Level::Error),
            (r#"time="2026-01-01T00:00:00Z" level=warning msg="level=error is text""#, Level::Warning),
            (r#"ts=1 lvl="eror" msg=x"#, Level::Error),
            ("\u{1b}[2mts=1\u{1b}[0m \u{1b}[31mlevel=error\u{1b}[0m msg=x", Level::Error),
        ] {
            assert_eq!(level(line), Some(expected), "{line}");
        }
        for line in [r#"{"msg":"error"}"#, r#"{"level":9}"#, r#"{"level":"mine"}"#, "GET /?level=", "{"] {
            assert_eq!(level(line), None, "{line}");
        }
    }

    #[test]
    fn an_object_that_is_longer_than_what_is_looked_at_has_a_level_too() {
        let long = format!(r#"{{"level":"error","blob":"{}"}}"#, "x".repeat(2 * HEAD));
        assert_eq!(level(&long), Some(Level::Error));
        let late = format!(r#"{{"blob":"{}","level":"error"}}"#, "é".repeat(HEAD));
        assert_eq!(level(&late), None);
    }
}

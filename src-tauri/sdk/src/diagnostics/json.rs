//! Where text stops being JSON, as `JSON.parse` would say.

use serde::de::IgnoredAny;

/// Where text isn't valid JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
    /// Why.
    pub why: String,
    /// The line, or what is near the place in a long one.
    pub near: Vec<u8>,
}

/// Bytes that are shown before and after the place in a long line.
const NEAR: usize = 32;

/// Why text is not one JSON value. When more text may follow (`whole` is false), only what can't become
/// one any more is a problem. Brackets may appear as deep as they like: what is ignored is read without recursion.
pub(super) fn problem(text: &[u8], whole: bool) -> Option<Problem> {
    let error = serde_json::from_slice::<IgnoredAny>(text).err()?;
    if error.is_eof() && !whole {
        return None;
    }
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default().to_owned();
    let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = error.column().saturating_sub(1).min(line.len());
    let near = line[at.saturating_sub(NEAR)..line.len().min(at + NEAR)].to_vec();
    Some(Problem { line: error.line(), column: error.column().max(1), why, near })
}

/// What lines of JSON are like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Lines that hold an object or an array.
    pub good: usize,
    /// Lines that are no JSON.
    pub bad: usize,
    /// The first of those.
    pub first: Option<Problem>,
}

/// Looks at each line of the text; of text that goes on not at the last.
pub(super) fn lines(text: &[u8], whole: bool) -> Lines {
    let text = if whole { text } else { &text[..memchr::memrchr(b'\n', text).map_or(0, |end| end + 1)] };
    let mut lines = Lines::default();
    for (n, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() {
            continue;
        }
        // Words are made for the first bad line alone: a log may have a hundred thousand.
        if serde_json::from_slice::<IgnoredAny>(line).is_ok() {
            lines.good += usize::from(begins(trimmed));
        } else if let Some(problem) = lines.first.is_none().then(|| problem(line, true)).flatten() {
            lines.bad += 1;
            lines.first = Some(Problem { line: n + 1, ..problem });
        } else {
            lines.bad += usize::from(lines.first.is_some());
        }
    }
    lines
}

/// Whether text begins as an object or an array does.
pub(super) fn begins(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{") || text.trim_ascii_start().starts_with(b"[")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let found = problem(b"{\n  \"a\": nope\n}", true).unwrap();
        assert_eq!((found.line, found.column, found.near.as_slice()), (2, 9, &b"  \"a\": nope"[..]));
        assert_eq!(problem(b"{\"a\":", true).map(|problem| problem.why).as_deref(), Some("EOF while parsing a value"));
        assert_eq!(problem(b"", true).map(|problem| (problem.line, problem.column)), Some((1, 1)));
        let long = [b"[\"".as_slice(), &[b'x'; 500], b"\" y]"].concat();
        assert!(problem(&long, true).unwrap().near.len() <= 2 * NEAR);
    }

    #[test]
    fn what_may_become_json_and_what_is_json_is_no_problem() {
        let deep = "[".repeat(300) + &"]".repeat(300);
        for (text, whole) in
            [("{\"a\":", false), ("[1e999]", true), (" {} \n", true), (&deep, true), ("\"\\ud800\"", true)]
        {
            assert_eq!(problem(text.as_bytes(), whole), None, "{text}");
        }
    }

    #[test]
    fn the_first_bad_line_is_told_with_its_number() {
        let found = lines(b"{\"a\":1}\n\nready\n[2]\n{", true);
        assert_eq!((found.good, found.bad), (2, 2));
        assert_eq!(found.first.map(|problem| (problem.line, problem.near)), Some((3, b"ready".to_vec())));
        assert_eq!(lines(b"{\"a\":1}\n{\"a\"", false), Lines { good: 1, ..Lines::default() });
        assert_eq!(lines(b"{\"a\"", false), Lines::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in prop::collection::vec(prop::sample::select(b"{}[]\",:\\1ex\n \xff".to_vec()), 0..60), whole in any::<bool>()) {
            let _ = problem(&text, whole);
            let _ = lines(&text, whole);
        }
    }
}

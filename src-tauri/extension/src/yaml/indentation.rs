//! Lines of a `[…]`, a `{…}` and of a quoted text that aren't indented: the parser here refuses them, and that of compose
//! doesn't. Blanks at the start of such lines mean nothing, so they are added before the text is read.

use std::borrow::Cow;

use saphyr::{Scalar, Yaml};
use saphyr_parser::{Event, Marker, Parser, ScanError};

use super::LONGEST;

/// How many bytes are parsed for one text.
const MOST_PARSED: usize = 16 * 1024 * 1024;

/// The text as the parser takes it, or with what is wrong besides.
pub(crate) fn readable(text: &str) -> Cow<'_, str> {
    let mut readable = Cow::Borrowed(text);
    let mut parsed = 0;
    while parsed < MOST_PARSED && readable.len() as u64 <= LONGEST {
        let Some(Unreadable { error, flow }) = unreadable(&readable) else { return readable };
        parsed += readable.len();
        match indented(&readable, error.marker(), flow) {
            Some(better) => readable = Cow::Owned(better),
            // What is left is wrong for compose too.
            None => return readable,
        }
    }
    Cow::Borrowed(text)
}

/// Why the parser does not take a text.
struct Unreadable {
    error: ScanError,
    /// The column of a `[` or `{` that is open there.
    flow: Option<usize>,
}

fn unreadable(text: &str) -> Option<Unreadable> {
    let (mut open, mut last) = (Vec::new(), Marker::new(0, 1, 0));
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let is_flow = |at: &&Marker| matches!(char_at(text, at), Some('[' | '{'));
                let told = open.last().filter(is_flow).map(Marker::col);
                let flow = told.or_else(|| flow_in(text, offset(text, &last)?, offset(text, error.marker())?));
                return Some(Unreadable { error, flow });
            }
        };
        last = span.end;
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => open.push(span.start),
            Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
            _ => {}
        }
    }
    None
}

/// Where a line of the text begins, from 1, and where it ends with its line break.
fn line(text: &str, number: usize) -> Option<(usize, usize)> {
    let start = match number.checked_sub(2) {
        None => 0,
        Some(before) => text.match_indices('\n').nth(before)?.0 + 1,
    };
    let rest = text.get(start..)?;
    Some((start, start + rest.find('\n').map_or(rest.len(), |end| end + 1)))
}

/// Where a marker is, in bytes. Its own number is one of characters.
fn offset(text: &str, at: &Marker) -> Option<usize> {
    let (start, end) = line(text, at.line())?;
    let line = text.get(start..end)?;
    Some(start + line.char_indices().nth(at.col()).map_or(line.len(), |(at, _)| at))
}

fn char_at(text: &str, at: &Marker) -> Option<char> {
    text.get(offset(text, at)?..)?.chars().next()
}

/// The text with blanks before a line that the parser stumbled over, when they mean nothing there.
fn indented(text: &str, error: &Marker, flow: Option<usize>) -> Option<String> {
    let at = offset(text, error)?;
    let (start, end) = line(text, error.line())?;
    if let Some(quote @ ('"' | '\'')) = text.get(at..)?.chars().next()
        && let Some(quoted) = end_of_quoted(text, at, quote).and_then(|end| text.get(at..end))
        && quoted.contains('\n')
    {
        let lines: Vec<usize> = quoted.match_indices('\n').map(|(end, _)| at + end + 1).collect();
        // The innermost of what is open begins before the quote.
        return padded(text, &lines, error.col() + 1);
    }
    let first = start + text.get(start..end)?.find(|c: char| c != ' ')?;
    let missing = (flow? + 1).checked_sub(first - start).filter(|missing| *missing > 0)?;
    (at == first).then(|| padded(text, &[start], missing)).flatten()
}

/// The column of the first `[` or `{` that stays open, in a part of the text that begins between two values. The parser
/// tells of one late: as long as it may be a key, it reads on.
fn flow_in(text: &str, from: usize, to: usize) -> Option<usize> {
    let (mut opened, mut before, mut at) = (Vec::new(), ' ', from);
    while let Some(c) = text.get(at..to)?.chars().next() {
        let begins = before.is_whitespace() || matches!(before, ',' | '[' | '{');
        let mut next = at + c.len_utf8();
        match c {
            '[' | '{' if begins => opened.push(at),
            ']' | '}' => drop(opened.pop()),
            '#' if before.is_whitespace() => next = text.get(at..to)?.find('\n').map_or(to, |end| at + end),
            '"' | '\'' if begins => next = end_of_quoted(text.get(..to)?, at, c).unwrap_or(to),
            _ => {}
        }
        (before, at) = (c, next);
    }
    let first = *opened.first()?;
    let start = text.get(..first)?.rfind('\n').map_or(0, |end| end + 1);
    Some(text.get(start..first)?.chars().count())
}

/// Where a quoted text ends, behind its quote, if it does.
fn end_of_quoted(text: &str, at: usize, quote: char) -> Option<usize> {
    let mut rest = text.get(at..)?.char_indices().skip(1).peekable();
    while let Some((offset, c)) = rest.next() {
        match c {
            '\\' if quote == '"' => drop(rest.next()),
            c if c == quote && (quote == '"' || rest.next_if(|(_, next)| *next == quote).is_none()) => {
                return Some(at + offset + 1);
            }
            _ => {}
        }
    }
    None
}

/// The text with this many blanks at each of these places; none when that would be too much.
fn padded(text: &str, at: &[usize], blanks: usize) -> Option<String> {
    let whole = blanks.checked_mul(at.len())?.checked_add(text.len())?;
    if whole as u64 > LONGEST {
        return None;
    }
    let mut better = String::with_capacity(whole);
    let mut from = 0;
    for &place in at {
        better.push_str(text.get(from..place)?);
        better.extend(std::iter::repeat_n(' ', blanks));
        from = place;
    }
    better.push_str(text.get(from..)?);
    Some(better)
}

/// The same, of a text that goes.
pub(super) fn owned(yaml: Yaml<'_>) -> Yaml<'static> {
    match yaml {
        Yaml::Representation(text, style, tag) => {
            Yaml::Representation(Cow::Owned(text.into_owned()), style, tag.map(|tag| Cow::Owned(tag.into_owned())))
        }
        Yaml::Value(Scalar::String(text)) => Yaml::Value(Scalar::String(Cow::Owned(text.into_owned()))),
        Yaml::Value(Scalar::Boolean(is)) => Yaml::Value(Scalar::Boolean(is)),
        Yaml::Value(Scalar::Integer(number)) => Yaml::Value(Scalar::Integer(number)),
        Yaml::Value(Scalar::FloatingPoint(number)) => Yaml::Value(Scalar::FloatingPoint(number)),
        Yaml::Value(Scalar::Null) => Yaml::Value(Scalar::Null),
        Yaml::Sequence(list) => Yaml::Sequence(list.into_iter().map(owned).collect()),
        Yaml::Mapping(map) => Yaml::Mapping(map.into_iter().map(|(key, value)| (owned(key), owned(value))).collect()),
        Yaml::Tagged(tag, inner) => Yaml::Tagged(Cow::Owned(tag.into_owned()), Box::new(owned(*inner))),
        Yaml::Alias(anchor) => Yaml::Alias(anchor),
        Yaml::BadValue => Yaml::BadValue,
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::documents;
    use porthole_base::error::Code;

    #[test]
    fn lists_and_texts_that_are_not_indented_are_read_as_compose_reads_them() {
        for (text, same) in [
            ("a:\n  b:\n    c: [\n      x,\n      y\n    ]\n    d: 1\n", "{a: {b: {c: [x, y], d: 1}}}"),
            ("a:\n  b: [\nx, 'y',\n\"z\"\n]\n  d: 1\n", "{a: {b: [x, y, z], d: 1}}"),
            ("a:\n  - {\n  b: c,\n  d: [\n  e\n  ]\n  }\n  - f\n", "{a: [{b: c, d: [e]}, f]}"),
            ("a:\n  b: \"x\ny\"\n  c: 'x\n\n y''s\n'\n", "{a: {b: x y, c: \"x\\ny's \"}}"),
            ("a:\n  b: \"x\\\n  y\\\"\\\nz\"\n", "{a: {b: 'xy\"z'}}"),
            ("a:\n  b: {\n# ] no\n  ü: [ö,\n ä] # }\n  }\n", "{a: {b: {ü: [ö, ä]}}}"),
        ] {
            assert_eq!(documents(text).unwrap(), documents(same).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_compose_cannot_read_either_is_refused_where_it_is_wrong() {
        for (text, place) in [
            ("a:\n  b: [\n  x\n", "line 4"),
            ("a:\n  b: 1\n c: 2\n", "line 3, column 2"),
            ("a:\n  b: \"x\ny\n", "line 2, column 6"),
            ("a: [x\nb: ]]\n", "line 2"),
        ] {
            let error = documents(text).unwrap_err();
            assert!(error.code == Code::ComposeUnreadable && error.message.contains(place), "{text}: {error:?}");
        }
    }

    #[test]
    fn a_long_text_whose_lines_are_not_indented_ends_soon() {
        let long = format!("a:\n{}b: [\n{}]\n", " ".repeat(300), "x,\n".repeat(300_000));
        assert_eq!(documents(&long).unwrap_err().code, Code::ComposeUnreadable);
        let quoted = format!("a:\n{}b: \"\n{}\"\n", " ".repeat(300), "x\n".repeat(400_000));
        assert_eq!(documents(&quoted).unwrap_err().code, Code::ComposeUnreadable);
    }
}

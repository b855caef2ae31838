//! Lines that compose takes and the parser here doesn't: those of a list or a quoted text that aren't indented.

use saphyr_parser::Marker;

use super::LONGEST;

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
pub(super) fn offset(text: &str, at: &Marker) -> Option<usize> {
    let (start, end) = line(text, at.line())?;
    let line = text.get(start..end)?;
    Some(start + line.char_indices().nth(at.col()).map_or(line.len(), |(at, _)| at))
}

pub(super) fn char_at(text: &str, at: &Marker) -> Option<char> {
    text.get(offset(text, at)?..)?.chars().next()
}

/// The text with blanks before a line that the parser stumbled over, when they mean nothing there.
pub(super) fn indented(text: &str, error: &Marker, flow: Option<usize>) -> Option<String> {
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
pub(super) fn flow_in(text: &str, from: usize, to: usize) -> Option<usize> {
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

/// The text with so many blanks at each of these places; none when that would be too much.
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

//! Lines written for the shells of Windows: cmd, for which browsers copy, and PowerShell.

use super::{shell_words::ShellWords, unknown};
use porthole_base::error::{Error, Result};

/// A line for cmd: first cmd takes its carets away, then the program splits what is left.
pub(super) fn cmd(text: &str) -> Result<ShellWords> {
    let mut plain = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A caret takes the end of its line away; a second one after it is a line end that is meant.
            '^' if !quoted => match chars.next() {
                Some('\n') => plain.extend(chars.next_if_eq(&'\n')),
                Some(c) => plain.push(c),
                None => {}
            },
            '"' => {
                quoted = !quoted;
                plain.push(c);
            }
            '\n' if quoted => plain.push(c),
            '\n' if chars.any(|c| !c.is_whitespace()) => return Err(more_than_one_line("a caret")),
            '\n' => {}
            '&' | '|' | '<' | '>' if !quoted => {
                return Err(unknown(format!("`{c}` separates several commands")).hint("Paste one command."));
            }
            c => plain.push(c),
        }
    }
    Ok(ShellWords { words: arguments(&plain)?, ..ShellWords::default() })
}

/// As C programs on Windows split their command line: a backslash is special before a quote only.
fn arguments(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' if !quoted => words.extend(word.take()),
            '\\' => {
                let mut slashes = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    slashes += 1;
                }
                let before_quote = chars.peek() == Some(&'"');
                let kept = if before_quote { slashes / 2 } else { slashes };
                let word = word.get_or_insert_default();
                word.extend(std::iter::repeat_n('\\', kept));
                if before_quote && slashes % 2 == 1 {
                    word.extend(chars.next());
                }
            }
            '"' if quoted && chars.next_if_eq(&'"').is_some() => word.get_or_insert_default().push('"'),
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err(open_quote());
    }
    words.extend(word);
    Ok(words)
}

/// A line for PowerShell: single quotes, double quotes with backticks, a backtick before the end of a line.
pub(super) fn powershell(text: &str) -> Result<ShellWords> {
    let mut line = ShellWords::default();
    let mut word: Option<String> = None;
    let mut rest = text.strip_prefix('&').unwrap_or(text).trim();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            ' ' | '\t' => line.words.extend(word.take()),
            '\n' => return Err(more_than_one_line("a backtick")),
            '`' if rest.starts_with('\n') => {
                rest = &rest[1..];
                line.words.extend(word.take());
            }
            c if is_single(c) => rest = single(rest, word.get_or_insert_default())?,
            c if is_double(c) => rest = double(rest, word.get_or_insert_default())?,
            '`' => rest = escape(rest, word.get_or_insert_default())?,
            '|' | ';' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '$' | '@'
                if word.is_none() || "|;&<>()$".contains(c) =>
            {
                return Err(unknown(format!("`{c}` is PowerShell syntax, which isn't supported"))
                    .hint("Paste one command with its arguments in quotes."));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    line.words.extend(word);
    Ok(line)
}

/// PowerShell takes the typographic quotes for the plain ones.
pub(super) fn is_single(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

pub(super) fn is_double(c: char) -> bool {
    matches!(c, '"' | '\u{201c}'..='\u{201e}')
}

/// Up to the closing single quote; two are one.
pub(super) fn single<'a>(mut rest: &'a str, word: &mut String) -> Result<&'a str> {
    loop {
        let c = rest.chars().next().ok_or_else(open_quote)?;
        rest = &rest[c.len_utf8()..];
        if is_single(c) {
            match rest.chars().next() {
                Some(second) if is_single(second) => rest = &rest[second.len_utf8()..],
                _ => return Ok(rest),
            }
        }
        word.push(c);
    }
}

/// Up to the closing double quote. The only thing that is replaced is a character by its number.
pub(super) fn double<'a>(mut rest: &'a str, word: &mut String) -> Result<&'a str> {
    loop {
        let c = rest.chars().next().ok_or_else(open_quote)?;
        rest = &rest[c.len_utf8()..];
        match c {
            '`' => rest = escape(rest, word)?,
            '$' => {
                let number = rest.strip_prefix("([char]").and_then(|rest| rest.split_once(')'));
                let c = number.and_then(|(number, _)| number.parse().ok()).and_then(char::from_u32);
                match (c, number, rest.starts_with(|c: char| c.is_alphanumeric() || "_({$:?^".contains(c))) {
                    (Some(c), Some((_, after)), _) => {
                        word.push(c);
                        rest = after;
                    }
                    (_, _, true) => {
                        return Err(unknown("A `$` in double quotes is a PowerShell variable")
                            .hint("Insert the value, or use single quotes."));
                    }
                    (_, _, false) => word.push('$'),
                }
            }
            c if is_double(c) => match rest.chars().next() {
                Some(second) if is_double(second) => {
                    word.push(c);
                    rest = &rest[second.len_utf8()..];
                }
                _ => return Ok(rest),
            },
            c => word.push(c),
        }
    }
}

/// What follows a backtick.
fn escape<'a>(rest: &'a str, word: &mut String) -> Result<&'a str> {
    let c = rest.chars().next().ok_or_else(open_quote)?;
    let meant = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        'e' => '\u{1b}',
        '0' | 'u' => return Err(unknown(format!("The PowerShell escape `{c} isn't supported"))),
        c => c,
    };
    word.push(meant);
    Ok(&rest[c.len_utf8()..])
}

fn more_than_one_line(mark: &str) -> Error {
    unknown("The text has more than one line").hint(format!("End each line but the last with {mark}."))
}

fn open_quote() -> Error {
    unknown("A quote isn't closed").hint("Copy the whole line, up to its last quote.")
}

//! Files of variables, `.env` and what `env_file` names, as compose-go's `dotenv` reads them.

use std::collections::BTreeMap;

use super::interpolation::{Lookup, Problem, interpolate};
use porthole_base::numbers::count;

/// The most bytes that the values of one file may have in all.
const LONGEST: usize = 1024 * 1024;

/// Why a file of variables isn't read, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid {
    /// From 1.
    pub line: u32,
    pub why: String,
}

/// The variables of a file. Those that `outer` has are put in for it, before those of the file itself.
///
/// # Errors
/// [`Invalid`].
pub(super) fn read(text: &str, outer: Lookup<'_, '_>) -> Result<BTreeMap<String, String>, Invalid> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text, line: 1, left: LONGEST };
    let mut found = BTreeMap::new();
    while reader.skip_blanks() {
        let line = reader.line;
        let (name, inherits) = reader.name()?;
        let value = if inherits {
            outer(&name).map(str::to_owned)
        } else {
            Some(reader.value(&|name| outer(name).or_else(|| found.get(name).map(String::as_str)))?)
        };
        if let Some(value) = value {
            reader.left = reader.left.checked_sub(value.len()).ok_or_else(|| too_much(line))?;
            found.insert(name, value);
        }
    }
    found.retain(|name, _| !name.starts_with(|c: char| c.is_ascii_digit()));
    Ok(found)
}

/// With `format: raw`: all that stands after the `=`, as it is.
pub(super) fn read_raw(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

struct Reader<'t> {
    rest: &'t str,
    line: u32,
    /// Bytes that values may still have.
    left: usize,
}

impl Reader<'_> {
    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.line += skipped.matches('\n').count() as u32;
        self.rest = rest;
    }

    /// Goes to the next statement; false at the end.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            self.skip(blanks);
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    /// The name of the next variable, and whether its value is that of the variable outside.
    fn name(&mut self) -> Result<(String, bool), Invalid> {
        if let Some(after) = self.rest.strip_prefix("export").filter(|after| after.starts_with(char::is_whitespace)) {
            self.skip(self.rest.len() - after.trim_start_matches(is_blank).len());
        }
        let end = self.rest.find(['=', ':', '\n']).unwrap_or(self.rest.len());
        let name = self.rest[..end].trim_end();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if let Some(other) = name.chars().find(|c| !(allowed(*c) || is_blank(*c))) {
            return Err(self.invalid(format!("Unexpected character `{}` in a variable's name", other.escape_debug())));
        }
        if name.contains(char::is_whitespace) {
            return Err(self.invalid("A variable's name contains a space".to_owned()));
        }
        let name = name.to_owned();
        let inherits = !self.rest[end..].starts_with(['=', ':']);
        self.skip((end + 1).min(self.rest.len()));
        if !inherits {
            self.skip(self.rest.len() - self.rest.trim_start_matches(is_blank).len());
        }
        Ok((name, inherits))
    }

    fn value(&mut self, lookup: Lookup<'_, '_>) -> Result<String, Invalid> {
        let line = self.line;
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let text = self.rest[..end].split(" #").next().unwrap_or_default().trim_end();
            let value = self.interpolated(text, line, lookup)?;
            self.skip(end);
            return Ok(value);
        };
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, next)) if next == quote => text.push(next),
                    Some((_, next)) => text.extend(['\\', next]),
                    None => break,
                },
                c if c == quote => {
                    let value = if quote == '"' { self.interpolated(&unescaped(&text), line, lookup)? } else { text };
                    self.skip(at + 1);
                    return Ok(value);
                }
                c => text.push(c),
            }
        }
        Err(self.invalid("A quoted value isn't closed".to_owned()))
    }

    fn interpolated(&self, text: &str, line: u32, lookup: Lookup<'_, '_>) -> Result<String, Invalid> {
        let invalid = |why| Invalid { line, why };
        interpolate(text, lookup, self.left).map(|made| made.text).map_err(|problem| match problem {
            Problem::Invalid => invalid("A variable isn't written in a form that compose supports".to_owned()),
            Problem::Required { name, message } => invalid(format!("The variable `{name}` has no value: {message}")),
            Problem::TooMuch => too_much(line),
        })
    }

    fn invalid(&self, why: String) -> Invalid {
        Invalid { line: self.line, why }
    }
}

fn too_much(line: u32) -> Invalid {
    Invalid { line, why: format!("The values have more than {} bytes", count(LONGEST as u64)) }
}

/// A blank that ends no line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// Escapes of a text in double quotes. `\$` becomes `$$`, which stays a dollar sign.
fn unescaped(text: &str) -> String {
    let mut made = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            made.push(c);
            continue;
        }
        match chars.peek().copied() {
            Some('a') => made.push('\u{7}'),
            Some('b') => made.push('\u{8}'),
            Some('f') => made.push('\u{c}'),
            Some('n') => made.push('\n'),
            Some('r') => made.push('\r'),
            Some('t') => made.push('\t'),
            Some('v') => made.push('\u{b}'),
            Some('$') => made.push_str("$$"),
            Some(same @ ('"' | '\\')) => made.push(same),
            // Octal escapes and unknown ones stay as they are.
            _ => {
                made.push('\\');
                continue;
            }
        }
        chars.next();
    }
    made
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outer(name: &str) -> Option<&'static str> {
        matches!(name, "OUTER").then_some("o")
    }

    fn found(text: &str) -> BTreeMap<String, String> {
        read(text, &outer).unwrap()
    }

    #[test]
    fn values_are_what_compose_reads() {
        let text = "\u{feff}# comment\nA=1\n export B = two words # comment\nC: yaml\nD='$A \\' #x'\nE=\"$A\\n\\$A #x\" # comment\nF=\nOUTER\nNO\nG=a#b\nH=${OUTER}${A:-x}${NO:-y}\nOUTER2=$OUTER\n1X=no\nM='two\nlines'\r\nN=n\r\nA.b-c=5";
        let found = found(text);
        let expected = [
            ("A", "1"),
            ("A.b-c", "5"),
            ("B", "two words"),
            ("C", "yaml"),
            ("D", "$A ' #x"),
            ("E", "1\n$A #x"),
            ("F", ""),
            ("G", "a#b"),
            ("H", "o1y"),
            ("M", "two\nlines"),
            ("N", "n"),
            ("OUTER", "o"),
            ("OUTER2", "o"),
        ];
        assert_eq!(found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_file_that_compose_refuses_is_refused_with_the_line() {
        for (text, line, why) in [
            ("A=1\nB C=2", 2, "contains a space"),
            ("\n\nA!=1", 3, "character `!`"),
            ("A=1\nB='x\ny", 2, "isn't closed"),
            ("A=1\nB=${}", 2, "form"),
            ("X=${NO:?set NO}", 1, "set NO"),
        ] {
            let invalid = read(text, &outer).unwrap_err();
            assert!(invalid.line == line && invalid.why.contains(why), "{text}: {invalid:?}");
        }
    }

    #[test]
    fn values_that_double_each_other_are_refused() {
        let text = (0..64).fold("V0=xxxxxxxx\n".to_owned(), |text, n| text + &format!("V{}=$V{n}$V{n}\n", n + 1));
        assert!(read(&text, &outer).unwrap_err().why.contains("bytes"));
    }

    #[test]
    fn the_raw_format_takes_values_as_they_are() {
        let found = read_raw("# c\nA='$X' # y\nB\n");
        assert_eq!(found, BTreeMap::from([("A".to_owned(), "'$X' # y".to_owned())]));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_fail_or_loop(text in "(export |A|B|=|:|#| |'|\"|\\\\|\\$|\\{|\\}|é|\n|\r){0,32}") {
            let _ = (read(&text, &outer), read_raw(&text));
        }
    }
}

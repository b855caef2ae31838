//! A pasted line as words, by the rules of the shell that it was written for.

use super::{unknown, windows};
use porthole_base::error::Result;

/// A line as a program would get it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShellWords {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// What a pipe would have handed to its standard input.
    pub input: Option<String>,
    /// What was left out.
    pub notes: Vec<String>,
}

/// Finds out which shell it is for by what only that one has, and splits it.
pub(super) fn read(text: &str) -> Result<ShellWords> {
    // Clipboards of Windows end lines so; between the quotes of a POSIX shell it may be meant.
    let plain = text.replace("\r\n", "\n");
    let first = text.split_whitespace().next().unwrap_or_default();
    // A word of a POSIX shell with control characters in it, as Porthole prints one: what else is in it is no mark.
    if plain.contains("\"$(printf '") {
        return posix(text);
    }
    match mark(&plain) {
        Some('^') => windows::cmd(&plain),
        Some(_) => windows::powershell(&plain),
        None if first == "&" || first.to_ascii_lowercase().ends_with(".exe") => windows::powershell(&plain),
        None => posix(text),
    }
}

/// What only one shell of Windows has, outside of quotes: a caret before a quote or at the end of a line, or a
/// backtick there.
fn mark(text: &str) -> Option<char> {
    let mut quote = None;
    let mut before = ' ';
    for c in text.chars() {
        match (quote, before, c) {
            (None, '^', '"' | '\n') | (None, '`', '\n') => return Some(before),
            // Taken as it is, by a POSIX shell after a backslash and by PowerShell after a backtick.
            (None, '\\', _) | (Some('"'), '\\' | '`', _) => {
                before = ' ';
                continue;
            }
            (None, _, '\'' | '"') => quote = Some(c),
            (Some(open), ..) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

/// A piece of a line: a word, or something that is the shell's.
enum Piece {
    Word(String),
    Operator(String),
}

fn posix(text: &str) -> Result<ShellWords> {
    let mut reader = Posix { rest: text, left_alone: Vec::new() };
    let mut pieces = Vec::new();
    while let Some(piece) = reader.piece()? {
        pieces.push(piece);
    }
    let mut line = ShellWords::default();
    let mut pieces = pieces.into_iter();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => line.words.push(word),
            Piece::Operator(operator) => match operator.as_str() {
                "\n" => {
                    if pieces.any(|piece| !matches!(piece, Piece::Operator(end) if end == "\n")) {
                        return Err(unknown("The text has more than one line")
                            .hint("End each line but the last with a backslash."));
                    }
                }
                "|" => match line.words.as_slice() {
                    // A long body comes this way in the lines that Porthole prints.
                    [printf, format, body] if printf == "printf" && format == "%s" => {
                        line.input = Some(body.clone());
                        line.words.clear();
                    }
                    _ => {
                        line.notes.push("The part after `|` is left out: it processes the output.".into());
                        break;
                    }
                },
                ">" | ">>" | "2>" | "2>>" | "&>" | ">&" | "2>&" | "<" => {
                    let Some(Piece::Word(file)) = pieces.next() else {
                        return Err(unknown(format!("`{operator}` has no file name")));
                    };
                    if operator == "<" && file != "/dev/null" {
                        return Err(unknown(format!("`< {file}` reads input from a file"))
                            .hint("Paste the line without it, and choose the file as the body."));
                    }
                    line.notes.push(format!("`{operator} {file}` is left out."));
                }
                ";" if pieces.len() == 0 => {}
                other => {
                    return Err(unknown(format!("`{other}` separates several commands"))
                        .hint("Paste one command. Put a URL that contains & in quotes."));
                }
            },
        }
    }
    if !reader.left_alone.is_empty() {
        reader.left_alone.dedup();
        let what = reader.left_alone.join(" and ");
        line.notes.push(format!("Not expanded, because no shell runs here: {what}."));
    }
    Ok(line)
}

const PRINTF: &str = "(printf '";

struct Posix<'a> {
    rest: &'a str,
    /// What a shell would have replaced.
    left_alone: Vec<String>,
}

impl Posix<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn take(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest;
        true
    }

    fn piece(&mut self) -> Result<Option<Piece>> {
        while self.take(" ") || self.take("\t") || self.take("\\\n") || self.take("\\\r\n") {}
        if self.take("\r\n") {
            return Ok(Some(Piece::Operator("\n".to_owned())));
        }
        if self.rest.starts_with('#') {
            self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
        }
        for operator in
            ["\n", "&&", "&>", "||", "|", "2>>", "2>&", "2>", ">>", ">&", ">", "<<", "<", ";", "&", "(", ")"]
        {
            if self.take(operator) {
                return Ok(Some(Piece::Operator(operator.to_owned())));
            }
        }
        if self.rest.is_empty() { Ok(None) } else { self.word().map(|word| Some(Piece::Word(word))) }
    }

    fn word(&mut self) -> Result<String> {
        let mut word = String::new();
        while !self.rest.is_empty()
            && !self.rest.starts_with("\r\n")
            && !self.rest.starts_with([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')'])
        {
            if self.take("$'") {
                self.ansi_c(&mut word)?;
                continue;
            }
            match self.next() {
                Some('\'') => word.push_str(self.until_quote()?),
                Some('"') => self.double(&mut word)?,
                Some('\\') if self.take("\n") || self.take("\r\n") => {}
                Some('\\') => word.push(self.next().unwrap_or('\\')),
                Some(c) => {
                    self.notice(c);
                    word.push(c);
                }
                None => {}
            }
        }
        Ok(word)
    }

    /// Remembers what a shell would have replaced after this character.
    fn notice(&mut self, c: char) {
        let name: String = self.rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        match c {
            '$' if !name.is_empty() => self.left_alone.push(format!("`${name}`")),
            '$' if self.rest.starts_with(['(', '{']) => self.left_alone.push(format!("`${}…`", &self.rest[..1])),
            '`' => self.left_alone.push("text in backticks".into()),
            _ => {}
        }
    }

    /// The text up to the next single quote.
    fn until_quote(&mut self) -> Result<&str> {
        let (text, rest) = self.rest.split_once('\'').ok_or_else(open_quote)?;
        self.rest = rest;
        Ok(text)
    }

    fn double(&mut self, word: &mut String) -> Result<()> {
        loop {
            match self.next().ok_or_else(open_quote)? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or_else(open_quote)? {
                    '\n' => {}
                    c @ ('"' | '\\' | '$' | '`') => word.push(c),
                    c => word.extend(['\\', c]),
                },
                '$' if self.rest.starts_with(PRINTF) && self.printf(word)? => {}
                c => {
                    self.notice(c);
                    word.push(c);
                }
            }
        }
    }

    /// What follows the `$` of `$(printf '…')`, which Porthole's own lines hold for what isn't to reach a terminal.
    /// False, with nothing read, where it does more than write its text.
    fn printf(&mut self, word: &mut String) -> Result<bool> {
        let before = self.rest;
        self.take(PRINTF);
        let mut bytes = Vec::new();
        while let Some(c) = self.next() {
            let c = match c {
                '\'' => {
                    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
                    // The shell takes the line breaks off its end.
                    if let Some(text) = text.filter(|_| self.take(")")) {
                        word.push_str(text.trim_end_matches('\n'));
                        return Ok(true);
                    }
                    break;
                }
                '\\' => self.escape(&mut bytes)?,
                '%' if self.take("%") => Some('%'),
                '%' => break,
                c => Some(c),
            };
            if let Some(c) = c {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        self.rest = before;
        Ok(false)
    }

    /// `$'…'`, as bash reads it; browsers write bodies so.
    fn ansi_c(&mut self, word: &mut String) -> Result<()> {
        // Bytes, because `\xc3\xa9` is one character.
        let mut bytes = Vec::new();
        loop {
            let c = self.next().ok_or_else(open_quote)?;
            if c == '\'' {
                break;
            }
            let c = if c == '\\' { self.escape(&mut bytes)? } else { Some(c) };
            if let Some(c) = c {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| unknown("The text in $'…' isn't valid UTF-8"))?;
        if text.contains('\0') {
            return Err(unknown("The text in $'…' contains a NUL byte, which can't be passed to a program"));
        }
        word.push_str(&text);
        Ok(())
    }

    /// What follows a backslash in `$'…'`: a character, or bytes that are added.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<Option<char>> {
        let c = self.next().ok_or_else(open_quote)?;
        Ok(match c {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'v' => Some('\u{b}'),
            'e' | 'E' => Some('\u{1b}'),
            'x' => {
                bytes.push(u8::try_from(self.number(16, 2)?).unwrap_or_default());
                None
            }
            '0'..='7' => {
                let first = c.to_digit(8).unwrap_or_default();
                let more = self.rest.chars().take(2).take_while(|c| c.is_digit(8)).count();
                let number = if more == 0 { first } else { (first << (3 * more)) + self.number(8, more)? };
                bytes.push(u8::try_from(number & 0xff).unwrap_or_default());
                None
            }
            'u' | 'U' => Some(self.unicode(if c == 'u' { 4 } else { 8 })?),
            '\\' | '\'' | '"' | '?' => Some(c),
            c => {
                bytes.push(b'\\');
                Some(c)
            }
        })
    }

    fn number(&mut self, radix: u32, most: usize) -> Result<u32> {
        let length = self.rest.chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        u32::from_str_radix(digits, radix).map_err(|_| unknown("An escape in $'…' has no digits"))
    }

    /// A character by its number; browsers write those beyond the first 65,536 as two halves.
    fn unicode(&mut self, most: usize) -> Result<char> {
        let first = self.number(16, most)?;
        let high = (0xd800..0xdc00).contains(&first);
        let number = if high && self.take("\\u") {
            let second = self.number(16, 4)?;
            0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00)
        } else {
            first
        };
        char::from_u32(number).ok_or_else(|| unknown(format!("\\u{first:04x} in $'…' is an unpaired surrogate")))
    }
}

fn open_quote() -> porthole_base::error::Error {
    unknown("A quote isn't closed").hint("Copy the whole line, up to its last quote.")
}

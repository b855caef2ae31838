//! Reads the text of a call.

use porthole_base::error::{Code, Error, Result};

use super::value::Value;

/// How deep arrays and objects may be nested.
const DEEPEST: usize = 100;

pub(super) struct Reader<'t> {
    text: &'t str,
    /// What is read so far, in bytes.
    at: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The names after `ddClient`, and the arguments.
    pub fn call(mut self) -> Result<(Vec<String>, Vec<Value>)> {
        let mut names = vec![self.name()?];
        if names[0] == "await" {
            names = vec![self.name()?];
        }
        loop {
            // TypeScript's `!` and optional chaining: the code calls the same function.
            self.takes("!");
            if self.takes("?.") || self.takes(".") {
                // `f?.()`
                if self.peek() != Some('(') {
                    names.push(self.name()?);
                }
            } else if self.takes("[") {
                let Value::Text(name) = self.value(0)? else { return Err(self.unexpected("a name in quotes")) };
                names.push(name);
                self.expect("]")?;
            } else {
                break;
            }
        }
        let arguments = self.list("(", ")", 0)?;
        self.takes(";");
        if self.peek().is_some() {
            return Err(self.unexpected("the end of the call"));
        }
        for outer in ["window", "globalThis"] {
            names.remove_first(outer);
        }
        names.remove_first("ddClient");
        Ok((names, arguments))
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEEPEST {
            return Err(Error::new(Code::PasteUnknown, format!("The arguments are nested more than {DEEPEST} deep")));
        }
        match self.peek() {
            Some('"' | '\'' | '`') => self.string().map(Value::Text),
            Some('[') => self.list("[", "]", depth).map(Value::Array),
            Some('{') => self.object(depth),
            Some('0'..='9' | '.' | '-' | '+') => self.number(),
            _ => {
                let start = self.at;
                match self.name().as_deref() {
                    Ok("undefined") => Ok(Value::Undefined),
                    Ok("null") => Ok(Value::Null),
                    Ok("true") => Ok(Value::Bool(true)),
                    Ok("false") => Ok(Value::Bool(false)),
                    Ok("NaN") => Ok(Value::Number(f64::NAN)),
                    Ok("Infinity") => Ok(Value::Number(f64::INFINITY)),
                    _ => {
                        self.at = start;
                        Err(self.unexpected("a literal value"))
                    }
                }
            }
        }
    }

    /// Values between two brackets. A comma may be the last.
    fn list(&mut self, open: &str, close: &str, depth: usize) -> Result<Vec<Value>> {
        self.expect(open)?;
        let mut values = Vec::new();
        while !self.takes(close) {
            values.push(self.value(depth + 1)?);
            if !self.takes(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(values)
    }

    fn object(&mut self, depth: usize) -> Result<Value> {
        self.expect("{")?;
        let mut properties = Vec::new();
        while !self.takes("}") {
            let name = match self.peek() {
                Some('"' | '\'') => self.string()?,
                Some('0'..='9') => self.number()?.text(),
                _ => self.name()?,
            };
            self.expect(":")?;
            properties.push((name, self.value(depth + 1)?));
            if !self.takes(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Value::object(properties))
    }

    fn number(&mut self) -> Result<Value> {
        self.space();
        let rest = self.rest();
        let sign = if rest.starts_with(['-', '+']) { self.advance(1) } else { "" };
        let rest = self.rest();
        let is_part = |(at, c): (usize, char)| {
            c.is_ascii_alphanumeric()
                || matches!(c, '.' | '_')
                || (matches!(c, '+' | '-') && rest[..at].ends_with(['e', 'E']) && !rest.starts_with("0x"))
        };
        let length = rest.char_indices().find(|part| !is_part(*part)).map_or(rest.len(), |(at, _)| at);
        let digits = rest[..length].replace('_', "");
        let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
        let number = match hexadecimal {
            Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
            None if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => digits.parse().ok(),
            None => None,
        };
        let Some(number) = number else { return Err(self.unexpected("a number")) };
        self.advance(length);
        Ok(Value::Number(if sign == "-" { -number } else { number }))
    }

    fn string(&mut self) -> Result<String> {
        self.space();
        let quote = self.advance(1);
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else { return Err(self.unexpected("the end of a string")) };
            let interpolates = quote == "`" && self.rest().starts_with("${");
            if interpolates || (c == '\n' && quote != "`") {
                return Err(self.unexpected("a plain string"));
            }
            self.advance(c.len_utf8());
            match c {
                '\\' => text.extend(self.escaped()?),
                _ if quote.starts_with(c) => return Ok(text),
                c => text.push(c),
            }
        }
    }

    /// The character of an escape; none for an escaped line end.
    fn escaped(&mut self) -> Result<Option<char>> {
        let Some(c) = self.rest().chars().next() else { return Err(self.unexpected("the end of a string")) };
        self.advance(c.len_utf8());
        Ok(Some(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            'x' => self.code(2)?,
            'u' if self.rest().starts_with('{') => {
                let length = self.rest().find('}').filter(|length| *length <= 7);
                let Some(length) = length else { return Err(self.unexpected("a character code")) };
                self.advance(1);
                let found = self.code(length - 1)?;
                self.advance(1);
                found
            }
            'u' => return self.unit().map(Some),
            '\n' => return Ok(None),
            c => c,
        }))
    }

    /// `\uXXXX`, or the two halves of one character.
    fn unit(&mut self) -> Result<char> {
        let first = self.hexadecimal(4)?;
        let is_half = (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u");
        let code = if is_half {
            self.advance(2);
            let second = self.hexadecimal(4)?;
            let second = second.checked_sub(0xdc00).filter(|second| *second < 0x400);
            second.map(|second| 0x10000 + ((first - 0xd800) << 10) + second)
        } else {
            Some(first)
        };
        code.and_then(char::from_u32).ok_or_else(|| self.unexpected("a whole character"))
    }

    fn code(&mut self, digits: usize) -> Result<char> {
        let code = self.hexadecimal(digits)?;
        char::from_u32(code).ok_or_else(|| self.unexpected("a character"))
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32> {
        let found = self.rest().get(..digits).filter(|found| found.chars().all(|c| c.is_ascii_hexdigit()));
        let code = found.and_then(|found| u32::from_str_radix(found, 16).ok());
        let code = code.ok_or_else(|| self.unexpected("a character code"))?;
        self.advance(digits);
        Ok(code)
    }

    fn name(&mut self) -> Result<String> {
        self.space();
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.unexpected("a name"));
        }
        Ok(self.advance(length).to_owned())
    }

    fn expect(&mut self, what: &str) -> Result<()> {
        if self.takes(what) { Ok(()) } else { Err(self.unexpected(&format!("`{what}`"))) }
    }

    fn takes(&mut self, what: &str) -> bool {
        self.space();
        let is_next = self.rest().starts_with(what);
        if is_next {
            self.advance(what.len());
        }
        is_next
    }

    fn peek(&mut self) -> Option<char> {
        self.space();
        self.rest().chars().next()
    }

    /// Skips white space and comments.
    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let after = rest.trim_start();
            let after = match after.strip_prefix("//") {
                Some(comment) => comment.find('\n').map_or("", |end| &comment[end..]),
                None => match after.strip_prefix("/*").and_then(|comment| comment.split_once("*/")) {
                    Some((_, after)) => after,
                    None => after,
                },
            };
            if after.len() == rest.len() {
                return;
            }
            self.at = self.text.len() - after.len();
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) -> &'t str {
        let taken = &self.rest()[..bytes];
        self.at += bytes;
        taken
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let column = self.text[..self.at].chars().count() + 1;
        let found: String = self.rest().chars().take(20).collect();
        let found = if found.is_empty() { "the text ends".to_owned() } else { format!("found {found}") };
        Error::new(Code::PasteUnknown, format!("Expected {wanted} at character {column}, but {found}")).hint(
            "Write one call with literal arguments, for example: ddClient.extension.vm.service.post(\"/x\", {a: 1})",
        )
    }
}

/// Removes the first name of a path if it is this one and another follows.
trait RemoveFirst {
    fn remove_first(&mut self, name: &str);
}

impl RemoveFirst for Vec<String> {
    fn remove_first(&mut self, name: &str) {
        if self.len() > 1 && self[0] == name {
            self.remove(0);
        }
    }
}

//! Reads a JSONPath query by the grammar of RFC 9535, with the place of what is wrong.

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use porthole_base::error::{Code, Error, Result};

use super::{
    number::Decimal,
    query::{Comparison, Operand, Pattern, Plain, Query, Segment, Selector, Test},
};

/// Filters that may be in each other, and parentheses in a filter.
const DEEPEST_FILTER: usize = 8;
const DEEPEST: usize = 64;
/// Bytes of a query.
const LONGEST: usize = 8 * 1024;
/// The whole numbers that a query may use are those that every implementation has exactly.
const LARGEST: i64 = (1 << 53) - 1;

/// Reads a query.
///
/// # Errors
/// [`Code::PathInvalid`] with the position, in characters from 0.
pub fn parse(text: &str) -> Result<Query> {
    let mut parser = Parser { text, at: 0, filters: 0, depth: 0 };
    if text.len() > LONGEST {
        return Err(parser.wrong("The path is too long"));
    }
    if !parser.takes("$") {
        return Err(parser.wrong("A path starts with `$`"));
    }
    let segments = parser.segments()?;
    if parser.at < text.len() {
        return Err(parser.wrong("Expected `.`, `..` or `[`"));
    }
    Ok(Query { from_root: true, segments })
}

/// Something in a filter before it is known what it is for.
enum Item {
    Literal(Plain),
    Query(Query),
    Value(Operand),
    Logical(Test),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    filters: usize,
    depth: usize,
}

impl Parser<'_> {
    fn wrong(&self, what: &str) -> Error {
        self.wrong_at(self.at, what)
    }

    fn wrong_at(&self, at: usize, what: &str) -> Error {
        let position = self.text.get(..at).map_or(0, |before| before.chars().count());
        Error::new(Code::PathInvalid, format!("{what} (character {})", position + 1)).position(position as u32)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn takes(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn expects(&mut self, what: &str) -> Result<()> {
        if self.takes(what) { Ok(()) } else { Err(self.wrong(&format!("Expected `{what}`"))) }
    }

    fn blank(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn take_while(&mut self, takes: impl Fn(char) -> bool) -> &str {
        let from = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !takes(c)).unwrap_or(rest.len());
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn segments(&mut self) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.blank();
            let descendants = self.takes("..");
            let selectors = if self.takes("[") {
                self.bracketed()?
            } else if descendants || self.takes(".") {
                vec![self.shorthand()?]
            } else {
                self.at = before;
                return Ok(segments);
            };
            segments.push(Segment { descendants, selectors });
        }
    }

    fn shorthand(&mut self) -> Result<Selector> {
        if self.takes("*") {
            return Ok(Selector::Wildcard);
        }
        if !self.peek().is_some_and(begins_name) {
            return Err(self.wrong("Expected a name or `*`"));
        }
        let name = self.take_while(|c| begins_name(c) || c.is_ascii_digit());
        Ok(Selector::Name(name.as_bytes().to_vec()))
    }

    fn bracketed(&mut self) -> Result<Vec<Selector>> {
        let mut selectors = Vec::new();
        loop {
            self.blank();
            selectors.push(self.selector()?);
            self.blank();
            if self.takes("]") {
                return Ok(selectors);
            }
            if !self.takes(",") {
                return Err(self.wrong("Expected `,` or `]`"));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('\'' | '"') => Ok(Selector::Name(self.string()?)),
            Some('?') => {
                self.at += 1;
                self.blank();
                self.filters += 1;
                if self.filters > DEEPEST_FILTER {
                    return Err(self.wrong("Too many filters inside each other"));
                }
                let test = self.any()?;
                self.filters -= 1;
                Ok(Selector::Filter(test))
            }
            Some(':' | '-' | '0'..='9') => self.index_or_slice(),
            _ => Err(self.wrong("Expected a quoted name, an index, a slice, `*` or `?`")),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector> {
        let start = if self.peek() == Some(':') { None } else { Some(self.whole_number()?) };
        let after = self.at;
        self.blank();
        if !self.takes(":") {
            self.at = after;
            return start.map(Selector::Index).ok_or_else(|| self.wrong("Expected an index"));
        }
        let end = self.optional_number()?;
        let mut step = 1;
        if self.takes(":") {
            step = self.optional_number()?.unwrap_or(1);
        }
        Ok(Selector::Slice { start, end, step })
    }

    /// A number after blanks, and the blanks after it.
    fn optional_number(&mut self) -> Result<Option<i64>> {
        self.blank();
        let number = match self.peek() {
            Some('-' | '0'..='9') => Some(self.whole_number()?),
            _ => None,
        };
        // Blanks before the closing bracket are skipped there as well.
        self.blank();
        Ok(number)
    }

    fn whole_number(&mut self) -> Result<i64> {
        let from = self.at;
        let negative = self.takes("-");
        let digits = self.take_while(|c| c.is_ascii_digit()).to_owned();
        if digits.is_empty() || (digits.starts_with('0') && (digits.len() > 1 || negative)) {
            return Err(self.wrong_at(from, "Expected a whole number without leading zeros"));
        }
        let number = digits.parse::<i64>().ok().filter(|number| *number <= LARGEST);
        let number = number.ok_or_else(|| self.wrong_at(from, "The number is too large"))?;
        Ok(if negative { -number } else { number })
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        let from = self.at;
        let quote = self.peek().unwrap_or_default();
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.wrong_at(from, "The string isn't closed")) };
            if c < ' ' {
                return Err(self.wrong("A control character in a string needs an escape"));
            }
            self.at += c.len_utf8();
            match c {
                '\\' => text.push(self.escaped(quote)?),
                c if c == quote => return Ok(text.into_bytes()),
                c => text.push(c),
            }
        }
    }

    fn escaped(&mut self, quote: char) -> Result<char> {
        let from = self.at - 1;
        let c = self.peek().unwrap_or_default();
        self.at += c.len_utf8().min(self.rest().len());
        Ok(match c {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' | '\\' => c,
            'u' => {
                let first = self.hex(from)?;
                match first {
                    0xd800..=0xdbff if self.takes("\\u") => {
                        let second = self.hex(from)?;
                        let pair = char::decode_utf16([first, second]).next().and_then(std::result::Result::ok);
                        pair.ok_or_else(|| self.wrong_at(from, "Unpaired surrogate"))?
                    }
                    _ => char::from_u32(first.into()).ok_or_else(|| self.wrong_at(from, "Unpaired surrogate"))?,
                }
            }
            c if c == quote => c,
            _ => return Err(self.wrong_at(from, "Invalid escape sequence")),
        })
    }

    fn hex(&mut self, from: usize) -> Result<u16> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong_at(from, "`\\u` needs four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    fn any(&mut self) -> Result<Test> {
        let mut tests = vec![self.all()?];
        loop {
            let before = self.at;
            self.blank();
            if !self.takes("||") {
                self.at = before;
                return Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Any(tests) });
            }
            self.blank();
            tests.push(self.all()?);
        }
    }

    fn all(&mut self) -> Result<Test> {
        let mut tests = vec![self.basic()?];
        loop {
            let before = self.at;
            self.blank();
            if !self.takes("&&") {
                self.at = before;
                return Ok(if tests.len() == 1 { tests.remove(0) } else { Test::All(tests) });
            }
            self.blank();
            tests.push(self.basic()?);
        }
    }

    fn basic(&mut self) -> Result<Test> {
        if self.takes("!") {
            self.blank();
            let test = if self.peek() == Some('(') {
                self.parentheses()?
            } else {
                let from = self.at;
                let item = self.item()?;
                self.test(item, from)?
            };
            return Ok(Test::Not(Box::new(test)));
        }
        if self.peek() == Some('(') {
            return self.parentheses();
        }
        let from = self.at;
        let item = self.item()?;
        let after = self.at;
        self.blank();
        let Some(comparison) = self.comparison() else {
            self.at = after;
            return self.test(item, from);
        };
        let left = self.comparable(item, from)?;
        self.blank();
        let from = self.at;
        let item = self.item()?;
        Ok(Test::Compare(left, comparison, self.comparable(item, from)?))
    }

    fn parentheses(&mut self) -> Result<Test> {
        self.expects("(")?;
        self.deeper()?;
        self.blank();
        let test = self.any()?;
        self.blank();
        self.expects(")")?;
        self.depth -= 1;
        Ok(test)
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(self.wrong("Too many parentheses inside each other")) } else { Ok(()) }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let all = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        all.into_iter().find(|(sign, _)| self.takes(sign)).map(|(_, comparison)| comparison)
    }

    fn test(&self, item: Item, from: usize) -> Result<Test> {
        match item {
            Item::Query(query) => Ok(Test::Exists(query)),
            Item::Logical(test) => Ok(test),
            Item::Literal(_) => Err(self.wrong_at(from, "A literal must be compared with something")),
            Item::Value(_) => Err(self.wrong_at(from, "The function's result must be compared with something")),
        }
    }

    fn comparable(&self, item: Item, from: usize) -> Result<Operand> {
        match item {
            Item::Literal(value) => Ok(Operand::Literal(value)),
            Item::Value(operand) => Ok(operand),
            Item::Query(query) if query.is_singular() => Ok(Operand::Node(query)),
            Item::Query(_) => Err(self.wrong_at(from, "Only a query for a single value can be used here")),
            Item::Logical(_) => Err(self.wrong_at(from, "The function's result can't be compared")),
        }
    }

    fn item(&mut self) -> Result<Item> {
        match self.peek() {
            Some('\'' | '"') => Ok(Item::Literal(Plain::Text(self.string()?))),
            Some('-' | '0'..='9') => Ok(Item::Literal(Plain::Number(self.number()?))),
            Some(c @ ('@' | '$')) => {
                self.at += 1;
                Ok(Item::Query(Query { from_root: c == '$', segments: self.segments()? }))
            }
            Some('a'..='z') => self.word(),
            _ => Err(self.wrong("Expected `@`, `$`, a literal or a function")),
        }
    }

    fn number(&mut self) -> Result<Decimal> {
        let from = self.at;
        self.takes("-");
        let whole = self.take_while(|c| c.is_ascii_digit()).to_owned();
        let mut right = !whole.is_empty() && (whole == "0" || !whole.starts_with('0'));
        if self.takes(".") {
            right &= !self.take_while(|c| c.is_ascii_digit()).is_empty();
        }
        if self.takes("e") || self.takes("E") {
            let _sign = self.takes("-") || self.takes("+");
            right &= !self.take_while(|c| c.is_ascii_digit()).is_empty();
        }
        if !right {
            return Err(self.wrong_at(from, "Invalid number"));
        }
        Ok(Decimal::read(self.text.get(from..self.at).unwrap_or_default().as_bytes()))
    }

    fn word(&mut self) -> Result<Item> {
        let from = self.at;
        let word = self.take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_').to_owned();
        if !self.takes("(") {
            return match word.as_str() {
                "true" => Ok(Item::Literal(Plain::Bool(true))),
                "false" => Ok(Item::Literal(Plain::Bool(false))),
                "null" => Ok(Item::Literal(Plain::Null)),
                _ => Err(self.wrong_at(from, "Expected `true`, `false`, `null` or a function")),
            };
        }
        self.deeper()?;
        let arguments = self.arguments()?;
        self.depth -= 1;
        self.function(&word, from, arguments)
    }

    /// Each with its place.
    fn arguments(&mut self) -> Result<Vec<(Item, usize)>> {
        let mut arguments = Vec::new();
        self.blank();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            let from = self.at;
            arguments.push((self.item()?, from));
            self.blank();
            if self.takes(")") {
                return Ok(arguments);
            }
            self.expects(",")?;
            self.blank();
        }
    }

    fn function(&self, name: &str, from: usize, arguments: Vec<(Item, usize)>) -> Result<Item> {
        let wanted = match name {
            "length" | "count" | "value" => 1,
            "match" | "search" => 2,
            _ => {
                return Err(
                    self.wrong_at(from, "Unknown function: use `length`, `count`, `value`, `match` or `search`")
                );
            }
        };
        if arguments.len() != wanted {
            let many = if wanted == 1 { "one argument" } else { "two arguments" };
            return Err(self.wrong_at(from, &format!("`{name}` takes {many}")));
        }
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().ok_or_else(|| self.wrong_at(from, "An argument is missing"));
        let (first, place) = next()?;
        Ok(match name {
            "length" => Item::Value(Operand::Length(Box::new(self.comparable(first, place)?))),
            "count" => Item::Value(Operand::Count(self.nodes(first, place)?)),
            "value" => Item::Value(Operand::Value(self.nodes(first, place)?)),
            _ => {
                let text = self.comparable(first, place)?;
                let whole = name == "match";
                let (second, place) = next()?;
                let pattern = match self.comparable(second, place)? {
                    Operand::Literal(Plain::Text(pattern)) => Pattern::Fixed(expression(&pattern, whole)),
                    Operand::Literal(_) => Pattern::Fixed(None),
                    operand => Pattern::OfEach(operand),
                };
                Item::Logical(Test::Matches { text, pattern, whole })
            }
        })
    }

    fn nodes(&self, item: Item, from: usize) -> Result<Query> {
        match item {
            Item::Query(query) => Ok(query),
            _ => Err(self.wrong_at(from, "Expected a query that starts with `@` or `$`")),
        }
    }
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

/// A regular expression by RFC 9485, in which a dot matches no line break.
pub fn expression(pattern: &[u8], whole: bool) -> Option<RegexMatcher> {
    let pattern = std::str::from_utf8(pattern).ok()?;
    let (mut text, mut in_class, mut escaped) = (String::new(), false, false);
    for c in pattern.chars() {
        match c {
            '.' if !in_class && !escaped => text.push_str("[^\\n\\r]"),
            _ => {
                in_class = if escaped { in_class } else { c == '[' || (in_class && c != ']') };
                text.push(c);
            }
        }
        escaped = !escaped && c == '\\';
    }
    // Read alone as well: a bracket that isn't closed must not close with what is put around it.
    RegexMatcherBuilder::new().build(&text).ok()?;
    let text = if whole { format!(r"\A(?:{text})\z") } else { text };
    RegexMatcherBuilder::new().build(&text).ok()
}

//! Goes through the values of valid JSON where it is stored: a piece of it is in memory, and no value is built that
//! isn't compared.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use super::{number::Decimal, query::Plain};
use crate::{spill::Bytes, unread};
use porthole_base::error::{Code, Error, Result};

/// Bytes read at once.
const PIECE: u64 = 128 * 1024;
/// Bytes of a value that is compared.
const MOST_COMPARED: u64 = 1024 * 1024;

/// Where a value begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub start: u64,
    pub end: u64,
}

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    Text,
    /// A number, `true`, `false` or `null`.
    Word,
}

#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a Bytes,
    length: u64,
    path: &'a Path,
    stop: &'a AtomicBool,
    buffer: Vec<u8>,
    at: u64,
}

#[derive(Clone, Copy)]
enum State {
    Between,
    Text,
    Escape,
    Word,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a Bytes, length: u64, path: &'a Path, stop: &'a AtomicBool) -> Self {
        Self { bytes, length, path, stop, buffer: Vec::new(), at: 0 }
    }

    /// Bytes from an offset on, as many as are in memory then; none at the end.
    fn rest(&mut self, offset: u64) -> Result<&[u8]> {
        let within = offset.checked_sub(self.at).filter(|within| *within < self.buffer.len() as u64);
        if within.is_none() && offset < self.length {
            self.go_on()?;
            let read = self.bytes.read_into(&mut self.buffer, offset, self.length.min(offset + PIECE));
            read.map_err(|error| unread(self.path, &error))?;
            self.at = offset;
        }
        let within = offset.checked_sub(self.at).unwrap_or(u64::MAX).min(self.buffer.len() as u64);
        Ok(&self.buffer[within as usize..])
    }

    fn go_on(&self) -> Result<()> {
        if self.stop.load(Relaxed) {
            return Err(Error::new(Code::Cancelled, "The filter was canceled"));
        }
        Ok(())
    }

    pub fn byte(&mut self, offset: u64) -> Result<Option<u8>> {
        Ok(self.rest(offset)?.first().copied())
    }

    /// The bytes of a node, which the caller knows to be few.
    pub fn read(&self, node: Node) -> Result<Vec<u8>> {
        self.bytes.read(node.start, node.end).map_err(|error| unread(self.path, &error))
    }

    pub fn kind(&mut self, node: Node) -> Result<Kind> {
        Ok(match self.byte(node.start)? {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::Text,
            _ => Kind::Word,
        })
    }

    /// The first byte from an offset on that isn't one of these.
    fn skip(&mut self, mut offset: u64, skipped: &[u8]) -> Result<u64> {
        loop {
            let rest = self.rest(offset)?;
            let count = rest.iter().take_while(|byte| skipped.contains(byte)).count();
            let over = rest.is_empty() || count < rest.len();
            offset += count as u64;
            if over {
                return Ok(offset);
            }
        }
    }

    /// The value of the outermost level at an offset or after it.
    pub fn value_from(&mut self, offset: u64) -> Result<Option<Node>> {
        let start = self.skip(offset, b" \t\n\r")?;
        if start >= self.length {
            return Ok(None);
        }
        Ok(Some(Node { start, end: self.end_of(start)? }))
    }

    /// Where the value that begins at an offset ends.
    fn end_of(&mut self, start: u64) -> Result<u64> {
        let (mut offset, mut depth, mut state) = (start, 0u64, State::Between);
        loop {
            let rest = self.rest(offset)?;
            if rest.is_empty() {
                return Ok(offset);
            }
            let mut at = 0;
            while let Some(byte) = rest.get(at) {
                match state {
                    State::Text => match memchr::memchr2(b'"', b'\\', &rest[at..]) {
                        None => at = rest.len(),
                        Some(passed) => {
                            at += passed + 1;
                            state = if rest[at - 1] == b'\\' { State::Escape } else { State::Between };
                            if depth == 0 && matches!(state, State::Between) {
                                return Ok(offset + at as u64);
                            }
                        }
                    },
                    State::Escape => {
                        at += 1;
                        state = State::Text;
                    }
                    State::Word if matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r') => {
                        return Ok(offset + at as u64);
                    }
                    State::Word => at += 1,
                    State::Between => {
                        at += 1;
                        match byte {
                            b'"' => state = State::Text,
                            b'{' | b'[' => depth += 1,
                            b'}' | b']' => {
                                depth = depth.saturating_sub(1);
                                if depth == 0 {
                                    return Ok(offset + at as u64);
                                }
                            }
                            _ if depth == 0 => state = State::Word,
                            _ => {}
                        }
                    }
                }
            }
            offset += at as u64;
        }
    }

    /// A value to compare.
    ///
    /// # Errors
    /// [`Code::PathTooLarge`] when it is a very long one.
    pub fn plain(&mut self, node: Node) -> Result<Plain> {
        if node.end - node.start > MOST_COMPARED {
            return Err(Error::new(Code::PathTooLarge, "A value that the filter compares is larger than 1 MB")
                .hint("Compare smaller parts of it."));
        }
        Ok(match self.kind(node)? {
            Kind::Text => Plain::Text(unescaped(&self.read(node)?)),
            Kind::Word => match &*self.read(node)? {
                b"true" => Plain::Bool(true),
                b"false" => Plain::Bool(false),
                b"null" => Plain::Null,
                number => Plain::Number(Decimal::read(number)),
            },
            Kind::Array => {
                let (mut items, mut children) = (Vec::new(), Children::of(self, node)?);
                while let Some(child) = children.next(self)? {
                    items.push(self.plain(child.node)?);
                }
                Plain::Array(items)
            }
            Kind::Object => {
                let (mut members, mut children) = (BTreeMap::new(), Children::of(self, node)?);
                while let Some(child) = children.next(self)? {
                    let key = child.key.map(|key| self.read(key)).transpose()?;
                    let value = self.plain(child.node)?;
                    members.insert(unescaped(&key.unwrap_or_default()), value);
                }
                Plain::Object(members)
            }
        })
    }

    /// Whether a key is this name.
    pub fn is_named(&mut self, key: Node, name: &[u8]) -> Result<bool> {
        let length = key.end - key.start;
        // The longest way to write a byte is an escape of six.
        if length < name.len() as u64 / 2 || length > name.len() as u64 * 6 + 2 {
            return Ok(false);
        }
        let rest = self.rest(key.start)?;
        if let Some(raw) = rest.get(..length as usize)
            && memchr::memchr(b'\\', raw).is_none()
        {
            return Ok(raw.get(1..raw.len().saturating_sub(1)) == Some(name));
        }
        Ok(unescaped(&self.read(key)?) == name)
    }
}

/// A value in an array or object.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    /// The key with its quotes.
    pub key: Option<Node>,
    /// Its place among the others, from 0.
    pub index: u64,
    pub node: Node,
}

/// An iterator over the children of a value. A copy continues at the same child.
#[derive(Debug, Clone, Copy)]
pub struct Children {
    is_object: bool,
    /// After the child before; absent for what has no children.
    at: Option<u64>,
    index: u64,
}

impl Children {
    pub fn of(reader: &mut Reader<'_>, node: Node) -> Result<Self> {
        let kind = reader.kind(node)?;
        let at = matches!(kind, Kind::Object | Kind::Array).then_some(node.start + 1);
        Ok(Self { is_object: kind == Kind::Object, at, index: 0 })
    }

    /// Where the next child would be looked for, and its place.
    pub fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Child>> {
        let Some(at) = self.at else { return Ok(None) };
        reader.go_on()?;
        let mut start = reader.skip(at, b" \t\n\r,")?;
        if matches!(reader.byte(start)?, None | Some(b'}' | b']')) {
            self.at = None;
            return Ok(None);
        }
        let mut key = None;
        if self.is_object {
            let end = reader.end_of(start)?;
            key = Some(Node { start, end });
            start = reader.skip(end, b" \t\n\r:")?;
        }
        let node = Node { start, end: reader.end_of(start)? };
        // What isn't JSON must not be read without end.
        self.at = (node.end > at).then_some(node.end);
        let index = self.index;
        self.index += 1;
        Ok(Some(Child { key, index, node }))
    }
}

/// The characters of a string with its quotes; a lone surrogate as it would be in UTF-8.
pub fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut raw = raw.strip_prefix(b"\"").unwrap_or(raw);
    raw = raw.strip_suffix(b"\"").unwrap_or(raw);
    let mut text = Vec::with_capacity(raw.len());
    while let Some(at) = memchr::memchr(b'\\', raw) {
        text.extend_from_slice(&raw[..at]);
        let escape = raw.get(at + 1).copied().unwrap_or(b'\\');
        raw = raw.get(at + 2..).unwrap_or_default();
        match escape {
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => {
                let first = unit(raw);
                raw = raw.get(4..).unwrap_or_default();
                let second = raw.strip_prefix(b"\\u").map(unit).filter(|_| (0xd800..0xdc00).contains(&first));
                let pair = second.and_then(|second| char::decode_utf16([first as u16, second as u16]).next()?.ok());
                match pair {
                    Some(c) => {
                        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        raw = raw.get(6..).unwrap_or_default();
                    }
                    None => encode(first, &mut text),
                }
            }
            other => text.push(other),
        }
    }
    text.extend_from_slice(raw);
    text
}

fn unit(digits: &[u8]) -> u32 {
    let digits = digits.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd)
}

fn encode(unit: u32, text: &mut Vec<u8>) {
    match char::from_u32(unit) {
        Some(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => text.extend([0xe0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3f) as u8, 0x80 | (unit & 0x3f) as u8]),
    }
}

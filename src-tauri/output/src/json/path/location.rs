//! The path of a value in its document, as JSONPath and as JavaScript.

use std::fmt::Write;

use super::reader::{Children, Kind, Node, Reader, unescaped};
use porthole_base::error::Result;

/// One step from a value to one in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The place in an array, from 0.
    Index(u64),
    /// The key's bytes, unchanged, with its quotes.
    Key(Vec<u8>),
}

/// A value and how to get to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// From the outermost value to this one.
    pub steps: Vec<Step>,
    /// Where it begins in the body, in bytes.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
}

/// The innermost value at an offset; that of a member at its key, and an array or object at its brackets.
pub fn locate(reader: &mut Reader<'_>, offset: u64) -> Result<Option<Location>> {
    let mut from = 0;
    let mut node = loop {
        let Some(node) = reader.value_from(from)? else { return Ok(None) };
        if offset < node.end {
            break node;
        }
        if node.end <= from {
            return Ok(None);
        }
        from = node.end;
    };
    let mut steps = Vec::new();
    while let Some((step, child, key)) = child_at(reader, node, offset)? {
        steps.push(step);
        node = child;
        if key || !matches!(reader.kind(child)?, Kind::Array | Kind::Object) {
            break;
        }
    }
    Ok(Some(Location { steps, start: node.start, end: node.end }))
}

/// The child at an offset, and whether that is in its key.
fn child_at(reader: &mut Reader<'_>, node: Node, offset: u64) -> Result<Option<(Step, Node, bool)>> {
    let mut children = Children::of(reader, node)?;
    while let Some(child) = children.next(reader)? {
        let begins = child.key.map_or(child.node.start, |key| key.start);
        if offset < begins {
            break;
        }
        if offset >= child.node.end {
            continue;
        }
        let step = match child.key {
            Some(key) => Step::Key(reader.read(key)?),
            None => Step::Index(child.index),
        };
        return Ok(Some((step, child.node, offset < child.node.start)));
    }
    Ok(None)
}

impl Location {
    /// `$.volumes[0].name`, with quoted names as in the normalized paths of RFC 9535.
    pub fn path(&self) -> String {
        let mut path = String::from("$");
        for step in &self.steps {
            match step {
                Step::Index(index) => {
                    let _ = write!(path, "[{index}]");
                }
                Step::Key(raw) => {
                    let name = String::from_utf8_lossy(&unescaped(raw)).into_owned();
                    if is_plain(&name, false) {
                        path.push('.');
                        path.push_str(&name);
                    } else {
                        quote(&name, &mut path);
                    }
                }
            }
        }
        path
    }

    /// `result.volumes[0].name`: JavaScript that gets the value from the parsed body.
    pub fn access(&self) -> String {
        let mut access = String::from("result");
        for step in &self.steps {
            match step {
                Step::Index(index) => {
                    let _ = write!(access, "[{index}]");
                }
                Step::Key(raw) => {
                    let name = String::from_utf8_lossy(&unescaped(raw)).into_owned();
                    if is_plain(&name, true) {
                        access.push('.');
                        access.push_str(&name);
                    } else {
                        // A string of JSON is one of JavaScript.
                        let _ = write!(access, "[{}]", String::from_utf8_lossy(raw));
                    }
                }
            }
        }
        access
    }
}

fn is_plain(name: &str, dollar: bool) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || (dollar && c == '$');
    name.starts_with(begins) && name.chars().all(|c| begins(c) || c.is_ascii_digit())
}

fn quote(name: &str, path: &mut String) {
    path.push_str("['");
    for c in name.chars() {
        match c {
            '\'' => path.push_str("\\'"),
            '\\' => path.push_str("\\\\"),
            '\u{8}' => path.push_str("\\b"),
            '\u{c}' => path.push_str("\\f"),
            '\n' => path.push_str("\\n"),
            '\r' => path.push_str("\\r"),
            '\t' => path.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(path, "\\u{:04x}", c as u32);
            }
            c => path.push(c),
        }
    }
    path.push_str("']");
}

//! The fields of a line as rows: one for each field, with the members of objects and arrays below it.

use serde_json::value::RawValue;

use super::record::{self, Field};

/// Rows of one line.
pub(super) const MOST: usize = 1000;
/// How deep values are taken apart.
const DEEPEST: u32 = 20;

/// A row: how deep it is, its text, and how many bytes of that are its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub depth: u32,
    pub text: String,
    pub name: usize,
}

impl Node {
    pub fn of(depth: u32, name: &str, value: &str) -> Self {
        Self { depth, text: format!("{name}:{value}"), name: name.len() }
    }

    pub fn unnamed(depth: u32, text: &str) -> Self {
        Self { depth, text: text.to_owned(), name: 0 }
    }
}

/// The rows of a line; none where it has no fields.
pub(super) fn nodes(line: &str) -> Vec<Node> {
    let Some(fields) = record::fields(line) else { return Vec::new() };
    let mut nodes = Vec::new();
    for field in &fields {
        if field.json {
            value(&field.key, field.value, 0, &mut nodes);
        } else {
            pair(field, &mut nodes);
        }
    }
    if nodes.len() > MOST {
        nodes.truncate(MOST);
        nodes.push(Node::unnamed(0, "…"));
    }
    nodes
}

fn pair(field: &Field<'_>, nodes: &mut Vec<Node>) {
    nodes.push(Node::of(0, &field.key, &format!(" {}", field.value)));
    lines_of(&field.plain(), 1, nodes);
}

fn value(name: &str, raw: &str, depth: u32, nodes: &mut Vec<Node>) {
    if nodes.len() > MOST {
        return;
    }
    let members = if depth < DEEPEST { inside(raw) } else { None };
    let Some(members) = members else {
        nodes.push(Node::of(depth, name, &format!(" {raw}")));
        if raw.starts_with('"')
            && let Ok(text) = serde_json::from_str::<String>(raw)
        {
            lines_of(&text, depth + 1, nodes);
        }
        return;
    };
    nodes.push(Node::of(depth, name, ""));
    for (name, raw) in members {
        value(&name, raw, depth + 1, nodes);
    }
}

/// What is in an object or array that isn't empty.
fn inside(raw: &str) -> Option<Vec<(String, &str)>> {
    let inside: Vec<(String, &str)> = match raw.as_bytes().first()? {
        b'{' => record::members(raw)?.into_iter().map(|field| (field.key.into_owned(), field.value)).collect(),
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            items.iter().take(MOST).enumerate().map(|(n, item)| (n.to_string(), item.get())).collect()
        }
        _ => return None,
    };
    (!inside.is_empty()).then_some(inside)
}

/// A text of several lines, such as a stack trace in a field, has each of them as a row.
fn lines_of(text: &str, depth: u32, nodes: &mut Vec<Node>) {
    if !text.trim_end().contains('\n') {
        return;
    }
    for line in text.lines() {
        if nodes.len() > MOST {
            return;
        }
        nodes.push(Node::unnamed(depth, line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(line: &str) -> Vec<(u32, String)> {
        nodes(line).into_iter().map(|node| (node.depth, node.text)).collect()
    }

    #[test]
    fn a_line_is_a_tree_of_its_fields() {
        let line = r#"{"id":9007199254740993.10,"a":{"b":[1,"x"],"c":{}},"stack":"Error: x\n    at f (a.js:1:2)"}"#;
        let expected = [
            (0, "id: 9007199254740993.10"),
            (0, "a:"),
            (1, "b:"),
            (2, "0: 1"),
            (2, "1: \"x\""),
            (1, "c: {}"),
            (0, "stack: \"Error: x\\n    at f (a.js:1:2)\""),
            (1, "Error: x"),
            (1, "    at f (a.js:1:2)"),
        ];
        assert_eq!(rows(line), expected.map(|(depth, text)| (depth, text.to_owned())));
        assert_eq!(rows("level=info msg=\"a b\""), [(0, "level: info".to_owned()), (0, "msg: \"a b\"".to_owned())]);
        assert_eq!(rows("plain"), []);
    }

    #[test]
    fn a_tree_has_an_end() {
        let many = format!("{{{}}}", (0..5000).map(|n| format!("\"k{n}\":[[[{n}]]]")).collect::<Vec<_>>().join(","));
        assert_eq!(nodes(&many).len(), MOST + 1);
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(nodes(&deep).len() <= 30);
    }
}

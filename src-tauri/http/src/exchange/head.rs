//! Message heads as bytes: read as they stood on the wire, and written as they were composed.

use super::{Head, Header};

/// Where the head ends, its empty line included.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    end_of_head_from(bytes, 0)
}

/// The same where no end is before `from`.
pub(crate) fn end_of_head_from(bytes: &[u8], from: usize) -> Option<usize> {
    let ends = memchr::memchr_iter(b'\n', &bytes[from..]).map(|end| from + end);
    let is_empty_line = |end: &usize| matches!(&bytes[..*end], [.., b'\n'] | [.., b'\n', b'\r']);
    ends.into_iter().find(is_empty_line).map(|end| end + 1)
}

/// Reads a head. A line without a colon continues the one before it, as old servers write.
pub(crate) fn read_head(bytes: &[u8]) -> Head {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let start_line = text(lines.next().unwrap_or_default());
    let mut headers: Vec<Header> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        match (memchr::memchr(b':', line), headers.last_mut()) {
            (_, Some(last)) if folded => {
                last.value.push(' ');
                last.value.push_str(text(line).trim());
            }
            (Some(colon), _) => {
                headers.push(Header { name: text(&line[..colon]), value: text(without_blanks(&line[colon + 1..])) })
            }
            (None, _) => headers.push(Header { name: text(line), value: String::new() }),
        }
    }
    Head { start_line, headers }
}

/// A value without the blanks around it.
fn without_blanks(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Text of a head: UTF-8 where it is that, else Latin-1, which every byte sequence is.
pub(crate) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Puts the composed header lines back into the order and case in which they were composed.
/// hyper keeps names in lower case and repeats together; what it added itself comes first.
pub(super) fn as_composed(head: &[u8], composed: &[Header]) -> Vec<u8> {
    if composed.is_empty() {
        return head.to_vec();
    }
    let mut lines: Vec<&[u8]> = head.split_inclusive(|byte| *byte == b'\n').collect();
    let mut own = Vec::with_capacity(head.len());
    for header in composed {
        let is_it = |line: &&[u8]| {
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            memchr::memchr(b':', line).is_some_and(|colon| {
                line[..colon].eq_ignore_ascii_case(header.name.as_bytes())
                    && line[colon + 1..].trim_ascii() == header.value.trim_matches([' ', '\t']).as_bytes()
            })
        };
        // The request line is not a header, though a path may hold a colon.
        if let Some(at) = lines.iter().skip(1).position(is_it) {
            let line = lines.remove(at + 1);
            own.extend_from_slice(header.name.as_bytes());
            own.extend_from_slice(&line[header.name.len()..]);
        }
    }
    let empty_line = lines.pop().unwrap_or_default();
    let mut written = lines.concat();
    written.extend_from_slice(&own);
    written.extend_from_slice(empty_line);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.into(), value: value.into() }
    }

    #[test]
    fn a_head_is_read_as_it_stood() {
        let head =
            read_head(b"HTTP/1.1 200 All  fine\r\nX-b: 1\r\nx-A:  two \r\nX-B: \r\nfold: a\r\n  b\r\nL: \xe9\r\n\r\n");
        assert_eq!(head.start_line, "HTTP/1.1 200 All  fine");
        let expected =
            [header("X-b", "1"), header("x-A", "two"), header("X-B", ""), header("fold", "a b"), header("L", "é")];
        assert_eq!(head.headers, expected);
        assert_eq!(head.header("x-a"), Some("two"));
    }

    #[test]
    fn the_end_is_the_empty_line() {
        assert_eq!(end_of_head(b"a\r\nb: c\r\n\r\nrest"), Some(11));
        assert_eq!(end_of_head(b"a\nb: c\n\nrest"), Some(8));
        assert_eq!(end_of_head(b"a\r\nb: c\r\n\r"), None);
        assert_eq!(end_of_head(b""), None);
    }

    #[test]
    fn case_order_and_repeats_are_those_composed() {
        let head = b"GET /a:b HTTP/1.1\r\nx-one: 1\r\nx-one: 3\r\nx-two: 2\r\nhost: localhost\r\n\r\n";
        let composed = [header("X-One", "1"), header("x-TWO", "2"), header("x-one", "3")];
        assert_eq!(
            String::from_utf8(as_composed(head, &composed)).unwrap(),
            "GET /a:b HTTP/1.1\r\nhost: localhost\r\nX-One: 1\r\nx-TWO: 2\r\nx-one: 3\r\n\r\n",
        );
    }
}

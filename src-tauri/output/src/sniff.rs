//! What a body is, by its media type and by how it begins.

use super::{BodyKind, json::begins_like_json};

/// What was found last. It costs more than the rest, and each change of a call requests it.
#[derive(Debug, Default)]
pub(super) struct KindGuess {
    /// Of a body that was declared as this kind, and of this many bytes.
    last: Option<(BodyKind, usize, BodyKind)>,
}

impl KindGuess {
    /// What a body is that was declared as `declared` and begins like this. A start only becomes longer.
    pub fn of(&mut self, declared: BodyKind, start: &[u8]) -> BodyKind {
        if let Some((.., found)) = self.last.filter(|(of, length, _)| (*of, *length) == (declared, start.len())) {
            return found;
        }
        let found = sniff(declared, start);
        self.last = Some((declared, start.len(), found));
        found
    }
}

/// What a body is that begins like this: what it was declared as, unless that says little or can't be true.
fn sniff(declared: BodyKind, start: &[u8]) -> BodyKind {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match declared {
        BodyKind::Text | BodyKind::Bytes => {}
        // An error in place of an image is often text.
        BodyKind::Image | BodyKind::Pdf if text.is_empty() || by_magic(start).is_some() || !is_text(start) => {
            return declared;
        }
        BodyKind::Image if is_svg(text) => return declared,
        BodyKind::Image | BodyKind::Pdf => {}
        _ => return declared,
    }
    if let Some(found) = by_magic(start) {
        return found;
    }
    if !is_text(start) || text.is_empty() {
        return declared;
    }
    if is_events(text) {
        BodyKind::Events
    } else if text.starts_with(b"{") || text.starts_with(b"[") {
        by_json(text).unwrap_or(otherwise(declared))
    } else if is_svg(text) {
        BodyKind::Image
    } else if starts_with(text, b"<?xml") {
        BodyKind::Xml
    } else if starts_with(text, b"<!doctype html") || starts_with(text, b"<html") {
        BodyKind::Html
    } else {
        otherwise(declared)
    }
}

/// What text is that looks like nothing in particular. Bytes stay bytes: `application/octet-stream` that begins with text
/// may go on with anything.
fn otherwise(declared: BodyKind) -> BodyKind {
    match declared {
        BodyKind::Image | BodyKind::Pdf => BodyKind::Text,
        declared => declared,
    }
}

fn by_magic(start: &[u8]) -> Option<BodyKind> {
    image_type(start).map(|_| BodyKind::Image).or_else(|| start.starts_with(b"%PDF-").then_some(BodyKind::Pdf))
}

/// The media type of an image of the formats that are previewed, by its first bytes.
pub fn image_type(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some("image/avif"),
        _ => None,
    }
}

/// Whether an XML document is a picture.
pub fn is_svg(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = if starts_with(rest, b"<?") {
            b"?>"
        } else if starts_with(rest, b"<!--") {
            b"-->"
        } else if starts_with(rest, b"<!doctype svg") {
            b">"
        } else {
            return starts_with(rest, b"<svg") && rest.get(4).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        };
        let Some(at) = memchr::memmem::find(rest, end) else { return false };
        rest = &rest[at + end.len()..];
    }
}

/// Each line is a field of an event stream, and the first is one with a name.
fn is_events(text: &[u8]) -> bool {
    const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];
    let is_field = |line: &[u8]| {
        FIELDS
            .iter()
            .any(|name| line.strip_prefix(*name).is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b':')))
    };
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let Some(first) = lines.next().filter(|line| line.contains(&b':') && is_field(line)) else { return false };
    // A single line `id: 7` may be anything.
    let mut ended = !first.starts_with(b"id") || text.contains(&b'\n');
    let mut rest = lines.peekable();
    while let Some(line) = rest.next() {
        let is_last = rest.peek().is_none();
        if !(line.is_empty() || line.starts_with(b":") || is_field(line) || is_last) {
            return false;
        }
        ended |= line.is_empty();
    }
    ended
}

/// JSON, or one value a line; nothing where it isn't JSON.
fn by_json(text: &[u8]) -> Option<BodyKind> {
    let mut has_value = false;
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    for line in lines.filter(|line| !line.is_empty()) {
        match begins_like_json(line) {
            Some(true) if !has_value => has_value = true,
            Some(true) => return Some(BodyKind::JsonLines),
            // The last line may go on.
            Some(false) if has_value && is_end_of(text, line) => return Some(BodyKind::JsonLines),
            _ => break,
        }
    }
    begins_like_json(text).map(|_| BodyKind::Json)
}

fn is_end_of(text: &[u8], line: &[u8]) -> bool {
    text.trim_ascii_end().as_ptr_range().end == line.as_ptr_range().end
}

/// Whether it contains no control characters that text never has. Its last character may be cut.
fn is_text(start: &[u8]) -> bool {
    start.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f || b"\t\n\r\x0c\x1b".contains(byte))
        && match std::str::from_utf8(start) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        }
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_declared_as_something_else_is_known_by_its_beginning() {
        use BodyKind::{Bytes, Events, Html, Image, Json, JsonLines, Pdf, Text, Xml};
        for (declared, start, expected) in [
            (Text, &b"{\"a\": 1}"[..], Json),
            (Text, b"\xef\xbb\xbf [1,\n 2]", Json),
            (Text, b"{\"a\": [\n  1,", Json),
            (Bytes, b"{\"n\":1}\n{\"n\":2}\n", JsonLines),
            (Bytes, b"{\"n\":1}\n{\"n\":2}\n{\"n\":", JsonLines),
            (Bytes, b"{\"n\":1}\r\n", Json),
            (Text, b"[info] starting\n", Text),
            (Text, b"[1] started\n[2] stopped\n", Text),
            (Text, b"{not: json}", Text),
            (Text, b"data: 1\n\ndata: 2\n\n", Events),
            (Bytes, b"event: tick\ndata: 1\n\n: ping\n", Events),
            (Text, b"data is what we have\n", Text),
            (Text, b"id: 7 is unknown", Text),
            (Text, b"data: 1\nand then some text\nmore\n", Text),
            (Bytes, b"<?xml version=\"1.0\"?><a/>", Xml),
            (Text, b"<!DOCTYPE html><p>", Html),
            (Bytes, b"\x89PNG\r\n\x1a\n\0\0", Image),
            (Text, b"%PDF-1.7\n", Pdf),
            (Bytes, b"<?xml version=\"1.0\"?><!-- x --><svg xmlns=\"a\">", Image),
            (Image, b"<svg>", Image),
            (Image, b"{\"error\": \"not found\"}", Json),
            (Image, b"not found", Text),
            (Image, b"", Image),
            (Image, b"\x00\x01", Image),
            (Bytes, b"plain text", Bytes),
            (Bytes, b"{\"a\": \"\xff\"}", Bytes),
            (Text, b"", Text),
            (Json, b"{\"n\":1}\n{\"n\":2}\n", Json),
            (Html, b"{\"a\": 1}", Html),
        ] {
            assert_eq!(sniff(declared, start), expected, "{declared:?} {:?}", String::from_utf8_lossy(start));
        }
    }

    #[test]
    fn what_is_found_of_the_same_bytes_is_found_once() {
        let mut guess = KindGuess::default();
        assert_eq!(guess.of(BodyKind::Text, b"{"), BodyKind::Json);
        assert_eq!(guess.of(BodyKind::Text, b"{\"a\""), BodyKind::Json);
        assert_eq!(guess.of(BodyKind::Text, b"{abc"), BodyKind::Json, "as long as what was looked at last");
        assert_eq!(guess.of(BodyKind::Text, b"{abcd"), BodyKind::Text);
        assert_eq!(guess.of(BodyKind::Bytes, b"{abcd"), BodyKind::Bytes);
    }
}

//! The bodies of forms: URL-encoded fields, and the parts of a multipart form around the files that are streamed.

use url::form_urlencoded;

use super::{Header, Param, Part, PartContent};
use porthole_base::{
    error::{Code, Error, Result},
    random::random_id,
};

/// The most parts of one form: each file is open while it is sent.
const MOST_PARTS: usize = 100;
/// What RFC 2046 permits.
const LONGEST_BOUNDARY: usize = 70;

/// Fields as `application/x-www-form-urlencoded`.
pub fn urlencoded(fields: &[Param]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for Param { name, value } in fields {
        text.append_pair(name, value);
    }
    text.finish()
}

/// What is sent of a multipart form, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(String),
    File(&'a str),
}

/// The boundary of a form: that of the `Content-Type` that was composed, else a random one.
///
/// # Errors
/// [`Code::RequestInvalid`] for a `Content-Type` without one, which a backend couldn't read.
pub(super) fn boundary(headers: &[Header]) -> Result<String> {
    let Some(composed) = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type")) else {
        return random_id().map(|id| format!("porthole-{id}"));
    };
    let parameter = composed.value.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    match parameter {
        Some(boundary) if is_boundary(boundary) => Ok(boundary.to_owned()),
        Some(boundary) => Err(invalid(format!("`{boundary}` isn't a valid boundary of a multipart form"))
            .hint("Use up to 70 letters and digits.")),
        None => Err(invalid("The Content-Type header of this multipart form has no boundary")
            .hint("Remove the header: Porthole sends it with a boundary.")),
    }
}

fn is_boundary(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=LONGEST_BOUNDARY).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
}

/// The pieces of a form.
///
/// # Errors
/// [`Code::RequestInvalid`] for too many parts, and for a media type that would end its line.
pub(super) fn multipart<'a>(parts: &'a [Part], boundary: &str) -> Result<Vec<Piece<'a>>> {
    if parts.len() > MOST_PARTS {
        return Err(invalid(format!("A form can have at most {MOST_PARTS} parts, and this one has {}", parts.len())));
    }
    let mut pieces = Vec::new();
    let mut text = String::new();
    for part in parts {
        text.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name)));
        if let Some(filename) = filename(part) {
            text.push_str(&format!("; filename=\"{}\"", quoted(filename)));
        }
        text.push_str("\r\n");
        if let Some(content_type) = content_type(part) {
            if content_type.contains(|c: char| c.is_control()) {
                let name = &part.name;
                return Err(invalid(format!("The Content-Type of the part `{name}` contains a control character")));
            }
            text.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        text.push_str("\r\n");
        match &part.content {
            PartContent::Text { text: value } => text.push_str(value),
            PartContent::File { path } => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::File(path));
            }
        }
        text.push_str("\r\n");
    }
    text.push_str(&format!("--{boundary}--\r\n"));
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// The file name that is sent with a part.
fn filename(part: &Part) -> Option<&str> {
    match (&part.filename, &part.content) {
        (Some(filename), _) => Some(filename),
        (None, PartContent::Text { .. }) => None,
        (None, PartContent::File { path }) => {
            Some(path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(path))
        }
    }
}

fn content_type(part: &Part) -> Option<&str> {
    match (&part.content_type, &part.content) {
        (Some(content_type), _) => Some(content_type),
        (None, PartContent::Text { .. }) => None,
        (None, PartContent::File { .. }) => Some("application/octet-stream"),
    }
}

/// As browsers write names: what would end the quotes or the line is percent-encoded, and nothing else.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::RequestInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(name: &str, value: &str) -> Part {
        let content = PartContent::Text { text: value.into() };
        Part { name: name.into(), content, filename: None, content_type: None }
    }

    fn file(name: &str, path: &str) -> Part {
        Part { content: PartContent::File { path: path.into() }, ..text(name, "") }
    }

    #[test]
    fn a_form_is_sent_as_browsers_send_it() {
        let parts = [text("a", "1"), file("f", "/tmp/x y.bin"), text("a\"b\r\n", "é\n")];
        let pieces = multipart(&parts, "B").unwrap();
        assert_eq!(
            pieces,
            [
                Piece::Text(
                    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; \
                     name=\"f\"; filename=\"x y.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                        .into()
                ),
                Piece::File("/tmp/x y.bin"),
                Piece::Text(
                    "\r\n--B\r\nContent-Disposition: form-data; name=\"a%22b%0D%0A\"\r\n\r\né\n\r\n--B--\r\n".into()
                ),
            ]
        );
    }

    #[test]
    fn the_boundary_of_a_composed_header_is_the_one_of_the_body() {
        let header = |value: &str| [Header { name: "content-type".into(), value: value.into() }];
        assert_eq!(boundary(&header("multipart/form-data; boundary=\"x1\"")).unwrap(), "x1");
        for wrong in ["multipart/form-data", "multipart/form-data; boundary=", "a; boundary=x\u{e9}"] {
            assert_eq!(boundary(&header(wrong)).unwrap_err().code, Code::RequestInvalid, "{wrong}");
        }
        assert_ne!(boundary(&[]).unwrap(), boundary(&[]).unwrap());
    }

    #[test]
    fn a_part_can_not_add_header_lines() {
        let part = Part { content_type: Some("a\r\nX: y".into()), ..text("a", "") };
        assert_eq!(multipart(&[part], "B").unwrap_err().code, Code::RequestInvalid);
        let many = vec![text("a", ""); MOST_PARTS + 1];
        assert_eq!(multipart(&many, "B").unwrap_err().code, Code::RequestInvalid);
    }

    proptest! {
        #[test]
        fn url_encoded_fields_are_read_back_as_they_were(fields in proptest::collection::vec((".*", ".*"), 0..5)) {
            let fields: Vec<Param> = fields.into_iter().map(|(name, value)| Param { name, value }).collect();
            let text = urlencoded(&fields);
            let read = form_urlencoded::parse(text.as_bytes());
            let read: Vec<Param> =
                read.map(|(name, value)| Param { name: name.into_owned(), value: value.into_owned() }).collect();
            prop_assert_eq!(read, fields);
        }

        #[test]
        fn a_name_never_ends_its_line_or_its_quotes(name in "(?s).*", filename in "(?s).*") {
            let part = Part { filename: Some(filename), ..text(&name, "v") };
            let pieces = multipart(std::slice::from_ref(&part), "B").unwrap();
            let [Piece::Text(text)] = pieces.as_slice() else { panic!("one piece") };
            prop_assert_eq!(text.lines().count(), 5, "{}", text);
            prop_assert_eq!(text.lines().nth(1).unwrap().matches('"').count(), 4);
        }
    }
}

//! A field of curl's `-F` as a part of a multipart form.

use super::unknown;
use porthole_base::error::Result;
use porthole_http::exchange::{Part, PartContent};

/// `name=content`, `name=@file` and what follows them: `;type=…`, `;filename=…`.
pub(super) fn read(given: &str) -> Result<Part> {
    let (name, rest) = given
        .split_once('=')
        .ok_or_else(|| unknown(format!("`-F {given}` has no name")).hint("Write -F name=value."))?;
    if rest.starts_with('<') {
        return Err(unknown(format!("`-F {given}` reads its text from a file")).hint("Paste the text instead."));
    }
    let (is_file, rest) = rest.strip_prefix('@').map_or((false, rest), |path| (true, path));
    let (content, mut rest) = word(rest, if is_file { &[';', ','] } else { &[';'] });
    if rest.starts_with(',') {
        return Err(
            unknown(format!("`-F {given}` sends several files in one part")).hint("Write one -F for each file.")
        );
    }
    if is_file && content == "-" {
        return Err(unknown(format!("`-F {given}` reads standard input")).hint("Put it into a file and use that."));
    }
    let content = if is_file { PartContent::File { path: content } } else { PartContent::Text { text: content } };
    let mut part = Part { name: name.to_owned(), content, filename: None, content_type: None };
    while let Some(more) = rest.strip_prefix(';') {
        let (option, value) = more.trim_start().split_once('=').unwrap_or((more, ""));
        let (value, after) = word(value, &[';']);
        match option {
            "type" => part.content_type = Some(value),
            "filename" => part.filename = Some(value),
            _ => return Err(unknown(format!("`;{option}` of `-F {given}` isn't supported"))),
        }
        rest = after;
    }
    Ok(part)
}

/// A part that is taken as it is.
pub(super) fn plain(given: &str) -> Result<Part> {
    let (name, text) = given.split_once('=').ok_or_else(|| {
        unknown(format!("`--form-string {given}` has no name")).hint("Write --form-string name=value.")
    })?;
    let content = PartContent::Text { text: text.to_owned() };
    Ok(Part { name: name.to_owned(), content, filename: None, content_type: None })
}

/// Up to one of these, or in double quotes, where a backslash takes the next character as it is.
fn word<'a>(text: &'a str, ends: &[char]) -> (String, &'a str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut read = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return (read, quoted.get(at + 1..).unwrap_or_default()),
                '\\' => read.extend(chars.next().map(|(_, c)| c)),
                c => read.push(c),
            }
        }
        // A quote that isn't closed is a quote.
    }
    let (read, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    (read.to_owned(), rest)
}

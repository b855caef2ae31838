//! The texts of a draft that may have variables.

use crate::draft::Draft;
use porthole_http::exchange::{Body, PartContent, Request};
use porthole_process::{Command, Stdin};

/// How a value is written into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is.
    Plain,
    /// As it is before the question mark, percent-encoded after it.
    Path,
}

/// Shows each text of a draft to be changed. What is switched off is never sent and stays as it is, and so does code.
pub(super) fn each(draft: &mut Draft, change: &mut dyn FnMut(Kind, &mut String)) {
    match draft {
        Draft::Request(request) => of_request(request, change),
        Draft::Command(command) => of_command(command, change),
        Draft::Console(_) => {}
    }
}

fn of_request(request: &mut Request, change: &mut dyn FnMut(Kind, &mut String)) {
    change(Kind::Path, &mut request.path);
    for param in &mut request.query {
        change(Kind::Plain, &mut param.name);
        change(Kind::Plain, &mut param.value);
    }
    for header in &mut request.headers {
        change(Kind::Plain, &mut header.name);
        change(Kind::Plain, &mut header.value);
    }
    match &mut request.body {
        Body::None => {}
        Body::Json { text } | Body::Text { text } => change(Kind::Plain, text),
        Body::File { path } => change(Kind::Plain, path),
        Body::Form { fields } => {
            for field in fields {
                change(Kind::Plain, &mut field.name);
                change(Kind::Plain, &mut field.value);
            }
        }
        Body::Multipart { parts } => {
            for part in parts {
                change(Kind::Plain, &mut part.name);
                match &mut part.content {
                    PartContent::Text { text } => change(Kind::Plain, text),
                    PartContent::File { path } => change(Kind::Plain, path),
                }
                for text in [&mut part.filename, &mut part.content_type].into_iter().flatten() {
                    change(Kind::Plain, text);
                }
            }
        }
    }
}

fn of_command(command: &mut Command, change: &mut dyn FnMut(Kind, &mut String)) {
    change(Kind::Plain, &mut command.program);
    for arg in &mut command.args {
        change(Kind::Plain, arg);
    }
    for text in [&mut command.cwd, &mut command.user].into_iter().flatten() {
        change(Kind::Plain, text);
    }
    for variable in &mut command.env {
        change(Kind::Plain, &mut variable.name);
        change(Kind::Plain, &mut variable.value);
    }
    match &mut command.stdin {
        Some(Stdin::Text { text }) => change(Kind::Plain, text),
        Some(Stdin::File { path }) => change(Kind::Plain, path),
        None => {}
    }
}

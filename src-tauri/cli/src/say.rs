//! The one place that writes to standard output and standard error. Texts of others, such as names, messages of an
//! engine, a manifest's fields, come out with their control characters escaped, wherever they go: a script reads lines,
//! and a terminal does what such characters say.
//!
//! Bytes are another matter. What a command writes passes unchanged: the user runs it in this
//! terminal. The body of a response is a stranger's: it passes as it is to a file or a pipe, and escaped to a terminal.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use porthole_base::{
    error::{Code, Error, Result},
    terminal,
};
use porthole_output::{Stream, Utf8};
use serde::Serialize;

use crate::NOTHING;

/// Writes lines to standard output.
pub fn out(text: &str) -> Result<()> {
    written(stdout(terminal::lines(&format!("{text}\n")).as_bytes()))
}

/// Writes lines to standard error, for people.
pub fn err(text: &str) {
    let _ = stderr(terminal::lines(&format!("{text}\n")).as_bytes());
}

/// Writes a note of this program's own to standard error.
pub fn note(text: &str) {
    err(&format!("porthole-cli: {}", terminal::line(text)));
}

/// Says on stderr what failed, where, and what to try.
pub fn complain(error: &Error) {
    note(&error.message);
    for more in [&error.detail, &error.hint].into_iter().flatten() {
        // Several lines stay several, and none of them looks like the beginning of another message.
        more.lines().for_each(|line| err(&format!("  {}", terminal::line(line))));
    }
}

/// The same where nothing could be done for it: gives the exit code for that.
pub fn failed(error: &Error) -> ExitCode {
    complain(error);
    ExitCode::from(NOTHING)
}

/// Writes a value as one line of JSON.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    stdout(format!("{}\n", terminal::json(&text)).as_bytes())
}

/// Where the bytes of a stream go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// As they are.
    Raw,
    /// As text without control characters.
    Escaped,
}

impl Bytes {
    /// For the body of a response.
    pub fn of_stranger() -> Self {
        if io::stdout().is_terminal() { Self::Escaped } else { Self::Raw }
    }
}

/// Writes bytes to the stream of the same name. `decoder` holds a character that the last chunk split.
pub fn bytes(stream: Stream, bytes: &[u8], how: Bytes, decoder: &mut Utf8) -> io::Result<()> {
    match (how, stream) {
        (Bytes::Raw, Stream::Stdout) => stdout(bytes),
        (Bytes::Raw, Stream::Stderr) => stderr(bytes),
        (Bytes::Escaped, Stream::Stdout) => stdout(readable(&decoder.push(bytes)).as_bytes()),
        (Bytes::Escaped, Stream::Stderr) => stderr(readable(&decoder.push(bytes)).as_bytes()),
    }
}

/// A line that ends as on Windows ends.
fn readable(text: &str) -> String {
    terminal::lines(&text.replace("\r\n", "\n")).into_owned()
}

fn stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

fn stderr(bytes: &[u8]) -> io::Result<()> {
    io::stderr().lock().write_all(bytes)
}

fn written(written: io::Result<()>) -> Result<()> {
    written.map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout").detail(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stdout_is_no_output_that_could_not_be_kept() {
        let full = written(Err(io::ErrorKind::StorageFull.into()));
        assert!(full.is_err_and(|error| error.code == Code::StdoutFailed));
    }
}

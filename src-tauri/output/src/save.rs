//! Saving to a file: written beside it and put in its place when it is whole.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::json;

use super::{Log, NewFile, Output, SaveContent, SavedFile, Search, View};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Bytes after which progress is reported, and the caller may stop it.
pub const SAVE_PIECE: u64 = 1024 * 1024;

/// Saves what is there now. `go_on` gets from time to time how many bytes are written, and
/// says whether to go on.
///
/// # Errors
/// [`Code::FileExists`] when there is such a file and it is not to be replaced;
/// [`Code::SearchMissing`] for hits of no search, and for no log; [`Code::SavePathInvalid`]; [`Code::SaveFailed`] when it
/// cannot be written, and [`Code::Cancelled`] when `go_on` said no: then no part of it stays.
pub fn save(
    output: &Output,
    (search, log): Sources<'_>,
    what: SaveContent,
    path: &Path,
    replace: bool,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<SavedFile> {
    let new = NewFile::begin(path, replace)?;
    let (mut bytes, mut told) = (0, 0);
    let mut to = BufWriter::with_capacity(256 * 1024, new.file());
    let mut write = |piece: &[u8]| {
        to.write_all(piece).map_err(|error| new.failed(&error))?;
        bytes += piece.len() as u64;
        if bytes - told >= SAVE_PIECE {
            told = bytes;
            if !go_on(bytes) {
                return Err(Error::new(Code::Cancelled, "Saving was canceled, and nothing was saved"));
            }
        }
        Ok(())
    };
    content(output, (search, log), what, &mut write)?;
    to.flush().map_err(|error| new.failed(&error))?;
    drop(to);
    new.finish()?;
    Ok(SavedFile { path: path.display().to_string(), bytes })
}

/// All that is to be saved.
fn content(output: &Output, (search, log): Sources<'_>, what: SaveContent, write: Take<'_>) -> Result<()> {
    match what {
        SaveContent::Stdout | SaveContent::Decoded => whole(output, Stream::Stdout, write),
        SaveContent::Stderr => whole(output, Stream::Stderr, write),
        SaveContent::Both => with_times(output, write),
        SaveContent::Chunks => chunks(output, write),
        SaveContent::Lines { view: View::Log, from, to } => {
            let log = log.ok_or_else(no_log)?;
            in_parts(from, to, &mut |from, to| log.exact(from, to), write)
        }
        SaveContent::Lines { view, from, to } => lines(output, view, from, to, write),
        SaveContent::Hits => hits(output, search, write),
        SaveContent::Log => log.ok_or_else(no_log)?.each(write),
    }
}

/// What the user looks for, and by which filter the lines are shown as a log.
type Sources<'a> = (Option<&'a Search>, Option<&'a Log>);

type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;

fn whole(output: &Output, stream: Stream, write: Take<'_>) -> Result<()> {
    let (bytes, length) = output.bytes(stream);
    let (mut at, mut buffer) = (0, Vec::new());
    while at < length {
        let read = bytes.read_into(&mut buffer, at, length.min(at + SAVE_PIECE));
        read.map_err(|error| output.unreadable(&error))?;
        if buffer.is_empty() {
            break;
        }
        write(&buffer)?;
        at += buffer.len() as u64;
    }
    Ok(())
}

/// `+0.001234<tab>stdout<tab>the line`: seconds since the beginning, the stream, and the line.
fn with_times(output: &Output, write: Take<'_>) -> Result<()> {
    let mut begun = None;
    let mut ended = true;
    output.each_line(View::Both, 0, u64::MAX, |place, piece| {
        if begun != Some(place.n) {
            begun = Some(place.n);
            let stream = match place.stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            let end = if ended { "" } else { "\n" };
            write(format!("{end}+{:.6}\t{stream}\t", place.at_us as f64 / 1e6).as_bytes())?;
        }
        ended = piece.ends_with(b"\n");
        write(piece)
    })
}

/// A JSON value a line for each piece. What isn't text is in hexadecimal.
fn chunks(output: &Output, write: Take<'_>) -> Result<()> {
    let mut n = 0;
    loop {
        let some = output.chunks(n, 1024);
        if some.is_empty() {
            return Ok(());
        }
        n += some.len() as u64;
        for chunk in some {
            let (bytes, _) = output.bytes(chunk.stream);
            let read = bytes.read(chunk.offset, chunk.offset + chunk.len).map_err(|error| output.unreadable(&error))?;
            let mut line = json!({
                "atUs": chunk.at_us, "stream": chunk.stream, "offset": chunk.offset, "bytes": chunk.len,
            });
            match String::from_utf8(read) {
                Ok(text) => line["text"] = text.into(),
                Err(error) => {
                    line["hex"] = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
                }
            }
            write(format!("{line}\n").as_bytes())?;
        }
    }
}

fn lines(output: &Output, view: View, from: u64, to: u64, write: Take<'_>) -> Result<()> {
    match view {
        View::Both | View::Stdout | View::Stderr => output.each_line(view, from, to, |_, piece| write(piece)),
        _ => in_parts(from, to, &mut |from, to| output.exact(view, from, to), write),
    }
}

/// Rows from one to another, some at a time.
fn in_parts(from: u64, to: u64, exact: &mut dyn FnMut(u64, u64) -> Result<String>, write: Take<'_>) -> Result<()> {
    let mut at = from;
    while at < to {
        let text = exact(at, to.min(at + 500))?;
        if text.is_empty() {
            break;
        }
        at += 500;
        write(text.as_bytes())?;
    }
    Ok(())
}

fn no_log() -> Error {
    Error::new(Code::SearchMissing, "No log view is open in this output")
}

fn hits(output: &Output, search: Option<&Search>, write: Take<'_>) -> Result<()> {
    let search = search.ok_or_else(|| Error::new(Code::SearchMissing, "No search is active in this output"))?;
    let mut from = 0;
    loop {
        let numbers = search.numbers(from, 1000);
        if numbers.is_empty() {
            return Ok(());
        }
        if search.view().is_json() {
            let to = from + numbers.len() as u64;
            write(search.exact(from, to)?.as_bytes())?;
            from = to;
            continue;
        }
        from += numbers.len() as u64;
        for n in numbers {
            output.each_line(search.view(), n, n + 1, |_, piece| write(piece))?;
        }
    }
}

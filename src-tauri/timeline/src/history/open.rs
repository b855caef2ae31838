//! A call of the history, read again: its facts, and its output in the same files.

use std::{fs, io, path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};

use super::{RowId, stem};
use crate::{Call, chunk_times, kept::ended_call};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{DiskQuota, Output, Stream};

/// A call with its output.
#[derive(Debug)]
pub(crate) struct Reopened {
    pub call: Call,
    pub output: Output,
    /// Bytes that the history counts for its output.
    pub bytes: u64,
    pub pinned: bool,
    /// Why its output isn't there.
    pub trouble: Option<Error>,
}

/// What the database has of a call.
#[derive(Debug)]
pub(super) struct Stored {
    call: Call,
    folder: Option<String>,
    bytes: u64,
    pinned: bool,
    /// When its chunks came: [`chunk_times`].
    times: Vec<u8>,
    /// What is in no file, of each stream.
    bodies: [Option<Vec<u8>>; 2],
}

/// Reads what the database has of a call, if it has it.
pub(super) fn read(connection: &Connection, row: RowId) -> rusqlite::Result<Option<Stored>> {
    let found = connection
        .prepare_cached(
            "SELECT f.json, c.bytes, c.pinned, s.folder FROM calls c JOIN facts f ON f.id = c.id
             LEFT JOIN starts s ON s.id = c.start WHERE c.id = ?1",
        )?
        .query_row([row], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, bool>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })
        .optional()?;
    let Some((json, bytes, pinned, folder)) = found else { return Ok(None) };
    let call = serde_json::from_slice(&json)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into()))?;
    let mut times = Vec::new();
    let mut parts = connection.prepare_cached("SELECT times FROM chunks WHERE id = ?1 ORDER BY first")?;
    for part in parts.query_map([row], |row| row.get::<_, Vec<u8>>(0))? {
        times.extend(part?);
    }
    let mut bodies = [None, None];
    for (stream, body) in bodies.iter_mut().enumerate() {
        *body = connection
            .prepare_cached("SELECT bytes FROM bodies WHERE id = ?1 AND stream = ?2")?
            .query_row(params![row, stream as i64], |row| row.get(0))
            .optional()?;
    }
    Ok(Some(Stored { call, folder, bytes: bytes.max(0).cast_unsigned(), pinned, times, bodies }))
}

impl Stored {
    /// Opens its output. Where that can't be read, the call is there without it.
    pub fn open(self, outputs: &Path, row: RowId, empty: &Path, quota: &Arc<DiskQuota>) -> Reopened {
        let Self { call, folder, bytes, pinned, times, bodies } = self;
        let (call, body) = ended_call(call);
        let stem = folder.and_then(|folder| stem(outputs, &folder, row));
        let stem = stem.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
        let opened = stem.and_then(|stem| {
            let chunks = chunk_times::decode(&times);
            let in_database: usize = bodies.iter().flatten().map(Vec::len).sum();
            if in_database == 0 || (in_database as u64) < bytes {
                return Output::reopen(stem, Arc::clone(quota), body.clone(), chunks);
            }
            // The database has all of them: a copy was made for something that needed a file.
            for stream in ["stdout", "stderr"] {
                match fs::remove_file(stem.with_extension(stream)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            let output = Output::of_body(stem, Arc::clone(quota)).kept();
            if let Some((kind, codings)) = &body {
                output.expect_encoded(*kind, codings);
            }
            append(&output, bodies, chunks).map_err(io::Error::other)?;
            output.end();
            Ok(output)
        });
        let (output, trouble) = match opened {
            Ok(output) if holds(&output) < bytes => (output, Some(unread(&io::ErrorKind::UnexpectedEof.into()))),
            Ok(output) => (output, None),
            Err(error) => (Output::of_body(empty.to_owned(), Arc::clone(quota)), Some(unread(&error))),
        };
        Reopened { call, output, bytes, pinned, trouble }
    }
}

fn holds(output: &Output) -> u64 {
    let counts = output.counts();
    counts.stdout.bytes + counts.stderr.bytes
}

/// Appends small bodies as they came.
fn append(
    output: &Output,
    bodies: [Option<Vec<u8>>; 2],
    chunks: impl Iterator<Item = (Stream, u64, u64)>,
) -> Result<()> {
    let mut rest = bodies.each_ref().map(|body| body.as_deref().unwrap_or_default());
    let mut last_us = 0;
    for (stream, length, at_us) in chunks {
        let left = &mut rest[usize::from(stream == Stream::Stderr)];
        let (bytes, after) = left.split_at(left.len().min(usize::try_from(length).unwrap_or(usize::MAX)));
        output.append(stream, bytes, at_us)?;
        (*left, last_us) = (after, at_us);
    }
    output.append(Stream::Stdout, rest[0], last_us)?;
    output.append(Stream::Stderr, rest[1], last_us)
}

fn unread(error: &io::Error) -> Error {
    Error::new(Code::OutputUnreadable, "Part of the output is missing from the history")
        .detail(error)
        .hint("Another program removed or changed Porthole's files. The remaining part of the call is shown.")
}

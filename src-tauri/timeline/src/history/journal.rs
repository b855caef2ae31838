//! Writes what changed of the calls, all in one transaction: facts, times of chunks, and bodies that need no file.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Result, Transaction, params};

use super::{RowId, outcome_text};
use crate::{
    Act, Call, chunk_times,
    summary::{label_of, outcome, text_of, took_us},
};
use porthole_output::{Output, Stream};
use porthole_process::Place;

/// Characters of a call's text that a list shows, and that words are looked up in.
const SHOWN: usize = 500;
const SEARCHED: usize = 16 * 1024;
/// Chunks that are written at once.
const CHUNKS: usize = 4096;
/// What a row takes besides what it holds, about.
const ROW: u64 = 300;

/// A call as the history writes it.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub row: RowId,
    pub call: Arc<Call>,
    pub output: Arc<Output>,
    pub extension: Option<Arc<str>>,
    pub pinned: bool,
    /// It is one of an earlier start, or was opened again: all of it is written, but for whether it is pinned.
    pub reopened: bool,
}

/// What of a call is in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    facts: u64,
    facts_len: u64,
    chunks: u64,
    last_us: u64,
    /// Bytes of each stream, and how many of them are in the database.
    bytes: [u64; 2],
    in_database: [u64; 2],
    ended: bool,
    pinned: bool,
}

impl Written {
    /// Bytes in the database.
    pub fn stored(&self) -> u64 {
        let Self { facts_len, chunks, in_database: [stdout, stderr], .. } = self;
        facts_len + chunks * chunk_times::CHUNK + stdout + stderr + ROW
    }
}

/// The names of targets and extensions have numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Target = 0,
    Extension = 1,
}

/// Calls that were written, with how much of each.
pub(super) type Updates = Vec<(RowId, Written)>;

/// Writes these calls as far as they changed since. What is given back counts when the transaction is committed.
pub(super) fn write(
    transaction: &Transaction<'_>,
    start: i64,
    calls: &[Recorded],
    before: &HashMap<RowId, Written>,
) -> Result<Updates> {
    let mut updates = Vec::new();
    for call in calls {
        let was = before.get(&call.row);
        let now = match write_one(transaction, start, call, was) {
            // It would keep all others from being written.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::TooBig) => {
                tracing::warn!(%error, row = call.row, "a call is too large for the history");
                continue;
            }
            written => written?,
        };
        if was != Some(&now) {
            updates.push((call.row, now));
        }
    }
    Ok(updates)
}

fn write_one(to: &Transaction<'_>, start: i64, recorded: &Recorded, before: Option<&Written>) -> Result<Written> {
    let Recorded { row, call, output, pinned, .. } = recorded;
    let counts = output.counts();
    let bytes = [counts.stdout.bytes, counts.stderr.bytes];
    let was = before.copied().unwrap_or_default();
    let ended = !outcome(&call.act).is_live();
    // Most calls that changed since they ended only got their findings.
    if was.ended && ended && (was.bytes, was.chunks, was.pinned) == (bytes, counts.chunks, *pinned) {
        return Ok(was);
    }
    let facts = serde_json::to_vec(&**call).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut hasher = DefaultHasher::new();
    facts.hash(&mut hasher);
    let mut now =
        Written { facts: hasher.finish(), facts_len: facts.len() as u64, bytes, ended, pinned: *pinned, ..was };
    if before.is_none() {
        // How much of it was written isn't known, so it is written again as a whole.
        to.prepare_cached("DELETE FROM calls WHERE id = ?1")?.execute([row])?;
    }
    write_chunks(to, *row, output, &mut now)?;
    write_bodies(to, *row, output, &mut now)?;
    let (outcome, took, both) =
        (outcome_text(&call.act), took_us(&call.act).map(u64::cast_signed), bytes[0] + bytes[1]);
    if before.is_none() {
        insert(to, start, recorded, &outcome, took, both, &now)?;
    } else if now != was {
        to.prepare_cached(
            "UPDATE calls SET outcome = ?2, took_us = ?3, bytes = ?4, stored = ?5, ended = ?6, pinned = ?7 WHERE id = ?1",
        )?
        .execute(params![row, outcome, took, both.cast_signed(), now.stored().cast_signed(), ended, pinned])?;
    }
    if before.is_none() || now.facts != was.facts {
        to.prepare_cached("INSERT OR REPLACE INTO facts VALUES (?1, ?2)")?.execute(params![row, facts])?;
    }
    Ok(now)
}

fn insert(
    to: &Transaction<'_>,
    start: i64,
    Recorded { row, call, extension, pinned, .. }: &Recorded,
    outcome: &str,
    took: Option<i64>,
    bytes: u64,
    now: &Written,
) -> Result<()> {
    let target_name = target_of(&call.act);
    let target = number_of(to, Kind::Target, &target_name)?;
    let extension_number =
        extension.as_deref().map(|extension| number_of(to, Kind::Extension, extension)).transpose()?;
    let (label, text) = (label_of(&call.act), text_of(&call.act));
    let origin = serde_json::to_value(call.origin).ok().and_then(|origin| Some(origin.as_str()?.to_owned()));
    to.prepare_cached("INSERT INTO calls VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)")?
        .execute(params![
        row,
        start,
        call.began_ms.cast_signed(),
        origin,
        label,
        beginning(&text, SHOWN),
        matches!(call.act, Act::Exchange(_)),
        target,
        extension_number,
        outcome,
        took,
        bytes.cast_signed(),
        now.stored().cast_signed(),
        now.ended,
        pinned,
    ])?;
    let words = [
        beginning(&text, SEARCHED),
        label,
        &target_name,
        extension.as_deref().unwrap_or_default(),
        origin.as_deref().unwrap_or_default(),
    ];
    to.prepare_cached("INSERT INTO words (rowid, text, keys) VALUES (?1, ?2, ?3)")?.execute(params![
        row,
        words.join("\n"),
        keys(Some(target), extension_number)
    ])?;
    Ok(())
}

/// What is looked up beside the words of a call: a word for its target, and one for its extension.
pub(super) fn keys(target: Option<i64>, extension: Option<i64>) -> String {
    let target = target.map(|number| format!("t{number}"));
    let extension = extension.map(|number| format!("e{number}"));
    target.into_iter().chain(extension).collect::<Vec<_>>().join(" ")
}

fn write_chunks(to: &Transaction<'_>, row: RowId, output: &Output, now: &mut Written) -> Result<()> {
    loop {
        let chunks = output.chunks(now.chunks, CHUNKS);
        if chunks.is_empty() {
            return Ok(());
        }
        let times = chunk_times::encode(&chunks, &mut now.last_us);
        to.prepare_cached("INSERT OR REPLACE INTO chunks VALUES (?1, ?2, ?3)")?.execute(params![
            row,
            now.chunks.cast_signed(),
            times
        ])?;
        now.chunks += chunks.len() as u64;
    }
}

fn write_bodies(to: &Transaction<'_>, row: RowId, output: &Output, now: &mut Written) -> Result<()> {
    for (stream, of) in [(Stream::Stdout, 0_usize), (Stream::Stderr, 1)] {
        if now.bytes[of] == 0 || (now.in_database[of] == now.bytes[of]) {
            continue;
        }
        match output.in_memory(stream) {
            Some(bytes) => {
                to.prepare_cached("INSERT OR REPLACE INTO bodies VALUES (?1, ?2, ?3)")?
                    .execute(params![row, of as i64, bytes])?;
                now.in_database[of] = bytes.len() as u64;
            }
            None if now.in_database[of] > 0 => {
                to.prepare_cached("DELETE FROM bodies WHERE id = ?1 AND stream = ?2")?
                    .execute(params![row, of as i64])?;
                now.in_database[of] = 0;
            }
            None => {}
        }
    }
    Ok(())
}

fn number_of(connection: &Connection, kind: Kind, name: &str) -> Result<i64> {
    if let Some(number) = known(connection, kind, name)? {
        return Ok(number);
    }
    connection.prepare_cached("INSERT INTO names (kind, name) VALUES (?1, ?2)")?.insert(params![kind as i64, name])
}

/// The number of a name, if a call had it.
pub(super) fn known(connection: &Connection, kind: Kind, name: &str) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM names WHERE kind = ?1 AND name = ?2")?
        .query_row(params![kind as i64, name], |row| row.get(0))
        .optional()
}

/// What was inspected: an endpoint, a container, the host, or an engine.
fn target_of(act: &Act) -> String {
    match act {
        Act::Exchange(exchange) => exchange.endpoint.to_string(),
        Act::Run(run) => match &run.command.place {
            Place::Host => "host".to_owned(),
            Place::Engine => "engine".to_owned(),
            Place::Container { name } => name.clone(),
        },
    }
}

/// As many characters of a text.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

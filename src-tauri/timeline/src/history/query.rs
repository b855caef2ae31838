//! Lists of the history: some rows before or after a number, found by an index each time.

use rusqlite::{Connection, Result, Row, ToSql};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    RowId,
    journal::{Kind, keys, known},
};
use crate::{CallId, Origin, Outcome};

/// Rows of one list.
const MOST: u32 = 500;
/// Names of targets and extensions that are offered.
const NAMES: i64 = 200;

/// Which calls are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryFilter {
    /// Beginnings of words, all of which are in a call's path or command, target, extension or origin.
    pub text: String,
    /// Only those of this target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<String>,
    /// Only those that were made while this extension was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub extension: Option<String>,
}

/// Where a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryFrom {
    /// With the newest call.
    Newest,
    /// With the oldest.
    Oldest,
    /// With the newest that is older than this one.
    Before {
        /// Its number in the history.
        #[ts(type = "number")]
        row: RowId,
    },
    /// With the oldest that is newer than this one.
    After {
        /// Its number in the history.
        #[ts(type = "number")]
        row: RowId,
    },
}

impl HistoryFrom {
    fn is_newer(self) -> bool {
        matches!(self, Self::Oldest | Self::After { .. })
    }

    fn bound(self) -> RowId {
        match self {
            Self::Newest => RowId::MAX,
            Self::Oldest => RowId::MIN,
            Self::Before { row } | Self::After { row } => row,
        }
    }
}

/// One call of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// Its number in the history; a newer call has a higher one.
    #[ts(type = "number")]
    pub row: RowId,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub began_ms: u64,
    /// Who asked for it.
    pub origin: Origin,
    /// `GET`, `POST`, … for an exchange; `host`, `container` or `engine` for a run.
    pub label: String,
    /// How its request target or command line begins.
    pub text: String,
    /// Whether it is an exchange or a run.
    pub http: bool,
    /// How it ended, or where it is.
    pub outcome: Outcome,
    /// How long it took, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_us: Option<u64>,
    /// Bytes of its output.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Its number in the timeline, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub call: Option<CallId>,
}

/// Some rows of the history, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryList {
    /// The rows.
    pub rows: Vec<HistoryRow>,
    /// Whether there are more in the requested direction.
    pub more: bool,
    /// How many calls the history has, whatever the filter.
    #[ts(type = "number")]
    pub calls: u64,
}

/// What calls of the history can be filtered by, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryNames {
    /// Targets.
    pub targets: Vec<String>,
    /// Extensions.
    pub extensions: Vec<String>,
}

const COLUMNS: &str = "c.id, c.began_ms, c.origin, c.label, c.text, c.http, c.outcome, c.took_us, c.bytes, c.pinned";

/// What is to be looked up in the words of calls: each word's beginning, and the keys.
fn expression(text: &str, keys: &str) -> Option<String> {
    // A control character could end the expression.
    let words = text
        .split(|at: char| at.is_whitespace() || at.is_control())
        .filter(|word| word.chars().any(char::is_alphanumeric));
    let words: Vec<String> = words.map(|word| format!("text : \"{}\" *", word.replace('"', "\"\""))).collect();
    let keys = keys.split_whitespace().map(|key| format!("keys : {key}"));
    let all: Vec<String> = words.into_iter().chain(keys).collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// Which rows a filter is about.
#[derive(Debug)]
pub(super) enum Wanted {
    All,
    Target(i64),
    Extension(i64),
    Words(String),
    /// No call has such a target or extension.
    None,
}

impl Wanted {
    fn of(connection: &Connection, filter: &HistoryFilter) -> Result<Self> {
        let number =
            |kind, name: &Option<String>| name.as_deref().map(|name| known(connection, kind, name)).transpose();
        let (target, extension) = (number(Kind::Target, &filter.target)?, number(Kind::Extension, &filter.extension)?);
        if target == Some(None) || extension == Some(None) {
            return Ok(Self::None);
        }
        let (target, extension) = (target.flatten(), extension.flatten());
        let has_words = expression(&filter.text, "").is_some();
        Ok(match (target, extension) {
            (None, None) if !has_words => Self::All,
            (Some(target), None) if !has_words => Self::Target(target),
            (None, Some(extension)) if !has_words => Self::Extension(extension),
            _ => expression(&filter.text, &keys(target, extension)).map_or(Self::All, Self::Words),
        })
    }

    /// The statement for this list. Parameters: the row that it begins after, the limit, and the filter's value.
    pub fn statement(&self, newer: bool) -> String {
        let (from, id) = match self {
            Self::Words(_) => ("words w CROSS JOIN calls c ON c.id = w.rowid WHERE words MATCH ?3 AND", "w.rowid"),
            Self::Target(_) => ("calls c WHERE c.target = ?3 AND", "c.id"),
            Self::Extension(_) => ("calls c WHERE c.extension = ?3 AND", "c.id"),
            Self::All | Self::None => ("calls c WHERE", "c.id"),
        };
        let (beyond, order) = if newer { (">", "ASC") } else { ("<", "DESC") };
        format!(
            "SELECT {COLUMNS}
             FROM {from} {id} {beyond} ?1 ORDER BY {id} {order} LIMIT ?2"
        )
    }

    fn parameter(&self) -> Option<&dyn ToSql> {
        match self {
            Self::Target(number) | Self::Extension(number) => Some(number),
            Self::Words(words) => Some(words),
            Self::All | Self::None => None,
        }
    }
}

/// Rows of a list, without those that are to be hidden.
pub(super) fn list(
    connection: &Connection,
    filter: &HistoryFilter,
    from: HistoryFrom,
    count: u32,
    is_hidden: impl Fn(RowId) -> bool,
) -> Result<HistoryList> {
    let calls: i64 = connection.query_row("SELECT calls FROM totals", [], |row| row.get(0))?;
    let mut list = HistoryList { calls: calls.max(0).cast_unsigned(), ..HistoryList::default() };
    let wanted = Wanted::of(connection, filter)?;
    if matches!(wanted, Wanted::None) {
        return Ok(list);
    }
    let count = count.clamp(1, MOST) as usize;
    let mut bound = from.bound();
    let mut statement = connection.prepare_cached(&wanted.statement(from.is_newer()))?;
    loop {
        // One more than wanted tells whether there are more.
        let limit = (count + 1) as i64;
        let mut parameters: Vec<&dyn ToSql> = vec![&bound, &limit];
        parameters.extend(wanted.parameter());
        let mut rows = statement.query(parameters.as_slice())?;
        let mut read = 0;
        let mut last = bound;
        while let Some(row) = rows.next()? {
            read += 1;
            last = row.get(0)?;
            // What a damaged row holds isn't shown, and hides no other.
            let Ok(row) = read_row(row) else { continue };
            if !is_hidden(row.row) {
                list.rows.push(row);
            }
        }
        if list.rows.len() > count || read < limit {
            break;
        }
        drop(rows);
        bound = last;
    }
    list.more = list.rows.len() > count;
    list.rows.truncate(count);
    if from.is_newer() {
        list.rows.reverse();
    }
    Ok(list)
}

/// One call, if the history has it.
pub(super) fn one(connection: &Connection, row: RowId) -> Result<Option<HistoryRow>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM calls c WHERE c.id = ?1"))?;
    let mut rows = statement.query([row])?;
    Ok(rows.next()?.and_then(|row| read_row(row).ok()))
}

fn read_row(row: &Row<'_>) -> Result<HistoryRow> {
    let wrong = |column, error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    };
    let (origin, outcome): (String, String) = (row.get(2)?, row.get(6)?);
    let took_us: Option<i64> = row.get(7)?;
    Ok(HistoryRow {
        row: row.get(0)?,
        began_ms: row.get::<_, i64>(1)?.max(0).cast_unsigned(),
        origin: serde_json::from_value(origin.into()).map_err(|error| wrong(2, error))?,
        label: row.get(3)?,
        text: row.get(4)?,
        http: row.get(5)?,
        outcome: serde_json::from_str(&outcome).map_err(|error| wrong(6, error))?,
        took_us: took_us.map(|took_us| took_us.max(0).cast_unsigned()),
        bytes: row.get::<_, i64>(8)?.max(0).cast_unsigned(),
        pinned: row.get(9)?,
        call: None,
    })
}

/// What calls can be filtered by.
pub(super) fn names(connection: &Connection) -> Result<HistoryNames> {
    let of = |kind: Kind, column: &str| -> Result<Vec<String>> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT name FROM names n WHERE kind = ?1 AND EXISTS (SELECT 1 FROM calls WHERE {column} = n.id)
             ORDER BY n.id DESC LIMIT ?2"
        ))?;
        let names = statement.query_map((kind as i64, NAMES), |row| row.get(0))?;
        names.collect()
    };
    Ok(HistoryNames { targets: of(Kind::Target, "target")?, extensions: of(Kind::Extension, "extension")? })
}

/// Rows of pinned calls, the oldest first.
pub(super) fn pinned(connection: &Connection) -> Result<Vec<RowId>> {
    let mut statement = connection.prepare_cached("SELECT id FROM calls WHERE pinned = 1 ORDER BY id")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::schema;

    #[test]
    fn what_is_typed_is_never_syntax() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        for text in ["\"", "a\"b", "*", "NOT", "a AND", "(x", "text:", "^a", "é", "-", "{} +", "\u{0}a"] {
            let filter = HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() };
            list(&connection, &filter, HistoryFrom::Newest, 9, |_| false).unwrap();
        }
    }

    /// A list that reads all calls would take seconds with a million of them. It did where the statistics were those of
    /// a history with one call.
    #[test]
    fn no_list_scans_or_sorts() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO calls VALUES (1, 1, 1, '', '', '', 1, 1, NULL, '', 1, 1, 1, 1, 0);
                 INSERT INTO words (rowid, text, keys) VALUES (1, 'a', 't1');
                 ANALYZE",
            )
            .unwrap();
        schema::forget_statistics(&connection).unwrap();
        let kinds = [Wanted::All, Wanted::Target(1), Wanted::Extension(1), Wanted::Words("text : \"a\" *".to_owned())];
        for (wanted, newer) in kinds.iter().flat_map(|wanted| [(wanted, true), (wanted, false)]) {
            let explain = format!("EXPLAIN QUERY PLAN {}", wanted.statement(newer));
            let mut statement = connection.prepare(&explain).unwrap();
            let mut parameters: Vec<&dyn ToSql> = vec![&1_i64, &2_i64];
            parameters.extend(wanted.parameter());
            let steps: Vec<String> = statement
                .query_map(parameters.as_slice(), |row| row.get(3))
                .unwrap()
                .map(|step| step.unwrap())
                .collect();
            let is_search = |step: &String| {
                step.starts_with("SEARCH") || (step.starts_with("SCAN w VIRTUAL TABLE INDEX") && step.contains(":M"))
            };
            assert!(!steps.is_empty() && steps.iter().all(is_search), "{wanted:?}: {steps:?}");
        }
    }
}

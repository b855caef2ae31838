//! The tables of the history, and how those of an earlier version become these.

use rusqlite::{Connection, Result, TransactionBehavior};

/// The version of the tables, in the database's `user_version`.
pub(super) const VERSION: i64 = 1;

/// Each step makes the tables of one version those of the next.
const STEPS: [&str; VERSION as usize] = [FIRST];

/// A call is one narrow row, so that lists read few pages; its facts, chunk times and small bodies are in tables beside it
/// and go with it. Numbers of calls only grow in time, so that every list is in the order of its primary key.
const FIRST: &str = "
CREATE TABLE starts (
    id INTEGER PRIMARY KEY,
    folder TEXT NOT NULL UNIQUE,
    clean INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (kind, name)
);
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    began_ms INTEGER NOT NULL,
    origin TEXT NOT NULL,
    label TEXT NOT NULL,
    text TEXT NOT NULL,
    http INTEGER NOT NULL,
    target INTEGER NOT NULL,
    extension INTEGER,
    outcome TEXT NOT NULL,
    took_us INTEGER,
    bytes INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    pinned INTEGER NOT NULL
);
CREATE INDEX calls_by_target ON calls (target, id);
CREATE INDEX calls_by_extension ON calls (extension, id);
CREATE INDEX calls_by_pin ON calls (pinned, id);
CREATE INDEX calls_going_on ON calls (id) WHERE ended = 0;
CREATE TABLE facts (id INTEGER PRIMARY KEY, json BLOB NOT NULL);
CREATE TABLE chunks (
    id INTEGER NOT NULL,
    first INTEGER NOT NULL,
    times BLOB NOT NULL,
    PRIMARY KEY (id, first)
) WITHOUT ROWID;
CREATE TABLE bodies (
    id INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (id, stream)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (
    text, keys, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), calls INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (1, 0, 0);
CREATE TRIGGER call_added AFTER INSERT ON calls BEGIN
    UPDATE totals SET calls = calls + 1, bytes = bytes + new.bytes + new.stored;
END;
CREATE TRIGGER call_changed AFTER UPDATE OF bytes, stored ON calls BEGIN
    UPDATE totals SET bytes = bytes + new.bytes + new.stored - old.bytes - old.stored;
END;
CREATE TRIGGER call_removed AFTER DELETE ON calls BEGIN
    UPDATE totals SET calls = calls - 1, bytes = bytes - old.bytes - old.stored;
    DELETE FROM facts WHERE id = old.id;
    DELETE FROM chunks WHERE id = old.id;
    DELETE FROM bodies WHERE id = old.id;
    DELETE FROM words WHERE rowid = old.id;
END;
";

/// Makes the tables those of this version. A newer Porthole's are left as they are: `false`.
pub(super) fn migrate(connection: &mut Connection) -> Result<bool> {
    let version = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    match version(connection)? {
        VERSION => return Ok(true),
        newer if newer > VERSION => return Ok(false),
        _ => {}
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // A negative number isn't one that Porthole writes: what is there isn't its tables.
    let done = version(&transaction)?.max(0) as usize;
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(true)
}

/// Whether the tables are those that the steps make: a byte that is another one in a name fails later, as a mistake in a
/// statement would.
pub(super) fn is_own(connection: &Connection) -> Result<bool> {
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh)?;
    Ok(texts(connection)? == texts(&fresh)?)
}

/// All but SQLite's own, such as its statistics.
fn texts(connection: &Connection) -> Result<Vec<(String, Option<String>)>> {
    let of_porthole = "SELECT name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY name, type";
    let mut all = connection.prepare(of_porthole)?;
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// How the connection that writes works: what is committed is there after a `kill -9`, and after a power cut at least all
/// up to the last checkpoint is.
pub(super) fn configure(connection: &Connection) -> Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // Removed calls leave nothing readable in the file.
    connection.pragma_update(None, "secure_delete", "fast")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Empties SQLite's statistics, which earlier versions had. Those of a history that had a few calls make it read all rows
/// for each hit of a search when there are a million: a table of one row is read as fast as its index.
pub(super) fn forget_statistics(connection: &Connection) -> Result<()> {
    for table in ["sqlite_stat1", "sqlite_stat4"] {
        if connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?1")?.exists([table])? {
            connection.execute_batch(&format!("DELETE FROM {table}; ANALYZE sqlite_schema"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte of a column's name was another one: every list failed, and nothing repaired it.
    #[test]
    fn a_column_of_another_name_is_seen_when_the_database_is_opened() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut connection).unwrap() && is_own(&connection).unwrap());
        connection.execute_batch("INSERT INTO names VALUES (1, 1, 'web'); ANALYZE").unwrap();
        assert!(is_own(&connection).unwrap(), "statistics are SQLite's own");
        connection.execute_batch("ALTER TABLE calls RENAME COLUMN outcome TO outcomf").unwrap();
        assert!(!is_own(&connection).unwrap());
    }

    #[test]
    fn the_tables_of_a_newer_version_are_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut connection).unwrap() && migrate(&mut connection).unwrap());
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        assert!(!migrate(&mut connection).unwrap());
    }
}

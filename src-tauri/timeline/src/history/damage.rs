//! A database that is damaged: it is set aside, what can be read of it is taken over, and files that no call has any more are
//! put beside it.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rusqlite::{Connection, ErrorCode, Result, ffi, params};

use super::{RowId, schema};
use porthole_base::{
    error::{Code, Error},
    private,
};

pub(super) const DATABASE: &str = "history.db";
/// What a folder with a damaged database is called, before the time.
const ASIDE: &str = "damaged-";
/// How often reading continues after a part that can't be read.
const JUMPS: u32 = 200;

/// Whether an error says that the file isn't a whole database.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// The same while it is opened: then a table may be missing, or hold what was never written into it.
fn is_unusable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as Sql;
    let wrong = matches!(
        error,
        Sql::FromSqlConversionFailure(..)
            | Sql::InvalidColumnType(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::QueryReturnedNoRows
    );
    wrong || is_damage(error) || error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

/// The database of this directory, and what became of the one before where that was damaged.
#[derive(Debug)]
pub(super) struct Opened {
    pub connection: Connection,
    pub aside: Option<Aside>,
}

/// A damaged database that was set aside.
#[derive(Debug)]
pub(super) struct Aside {
    pub folder: PathBuf,
    /// Calls that were taken over.
    pub saved: u64,
}

impl Aside {
    pub fn error(&self) -> Error {
        let saved = match self.saved {
            0 => "No calls could be recovered.".to_owned(),
            1 => "1 call was recovered.".to_owned(),
            many => format!("{many} calls were recovered."),
        };
        Error::new(Code::HistoryDamaged, "The history's database was damaged and has been set aside")
            .detail(format!("{saved} The damaged files are in {}", self.folder.display()))
            .hint("Calls are recorded in a new database. Delete the damaged files when you no longer need them.")
    }
}

/// Why there is no history.
#[derive(Debug)]
pub(super) enum Refused {
    Sql(rusqlite::Error),
    Io(io::Error),
    /// A newer Porthole wrote it.
    Newer,
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens the database, or makes a new one where there is none or it is damaged.
pub(super) fn open(directory: &Path) -> std::result::Result<Opened, Refused> {
    match open_as_it_is(directory) {
        Ok(connection) => Ok(Opened { connection, aside: None }),
        Err(Refused::Sql(error)) if is_unusable(&error) => {
            tracing::warn!(%error, "the history's database is damaged");
            let (connection, aside) = set_aside(directory)?;
            Ok(Opened { connection, aside: Some(aside) })
        }
        Err(refused) => Err(refused),
    }
}

fn open_as_it_is(directory: &Path) -> std::result::Result<Connection, Refused> {
    let path = directory.join(DATABASE);
    // SQLite gives its other files the rights of this one.
    private::file_options().append(true).create(true).open(&path)?;
    let mut connection = Connection::open(&path)?;
    schema::configure(&connection)?;
    if !schema::migrate(&mut connection)? {
        return Err(Refused::Newer);
    }
    if !schema::is_own(&connection)? {
        let damaged = ffi::Error::new(ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(damaged, Some("other tables than Porthole's".to_owned())).into());
    }
    schema::forget_statistics(&connection)?;
    look(&connection)?;
    Ok(connection)
}

/// Reads from each table what every start reads: a damage there is found now, and another where it is met.
fn look(connection: &Connection) -> Result<()> {
    connection
        .query_row("SELECT calls, bytes FROM totals", [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    for first in [
        "SELECT count(*) FROM (SELECT id FROM calls ORDER BY id DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT id FROM calls WHERE pinned = 1 LIMIT 1)",
        "SELECT count(*) FROM (SELECT id FROM facts ORDER BY id DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT id FROM chunks LIMIT 1)",
        "SELECT count(*) FROM (SELECT id FROM bodies LIMIT 1)",
        "SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH 'x' LIMIT 1)",
    ] {
        connection.query_row(first, [], |row| row.get::<_, i64>(0))?;
    }
    Ok(())
}

/// Moves the database into another folder and copies all readable calls into a new one. No connection to it may be open.
pub(super) fn set_aside(directory: &Path) -> std::result::Result<(Connection, Aside), Refused> {
    let since = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis()).unwrap_or_default();
    let folders = (0..).map(|number: u128| directory.join(format!("{ASIDE}{}", since + number)));
    let folder = folders.take(1000).find(|folder| private::create_new_directory(folder).is_ok());
    let folder = folder.ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
    for end in ["", "-wal", "-shm"] {
        let name = format!("{DATABASE}{end}");
        match fs::rename(directory.join(&name), folder.join(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let connection = open_as_it_is(directory)?;
    let saved = save(&connection, &folder.join(DATABASE)).unwrap_or_else(|error| {
        tracing::warn!(%error, "nothing more can be read of the damaged history");
        0
    });
    Ok((connection, Aside { folder, saved }))
}

/// Takes calls over, from both ends and behind what can't be read.
fn save(connection: &Connection, damaged: &Path) -> Result<u64> {
    connection.execute("ATTACH DATABASE ?1 AS damaged", params![damaged.to_string_lossy()])?;
    connection.execute_batch("BEGIN")?;
    let saved = save_attached(connection);
    connection.execute_batch("COMMIT")?;
    connection.execute_batch("DETACH DATABASE damaged")?;
    saved
}

fn save_attached(connection: &Connection) -> Result<u64> {
    for table in ["starts", "names"] {
        // Without all names, calls are saved without theirs.
        let _ = connection.execute(&format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM damaged.{table}"), []);
    }
    let mut saved = 0;
    for (order, beyond) in [("ASC", ">"), ("DESC", "<")] {
        let mut at = if order == "ASC" { i64::MIN } else { i64::MAX };
        let mut jump: i64 = 1;
        for _ in 0..JUMPS {
            let ids = format!("SELECT id FROM damaged.calls WHERE id {beyond} ?1 ORDER BY id {order}");
            let (read, last) = save_from(connection, &ids, at)?;
            saved += read.0;
            let Err(()) = last else { break };
            at = read.1.unwrap_or(at).saturating_add(if order == "ASC" { jump } else { -jump });
            jump = if read.0 > 0 { 1 } else { jump.saturating_mul(2) };
        }
    }
    Ok(saved)
}

/// How many were saved, and the last that was looked at; an error where reading ended before the end.
type Saved = ((u64, Option<RowId>), std::result::Result<(), ()>);

fn save_from(connection: &Connection, ids: &str, from: i64) -> Result<Saved> {
    let mut statement = match connection.prepare(ids) {
        Ok(statement) => statement,
        Err(_) => return Ok(((0, None), Ok(()))),
    };
    let mut rows = statement.query([from])?;
    let (mut saved, mut last) = (0, None);
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                let Ok(id) = row.get::<_, i64>(0) else { continue };
                last = Some(id);
                saved += u64::from(save_one(connection, id).unwrap_or_default());
            }
            Ok(None) => return Ok(((saved, last), Ok(()))),
            Err(_) => return Ok(((saved, last), Err(()))),
        }
    }
}

/// Saves one call with all that belongs to it, or nothing of it.
fn save_one(connection: &Connection, id: RowId) -> Result<bool> {
    connection.execute_batch("SAVEPOINT one")?;
    let saved = (|| {
        if connection.execute("INSERT OR IGNORE INTO main.calls SELECT * FROM damaged.calls WHERE id = ?1", [id])? == 0
        {
            return Ok(false);
        }
        let facts = connection.execute("INSERT INTO main.facts SELECT * FROM damaged.facts WHERE id = ?1", [id])?;
        connection.execute("INSERT INTO main.chunks SELECT * FROM damaged.chunks WHERE id = ?1", [id])?;
        connection.execute("INSERT INTO main.bodies SELECT * FROM damaged.bodies WHERE id = ?1", [id])?;
        connection.execute(
            "INSERT INTO main.words (rowid, text, keys)
             SELECT c.id,
                 c.text || ' ' || c.label || ' ' || c.origin || ' ' || coalesce(t.name, '') || ' ' || coalesce(e.name, ''),
                 't' || c.target || coalesce(' e' || c.extension, '')
             FROM main.calls c LEFT JOIN main.names t ON t.id = c.target LEFT JOIN main.names e ON e.id = c.extension
             WHERE c.id = ?1",
            [id],
        )?;
        Ok(facts > 0)
    })();
    match saved {
        Ok(true) => connection.execute_batch("RELEASE one")?,
        _ => connection.execute_batch("ROLLBACK TO one; RELEASE one")?,
    }
    saved
}

/// Removes files of calls that the history doesn't have, or moves them to where a damaged database is: it may have them.
pub(super) fn sweep(outputs: &Path, connection: &Connection, but: &Path, aside: Option<&Path>) -> Result<()> {
    for start in fs::read_dir(outputs).into_iter().flatten().flatten() {
        let folder = start.path();
        if folder == but || !start.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let mut missing: HashSet<RowId> = HashSet::new();
        for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = file.path();
            let row = path.file_stem().and_then(|stem| stem.to_str()?.parse::<RowId>().ok());
            let Some(row) = row else { continue };
            let is_there = !missing.contains(&row)
                && connection.prepare_cached("SELECT 1 FROM calls WHERE id = ?1")?.exists([row])?;
            if is_there {
                continue;
            }
            missing.insert(row);
            if let Err(error) = put_away(&path, &start.file_name(), aside) {
                tracing::warn!(%error, file = %path.display(), "a file of the history stays");
            }
        }
        // Only an empty one goes.
        let _ = fs::remove_dir(&folder);
    }
    Ok(())
}

fn put_away(file: &Path, start: &std::ffi::OsStr, aside: Option<&Path>) -> io::Result<()> {
    let Some(aside) = aside else { return fs::remove_file(file) };
    let folder = aside.join("outputs").join(start);
    private::create_directory(&folder)?;
    fs::rename(file, folder.join(file.file_name().unwrap_or_default()))
}

//! The history: every call, written while it runs and read again at any later start. A database has the facts, the times
//! of chunks and small bodies; larger outputs are in files beside it from their first byte.

mod damage;
mod find;
mod in_timeline;
mod journal;
mod open;
mod query;
mod quota;
mod rows;
mod schema;
mod task;

use std::{
    collections::HashMap,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, params};
use tokio::sync::Notify;

use crate::{Act, CallId, Outcome, summary::outcome};
use damage::{Aside, DATABASE, Opened, Refused};
pub(crate) use find::Finding;
pub use find::HistorySearch;
pub(crate) use journal::Recorded;
use journal::Written;
pub(crate) use open::Reopened;
use porthole_base::{
    error::{Code, Error, Result},
    private,
    random::random_id,
};
use porthole_output::DiskQuota;
pub use query::{HistoryFilter, HistoryFrom, HistoryList, HistoryNames, HistoryRow};
pub use task::HistoryState;
pub(crate) use task::keep_journal;

/// The number of a call in the history. A newer one has a higher one.
pub type RowId = i64;

const LOCK: &str = "lock";
const OUTPUTS: &str = "outputs";
/// How long another Porthole may take to end.
const LET_GO: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);

/// One history, which this process alone has.
#[derive(Debug)]
pub(crate) struct History {
    directory: PathBuf,
    /// Where outputs of this start are.
    folder: PathBuf,
    /// What the number of a call is added to.
    base: RowId,
    /// Whether new calls are recorded.
    recording: AtomicBool,
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
    /// Bytes that it counts for the quota: all but those of outputs in the timeline, which count themselves.
    counted: AtomicU64,
    /// It was found damaged; the next one who writes repairs it.
    damaged: AtomicBool,
    /// Someone waits for the output quota.
    wake: Notify,
    finding: Mutex<Finding>,
    /// Held while a call is put into the timeline: it must not get there twice.
    opening: tokio::sync::Mutex<()>,
    /// Locked until [`History::let_go`].
    lock: File,
}

#[derive(Debug)]
struct Writer {
    connection: Connection,
    /// The number of this start.
    start: i64,
    /// How much is written of the calls of this start that are in the timeline.
    written: HashMap<RowId, Written>,
    /// The revision of the timeline up to which all is written.
    since: u64,
}

impl History {
    /// Opens the history in this directory, or creates it. Its size on disk counts for the quota. The error is a notice for
    /// the user: the history works all the same.
    ///
    /// # Errors
    /// [`Code::HistoryInUse`] when another Porthole has it; [`Code::HistoryFailed`].
    pub fn open(directory: &Path, quota: &DiskQuota) -> Result<(Self, Option<Error>)> {
        private::create_directory(directory).map_err(|error| failed("create the history", &error.into()))?;
        let lock = lock(&directory.join(LOCK))?;
        let opening = |refused: Refused| failed("open the history", &refused);
        let Opened { connection, aside } = damage::open(directory).map_err(opening)?;
        let name = random_id()?;
        let folder = directory.join(OUTPUTS).join(&name);
        private::create_directory(&folder).map_err(|error| opening(error.into()))?;
        let start = begin(&connection, &directory.join(OUTPUTS), &name).map_err(|error| opening(error.into()))?;
        let reader = reader(directory).map_err(|error| opening(error.into()))?;
        quota.take(start.bytes);
        let counted = AtomicU64::new(start.bytes);
        if !start.was_clean || aside.is_some() {
            let aside = aside.as_ref().map(|aside| aside.folder.as_path());
            sweep_soon(directory, &folder, aside);
        }
        let writer = Writer { connection, start: start.number, written: HashMap::new(), since: 0 };
        let history = Self {
            directory: directory.to_owned(),
            folder,
            base: start.base,
            recording: AtomicBool::new(true),
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            counted,
            damaged: AtomicBool::new(false),
            wake: Notify::new(),
            finding: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            lock,
        };
        Ok((history, aside.as_ref().map(Aside::error)))
    }

    /// Lets another Porthole have it: nothing is written any more.
    pub fn let_go(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the history stays locked until Porthole ends");
        }
    }

    /// Whether new calls are recorded.
    pub fn is_recording(&self) -> bool {
        self.recording.load(Relaxed)
    }

    pub fn set_recording(&self, recording: bool) {
        self.recording.store(recording, Relaxed);
    }

    /// The number of a call that begins, and what the files of its output are named after.
    pub fn place(&self, call: CallId) -> (RowId, PathBuf) {
        let row = self.base + RowId::from(call);
        (row, self.folder.join(row.to_string()))
    }

    fn take(&self, quota: &DiskQuota, bytes: u64) {
        self.counted.fetch_add(bytes, Relaxed);
        quota.take(bytes);
    }

    fn give_back(&self, quota: &DiskQuota, bytes: u64) {
        let _ = self.counted.fetch_update(Relaxed, Relaxed, |counted| Some(counted.saturating_sub(bytes)));
        quota.give_back(bytes);
    }

    fn outputs(&self) -> PathBuf {
        self.directory.join(OUTPUTS)
    }

    /// Reads from the database.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.checked("read the history", read(&reader))
    }

    /// Notes whether an error says that the database is damaged.
    fn checked<T>(&self, doing: &str, done: rusqlite::Result<T>) -> Result<T> {
        done.map_err(|error| {
            if damage::is_damage(&error) {
                self.damaged.store(true, Relaxed);
                self.wake.notify_one();
            }
            failed(doing, &error.into())
        })
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A transaction that isn't committed is rolled back, and what is written down of it is written down after that.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more is written: the next start needs no repair. This waits for the disk.
    pub fn end(&self) {
        let writer = self.writer();
        let ended = writer
            .connection
            .execute("UPDATE starts SET clean = 1 WHERE id = ?1", [writer.start])
            .and_then(|_| writer.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        if let Err(error) = ended {
            tracing::warn!(%error, "the history can't be closed");
        }
        // Only an empty one goes.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// What a start finds.
struct Start {
    number: i64,
    base: RowId,
    bytes: u64,
    /// No start before was killed.
    was_clean: bool,
}

/// Begins a start. Calls that went on when an earlier one was killed go on no more.
fn begin(connection: &Connection, outputs: &Path, name: &str) -> rusqlite::Result<Start> {
    let was_clean = !connection.prepare("SELECT 1 FROM starts WHERE clean = 0")?.exists([])?;
    let transaction = connection.unchecked_transaction()?;
    end_left(&transaction, outputs)?;
    transaction.execute(
        "DELETE FROM starts WHERE clean = 1 AND NOT EXISTS (SELECT 1 FROM calls WHERE start = starts.id)",
        [],
    )?;
    transaction.execute("UPDATE starts SET clean = 1", [])?;
    transaction.execute("INSERT INTO starts (folder) VALUES (?1)", [name])?;
    let number = transaction.last_insert_rowid();
    let base: i64 = transaction.query_row("SELECT coalesce(max(id), 0) FROM calls", [], |row| row.get(0))?;
    let bytes: i64 = transaction.query_row("SELECT bytes FROM totals", [], |row| row.get(0))?;
    transaction.commit()?;
    // Room for each number that a timeline can give, also where a damaged row has the highest there is.
    let base = base.clamp(0, RowId::MAX - RowId::from(CallId::MAX));
    Ok(Start { number, base, bytes: bytes.max(0).cast_unsigned(), was_clean })
}

/// Ends the calls that a killed Porthole left, with as much as their files have.
fn end_left(connection: &Connection, outputs: &Path) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT c.id, c.bytes, s.folder FROM calls c LEFT JOIN starts s ON s.id = c.start WHERE c.ended = 0",
    )?;
    let left = statement
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?)))?;
    let cancelled = serde_json::to_string(&Outcome::Cancelled).unwrap_or_default();
    for call in left.collect::<rusqlite::Result<Vec<_>>>()? {
        let (row, bytes, folder) = call;
        let stem = folder.and_then(|folder| stem(outputs, &folder, row));
        let sizes = stem.into_iter().flat_map(|stem| ["stdout", "stderr"].map(|end| stem.with_extension(end)));
        let on_disk: u64 = sizes.filter_map(|file| Some(std::fs::metadata(file).ok()?.len())).sum();
        connection
            .prepare_cached("UPDATE calls SET ended = 1, outcome = ?2, bytes = ?3 WHERE id = ?1")?
            .execute(params![row, cancelled, bytes.max(on_disk.cast_signed())])?;
    }
    Ok(())
}

/// What the files of a call are named after. The folder's name comes from the database, and leads nowhere else.
fn stem(outputs: &Path, folder: &str, row: RowId) -> Option<PathBuf> {
    let is_name = !folder.is_empty() && folder.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| outputs.join(folder).join(row.to_string()))
}

fn reader(directory: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(directory.join(DATABASE), flags)?;
    reader.busy_timeout(Duration::from_secs(5))?;
    reader.pragma_update(None, "query_only", true)?;
    Ok(reader)
}

/// Removes files without a call in a separate thread, because there may be many. The thread ends when all are checked.
fn sweep_soon(directory: &Path, but: &Path, aside: Option<&Path>) {
    let (directory, but, aside) = (directory.to_owned(), but.to_owned(), aside.map(Path::to_owned));
    let swept = std::thread::Builder::new().name("history-sweep".to_owned()).spawn(move || {
        let swept = reader(&directory)
            .and_then(|reader| damage::sweep(&directory.join(OUTPUTS), &reader, &but, aside.as_deref()));
        if let Err(error) = swept {
            tracing::warn!(%error, "files without a call may stay in the history");
        }
    });
    if let Err(error) = swept {
        tracing::warn!(%error, "files without a call stay in the history");
    }
}

/// Takes the history. A Porthole that was closed a moment ago may still be writing what it recorded to the disk.
fn lock(path: &Path) -> Result<File> {
    let opened = private::file_options().read(true).write(true).create(true).truncate(false).open(path);
    let file = opened.map_err(|error| failed("open the history", &error.into()))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < LET_GO => std::thread::sleep(STEP),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(Code::HistoryInUse, "Another Porthole is using the history")
                    .hint("Calls in this window aren't written to the history. Close the other Porthole, then restart this one."));
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock the history", &error.into())),
        }
    }
}

fn failed(doing: &str, refused: &Refused) -> Error {
    let error = Error::new(Code::HistoryFailed, format!("Can't {doing}"));
    let is_full = |error: &rusqlite::Error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
    match refused {
        Refused::Newer => error
            .detail("A newer version of Porthole has written it.")
            .hint("Calls aren't recorded. Update Porthole to read the history."),
        Refused::Sql(sql) if is_full(sql) => full(error.detail(sql)),
        Refused::Io(io) if io.kind() == io::ErrorKind::StorageFull => full(error.detail(io)),
        Refused::Sql(sql) => error.detail(sql),
        Refused::Io(io) => error.detail(io),
    }
}

fn full(error: Error) -> Error {
    error.hint("The disk is full. Free up space: Porthole then writes the calls of the timeline to the history.")
}

/// The state of a call, as a list has it.
fn outcome_text(act: &Act) -> String {
    serde_json::to_string(&outcome(act)).unwrap_or_default()
}

impl Drop for History {
    fn drop(&mut self) {
        self.finding.get_mut().unwrap_or_else(PoisonError::into_inner).stop();
    }
}

// They start the demo backend.
#[cfg(all(test, unix))]
#[path = "damage_tests.rs"]
mod damage_tests;
#[cfg(all(test, unix))]
#[path = "history_tests.rs"]
mod tests;

//! The task that writes the history while calls go on: what changed, some times a second, in one transaction.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{
    History, HistorySearch, Recorded, RowId, Writer,
    damage::{self, Refused},
    failed, journal,
    journal::Updates,
    query, quota, reader, sweep_soon,
};
use crate::{CallId, Shared, aside};
use porthole_base::error::Error;

/// How long changes are collected: what a killed Porthole may lose.
pub(super) const EVERY: Duration = Duration::from_millis(400);
/// When what couldn't be written is written again.
const RETRY: Duration = Duration::from_secs(2);
/// Calls that are copied at once while the timeline waits.
const BATCH: usize = 64;

/// The state of the history, for the window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryState {
    /// Counts its changes: a caller that shows it asks for it again.
    #[ts(type = "number")]
    pub revision: u64,
    /// Whether there is one.
    pub available: bool,
    /// Why there is none, why something isn't in it, or that it was damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<Error>,
    /// The search in its bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub search: Option<HistorySearch>,
}

/// What came of writing.
pub(super) struct Done {
    /// The revision of the timeline up to which nothing is left to be looked at.
    seen: u64,
    /// Whether all could be written.
    pub all: bool,
}

/// Writes until it is to close, and then all that is left.
pub(crate) async fn keep_journal(shared: Arc<Shared>, history: Arc<History>, closing: CancellationToken) {
    let (mut seen, mut all) = (0, true);
    loop {
        let woken = {
            let mut revision = shared.revision.subscribe();
            tokio::select! {
                biased;
                () = closing.cancelled() => true,
                () = history.wake.notified() => true,
                _ = revision.wait_for(|revision| *revision > seen) => false,
                () = tokio::time::sleep(RETRY), if !all => true,
            }
        };
        // Unsubscribed meanwhile: otherwise each change of a call would wake this task.
        if !woken {
            tokio::select! {
                () = closing.cancelled() => {}
                () = history.wake.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        let is_last = closing.is_cancelled();
        let (to, of) = (Arc::clone(&history), Arc::clone(&shared));
        match aside(move || Ok(to.write(&of))).await {
            Ok(done) => (seen, all) = (done.seen, done.all),
            Err(error) => {
                tracing::error!(%error, "writing the history ended without a result");
                all = false;
            }
        }
        if is_last {
            break;
        }
    }
    let _ = aside(move || {
        if all {
            history.end();
        }
        history.let_go();
        Ok(())
    })
    .await;
}

impl History {
    /// Writes what changed, and removes the oldest calls where the output quota is reached.
    pub(super) fn write(&self, shared: &Shared) -> Done {
        let mut writer = self.writer();
        if self.damaged.load(Relaxed) {
            self.repair(shared, &mut writer);
        }
        let written = self.write_changed(shared, &mut writer);
        let trimmed = self.trim(shared, &mut writer);
        drop(writer);
        let revision = shared.store().revision;
        let all = match (&written, &trimmed) {
            (Ok(_), Ok(_)) => true,
            (Err(error), _) | (_, Err(error)) => {
                self.tell_failed(shared, error);
                false
            }
        };
        let (before, changed) = written.unwrap_or((revision, false));
        if !changed && !trimmed.unwrap_or_default() {
            return Done { seen: before, all };
        }
        let after = shared.change(|store| {
            store.history.revision += 1;
            if all && store.history_failed {
                (store.history_failed, store.history.trouble) = (false, None);
            }
            store.revision
        });
        // Its own change is nothing to be written.
        Done { seen: if after == before + 1 { after } else { before }, all }
    }

    fn tell_failed(&self, shared: &Shared, error: &rusqlite::Error) {
        if damage::is_damage(error) {
            self.damaged.store(true, Relaxed);
        }
        let told = failed_to_write(error);
        if shared.store().history.trouble.as_ref() != Some(&told) {
            tracing::warn!(%error, "calls can't be written to the history");
            shared.change(|store| {
                store.history.trouble = Some(told);
                store.history_failed = true;
            });
        }
    }

    /// Up to which revision all is written, and whether something was.
    fn write_changed(&self, shared: &Shared, writer: &mut Writer) -> rusqlite::Result<(u64, bool)> {
        let (revision, changed, in_timeline) = {
            let store = shared.store();
            let changed = store.changed_since(writer.since);
            (store.revision, changed, store.len())
        };
        let mut updates = Vec::new();
        if !changed.is_empty() {
            let transaction = writer.connection.transaction()?;
            for ids in changed.chunks(BATCH) {
                let calls: Vec<Recorded> = {
                    let store = shared.store();
                    ids.iter().filter_map(|id| store.recorded_in_history(*id)).collect()
                };
                updates.extend(journal::write(&transaction, writer.start, &calls, &writer.written)?);
            }
            transaction.commit()?;
        }
        writer.since = revision;
        let has_changed = !updates.is_empty();
        self.written(shared, writer, updates);
        if writer.written.len() > 1000 + 2 * in_timeline {
            let rows = shared.store().history_rows();
            writer.written.retain(|row, _| rows.contains(row));
        }
        Ok((revision, has_changed))
    }

    /// Notes what is there now.
    fn written(&self, shared: &Shared, writer: &mut Writer, updates: Updates) {
        for (row, now) in updates {
            let before = writer.written.insert(row, now).map_or(0, |before| before.stored());
            self.take(&shared.quota, now.stored().saturating_sub(before));
            self.give_back(&shared.quota, before.saturating_sub(now.stored()));
        }
    }

    /// Writes one call now, pinned or not. When it is to be pinned it is on the disk when this returns.
    pub(super) fn pin(&self, shared: &Shared, id: CallId, row: RowId, pinned: bool) -> Result<(), Refused> {
        let mut writer = self.writer();
        let writer = &mut *writer;
        let recorded = shared.store().recorded_in_history(id).filter(|recorded| recorded.row == row);
        if pinned && let Some(recorded) = &recorded {
            recorded.output.sync()?;
            #[cfg(unix)]
            std::fs::File::open(&self.folder)?.sync_all()?;
        }
        writer.connection.pragma_update(None, "synchronous", if pinned { "full" } else { "normal" })?;
        let done = match recorded.filter(|recorded| !recorded.reopened) {
            Some(recorded) => {
                let recorded = Recorded { pinned, ..recorded };
                let transaction = writer.connection.transaction()?;
                let updates = journal::write(&transaction, writer.start, &[recorded], &writer.written);
                updates.and_then(|updates| transaction.commit().map(|()| updates))
            }
            None => set_pinned(&writer.connection, row, pinned).map(|()| Vec::new()),
        };
        writer.connection.pragma_update(None, "synchronous", "normal")?;
        self.written(shared, writer, done?);
        Ok(())
    }

    /// Calls leave the timeline: the rest of them is written, and from now on the history counts their bytes. Returns those
    /// that couldn't be written.
    pub(crate) fn leave(&self, shared: &Shared, calls: Vec<Recorded>) -> BTreeSet<RowId> {
        let mut lost = BTreeSet::new();
        let mut writer = self.writer();
        for some in calls.chunks(BATCH) {
            let own = some.iter().filter(|call| !call.reopened);
            let own: Vec<Recorded> = own.cloned().collect();
            if let Err(error) = self.write_now(shared, &mut writer, &own) {
                self.tell_failed(shared, &error);
            }
            for Recorded { row, .. } in some {
                match bytes_of(&writer.connection, *row) {
                    Ok(Some(bytes)) => self.take(&shared.quota, bytes),
                    Ok(None) => drop(lost.insert(*row)),
                    // What can't be read may be there.
                    Err(error) => self.tell_failed(shared, &error),
                }
                writer.written.remove(row);
            }
        }
        lost
    }

    fn write_now(&self, shared: &Shared, writer: &mut Writer, calls: &[Recorded]) -> rusqlite::Result<()> {
        let transaction = writer.connection.transaction()?;
        let updates = journal::write(&transaction, writer.start, calls, &writer.written)?;
        transaction.commit()?;
        self.written(shared, writer, updates);
        Ok(())
    }

    /// Removes calls that aren't in the timeline.
    pub(crate) fn remove(&self, shared: &Shared, rows: &[RowId]) -> rusqlite::Result<()> {
        let freed = quota::remove(&mut self.writer().connection, &self.outputs(), rows)?;
        self.give_back(&shared.quota, freed.bytes);
        Ok(())
    }

    /// Removes the oldest that are neither pinned nor in the timeline until there is some room; whether it removed any.
    fn trim(&self, shared: &Shared, writer: &mut Writer) -> rusqlite::Result<bool> {
        let quota = &shared.quota;
        // A little more than needed, so that not each call has to remove another.
        let limit = quota.quota() - quota.quota() / 50;
        let mut removed = false;
        let mut after = RowId::MIN;
        while quota.used() > limit {
            let oldest = quota::oldest(&writer.connection, after)?;
            let Some((last, _)) = oldest.last() else { break };
            after = *last;
            let shown = shared.store().history_rows();
            let mut excess = quota.used().saturating_sub(limit);
            let mut rows = Vec::new();
            for (row, bytes) in oldest.iter().filter(|(row, _)| !shown.contains(row)) {
                rows.push(*row);
                excess = excess.saturating_sub(*bytes);
                if excess == 0 {
                    break;
                }
            }
            let freed = quota::remove(&mut writer.connection, &self.outputs(), &rows)?;
            self.give_back(quota, freed.bytes);
            removed |= freed.calls > 0;
        }
        Ok(removed)
    }

    /// Removes all that are neither pinned nor in the timeline.
    pub(crate) fn remove_all(&self, shared: &Shared) -> rusqlite::Result<()> {
        let mut after = RowId::MIN;
        loop {
            let oldest = quota::oldest(&self.writer().connection, after)?;
            let Some((last, _)) = oldest.last() else { break };
            after = *last;
            let shown = shared.store().history_rows();
            let rows: Vec<RowId> = oldest.iter().map(|(row, _)| *row).filter(|row| !shown.contains(row)).collect();
            self.remove(shared, &rows)?;
        }
        let writer = self.writer();
        // Names of targets and extensions tell something as well.
        writer.connection.execute_batch(
            "DELETE FROM names WHERE kind = 0 AND NOT EXISTS (SELECT 1 FROM calls WHERE target = names.id);
             DELETE FROM names WHERE kind = 1 AND NOT EXISTS (SELECT 1 FROM calls WHERE extension = names.id);
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
    }

    /// Puts a new database in the place of a damaged one. What the timeline has is written again.
    fn repair(&self, shared: &Shared, writer: &mut Writer) {
        match self.replace(shared, writer) {
            Ok(told) => {
                self.damaged.store(false, Relaxed);
                shared.change(|store| {
                    store.history.revision += 1;
                    (store.history.trouble, store.history_failed) = (Some(told), false);
                });
            }
            Err(refused) => {
                let told = failed("repair the history", &refused);
                tracing::warn!(error = %told, "the history is damaged");
                shared.change(|store| (store.history.trouble, store.history_failed) = (Some(told), true));
            }
        }
    }

    fn replace(&self, shared: &Shared, writer: &mut Writer) -> Result<Error, Refused> {
        let reading = &mut *self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing may have it open when it is moved.
        *reading = Connection::open_in_memory()?;
        writer.connection = Connection::open_in_memory()?;
        let (connection, aside) = damage::set_aside(&self.directory)?;
        (writer.connection, *reading) = (connection, reader(&self.directory)?);
        let name = self.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        writer.connection.execute("INSERT OR IGNORE INTO starts (folder) VALUES (?1)", [&name])?;
        writer.start =
            writer.connection.query_row("SELECT id FROM starts WHERE folder = ?1", [&name], |row| row.get(0))?;
        (writer.since, writer.written) = (0, Default::default());
        let (shown, written) = {
            let store = shared.store();
            (store.history_rows(), store.written_rows())
        };
        for row in &written {
            writer.connection.prepare_cached("DELETE FROM calls WHERE id = ?1")?.execute([row])?;
        }
        let mut bytes: i64 = writer.connection.query_row("SELECT bytes FROM totals", [], |row| row.get(0))?;
        for row in shown.difference(&written) {
            bytes -= bytes_of(&writer.connection, *row)?.unwrap_or_default().cast_signed();
        }
        let before = self.counted.load(Relaxed);
        self.give_back(&shared.quota, before);
        self.take(&shared.quota, bytes.max(0).cast_unsigned());
        sweep_soon(&self.directory, &self.folder, Some(&aside.folder));
        Ok(aside.error())
    }

    /// Rows of pinned calls, the oldest first.
    pub(crate) fn pinned(&self) -> porthole_base::error::Result<Vec<RowId>> {
        self.read(query::pinned)
    }
}

fn failed_to_write(error: &rusqlite::Error) -> Error {
    // Errors of SQLite can't be copied; what they say can.
    let copy = match error {
        rusqlite::Error::SqliteFailure(code, message) => rusqlite::Error::SqliteFailure(*code, message.clone()),
        other => return failed("write the history", &Refused::Io(io::Error::other(other.to_string()))),
    };
    failed("write the history", &Refused::Sql(copy))
}

fn set_pinned(connection: &Connection, row: RowId, pinned: bool) -> rusqlite::Result<()> {
    match connection.execute("UPDATE calls SET pinned = ?2 WHERE id = ?1", params![row, pinned])? {
        0 => Err(rusqlite::Error::QueryReturnedNoRows),
        _ => Ok(()),
    }
}

fn bytes_of(connection: &Connection, row: RowId) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("SELECT bytes FROM calls WHERE id = ?1")?
        .query_row([row], |row| Ok(row.get::<_, i64>(0)?.max(0).cast_unsigned()))
        .optional()
}

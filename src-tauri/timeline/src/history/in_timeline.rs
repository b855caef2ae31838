//! What a window does with the history: it lists calls, opens them in the timeline, pins and removes them.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::{
    History, HistoryFilter, HistoryFrom, HistoryList, HistoryNames, HistoryRow, Reopened, RowId, failed, keep_journal,
    open, query,
};
use crate::{Call, CallId, Shared, Timeline, aside, diagnosing::diagnosed};
use porthole_base::error::{Code, Error, Result};
use porthole_sdk::diagnostic::DiagnosticCounts;

impl Timeline {
    /// Records all calls from now on in the history in this directory, and puts its pinned calls into the timeline. Where it
    /// can't be used, calls are recorded for this start only, and the changes say why.
    pub async fn open_history(&self, directory: &Path, recording: bool) {
        let (directory, quota) = (directory.to_owned(), Arc::clone(&self.shared.quota));
        let (history, trouble) = match aside(move || History::open(&directory, &quota)).await {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, detail = error.detail, "there is no history");
                return self.shared.change(|store| store.history.trouble = Some(error));
            }
        };
        history.set_recording(recording);
        let history = Arc::new(history);
        if self.shared.history.set(Arc::clone(&history)).is_err() {
            return;
        }
        self.shared.change(|store| {
            (store.history.available, store.history.trouble) = (true, trouble);
            store.history.revision += 1;
        });
        let closing = CancellationToken::new();
        let task = tokio::spawn(keep_journal(Arc::clone(&self.shared), history, closing.clone()));
        *self.journal.lock().unwrap_or_else(PoisonError::into_inner) = Some((closing, task));
        self.reopen_pinned().await;
    }

    /// Records new calls, or keeps nothing of them. What is recorded stays.
    pub fn record_history(&self, recording: bool) {
        if let Some(history) = self.shared.history.get() {
            history.set_recording(recording);
        }
    }

    /// What the extension that is open is called, for calls that begin from now on.
    pub fn set_extension_name(&self, name: Option<&str>) {
        self.shared.store().extension_name = name.map(Arc::from);
    }

    async fn reopen_pinned(&self) {
        let Ok(history) = self.history() else { return };
        let read = {
            let history = Arc::clone(&history);
            aside(move || history.pinned()).await
        };
        let rows = match read {
            Ok(rows) => rows,
            Err(error) => return tracing::warn!(%error, "pinned calls can't be read"),
        };
        // They have their numbers before anything new begins, so that they come before it.
        let numbered: Vec<(CallId, RowId)> =
            rows.into_iter().map(|row| (self.shared.change(|store| store.next_id()), row)).collect();
        let shared = Arc::clone(&self.shared);
        self.own(async move {
            for (id, row) in numbered {
                let (shared, history) = (Arc::clone(&shared), Arc::clone(&history));
                let read = aside(move || shared.reopen_row(&history, row, || id)).await;
                if let Err(error) = read {
                    tracing::warn!(%error, row, "a pinned call can't be read");
                }
            }
        });
    }

    pub(super) fn history(&self) -> Result<Arc<History>> {
        self.shared.history.get().map(Arc::clone).ok_or_else(|| {
            let trouble = self.shared.store().history.trouble.clone();
            trouble.unwrap_or_else(|| Error::new(Code::HistoryFailed, "There is no history"))
        })
    }

    /// Calls of the history, the newest first.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`].
    pub async fn history_list(&self, filter: HistoryFilter, from: HistoryFrom, count: u32) -> Result<HistoryList> {
        let (history, shared) = (self.history()?, Arc::clone(&self.shared));
        aside(move || {
            let hidden = shared.store().hidden_rows();
            let is_hidden = |row| hidden.contains(&row);
            let mut list = history.read(|reader| query::list(reader, &filter, from, count, is_hidden))?;
            shared.name_calls(&mut list.rows);
            Ok(list)
        })
        .await
    }

    /// What calls of the history can be filtered by.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`].
    pub async fn history_names(&self) -> Result<HistoryNames> {
        let history = self.history()?;
        aside(move || history.read(query::names)).await
    }

    /// Puts a call of the history into the timeline, and tells its number there.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::HistoryFailed`].
    pub async fn history_open(&self, row: RowId) -> Result<CallId> {
        let (history, shared) = (self.history()?, Arc::clone(&self.shared));
        let _one_at_a_time = history.opening.lock().await;
        if let Some(id) = shared.store().call_of_row(row) {
            return Ok(id);
        }
        let history = Arc::clone(&history);
        aside(move || {
            let next = || shared.change(|store| store.next_id());
            shared.reopen_row(&history, row, next)
        })
        .await
    }

    /// Pins a call of the history, or lets it go.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::PinFailed`], [`Code::HistoryFailed`].
    pub async fn history_pin(&self, row: RowId, pinned: bool) -> Result<()> {
        let (history, shared) = (self.history()?, Arc::clone(&self.shared));
        let call = shared.store().call_of_row(row);
        aside(move || shared.pin_row(&history, call.unwrap_or_default(), row, pinned)).await
    }

    /// Removes calls of the history, also from the timeline. It can be undone for some seconds.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`].
    pub async fn history_delete(&self, rows: BTreeSet<RowId>) -> Result<()> {
        let (history, of) = (self.history()?, Arc::clone(&self.shared));
        let (calls, others): (Vec<_>, Vec<_>) = {
            let store = of.store();
            rows.into_iter().map(|row| (row, store.call_of_row(row))).partition(|(_, call)| call.is_some())
        };
        let others: Vec<RowId> = others.into_iter().map(|(row, _)| row).collect();
        let text = match others.as_slice() {
            [only] => {
                let only = *only;
                aside(move || history.read(|reader| query::one(reader, only))).await?.map(|row| row.text)
            }
            _ => None,
        };
        let calls: BTreeSet<CallId> = calls.into_iter().filter_map(|(_, call)| call).collect();
        self.remove_rows(&calls, others, text);
        Ok(())
    }

    /// Removes all that isn't pinned and doesn't go on, from the timeline too. It can't be undone.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`].
    pub async fn history_clear(&self) -> Result<()> {
        let (history, shared) = (self.history()?, Arc::clone(&self.shared));
        self.clear_for_good();
        let cleared = aside(move || {
            shared.end_removals();
            let cleared = history.remove_all(&shared);
            shared.change(|store| store.history.revision += 1);
            history.checked("clear the history", cleared)
        });
        cleared.await
    }
}

impl Shared {
    /// The history, if calls that begin now are recorded in it.
    pub(crate) fn recording(&self) -> Option<&Arc<History>> {
        self.history.get().filter(|history| history.is_recording())
    }

    pub(super) fn name_calls(&self, rows: &mut [HistoryRow]) {
        let store = self.store();
        let calls = store.rows_with_calls();
        for row in rows {
            row.call = calls.get(&row.row).copied();
        }
    }

    /// Puts a call of an earlier start into the timeline.
    fn reopen_row(&self, history: &History, row: RowId, id: impl FnOnce() -> CallId) -> Result<CallId> {
        let stored = history.read(|reader| open::read(reader, row))?;
        let stored = stored.ok_or_else(|| Error::new(Code::CallNotFound, "The history no longer has this call"))?;
        let id = id();
        let Reopened { call, output, bytes, pinned, trouble } =
            stored.open(&history.outputs(), row, &self.stem(id), &self.quota);
        // From here on its output counts itself.
        history.give_back(&self.quota, bytes);
        let call = Call { id, ..call };
        let found = diagnosed(&call, &output).map(|diagnostics| DiagnosticCounts::of(&diagnostics)).unwrap_or_default();
        self.change(|store| {
            let over = CancellationToken::new();
            over.cancel();
            store.insert(call, Arc::new(output), None, over);
            store.set_reopened(id, row, pinned);
            if trouble.is_some() {
                store.set_keep_failed(id, trouble);
            }
            store.set_found(id, found);
            store.history.revision += 1;
        });
        Ok(id)
    }

    /// Pins a call, or lets it go; `id` is its number if it is in the timeline.
    pub(crate) fn pin_row(&self, history: &History, id: CallId, row: RowId, pinned: bool) -> Result<()> {
        history.pin(self, id, row, pinned).map_err(|refused| {
            let failed = failed("pin the call", &refused);
            Error { code: Code::PinFailed, ..failed }
        })?;
        self.change(|store| {
            store.set_pinned(id, pinned);
            store.history.revision += 1;
        });
        Ok(())
    }

    /// Nothing waits for the output quota in vain where the history has calls that may go.
    pub(crate) fn make_room(&self) {
        if let Some(history) = self.history.get() {
            history.wake.notify_one();
        }
    }
}

//! Which calls of the timeline are in the history.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Recorded, RowId};
use crate::{
    CallId,
    call_store::{CallStore, Entry},
};

impl CallStore {
    /// A call is recorded in this row of the history.
    pub(crate) fn set_row(&mut self, id: CallId, row: RowId) {
        if let Some(entry) = self.changed(id) {
            entry.row = Some(row);
        }
    }

    /// A call is one of an earlier start.
    pub(crate) fn set_reopened(&mut self, id: CallId, row: RowId, pinned: bool) {
        if let Some(entry) = self.changed(id) {
            (entry.row, entry.pinned, entry.reopened) = (Some(row), pinned, true);
        }
    }

    pub(crate) fn set_pinned(&mut self, id: CallId, pinned: bool) {
        if let Some(entry) = self.changed(id) {
            entry.pinned = pinned;
        }
    }

    pub(crate) fn row_of(&self, id: CallId) -> Option<RowId> {
        self.entries.get(&id)?.row
    }

    pub(crate) fn call_of_row(&self, row: RowId) -> Option<CallId> {
        self.entries.values().rev().find(|entry| entry.row == Some(row)).map(|entry| entry.call.id)
    }

    pub(crate) fn rows_with_calls(&self) -> BTreeMap<RowId, CallId> {
        self.entries.values().filter_map(|entry| Some((entry.row?, entry.call.id))).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Rows of calls that are in the timeline, or can be put back into it.
    pub(crate) fn history_rows(&self) -> BTreeSet<RowId> {
        let entries = self.entries.values().chain(self.removals.entries());
        entries.filter_map(|entry| entry.row).chain(self.removals.rows()).collect()
    }

    /// Rows of calls that were deleted, as long as that can be undone.
    pub(crate) fn hidden_rows(&self) -> BTreeSet<RowId> {
        self.removals.deleted_rows().collect()
    }

    /// Calls that are written as they go on.
    fn written(&self) -> impl Iterator<Item = (&Entry, RowId)> {
        let entries = self.entries.values().chain(self.removals.entries());
        entries.filter_map(|entry| Some((entry, entry.row.filter(|_| !entry.reopened)?)))
    }

    /// Calls to be written, because they changed after a revision.
    pub(crate) fn changed_since(&self, since: u64) -> Vec<CallId> {
        let changed = self.written().filter(|(entry, _)| entry.changed_at > since);
        changed.map(|(entry, _)| entry.call.id).collect()
    }

    /// Rows of calls that are written as they go on.
    pub(crate) fn written_rows(&self) -> BTreeSet<RowId> {
        self.written().map(|(_, row)| row).collect()
    }

    pub(crate) fn recorded_in_history(&self, id: CallId) -> Option<Recorded> {
        self.entries.get(&id).or_else(|| self.removals.entry(id))?.recorded()
    }
}

impl Entry {
    /// The call as the history writes it, if it is recorded there.
    pub(crate) fn recorded(&self) -> Option<Recorded> {
        Some(Recorded {
            row: self.row?,
            call: Arc::clone(&self.call),
            output: Arc::clone(&self.output),
            extension: self.extension.clone(),
            pinned: self.pinned,
            reopened: self.reopened,
        })
    }
}

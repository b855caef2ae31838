//! Calls that the user removed: hidden at once, and put back or gone for good some seconds later.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    CallId, Removal, Shared, Timeline,
    call_store::{CallStore, Entry},
    history::RowId,
    summary::text_of,
};
use porthole_base::{
    error::{Code, Error, Result},
    memory,
};

/// How long a removal can be undone.
const GRACE: Duration = Duration::from_secs(10);
/// Removals that can be undone at the same time.
const MOST: usize = 3;

/// Removed calls that may be put back.
#[derive(Debug, Default)]
pub(super) struct Removals {
    last: u32,
    waiting: Vec<Removed>,
}

#[derive(Debug)]
struct Removed {
    number: u32,
    /// In the order of their numbers.
    entries: Vec<Entry>,
    /// Calls of the history that aren't in the timeline.
    rows: Vec<RowId>,
    /// The text of the only one of those.
    text: Option<String>,
    /// They go from the history as well.
    deleted: bool,
    /// True while the user looks at the offer to undo it: its time is stopped. Dropped with the removal.
    held: watch::Sender<bool>,
}

impl Removals {
    pub fn entry(&self, id: CallId) -> Option<&Entry> {
        self.waiting.iter().find_map(|removed| removed.entries.get(removed.place(id)?))
    }

    pub fn entry_mut(&mut self, id: CallId) -> Option<&mut Entry> {
        self.waiting.iter_mut().find_map(|removed| {
            let place = removed.place(id)?;
            removed.entries.get_mut(place)
        })
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.waiting.iter().flat_map(|removed| &removed.entries)
    }

    /// Calls of the history that aren't in the timeline.
    pub fn rows(&self) -> impl Iterator<Item = RowId> {
        self.waiting.iter().flat_map(|removed| removed.rows.iter().copied())
    }

    /// All calls that go from the history.
    pub fn deleted_rows(&self) -> impl Iterator<Item = RowId> {
        let deleted = self.waiting.iter().filter(|removed| removed.deleted);
        deleted.flat_map(|removed| {
            removed.entries.iter().filter_map(|entry| entry.row).chain(removed.rows.iter().copied())
        })
    }

    pub fn list(&self) -> Vec<Removal> {
        self.waiting.iter().map(Removed::told).collect()
    }

    fn take(&mut self, number: u32) -> Option<Removed> {
        let at = self.waiting.iter().position(|removed| removed.number == number)?;
        Some(self.waiting.remove(at))
    }
}

impl Removed {
    fn place(&self, id: CallId) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.call.id).ok()
    }

    fn told(&self) -> Removal {
        let text = match (self.entries.as_slice(), self.rows.len()) {
            ([only], 0) => Some(text_of(&only.call.act)),
            ([], 1) => self.text.clone(),
            _ => None,
        };
        let calls = u32::try_from(self.entries.len() + self.rows.len()).unwrap_or(u32::MAX);
        Removal { number: self.number, calls, text, deleted: self.deleted }
    }

    /// Removes the files of what nothing uses any more, and what was deleted from the history. This waits for the disk.
    fn end(self, shared: &Shared) {
        let Self { entries, mut rows, deleted, .. } = self;
        let history = shared.history.get();
        let recorded = entries.iter().filter_map(Entry::recorded).collect();
        let lost = history.map(|history| history.leave(shared, recorded)).unwrap_or_default();
        for entry in entries {
            let stays = entry.row.is_some_and(|row| !lost.contains(&row));
            entry.output.keep(stays);
            if let Some(kept) = entry.kept {
                kept.remove();
            }
            rows.extend(entry.row.filter(|_| stays));
        }
        if let Some(history) = history.filter(|_| deleted && !rows.is_empty())
            && let Err(error) = history.remove(shared, &rows)
        {
            tracing::warn!(%error, "deleted calls stay in the history");
        }
        shared.make_room();
    }
}

impl Timeline {
    /// Removes ended Calls, but for those that are kept. It can be undone for some seconds, unless the outputs have used
    /// up their part of the disk: then the files go at once.
    pub fn clear(&self) {
        self.remove(false, |store| (store.clear(), Vec::new(), None));
    }

    /// Removes those of these Calls that have ended, kept ones too, as [`clear`](Self::clear) does.
    pub fn delete(&self, ids: &BTreeSet<CallId>) {
        self.remove(true, |store| (store.delete(ids), Vec::new(), None));
    }

    /// Removes all Calls that have ended, kept ones too, and all that was removed before. It can't be undone.
    pub async fn remove_for_good(&self) {
        self.remove(true, |store| (store.take_ended(), Vec::new(), None));
        let shared = Arc::clone(&self.shared);
        let over = shared.change(|store| std::mem::take(&mut store.removals.waiting));
        let _ = tokio::task::spawn_blocking(move || end(&shared, over)).await;
    }

    /// Deletes these calls and these of the history; `text` is that of the only one of those.
    pub(super) fn remove_rows(&self, ids: &BTreeSet<CallId>, rows: Vec<RowId>, text: Option<String>) {
        self.remove(true, |store| {
            store.history.revision += 1;
            (store.delete(ids), rows, text)
        });
    }

    /// Removes ended Calls, but for those that are kept, from the history too, at once.
    pub(super) fn clear_for_good(&self) {
        self.remove(true, |store| (store.clear(), Vec::new(), None));
    }

    pub(super) fn remove(
        &self,
        deleted: bool,
        take: impl FnOnce(&mut CallStore) -> (Vec<Entry>, Vec<RowId>, Option<String>),
    ) {
        let full = self.shared.quota.is_full();
        let (begun, over) = self.shared.change(|store| {
            let (entries, rows, text) = take(store);
            if entries.is_empty() && rows.is_empty() {
                return (None, Vec::new());
            }
            let removals = &mut store.removals;
            removals.last = removals.last.wrapping_add(1);
            let (held, watched) = watch::channel(false);
            let number = removals.last;
            removals.waiting.push(Removed { number, entries, rows, text, deleted, held });
            let over = if full { removals.waiting.len() } else { removals.waiting.len().saturating_sub(MOST) };
            (Some((number, watched)), removals.waiting.drain(..over).collect())
        });
        self.forget_search_of_cleared();
        self.forget_derived_of_cleared();
        self.shared.uncounted().retain(|id| self.shared.store().is_recorded(id));
        // Files are removed after the lock is gone.
        end(&self.shared, over);
        if let Some((number, watched)) = begun.filter(|_| !full) {
            let shared = Arc::clone(&self.shared);
            self.own(async move {
                if has_passed(watched).await {
                    let over = shared.change(|store| store.removals.take(number));
                    let _ = tokio::task::spawn_blocking(move || end(&shared, over)).await;
                }
            });
        }
    }

    /// Puts the Calls of a removal back.
    ///
    /// # Errors
    /// [`Code::RemovalOver`] when their files are gone.
    pub fn undo_removal(&self, number: u32) -> Result<()> {
        let undone = self.shared.change(|store| {
            let removed = store.removals.take(number)?;
            store.put_back(removed.entries);
            store.history.revision += 1;
            Some(())
        });
        undone.ok_or_else(|| Error::new(Code::RemovalOver, "Too late to undo: the calls and their output are deleted"))
    }

    /// Stops the time in which a removal can be undone, or has it begin again. Nothing happens when it is over.
    pub fn hold_removal(&self, number: u32, held: bool) {
        let store = self.shared.store();
        if let Some(removed) = store.removals.waiting.iter().find(|removed| removed.number == number) {
            removed.held.send_replace(held);
        }
    }

    /// Ends the time in which a removal can be undone. Nothing happens when it is over.
    pub async fn end_removal(&self, number: u32) {
        let shared = Arc::clone(&self.shared);
        let over = shared.change(|store| store.removals.take(number));
        let _ = tokio::task::spawn_blocking(move || end(&shared, over)).await;
    }

    /// The window was loaded again: it holds none of the offers to undo.
    pub fn release_removals(&self) {
        for removed in &self.shared.store().removals.waiting {
            removed.held.send_replace(false);
        }
    }
}

impl Shared {
    /// Removes the files of all that could still be put back.
    pub(super) fn end_removals(&self) {
        if self.store().removals.waiting.is_empty() {
            return;
        }
        end(self, self.change(|store| std::mem::take(&mut store.removals.waiting)));
    }
}

fn end(shared: &Shared, over: impl IntoIterator<Item = Removed>) {
    let mut ended = false;
    for removed in over {
        removed.end(shared);
        ended = true;
    }
    if ended {
        memory::give_back();
    }
}

/// Waits until the time has passed without a hold; false when the removal was undone or ended before.
async fn has_passed(mut held: watch::Receiver<bool>) -> bool {
    loop {
        if held.wait_for(|held| !held).await.is_err() {
            return false;
        }
        match tokio::time::timeout(GRACE, held.wait_for(|held| *held)).await {
            Err(_) => return true,
            Ok(Err(_)) => return false,
            Ok(Ok(_)) => {}
        }
    }
}

#[cfg(all(test, unix))]
#[path = "removal_tests.rs"]
mod tests;

//! The history, as the window shows it.

use porthole_base::error::Result;
use porthole_timeline::{HistoryFilter, HistoryFrom, HistoryList, HistoryNames, RowId};

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn history_list(&self, filter: HistoryFilter, from: HistoryFrom, count: u32) -> Result<HistoryList> {
        self.timeline.history_list(filter, from, count).await
    }

    pub async fn history_names(&self) -> Result<HistoryNames> {
        self.timeline.history_names().await
    }

    pub async fn history_open(&self, row: RowId) -> Result<u32> {
        self.timeline.history_open(row).await
    }

    pub async fn history_pin(&self, row: RowId, pinned: bool) -> Result<()> {
        self.timeline.history_pin(row, pinned).await
    }

    pub async fn history_delete(&self, rows: Vec<RowId>) -> Result<()> {
        self.timeline.history_delete(rows.into_iter().collect()).await
    }

    pub async fn history_clear(&self) -> Result<()> {
        self.timeline.history_clear().await
    }

    pub async fn history_search(&self, filter: HistoryFilter, text: String) -> Result<()> {
        self.timeline.history_search(filter, text)
    }

    pub async fn history_search_stop(&self) -> Result<()> {
        self.timeline.history_search_stop();
        Ok(())
    }

    pub async fn history_found(&self, from: u32, count: u32) -> Result<HistoryList> {
        self.timeline.history_found(from, count).await
    }
}

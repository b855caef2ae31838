//! The search in bodies and outputs of the history: one at a time, from the newest call to the oldest.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{History, HistoryFilter, HistoryFrom, HistoryList, RowId, open, query};
use crate::{CallId, Shared, Timeline, aside};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{Decoded, DiskQuota, Output, Query, Search, SearchState, View};

/// Calls that are found before the search stops.
const MOST: usize = 1000;
/// Calls that are listed at once.
const PAGE: u32 = 64;
/// The shortest time between two reports.
const REPORT: Duration = Duration::from_millis(100);

/// The running or finished search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistorySearch {
    /// What is looked for.
    pub text: String,
    /// How many calls were looked at.
    #[ts(type = "number")]
    pub looked: u64,
    /// How many have it.
    pub found: u32,
    /// Whether it is running.
    pub state: SearchState,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<Error>,
}

/// What the search found so far.
#[derive(Debug, Default)]
pub(crate) struct Finding {
    rows: Vec<RowId>,
    stop: Option<CancellationToken>,
}

impl Finding {
    /// Ends the running search.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.cancel();
        }
    }
}

impl Timeline {
    /// Searches the outputs of calls of the history, in place of the search before. Progress is part of the changes.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`]; [`Code::SearchInvalid`] when there is nothing to look for.
    pub fn history_search(&self, filter: HistoryFilter, text: String) -> Result<()> {
        let history = self.history()?;
        if text.is_empty() {
            return Err(Error::new(Code::SearchInvalid, "The search text is empty"));
        }
        let stop = CancellationToken::new();
        {
            let mut finding = history.finding();
            finding.stop();
            *finding = Finding { rows: Vec::new(), stop: Some(stop.clone()) };
        }
        let search = HistorySearch { text, looked: 0, found: 0, state: SearchState::Running, trouble: None };
        let mut going = Going { shared: Arc::clone(&self.shared), history, filter, stop, search, told: None };
        going.tell();
        self.own(async move {
            let _ = aside(move || {
                going.run();
                Ok(())
            })
            .await;
        });
        Ok(())
    }

    /// Stops the search; what it found stays.
    pub fn history_search_stop(&self) {
        if let Ok(history) = self.history() {
            history.finding().stop();
        }
    }

    /// Calls that the search found, from the nth on, the newest first.
    ///
    /// # Errors
    /// [`Code::HistoryFailed`].
    pub async fn history_found(&self, from: u32, count: u32) -> Result<HistoryList> {
        let (history, shared) = (self.history()?, Arc::clone(&self.shared));
        aside(move || {
            let rows: Vec<RowId> = {
                let finding = history.finding();
                finding.rows.iter().skip(from as usize).take(count as usize).copied().collect()
            };
            let hidden = shared.store().hidden_rows();
            let mut list = history.read(|reader| {
                let mut found = HistoryList::default();
                for row in rows.into_iter().filter(|row| !hidden.contains(row)) {
                    found.rows.extend(query::one(reader, row)?);
                }
                Ok(found)
            })?;
            list.more = history.finding().rows.len() > (from as usize).saturating_add(count as usize);
            shared.name_calls(&mut list.rows);
            Ok(list)
        })
        .await
    }
}

/// A search on its way.
struct Going {
    shared: Arc<Shared>,
    history: Arc<History>,
    filter: HistoryFilter,
    stop: CancellationToken,
    search: HistorySearch,
    told: Option<Instant>,
}

impl Going {
    fn run(&mut self) {
        let done = self.search_all();
        let is_stopped = self.stop.is_cancelled();
        (self.search.state, self.search.trouble) = match done {
            _ if is_stopped => (SearchState::Stopped, None),
            Ok(()) => (SearchState::Complete, None),
            Err(error) => (SearchState::Failed, Some(error)),
        };
        self.told = None;
        self.tell();
    }

    fn search_all(&mut self) -> Result<()> {
        let mut from = HistoryFrom::Newest;
        loop {
            let filter = &self.filter;
            let list = self.history.read(|reader| query::list(reader, filter, from, PAGE, |_| false))?;
            for row in &list.rows {
                if self.stop.is_cancelled() {
                    return Ok(());
                }
                // One that can't be read hides no other.
                if row.bytes > 0 && self.has_it(row.row).unwrap_or_default() {
                    let mut finding = self.history.finding();
                    if !self.stop.is_cancelled() {
                        finding.rows.push(row.row);
                        self.search.found += 1;
                    }
                }
                self.search.looked += 1;
                self.tell();
                if self.search.found as usize >= MOST {
                    return Ok(());
                }
            }
            match list.rows.last() {
                Some(last) if list.more => from = HistoryFrom::Before { row: last.row },
                _ => return Ok(()),
            }
        }
    }

    /// Whether the text is in a call's output: in what is undone of its content encoding.
    fn has_it(&self, row: RowId) -> Result<bool> {
        // Its files may be in use, and grow.
        let in_timeline = {
            let store = self.shared.store();
            store.call_of_row(row).and_then(|id: CallId| Some((store.output(id).ok()?, store.body(id).0)))
        };
        let quota = Arc::new(DiskQuota::unlimited());
        let empty = self.shared.directory.join(format!("search-{row}"));
        let (output, codings) = match in_timeline {
            Some(found) => found,
            None => {
                let Some(stored) = self.history.read(|reader| open::read(reader, row))? else { return Ok(false) };
                let opened = stored.open(&self.history.outputs(), row, &empty, &quota);
                let codings = codings_of(&opened.call);
                (Arc::new(opened.output), codings)
            }
        };
        let output = if codings.is_empty() || output.is_mislabeled() {
            output
        } else {
            let decoded = Decoded::new(output, &codings, None, empty, quota)?;
            while !self.stop.is_cancelled() && decoded.catch_up(true)?.is_some() {}
            Arc::clone(decoded.output())
        };
        self.is_in(output)
    }

    fn is_in(&self, output: Arc<Output>) -> Result<bool> {
        let query =
            Query { view: View::Both, text: self.search.text.clone(), regex: false, match_case: false, inverse: false };
        let search = Search::new(output, &query)?;
        search.advance(|| !self.stop.is_cancelled() && search.hits() == 0)?;
        Ok(search.hits() > 0)
    }

    fn tell(&mut self) {
        if self.told.is_some_and(|told| told.elapsed() < REPORT) {
            return;
        }
        self.told = Some(Instant::now());
        let (search, stop) = (self.search.clone(), &self.stop);
        self.shared.change(|store| {
            // One that another took the place of has nothing to say any more.
            let is_replaced = store.history.search.as_ref().is_some_and(|before| before.text != search.text)
                && search.state == SearchState::Stopped;
            if !is_replaced && (!stop.is_cancelled() || search.state == SearchState::Stopped) {
                store.history.search = Some(search);
            }
        });
    }
}

fn codings_of(call: &crate::Call) -> Vec<porthole_output::Coding> {
    match &call.act {
        crate::Act::Exchange(exchange) => {
            exchange.response.as_ref().and_then(|response| response.head.encoded_body().1.ok()).unwrap_or_default()
        }
        crate::Act::Run(_) => Vec::new(),
    }
}

impl History {
    pub(super) fn finding(&self) -> std::sync::MutexGuard<'_, Finding> {
        self.finding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

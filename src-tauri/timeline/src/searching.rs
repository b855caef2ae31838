//! The search in a Call's output: one at a time, going on while lines arrive.

use std::sync::{Arc, PoisonError};

use tokio_util::sync::CancellationToken;

use super::{CallId, SHORTEST_WAIT, Shared, Timeline, aside, shown::ShownOutput};
use porthole_base::error::{Error, Result};
use porthole_output::{Hit, Query, Search, SearchState, Searching, TaskProgress, View};

/// The running or finished search, with its task.
#[derive(Debug)]
pub(super) struct Searched {
    call: CallId,
    search: Arc<Search>,
    stop: CancellationToken,
    /// Cancelled when it is replaced or forgotten: then it has nothing to say any more, not even that
    /// it stopped.
    gone: CancellationToken,
}

impl Drop for Searched {
    fn drop(&mut self) {
        self.gone.cancel();
    }
}

impl Timeline {
    /// Searches a Call's lines, in place of the search before. Progress and count come with
    /// the changes; the search runs as long as lines arrive.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound), and
    /// [`Code::SearchInvalid`](porthole_base::error::Code::SearchInvalid) when the query cannot be read.
    pub fn search(&self, call: CallId, query: Query) -> Result<()> {
        let shown = self.shown(call)?;
        let search = if query.view == View::Log {
            Search::in_log(self.log_of(call, shown.output(View::Log))?, &query)?
        } else {
            Search::new(Arc::clone(shown.output(query.view)), &query)?
        };
        let search = Arc::new(search);
        let gone = CancellationToken::new();
        let stop = gone.child_token();
        let mut searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before goes first, so that it tells nothing after this one began.
        *searching = None;
        let follow = Follow {
            shared: Arc::clone(&self.shared),
            call,
            query,
            shown,
            search: Arc::clone(&search),
            stop: stop.clone(),
            gone: gone.clone(),
        };
        follow.tell(SearchState::Running, None);
        *searching = Some(Searched { call, search, stop, gone });
        self.own(follow.run_to_end());
        Ok(())
    }

    /// Stops the search; what it found stays.
    pub fn search_stop(&self) {
        if let Some(searched) = &*self.searching.lock().unwrap_or_else(PoisonError::into_inner) {
            searched.stop.cancel();
        }
    }

    /// Forgets the search and what it found.
    pub fn search_end(&self) {
        *self.searching.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.shared.change(|store| store.search = None);
    }

    /// The hit after or before a line, or after or before a column of it, or at the other end when there is none.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable) when a file cannot be read.
    pub async fn hit(&self, line: u64, column: Option<u64>, after: bool) -> Result<Option<Hit>> {
        let search = {
            let searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
            searching.as_ref().map(|searched| Arc::clone(&searched.search))
        };
        let Some(search) = search else { return Ok(None) };
        aside(move || search.near(line, column, after)).await
    }

    /// The search, if it is in this Call.
    pub(super) fn search_in(&self, call: CallId) -> Option<Arc<Search>> {
        let searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
        searching.as_ref().filter(|searched| searched.call == call).map(|searched| Arc::clone(&searched.search))
    }

    /// A search in a Call that is gone has nothing to look at.
    pub(super) fn forget_search_of_cleared(&self) {
        let call = self.searching.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|searched| searched.call);
        if call.is_some_and(|call| self.output(call).is_err()) {
            self.search_end();
        }
    }
}

/// One search on its way.
struct Follow {
    shared: Arc<Shared>,
    call: CallId,
    query: Query,
    shown: ShownOutput,
    search: Arc<Search>,
    stop: CancellationToken,
    gone: CancellationToken,
}

impl Follow {
    async fn run_to_end(self) {
        let this = Arc::new(self);
        let stop = this.stop.clone();
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            ended = Arc::clone(&this).while_it_grows() => Some(ended),
        };
        match ended {
            None => this.tell(SearchState::Stopped, None),
            Some(Ok(())) => this.tell(SearchState::Complete, None),
            Some(Err(error)) => this.tell(SearchState::Failed, Some(error)),
        }
    }

    async fn while_it_grows(self: Arc<Self>) -> Result<()> {
        let mut revision = self.shared.revision.subscribe();
        loop {
            // Asked before the search: what ends during it may have written more before it did.
            let live = self.shared.store().is_live(self.call);
            let before = self.search.progress();
            let this = Arc::clone(&self);
            aside(move || {
                loop {
                    let more = this.shown.catch_up(this.query.view)?.is_some();
                    // A body is read as JSON when all of it is decoded.
                    if !more || !this.query.view.is_json() {
                        this.search.advance(|| {
                            this.tell(SearchState::Running, None);
                            !this.stop.is_cancelled()
                        })?;
                    }
                    if !more || this.stop.is_cancelled() {
                        return Ok(());
                    }
                }
            })
            .await?;
            if !live {
                return Ok(());
            }
            if self.search.progress() != before {
                self.tell(SearchState::Waiting, None);
            }
            let searched = self.search.progress();
            while self.shared.store().is_live(self.call)
                && self.search.progress().whole == searched.whole
                && !self.shown.is_behind()
            {
                // The shared value outlives this task; an error cannot come.
                let _ = revision.changed().await;
                tokio::time::sleep(SHORTEST_WAIT).await;
            }
        }
    }

    fn tell(&self, state: SearchState, trouble: Option<Error>) {
        let progress: TaskProgress = self.search.progress();
        let (call, query) = (self.call, self.query.clone());
        let (hits, lines) = (self.search.hits(), self.search.lines());
        let told = Searching { call, query, hits, lines, progress, state, trouble };
        self.shared.change(|store| {
            // A slice may end after the search was stopped: that it stopped is its last word.
            if !self.gone.is_cancelled() && (!self.stop.is_cancelled() || state == SearchState::Stopped) {
                store.search = Some(told);
            }
        });
    }
}

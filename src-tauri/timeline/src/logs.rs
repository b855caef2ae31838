//! A Call's lines as a log: one at a time.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{CallId, Timeline, aside};
use porthole_base::error::Result;
use porthole_output::{Log, LogQuery, LogSummary, Output, View};

/// The log that is shown.
#[derive(Debug)]
pub(super) struct ShownLog {
    call: CallId,
    log: Arc<Log>,
}

impl Timeline {
    /// Shows a Call's lines as a log, in place of the log before.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound), and
    /// [`Code::SearchInvalid`](porthole_base::error::Code::SearchInvalid) when the filter can't be read.
    pub fn log(&self, call: CallId, query: LogQuery) -> Result<()> {
        let output = Arc::clone(self.shown(call)?.output(View::Log));
        let log = Arc::new(Log::new(output, query)?);
        if let Some(before) = self.shown_log().as_ref().filter(|before| before.call == call) {
            log.open_as_in(&before.log);
        }
        *self.shown_log() = Some(ShownLog { call, log });
        Ok(())
    }

    /// How many lines of each level the log of a Call has, and where its errors are, in this number of parts.
    ///
    /// # Errors
    /// As for [`Timeline::log`]; [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable).
    pub async fn log_summary(&self, call: CallId, parts: u32) -> Result<LogSummary> {
        let log = self.log_in(call)?;
        aside(move || {
            // What came since the rows were looked at, as far as it goes.
            log.advance()?;
            Ok(log.summary(parts))
        })
        .await
    }

    /// The row of the error after or before a row of the log, or at the other end when there is none.
    ///
    /// # Errors
    /// As for [`Timeline::log`].
    pub async fn log_error(&self, call: CallId, row: u64, after: bool) -> Result<Option<u64>> {
        let log = self.log_in(call)?;
        aside(move || Ok(log.error_near(row, after))).await
    }

    /// The row of a line in the log. What hides it is opened; of a line that the filter leaves out it is the row before.
    ///
    /// # Errors
    /// As for [`Timeline::log`], and what [`Log::row_of`] says.
    pub async fn log_row(&self, call: CallId, line: u64) -> Result<u64> {
        let log = self.log_in(call)?;
        aside(move || log.row_of(line)).await
    }

    /// The log of a Call as it is shown now.
    fn log_in(&self, call: CallId) -> Result<Arc<Log>> {
        let shown = self.shown(call)?;
        self.log_of(call, shown.output(View::Log))
    }

    /// The log of an output. Where the output is another than before, as in another charset, its log is a new one.
    pub(super) fn log_of(&self, call: CallId, output: &Arc<Output>) -> Result<Arc<Log>> {
        let mut shown = self.shown_log();
        let before = shown.as_ref().filter(|shown| shown.call == call);
        if let Some(before) = before.filter(|before| before.log.is_of(output)) {
            return Ok(Arc::clone(&before.log));
        }
        let all = LogQuery { view: View::Both, levels: Vec::new(), text: String::new(), fold: true };
        let query = before.map_or(all, |before| before.log.query().clone());
        let log = Arc::new(Log::new(Arc::clone(output), query)?);
        *shown = Some(ShownLog { call, log: Arc::clone(&log) });
        Ok(log)
    }

    /// The log of a Call that is gone has nothing to look at.
    pub(super) fn forget_log_of_cleared(&self) {
        let mut shown = self.shown_log();
        if shown.as_ref().is_some_and(|shown| self.output(shown.call).is_err()) {
            *shown = None;
        }
    }

    fn shown_log(&self) -> MutexGuard<'_, Option<ShownLog>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

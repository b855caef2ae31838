//! Outputs as logs.

use porthole_base::error::Result;
use porthole_output::{LogQuery, LogSummary};

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn log(&self, id: u32, query: LogQuery) -> Result<()> {
        self.timeline.log(id, query)
    }

    pub async fn log_summary(&self, id: u32, parts: u32) -> Result<LogSummary> {
        self.timeline.log_summary(id, parts).await
    }

    pub async fn log_error(&self, id: u32, row: u64, after: bool) -> Result<Option<u64>> {
        self.timeline.log_error(id, row, after).await
    }

    pub async fn log_row(&self, id: u32, line: u64) -> Result<u64> {
        self.timeline.log_row(id, line).await
    }
}

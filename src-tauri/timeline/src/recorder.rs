//! What a task reports about its Call while it runs.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{CallId, Shared, terminal::Flow};
use porthole_base::error::Result;
use porthole_http::exchange::ExchangeEvent;
use porthole_output::{
    Output, Stream,
    record::{Record, Wait},
};
use porthole_process::RunEvent;

/// Writes down what one Call does.
pub(super) struct Recorder {
    pub shared: Arc<Shared>,
    pub id: CallId,
    pub output: Arc<Output>,
    /// For those who wait for the end, and for nothing before it.
    pub over: CancellationToken,
    /// How far the window has drawn what is written into a terminal.
    pub flow: Option<Arc<Flow>>,
}

impl Recorder {
    fn keep(&self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.output.append(stream, bytes, at_us)?;
        self.shared.change(|store| store.mark_changed(self.id));
        Ok(())
    }

    /// What to wait for when outputs have used up their part of the disk, or while the window draws what a terminal shows.
    fn wait(&self) -> Option<Wait> {
        if let Some(wait) = self.flow.as_ref().and_then(|flow| flow.wait(self.output.counts().stdout.bytes)) {
            return Some(wait);
        }
        if !self.shared.quota.is_full() {
            return None;
        }
        // What can't be put back any more is a smaller loss than a call that waits.
        self.shared.end_removals();
        if !self.shared.quota.is_full() {
            return None;
        }
        self.shared.make_room();
        let (waiting, shared) = (self.shared.quota.wait(), Arc::clone(&self.shared));
        shared.change(|_| ());
        Some(Box::pin(async move {
            waiting.await;
            shared.change(|_| ());
        }))
    }

    /// The Call is over. Its findings are counted when those who wait for the end know of it.
    pub async fn ended(self) {
        let (shared, id) = (Arc::clone(&self.shared), self.id);
        drop(self);
        shared.count_findings(id).await;
    }
}

impl Drop for Recorder {
    /// Also when the task was ended in the middle.
    fn drop(&mut self) {
        self.output.end();
        self.over.cancel();
    }
}

impl Record<ExchangeEvent> for Recorder {
    fn event(&mut self, event: ExchangeEvent) {
        if let ExchangeEvent::Answered { response, .. } = &event {
            let (kind, codings) = response.head.encoded_body();
            self.output.expect_encoded(kind, &codings.unwrap_or_default());
        }
        self.shared.change(|store| store.exchange(self.id, event));
    }

    fn full(&self) -> Option<Wait> {
        self.wait()
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.keep(stream, at_us, bytes)
    }
}

impl Record<RunEvent> for Recorder {
    fn event(&mut self, event: RunEvent) {
        self.shared.change(|store| store.run(self.id, event));
    }

    fn full(&self) -> Option<Wait> {
        self.wait()
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.keep(stream, at_us, bytes)
    }
}

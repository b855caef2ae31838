//! The findings on a Call: their evidence is read from its output, in bounded parts.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Call, CallId, Origin, Shared, Timeline, aside};
use porthole_base::error::Result;
use porthole_output::{Counts, Output, Stream};
use porthole_sdk::{
    diagnostic::{Diagnostic, DiagnosticCounts},
    diagnostics::{self, Evidence, HEAD, Part, Sample, TAIL},
    sdk_result,
};

/// Calls whose findings are to be counted.
#[derive(Debug, Default)]
pub(super) struct Uncounted {
    /// Those that have ended.
    ids: Vec<CallId>,
    /// A caller follows the changes. Others don't get the counts, and counting costs as much as a small request.
    is_followed: bool,
}

impl Uncounted {
    /// Forgets those that are gone.
    pub fn retain(&mut self, is_there: impl Fn(CallId) -> bool) {
        self.ids.retain(|id| is_there(*id));
    }
}

/// How long Calls that end are collected, to be counted together: to wake a thread for each of them takes longer than a
/// small request.
const TOGETHER: Duration = Duration::from_millis(20);
/// Pieces that are looked at: a character that is cut by a later one is one of many.
const PIECES: usize = 8192;

impl Timeline {
    /// What is to be said about a Call; nothing while it runs.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound);
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable) when its output cannot be read.
    pub async fn diagnostics(&self, id: CallId) -> Result<Vec<Diagnostic>> {
        let (call, output) = (self.call(id)?, self.output(id)?);
        if self.shared.store().is_live(id) {
            return Ok(Vec::new());
        }
        aside(move || diagnosed(&call, &output)).await
    }
}

impl Shared {
    /// Counts the findings of a Call that has ended, together with those that end soon after it, if a caller
    /// follows the changes. A caller that waits for the end does not wait for this.
    pub(super) async fn count_findings(self: Arc<Self>, id: CallId) {
        let is_first = {
            let mut uncounted = self.uncounted();
            uncounted.ids.push(id);
            uncounted.ids.len() == 1 && uncounted.is_followed
        };
        if is_first {
            tokio::time::sleep(TOGETHER).await;
            self.count_uncounted().await;
        }
    }

    /// A caller follows the changes from now on. Whether there are Calls that have ended before and were not counted.
    pub(super) fn follow_findings(&self) -> bool {
        let mut uncounted = self.uncounted();
        !std::mem::replace(&mut uncounted.is_followed, true) && !uncounted.ids.is_empty()
    }

    pub(super) async fn count_uncounted(self: Arc<Self>) {
        let ended = std::mem::take(&mut self.uncounted().ids);
        let counted = aside(move || {
            let found: Vec<_> = ended.into_iter().filter_map(|id| Some((id, self.found(id)?))).collect();
            if !found.is_empty() {
                self.change(|store| found.into_iter().for_each(|(id, found)| store.set_found(id, found)));
            }
            Ok(())
        });
        if let Err(error) = counted.await {
            tracing::warn!(%error, "findings can't be counted");
        }
    }

    pub(super) fn uncounted(&self) -> MutexGuard<'_, Uncounted> {
        self.uncounted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many findings there are of a Call; none as well when it is gone.
    fn found(&self, id: CallId) -> Option<DiagnosticCounts> {
        let (call, output) = self.store().recorded(id)?;
        match diagnosed(&call, &output) {
            Ok(diagnostics) => Some(DiagnosticCounts::of(&diagnostics)).filter(|_| !diagnostics.is_empty()),
            Err(error) => {
                tracing::warn!(%error, "an output can't be read for findings");
                None
            }
        }
    }
}

/// Reads what the rules look at and asks them. It waits for the disk. Of what Porthole itself runs for an extension
/// no code receives anything.
pub(super) fn diagnosed(call: &Call, output: &Output) -> Result<Vec<Diagnostic>> {
    if call.origin == Origin::Extension {
        return Ok(Vec::new());
    }
    let sample = sampled(output)?;
    let results = sdk_result::compared(call, sample.written());
    Ok(diagnostics::diagnose(&Evidence::new(call, &sample, &results)))
}

fn sampled(output: &Output) -> Result<Sample> {
    let Counts { stdout, stderr, chunks } = output.counts();
    let pieces = output.chunks(0, PIECES);
    let part = |stream, counts: porthole_output::StreamCounts| {
        let ends = pieces.iter().filter(|piece| piece.stream == stream).map(|piece| piece.offset + piece.len);
        Ok(Part {
            head: output.read(stream, 0, HEAD.min(counts.bytes))?,
            tail: output.read(stream, counts.bytes.saturating_sub(TAIL), counts.bytes)?,
            counts,
            ends: ends.take_while(|end| *end <= HEAD).collect(),
        })
    };
    Ok(Sample { stdout: part(Stream::Stdout, stdout)?, stderr: part(Stream::Stderr, stderr)?, chunks })
}

//! Values that later calls of a replay take from the response of an earlier one.

use tokio_util::sync::CancellationToken;

use super::substitute::{Captured, captured};
use crate::{CallId, Timeline, aside, compare::Capture};
use porthole_base::error::Result;
use porthole_output::{Stream, View};

/// The body of a response from which values are captured.
const CAPTURED: u64 = 16 * 1024 * 1024;

impl Timeline {
    /// The values that later calls take from this one.
    pub(super) async fn captures(
        &self,
        captures: &[Capture],
        number: usize,
        recorded: CallId,
        new: CallId,
    ) -> Result<Vec<Captured>> {
        let of_it: Vec<&Capture> = captures.iter().filter(|capture| capture.call as usize == number).collect();
        if of_it.is_empty() {
            return Ok(Vec::new());
        }
        let (before, now) = (self.body_text(recorded).await?, self.body_text(new).await?);
        Ok(of_it.into_iter().filter_map(|capture| captured(capture, before.as_deref(), now.as_deref())).collect())
    }

    /// The body of a call as text, with its codings undone.
    async fn body_text(&self, id: CallId) -> Result<Option<String>> {
        let shown = self.shown(id)?;
        aside(move || {
            shown.catch_up_with_now(View::Stdout, &CancellationToken::new())?;
            let output = shown.output(View::Stdout);
            let length = output.counts().stdout.bytes;
            if length > CAPTURED {
                return Ok(None);
            }
            Ok(String::from_utf8(output.read(Stream::Stdout, 0, length)?).ok())
        })
        .await
    }
}

//! Values that later calls of a replay take from the response of an earlier one.

use tokio_util::sync::CancellationToken;

use super::substitute::{Captured, captured};
use crate::{CallId, Timeline, aside, compare::Capture};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{Stream, View};

/// The body of a response from which values are captured.
const CAPTURED: u64 = 16 * 1024 * 1024;

impl Timeline {
    /// The values that later calls take from this one, and why one of them isn't there.
    pub(super) async fn captures(
        &self,
        captures: &[Capture],
        number: usize,
        recorded: CallId,
        new: CallId,
    ) -> Result<(Vec<Captured>, Option<Error>)> {
        let of_it: Vec<&Capture> = captures.iter().filter(|capture| capture.call as usize == number).collect();
        if of_it.is_empty() {
            return Ok((Vec::new(), None));
        }
        let (before, now) = (self.body_text(recorded).await?, self.body_text(new).await?);
        let (mut found, mut missing) = (Vec::new(), None);
        for capture in of_it {
            match captured(capture, before.as_deref(), now.as_deref()) {
                Some(value) => found.push(value),
                None => missing = missing.or_else(|| Some(not_there(capture))),
            }
        }
        Ok((found, missing))
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

fn not_there(Capture { name, call, path }: &Capture) -> Error {
    Error::new(
        Code::RuleInvalid,
        format!("Nothing is at {path} in the response of call {call}, which {name} is captured from"),
    )
    .hint("Change the path of the capture, or check whether the response is what the later calls need.")
}

//! Makes the calls of a session again, and compares each with its recording.
//!
//! A session may come from an attacker. What could act on this machine beyond the endpoint and the container that the user
//! names is left out unless the user allows it: host commands, files that are sent, and an engine's own socket.

mod captures;
mod repeat;
mod shown;
mod skipped;
mod substitute;
mod update;

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use self::shown::ShownReplay;
pub use self::shown::{ReplayList, ReplayRow, ReplayRowResult, ReplayState};
pub use self::skipped::Skipped;
use self::{skipped::left_out, substitute::Captured};
use crate::{
    By, Timeline,
    compare::{Capture, Comparison, Rules},
    session::title,
    summary::took_us,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::Address;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Engines, Exchange},
};
use porthole_process::{Place, Run};
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    sdk_call::Sdk,
};

/// What a call gets at least, and how many times as long as it took when it was recorded.
const LEAST: Duration = Duration::from_secs(30);
const TIMES: u32 = 10;

/// How a session is replayed.
#[derive(Debug)]
pub struct ReplayOptions {
    /// Where requests go in place of the recorded endpoint.
    pub endpoint: Option<Endpoint>,
    /// The container that commands run in. Without one they are left out.
    pub container: Option<String>,
    /// The engine of containers.
    pub engine: Result<Address>,
    /// What acts on this machine is done as well: host commands, files that are sent, requests to an engine.
    pub allow_host: bool,
    /// The calls begin as long after each other as in the recording; else each begins when the one before has ended.
    pub at_recorded_times: bool,
    /// Only calls with this text in their method, path or command line.
    pub only: Option<String>,
}

/// What became of one call.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReplayResult {
    /// It did what was recorded, but for differences that the rules allow.
    Same {
        /// How many those are.
        allowed: u32,
    },
    /// It did something else.
    Different {
        /// What differs.
        comparison: Comparison,
    },
    /// It was left out.
    Skipped {
        /// Why.
        reason: Skipped,
    },
    /// It could not be made or compared.
    Failed {
        /// Why.
        error: Error,
    },
}

/// One call of a session and what became of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Its number in the session, from 1.
    pub number: usize,
    /// Its method and path, or its command line.
    pub title: String,
    /// The new call in the timeline.
    #[serde(skip)]
    pub call: Option<CallId>,
    /// How long it took this time, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
    /// What became of it.
    pub result: ReplayResult,
}

impl Replayed {
    /// The new call, if it has a result that can be expected from now on.
    pub fn result_of(&self) -> Option<CallId> {
        self.call.filter(|_| matches!(self.result, ReplayResult::Same { .. } | ReplayResult::Different { .. }))
    }

    /// Whether it did something else than what was recorded, or could not be made.
    pub fn is_failed(&self) -> bool {
        matches!(self.result, ReplayResult::Different { .. } | ReplayResult::Failed { .. })
    }
}

impl Timeline {
    /// Makes the calls of a session that is open in this timeline again, in order. `tell` gets each result. Nothing of them
    /// stays here: a comparison may be long.
    ///
    /// # Errors
    /// [`Code::RuleInvalid`]; [`Code::CallNotFound`] when the session was closed or has no call that is selected;
    /// [`Code::Cancelled`].
    pub async fn replay(
        &self,
        session: u32,
        rules: &Rules,
        options: &ReplayOptions,
        stop: &CancellationToken,
        mut tell: impl FnMut(Replayed),
    ) -> Result<()> {
        rules.check()?;
        let recorded = self.calls_of_session(session);
        check_captures(&rules.capture, recorded.len())?;
        let mut values = Vec::new();
        let began = Instant::now();
        let began_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        let mut first_ms = None;
        let mut is_selected = options.only.is_none();
        for (at, id) in recorded.into_iter().enumerate() {
            let call = self.call(id)?;
            if options.at_recorded_times {
                let since = call.began_ms.saturating_sub(*first_ms.get_or_insert(call.began_ms));
                let due = began + Duration::from_millis(since);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep_until(due) => {}
                }
            }
            stopped(stop)?;
            let (new, mut result) = match self.again(&call, options, &values, began_ms) {
                Err(result) => (None, result),
                Ok(new) => (Some(new), self.compared(id, new, &call, rules, stop).await),
            };
            stopped(stop)?;
            if let Some(new) = new.filter(|_| !matches!(result, ReplayResult::Failed { .. })) {
                let (found, missing) = self.captures(&rules.capture, at + 1, id, new).await?;
                values.extend(found);
                if let Some(error) = missing {
                    result = ReplayResult::Failed { error };
                }
            }
            is_selected |= !matches!(result, ReplayResult::Skipped { reason: Skipped::NotSelected });
            let took_us = new.and_then(|new| took_us(&self.call(new).ok()?.act));
            tell(Replayed { number: at + 1, title: method_and_title(&call), call: new, took_us, result });
        }
        match &options.only {
            Some(only) if !is_selected => Err(none_selected(only)),
            _ => Ok(()),
        }
    }

    /// Begins a recorded call again, unless it is left out.
    fn again(
        &self,
        call: &Call,
        options: &ReplayOptions,
        values: &[Captured],
        began_ms: u64,
    ) -> std::result::Result<CallId, ReplayResult> {
        if let Some(reason) = left_out(call, options) {
            return Err(ReplayResult::Skipped { reason });
        }
        let sdk = call.sdk.clone().map(|sdk| Sdk { at: None, began_ms: None, ..sdk });
        let by = By { origin: Origin::Replay, sdk, decision: None, replay_ms: Some(began_ms) };
        match &call.act {
            Act::Exchange(Exchange { endpoint, request, .. }) => {
                let request = substitute::request(request.clone(), values);
                let endpoint = options.endpoint.clone().unwrap_or_else(|| endpoint.clone());
                let engines = if options.allow_host { Engines::Allowed } else { Engines::Refused };
                Ok(self.send_to(by, endpoint, engines, request))
            }
            Act::Run(Run { command, .. }) => {
                let mut command = substitute::command(command.clone(), values);
                if let (Place::Container { name }, Some(container)) = (&mut command.place, &options.container) {
                    name.clone_from(container);
                }
                Ok(self.run(by, options.engine.clone(), command))
            }
        }
    }

    /// Waits for the end of a new call and compares it with its recording.
    async fn compared(
        &self,
        recorded: CallId,
        new: CallId,
        call: &Call,
        rules: &Rules,
        stop: &CancellationToken,
    ) -> ReplayResult {
        let limit = LEAST.max(Duration::from_micros(took_us(&call.act).unwrap_or_default()) * TIMES);
        let ended = tokio::select! {
            ended = self.ended(new) => ended.map(|_| ()),
            () = stop.cancelled() => Err(Error::new(Code::Cancelled, "The replay was canceled")),
            () = tokio::time::sleep(limit) => Err(Error::new(
                Code::TimedOut,
                format!("The call didn't end within {} s", limit.as_secs()),
            )
            .hint("It took a tenth of that or less when it was recorded. Check whether the backend hangs.")),
        };
        let compared = match ended.and_then(|()| self.got_as_far(new, call)) {
            // Its request is the recorded one, with captured values in it.
            Ok(()) => self.compare(recorded, new, rules, stop.clone()).await.map(Comparison::without_request),
            Err(error) => {
                // It ended meanwhile, or it ends with the timeline.
                let _ = self.cancel(new).await;
                Err(error)
            }
        };
        match compared {
            Err(error) => ReplayResult::Failed { error },
            Ok(comparison) => match comparison.is_same() {
                true => ReplayResult::Same { allowed: comparison.parts.iter().map(|part| part.allowed).sum() },
                false => ReplayResult::Different { comparison },
            },
        }
    }
}

impl Timeline {
    /// Sees that a new call got to a response or a process where its recording did. What kept it from that is no result
    /// that could be compared, or expected from now on.
    fn got_as_far(&self, new: CallId, recorded: &Call) -> Result<()> {
        let failure = match (&recorded.act, &self.call(new)?.act) {
            (Act::Exchange(before), Act::Exchange(now)) if before.response.is_some() && now.response.is_none() => {
                now.failure.as_ref().map(|failure| failure.error.clone())
            }
            (Act::Run(before), Act::Run(now)) if before.ending.is_some() && now.ending.is_none() => now.failure.clone(),
            _ => None,
        };
        failure.map_or(Ok(()), Err)
    }
}

/// Sees that each value is captured from a call that there is.
///
/// # Errors
/// [`Code::RuleInvalid`].
pub fn check_captures(captures: &[Capture], calls: usize) -> Result<()> {
    match captures.iter().find(|capture| capture.call as usize > calls) {
        None => Ok(()),
        Some(Capture { name, call, .. }) => Err(Error::new(
            Code::RuleInvalid,
            format!("{name} is captured from call {call}, and the session has {calls} calls"),
        )
        .hint("Enter the number of the call with the value in its response.")),
    }
}

fn none_selected(only: &str) -> Error {
    Error::new(Code::CallNotFound, format!("No call of the session contains \"{only}\"")).hint(
        "Select calls by a part of their method and path, or of their command line, as `session show` lists them.",
    )
}

/// Ends a replay that was stopped.
fn stopped(stop: &CancellationToken) -> Result<()> {
    if stop.is_cancelled() {
        return Err(Error::new(Code::Cancelled, "The replay was canceled"));
    }
    Ok(())
}

/// The method and target, or the command line.
fn method_and_title(call: &Call) -> String {
    match &call.act {
        Act::Exchange(exchange) => format!("{} {}", exchange.request.method, title(call)),
        Act::Run(_) => title(call),
    }
}

#[cfg(all(test, unix))]
#[path = "replay_tests.rs"]
mod tests;

//! Makes the calls of a session again, and compares each with its recording.
//!
//! A session may come from an attacker. What could act on this machine beyond the endpoint and the container that the user
//! names is left out unless the user allows it: host commands, files that are sent, and an engine's own socket.

mod captures;
mod repeat;
mod shown;
mod substitute;
mod update;

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

pub(crate) use self::shown::ShownReplay;
pub use self::shown::{ReplayList, ReplayRow, ReplayRowResult, ReplayState};
use self::substitute::Captured;
use crate::{
    By, Timeline,
    compare::{Comparison, Rules},
    session::title,
    summary::took_us,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::Address;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Engines, Exchange, PartContent, Request},
};
use porthole_process::{Command, Place, Run, Stdin};
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

/// Why a call is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// It was not selected.
    NotSelected,
    /// It was only recorded, or a start or stop of an extension's backend.
    NotACall,
    /// Its recording was canceled or stopped, so it isn't known how it ends.
    Canceled,
    /// It starts a program or sends a file of this machine, or goes to an engine.
    NeedsHost,
    /// It runs in a container, and none is given.
    NeedsContainer,
    /// It is a terminal: what was typed in it isn't recorded.
    Terminal,
}

impl Skipped {
    /// The reason in words, and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotSelected => "not selected",
            Self::NotACall => "recorded only, or part of an extension's start",
            Self::Canceled => "its recording was canceled or stopped",
            Self::NeedsHost => "it uses a program, a file or an engine of this machine: add --allow-host",
            Self::NeedsContainer => "it runs in a container: add --container NAME",
            Self::Terminal => "it is a terminal: its input isn't recorded",
        }
    }
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
    /// [`Code::RuleInvalid`]; [`Code::CallNotFound`] when the session was closed; [`Code::Cancelled`].
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
        let mut values = Vec::new();
        let began = Instant::now();
        let began_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        let mut first_ms = None;
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
            let (new, result) = match self.again(&call, options, &values, began_ms) {
                Err(result) => (None, result),
                Ok(new) => (Some(new), self.compared(id, new, &call, rules, stop).await),
            };
            stopped(stop)?;
            if let Some(new) = new {
                values.extend(self.captures(&rules.capture, at + 1, id, new).await?);
            }
            let took_us = new.and_then(|new| took_us(&self.call(new).ok()?.act));
            tell(Replayed { number: at + 1, title: method_and_title(&call), call: new, took_us, result });
        }
        Ok(())
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
        let compared = match ended {
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

fn left_out(call: &Call, options: &ReplayOptions) -> Option<Skipped> {
    if options.only.as_ref().is_some_and(|only| !method_and_title(call).contains(only)) {
        return Some(Skipped::NotSelected);
    }
    if call.origin == Origin::Extension || call.skipped().is_some() {
        return Some(Skipped::NotACall);
    }
    let failure = match &call.act {
        Act::Exchange(exchange) => exchange.failure.as_ref().map(|failure| failure.error.code),
        Act::Run(run) => run.failure.as_ref().map(|error| error.code),
    };
    // What a tap couldn't read is no request.
    if failure == Some(Code::RequestUnreadable) {
        return Some(Skipped::NotACall);
    }
    let is_stopped = matches!(&call.act, Act::Run(run) if !run.stops.is_empty());
    if failure == Some(Code::Cancelled) || is_stopped {
        return Some(Skipped::Canceled);
    }
    match &call.act {
        Act::Exchange(Exchange { endpoint, request, .. }) => {
            let goes_to_engine = matches!(options.endpoint.as_ref().unwrap_or(endpoint), Endpoint::Engine { .. });
            ((goes_to_engine || sends_a_file(request)) && !options.allow_host).then_some(Skipped::NeedsHost)
        }
        Act::Run(Run { command: Command { terminal: Some(_), .. }, .. }) => Some(Skipped::Terminal),
        Act::Run(Run { command: Command { place, stdin, .. }, .. }) => match place {
            Place::Container { .. } if options.container.is_none() => Some(Skipped::NeedsContainer),
            Place::Container { .. } if !matches!(stdin, Some(Stdin::File { .. })) => None,
            _ => (!options.allow_host).then_some(Skipped::NeedsHost),
        },
    }
}

fn sends_a_file(request: &Request) -> bool {
    match &request.body {
        Body::File { .. } => true,
        Body::Multipart { parts } => parts.iter().any(|part| matches!(part.content, PartContent::File { .. })),
        Body::None | Body::Json { .. } | Body::Text { .. } | Body::Form { .. } => false,
    }
}

#[cfg(all(test, unix))]
#[path = "replay_tests.rs"]
mod tests;

//! What can be said about a recorded Call: reads its output and asks the pure parts.

mod callbacks;

pub(crate) use callbacks::CountedCalls;

use std::sync::Arc;

use crate::{By, Timeline, aside, mock::Recordings};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::{Address, target::Target};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Engines, Exchange, Request},
};
use porthole_output::{Output, Stream};
use porthole_process::{Command, FixedCommand, Run};
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    permission::Decision,
    runtime::Runtime,
    sdk_call::Sdk,
    sdk_result::{self, PlannedAction, SdkResult, Written},
};

/// Bytes of a text that are shown.
const SHOWN: usize = 16 * 1024;
/// Bytes of a body that are read to tell whether it is JSON.
const JUDGED: u64 = 32 * 1024 * 1024;
/// Bytes that are handed over whole.
const HANDED_OVER: u64 = 64_000_000;

impl Timeline {
    /// Plans what a Runtime does for a call of code, for this target: what is started is what was planned.
    ///
    /// # Errors
    /// [`Code::RuntimeRefuses`] when nothing would be done; what `endpoint` and `engine` say.
    pub fn planned(
        sdk: Sdk,
        does: PlannedAction,
        endpoint: Result<Endpoint>,
        engine: Result<Address>,
    ) -> Result<PlannedCall> {
        let act = match does {
            PlannedAction::Request { request } => ResolvedAction::Request { endpoint: endpoint?, request },
            PlannedAction::Engine { request } => ResolvedAction::Request { endpoint: engine?.endpoint()?, request },
            PlannedAction::Command { command } => ResolvedAction::Command { command, engine, fixed: None },
            PlannedAction::Refuses { .. } => return Err(refuses(sdk.runtime)),
        };
        Ok(PlannedCall { sdk, act, engines: Engines::Allowed, in_mock: false })
    }

    /// The same in a mock, which listens at this endpoint: its responses and commands are recorded, so nothing acts on
    /// anything.
    ///
    /// # Errors
    /// [`Code::RuntimeRefuses`] when nothing would be done.
    pub fn planned_in_mock(
        sdk: Sdk,
        does: PlannedAction,
        endpoint: Endpoint,
        recordings: Arc<Recordings>,
    ) -> Result<PlannedCall> {
        let act = match does {
            PlannedAction::Request { request } | PlannedAction::Engine { request } => {
                ResolvedAction::Request { endpoint, request }
            }
            PlannedAction::Command { command } => ResolvedAction::Recorded { command, recordings },
            PlannedAction::Refuses { .. } => return Err(refuses(sdk.runtime)),
        };
        Ok(PlannedCall { sdk, act, engines: Engines::Refused, in_mock: true })
    }

    /// Starts what was planned, and answers at once with its number.
    ///
    /// # Errors
    /// [`Code::ContainerNotFound`] when a container is meant and the target has none.
    pub fn start(&self, origin: Origin, planned: PlannedCall, decision: Option<Decision>) -> Result<CallId> {
        let by = By { origin, sdk: Some(planned.sdk), decision, replay_ms: None };
        match planned.act {
            ResolvedAction::Request { endpoint, request } => Ok(self.send_to(by, endpoint, planned.engines, request)),
            ResolvedAction::Command { command, engine, fixed } => {
                command.place.named()?;
                Ok(self.run_fixed(by, engine, command, fixed))
            }
            ResolvedAction::Recorded { command, recordings } => Ok(self.run_recorded(by, command, recordings)),
        }
    }

    /// Records what was planned, and does nothing of it. The error's words are those that the code gets.
    pub fn record_skipped(&self, origin: Origin, planned: PlannedCall, decision: Decision, error: Error) -> CallId {
        let act = match planned.act {
            ResolvedAction::Request { endpoint, request } => Act::Exchange(Exchange::new(endpoint, request)),
            ResolvedAction::Command { command, .. } | ResolvedAction::Recorded { command, .. } => {
                Act::Run(Run::new(command))
            }
        };
        let by = By { origin, sdk: Some(planned.sdk), decision: Some(decision), replay_ms: None };
        self.record(by, act, error)
    }

    /// Does what code asks of `ddClient` as a Runtime would, and answers at once with its number.
    ///
    /// # Errors
    /// As for [`Timeline::planned`] and [`Timeline::start`].
    pub fn perform(
        &self,
        origin: Origin,
        sdk: Sdk,
        target: &Target,
        endpoint: Result<Endpoint>,
        engine: Result<Address>,
    ) -> Result<CallId> {
        let does = sdk_result::plan(&sdk.asked, sdk.runtime, target).does;
        self.start(origin, Self::planned(sdk, does, endpoint, engine)?, None)
    }

    /// What code receives for a Call on each Runtime, long texts cut for showing.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::OutputUnreadable`].
    pub async fn sdk_results(&self, id: CallId) -> Result<Vec<SdkResult>> {
        let output = self.output(id)?;
        // Read before the facts: what they say of the end is then of no shorter an output.
        let (call, read) = (self.call(id)?, aside(move || Read::of(&output, JUDGED, SHOWN)).await?);
        Ok(sdk_result::compared(&call, read.written()))
    }

    /// What code receives for its own Call, whole, when it has ended. For a Call that no code
    /// made it is what Docker Desktop would give.
    ///
    /// # Errors
    /// As [`Timeline::received_whole`].
    pub async fn sdk_result(&self, id: CallId) -> Result<SdkResult> {
        let runtime = self.call(id)?.sdk.map(|sdk| sdk.runtime).unwrap_or_default();
        self.whole_sdk_result(id, runtime).await
    }

    /// What code receives for a Call on one Runtime, whole, when it has ended.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::OutputUnreadable`]; [`Code::ValueTooLarge`] above 64 MB.
    pub async fn whole_sdk_result(&self, id: CallId, runtime: Runtime) -> Result<SdkResult> {
        let call = self.ended(id).await?;
        let output = self.output(id)?;
        if stream_of(&call).is_some() {
            // What was written went to the callbacks.
            return Ok(sdk_result::received(&call, Written::default(), runtime));
        }
        aside(move || {
            let counts = output.counts();
            if counts.stdout.bytes + counts.stderr.bytes > HANDED_OVER {
                return Err(too_much());
            }
            let read = Read::of(&output, HANDED_OVER, usize::MAX)?;
            Ok(sdk_result::received(&call, read.written(), runtime))
        })
        .await
    }
}

/// A planned call of code: the object that is shown, approved and started.
#[derive(Debug, Clone)]
pub struct PlannedCall {
    /// The call of the code.
    pub sdk: Sdk,
    /// What is done.
    pub act: ResolvedAction,
    /// Whether its request may reach a container engine.
    pub engines: Engines,
    /// It is made on a mock.
    pub in_mock: bool,
}

/// What is done for a call.
#[derive(Debug, Clone)]
pub enum ResolvedAction {
    /// A request is sent.
    Request {
        /// Where it goes.
        endpoint: Endpoint,
        /// The request.
        request: Request,
    },
    /// A command is run.
    Command {
        /// The command.
        command: Command,
        /// The engine of the container that it runs in.
        engine: Result<Address>,
        /// The programs of a host command, when they were shown.
        fixed: Option<Arc<FixedCommand>>,
    },
    /// What was recorded of a command happens again.
    Recorded {
        /// The command.
        command: Command,
        /// The mock's session.
        recordings: Arc<Recordings>,
    },
}

fn refuses(runtime: Runtime) -> Error {
    Error::new(Code::RuntimeRefuses, format!("{runtime} rejects this call without running it"))
        .hint("The plan of the call has the error that the code receives.")
}

/// How the code that made a Call wants callbacks, if it does.
fn stream_of(call: &Call) -> Option<porthole_process::Streaming> {
    use porthole_sdk::sdk_call::SdkCall;
    match (&call.sdk, &call.act) {
        (Some(Sdk { asked: SdkCall::Exec(asked), .. }), _) => asked.stream,
        (_, Act::Run(run)) => run.command.stream,
        _ => None,
    }
}

/// The beginnings of what a Call wrote.
pub(crate) struct Read {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    lens: (u64, u64),
    limit: usize,
}

impl Read {
    pub(crate) fn of(output: &Output, most: u64, limit: usize) -> Result<Self> {
        let counts = output.counts();
        let lens = (counts.stdout.bytes, counts.stderr.bytes);
        Ok(Self {
            stdout: output.read(Stream::Stdout, 0, lens.0.min(most))?,
            stderr: output.read(Stream::Stderr, 0, lens.1.min(limit as u64).min(most))?,
            lens,
            limit,
        })
    }

    pub(crate) fn written(&self) -> Written<'_> {
        let Self { stdout, stderr, lens: (stdout_len, stderr_len), limit } = self;
        Written { stdout, stdout_len: *stdout_len, stderr, stderr_len: *stderr_len, limit: *limit }
    }
}

fn too_much() -> Error {
    Error::new(Code::ValueTooLarge, "The value has more than 64 MB, too much to pass to code")
        .hint("The output is kept: view or save it.")
}

// Both start `sh`.
#[cfg(all(test, unix))]
#[path = "inspect_tests.rs"]
pub(crate) mod tests;

#[cfg(all(test, unix))]
#[path = "skipped_tests.rs"]
mod skipped_tests;

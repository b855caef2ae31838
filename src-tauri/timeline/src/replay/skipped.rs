//! Which calls of a session aren't made again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ReplayOptions, method_and_title};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Exchange, PartContent, Request},
};
use porthole_process::{Command, Place, Run, Stdin};
use porthole_sdk::call::{Act, Call, Origin};

/// The status of a response after which the connection has another protocol.
const SWITCHING: u16 = 101;

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
    /// Bytes of its request's body are missing in the recording.
    Incomplete,
    /// It changed to another protocol: what was sent after that isn't recorded as a request.
    Upgraded,
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
            Self::Incomplete => "its request body wasn't recorded completely",
            Self::Upgraded => "it changes to another protocol: what follows isn't recorded",
        }
    }
}

pub(super) fn left_out(call: &Call, options: &ReplayOptions) -> Option<Skipped> {
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
    // Who asked left before the end.
    let is_left = failure == Some(Code::ClientClosed);
    let is_stopped = matches!(&call.act, Act::Run(run) if !run.stops.is_empty());
    if failure == Some(Code::Cancelled) || is_left || is_stopped {
        return Some(Skipped::Canceled);
    }
    match &call.act {
        Act::Exchange(Exchange { unrecorded: Some(unrecorded), .. }) if unrecorded.request_bytes > 0 => {
            Some(Skipped::Incomplete)
        }
        Act::Exchange(Exchange { response: Some(response), .. }) if response.status == SWITCHING => {
            Some(Skipped::Upgraded)
        }
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

//! What a row says of a call: what is done, and how it ended.

use super::{Act, Outcome};
use porthole_base::error::Code;
use porthole_http::exchange::{self, Exchange};
use porthole_process::{Command, Place, Run};

/// What is done, in a line: a request's target, or the command line.
pub(super) fn text_of(act: &Act) -> String {
    match act {
        Act::Exchange(Exchange { request, .. }) => exchange::target(request).unwrap_or_else(|_| request.path.clone()),
        Act::Run(Run { command, .. }) => command_line(command),
    }
}

/// `GET`, `POST`, … for an exchange; where a run is.
pub(super) fn label_of(act: &Act) -> &str {
    match act {
        Act::Exchange(Exchange { request, .. }) => &request.method,
        Act::Run(Run { command, .. }) => match command.place {
            Place::Host => "host",
            Place::Engine => "engine",
            Place::Container { .. } => "container",
        },
    }
}

/// How long it took, in microseconds; nothing while it runs.
pub(super) fn took_us(act: &Act) -> Option<u64> {
    match act {
        Act::Exchange(exchange) => exchange.phases.done_us,
        Act::Run(run) => run.closed_us,
    }
}

/// The command as it would be typed into a POSIX shell to get the same arguments.
fn command_line(command: &Command) -> String {
    shell_words::join([&command.program].into_iter().chain(&command.args))
}

/// The state of a Call, as its facts say.
pub(super) fn outcome(act: &Act) -> Outcome {
    match act {
        Act::Exchange(exchange) => match (&exchange.failure, &exchange.response) {
            (Some(failure), _) if failure.error.code == Code::Cancelled => Outcome::Cancelled,
            (Some(failure), _) => Outcome::Failed { code: failure.error.code },
            (None, Some(response)) if exchange.ended() => {
                Outcome::Status { status: response.status, reason: response.reason.clone() }
            }
            (None, Some(response)) => Outcome::Receiving { status: response.status },
            (None, None) => Outcome::Pending,
        },
        Act::Run(run) => match (&run.failure, &run.ending, run.closed_us) {
            (Some(error), ..) if error.code == Code::Cancelled => Outcome::Cancelled,
            (Some(error), ..) => Outcome::Failed { code: error.code },
            (None, Some(ending), Some(_)) => Outcome::Ended { ending: ending.clone() },
            (None, Some(ending), None) => Outcome::Draining { ending: ending.clone() },
            (None, None, _) if run.started.is_some() => Outcome::Running,
            (None, None, _) => Outcome::Pending,
        },
    }
}

//! A Call: anything recorded, with all its facts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{permission::Decision, sdk_call::Sdk};
use porthole_base::error::{Code, Error};
use porthole_http::exchange::Exchange;
use porthole_process::{Ending, Run};

/// The number of a Call, in the order in which they began, from 1.
pub type CallId = u32;

/// Who asked for a Call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The composer of the window.
    Composer,
    /// Code in the console.
    Console,
    /// An extension's page.
    Page,
    /// Porthole itself, to bring an extension's backend up or down.
    Extension,
    /// A replay of a session.
    Replay,
    /// Another program: its connection to the backend is recorded.
    Tap,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Act {
    /// An HTTP request and its response.
    Exchange(Exchange),
    /// A command execution.
    Run(Run),
}

/// The state of a Call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Sent and not answered, or asked for and not started.
    Pending,
    /// The response has begun and its body is still arriving.
    Receiving {
        /// The HTTP status.
        status: u16,
    },
    /// The process runs.
    Running,
    /// The process ended and another process still holds its streams open.
    Draining {
        /// How it ended.
        ending: Ending,
    },
    /// A whole response is in.
    Status {
        /// The HTTP status.
        status: u16,
        /// The words after it.
        reason: String,
    },
    /// The process ended and its streams are closed.
    Ended {
        /// How it ended.
        ending: Ending,
    },
    /// It failed.
    Failed {
        /// In which way.
        code: Code,
    },
    /// The user cancelled it.
    Cancelled,
}

impl Outcome {
    /// Whether something more may happen.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Pending | Self::Receiving { .. } | Self::Running | Self::Draining { .. })
    }
}

/// One recorded Call with all its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// Who asked for it.
    pub origin: Origin,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// What an extension's code asked for, when such code made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sdk: Option<Sdk>,
    /// What allowed it or denied it, when code made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub decision: Option<Decision>,
    /// What was done.
    pub act: Act,
}

impl Call {
    /// Why it was not done at all, if the user decided so: only the call is recorded then.
    pub fn skipped(&self) -> Option<&Error> {
        let failure = match &self.act {
            Act::Exchange(exchange) => exchange.failure.as_ref().map(|failure| &failure.error),
            Act::Run(run) => run.failure.as_ref(),
        };
        failure.filter(|error| error.is_skipped())
    }
}

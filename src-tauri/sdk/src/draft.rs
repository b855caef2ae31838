//! What the composer holds: a request, a command or code.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_http::exchange::Request;
use porthole_process::Command;

/// Something that can be sent or run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Draft {
    /// A request to the target's endpoint.
    Request(Request),
    /// A command.
    Command(Command),
    /// Code for the console.
    Console(Snippet),
}

/// Code written against `ddClient`: TypeScript or JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Snippet {
    /// The text.
    pub code: String,
}

/// A saved request or command with the name that it is listed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SavedDraft {
    /// What the list shows.
    pub name: String,
    /// What is sent or run.
    pub composed: Draft,
    /// The folder of the list that it is in; beside the folders when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
}

//! Permissions: which calls of code run without a prompt, which wait for the user, and which are only recorded.
//!
//! A call is *proposed*: it is planned once, for the target of that moment, with the program that it would start. What
//! the user approves is that planned call, by its number. It is never planned again, and never compared.

mod content;
mod grants;
mod listener;
mod listener_check;
mod pending;
mod policy;
mod prompt;
mod store;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use content::{Content, Parts, Watch};
pub use grants::PermissionState;
pub use listener::{Listeners, ListeningProgram};
pub(crate) use pending::backend_missing;
pub use pending::{Gate, Guest, PendingEnd, Proposed, ProposedState};
pub use policy::CallKind;
pub(crate) use policy::is_engine_socket;
pub use prompt::{ProgramFacts, Prompt, PromptAction, PromptBody, PromptHeader, PromptText};

/// What happens to calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// They are only recorded, and the code gets an error that says so.
    Record,
    /// The user is prompted each time.
    Ask,
    /// They are done.
    Allow,
}

/// What a page may do, by the kind of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Permissions {
    /// Requests to its own backend.
    pub service: Permission,
    /// Commands in its own backend's container.
    pub container: Permission,
    /// Programs on this machine.
    pub host: Permission,
    /// `docker` on this machine, other containers, and the engine's lists.
    pub docker: Permission,
}

impl Default for Permissions {
    /// The backend is the extension's own; this machine is the user's.
    fn default() -> Self {
        Self {
            service: Permission::Allow,
            container: Permission::Allow,
            host: Permission::Ask,
            docker: Permission::Ask,
        }
    }
}

/// How far an approval goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This one call.
    Once,
    /// Calls of this kind, until Porthole ends.
    Session,
    /// Calls of this kind, as long as the extension's content is the same.
    Always,
}

/// Who or what decided about a call of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Calls of its kind need no prompt, or are only recorded.
    Policy,
    /// The user approved this call.
    Once,
    /// The user approved this call and others of its kind for the session.
    Session,
    /// The user approved this call and others of its kind for this content.
    Always,
    /// The user denied it.
    Denied,
    /// The user approved it, and its program was no longer the one in the prompt.
    ProgramChanged,
}

impl From<Scope> for Decision {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Once => Self::Once,
            Scope::Session => Self::Session,
            Scope::Always => Self::Always,
        }
    }
}

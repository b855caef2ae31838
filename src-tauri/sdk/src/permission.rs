//! What code may do, and what was decided about a call.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

/// What a call acts on: permissions are given by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// The backend's own socket.
    Service,
    /// The backend's own container.
    Container,
    /// This machine.
    Host,
    /// The docker program, another container, or the engine's lists.
    Docker,
    /// An engine's own socket, in the place of a backend's.
    Engine,
}

impl Permissions {
    /// What calls of a kind need. An engine's own socket is not a backend: anyone who writes to it owns the machine.
    pub fn of(&self, kind: CallKind) -> Permission {
        match kind {
            CallKind::Service => self.service,
            CallKind::Container => self.container,
            CallKind::Host => self.host,
            CallKind::Docker => self.docker,
            CallKind::Engine => Permission::Ask,
        }
    }

    /// With another permission for a kind.
    #[must_use]
    pub fn with(mut self, kind: CallKind, permission: Permission) -> Self {
        match kind {
            CallKind::Service => self.service = permission,
            CallKind::Container => self.container = permission,
            CallKind::Host => self.host = permission,
            CallKind::Docker => self.docker = permission,
            CallKind::Engine => {}
        }
        self
    }
}

/// What code may do now, for the window to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PermissionState {
    /// What the page that is open may do.
    pub page: Permissions,
    /// That was decided for it, and is not the default.
    pub decided: bool,
    /// Programs on this machine need no prompt in the console, until Porthole ends.
    pub console_host: bool,
    /// Requests that write to an engine need none there.
    pub console_engine: bool,
}

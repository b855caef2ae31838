//! What an extension's page may do on the machine that it is opened on.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum May {
    /// It is only recorded, and the page is told that it was refused.
    Record,
    /// Somebody is asked each time, with exactly what would be done.
    Ask,
    /// It is done.
    Allow,
}

/// The leave of one extension, by what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Leave {
    /// Requests to its service.
    pub service: May,
    /// Commands in its container.
    pub container: May,
    /// Programs on this machine.
    pub host: May,
    /// `docker` on this machine, and the engine's lists.
    pub docker: May,
}

impl Default for Leave {
    /// Its own backend is its own; this machine is somebody's.
    fn default() -> Self {
        Self { service: May::Allow, container: May::Allow, host: May::Ask, docker: May::Ask }
    }
}

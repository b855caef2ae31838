//! The Target: what is being inspected, and whether each part of it is up.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{endpoint::Endpoint, error::Error, run::EnvVar};

/// What is being inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Target {
    /// What the window calls it.
    pub name: String,
    /// Where the backend listens; the demo backend when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The backend's container, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Where host commands run.
    #[serde(default)]
    pub host: Host,
}

/// Where host commands run unless the command says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Host {
    /// Working directory; the user's home when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables added to the environment.
    #[serde(default)]
    pub env: Vec<EnvVar>,
}

/// Whether one part of the target is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// Not looked at yet.
    Unknown,
    /// The target has no such part.
    Unset,
    /// It is there.
    Up {
        /// Its resolved address.
        address: String,
    },
    /// It is not.
    Down {
        /// Its resolved address, as far as it is known.
        address: String,
        /// The stage that failed, in words.
        error: Error,
    },
}

/// The three live marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Marks {
    /// The backend's socket.
    pub service: Mark,
    /// The backend's container.
    pub container: Mark,
    /// The host environment.
    pub host: Mark,
    /// The engine in use: its name and address, or why there is none.
    pub engine: Mark,
}

impl Default for Marks {
    fn default() -> Self {
        Self { service: Mark::Unknown, container: Mark::Unset, host: Mark::Unknown, engine: Mark::Unknown }
    }
}

//! What starting a backend would do, as it is shown before it is done.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{text::shown, variables::StartVariable};
use porthole_base::error::Error;

/// How much an ask gives, what gives most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Control of the machine that runs the containers.
    Control,
    /// Something of the machine, its files, its network or other containers.
    Access,
    /// Nothing of others', and good to know.
    Notice,
}

/// One access to the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RequestedAccess {
    /// How much it gives.
    pub level: AccessLevel,
    /// What it is, in plain words.
    pub summary: String,
    /// The path, port or name, from the configuration: made visible, and cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What that means, where the summary doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
}

impl RequestedAccess {
    pub(super) fn new(level: AccessLevel, summary: &str) -> Self {
        Self { level, summary: summary.to_owned(), value: None, impact: None }
    }

    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    pub(super) fn impact(self, impact: &str) -> Self {
        Self { impact: Some(impact.to_owned()), ..self }
    }

    /// A key that Porthole doesn't know: it may give anything.
    pub(super) fn unknown(key: &str, value: Option<&serde_json::Value>) -> Self {
        let value = value.map(|value| format!(": {}", shown(value))).unwrap_or_default();
        Self::new(AccessLevel::Access, "Uses an unknown option")
            .value(format!("{}{value}", super::text::visible(key)))
            .impact("Porthole doesn't know what this grants.")
    }
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ImageSource {
    /// The engine has it.
    Present,
    /// The engine gets it from its registry.
    Pulled,
    /// It is built: the Dockerfile's commands are run on the engine.
    Built {
        /// The Dockerfile.
        dockerfile: String,
    },
}

/// What one service is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct StartService {
    /// Its name.
    pub name: String,
    /// Its image; absent where compose builds one without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where that comes from.
    pub source: ImageSource,
    /// What it asks for, what gives most first.
    pub asks: Vec<RequestedAccess>,
}

/// What starting the backend of the open extension would do. Exactly that is done when it is confirmed by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct StartPlan {
    /// Its number.
    pub id: u32,
    /// The engine: its context and address.
    pub engine: String,
    /// The services, in the order of the compose file.
    pub services: Vec<StartService>,
    /// What all of them request, highest level first.
    pub asks: Vec<RequestedAccess>,
    /// Variables that the compose file asks for and the desktop doesn't define.
    pub variables: Vec<StartVariable>,
    /// The content that variables are allowed for: another one when the compose file or what it reads changes.
    pub content: String,
    /// The same was confirmed before, since Porthole started.
    pub confirmed: bool,
    /// Why it can only be shown: no compose program is installed, and Porthole read the compose file itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_start: Option<Error>,
    /// What Porthole doesn't read of the compose file, where it read that itself.
    pub not_read: Vec<String>,
}

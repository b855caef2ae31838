//! What is known of engines, and what one tells of its containers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_base::error::Error;

/// One container of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Its first name, without the leading slash.
    pub name: String,
    /// The image's name when the container was created.
    pub image: String,
    /// `running`, `paused`, `exited`, … in the engine's words; `unknown` where it has none.
    pub state: String,
    /// `Up 3 minutes`, in the engine's words.
    pub status: String,
    /// Why it can't be used although the engine lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// An engine that the docker CLI knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Context {
    /// The context's name, `default`, or `DOCKER_HOST`; that of its folder where it cannot be read.
    pub name: String,
    /// What its owner wrote about it; the product of an engine that was found.
    pub description: String,
    /// Whether it is the one in use.
    pub current: bool,
    /// No context names it: it was found on a known socket, and its name is its address.
    pub found: bool,
    /// It is in use because no engine is configured.
    pub unconfigured: bool,
    /// Where its engine listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// An extension with a backend that runs on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RunningExtension {
    /// `<org>_<repo>`, as far as the project tells it.
    pub name: String,
    /// Its compose project.
    pub project: String,
    /// The container of its first service, where commands go. Absent when there are several and
    /// their names do not tell: only the compose file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The image of that container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its services, by compose's labels.
    pub services: Vec<String>,
    /// All of its containers, with the state of each.
    pub containers: Vec<Container>,
}

/// The extensions that run on the engine of a context, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ContextExtensions {
    /// The context.
    pub context: Context,
    /// What runs there.
    pub extensions: Vec<RunningExtension>,
    /// Why its engine did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// A place in a container that is not in its own layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// Where in the container.
    pub at: String,
    /// Whether the container may not write there.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountKind {
    /// A volume of the engine, by its name.
    Volume(String),
    /// A path on the engine's own host.
    Bind(String),
    /// Memory, or something else that belongs to this container alone.
    Own,
}

//! What an engine tells of its containers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One container of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Its first name, without the leading slash.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// `running`, `paused`, `exited`, … in the engine's words.
    pub state: String,
    /// `Up 3 minutes`, in the engine's words.
    pub status: String,
}

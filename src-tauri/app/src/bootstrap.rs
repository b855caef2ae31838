//! What the page needs before it draws anything.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::settings::Settings;
use porthole_base::error::Error;
use porthole_engine::{target::Target, this_machine::Machine};
use porthole_http::endpoint::Endpoint;
use porthole_sdk::draft::SavedDraft;

/// The state of the application when a page loads, for the first time or again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Bootstrap {
    /// Porthole's version.
    pub version: String,
    /// What was remembered.
    pub settings: Settings,
    /// Why it could not be read, or why the demo backend does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Error>,
    /// The target in use.
    pub target: Target,
    /// Where the demo backend listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<Endpoint>,
    /// What can be tried on the demo backend.
    pub examples: Vec<SavedDraft>,
    /// The folder of the demo extension; absent where it was not built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_extension: Option<PathBuf>,
    /// What `ddClient.host` tells.
    pub machine: Machine,
    /// The build of Windows: its pseudo-consoles draw the terminals of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows_build: Option<u32>,
    /// Where Porthole writes its log, if it writes a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_file: Option<PathBuf>,
}

#[cfg(windows)]
pub(crate) fn windows_build() -> Option<u32> {
    Some(windows_version::OsVersion::current().build)
}

#[cfg(not(windows))]
pub(crate) fn windows_build() -> Option<u32> {
    None
}

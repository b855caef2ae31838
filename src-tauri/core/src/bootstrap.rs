//! What the page needs before it draws anything.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    endpoint::Endpoint,
    error::Error,
    settings::{SavedDraft, Settings},
    target::Target,
};

/// The state of the shell when a page loads, for the first time or again.
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
}

/// This machine, in the words of Node.js, which are those of `ddClient.host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Machine {
    /// `linux`, `darwin`, `win32`.
    pub platform: String,
    /// `x64`, `arm64`.
    pub arch: String,
    /// Its name in the network.
    pub hostname: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let platform = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            os => os,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            "x86" => "ia32",
            arch => arch,
        };
        Self { platform: platform.to_owned(), arch: arch.to_owned(), hostname: hostname() }
    }
}

#[cfg(unix)]
fn hostname() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(not(unix))]
fn hostname() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

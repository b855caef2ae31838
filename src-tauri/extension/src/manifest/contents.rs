//! What a manifest says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Manifest {
    /// The icon's path in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Named>,
    /// `ui["dashboard-tab"]`, or the first tab of another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tab: Option<Tab>,
    /// `vm`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// `host.binaries`, one entry a file.
    pub binaries: Vec<Binary>,
    /// Keys that mean nothing to any Runtime, as paths.
    pub unknown: Vec<String>,
}

/// A text of the manifest, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Named {
    /// The text.
    pub text: String,
    /// The byte of the file at which it begins.
    pub at: usize,
}

/// The extension's page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Tab {
    /// What the tab is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Named>,
    /// The folder in the image that the page's files are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Named>,
    /// The page's file below the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<Named>,
    /// `backend.socket`: the socket that the page's requests go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Named>,
}

/// The extension's backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Backend {
    /// The image of its one service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Named>,
    /// The compose file of its services, as a path in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composefile: Option<Named>,
    /// `exposes.socket`: the name of the socket that it listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Named>,
}

/// A program for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Binary {
    /// For which hosts.
    pub platform: Platform,
    /// Its path in the image.
    pub path: Named,
}

/// A kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// macOS.
    Darwin,
    /// Windows.
    Windows,
    /// Linux.
    Linux,
}

impl Platform {
    /// As the manifest names them.
    pub(super) const KEYS: [(&str, Self); 3] =
        [("darwin", Self::Darwin), ("windows", Self::Windows), ("linux", Self::Linux)];

    /// The one this runs on.
    pub fn this() -> Self {
        match std::env::consts::OS {
            "macos" => Self::Darwin,
            "windows" => Self::Windows,
            _ => Self::Linux,
        }
    }
}

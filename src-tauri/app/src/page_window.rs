//! What the page's own window and the main one know of each other.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::settings::Settings;
use porthole_base::error::Error;
use porthole_extension::OpenedPage;

/// What the page's own window shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PageWindowState {
    /// The page.
    pub opened: OpenedPage,
    /// The current setting: the runtime that is reproduced.
    pub settings: Settings,
}

/// The page's own window is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PageWindowClosed {
    /// The page is to be shown in the main window.
    pub back: bool,
    /// Why it closed, if the user didn't close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Error>,
}

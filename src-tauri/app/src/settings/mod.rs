//! What is remembered from one start to the next.

mod file;
mod lenient;
mod merge;
mod remembered;

use std::collections::BTreeMap;

pub use file::{Loaded, SettingsFile};
pub use remembered::Remembered;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_engine::target::Target;
use porthole_extension::AllowedVariables;
use porthole_sdk::{draft::SavedDraft, runtime::Runtime};

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the desktop says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// Widths of the window's columns in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Splits {
    /// The list of saved things.
    pub side: u32,
    /// Composer and timeline.
    pub center: u32,
    /// The same while an extension's page is shown.
    #[serde(default = "Splits::page")]
    pub page: u32,
}

impl Splits {
    /// The pages of extensions are made for a wide window.
    fn page() -> u32 {
        880
    }
}

impl Default for Splits {
    fn default() -> Self {
        Self { side: 212, center: 552, page: Self::page() }
    }
}

/// Which time is beside a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// None.
    Off,
    /// The time of day.
    Clock,
    /// Seconds since the Call began.
    #[default]
    Start,
    /// Seconds since the line before.
    Previous,
}

/// How lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Reading {
    /// Long lines go on below.
    pub wrap: bool,
    /// Terminal codes are followed; else they are shown.
    pub ansi: bool,
    /// Which time is beside a line.
    pub times: Times,
}

impl Default for Reading {
    fn default() -> Self {
        Self { wrap: false, ansi: true, times: Times::Start }
    }
}

/// All that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(optional_fields)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Column widths.
    pub splits: Splits,
    /// How lines are drawn.
    pub reading: Reading,
    /// The last target; the demo backend when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// How many bytes of disk all outputs may take; 20 GB when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// The runtime that is shown and reproduced.
    pub runtime: Runtime,
    /// What the console's editor holds; the first example when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The folder of the extension that was opened last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Development servers that pages come from, by the folder or image of their extension.
    pub servers: BTreeMap<String, String>,
    /// Variables that compose may see, by the content of the extension that asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<AllowedVariables>,
    /// What the user saved, in the user's order.
    pub saved: Vec<SavedDraft>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use porthole_http::exchange::Request;
    use porthole_sdk::draft::Draft;

    /// Settings with something in each field.
    pub(super) fn every_field() -> serde_json::Value {
        let settings = Settings {
            theme: Theme::Dark,
            splits: Splits { side: 1, center: 2, page: 3 },
            reading: Reading { wrap: true, ansi: false, times: Times::Off },
            target: Some(Target::demo()),
            quota: Some(1),
            runtime: Runtime::PodmanDesktop,
            console: Some("code".to_owned()),
            extension: Some("/extension".to_owned()),
            servers: [("folder".to_owned(), "http://localhost:3000".to_owned())].into(),
            variables: Some([("content".to_owned(), vec!["HOME".to_owned()])].into()),
            saved: vec![SavedDraft {
                name: "hello".to_owned(),
                composed: Draft::Request(Request::new("GET", "/hello")),
            }],
        };
        serde_json::to_value(settings).unwrap()
    }
}

//! What is remembered from one start to the next.

mod file;
mod lenient;
mod merge;
mod remembered;

use std::collections::BTreeMap;

pub use file::{Loaded, SettingsFile};
pub use remembered::Remembered;

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use porthole_engine::target::Target;
use porthole_extension::AllowedVariables;
use porthole_sdk::{draft::SavedDraft, runtime::Runtime, variables::Environment};

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

/// How the window is divided. Shares are thousandths, so that they hold for a window of any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Splits {
    /// The width of the side bar in CSS pixels, where the user has set it. It grows with the window otherwise.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "side_set")]
    #[ts(optional)]
    pub side: Option<u32>,
    /// How much of the width beside the side bar the composer has.
    pub composer: ComposerShares,
    /// How much of the window's height the bottom panel has.
    pub bottom: u32,
    /// Whether the bottom panel is collapsed to its tool bar.
    pub collapsed: bool,
    /// Whether the side bar is hidden.
    pub side_collapsed: bool,
}

/// The composer's share of the width, for each of its tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ComposerShares {
    /// *Request*.
    pub request: u32,
    /// *Command*.
    pub command: u32,
    /// *Console*.
    pub console: u32,
    /// *Extension*: pages are made for a wide window.
    pub page: u32,
}

impl Default for Splits {
    fn default() -> Self {
        Self { side: None, composer: ComposerShares::default(), bottom: 310, collapsed: false, side_collapsed: false }
    }
}

fn side_set<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    /// What earlier versions wrote where the user hadn't set it.
    const UNSET: u32 = 212;
    Ok(Option::<u32>::deserialize(from)?.filter(|side| *side != UNSET))
}

impl Default for ComposerShares {
    fn default() -> Self {
        Self { request: 440, command: 440, console: 500, page: 620 }
    }
}

/// The columns of the timeline. Names that the window doesn't know mean nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TimelineColumns {
    /// Widths that the user chose, in CSS pixels, by column.
    pub widths: BTreeMap<String, u32>,
    /// Columns that aren't shown.
    pub hidden: Vec<String>,
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

/// A folder of saved requests and commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Folder {
    /// Its name, which no other folder has.
    pub name: String,
    /// Whether what is in it is hidden.
    #[serde(default)]
    pub collapsed: bool,
}

/// The fonts of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Fonts {
    /// The system's fonts in place of the bundled ones.
    pub system: bool,
    /// The size of text, in CSS pixels.
    pub ui_px: u32,
    /// The size of outputs and code, in CSS pixels.
    pub mono_px: u32,
}

impl Default for Fonts {
    fn default() -> Self {
        Self { system: false, ui_px: 13, mono_px: 12 }
    }
}

/// How long requests from the composer may take, in milliseconds; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Timeouts {
    /// Until the backend accepts the connection, for a request without a limit in its draft.
    pub connect_ms: u32,
    /// From the request's last byte to the end of the response's headers.
    pub response_ms: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect_ms: porthole_http::exchange::CONNECT_TIMEOUT_MS, response_ms: 0 }
    }
}

/// What was inspected before, to go back to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Recent {
    /// What it was.
    pub opened: Opened,
    /// When it was last used, in milliseconds since 1970.
    #[ts(type = "number")]
    pub used_ms: u64,
}

/// What can be inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum Opened {
    /// A backend that was connected to.
    Target {
        /// All of it.
        target: Target,
    },
    /// An extension that was opened.
    Extension {
        /// A folder, a manifest, or the name of an image, as typed.
        what: String,
        /// The docker context of its engine; the one in use when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
    },
}

/// All that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(optional_fields)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// How the window is divided.
    pub splits: Splits,
    /// How lines are drawn.
    pub reading: Reading,
    /// The columns of the timeline.
    pub columns: TimelineColumns,
    /// The last target; the demo backend when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// How many bytes of disk all outputs may take; 20 GB when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Whether calls are kept in the history; they are when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<bool>,
    /// The runtime that is shown and reproduced.
    pub runtime: Runtime,
    /// What the console's editor holds; the first example when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The folder of the extension that was opened last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// What was inspected before, the last one first.
    pub recent: Vec<Recent>,
    /// The size of the window's content in percent; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoom: Option<u32>,
    /// Development servers that pages come from, by the folder or image of their extension.
    pub servers: BTreeMap<String, String>,
    /// Variables that compose may see, by the content of the extension that asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<AllowedVariables>,
    /// What the user saved, in the user's order.
    pub saved: Vec<SavedDraft>,
    /// The folders of what is saved, in the user's order; also empty ones.
    pub folders: Vec<Folder>,
    /// Named sets of variables.
    pub environments: Vec<Environment>,
    /// The name of the environment that is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The fonts of the window.
    pub fonts: Fonts,
    /// How long requests may take.
    pub timeouts: Timeouts,
    /// The docker context of the engine for everything that names no engine; the docker CLI's context when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use porthole_http::exchange::Request;
    use porthole_sdk::{draft::Draft, variables::Variable};

    /// Settings with something in each field.
    pub(super) fn every_field() -> serde_json::Value {
        let settings = Settings {
            theme: Theme::Dark,
            splits: Splits {
                side: Some(1),
                composer: ComposerShares { request: 2, command: 3, console: 4, page: 5 },
                bottom: 6,
                collapsed: true,
                side_collapsed: true,
            },
            reading: Reading { wrap: true, ansi: false, times: Times::Off },
            columns: TimelineColumns { widths: [("took".to_owned(), 90)].into(), hidden: vec!["size".to_owned()] },
            target: Some(Target::demo()),
            quota: Some(1),
            history: Some(false),
            runtime: Runtime::PodmanDesktop,
            console: Some("code".to_owned()),
            extension: Some("/extension".to_owned()),
            recent: vec![Recent { opened: Opened::Target { target: Target::demo() }, used_ms: 1 }],
            zoom: Some(125),
            servers: [("folder".to_owned(), "http://localhost:3000".to_owned())].into(),
            variables: Some([("content".to_owned(), vec!["HOME".to_owned()])].into()),
            saved: vec![SavedDraft {
                name: "hello".to_owned(),
                composed: Draft::Request(Request::new("GET", "/hello")),
                folder: Some("greetings".to_owned()),
            }],
            folders: vec![Folder { name: "greetings".to_owned(), collapsed: true }],
            environments: vec![Environment {
                name: "local".to_owned(),
                variables: vec![Variable { name: "token".to_owned(), value: "t".to_owned(), secret: true }],
            }],
            environment: Some("local".to_owned()),
            fonts: Fonts { system: true, ui_px: 14, mono_px: 13 },
            timeouts: Timeouts { connect_ms: 1, response_ms: 2 },
            engine: Some("remote".to_owned()),
        };
        serde_json::to_value(settings).unwrap()
    }
}

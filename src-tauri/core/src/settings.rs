//! What is remembered from one start to the next.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    error::{Code, Error, Result},
    exchange::Request,
    extension::AllowedVariables,
    run::Command,
    runtime::Runtime,
    target::Target,
};

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

/// Something that can be sent or run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Composed {
    /// A request to the target's endpoint.
    Request(Request),
    /// A command.
    Command(Command),
    /// Code for the console.
    Console(Snippet),
}

/// Code written against `ddClient`: TypeScript or JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Snippet {
    /// The text.
    pub code: String,
}

/// A saved request or command with the name that it is listed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Saved {
    /// What the list shows.
    pub name: String,
    /// What is sent or run.
    pub composed: Composed,
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

/// Which time stands beside a line.
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
    /// Which time stands beside a line.
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
    /// Whose behaviour is shown and reproduced.
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
    pub saved: Vec<Saved>,
}

/// Where the settings are kept.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// The settings at this path; the file need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads them; a file that does not exist means the defaults.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file is there and is not settings: it is left as it is.
    pub fn read(&self) -> Result<Settings> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
            Err(error) => return Err(self.failed("read", &error)),
        };
        serde_json::from_slice(&text).map_err(|error| self.failed("read", &error))
    }

    /// Writes them beside the file and puts them in its place, so that a crash leaves the old ones.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the directory or the file cannot be written.
    pub fn write(&self, settings: &Settings) -> Result<()> {
        let text = serde_json::to_vec_pretty(settings).map_err(|error| self.failed("write", &error))?;
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let beside = self.path.with_extension("json.new");
        std::fs::create_dir_all(directory)
            .and_then(|()| write_private(&beside, &text))
            .and_then(|()| std::fs::rename(&beside, &self.path))
            .map_err(|error| self.failed("write", &error))
    }

    /// Moves a file that cannot be read out of the way, so that new settings do not overwrite it.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when it cannot be moved.
    pub fn set_aside(&self) -> Result<PathBuf> {
        let aside = self.path.with_extension("broken.json");
        std::fs::rename(&self.path, &aside).map_err(|error| self.failed("move", &error))?;
        Ok(aside)
    }

    fn failed(&self, did: &str, error: &dyn std::fmt::Display) -> Error {
        Error::new(Code::SettingsFailed, format!("cannot {did} the settings at {}", self.path.display())).detail(error)
    }
}

/// For this user only: composed headers and variables may hold secrets.
fn write_private(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, SettingsFile) {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::new(directory.path().join("deep").join("settings.json"));
        (directory, file)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (_directory, file) = file();
        assert_eq!(file.read().unwrap(), Settings::default());
        let request = Composed::Request(Request::new("GET", "/hello"));
        let settings = Settings {
            theme: Theme::Dark,
            target: Some(Target::demo()),
            saved: vec![Saved { name: "hello".into(), composed: request }],
            ..Settings::default()
        };
        file.write(&settings).unwrap();
        assert_eq!(file.read().unwrap(), settings);
    }

    #[test]
    fn settings_of_another_version_are_read_as_far_as_they_go() {
        let (_directory, file) = file();
        file.write(&Settings::default()).unwrap();
        fs_write(&file, r#"{"theme":"dark","unknown":1,"splits":{"side":200,"center":500}}"#);
        let read = file.read().unwrap();
        assert_eq!((read.theme, read.splits.center, read.splits.page), (Theme::Dark, 500, 880));
    }

    #[test]
    fn a_file_that_is_not_settings_is_an_error_and_stays_as_it_is() {
        let (_directory, file) = file();
        file.write(&Settings::default()).unwrap();
        fs_write(&file, "{ not json");
        let error = file.read().unwrap_err();
        assert_eq!(error.code, Code::SettingsFailed);
        let aside = file.set_aside().unwrap();
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "{ not json");
        assert_eq!(file.read().unwrap(), Settings::default());
    }

    fn fs_write(file: &SettingsFile, text: &str) {
        std::fs::write(&file.path, text).unwrap();
    }
}

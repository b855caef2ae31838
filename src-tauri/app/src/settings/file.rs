//! The file that settings are in.

use std::{io, path::PathBuf};

use super::{
    Settings,
    lenient::{self, Read},
    merge::merge,
};
use porthole_base::{
    error::{Code, Error, Result},
    json_file::{Content, JsonFile, Recovered},
};

/// Where the settings are kept.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    file: JsonFile,
}

/// Settings as they were read, which always gives some.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The defaults where nothing else was read.
    pub settings: Settings,
    /// What of them couldn't be read, and where it is now.
    pub trouble: Option<Error>,
}

impl SettingsFile {
    /// The settings at this path; the file need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { file: JsonFile::new(path) }
    }

    /// Reads what can be read. A file that isn't settings at all is moved aside, so that nothing overwrites it.
    pub fn load(&self) -> Loaded {
        match self.file.content() {
            Ok(Content::Broken(why)) => match self.file.recover() {
                Ok(Recovered::Content(content)) => self.loaded(content),
                Ok(Recovered::Aside(aside)) => {
                    let hint = format!("Porthole starts with the defaults. The file is kept as {}.", aside.display());
                    self.unread(why, hint)
                }
                Err(error) => {
                    self.unread(why, format!("Porthole starts with the defaults. The file can't be moved: {error}."))
                }
            },
            Ok(content) => self.loaded(content),
            Err(error) => self.unread(error, "Porthole starts with the defaults."),
        }
    }

    fn loaded(&self, content: Content) -> Loaded {
        match content {
            Content::Missing => Loaded::default(),
            Content::Object(file) => {
                let Read { settings, unread } = lenient::read(&file);
                let trouble = (!unread.is_empty()).then(|| self.partly_unread(&unread));
                Loaded { settings, trouble }
            }
            Content::Broken(why) => self.unread(why, "Porthole starts with the defaults."),
        }
    }

    fn unread(&self, why: impl std::fmt::Display, hint: impl Into<String>) -> Loaded {
        Loaded { settings: Settings::default(), trouble: Some(self.failed("read", why).hint(hint)) }
    }

    /// Writes what differs between the two into the file, and leaves all else in it as it is. A crash leaves the file as
    /// it was or as it becomes.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file can't be locked, read or written.
    pub fn save(&self, before: &Settings, after: &Settings) -> Result<()> {
        if before == after {
            return Ok(());
        }
        let written = self.file.update(|file| merge(file, before, after).map_err(io::Error::from));
        written.map_err(|error| self.failed("write", &error))
    }

    /// Says early whether settings can be saved.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when they can't be.
    pub fn check_writable(&self) -> Result<()> {
        self.file.check_writable().map_err(|error| {
            self.failed("write", &error).hint("Changes last until Porthole exits. Make the directory writable.")
        })
    }

    fn partly_unread(&self, unread: &[String]) -> Error {
        const SHOWN: usize = 5;
        let mut names = unread.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        if unread.len() > SHOWN {
            names.push_str(&format!(" and {} more", unread.len() - SHOWN));
        }
        Error::new(
            Code::SettingsFailed,
            format!("Some settings in {} can't be read by this version", self.file.path().display()),
        )
        .detail(names)
        .hint("They stay unchanged in the file.")
    }

    fn failed(&self, did: &str, error: impl std::fmt::Display) -> Error {
        Error::new(Code::SettingsFailed, format!("Can't {did} the settings at {}", self.file.path().display()))
            .detail(error)
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;

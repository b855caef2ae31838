//! What extensions may do, from one start to the next: by the hash of their content, in a file of its own.
//!
//! What cannot be read allows nothing: such a file is left out, and the user is asked again.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{ListeningProgram, Permissions};
use crate::{
    error::{Code, Error, Result},
    json_file::JsonFile,
};

/// Contents that are remembered; the ones that were decided first go first.
const MOST: usize = 200;

/// What one content of an extension may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    pub permissions: Permissions,
    /// The folder or image that it was: for telling what changed in it, never for allowing anything.
    pub name: String,
    /// What the content consists of, each part with its hash.
    pub parts: BTreeMap<String, String>,
    /// Counts the decisions.
    pub order: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    contents: BTreeMap<String, serde_json::Value>,
    /// The programs that listened for development servers, by folder or image.
    #[serde(default)]
    servers: BTreeMap<String, ListeningProgram>,
}

/// The file, and what it holds.
#[derive(Debug)]
pub(super) struct Store {
    file: JsonFile,
    /// What this process has read or written: the next time it writes what differs from this.
    written: serde_json::Map<String, serde_json::Value>,
    granted: BTreeMap<String, Granted>,
    servers: BTreeMap<String, ListeningProgram>,
}

impl Store {
    /// Reads it; entries that cannot be read are left out.
    pub fn read(path: PathBuf) -> Self {
        let kept: Kept = std::fs::read(&path)
            .ok()
            .and_then(|text| {
                serde_json::from_slice(&text).map_err(|error| tracing::warn!(%error, "permissions are not read")).ok()
            })
            .unwrap_or_default();
        let read = kept.contents.into_iter().filter_map(|(id, value)| Some((id, serde_json::from_value(value).ok()?)));
        let mut store = Self {
            file: JsonFile::new(path),
            written: serde_json::Map::new(),
            granted: read.collect(),
            servers: kept.servers,
        };
        store.written = store.content().unwrap_or_default();
        store
    }

    pub fn get(&self, content: &str) -> Option<&Granted> {
        self.granted.get(content)
    }

    /// What was decided last for another content of this folder or image.
    pub fn last_of(&self, name: &str) -> Option<&Granted> {
        self.granted.values().filter(|granted| granted.name == name).max_by_key(|granted| granted.order)
    }

    /// Remembers it.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file cannot be written.
    pub fn set(&mut self, content: &str, mut granted: Granted) -> Result<()> {
        granted.order = self.granted.values().map(|granted| granted.order).max().unwrap_or_default() + 1;
        self.granted.insert(content.to_owned(), granted);
        while self.granted.len() > MOST {
            let Some(oldest) = self.granted.iter().min_by_key(|(_, granted)| granted.order).map(|(id, _)| id.clone())
            else {
                break;
            };
            self.granted.remove(&oldest);
        }
        self.write()
    }

    /// Forgets it.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file cannot be written.
    pub fn remove(&mut self, content: &str) -> Result<()> {
        if self.granted.remove(content).is_some() { self.write() } else { Ok(()) }
    }

    /// The program that last listened for the development server of this folder or image.
    pub fn server(&self, name: &str) -> Option<&ListeningProgram> {
        self.servers.get(name)
    }

    /// Remembers it.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file cannot be written.
    pub fn set_server(&mut self, name: &str, program: ListeningProgram) -> Result<()> {
        if self.servers.len() >= MOST && !self.servers.contains_key(name) {
            self.servers.pop_first();
        }
        self.servers.insert(name.to_owned(), program);
        self.write()
    }

    /// Writes what was decided. What another process decided for other contents stays.
    fn write(&mut self) -> Result<()> {
        let saved = self.content().map_err(std::io::Error::from).and_then(|now| {
            self.file.save(&self.written, &now)?;
            self.written = now;
            Ok(())
        });
        saved.map_err(|error| {
            Error::new(Code::SettingsFailed, format!("Can't write the permissions at {}", self.file.path().display()))
                .detail(error)
                .hint("They hold until Porthole ends.")
        })
    }

    fn content(&self) -> serde_json::Result<serde_json::Map<String, serde_json::Value>> {
        let contents = self.granted.iter().map(|(id, granted)| Ok((id.clone(), serde_json::to_value(granted)?)));
        let kept = Kept { contents: contents.collect::<serde_json::Result<_>>()?, servers: self.servers.clone() };
        match serde_json::to_value(kept)? {
            serde_json::Value::Object(content) => Ok(content),
            _ => Ok(serde_json::Map::new()),
        }
    }
}

//! What extensions may do, from one start to the next: by the hash of their content, in its own file.
//!
//! What cannot be read allows nothing: such a file is left out, and the user is prompted again.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use porthole_base::{
    error::{Code, Error, Result},
    json_file::JsonFile,
};
use porthole_extension::ListeningProgram;
use porthole_sdk::permission::Permissions;

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
struct StoredPermissions {
    #[serde(default)]
    contents: BTreeMap<String, serde_json::Value>,
    /// The programs that listened for development servers, by folder or image.
    #[serde(default)]
    servers: BTreeMap<String, ListeningProgram>,
}

/// What the file holds, or will hold.
#[derive(Debug)]
pub(super) struct Store {
    file: Arc<Mutex<Written>>,
    granted: BTreeMap<String, Granted>,
    servers: BTreeMap<String, ListeningProgram>,
    /// Counts the changes.
    change: u64,
}

/// The file, and what this process has read or written: the next time it writes what differs from this.
#[derive(Debug)]
struct Written {
    file: JsonFile,
    content: serde_json::Map<String, serde_json::Value>,
    change: u64,
}

/// A change that is not in the file yet.
#[derive(Debug)]
#[must_use]
pub(super) struct Unwritten {
    file: Arc<Mutex<Written>>,
    content: serde_json::Result<serde_json::Map<String, serde_json::Value>>,
    change: u64,
}

impl Unwritten {
    /// Writes it, unless a later change was written already. What another process decided for other contents stays. It
    /// waits for the disk, and for other processes.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`] when the file cannot be written. The next change is written with this one then.
    pub fn write(self) -> Result<()> {
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if written.change >= self.change {
            return Ok(());
        }
        let saved = self.content.map_err(std::io::Error::from).and_then(|content| {
            written.file.save(&written.content, &content)?;
            (written.content, written.change) = (content, self.change);
            Ok(())
        });
        saved.map_err(|error| {
            let path = written.file.path().display();
            Error::new(Code::SettingsFailed, format!("Can't write the permissions at {path}"))
                .detail(error)
                .hint("They apply until Porthole exits.")
        })
    }
}

impl Store {
    /// Reads it; entries that cannot be read are left out.
    pub fn read(path: PathBuf) -> Self {
        let kept: StoredPermissions = std::fs::read(&path)
            .ok()
            .and_then(|text| {
                serde_json::from_slice(&text).map_err(|error| tracing::warn!(%error, "permissions are not read")).ok()
            })
            .unwrap_or_default();
        let read = kept.contents.into_iter().filter_map(|(id, value)| Some((id, serde_json::from_value(value).ok()?)));
        let (granted, servers) = (read.collect(), kept.servers);
        let content = content(&granted, &servers).unwrap_or_default();
        let file = Arc::new(Mutex::new(Written { file: JsonFile::new(path), content, change: 0 }));
        Self { file, granted, servers, change: 0 }
    }

    pub fn get(&self, content: &str) -> Option<&Granted> {
        self.granted.get(content)
    }

    /// What was decided last for another content of this folder or image.
    pub fn last_of(&self, name: &str) -> Option<&Granted> {
        self.granted.values().filter(|granted| granted.name == name).max_by_key(|granted| granted.order)
    }

    /// Remembers it.
    pub fn set(&mut self, content: &str, mut granted: Granted) -> Unwritten {
        granted.order = self.granted.values().map(|granted| granted.order).max().unwrap_or_default() + 1;
        self.granted.insert(content.to_owned(), granted);
        while self.granted.len() > MOST {
            let Some(oldest) = self.granted.iter().min_by_key(|(_, granted)| granted.order).map(|(id, _)| id.clone())
            else {
                break;
            };
            self.granted.remove(&oldest);
        }
        self.changed()
    }

    /// Forgets it.
    pub fn remove(&mut self, content: &str) -> Option<Unwritten> {
        self.granted.remove(content).map(|_| self.changed())
    }

    /// What is remembered, with the content that it belongs to; what was decided last comes first.
    pub fn list(&self) -> Vec<(&str, &Granted)> {
        let mut all: Vec<_> = self.granted.iter().map(|(content, granted)| (content.as_str(), granted)).collect();
        all.sort_by_key(|(_, granted)| std::cmp::Reverse(granted.order));
        all
    }

    /// Forgets all of it, and the programs of development servers.
    pub fn clear(&mut self) -> Unwritten {
        self.granted.clear();
        self.servers.clear();
        self.changed()
    }

    /// The program that last listened for the development server of this folder or image.
    pub fn server(&self, name: &str) -> Option<&ListeningProgram> {
        self.servers.get(name)
    }

    /// Remembers it.
    pub fn set_server(&mut self, name: &str, program: ListeningProgram) -> Unwritten {
        if self.servers.len() >= MOST && !self.servers.contains_key(name) {
            self.servers.pop_first();
        }
        self.servers.insert(name.to_owned(), program);
        self.changed()
    }

    fn changed(&mut self) -> Unwritten {
        self.change += 1;
        let content = content(&self.granted, &self.servers);
        Unwritten { file: Arc::clone(&self.file), content, change: self.change }
    }
}

fn content(
    granted: &BTreeMap<String, Granted>,
    servers: &BTreeMap<String, ListeningProgram>,
) -> serde_json::Result<serde_json::Map<String, serde_json::Value>> {
    let contents = granted.iter().map(|(id, granted)| Ok((id.clone(), serde_json::to_value(granted)?)));
    let kept = StoredPermissions { contents: contents.collect::<serde_json::Result<_>>()?, servers: servers.clone() };
    match serde_json::to_value(kept)? {
        serde_json::Value::Object(content) => Ok(content),
        _ => Ok(serde_json::Map::new()),
    }
}

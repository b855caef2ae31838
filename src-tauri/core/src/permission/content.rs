//! What a permission belongs to: the content of an extension as the user saw it, not its name, path or port.

use std::collections::BTreeMap;

/// The content of the page that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The hash of all its parts; none where it can't be told from another one.
    pub id: Option<String>,
    /// The folder or image, for showing.
    pub name: String,
    /// Its parts, each with its hash.
    pub parts: BTreeMap<String, String>,
    /// It is known whole, and may be allowed something always.
    pub lasting: bool,
}

impl Content {
    /// The hash that it is known by now.
    pub fn known(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What changed since it was opened.
    pub fn changed_since_opened(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is different from these parts, in words.
    pub fn differences(&self, before: &BTreeMap<String, String>) -> Vec<String> {
        let added = self.parts.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("{name} (added)"));
        let gone = before.keys().filter(|name| !self.parts.contains_key(*name)).map(|name| format!("{name} (removed)"));
        let changed = self.parts.iter().filter(|(name, hash)| before.get(*name).is_some_and(|other| other != *hash));
        changed.map(|(name, _)| format!("{name} (changed)")).chain(added).chain(gone).collect()
    }
}

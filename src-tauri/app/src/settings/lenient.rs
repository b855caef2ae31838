//! Reads settings as far as they can be read: a value that this version doesn't know costs nothing but itself.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Settings;

/// What was read, and where there's something that can't be.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub settings: Settings,
    /// `theme`, `saved[2]`: as a person finds them in the file.
    pub unread: Vec<String>,
}

pub(super) fn read(file: &Map<String, Value>) -> Read {
    let mut read = Read::default();
    let unread = &mut read.unread;
    let settings = &mut read.settings;
    field(file, "theme", &mut settings.theme, unread);
    field(file, "splits", &mut settings.splits, unread);
    field(file, "reading", &mut settings.reading, unread);
    field(file, "columns", &mut settings.columns, unread);
    field(file, "target", &mut settings.target, unread);
    field(file, "quota", &mut settings.quota, unread);
    field(file, "history", &mut settings.history, unread);
    field(file, "runtime", &mut settings.runtime, unread);
    field(file, "console", &mut settings.console, unread);
    field(file, "extension", &mut settings.extension, unread);
    list(file, "recent", &mut settings.recent, unread);
    field(file, "zoom", &mut settings.zoom, unread);
    entries(file, "servers", &mut settings.servers, unread);
    field(file, "variables", &mut settings.variables, unread);
    list(file, "saved", &mut settings.saved, unread);
    list(file, "folders", &mut settings.folders, unread);
    list(file, "environments", &mut settings.environments, unread);
    field(file, "environment", &mut settings.environment, unread);
    field(file, "fonts", &mut settings.fonts, unread);
    field(file, "timeouts", &mut settings.timeouts, unread);
    field(file, "engine", &mut settings.engine, unread);
    read
}

fn field<T: DeserializeOwned>(file: &Map<String, Value>, name: &str, into: &mut T, unread: &mut Vec<String>) {
    let Some(value) = file.get(name) else { return };
    match serde_json::from_value(value.clone()) {
        Ok(value) => *into = value,
        Err(_) => unread.push(name.to_owned()),
    }
}

fn entries<T: DeserializeOwned>(
    file: &Map<String, Value>,
    name: &str,
    into: &mut std::collections::BTreeMap<String, T>,
    unread: &mut Vec<String>,
) {
    match file.get(name) {
        None => {}
        Some(Value::Object(entries)) => {
            for (key, value) in entries {
                match serde_json::from_value(value.clone()) {
                    Ok(value) => drop(into.insert(key.clone(), value)),
                    Err(_) => unread.push(format!("{name}[{key:?}]")),
                }
            }
        }
        Some(_) => unread.push(name.to_owned()),
    }
}

fn list<T: DeserializeOwned>(file: &Map<String, Value>, name: &str, into: &mut Vec<T>, unread: &mut Vec<String>) {
    match file.get(name) {
        None => {}
        Some(Value::Array(items)) => {
            for (place, item) in items.iter().enumerate() {
                match serde_json::from_value(item.clone()) {
                    Ok(item) => into.push(item),
                    Err(_) => unread.push(format!("{name}[{place}]")),
                }
            }
        }
        Some(_) => unread.push(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that this file forgets would never be read.
    #[test]
    fn every_field_is_read() {
        let Value::Object(file) = super::super::tests::every_field() else { panic!("not an object") };
        let read = read(&file);
        assert!(read.unread.is_empty(), "{:?}", read.unread);
        assert_eq!(serde_json::to_value(&read.settings).unwrap(), Value::Object(file));
    }
}

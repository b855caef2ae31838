//! The environment of a host command.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

/// Variables by their names. On Windows these have no case: `Path` is `PATH`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment(BTreeMap<OsString, (OsString, OsString)>);

impl Environment {
    /// That of this process.
    pub fn of_this_process() -> Self {
        let mut own = Self::default();
        std::env::vars_os().for_each(|(name, value)| own.set(name, value));
        own
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(&key(OsStr::new(name))).map(|(_, value)| value.as_os_str())
    }

    /// Sets a variable, in place of the one that had this name.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let name = name.into();
        self.0.insert(key(&name), (name, value.into()));
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(&key(OsStr::new(name)));
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.values().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// What two names have in common that are one variable.
fn key(name: &OsStr) -> OsString {
    if cfg!(windows) { name.to_string_lossy().to_uppercase().into() } else { name.to_owned() }
}

/// Whether two names are one variable.
pub fn is_same_variable(one: &str, other: &str) -> bool {
    key(OsStr::new(one)) == key(OsStr::new(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On Windows both were in the environment, and the system's `Path` won over the `PATH` of the command.
    #[test]
    fn a_variable_whose_name_differs_in_case_replaces_the_other_on_windows_alone() {
        let mut environment = Environment::default();
        environment.set("Path", "first");
        environment.set("PATH", "second");
        let all: Vec<_> = environment.iter().collect();
        if cfg!(windows) {
            assert_eq!(all, [(OsStr::new("PATH"), OsStr::new("second"))]);
            assert_eq!(environment.get("pAtH"), Some(OsStr::new("second")));
        } else {
            assert_eq!(all.len(), 2);
            assert_eq!(environment.get("Path"), Some(OsStr::new("first")));
        }
        environment.remove("Path");
        assert_eq!(environment.get("Path"), None);
        assert_eq!(is_same_variable("Path", "PATH"), cfg!(windows));
    }
}

//! The Target: what is being inspected, and whether each part of it is up.

mod check;
mod reach;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use check::keep_checking;
pub use reach::reached;

use crate::{Address, EngineEnvironment};
use porthole_base::error::{Error, Result};
use porthole_http::endpoint::Endpoint;
use porthole_process::{Bin, Command, EnvMode, EnvVar, Place};

/// What is being inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Target {
    /// What the window calls it.
    pub name: String,
    /// Where the backend listens; the demo backend when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Why the endpoint is not a socket of this machine, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The docker context of the engine that has the container; the one in use when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The backend's container, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The backend is a process of this machine, and so is its "container": what code runs there runs here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>")]
    pub native: bool,
    /// It is a mock: its responses and commands come from a session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>")]
    pub mock: bool,
    /// Where host commands run.
    #[serde(default)]
    pub host: Host,
}

impl Target {
    /// The demo backend, with nothing else.
    pub fn demo() -> Self {
        Self {
            name: "demo backend".to_owned(),
            endpoint: None,
            via: None,
            engine: None,
            container: None,
            native: false,
            mock: false,
            host: Host::default(),
        }
    }

    /// The target with a name: the one given, or else what it consists of.
    #[must_use]
    pub fn named(mut self) -> Self {
        if self.name.trim().is_empty() {
            self.name = match (&self.container, &self.endpoint) {
                (Some(container), _) => container.clone(),
                (None, Some(Endpoint::Unix(path))) => {
                    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
                }
                (None, Some(Endpoint::Container { container, .. })) => container.to_string(),
                (None, Some(endpoint)) => endpoint.to_string(),
                (None, None) => Self::demo().name,
            };
        }
        self
    }

    /// Where its engine listens.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`](porthole_base::error::Code::EngineAddressInvalid) when there is no such context or it
    /// cannot be read.
    pub fn address(&self) -> Result<Address> {
        EngineEnvironment::of_this_process().resolve(self.engine.as_deref())
    }

    /// A host command with the target's directory and environment where it sets none, and the extension's
    /// programs on its `PATH`.
    #[must_use]
    pub fn applied_to(&self, mut command: Command) -> Command {
        if command.place == Place::Host {
            command.cwd = command.cwd.or_else(|| self.host.cwd.clone());
            command.env.splice(0..0, self.host.env.iter().cloned());
            // Its own environment has the `PATH` that it names.
            if command.env_mode == EnvMode::Add && command.bin.is_none() {
                command.bin = self.host.bin.clone().map(|directory| Bin { directory, first: true });
            }
        }
        command
    }
}

/// Where host commands run unless the command says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Host {
    /// Working directory; the user's home when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables added to the environment.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// Where the extension's own host programs are: on the `PATH` of host commands. Rancher Desktop looks for programs
    /// only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
}

/// Whether one part of the target is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PartStatus {
    /// Not looked at yet.
    Unknown,
    /// The target has no such part.
    Unset,
    /// It is there.
    Up {
        /// Its resolved address.
        address: String,
    },
    /// It is not.
    Down {
        /// Its resolved address, as far as it is known.
        address: String,
        /// The stage that failed, in words.
        error: Error,
    },
}

/// The three live marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TargetStatus {
    /// The backend's socket.
    pub service: PartStatus,
    /// The backend's container.
    pub container: PartStatus,
    /// The host environment.
    pub host: PartStatus,
    /// The engine in use: its name and address, or why there is none.
    pub engine: PartStatus,
}

impl Default for TargetStatus {
    fn default() -> Self {
        Self {
            service: PartStatus::Unknown,
            container: PartStatus::Unset,
            host: PartStatus::Unknown,
            engine: PartStatus::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(name: &str, value: &str) -> EnvVar {
        EnvVar { name: name.into(), value: value.into() }
    }

    #[test]
    fn the_commands_own_directory_and_variables_win() {
        let host = Host { cwd: Some("/target".into()), env: vec![var("A", "target")], bin: Some("/ext/bin".into()) };
        let target = Target { host, ..Target::demo() };
        let mut command = Command::new(Place::Host, "x", [] as [&str; 0]);
        assert_eq!(target.applied_to(command.clone()).cwd.as_deref(), Some("/target"));
        command.cwd = Some("/own".into());
        command.env = vec![var("A", "own")];
        let applied = target.applied_to(command.clone());
        assert_eq!(applied.cwd.as_deref(), Some("/own"));
        assert_eq!(applied.env, [var("A", "target"), var("A", "own")]);
        assert_eq!(applied.bin, Some(Bin { directory: "/ext/bin".into(), first: true }));
        command.env_mode = EnvMode::Replace;
        assert_eq!(target.applied_to(command.clone()).bin, None);
        command.place = Place::Container { name: "c".into() };
        assert_eq!(target.applied_to(command.clone()), command);
    }
}

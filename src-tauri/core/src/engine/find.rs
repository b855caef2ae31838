//! Which engine is meant: `DOCKER_HOST`, else the docker context in use, as the docker CLI does it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    endpoint::Endpoint,
    error::{Code, Error, Result},
};

/// Where an engine listens, and how that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The context's name, or `DOCKER_HOST`.
    pub name: String,
    /// As docker writes it: `unix:///var/run/docker.sock`, `tcp://host:2375`.
    pub host: String,
}

impl Address {
    /// Where its API is asked over HTTP.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] when it needs something that Porthole does not speak, or cannot
    /// be read.
    pub fn endpoint(&self) -> Result<Endpoint> {
        self.spoken()?;
        self.host.parse().map_err(|error: Error| {
            Error::new(Code::EngineAddressInvalid, format!("`{}` is not an engine's address", self.host))
                .detail(error.message)
        })
    }

    /// Whether Porthole speaks what is spoken there.
    pub(super) fn spoken(&self) -> Result<()> {
        match ["ssh://", "https://", "fd://"].iter().find(|scheme| self.host.starts_with(**scheme)) {
            None => Ok(()),
            Some(scheme) => Err(Error::new(
                Code::EngineAddressInvalid,
                format!("the engine at {} needs {scheme}, which Porthole does not speak yet", self.host),
            )
            .hint("Forward the engine's socket to this machine and set DOCKER_HOST=unix:///that.sock.")),
        }
    }
}

/// What decides which engine is meant.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The value of `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// The value of `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// The docker CLI's directory: `DOCKER_CONFIG`, or `.docker` in the user's home.
    pub config: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let config = set("DOCKER_CONFIG").map(PathBuf::from);
        Self {
            docker_host: set("DOCKER_HOST"),
            docker_context: set("DOCKER_CONTEXT"),
            config: config.or_else(|| Some(std::env::home_dir()?.join(".docker"))),
        }
    }

    /// The engine that they mean.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] when the context does not exist or cannot be read.
    pub fn address(&self) -> Result<Address> {
        if let Some(host) = &self.docker_host {
            return Ok(Address { name: "DOCKER_HOST".to_owned(), host: host.clone() });
        }
        let context = match &self.docker_context {
            Some(context) => Some(context.clone()),
            None => self.current_context()?,
        };
        match context.as_deref() {
            None | Some("default") => Ok(Address { name: "default".to_owned(), host: DEFAULT_HOST.to_owned() }),
            Some(name) => self.context(name),
        }
    }

    fn current_context(&self) -> Result<Option<String>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Config {
            current_context: Option<String>,
        }
        let Some(path) = self.config.as_ref().map(|config| config.join("config.json")) else { return Ok(None) };
        let Ok(text) = fs::read(&path) else { return Ok(None) };
        let config: Config = serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error))?;
        Ok(config.current_context.filter(|name| !name.is_empty()))
    }

    fn context(&self, name: &str) -> Result<Address> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Meta {
            name: String,
            #[serde(default)]
            endpoints: std::collections::HashMap<String, Host>,
        }
        #[derive(Deserialize)]
        struct Host {
            #[serde(rename = "Host")]
            host: Option<String>,
        }
        let metas = self.config.as_ref().map(|config| config.join("contexts").join("meta")).unwrap_or_default();
        let mut known = vec!["default".to_owned()];
        for entry in fs::read_dir(&metas).into_iter().flatten().flatten() {
            let path = entry.path().join("meta.json");
            let Ok(text) = fs::read(&path) else { continue };
            let mut meta: Meta = serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error))?;
            if meta.name == name {
                let host = meta.endpoints.remove("docker").and_then(|endpoint| endpoint.host);
                let host = host.ok_or_else(|| invalid(format!("the docker context `{name}` names no engine")))?;
                return Ok(Address { name: name.to_owned(), host });
            }
            known.push(meta.name);
        }
        known.sort();
        Err(invalid(format!("there is no docker context `{name}`"))
            .hint(format!("Known contexts: {}. See `docker context ls`.", known.join(", "))))
    }
}

#[cfg(unix)]
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";
#[cfg(windows)]
const DEFAULT_HOST: &str = "npipe:////./pipe/docker_engine";

fn invalid(message: String) -> Error {
    Error::new(Code::EngineAddressInvalid, message)
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Error {
    invalid(format!("cannot read {}", path.display())).detail(error).hint("The docker CLI reads the same file.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(files: &[(&str, &str)]) -> (tempfile::TempDir, Surroundings) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let surroundings = Surroundings { config: Some(directory.path().to_owned()), ..Surroundings::default() };
        (directory, surroundings)
    }

    const DESKTOP: (&str, &str) = (
        "contexts/meta/abc/meta.json",
        r#"{"Name":"desktop-linux","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///d.sock","SkipTLSVerify":false}}}"#,
    );

    #[test]
    fn docker_host_wins_over_every_context() {
        let (_directory, mut surroundings) =
            config(&[DESKTOP, ("config.json", r#"{"currentContext":"desktop-linux"}"#)]);
        assert_eq!(surroundings.address().unwrap().host, "unix:///d.sock");
        surroundings.docker_context = Some("default".into());
        assert_eq!(surroundings.address().unwrap().host, DEFAULT_HOST);
        surroundings.docker_host = Some("tcp://h:1".into());
        assert_eq!(surroundings.address().unwrap(), Address { name: "DOCKER_HOST".into(), host: "tcp://h:1".into() });
    }

    #[test]
    fn with_no_configuration_it_is_the_default() {
        let (_directory, surroundings) = config(&[]);
        assert_eq!(surroundings.address().unwrap().name, "default");
        let (_directory, surroundings) = config(&[("config.json", r#"{"auths":{}}"#)]);
        assert_eq!(surroundings.address().unwrap().name, "default");
        assert_eq!(Surroundings::default().address().unwrap().name, "default");
    }

    #[test]
    fn a_context_that_is_not_there_names_those_that_are() {
        let (_directory, mut surroundings) = config(&[DESKTOP]);
        surroundings.docker_context = Some("nope".into());
        let error = surroundings.address().unwrap_err();
        assert_eq!(error.code, Code::EngineAddressInvalid);
        assert!(error.hint.unwrap().contains("default, desktop-linux"));
    }

    #[test]
    fn files_that_are_not_json_are_named() {
        for files in [
            &[("config.json", "{")][..],
            &[("config.json", r#"{"currentContext":"x"}"#), ("contexts/meta/a/meta.json", "[]")],
        ] {
            let (_directory, surroundings) = config(files);
            let error = surroundings.address().unwrap_err();
            assert_eq!(error.code, Code::EngineAddressInvalid);
            assert!(error.message.contains(".json"), "{error}");
        }
    }
}

//! Which engine is meant, and which there are: `DOCKER_HOST`, else the docker context in use, as the
//! docker CLI does it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use serde::Deserialize;

use super::{
    address::{Address, Tls},
    facts::Context,
    well_known::{FoundEngine, SocketDirectories},
};
use porthole_base::error::{Code, Error, Result};

/// What decides which engine is meant.
#[derive(Debug, Clone, Default)]
pub struct EngineEnvironment {
    /// The context that the user prefers to what the environment and the docker CLI's configuration name.
    pub preferred: Option<String>,
    /// The value of `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// The value of `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// The docker CLI's directory: `DOCKER_CONFIG`, or `.docker` in the user's home.
    pub config: Option<PathBuf>,
    /// `DOCKER_TLS` is set: TLS is spoken to the engine of `DOCKER_HOST`.
    pub tls: bool,
    /// `DOCKER_TLS_VERIFY` is set, whatever to: that too, and the engine has to prove who it is.
    pub tls_verify: bool,
    /// The value of `DOCKER_CERT_PATH`.
    pub cert_path: Option<PathBuf>,
    /// The value of `PORTHOLE_SSH`: a command with its first arguments, in the place of `ssh`.
    pub ssh: Option<String>,
    /// Where products keep their sockets: an engine that is configured nowhere is looked for there.
    pub places: SocketDirectories,
}

/// What the docker CLI keeps of a context.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextMeta {
    name: String,
    #[serde(default)]
    metadata: HashMap<String, serde_json::Value>,
    #[serde(default)]
    endpoints: HashMap<String, ContextEndpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEndpoint {
    host: Option<String>,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The context that the user prefers, for all of this process: as an environment variable would be.
static PREFERRED: RwLock<Option<String>> = RwLock::new(None);

/// From now on the engine of this context is used where none is named.
pub fn prefer(context: Option<String>) {
    *PREFERRED.write().unwrap_or_else(PoisonError::into_inner) = context;
}

impl EngineEnvironment {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let config = set("DOCKER_CONFIG").map(PathBuf::from);
        Self {
            preferred: PREFERRED.read().unwrap_or_else(PoisonError::into_inner).clone(),
            docker_host: set("DOCKER_HOST"),
            docker_context: set("DOCKER_CONTEXT"),
            config: config.or_else(|| Some(std::env::home_dir()?.join(".docker"))),
            tls: set("DOCKER_TLS").is_some(),
            tls_verify: set("DOCKER_TLS_VERIFY").is_some(),
            cert_path: set("DOCKER_CERT_PATH").map(PathBuf::from),
            ssh: set("PORTHOLE_SSH"),
            places: SocketDirectories::of_this_process(),
        }
    }

    /// The engine that they mean.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] when the context does not exist or cannot be read.
    pub fn address(&self) -> Result<Address> {
        self.named(&self.current()?)
    }

    /// The engine of a context where one is named, else the one in use.
    ///
    /// # Errors
    /// As for [`EngineEnvironment::named`].
    pub fn resolve(&self, name: Option<&str>) -> Result<Address> {
        name.map_or_else(|| self.address(), |name| self.named(name))
    }

    /// The engine of a context; `default` and `DOCKER_HOST` count as such.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] when there is no such context or it cannot be read.
    pub fn named(&self, name: &str) -> Result<Address> {
        match (name, &self.docker_host) {
            (FROM_ENVIRONMENT, Some(host)) => self.outside_contexts(name, host),
            (DEFAULT, _) => {
                self.outside_contexts(name, if self.speaks_tls() { DEFAULT_TLS_HOST } else { DEFAULT_HOST })
            }
            // The name of an engine that was found on a known socket is its address; no context's name has a slash.
            _ if name.contains("://") => Ok(Address { ssh: self.ssh()?, ..Address::new(name, name) }),
            _ => self.context(name),
        }
    }

    /// Every address at which an engine may listen: those of the contexts, and the known sockets whether something
    /// listens there or not.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = String> {
        let configured = [FROM_ENVIRONMENT, DEFAULT].into_iter().filter_map(|name| self.named(name).ok());
        let kept = self.metas().filter_map(|(path, meta)| self.address_in(&path, &meta.ok()?).ok());
        configured.chain(kept).map(|address| address.host).chain(self.places.hosts())
    }

    /// Every context, those that cannot be read too: the one from `DOCKER_HOST` if it is set, the
    /// default, the others by name; then the engines that listen on a known socket and have no context.
    pub fn contexts(&self) -> Vec<Context> {
        let found = self.places.engines();
        let configured = self.configured();
        let is_configured = !matches!(configured, Ok(None));
        let current = configured.ok().map(|name| name.unwrap_or_else(|| self.first_of(&found)));
        let listed = |name: &str, description: String, address: Result<Address>| Context {
            name: name.to_owned(),
            description,
            current: current.as_deref() == Some(name),
            found: false,
            unconfigured: false,
            host: address.as_ref().ok().map(|address| address.host.clone()),
            error: address.err(),
        };
        let from_environment = self
            .docker_host
            .as_ref()
            .map(|_| listed(FROM_ENVIRONMENT, "set in the environment".to_owned(), self.named(FROM_ENVIRONMENT)));
        let default = listed(DEFAULT, "docker's default".to_owned(), self.named(DEFAULT));
        let mut kept: Vec<Context> = self
            .metas()
            .map(|(path, meta)| match meta {
                Ok(meta) => {
                    let description =
                        meta.metadata.get("Description").and_then(|text| text.as_str()).unwrap_or_default();
                    listed(&meta.name, description.to_owned(), self.address_in(&path, &meta))
                }
                // Nothing but its folder is known of it.
                Err(error) => listed(&id_of(&path), String::new(), Err(error)),
            })
            .collect();
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        // Where nothing listens at the default and it wasn't configured, another engine is no reason to show it as
        // down.
        let is_needed = found.is_empty()
            || default.current
            || self.speaks_tls()
            || found.iter().any(|found| default.host.as_ref() == Some(&found.host));
        let default = is_needed.then_some(default);
        let mut all: Vec<Context> = from_environment.into_iter().chain(default).chain(kept).collect();
        for mut found in found {
            if !found.responds {
                found.product.push_str(", doesn't respond");
            }
            match all.iter_mut().find(|context| context.host.as_ref() == Some(&found.host)) {
                Some(known) if known.name == DEFAULT => known.description.clone_from(&found.product),
                Some(_) => continue,
                None => {
                    let context = listed(&found.host, found.product, self.named(&found.host));
                    all.push(Context { found: true, ..context });
                }
            }
            if let Some(context) = all.iter_mut().find(|context| context.host.as_ref() == Some(&found.host))
                && context.current
                && !is_configured
            {
                context.unconfigured = true;
                context.description.push_str(", used because no engine is configured");
            }
        }
        all
    }

    /// The name of the context in use.
    fn current(&self) -> Result<String> {
        Ok(self.configured()?.unwrap_or_else(|| self.first_of(&self.places.engines())))
    }

    /// The name of the context that the environment or the docker CLI's configuration names.
    fn configured(&self) -> Result<Option<String>> {
        if self.preferred.is_some() {
            return Ok(self.preferred.clone());
        }
        if self.docker_host.is_some() {
            return Ok(Some(FROM_ENVIRONMENT.to_owned()));
        }
        match &self.docker_context {
            Some(context) => Ok(Some(context.clone())),
            None => self.current_in_config(),
        }
    }

    /// What is used when nothing is configured: the default where something listens there, else the first engine that
    /// answers on a known socket.
    fn first_of(&self, found: &[FoundEngine]) -> String {
        let is_default = |found: &FoundEngine| found.host == DEFAULT_HOST && found.responds;
        match found.iter().find(|found| found.responds).or(found.first()) {
            Some(first) if !self.speaks_tls() && !found.iter().any(is_default) => first.host.clone(),
            _ => DEFAULT.to_owned(),
        }
    }

    fn current_in_config(&self) -> Result<Option<String>> {
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

    /// What is kept of each context, with the file that it is from.
    fn metas(&self) -> impl Iterator<Item = (PathBuf, Result<ContextMeta>)> {
        let metas = self.config.as_ref().map(|config| config.join("contexts").join("meta")).unwrap_or_default();
        fs::read_dir(metas).into_iter().flatten().flatten().filter_map(|entry| {
            let path = entry.path().join("meta.json");
            let meta = match fs::read(&path) {
                Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
                Err(error) => Err(unreadable(&path, &error)),
            };
            Some((path, meta))
        })
    }

    fn context(&self, name: &str) -> Result<Address> {
        let mut known = vec![DEFAULT.to_owned()];
        let mut broken = None;
        for (path, meta) in self.metas() {
            match meta {
                Ok(meta) if meta.name == name => return self.address_in(&path, &meta),
                Ok(meta) => known.push(meta.name),
                Err(error) => broken = Some(error),
            }
        }
        known.sort();
        // The one that cannot be read may be the one that is meant.
        Err(broken.unwrap_or_else(|| {
            invalid(format!("Docker context not found: `{name}`"))
                .hint(format!("Known contexts: {}. See `docker context ls`.", known.join(", ")))
        }))
    }

    /// The engine of a context, with the TLS files that lie beside it.
    fn address_in(&self, path: &Path, meta: &ContextMeta) -> Result<Address> {
        let endpoint = meta.endpoints.get("docker");
        let host = endpoint.and_then(|endpoint| endpoint.host.clone()).filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid(format!("The docker context `{}` has no engine address", meta.name)))?;
        let skip_verify = endpoint.is_some_and(|endpoint| endpoint.skip_tls_verify);
        let files =
            self.config.clone().unwrap_or_default().join("contexts").join("tls").join(id_of(path)).join("docker");
        let file = |name| Some(files.join(name)).filter(|path| path.exists());
        let tls = Tls { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem"), skip_verify };
        let tls = (tls != Tls::default()).then_some(tls);
        Ok(Address { name: meta.name.clone(), host, tls, ssh: self.ssh()? })
    }

    /// The engine of `DOCKER_HOST` or of the default, with the TLS that the environment asks for.
    fn outside_contexts(&self, name: &str, host: &str) -> Result<Address> {
        let tls = self.speaks_tls().then(|| {
            let files = self.cert_path.clone().or_else(|| self.config.clone()).unwrap_or_default();
            let file = |name| Some(files.join(name)).filter(|path| path.exists());
            // A missing ca.pem is an error for docker, where it is needed, and not a reason to trust others.
            let ca = if self.tls_verify { Some(files.join("ca.pem")) } else { None };
            Tls { ca, cert: file("cert.pem"), key: file("key.pem"), skip_verify: !self.tls_verify }
        });
        Ok(Address { name: name.to_owned(), host: host.to_owned(), tls, ssh: self.ssh()? })
    }

    fn speaks_tls(&self) -> bool {
        self.tls || self.tls_verify
    }

    fn ssh(&self) -> Result<Vec<String>> {
        shell_words::split(self.ssh.as_deref().unwrap_or_default()).map_err(|error| {
            invalid("PORTHOLE_SSH isn't a valid command: a quote isn't closed".to_owned()).detail(error)
        })
    }
}

/// The name of what `DOCKER_HOST` says.
pub const FROM_ENVIRONMENT: &str = "DOCKER_HOST";
/// The context that is always there.
const DEFAULT: &str = "default";

#[cfg(unix)]
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";
#[cfg(windows)]
const DEFAULT_HOST: &str = "npipe:////./pipe/docker_engine";
/// Docker's default if TLS is requested without a directory.
const DEFAULT_TLS_HOST: &str = "tcp://localhost:2376";

/// The folder of a context, which docker names by a digest of the context's name.
fn id_of(meta: &Path) -> String {
    meta.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

fn invalid(message: String) -> Error {
    Error::new(Code::EngineAddressInvalid, message)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    invalid(format!("Can't read {}", path.display())).detail(error).hint("The docker CLI reads the same file.")
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;

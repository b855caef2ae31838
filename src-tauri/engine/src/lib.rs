//! A Docker-compatible engine: found as the docker CLI finds it, asked through its API.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod address;
mod all_engines;
mod api;
mod backend_resources;
mod build_progress;
mod build_session;
mod connect;
mod connections;
mod context;
mod diagnose;
pub mod exec;
mod extensions;
mod facts;
mod find;
mod ignore_file;
mod left;
mod limits;
mod owner;
mod pool;
mod protobuf;
pub mod reaper;
mod registries;
mod responses;
pub mod sockets;
mod ssh;
mod ssh_failure;
pub mod target;
pub mod this_machine;
mod tls;
pub mod tunnel;
mod well_known;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bollard::{Docker, errors::Error as ApiError, query_parameters::ContainerArchiveInfoOptionsBuilder};

pub use address::{Address, Tls};
pub use all_engines::extensions_everywhere;
pub(crate) use api::{Reply, segment};
pub use backend_resources::{BackendResources, EXTENSION, left_behind};
pub(crate) use build_progress::Progress;
pub(crate) use build_session::BuildSession;
pub(crate) use connect::dial_engine;
pub use connections::BackendConnections;
pub(crate) use context::BuildContext;
pub use extensions::{PROJECT, RANCHER_DESKTOP, SERVICE};
pub use facts::*;
pub use find::EngineEnvironment;
pub use find::FROM_ENVIRONMENT;
pub use find::prefer;
pub(crate) use ignore_file::IgnoreFile;
pub(crate) use left::stop;
pub use left::{Removal, new_name, remove, remove_left, remove_unfinished};
pub use owner::{hostname, is_dead, owner};
pub(crate) use registries::{Registries, registry_of};
pub use responses::{ExecState, ListedImage, list, text, texts};
pub use well_known::{FoundEngine, SocketDirectories};

use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};

use self::{address::Transport, pool::Pool};

/// How long an engine of this machine may take to say who it is.
const GREETING: Duration = Duration::from_secs(4);
/// That of another machine: the network comes before it.
const GREETING_FROM_AFAR: Duration = Duration::from_secs(10);
/// One behind ssh: keys are agreed on first, and the other side starts two processes.
const GREETING_THROUGH_SSH: Duration = Duration::from_secs(20);

/// A connected engine.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    /// The connections that `docker` uses too, for what it can't read.
    pool: Arc<Pool>,
    /// How each request's address begins.
    base: String,
    address: Address,
}

/// The last engine, for further requests to it: connecting and agreeing on a version
/// takes as long as starting a small command.
#[derive(Debug, Default)]
pub struct LastEngine(Mutex<Option<Engine>>);

impl LastEngine {
    /// The engine at an address.
    ///
    /// # Errors
    /// As for [`Engine::connect`].
    pub async fn at(&self, address: Address) -> Result<Engine> {
        if let Some(engine) = self.last(&address) {
            return Ok(engine);
        }
        let engine = Engine::connect(address).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.clone());
        Ok(engine)
    }

    /// The engine at an address, seen to answer at this moment; its connection is used again where
    /// it still holds.
    ///
    /// # Errors
    /// As for [`Engine::connect`].
    pub async fn answering_at(&self, address: Address) -> Result<Engine> {
        if let Some(engine) = self.last(&address) {
            let answer = tokio::time::timeout(GREETING_FROM_AFAR, engine.ping()).await;
            if matches!(answer, Ok(Ok(()))) {
                return Ok(engine);
            }
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.at(address).await
    }

    fn last(&self, address: &Address) -> Option<Engine> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.filter(|engine| engine.address == *address)
    }
}

/// What is read about a container before a command runs in it.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// Its id.
    pub id: String,
    /// It runs, or is paused.
    pub running: bool,
    /// It is paused.
    pub paused: bool,
    /// `PATH` in its configuration.
    pub path: Option<String>,
    /// The working directory of its programs.
    pub working_dir: String,
    /// When it was started last, in the engine's words.
    pub started: Option<String>,
    /// The engine's host's id of the container's first process.
    pub pid: Option<u32>,
    /// The process namespace that it sees, in the engine's words: its own when empty.
    pub pid_mode: String,
    /// What is mounted in it.
    pub mounts: Vec<Mount>,
}

impl Engine {
    /// Connects and greets it.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`], [`Code::EngineUnavailable`].
    pub async fn connect(address: Address) -> Result<Self> {
        let transport = address.transport()?;
        let limit = match transport {
            Transport::Local => GREETING,
            Transport::Tcp(_) | Transport::Tls(..) => GREETING_FROM_AFAR,
            Transport::Ssh(_) => GREETING_THROUGH_SSH,
        };
        let (docker, pool, base) = connect::client(&address, transport)?;
        let docker = docker.map_err(|error| match error {
            ApiError::SocketNotFoundError(_) => diagnose::unavailable(&address, &error),
            error => address.invalid("it can't be connected to").detail(error),
        })?;
        // Not `/version`, for which Podman starts programs. An engine that fails at it is still one: the next
        // request says what is wrong.
        match tokio::time::timeout(limit, docker.ping()).await {
            Ok(Ok(_) | Err(ApiError::DockerResponseServerError { status_code: 500.., .. })) => {
                Ok(Self { docker, pool, base, address })
            }
            Ok(Err(error)) => Err(diagnose::unavailable(&address, &error)),
            Err(_) => Err(diagnose::silent(&address, limit.as_secs())),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it still answers.
    ///
    /// # Errors
    /// [`Code::EngineLost`], [`Code::EngineRefused`].
    pub async fn ping(&self) -> Result<()> {
        self.docker.ping().await.map(drop).map_err(|error| self.explain(error))
    }

    /// Its containers, running ones first, then by name.
    ///
    /// # Errors
    /// [`Code::EngineLost`], [`Code::EngineRefused`].
    pub async fn containers(&self) -> Result<Vec<Container>> {
        let mut containers: Vec<Container> = self.labelled().await?.into_iter().map(|(found, _)| found).collect();
        containers.sort_by(|a, b| (a.state != "running", &a.name).cmp(&(b.state != "running", &b.name)));
        Ok(containers)
    }

    /// The extensions that have a running backend here, by project.
    ///
    /// # Errors
    /// As for [`Engine::containers`].
    pub async fn extensions(&self) -> Result<Vec<RunningExtension>> {
        Ok(extensions::among(self.labelled().await?))
    }

    /// Its containers with their labels, as the engine lists them.
    pub async fn labelled(&self) -> Result<Vec<(Container, HashMap<String, String>)>> {
        self.listed(None).await.map_err(|error| self.explain(error))
    }

    /// Whether a command could run in this container now.
    ///
    /// # Errors
    /// [`Code::ContainerNameInvalid`], [`Code::ContainerNotFound`], [`Code::ContainerNotRunning`],
    /// [`Code::ContainerPaused`], and those of an engine that is gone.
    pub async fn ready(&self, container: &str) -> Result<()> {
        self.running(&container.parse()?).await.map(drop)
    }

    /// What is mounted in a container.
    ///
    /// # Errors
    /// [`Code::ContainerNameInvalid`], [`Code::ContainerNotFound`], and those of an engine that is gone.
    pub async fn mounts(&self, container: &str) -> Result<Vec<Mount>> {
        Ok(self.inspect(&container.parse()?).await?.mounts)
    }

    /// A container in which a command could run now.
    pub(crate) async fn running(&self, container: &ContainerName) -> Result<Inspected> {
        let inspected = self.inspect(container).await?;
        if inspected.paused {
            return Err(paused(container));
        }
        if !inspected.running {
            return Err(not_running(container));
        }
        Ok(inspected)
    }

    /// The client of its API.
    pub fn docker(&self) -> &Docker {
        &self.docker
    }

    pub(crate) async fn inspect(&self, container: &ContainerName) -> Result<Inspected> {
        match self.container(container).await {
            Ok(found) => Ok(responses::inspected(&found)),
            // The request names the container itself, so the status alone says that it doesn't exist.
            Err(error @ ApiError::DockerResponseServerError { status_code: 404, .. }) => {
                Err(no_container(container).status(404).detail(self.explain(error).message))
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// The same of one that is known by the id that the engine gave it.
    pub async fn inspect_id(&self, id: &str) -> Result<Inspected> {
        self.inspect(&ContainerName::new(id)?).await
    }

    /// What a refusal is about that a container may be the reason of: engines have different statuses and words for it, so
    /// the container is looked at.
    pub(crate) async fn explain_about(&self, error: ApiError, container: &ContainerName) -> Error {
        self.blame(self.explain(error), container).await
    }

    /// The same for a refusal that was explained: why the container can't be used, if it can't.
    pub(crate) async fn blame(&self, refused: Error, container: &ContainerName) -> Error {
        if refused.code != Code::EngineRefused {
            return refused;
        }
        let looked = tokio::time::timeout(GREETING, self.running(container)).await;
        match looked {
            Ok(Err(why))
                if matches!(
                    why.code,
                    Code::ContainerNotFound | Code::ContainerNotRunning | Code::ContainerPaused | Code::EngineLost
                ) =>
            {
                let status = why.status.or(refused.status);
                Error { status, ..why }.detail(refused.message)
            }
            _ => refused,
        }
    }

    /// Whether a file that may be executed is at this path in the container.
    pub(crate) async fn is_executable(&self, container: &ContainerName, path: &str) -> bool {
        /// Go's `os.FileMode` bits for directories and symbolic links.
        const DIRECTORY: u32 = 1 << 31;
        const LINK: u32 = 1 << 27;
        let options = ContainerArchiveInfoOptionsBuilder::default().path(path).build();
        let found = self.docker.get_container_archive_info(container, Some(options)).await;
        found.is_ok_and(|found| {
            found.file_mode & LINK != 0 || found.file_mode & DIRECTORY == 0 && found.file_mode & 0o111 != 0
        })
    }

    /// Turns an error of the API client into an [`Error`]. A refusal is [`Code::EngineRefused`] with its status, a response
    /// that can't be read [`Code::EngineUnexpected`]. The caller knows what the request was about;
    /// [`Engine::explain_about`] looks at a container.
    pub fn explain(&self, error: ApiError) -> Error {
        if let Some(explained) = diagnose::past_limit(&self.address, &error) {
            return explained;
        }
        let error = shortened(error);
        match &error {
            ApiError::DockerResponseServerError { message, status_code } => {
                let words = if message.is_empty() { String::new() } else { format!(": {message}") };
                Error::new(Code::EngineRefused, format!("The engine responded with status {status_code}{words}"))
                    .status(*status_code)
            }
            ApiError::SocketNotFoundError(_)
            | ApiError::IOError { .. }
            | ApiError::HyperResponseError { .. }
            | ApiError::RequestTimeoutError
            | ApiError::HyperLegacyError { .. } => self.lost(&diagnose::words(&error)),
            _ => Error::new(Code::EngineUnexpected, "The engine sent an unexpected response").detail(&error),
        }
    }

    /// The error for an engine that went away.
    pub fn lost(&self, error: &dyn std::fmt::Display) -> Error {
        Error::new(Code::EngineLost, format!("The connection to the engine at {} was lost", self.address.host))
            .detail(error)
            .hint("The output so far is kept. Start the engine again. It isn't known whether the command is still running.")
    }
}

/// What an engine says when it refuses is shown, and may be of any length.
fn shortened(mut error: ApiError) -> ApiError {
    const SHOWN: usize = 4000;
    if let ApiError::DockerResponseServerError { message, .. } = &mut error
        && message.len() > SHOWN
    {
        message.truncate(message.floor_char_boundary(SHOWN));
        message.push('…');
    }
    error
}

fn no_container(container: &str) -> Error {
    Error::new(Code::ContainerNotFound, format!("Container not found: `{container}`"))
        .hint("Choose one of the engine's containers as the target's container.")
}

fn paused(container: &str) -> Error {
    Error::new(Code::ContainerPaused, format!("The container `{container}` is paused"))
        .hint(format!("Run `docker unpause {container}`."))
}

fn not_running(container: &str) -> Error {
    Error::new(Code::ContainerNotRunning, format!("The container `{container}` isn't running"))
        .hint(format!("Run `docker start {container}`. If it stops again, see `docker logs {container}`."))
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

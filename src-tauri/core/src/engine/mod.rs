//! A Docker-compatible engine: found as the docker CLI finds it, asked through its API.

mod facts;
mod find;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bollard::{
    Docker,
    errors::Error as ApiError,
    query_parameters::{ContainerArchiveInfoOptionsBuilder, ListContainersOptionsBuilder},
};

pub use facts::*;
pub use find::{Address, Surroundings};

use crate::error::{Code, Error, Result};

/// How long an engine may take to say who it is.
const GREETING: Duration = Duration::from_secs(4);

/// A connected engine.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    address: Address,
}

/// The engine that was asked last, for whoever asks it again: connecting and agreeing on a version
/// takes as long as starting a small command.
#[derive(Debug, Default)]
pub struct LastEngine(Mutex<Option<Engine>>);

impl LastEngine {
    /// The engine at an address.
    ///
    /// # Errors
    /// As for [`Engine::connect`].
    pub async fn at(&self, address: Address) -> Result<Engine> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(engine) = last.filter(|engine| engine.address == address) {
            return Ok(engine);
        }
        let engine = Engine::connect(address).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.clone());
        Ok(engine)
    }
}

/// What is asked of a container before a command runs in it.
#[derive(Debug, Clone)]
pub(crate) struct Inspected {
    pub id: String,
    pub running: bool,
    pub paused: bool,
    pub path: Option<String>,
    pub working_dir: String,
    /// The engine's host's id of the container's first process.
    pub pid: Option<u32>,
}

impl Engine {
    /// Connects and agrees on the API version.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`], [`Code::EngineUnavailable`].
    pub async fn connect(address: Address) -> Result<Self> {
        address.spoken()?;
        let docker = Docker::connect_with_host(&address.host).map_err(|error| match error {
            ApiError::SocketNotFoundError(_) => unavailable(&address, &error),
            error => Error::new(Code::EngineAddressInvalid, format!("`{}` is not an engine's address", address.host))
                .detail(error),
        })?;
        match tokio::time::timeout(GREETING, docker.negotiate_version()).await {
            Ok(Ok(docker)) => Ok(Self { docker, address }),
            Ok(Err(error)) => Err(unavailable(&address, &error)),
            Err(_) => Err(unavailable(&address, &"it did not answer within 4 s")),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Its containers, running ones first, then by name.
    ///
    /// # Errors
    /// [`Code::EngineLost`], [`Code::EngineRefused`].
    pub async fn containers(&self) -> Result<Vec<Container>> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let listed = self.docker.list_containers(Some(options)).await.map_err(|error| self.explain(error, ""))?;
        let mut containers: Vec<Container> = listed
            .into_iter()
            .map(|found| Container {
                id: found.id.unwrap_or_default(),
                name: found
                    .names
                    .unwrap_or_default()
                    .first()
                    .map(|name| name.trim_start_matches('/').to_owned())
                    .unwrap_or_default(),
                image: found.image.unwrap_or_default(),
                state: found.state.map(|state| state.to_string()).unwrap_or_default(),
                status: found.status.unwrap_or_default(),
            })
            .collect();
        containers.sort_by(|a, b| (a.state != "running", &a.name).cmp(&(b.state != "running", &b.name)));
        Ok(containers)
    }

    /// Whether a command could run in this container now.
    ///
    /// # Errors
    /// [`Code::ContainerNotFound`], [`Code::ContainerNotRunning`], [`Code::ContainerPaused`], and
    /// those of an engine that is gone.
    pub async fn ready(&self, container: &str) -> Result<()> {
        self.running(container).await.map(drop)
    }

    /// A container in which a command could run now.
    pub(crate) async fn running(&self, container: &str) -> Result<Inspected> {
        let inspected = self.inspect(container).await?;
        if inspected.paused {
            return Err(paused(container));
        }
        if !inspected.running {
            return Err(not_running(container));
        }
        Ok(inspected)
    }

    pub(crate) fn docker(&self) -> &Docker {
        &self.docker
    }

    pub(crate) async fn inspect(&self, container: &str) -> Result<Inspected> {
        let found = self.docker.inspect_container(container, None).await;
        let found = found.map_err(|error| self.explain(error, container))?;
        let state = found.state.unwrap_or_default();
        let config = found.config.unwrap_or_default();
        let path = config.env.unwrap_or_default().iter().find_map(|pair| Some(pair.strip_prefix("PATH=")?.to_owned()));
        Ok(Inspected {
            id: found.id.unwrap_or_default(),
            running: state.running.unwrap_or_default(),
            paused: state.paused.unwrap_or_default(),
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
            path,
            working_dir: config.working_dir.filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/".to_owned()),
        })
    }

    /// Whether a file that may be executed stands at this path in the container.
    pub(crate) async fn is_executable(&self, container: &str, path: &str) -> bool {
        /// Go's `os.FileMode` bits for directories and symbolic links.
        const DIRECTORY: u32 = 1 << 31;
        const LINK: u32 = 1 << 27;
        let options = ContainerArchiveInfoOptionsBuilder::default().path(path).build();
        let found = self.docker.get_container_archive_info(container, Some(options)).await;
        found.is_ok_and(|found| {
            found.file_mode & LINK != 0 || found.file_mode & DIRECTORY == 0 && found.file_mode & 0o111 != 0
        })
    }

    /// Turns what the API client says into what went wrong.
    pub(crate) fn explain(&self, error: ApiError, container: &str) -> Error {
        match &error {
            ApiError::DockerResponseServerError { status_code: 404, message } if message.contains("ontainer") => {
                Error::new(Code::ContainerNotFound, format!("the engine has no container `{container}`"))
                    .detail(message)
                    .hint("Choose one of the engine's containers in the target.")
            }
            ApiError::DockerResponseServerError { message, .. } if message.contains("is paused") => {
                paused(container).detail(message)
            }
            ApiError::DockerResponseServerError { message, .. } if message.contains("is not running") => {
                not_running(container).detail(message)
            }
            ApiError::DockerResponseServerError { message, status_code } => {
                Error::new(Code::EngineRefused, format!("the engine refused ({status_code}): {message}"))
            }
            ApiError::SocketNotFoundError(_)
            | ApiError::IOError { .. }
            | ApiError::HyperResponseError { .. }
            | ApiError::RequestTimeoutError
            | ApiError::HyperLegacyError { .. } => self.lost(&error),
            _ => Error::new(Code::EngineRefused, "the engine answered with something unexpected").detail(&error),
        }
    }

    pub(crate) fn lost(&self, error: &dyn std::fmt::Display) -> Error {
        Error::new(Code::EngineLost, format!("the engine at {} is gone", self.address.host))
            .detail(error)
            .hint("What it had sent is kept. Start the engine again; whether the command still runs is not known.")
    }
}

fn paused(container: &str) -> Error {
    Error::new(Code::ContainerPaused, format!("the container `{container}` is paused"))
        .hint(format!("docker unpause {container}"))
}

fn not_running(container: &str) -> Error {
    Error::new(Code::ContainerNotRunning, format!("the container `{container}` is not running"))
        .hint(format!("docker start {container}, and look at docker logs {container} when it ends again."))
}

fn unavailable(address: &Address, error: &dyn std::fmt::Display) -> Error {
    let hint = if is_denied(&address.host) {
        "The engine's socket is there and this user may not open it: join its group (often `docker`) and log in again."
    } else {
        "Start Docker, Rancher or Podman Desktop, or choose another context with `docker context use`."
    };
    Error::new(Code::EngineUnavailable, format!("no engine answers at {} ({})", address.host, address.name))
        .detail(error)
        .hint(hint)
}

/// Whether it is only this user who cannot open the engine's socket.
fn is_denied(host: &str) -> bool {
    #[cfg(unix)]
    if let Some(path) = host.strip_prefix("unix://") {
        let opened = std::os::unix::net::UnixStream::connect(path);
        return opened.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    }
    let _ = host;
    false
}

//! A Docker-compatible engine: found as the docker CLI finds it, asked through its API.

mod address;
mod belongings;
mod connect;
mod everywhere;
mod extensions;
mod facts;
mod find;
mod left;
mod limits;
mod owner;
mod pool;
pub(crate) mod sockets;
mod ssh;
mod tls;
mod trouble;
mod well_known;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bollard::{
    Docker,
    errors::Error as ApiError,
    models::MountPoint,
    query_parameters::{ContainerArchiveInfoOptionsBuilder, ListContainersOptionsBuilder},
};

pub use address::{Address, Tls};
pub(crate) use belongings::{Belongings, EXTENSION, left_behind};
pub(crate) use connect::line;
pub use everywhere::extensions_everywhere;
pub(crate) use extensions::{PROJECT, RANCHER_DESKTOP, SERVICE};
pub use facts::*;
pub(crate) use find::FROM_ENVIRONMENT;
pub use find::Surroundings;
pub(crate) use left::{new_name, remove, remove_left};
pub(crate) use owner::{hostname, is_dead, owner};
pub use well_known::{Found, Places};

use crate::{
    error::{Code, Error, Result},
    reference::ContainerName,
};

use self::address::Way;

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
    /// Whose process ids it sees, in the engine's words: its own when empty.
    pub pid_mode: String,
    pub mounts: Vec<Mount>,
}

impl Engine {
    /// Connects and greets it.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`], [`Code::EngineUnavailable`].
    pub async fn connect(address: Address) -> Result<Self> {
        let way = address.way()?;
        let limit = match way {
            Way::Local => GREETING,
            Way::Tcp(_) | Way::Tls(..) => GREETING_FROM_AFAR,
            Way::Ssh(_) => GREETING_THROUGH_SSH,
        };
        let docker = connect::client(&address, way)?.map_err(|error| match error {
            ApiError::SocketNotFoundError(_) => trouble::unavailable(&address, &error),
            error => address.invalid("it cannot be connected to").detail(error),
        })?;
        // Not `/version`, for which Podman starts programs. An engine that fails at it is still one: what it is asked for
        // next says what is wrong.
        match tokio::time::timeout(limit, docker.ping()).await {
            Ok(Ok(_)) => Ok(Self { docker, address }),
            Ok(Err(ApiError::DockerResponseServerError { status_code: 500.., .. })) => Ok(Self { docker, address }),
            Ok(Err(error)) => Err(trouble::unavailable(&address, &error)),
            Err(_) => Err(trouble::silent(&address, limit.as_secs())),
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
        self.docker.ping().await.map(drop).map_err(|error| self.explain(error, ""))
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
    pub(crate) async fn labelled(&self) -> Result<Vec<(Container, HashMap<String, String>)>> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let listed = self.docker.list_containers(Some(options)).await.map_err(|error| self.explain(error, ""))?;
        let told = listed.into_iter().map(|found| {
            let name = found.names.unwrap_or_default().first().map(|name| name.trim_start_matches('/').to_owned());
            let container = Container {
                id: found.id.unwrap_or_default(),
                name: name.unwrap_or_default(),
                image: found.image.unwrap_or_default(),
                state: found.state.map(|state| state.to_string()).unwrap_or_default(),
                status: found.status.unwrap_or_default(),
            };
            (container, found.labels.unwrap_or_default())
        });
        Ok(told.collect())
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

    pub(crate) fn docker(&self) -> &Docker {
        &self.docker
    }

    pub(crate) async fn inspect(&self, container: &ContainerName) -> Result<Inspected> {
        let found = self.docker.inspect_container(container, None).await;
        let found = found.map_err(|error| self.explain(error, container))?;
        let state = found.state.unwrap_or_default();
        let config = found.config.unwrap_or_default();
        let host_config = found.host_config.unwrap_or_default();
        let path = config.env.unwrap_or_default().iter().find_map(|pair| Some(pair.strip_prefix("PATH=")?.to_owned()));
        Ok(Inspected {
            mounts: mounts(found.mounts.unwrap_or_default(), host_config.tmpfs.unwrap_or_default()),
            pid_mode: host_config.pid_mode.unwrap_or_default(),
            id: found.id.unwrap_or_default(),
            running: state.running.unwrap_or_default(),
            paused: state.paused.unwrap_or_default(),
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
            path,
            working_dir: config.working_dir.filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/".to_owned()),
        })
    }

    /// Whether a file that may be executed stands at this path in the container.
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

    /// Turns what the API client says into what went wrong.
    pub(crate) fn explain(&self, error: ApiError, container: &str) -> Error {
        if let Some(explained) = trouble::past_limit(&self.address, &error) {
            return explained;
        }
        let error = shortened(error);
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
            | ApiError::HyperLegacyError { .. } => self.lost(&trouble::words(&error)),
            _ => Error::new(Code::EngineRefused, "the engine answered with something unexpected").detail(&error),
        }
    }

    pub(crate) fn lost(&self, error: &dyn std::fmt::Display) -> Error {
        Error::new(Code::EngineLost, format!("the engine at {} is gone", self.address.host))
            .detail(error)
            .hint("What it had sent is kept. Start the engine again; whether the command still runs is not known.")
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

fn mounts(points: Vec<MountPoint>, tmpfs: HashMap<String, String>) -> Vec<Mount> {
    let listed = points.into_iter().filter_map(|point| {
        let kind = match point.typ.as_deref() {
            Some("volume") => MountKind::Volume(point.name?),
            Some("bind") => MountKind::Bind(point.source?),
            _ => MountKind::Own,
        };
        Some(Mount { kind, at: point.destination? })
    });
    // `--tmpfs` is no mount in the engine's own list.
    listed.chain(tmpfs.into_keys().map(|at| Mount { kind: MountKind::Own, at })).collect()
}

fn paused(container: &str) -> Error {
    Error::new(Code::ContainerPaused, format!("the container `{container}` is paused"))
        .hint(format!("docker unpause {container}"))
}

fn not_running(container: &str) -> Error {
    Error::new(Code::ContainerNotRunning, format!("the container `{container}` is not running"))
        .hint(format!("docker start {container}, and look at docker logs {container} when it ends again."))
}

//! Where a backend's socket is: the directory that Porthole gives it, and the way to it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Names, manifest::Platform, names::SOCKETS};
use porthole_base::{
    error::{Code, Error, Result},
    private::temporary_files_failed,
    reference::ContainerName,
};
use porthole_engine::{
    BackendConnections, BackendResources, Engine, hostname, text,
    tunnel::{self, Choice},
};
use porthole_http::endpoint::{PREFIX, SHARED};
use porthole_http::{
    endpoint::{Endpoint, usable},
    exchange,
};

/// How long a socket may take to accept.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is mounted where the sockets are.
#[derive(Debug, Clone)]
pub(super) enum Share {
    /// A directory of this host.
    Directory(PathBuf),
    /// A volume of an engine that has another host, by its name: a directory of this one is of no use there, and a
    /// socket in one that is shared with a virtual machine cannot be connected to.
    Volume(String),
}

impl Share {
    /// Makes one, and writes down that it is there.
    ///
    /// # Errors
    /// [`Code::TemporaryFilesFailed`], [`Code::EndpointPathTooLong`], and what the engine says.
    pub async fn make(
        engine: &Engine,
        resources: &mut BackendResources,
        names: &Names,
        image: &str,
        socket: Option<&str>,
    ) -> Result<Self> {
        if is_on_this_host(engine).await {
            let directory = directory(socket)?;
            resources.directory = Some(directory.clone());
            return Ok(Self::Directory(directory.join(SHARED)));
        }
        let name = format!("{}-sockets-{}", super::backend::engine_name(&names.project), resources.id);
        let request = serde_json::json!({ "Name": name, "Labels": resources.labels(image) });
        engine.post("/volumes/create", &[], &request).await.map_err(|error| engine.explain(error))?;
        Ok(Self::Volume(name))
    }

    /// As `docker run --volume` and compose have it.
    pub fn mount(&self) -> String {
        match self {
            // `z`: SELinux lets the container in; everybody else passes it over.
            Self::Directory(path) => format!("{}:{SOCKETS}:z", path.display()),
            Self::Volume(name) => format!("{name}:{SOCKETS}"),
        }
    }

    /// The volume's name.
    pub fn volume(&self) -> Option<&str> {
        match self {
            Self::Directory(_) => None,
            Self::Volume(name) => Some(name),
        }
    }
}

/// Whether a directory of this host is the same for the engine: it listens here, and its host is called as this one.
pub(super) async fn is_on_this_host(engine: &Engine) -> bool {
    if !cfg!(target_os = "linux") || engine.address().is_remote() {
        return false;
    }
    engine.get("/info", &[]).await.is_ok_and(|info| text(&info, "Name").is_some_and(|name| name == hostname()))
}

/// A directory that only this user may enter, and in it `s`, in which any user of a container may make a socket.
fn directory(socket: Option<&str>) -> Result<PathBuf> {
    let made = || -> std::io::Result<PathBuf> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir()?;
        let inner = directory.path().join(SHARED);
        std::fs::create_dir(&inner)?;
        #[cfg(unix)]
        std::fs::set_permissions(&inner, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
        Ok(directory.keep())
    };
    let directory =
        made().map_err(|error| temporary_files_failed("Can't create a directory for the backend's socket", &error))?;
    let longest = directory.join(SHARED).join(socket.unwrap_or_default());
    if let Err(error) = usable(&Endpoint::Unix(longest)) {
        let _ = std::fs::remove_dir_all(&directory);
        return Err(error.hint("Use a shorter socket name, or start Porthole with a shorter TMPDIR."));
    }
    Ok(directory)
}

/// What is needed to find the way to a backend's socket.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub engine: &'a Engine,
    /// What carries connections into containers.
    pub connections: &'a BackendConnections,
    /// The backend's containers, the first service's first.
    pub containers: &'a [String],
    pub names: &'a Names,
    /// The socket's file name.
    pub socket: &'a str,
}

/// A way to a socket that takes no connection.
#[derive(Debug)]
pub(super) struct Unreached {
    /// The way that is most likely, all the same.
    pub choice: Option<Choice>,
    /// Why it takes none.
    pub error: Error,
    /// Whether that may change while the backend starts.
    pub may_come: bool,
}

impl Search<'_> {
    /// How the socket is reached. This is the one place where that is decided: directly where this host sees it, else
    /// through the engine. While a backend is starting, a directory of this host is waited for.
    pub async fn endpoint(&self, starting: bool) -> std::result::Result<Choice, Unreached> {
        let mut failed = None;
        for place in self.places().await {
            match exchange::probe_connect(&place, self.connections, PATIENCE).await {
                Ok(()) => return Ok(Choice { endpoint: place, said: None }),
                Err(error) => failed = failed.or(Some((place, error))),
            }
        }
        if let Some((_, error)) = &failed
            && starting
            && may_come(error)
        {
            return Err(Unreached { choice: None, error: error.clone(), may_come: true });
        }
        self.through_engine(failed.map(|(place, error)| (place, Err(error)))).await
    }

    async fn through_engine(&self, direct: Option<(Endpoint, Result<()>)>) -> std::result::Result<Choice, Unreached> {
        let path = Names::socket_inside(self.socket);
        let mut found = None;
        for container in self.containers.iter().filter_map(|name| name.parse::<ContainerName>().ok()) {
            let mounts = self.engine.mounts(&container).await.unwrap_or_default();
            let is_mounted = mounts.iter().any(|mount| is_sockets(&mount.at));
            // A directory that is mounted is the likelier place; without one anywhere it is the first container's own.
            if found.is_none() || is_mounted {
                found = Some((container, mounts));
            }
            if is_mounted {
                break;
            }
        }
        let Some((container, mounts)) = found else {
            let error = Error::new(Code::EndpointMissing, format!("No container has `{path}`"));
            return Err(Unreached { choice: None, error, may_come: false });
        };
        let choice = tunnel::choose(direct, &container, &path, &mounts);
        // Requests to the extension's backend go from now on to the engine that has it.
        let address = self.engine.address();
        if self.connections.tunnel().address().is_ok_and(|before| before != *address) {
            self.connections.use_engine(address.clone());
        }
        match exchange::probe_connect(&choice.endpoint, self.connections, PATIENCE).await {
            Ok(()) => Ok(choice),
            Err(error) => Err(Unreached { may_come: may_come(&error), choice: Some(choice), error }),
        }
    }

    /// Where the socket may be on this host: in what is bound into the containers, and where Docker Desktop has it.
    async fn places(&self) -> Vec<Endpoint> {
        let mut places = Vec::new();
        if !self.engine.address().is_remote() {
            for container in self.containers {
                let mounts = self.engine.mounts(container).await.unwrap_or_default();
                places.extend(tunnel::direct(&mounts, &Names::socket_inside(self.socket)).filter(is_in_directory));
            }
        }
        let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
        if let Some(home) = home {
            let known = self.names.socket_on_host(Platform::this(), &home, self.socket);
            match known.strip_prefix(r"\\.\pipe\") {
                Some(pipe) => places.push(Endpoint::Npipe(pipe.to_owned())),
                None if Path::new(&known).exists() => places.push(Endpoint::Unix(known.into())),
                None => {}
            }
        }
        places.dedup();
        places
    }
}

fn is_sockets(path: &str) -> bool {
    path.trim_end_matches('/') == SOCKETS
}

/// Whether this host has the directory that the socket would be in.
fn is_in_directory(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Unix(path) if path.parent().is_some_and(Path::is_dir))
}

fn may_come(error: &Error) -> bool {
    matches!(error.code, Code::EndpointMissing | Code::EndpointRefused)
}

// They look at the modes of a directory.
#[cfg(all(test, unix))]
mod tests {
    use porthole_http::endpoint::shared_directory;

    use super::*;

    #[test]
    fn the_directory_is_short_and_any_user_may_make_a_socket_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let made = directory(Some("backend.sock")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&made), mode(&made.join("s"))), (0o700, 0o777));
        // What containers put there is known as theirs.
        for inside in ["s/b.sock", "s/sub/b.sock", "s/porthole-x/s/b.sock"] {
            assert_eq!(shared_directory(&made.join(inside)), Some(made.join("s").as_path()));
        }
        assert_eq!((shared_directory(&made.join("s")), shared_directory(&made.join("b.sock"))), (None, None));
        std::fs::remove_dir_all(&made).unwrap();
        let error = directory(Some(&"x".repeat(porthole_http::endpoint::PATH_LIMIT))).unwrap_err();
        assert_eq!(error.code, Code::EndpointPathTooLong);
    }

    #[test]
    fn a_directory_and_a_volume_are_mounted_at_the_same_place() {
        assert_eq!(Share::Directory("/tmp/p/s".into()).mount(), "/tmp/p/s:/run/guest-services:z");
        let volume = Share::Volume("v".into());
        assert_eq!((volume.mount().as_str(), volume.volume()), ("v:/run/guest-services", Some("v")));
    }
}

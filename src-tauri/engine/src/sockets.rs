//! The unix sockets at which engines listen when nothing says otherwise. Anyone who can connect to one owns the machine.

use std::path::{Path, PathBuf};

use porthole_http::endpoint::Endpoint;

use super::{EngineEnvironment, well_known::SocketDirectories};

/// Those of the system.
pub const OF_SYSTEM: [&str; 4] =
    ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];

/// The user's directory for sockets.
pub fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|runtime| runtime.has_root())
}

/// Those of this user.
pub fn of_user() -> impl Iterator<Item = PathBuf> {
    let hosts: Vec<String> = SocketDirectories::of_this_process().hosts().collect();
    paths(hosts).filter(|path| path.has_root() && !OF_SYSTEM.iter().any(|known| path == Path::new(known)))
}

/// The paths of those addresses that are unix sockets.
pub(crate) fn paths(hosts: Vec<String>) -> impl Iterator<Item = PathBuf> {
    hosts.into_iter().filter_map(|host| host.strip_prefix("unix://").map(PathBuf::from))
}

/// Whether an engine listens there: one that a docker context or `DOCKER_HOST` names, or one at a well-known place.
/// Sockets are compared by what they are, not by how their paths are written.
pub fn is_engine(endpoint: &Endpoint, environment: &EngineEnvironment) -> bool {
    let known = || environment.hosts();
    match endpoint {
        Endpoint::Engine { .. } => true,
        Endpoint::Container { path, .. } => path.ends_with("docker.sock") || path.ends_with("podman.sock"),
        Endpoint::Unix(path) => {
            let socket = identity(path);
            engine_sockets(environment).any(|other| &other == path || (socket.is_some() && identity(&other) == socket))
        }
        Endpoint::Npipe(name) => {
            let of = |host: &str| host.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            let name = name.to_ascii_lowercase();
            ["docker_engine", "podman-machine-default", "dockerdesktoplinuxengine"].contains(&name.as_str())
                || known().any(|host| host.starts_with("npipe://") && of(&host) == name)
        }
        Endpoint::Tcp { host, port } => {
            let same = |known: &str| {
                let Ok(Endpoint::Tcp { host: other, port: at }) = crate::Address::new("", known).endpoint() else {
                    return false;
                };
                at == *port && (other.eq_ignore_ascii_case(host) || (is_loopback(&other) && is_loopback(host)))
            };
            matches!(port, 2375 | 2376) || known().any(|known| same(&known))
        }
    }
}

/// Whether this is an engine's socket, by its device and inode. A path may lead elsewhere when it is connected to than when
/// the call was planned; this doesn't.
pub fn is_engine_socket(socket: (u64, u64), environment: &EngineEnvironment) -> bool {
    #[cfg(unix)]
    {
        engine_sockets(environment).any(|engine| identity(&engine) == Some(socket))
    }
    #[cfg(not(unix))]
    {
        let _ = (socket, environment);
        false
    }
}

/// The unix sockets at which engines may listen.
fn engine_sockets(environment: &EngineEnvironment) -> impl Iterator<Item = PathBuf> {
    let hosts: Vec<String> = environment.hosts().collect();
    OF_SYSTEM.iter().map(PathBuf::from).chain(paths(hosts))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// What tells one socket from another, however its path is written.
#[cfg(unix)]
fn identity(path: &std::path::Path) -> Option<(u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((std::os::unix::fs::MetadataExt::dev(&found), std::os::unix::fs::MetadataExt::ino(&found)))
}

#[cfg(not(unix))]
fn identity(path: &std::path::Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

// They tell sockets apart by their inodes.
#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn unix(path: &std::path::Path) -> Endpoint {
        Endpoint::Unix(path.to_owned())
    }

    fn environment(host: String) -> EngineEnvironment {
        EngineEnvironment {
            docker_host: Some(host),
            config: Some("/nonexistent".into()),
            ..EngineEnvironment::default()
        }
    }

    #[test]
    fn an_engine_is_known_by_its_socket_however_its_path_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _engine = UnixListener::bind(at("engine.sock")).unwrap();
        let _backend = UnixListener::bind(at("backend.sock")).unwrap();
        let environment = environment(format!("unix://{}", at("engine.sock").display()));
        assert!(is_engine(&unix(&at("engine.sock")), &environment));
        assert!(!is_engine(&unix(&at("backend.sock")), &environment));
        assert!(!is_engine(&unix(&at("missing.sock")), &environment));
        std::fs::create_dir(at("sub")).unwrap();
        std::os::unix::fs::symlink(at("engine.sock"), at("link.sock")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("sub/up")).unwrap();
        std::fs::hard_link(at("engine.sock"), at("hard.sock")).unwrap();
        for path in ["link.sock", "hard.sock", "sub/../engine.sock", "sub/up/engine.sock", "./sub/up/link.sock"] {
            assert!(is_engine(&unix(&at(path)), &environment), "{path}");
        }
        // One that isn't there yet, or whose place is well known.
        let missing =
            EngineEnvironment { docker_host: Some("unix:///nonexistent/d.sock".into()), ..environment.clone() };
        for path in ["/nonexistent/d.sock", "/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"] {
            assert!(is_engine(&unix(std::path::Path::new(path)), &missing), "{path}");
        }
    }

    #[test]
    fn an_engine_behind_a_port_a_pipe_or_a_container_is_known_too() {
        let environment = environment("tcp://127.0.0.1:4243".to_owned());
        let tcp = |host: &str, port| Endpoint::Tcp { host: host.to_owned(), port };
        for engine in
            [tcp("localhost", 4243), tcp("LOCALHOST", 4243), tcp("::1", 4243), tcp("0.0.0.0", 4243), tcp("far", 2375)]
        {
            assert!(is_engine(&engine, &environment), "{engine}");
        }
        let npipe = |name: &str| Endpoint::Npipe(name.to_owned());
        let inside = |path: &str| format!("container://c{path}").parse::<Endpoint>().unwrap();
        for engine in [
            npipe("docker_engine"),
            npipe("DOCKER_ENGINE"),
            inside("/var/run/docker.sock"),
            Endpoint::Engine { name: "far".to_owned() },
        ] {
            assert!(is_engine(&engine, &environment), "{engine}");
        }
        for other in [tcp("localhost", 8080), tcp("far", 4243), npipe("backend"), inside("/run/guest/backend.sock")] {
            assert!(!is_engine(&other, &environment), "{other}");
        }
    }

    #[test]
    fn engines_of_contexts_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("contexts/meta/abc");
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"mine","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///srv/mine.sock"}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        let environment = EngineEnvironment { config: Some(folder.path().to_owned()), ..EngineEnvironment::default() };
        assert!(is_engine(&unix(std::path::Path::new("/srv/mine.sock")), &environment));
        assert!(!is_engine(&unix(std::path::Path::new("/srv/other.sock")), &environment));
    }
}

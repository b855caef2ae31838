//! What a call acts on, and what that needs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Permission, Permissions};
use crate::{
    call::Origin,
    endpoint::Endpoint,
    engine::{EngineEnvironment, sockets},
    error::{Code, Error},
    exchange::{Engines, Request},
    inspect::ResolvedAction,
    sdk_call::{CliTarget, SdkCall, SdkExec},
    sdk_result::{Plan, PlannedAction},
};

/// What a call acts on: permissions are given by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// The backend's own socket.
    Service,
    /// The backend's own container.
    Container,
    /// This machine.
    Host,
    /// The docker program, another container, or the engine's lists.
    Docker,
    /// An engine's own socket, in the place of a backend's.
    Engine,
}

impl Permissions {
    /// What calls of a kind need. An engine's own socket is not a backend: anyone who writes to it owns the machine.
    pub fn of(&self, kind: CallKind) -> Permission {
        match kind {
            CallKind::Service => self.service,
            CallKind::Container => self.container,
            CallKind::Host => self.host,
            CallKind::Docker => self.docker,
            CallKind::Engine => Permission::Ask,
        }
    }

    /// With another permission for a kind.
    #[must_use]
    pub fn with(mut self, kind: CallKind, permission: Permission) -> Self {
        match kind {
            CallKind::Service => self.service = permission,
            CallKind::Container => self.container = permission,
            CallKind::Host => self.host = permission,
            CallKind::Docker => self.docker = permission,
            CallKind::Engine => {}
        }
        self
    }
}

/// What a planned call acts on. `endpoint` is where a request of it goes.
pub(super) fn kind_of(asked: &SdkCall, plan: &Plan, endpoint: Option<&Endpoint>, origin: Origin) -> CallKind {
    match (asked, &plan.does) {
        (SdkCall::Request(_), PlannedAction::Request { request }) if needs_engine(request, endpoint, origin) => {
            CallKind::Engine
        }
        (SdkCall::Request(_), _) => CallKind::Service,
        (SdkCall::List(_), _) => CallKind::Docker,
        // To the user who uses the console, both start a program on this machine.
        (SdkCall::Exec(_), _) if plan.on_host && origin != Origin::Page => CallKind::Host,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Docker, .. }), _) => CallKind::Docker,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Host, .. }), _) => CallKind::Host,
        // Any container of the engine can be named, not only the backend's.
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: Some(_), .. }), _) => CallKind::Docker,
        // Beside a backend that is a process of this machine, its container is this machine.
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. }), _) if plan.on_host => CallKind::Host,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. }), _) => CallKind::Container,
    }
}

/// Whether a request goes to an engine and needs a prompt for that. What reads is left to the user of the console; a page
/// has no business there at all.
fn needs_engine(request: &Request, endpoint: Option<&Endpoint>, origin: Origin) -> bool {
    if is_read(request) && origin != Origin::Page {
        return false;
    }
    endpoint.is_some_and(|endpoint| is_engine(endpoint, &EngineEnvironment::of_this_process()))
}

fn is_read(request: &Request) -> bool {
    request.method.eq_ignore_ascii_case("GET") || request.method.eq_ignore_ascii_case("HEAD")
}

/// Whether an engine listens there: one that a docker context or `DOCKER_HOST` names, or one at a well-known place.
/// Sockets are compared by what they are, not by how their paths are written.
pub(super) fn is_engine(endpoint: &Endpoint, environment: &EngineEnvironment) -> bool {
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
                let Ok(Endpoint::Tcp { host: other, port: at }) = crate::engine::Address::new("", known).endpoint()
                else {
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
pub(crate) fn is_engine_socket(socket: (u64, u64), environment: &EngineEnvironment) -> bool {
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

/// Whether a planned request may reach an engine all the same: one that was planned for a backend must not.
pub(super) fn engines_for(kind: CallKind, planned: &ResolvedAction, origin: Origin) -> Engines {
    let ResolvedAction::Request { request, .. } = planned else { return Engines::Allowed };
    let is_refused = kind == CallKind::Service && (origin == Origin::Page || !is_read(request));
    if is_refused { Engines::Refused } else { Engines::Allowed }
}

/// The unix sockets at which engines may listen.
fn engine_sockets(environment: &EngineEnvironment) -> impl Iterator<Item = std::path::PathBuf> {
    let hosts: Vec<String> = environment.hosts().collect();
    sockets::OF_SYSTEM.iter().map(std::path::PathBuf::from).chain(sockets::paths(hosts))
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
fn identity(path: &std::path::Path) -> Option<std::path::PathBuf> {
    path.canonicalize().ok()
}

/// Why a call is only recorded, in the words that the code gets.
pub(super) fn recorded_only(kind: CallKind) -> Error {
    Error::new(Code::RecordedOnly, format!("Not run: Porthole only records {} of this extension", calls(kind)))
}

/// Why a call was denied, in the words that the code gets.
pub(super) fn denied(kind: CallKind) -> Error {
    let what = match kind {
        CallKind::Service => "this request to the backend",
        CallKind::Container => "this command in the container",
        CallKind::Host => "this host command",
        CallKind::Docker => "this docker command",
        CallKind::Engine => "this request to the engine",
    };
    Error::new(Code::NotAllowed, format!("Not run: you didn't allow {what}"))
}

fn calls(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Service => "requests to the backend",
        CallKind::Container => "commands in the container",
        CallKind::Host => "host commands",
        CallKind::Docker => "docker commands",
        CallKind::Engine => "requests to the engine",
    }
}

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
        // One that doesn't exist yet, or has a well-known path.
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

//! The sockets on which known products listen, for machines where neither `DOCKER_HOST` nor a docker context names
//! their engine. Only sockets that accept a connection are listed, since a file may outlive its engine, and an engine that
//! accepts and says nothing is listed as one that doesn't respond.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Where the products keep their sockets for this user.
#[derive(Debug, Clone, Default)]
pub struct SocketDirectories {
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`
    pub runtime: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, or `.config` in the home directory.
    pub config: Option<PathBuf>,
    /// The system's temporary directory: a Podman machine on macOS has its socket there.
    pub temporary: Option<PathBuf>,
    /// The directory that holds the system's own sockets: `/` outside of tests.
    pub root: Option<PathBuf>,
    /// `CONTAINER_HOST`, which Podman's own client follows.
    pub container_host: Option<String>,
}

/// An engine that was found on a known socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEngine {
    /// The product: `Podman`, `Colima (default)`.
    pub product: String,
    /// `unix:///run/podman/podman.sock`
    pub host: String,
    /// Whether it answered. One that this user may not open, or that is not on a socket of this machine, counts: it is
    /// asked when it is chosen.
    pub responds: bool,
}

impl FoundEngine {
    fn new(product: &str, host: String) -> Self {
        Self { product: product.to_owned(), host, responds: true }
    }
}

impl SocketDirectories {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = std::env::home_dir();
        Self {
            runtime: set("XDG_RUNTIME_DIR"),
            config: set("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config"))),
            temporary: Some(std::env::temp_dir()),
            root: Some(PathBuf::from("/")),
            container_host: std::env::var("CONTAINER_HOST").ok().filter(|value| !value.is_empty()),
            home,
        }
    }

    /// The engines that listen, without duplicates, in the order in which they are preferred: what the user configured
    /// for Podman, Docker's own products, then the others by name.
    pub fn engines(&self) -> Vec<FoundEngine> {
        let mut seen = Vec::new();
        let mut engines = self.candidates();
        engines.retain(|found| {
            // One socket often has a second name: a link in `/var/run`.
            let socket = found.host.strip_prefix("unix://").and_then(|path| Path::new(path).canonicalize().ok());
            let is_new = !seen.contains(&(socket.clone(), found.host.clone()))
                && (socket.is_none() || !seen.iter().any(|(other, _)| *other == socket));
            seen.push((socket, found.host.clone()));
            is_new && listens(&found.host)
        });
        probe_http(&mut engines);
        engines
    }

    /// Where an engine may listen.
    pub(super) fn hosts(&self) -> impl Iterator<Item = String> {
        self.candidates().into_iter().map(|found| found.host)
    }

    /// The product that has its socket there.
    pub(crate) fn product(&self, host: &str) -> Option<String> {
        self.candidates().into_iter().find(|found| found.host == host).map(|found| found.product)
    }

    fn candidates(&self) -> Vec<FoundEngine> {
        let mut found = self.podman_connections();
        let mut add = |product: &str, directory: &Option<PathBuf>, path: &str| {
            if let Some(directory) = directory {
                let host = format!("unix://{}", directory.join(path).display());
                found.push(FoundEngine::new(product, host));
            }
        };
        add("Docker Engine", &self.root, "var/run/docker.sock");
        add("Docker Desktop", &self.home, ".docker/desktop/docker.sock");
        add("Docker Desktop", &self.home, ".docker/run/docker.sock");
        add("Docker Engine (rootless)", &self.runtime, "docker.sock");
        add("Rancher Desktop", &self.home, ".rd/docker.sock");
        add("Podman (rootless)", &self.runtime, "podman/podman.sock");
        add("Podman machine", &self.home, ".local/share/containers/podman/machine/podman.sock");
        add("Podman machine", &self.temporary, "podman/podman-machine-default-api.sock");
        add("Podman", &self.root, "run/podman/podman.sock");
        add("OrbStack", &self.home, ".orbstack/run/docker.sock");
        add("Finch", &self.home, ".finch/finch.sock");
        for (product, folder, socket) in [("Colima", ".colima", "docker.sock"), ("Lima", ".lima", "sock/docker.sock")] {
            for (name, instance) in self.instances(folder) {
                add(&format!("{product} ({name})"), &Some(instance), socket);
            }
        }
        if cfg!(windows) {
            for (product, pipe) in [("Docker Desktop", "docker_engine"), ("Podman machine", "podman-machine-default")] {
                found.push(FoundEngine::new(product, format!("npipe:////./pipe/{pipe}")));
            }
        }
        found
    }

    /// The instances of a product that keeps a directory for each, by name.
    fn instances(&self, folder: &str) -> Vec<(String, PathBuf)> {
        let Some(folder) = self.home.as_ref().map(|home| home.join(folder)) else { return Vec::new() };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut instances: Vec<_> =
            entries.take(64).map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
        instances.sort();
        instances
    }

    /// `CONTAINER_HOST`, and what `podman system connection` keeps: the default one first. A connection through ssh is
    /// left out: it needs Podman's own key, and a machine of this host has a local socket as well.
    fn podman_connections(&self) -> Vec<FoundEngine> {
        let configured = self.container_host.iter().map(|host| ("Podman (CONTAINER_HOST)".to_owned(), host.clone()));
        let text = self
            .config
            .as_ref()
            .and_then(|config| std::fs::read(config.join("containers").join("podman-connections.json")).ok());
        let read = text.and_then(|text| serde_json::from_slice::<Connections>(&text).ok()).unwrap_or_default();
        let Connection { default, connections } = read.connection;
        let mut kept: Vec<_> = connections.into_iter().collect();
        kept.sort_by_key(|(name, _)| (Some(name) != default.as_ref(), name.clone()));
        let kept = kept.into_iter().map(|(name, place)| (format!("Podman ({name})"), place.uri));
        let local = |host: &str| ["unix://", "npipe://", "tcp://"].iter().any(|scheme| host.starts_with(scheme));
        configured
            .chain(kept)
            .filter(|(_, host)| local(host))
            .map(|(product, host)| FoundEngine::new(&product, host))
            .collect()
    }
}

/// Asks each on a socket of this machine for a word. All are queried at once, so that those that hang take no longer
/// than one; an engine that the system starts for its first connection has that long to come.
#[cfg(unix)]
fn probe_http(engines: &mut [FoundEngine]) {
    const PATIENCE: Duration = Duration::from_millis(800);
    let asked: Vec<_> = engines.iter().map(|found| ask(found.host.strip_prefix("unix://")?)).collect();
    let until = Instant::now() + PATIENCE;
    for (found, asked) in engines.iter_mut().zip(asked) {
        if let Some(asked) = asked {
            found.responds = asked.is_ok_and(|stream| answers(stream, until));
        }
    }
}

#[cfg(not(unix))]
fn probe_http(_: &mut [FoundEngine]) {}

/// Sends a question; none where this user may not open the socket.
#[cfg(unix)]
fn ask(path: &str) -> Option<std::io::Result<UnixStream>> {
    use std::io::{ErrorKind, Write};
    match open(Path::new(path)) {
        Ok(mut stream) => {
            let sent = stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n");
            Some(sent.map(|()| stream))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Err(error) => Some(Err(error)),
    }
}

/// Whether a response begins before that time. What it says, who connects reads.
#[cfg(unix)]
fn answers(mut stream: UnixStream, until: Instant) -> bool {
    use std::io::Read;
    let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let mut start = [0; 5];
    stream.set_nonblocking(false).is_ok()
        && stream.set_read_timeout(Some(left)).is_ok()
        && stream.read_exact(&mut start).is_ok()
        && start == *b"HTTP/"
}

/// What Podman 4.9 and newer write.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Connections {
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Connection {
    default: Option<String>,
    connections: std::collections::HashMap<String, ConnectionUri>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct ConnectionUri {
    uri: String,
}

/// Whether something accepts connections there, on a socket that another user can't have put there. A port is not tried:
/// that of another machine takes too long.
fn listens(host: &str) -> bool {
    #[cfg(unix)]
    if let Some(path) = host.strip_prefix("unix://") {
        return accepts(Path::new(path));
    }
    if cfg!(not(unix)) && host.starts_with("unix://") {
        return false;
    }
    if let Some(pipe) = host.strip_prefix("npipe://") {
        return cfg!(windows) && Path::new(&pipe.replace('/', "\\")).exists();
    }
    true
}

#[cfg(unix)]
fn accepts(path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use nix::unistd::Uid;

    let Ok(found) = std::fs::metadata(path) else { return false };
    // The temporary directory is open to everybody.
    if !found.file_type().is_socket() || (found.uid() != 0 && found.uid() != Uid::effective().as_raw()) {
        return false;
    }
    match open(path) {
        // A socket that this user may not open has an engine behind it, which says so when it is chosen. One whose backlog
        // is full has one that doesn't respond.
        Ok(_) => true,
        Err(error) => matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::WouldBlock),
    }
}

/// A connection. A socket whose backlog is full is an error, without waiting.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<UnixStream> {
    use nix::{
        fcntl::{FcntlArg, OFlag, fcntl},
        sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket},
    };
    #[cfg(target_os = "linux")]
    let flags = SockFlag::SOCK_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = SockFlag::empty();
    let address = UnixAddr::new(path)?;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    #[cfg(not(target_os = "linux"))]
    fcntl(&socket, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &address)?;
    Ok(UnixStream::from(socket))
}

// They listen on sockets that are files.
#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        os::unix::net::UnixListener,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use super::*;

    struct Machine {
        folder: tempfile::TempDir,
        places: SocketDirectories,
        listeners: Vec<(UnixListener, PathBuf)>,
        stopped: Arc<AtomicBool>,
    }

    impl Drop for Machine {
        fn drop(&mut self) {
            self.end();
        }
    }

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| Some(folder.path().join(name));
            let places = SocketDirectories {
                home: at("home"),
                runtime: at("run-user"),
                config: at("home/.config"),
                temporary: at("tmp"),
                root: at("root"),
                container_host: None,
            };
            Self { folder, places, listeners: Vec::new(), stopped: Arc::default() }
        }

        fn listen(&mut self, path: &str) -> String {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let listener = UnixListener::bind(&path).unwrap();
            let (answering, stopped) = (listener.try_clone().unwrap(), Arc::clone(&self.stopped));
            std::thread::spawn(move || {
                for mut stream in answering.incoming().map_while(Result::ok) {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let _ = stream.read(&mut [0; 1024]);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
                }
            });
            self.listeners.push((listener, path.clone()));
            format!("unix://{}", path.display())
        }

        /// One that accepts and says nothing.
        fn hang(&mut self, path: &str) -> String {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            self.listeners.push((UnixListener::bind(&path).unwrap(), path.clone()));
            format!("unix://{}", path.display())
        }

        /// The files stay.
        fn end(&mut self) {
            self.stopped.store(true, Ordering::SeqCst);
            for (listener, path) in self.listeners.drain(..) {
                // One that hangs may have a full backlog, and isn't waited for this way.
                let _ = open(&path);
                drop(listener);
            }
        }

        fn products(&self) -> Vec<String> {
            self.places.engines().into_iter().map(|found| found.product).collect()
        }
    }

    #[test]
    fn every_known_socket_that_listens_is_found_by_the_name_of_its_product() {
        for (path, product) in [
            ("root/var/run/docker.sock", "Docker Engine"),
            ("root/run/podman/podman.sock", "Podman"),
            ("run-user/docker.sock", "Docker Engine (rootless)"),
            ("run-user/podman/podman.sock", "Podman (rootless)"),
            ("home/.docker/desktop/docker.sock", "Docker Desktop"),
            ("home/.docker/run/docker.sock", "Docker Desktop"),
            ("home/.rd/docker.sock", "Rancher Desktop"),
            ("home/.colima/default/docker.sock", "Colima (default)"),
            ("home/.lima/work/sock/docker.sock", "Lima (work)"),
            ("home/.orbstack/run/docker.sock", "OrbStack"),
            ("home/.finch/finch.sock", "Finch"),
            ("home/.local/share/containers/podman/machine/podman.sock", "Podman machine"),
            ("tmp/podman/podman-machine-default-api.sock", "Podman machine"),
        ] {
            let mut machine = Machine::new();
            let host = machine.listen(path);
            assert_eq!(machine.places.engines(), [FoundEngine::new(product, host)], "{path}");
        }
    }

    #[test]
    fn a_socket_that_outlived_its_engine_is_not_offered() {
        let mut machine = Machine::new();
        machine.listen("home/.rd/docker.sock");
        machine.end();
        let socket = machine.folder.path().join("home/.rd/docker.sock");
        // The one that answered lets go of it in a moment.
        while UnixStream::connect(&socket).is_ok() {
            std::thread::yield_now();
        }
        fs::create_dir_all(machine.folder.path().join("run-user")).unwrap();
        fs::write(machine.folder.path().join("run-user/docker.sock"), "").unwrap();
        assert_eq!(machine.products(), [""; 0]);
    }

    /// It was offered like one that answers, and used when nothing was configured.
    #[test]
    fn an_engine_that_hangs_is_not_offered_as_if_it_answered() {
        let mut machine = Machine::new();
        machine.hang("root/var/run/docker.sock");
        machine.hang("run-user/docker.sock");
        machine.listen("home/.rd/docker.sock");
        let began = Instant::now();
        let found = machine.places.engines();
        assert!(began.elapsed() < Duration::from_millis(1500), "one after the other: {:?}", began.elapsed());
        let told: Vec<_> = found.iter().map(|found| (found.product.as_str(), found.responds)).collect();
        assert_eq!(told, [("Docker Engine", false), ("Docker Engine (rootless)", false), ("Rancher Desktop", true)]);
    }

    #[test]
    fn a_socket_whose_backlog_is_full_holds_nobody_up() {
        let mut machine = Machine::new();
        let host = machine.hang("home/.rd/docker.sock");
        let path = host.strip_prefix("unix://").unwrap();
        // Nothing accepts: connections are made until the next one would wait.
        let mut waiting = Vec::new();
        loop {
            let socket = nix::sys::socket::socket(
                nix::sys::socket::AddressFamily::Unix,
                nix::sys::socket::SockType::Stream,
                nix::sys::socket::SockFlag::SOCK_NONBLOCK,
                None,
            )
            .unwrap();
            let address = nix::sys::socket::UnixAddr::new(path).unwrap();
            let connected = nix::sys::socket::connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &address);
            waiting.push(socket);
            if connected.is_err() {
                break;
            }
        }
        let began = Instant::now();
        let found = machine.places.engines();
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        assert_eq!(found, [FoundEngine { responds: false, ..FoundEngine::new("Rancher Desktop", host.clone()) }]);
    }

    #[test]
    fn two_names_of_one_socket_are_one_engine() {
        let mut machine = Machine::new();
        machine.listen("home/.rd/docker.sock");
        fs::create_dir_all(machine.folder.path().join("root/var/run")).unwrap();
        std::os::unix::fs::symlink(
            machine.folder.path().join("home/.rd/docker.sock"),
            machine.folder.path().join("root/var/run/docker.sock"),
        )
        .unwrap();
        assert_eq!(machine.products(), ["Docker Engine"]);
    }

    #[test]
    fn podmans_own_connections_come_first_and_its_default_before_the_others() {
        let mut machine = Machine::new();
        machine.listen("run-user/podman/podman.sock");
        let (one, other) = (machine.listen("a.sock"), machine.listen("b.sock"));
        let folder = machine.folder.path().join("home/.config/containers");
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            r#"{{"Connection":{{"Default":"work","Connections":{{"home":{{"URI":"{one}"}},"work":{{"URI":"{other}","IsMachine":true}},"far":{{"URI":"ssh://core@h:1/p.sock","Identity":"/k"}}}}}}}}"#
        );
        fs::write(folder.join("podman-connections.json"), text).unwrap();
        assert_eq!(machine.products(), ["Podman (work)", "Podman (home)", "Podman (rootless)"]);
        machine.places.container_host = Some("tcp://127.0.0.1:8888".into());
        assert_eq!(machine.products()[0], "Podman (CONTAINER_HOST)");
        // A file that isn't what Podman writes hides no other engine.
        for broken in ["", "[]", r#"{"Connection":{"Connections":{"x":{}}}}"#] {
            fs::write(folder.join("podman-connections.json"), broken).unwrap();
            assert_eq!(machine.products(), ["Podman (CONTAINER_HOST)", "Podman (rootless)"], "{broken}");
        }
    }
}

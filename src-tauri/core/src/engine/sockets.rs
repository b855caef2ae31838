//! The unix sockets at which engines listen when nothing says otherwise. Whoever can connect to one has the machine.

use std::path::{Path, PathBuf};

/// Those of the system.
pub(crate) const OF_SYSTEM: [&str; 4] =
    ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];
/// Below the user's directory for sockets.
const IN_RUNTIME_DIRECTORY: [&str; 2] = ["docker.sock", "podman/podman.sock"];
/// Below the user's home.
const AT_HOME: [&str; 6] = [
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".rd/docker.sock",
    ".colima/default/docker.sock",
    ".orbstack/run/docker.sock",
    ".local/share/containers/podman/machine/podman.sock",
];

/// The user's directory for sockets.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|runtime| runtime.has_root())
}

/// Those of this user.
pub(crate) fn of_user() -> impl Iterator<Item = PathBuf> {
    let home = std::env::home_dir().filter(|home| home.has_root());
    below(runtime_directory(), &IN_RUNTIME_DIRECTORY).chain(below(home, &AT_HOME))
}

/// All of them.
pub(crate) fn well_known() -> impl Iterator<Item = PathBuf> {
    OF_SYSTEM.iter().map(PathBuf::from).chain(of_user())
}

fn below(directory: Option<PathBuf>, paths: &'static [&'static str]) -> impl Iterator<Item = PathBuf> {
    directory.into_iter().flat_map(move |directory| paths.iter().map(move |path| directory.join(Path::new(path))))
}

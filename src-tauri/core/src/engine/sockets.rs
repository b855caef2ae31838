//! The unix sockets at which engines listen when nothing says otherwise. Anyone who can connect to one has the machine.

use std::path::{Path, PathBuf};

use super::well_known::SocketDirectories;

/// Those of the system.
pub(crate) const OF_SYSTEM: [&str; 4] =
    ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];

/// The user's directory for sockets.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|runtime| runtime.has_root())
}

/// Those of this user.
pub(crate) fn of_user() -> impl Iterator<Item = PathBuf> {
    let hosts: Vec<String> = SocketDirectories::of_this_process().hosts().collect();
    paths(hosts).filter(|path| path.has_root() && !OF_SYSTEM.iter().any(|known| path == Path::new(known)))
}

/// The paths of those addresses that are unix sockets.
pub(crate) fn paths(hosts: Vec<String>) -> impl Iterator<Item = PathBuf> {
    hosts.into_iter().filter_map(|host| host.strip_prefix("unix://").map(PathBuf::from))
}

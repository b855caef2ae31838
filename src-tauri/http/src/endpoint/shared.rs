//! Directories that Porthole shares with containers.

use std::path::Path;

/// The directory in one of Porthole's that containers write to.
pub const SHARED: &str = "s";
/// How the name of the directory around it begins.
pub const PREFIX: &str = "porthole-";

/// The directory that a path is in and that Porthole shares with containers, in this session or an earlier one: a container
/// decides what is there, and may replace it at any time. The directory itself is out of its reach.
pub fn shared_directory(path: &Path) -> Option<&Path> {
    // Each request asks this of its socket. Few paths have the name in them, and only those are taken apart.
    memchr::memmem::find(path.as_os_str().as_encoded_bytes(), PREFIX.as_bytes())?;
    let is_shared = |directory: &&Path| {
        let above = directory.parent().and_then(Path::file_name);
        directory.file_name().is_some_and(|name| name == SHARED)
            && above.is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
    };
    // The outermost: what is below it is a container's too, whatever it is called.
    path.ancestors().skip(1).filter(is_shared).last()
}

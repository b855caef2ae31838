//! What the parts of an extension are called, by the name of its image.

use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{braces::closing, manifest::Platform};

/// The variable in a manifest or compose file that represents the extension's own image. The desktop defines it, and no
/// other.
pub(super) const OWN_IMAGE: &str = "DESKTOP_PLUGIN_IMAGE";

/// The directory of the sockets, in every container of an extension.
pub(super) const SOCKETS: &str = "/run/guest-services";

/// A text with the extension's own image in the place of `${DESKTOP_PLUGIN_IMAGE}`.
pub fn image_in_place(text: &str, image: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, length)) = own_image(rest) {
        filled.push_str(&rest[..before]);
        filled.push_str(image);
        rest = &rest[before + length..];
    }
    filled + rest
}

/// A path inside an extension or an image, as their own files write it: with slashes on every system. A whole path of
/// this system is kept.
pub(super) fn with_slashes(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) && !path.is_absolute() { text.replace('\\', "/") } else { text }
}

/// Whether a text of a manifest or compose file names the extension's own image.
pub(super) fn names_own_image(text: &str) -> bool {
    own_image(text).is_some()
}

/// Where the variable is first: its place and its length, with the default or the message that it is written with.
fn own_image(text: &str) -> Option<(usize, usize)> {
    text.match_indices(OWN_IMAGE).find_map(|(at, word)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        // A doubled sign is a plain one.
        let is_variable = |before: &str| !before.ends_with('$');
        if let Some(start) = before.strip_suffix("${").filter(|start| is_variable(start)) {
            let is_whole = after.starts_with('}') || [":-", "-", ":?", "?"].iter().any(|sign| after.starts_with(sign));
            let end = closing(after).filter(|_| is_whole)?;
            return Some((start.len(), 2 + word.len() + end + 1));
        }
        let start = before.strip_suffix('$').filter(|start| is_variable(start))?;
        let is_longer = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        (!is_longer).then_some((start.len(), 1 + word.len()))
    })
}

/// The names that Docker Desktop gives (reported; Rancher Desktop and Podman Desktop have others).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Names {
    /// `<org>_<repo>`
    pub stem: String,
    /// The compose project.
    pub project: String,
    /// The container of the first service.
    pub container: String,
}

impl Names {
    /// The names of an image's extension: `acme/volumes:1.2` is `acme_volumes`. Tag and digest are
    /// dropped, and each `/` becomes `_`.
    pub fn of_image(image: &str) -> Self {
        let image = image.split('@').next().unwrap_or_default();
        let repository = match image.rsplit_once(':') {
            // A colon before a slash is that of a registry's port.
            Some((repository, tag)) if !tag.contains('/') => repository,
            _ => image,
        };
        let stem = repository.replace('/', "_");
        let project = format!("{stem}-desktop-extension");
        let container = format!("{project}-service");
        Self { stem, project, container }
    }

    /// Where a socket is inside the container.
    pub fn socket_inside(socket: &str) -> String {
        format!("{SOCKETS}/{socket}")
    }

    /// Where Docker Desktop has a socket on the host, if it has it there at all: a directory of the
    /// home on macOS, one below `.docker` on Linux (reported once), a pipe on Windows (reported once).
    ///
    /// It is a text: the path of another system has its separators.
    pub fn socket_on_host(&self, platform: Platform, home: &str, socket: &str) -> String {
        let (home, stem) = (home.trim_end_matches('/'), &self.stem);
        match platform {
            Platform::Darwin => format!("{home}/Library/Containers/com.docker.docker/Data/ext-sockets/{stem}/{socket}"),
            Platform::Linux => format!("{home}/.docker/desktop/{stem}/{socket}"),
            Platform::Windows => format!(r"\\.\pipe\dockerDesktopPluginExtension{stem}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_digest_and_slashes_of_an_image_become_a_name() {
        for (image, stem) in [
            ("acme/volumes", "acme_volumes"),
            ("acme/volumes:1.2.3", "acme_volumes"),
            ("acme/volumes@sha256:00ff", "acme_volumes"),
            ("acme/volumes:1@sha256:00ff", "acme_volumes"),
            ("plain", "plain"),
            ("host:5000/acme/volumes:1", "host:5000_acme_volumes"),
            ("host:5000/acme/volumes", "host:5000_acme_volumes"),
        ] {
            assert_eq!(Names::of_image(image).stem, stem, "{image}");
        }
        let names = Names::of_image("acme/volumes:1");
        assert_eq!(names.project, "acme_volumes-desktop-extension");
        assert_eq!(names.container, "acme_volumes-desktop-extension-service");
    }

    #[test]
    fn the_extensions_own_image_is_put_in_place() {
        assert_eq!(image_in_place("${DESKTOP_PLUGIN_IMAGE}", "a/b:1"), "a/b:1");
        assert_eq!(image_in_place("image: $DESKTOP_PLUGIN_IMAGE\n", "a/b"), "image: a/b\n");
        assert_eq!(image_in_place("${OTHER}", "a/b"), "${OTHER}");
        assert_eq!(image_in_place("${DESKTOP_PLUGIN_IMAGE:-x/y:${TAG:-1}}!", "a/b"), "a/b!");
        assert_eq!(image_in_place("${DESKTOP_PLUGIN_IMAGE?not set}", "a/b"), "a/b");
        for other in [
            "$DESKTOP_PLUGIN_IMAGES",
            "$${DESKTOP_PLUGIN_IMAGE}",
            "${DESKTOP_PLUGIN_IMAGE",
            "${DESKTOP_PLUGIN_IMAGE:+x}",
            "DESKTOP_PLUGIN_IMAGE",
        ] {
            assert_eq!(image_in_place(other, "a/b"), other);
        }
    }

    /// On Windows a folder of the page wasn't found in the Dockerfile, which has `/`.
    #[test]
    fn a_path_inside_an_extension_has_slashes_on_every_system() {
        assert_eq!(with_slashes(&Path::new("ui").join("src").join("index.html")), "ui/src/index.html");
    }

    #[test]
    fn sockets_are_where_docker_desktop_has_them() {
        let names = Names::of_image("acme/volumes:1");
        let at = |platform| names.socket_on_host(platform, "/home/me", "b.sock");
        assert_eq!(
            at(Platform::Darwin),
            "/home/me/Library/Containers/com.docker.docker/Data/ext-sockets/acme_volumes/b.sock"
        );
        assert_eq!(at(Platform::Linux), "/home/me/.docker/desktop/acme_volumes/b.sock");
        assert_eq!(at(Platform::Windows), r"\\.\pipe\dockerDesktopPluginExtensionacme_volumes");
        assert_eq!(Names::socket_inside("b.sock"), "/run/guest-services/b.sock");
    }
}

//! What the user dropped on the window.

use std::path::{Path, PathBuf};

use porthole_timeline::session::is_session;
use serde::Serialize;
use ts_rs::TS;

/// Something that was dropped, and what it's taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Dropped {
    /// A directory, or a manifest: an extension to open.
    Extension {
        /// Where it is.
        path: PathBuf,
    },
    /// A session or an HTTP archive, to open in the timeline.
    Session {
        /// Where it is.
        path: PathBuf,
    },
    /// Any other file: a request's body.
    File {
        /// Where it is.
        path: PathBuf,
    },
}

impl Dropped {
    /// Takes the first of the paths: one thing is opened at a time.
    pub fn first(paths: &[PathBuf]) -> Option<Self> {
        paths.first().map(|path| Self::at(path))
    }

    fn at(path: &Path) -> Self {
        let is_manifest = path.file_name().is_some_and(|name| name == "metadata.json");
        let path = path.to_owned();
        match path {
            path if is_manifest || path.is_dir() => Self::Extension { path },
            path if is_session(&path) => Self::Session { path },
            path => Self::File { path },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_a_manifest_are_extensions_and_any_other_file_is_a_body() {
        let folder = tempfile::tempdir().unwrap();
        let (manifest, body) = (folder.path().join("metadata.json"), folder.path().join("body.json"));
        let kind = |path: &Path| matches!(Dropped::first(&[path.to_owned()]), Some(Dropped::Extension { .. }));
        assert!(kind(folder.path()));
        assert!(kind(&manifest));
        assert!(!kind(&body));
        for name in ["a.porthole", "b.HAR"] {
            let path = folder.path().join(name);
            assert_eq!(Dropped::first(std::slice::from_ref(&path)), Some(Dropped::Session { path }));
        }
        assert_eq!(Dropped::first(&[]), None);
    }
}

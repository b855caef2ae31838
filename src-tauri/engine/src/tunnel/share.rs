//! How a helper container comes to see a socket that only another container has: as little of that container
//! as will do.

use crate::{Mount, MountKind};

/// What a helper container shares with the one that has the socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Share {
    /// One volume, at the same place, for reading: connecting to a socket is no writing.
    Volume { name: String, at: String },
    /// One directory of the engine's host, in the same way.
    Bind { source: String, at: String },
    /// Its process ids, and through its first process all its files, with the right to look into other
    /// processes: for a socket in the container's own layer or memory.
    Root,
}

impl Share {
    /// Whether it is a volume that got its name from the engine: 64 hexadecimal digits.
    pub fn is_nameless_volume(&self) -> bool {
        matches!(self, Self::Volume { name, .. } if name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

/// What must be shared for a path.
pub(super) fn share(mounts: &[Mount], path: &str) -> Share {
    match mount_of(mounts, path).map(|mount| (&mount.kind, &mount.at)) {
        Some((MountKind::Volume(name), at)) => Share::Volume { name: name.clone(), at: at.clone() },
        Some((MountKind::Bind(source), at)) => Share::Bind { source: source.clone(), at: at.clone() },
        Some((MountKind::Own, _)) | None => Share::Root,
    }
}

/// The mount that a path of the container is in: the deepest one. A path that goes up again is in none that could be
/// told without looking.
pub(super) fn mount_of<'a>(mounts: &'a [Mount], path: &str) -> Option<&'a Mount> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    mounts.iter().filter(|mount| below(&mount.at, path).is_some()).max_by_key(|mount| mount.at.len())
}

/// The rest of a path below a directory, with its slash.
pub(super) fn below<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(directory.trim_end_matches('/')).filter(|rest| rest.len() > 1 && rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts() -> Vec<Mount> {
        vec![
            Mount { kind: MountKind::Volume("sockets".into()), at: "/run/guest-services".into() },
            Mount { kind: MountKind::Bind("/home/me/x".into()), at: "/x/".into() },
            Mount { kind: MountKind::Own, at: "/run/guest-services/memory".into() },
        ]
    }

    /// Podman 4 removed the user's data with a helper that it removed by itself.
    #[test]
    fn a_volume_that_the_engine_named_is_told_from_one_with_a_name() {
        let volume = |name: &str| Share::Volume { name: name.into(), at: "/x".into() };
        assert!(volume(&"0a".repeat(32)).is_nameless_volume());
        for name in ["sockets", &"0g".repeat(32), &"0a".repeat(31)] {
            assert!(!volume(name).is_nameless_volume(), "{name}");
        }
        assert!(!Share::Root.is_nameless_volume());
    }

    #[test]
    fn as_little_is_shared_as_will_do() {
        let volume = Share::Volume { name: "sockets".into(), at: "/run/guest-services".into() };
        let bind = Share::Bind { source: "/home/me/x".into(), at: "/x/".into() };
        for (path, expected) in [
            ("/run/guest-services/b.sock", volume.clone()),
            ("/run/guest-services/deep/b.sock", volume),
            ("/x/b.sock", bind),
            ("/run/guest-services/memory/b.sock", Share::Root),
            ("/run/guest-services-2/b.sock", Share::Root),
            ("/run/guest-services", Share::Root),
            ("/run/guest-services/", Share::Root),
            ("/run/guest-services/../b.sock", Share::Root),
            ("/tmp/b.sock", Share::Root),
        ] {
            assert_eq!(share(&mounts(), path), expected, "{path}");
        }
    }

    #[test]
    fn a_mount_at_the_root_holds_everything() {
        let all = [Mount { kind: MountKind::Volume("v".into()), at: "/".into() }];
        assert_eq!(share(&all, "/b.sock"), Share::Volume { name: "v".into(), at: "/".into() });
        assert_eq!(below("/a", "/a/b"), Some("/b"));
        assert_eq!((below("/a", "/a"), below("/a", "/ab"), below("/a", "/a/")), (None, None, None));
    }
}

//! How a helper container comes to see a socket that only another container has: as little of that container
//! as will do.

use porthole_base::error::{Code, Error, Result};

use crate::{Inspected, Mount, MountKind};

/// What a helper container shares with the one that has the socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Share {
    /// One volume, at the same place. It is mounted for reading, because connecting to a socket is no writing; for a tap,
    /// which moves the socket, for writing.
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

/// Refuses to move a socket that the container itself couldn't move, and a helper that could reach the files of the engine's
/// machine through the processes that it sees.
///
/// # Errors
/// [`Code::EndpointUnsupported`].
pub(super) fn check_tap(target: &Inspected, path: &str, share: &Share) -> Result<()> {
    let refused = |why: &str| {
        Err(Error::new(Code::EndpointUnsupported, format!("Porthole doesn't move the socket at {path}: {why}"))
            .hint("Put the socket on a volume that the container can write to."))
    };
    if mount_of(&target.mounts, path).is_some_and(|mount| mount.read_only) {
        return refused("the container can only read its directory");
    }
    if *share == Share::Root && target.pid_mode == "host" {
        return refused("the container shares the process IDs of the engine's machine");
    }
    Ok(())
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
            Mount { kind: MountKind::Volume("sockets".into()), at: "/run/guest-services".into(), read_only: false },
            Mount { kind: MountKind::Bind("/home/me/x".into()), at: "/x/".into(), read_only: false },
            Mount { kind: MountKind::Own, at: "/run/guest-services/memory".into(), read_only: false },
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
    fn a_socket_is_moved_only_where_its_container_could_move_it() {
        let target = |pid_mode: &str, read_only| Inspected {
            pid_mode: pid_mode.to_owned(),
            mounts: vec![Mount { kind: MountKind::Bind("/var/run".into()), at: "/host".into(), read_only }],
            ..Inspected::default()
        };
        let bind = Share::Bind { source: "/var/run".into(), at: "/host".into() };
        assert_eq!(check_tap(&target("host", false), "/host/b.sock", &bind), Ok(()));
        assert_eq!(check_tap(&target("", false), "/b.sock", &Share::Root), Ok(()));
        for (pid_mode, read_only, path, share) in
            [("", true, "/host/b.sock", &bind), ("host", false, "/b.sock", &Share::Root)]
        {
            let error = check_tap(&target(pid_mode, read_only), path, share).unwrap_err();
            assert_eq!(error.code, Code::EndpointUnsupported, "{path}");
        }
    }

    #[test]
    fn a_mount_at_the_root_holds_everything() {
        let all = [Mount { kind: MountKind::Volume("v".into()), at: "/".into(), read_only: false }];
        assert_eq!(share(&all, "/b.sock"), Share::Volume { name: "v".into(), at: "/".into() });
        assert_eq!(below("/a", "/a/b"), Some("/b"));
        assert_eq!((below("/a", "/a"), below("/a", "/ab"), below("/a", "/a/")), (None, None, None));
    }
}

//! The way to a socket in a container, and its description.

use super::share::{below, mount_of};
use crate::{Mount, MountKind};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};
use porthole_http::endpoint::Endpoint;

/// The endpoint that is used, and why it is not the plain one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What the target bar says of it; nothing about a direct one.
    pub said: Option<String>,
}

/// Where this machine would see a socket of a container: in the directory that is mounted from it. What is
/// there must be looked at: the engine's host may be another machine.
pub fn direct(mounts: &[Mount], socket: &str) -> Option<Endpoint> {
    let mount = mount_of(mounts, socket)?;
    let MountKind::Bind(source) = &mount.kind else { return None };
    let rest = below(&mount.at, socket)?;
    Some(Endpoint::Unix(format!("{}{rest}", source.trim_end_matches('/')).into()))
}

/// Where a container sees a path of its engine's host: in the directory that is mounted from there.
pub(crate) fn inside(mounts: &[Mount], path: &str) -> Option<String> {
    let bound = mounts.iter().filter_map(|mount| {
        let MountKind::Bind(source) = &mount.kind else { return None };
        Some((source.len(), format!("{}{}", mount.at.trim_end_matches('/'), below(source, path)?)))
    });
    bound.max_by_key(|(length, _)| *length).map(|(_, path)| path)
}

/// Chooses between the direct endpoint, with what was seen of it, and the way through the engine to the socket in the
/// container.
///
/// A direct socket that refuses is not trusted either: desktop engines show the files of their sockets on the host,
/// where nothing can listen on them. Through the engine the same refusal is the truth.
pub fn choose(
    direct: Option<(Endpoint, Result<()>)>,
    container: &ContainerName,
    socket: &str,
    mounts: &[Mount],
) -> Choice {
    let why = match direct {
        Some((endpoint, seen)) => match seen {
            Err(error) if is_not_there(&endpoint, &error) => {
                format!("not reachable from this machine ({})", error.message)
            }
            _ => return Choice { endpoint, said: None },
        },
        None => match mount_of(mounts, socket).map(|mount| &mount.kind) {
            Some(MountKind::Volume(name)) => {
                format!("its socket is in the volume {name}, not in a directory on this machine")
            }
            Some(MountKind::Bind(source)) => format!("its socket is in {source} on the engine's machine"),
            Some(MountKind::Own) => "its socket is in the container's memory".to_owned(),
            None => "its socket is in the container's file system".to_owned(),
        },
    };
    let endpoint = Endpoint::Container { container: container.clone(), path: socket.to_owned() };
    Choice { endpoint, said: Some(format!("Through the engine: {why}.")) }
}

/// Whether a direct socket is out of reach, and not only busy.
pub(crate) fn is_not_there(endpoint: &Endpoint, error: &Error) -> bool {
    let is_local = matches!(endpoint, Endpoint::Unix(_) | Endpoint::Npipe(_));
    let out_of_reach = matches!(
        error.code,
        Code::EndpointMissing
            | Code::EndpointNotSocket
            | Code::EndpointDenied
            | Code::EndpointRefused
            | Code::EndpointPathTooLong
            | Code::EndpointUnsupported
            | Code::ConnectFailed
    );
    is_local && out_of_reach
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKET: &str = "/run/guest-services/b.sock";

    fn mounted(kind: MountKind) -> Vec<Mount> {
        vec![Mount { kind, at: "/run/guest-services".into(), read_only: false }]
    }

    fn web() -> ContainerName {
        "web".parse().unwrap()
    }

    fn seen(code: Code) -> Option<(Endpoint, Result<()>)> {
        Some((Endpoint::Unix("/host/b.sock".into()), Err(Error::new(code, "Nothing exists at /host/b.sock"))))
    }

    #[test]
    fn a_direct_socket_that_answers_is_taken_and_not_talked_about() {
        let bind = mounted(MountKind::Bind("/host/".into()));
        let endpoint = direct(&bind, SOCKET).unwrap();
        assert_eq!(endpoint, Endpoint::Unix("/host/b.sock".into()));
        let chosen = choose(Some((endpoint.clone(), Ok(()))), &web(), SOCKET, &bind);
        assert_eq!(chosen, Choice { endpoint, said: None });
    }

    #[test]
    fn a_path_of_the_engines_host_is_found_in_the_container() {
        let mut mounts = mounted(MountKind::Bind("/host/sockets/".into()));
        mounts.push(Mount { kind: MountKind::Bind("/host".into()), at: "/all".into(), read_only: false });
        assert_eq!(inside(&mounts, "/host/sockets/b.sock").as_deref(), Some(SOCKET));
        assert_eq!(inside(&mounts, "/host/b.sock").as_deref(), Some("/all/b.sock"));
        assert_eq!(inside(&mounts, "/elsewhere/b.sock"), None);
        assert_eq!(inside(&mounted(MountKind::Volume("/host".into())), "/host/b.sock"), None);
    }

    #[test]
    fn one_that_is_out_of_reach_is_carried_with_the_reason() {
        let bind = mounted(MountKind::Bind("/host".into()));
        for code in [Code::EndpointMissing, Code::EndpointRefused, Code::EndpointDenied, Code::EndpointUnsupported] {
            let chosen = choose(seen(code), &web(), SOCKET, &bind);
            assert_eq!(chosen.endpoint.to_string(), "container://web/run/guest-services/b.sock");
            assert_eq!(
                chosen.said.as_deref(),
                Some("Through the engine: not reachable from this machine (Nothing exists at /host/b.sock).")
            );
        }
    }

    #[test]
    fn one_that_is_only_busy_is_not_given_up_and_a_port_never_is() {
        assert_eq!(choose(seen(Code::ConnectTimeout), &web(), SOCKET, &[]).said, None);
        let port = Endpoint::Tcp { host: "h".into(), port: 1 };
        let refused = Err(Error::new(Code::EndpointRefused, "nobody listens"));
        assert_eq!(choose(Some((port.clone(), refused)), &web(), SOCKET, &[]), Choice { endpoint: port, said: None });
    }

    #[test]
    fn without_a_direct_way_the_place_of_the_socket_is_the_reason() {
        for (mounts, words) in [
            (mounted(MountKind::Volume("sockets".into())), "in the volume sockets"),
            (mounted(MountKind::Bind("/x".into())), "in /x on the engine's machine"),
            (mounted(MountKind::Own), "container's memory"),
            (Vec::new(), "file system"),
        ] {
            let said = choose(None, &web(), SOCKET, &mounts).said.unwrap();
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(direct(&mounted(MountKind::Volume("v".into())), SOCKET), None);
    }
}

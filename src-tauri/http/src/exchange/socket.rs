//! Which socket a path leads to. Another program may replace it at any time, so that what is checked must be what is
//! connected to.

use std::path::{Path, PathBuf};

use super::EngineDialer;
use crate::endpoint::{Endpoint, explain_connect, shared_directory};
use porthole_base::error::{Code, Error, Result};

/// Whether a request may reach the API of a container engine: anyone who writes to it owns the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// It may.
    Allowed,
    /// It was allowed for an extension's backend only.
    Refused,
}

/// What tells one socket from another: its device and inode.
pub type SocketId = (u64, u64);

/// A unix socket that a path led to.
#[derive(Debug)]
pub(super) struct Socket {
    pub id: SocketId,
    /// Keeps hold of it, whatever becomes of its path.
    #[cfg(target_os = "linux")]
    handle: std::fs::File,
}

impl Socket {
    /// A path to connect to. On Linux it leads to this socket and to no other; elsewhere no directory of this machine is
    /// shared with containers.
    #[cfg(target_os = "linux")]
    pub fn path(&self, _: &Path) -> PathBuf {
        format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.handle)).into()
    }

    #[cfg(not(target_os = "linux"))]
    pub fn path(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

/// Finds what the path of an endpoint leads to; none for an endpoint without a path on this machine.
///
/// A container can replace its socket by a link to any other socket of this machine. In a directory that Porthole shares
/// with containers no link is followed.
///
/// # Errors
/// The codes `Endpoint…` and [`Code::ConnectFailed`]; [`Code::NotAllowed`] for an engine's socket where those are refused.
pub(super) fn find_socket(endpoint: &Endpoint, engines: Engines, dialer: &dyn EngineDialer) -> Result<Option<Socket>> {
    check_socket(endpoint, engines, dialer, |path, shared| {
        Ok(look(path, shared)?.map(|(socket, is_socket)| (socket.id, is_socket, socket)))
    })
}

/// The same without keeping hold of it, which costs a third of the system calls: enough to find an open connection to it.
pub(super) fn identify_socket(
    endpoint: &Endpoint,
    engines: Engines,
    dialer: &dyn EngineDialer,
) -> Result<Option<SocketId>> {
    check_socket(endpoint, engines, dialer, |path, shared| {
        Ok(identify(path, shared)?.map(|(id, is_socket)| (id, is_socket, id)))
    })
}

/// What `look` finds beside the socket's number and whether it is one, where a request may be sent to it.
fn check_socket<T>(
    endpoint: &Endpoint,
    engines: Engines,
    dialer: &dyn EngineDialer,
    look: impl FnOnce(&Path, bool) -> std::io::Result<Option<(SocketId, bool, T)>>,
) -> Result<Option<T>> {
    let Endpoint::Unix(path) = endpoint else { return Ok(None) };
    let directory = shared_directory(path);
    let shared = directory.is_some();
    let Some((id, is_socket, found)) = look(path, shared).map_err(|error| explain_connect(endpoint, &error))? else {
        return Ok(None);
    };
    // What is between the directory and the socket could be a link too.
    if shared && (!is_socket || path.parent() != directory) {
        return Err(Error::new(Code::EndpointNotSocket, format!("{} isn't a socket", path.display())).hint(
            "Porthole doesn't follow links in the directory that it shares with containers: create the socket in that directory.",
        ));
    }
    if (shared || engines == Engines::Refused) && dialer.is_engine_socket(id) {
        return Err(Error::new(
            Code::NotAllowed,
            format!("Not sent: {} is a container engine's socket", path.display()),
        )
        .hint("Only requests to the extension's backend were allowed. Restart the backend, or check its endpoint."));
    }
    Ok(Some(found))
}

/// What a path leads to, and whether that is a socket. In a shared directory it isn't followed when it is a link.
#[cfg(target_os = "linux")]
fn look(path: &Path, shared: bool) -> std::io::Result<Option<(Socket, bool)>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

    use nix::fcntl::OFlag;

    let follow = if shared { OFlag::O_NOFOLLOW } else { OFlag::empty() };
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC | follow;
    let handle = std::fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let found = handle.metadata()?;
    let is_socket = found.file_type().is_socket();
    Ok(Some((Socket { id: (found.dev(), found.ino()), handle }, is_socket)))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn look(path: &Path, shared: bool) -> std::io::Result<Option<(Socket, bool)>> {
    Ok(identify(path, shared)?.map(|(id, is_socket)| (Socket { id }, is_socket)))
}

#[cfg(not(unix))]
fn look(_: &Path, _: bool) -> std::io::Result<Option<(Socket, bool)>> {
    Ok(None)
}

/// The same by one look at the path.
#[cfg(unix)]
fn identify(path: &Path, shared: bool) -> std::io::Result<Option<(SocketId, bool)>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let found = if shared { path.symlink_metadata()? } else { path.metadata()? };
    Ok(Some(((found.dev(), found.ino()), found.file_type().is_socket())))
}

#[cfg(not(unix))]
fn identify(_: &Path, _: bool) -> std::io::Result<Option<(SocketId, bool)>> {
    Ok(None)
}

// They tell sockets apart by their inodes.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        fs,
        os::unix::{
            fs::{MetadataExt, symlink},
            net::UnixListener,
        },
        sync::Arc,
        time::Duration,
    };

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_util::sync::CancellationToken;

    use super::{super::connect::probe_connect, *};
    use crate::exchange::{Connections, ExchangeEvent, Request, dialer::NoEngine, send};
    use porthole_output::{Stream, record::Record};

    fn connections() -> Connections {
        Connections::new(Arc::new(NoEngine::default()))
    }

    fn id_of(path: &Path) -> SocketId {
        let found = fs::metadata(path).unwrap();
        (found.dev(), found.ino())
    }

    const LIMIT: Duration = Duration::from_secs(2);

    /// An engine's socket, and a directory that is shared with containers.
    fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let room = tempfile::tempdir().unwrap();
        let shared = room.path().join("porthole-abc123/s");
        fs::create_dir_all(&shared).unwrap();
        let engine = room.path().join("engine.sock");
        (room, engine, shared)
    }

    #[tokio::test]
    async fn a_container_that_replaces_its_socket_by_a_link_reaches_no_socket_of_this_machine() {
        let (_room, engine, shared) = places();
        let _engine = UnixListener::bind(&engine).unwrap();
        let (socket, connections) = (shared.join("b.sock"), connections());
        symlink(&engine, &socket).unwrap();
        let endpoint = Endpoint::Unix(socket.clone());
        let error = probe_connect(&endpoint, &connections, LIMIT).await.unwrap_err();
        assert_eq!(error.code, Code::EndpointNotSocket);
        fs::remove_file(&socket).unwrap();
        assert_eq!(probe_connect(&endpoint, &connections, LIMIT).await.unwrap_err().code, Code::EndpointMissing);
        // A link to a directory leads to no socket either.
        symlink(engine.parent().unwrap(), shared.join("sub")).unwrap();
        let error =
            probe_connect(&Endpoint::Unix(shared.join("sub/engine.sock")), &connections, LIMIT).await.unwrap_err();
        assert_eq!(error.code, Code::EndpointNotSocket);
        let _backend = UnixListener::bind(&socket).unwrap();
        probe_connect(&endpoint, &connections, LIMIT).await.unwrap();
    }

    #[tokio::test]
    async fn the_socket_that_was_checked_is_the_one_that_is_connected_to() {
        let (_room, engine, shared) = places();
        let socket = shared.join("b.sock");
        let backend = UnixListener::bind(&socket).unwrap();
        let engine_listens = UnixListener::bind(&engine).unwrap();
        let found =
            find_socket(&Endpoint::Unix(socket.clone()), Engines::Refused, &NoEngine::default()).unwrap().unwrap();
        // Between the check and the connection.
        fs::remove_file(&socket).unwrap();
        symlink(&engine, &socket).unwrap();
        let _open = tokio::net::UnixStream::connect(found.path(&socket)).await.unwrap();
        for (listens, reached) in [(backend, true), (engine_listens, false)] {
            listens.set_nonblocking(true).unwrap();
            assert_eq!(listens.accept().is_ok(), reached);
        }
    }

    #[test]
    fn a_link_of_the_user_is_followed_but_to_an_engine_only_where_that_is_allowed() {
        let (room, engine, shared) = places();
        let (_engine, link) = (UnixListener::bind(&engine).unwrap(), room.path().join("link.sock"));
        symlink(&engine, &link).unwrap();
        let dialer = NoEngine { sockets: vec![id_of(&engine)] };
        let found = |path: &Path, engines| find_socket(&Endpoint::Unix(path.to_owned()), engines, &dialer);
        assert!(found(&link, Engines::Allowed).unwrap().is_some());
        assert_eq!(found(&link, Engines::Refused).unwrap_err().code, Code::NotAllowed);
        fs::hard_link(&engine, shared.join("b.sock")).unwrap();
        assert_eq!(found(&shared.join("b.sock"), Engines::Allowed).unwrap_err().code, Code::NotAllowed);
    }

    #[derive(Default)]
    struct Body(Vec<u8>);

    impl Record<ExchangeEvent> for Body {
        fn event(&mut self, _: ExchangeEvent) {}
        fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// Answers every request with a word, and keeps its connections open.
    fn serve(path: &Path, word: &'static str) {
        let listener = tokio::net::UnixListener::bind(path).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{word}", word.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
    }

    #[tokio::test]
    async fn an_open_connection_is_not_used_when_the_path_leads_to_another_socket() {
        let (room, engine, shared) = places();
        let (socket, other) = (shared.join("b.sock"), room.path().join("other.sock"));
        serve(&socket, "before");
        serve(&other, "after");
        let connections = connections();
        let ask = async |path: &Path| {
            let mut body = Body::default();
            let endpoint = Endpoint::Unix(path.to_owned());
            let request = Request::new("GET", "/");
            send(&endpoint, &request, &connections, &CancellationToken::new(), &mut body).await;
            String::from_utf8(body.0).unwrap()
        };
        assert_eq!((ask(&socket).await, ask(&socket).await), ("before".to_owned(), "before".to_owned()));
        fs::rename(&other, &socket).unwrap();
        assert_eq!(ask(&socket).await, "after");
        serve(&engine, "engine");
        fs::remove_file(&socket).unwrap();
        symlink(&engine, &socket).unwrap();
        assert_eq!(ask(&socket).await, "");
    }
}

//! Why an endpoint cannot be connected to: one code a reason, each with what to try.

use std::{io, path::Path, time::Duration};

use porthole_relay::protocol::Refusal;

use super::Endpoint;
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// The longest socket path that the operating system takes, in bytes.
/// Linux has 108 bytes in `sun_path`, macOS 104, both with a closing NUL.
pub const PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { LINUX_PATH_LIMIT };
const LINUX_PATH_LIMIT: usize = 107;

/// Says before connecting what can be known without it.
///
/// # Errors
/// [`Code::EndpointPathTooLong`], [`Code::EndpointUnsupported`].
pub fn usable(endpoint: &Endpoint) -> Result<()> {
    match endpoint {
        Endpoint::Unix(path) => {
            let length = path.as_os_str().len();
            if length > PATH_LIMIT {
                return Err(Error::new(
                    Code::EndpointPathTooLong,
                    format!("The socket path has {length} bytes; the limit on this system is {PATH_LIMIT}"),
                )
                .detail(path.display())
                .hint("Use a socket in a directory with a shorter path, or create a link with a short path to that directory."));
            }
            #[cfg(not(unix))]
            return Err(unsupported("unix sockets"));
            #[cfg(unix)]
            Ok(())
        }
        #[cfg(not(windows))]
        Endpoint::Npipe(_) => Err(unsupported("named pipes")),
        #[cfg(windows)]
        Endpoint::Npipe(_) => Ok(()),
        Endpoint::Tcp { .. } => Ok(()),
        // The length is that of Linux, which is where it is connected to.
        Endpoint::Container { path, .. } if path.len() > LINUX_PATH_LIMIT => Err(Error::new(
            Code::EndpointPathTooLong,
            format!(
                "The socket path in the container has {} bytes; the limit on Linux is {LINUX_PATH_LIMIT}",
                path.len()
            ),
        )
        .detail(path)
        .hint("Use a socket in a directory with a shorter path.")),
        Endpoint::Container { .. } | Endpoint::Engine { .. } => Ok(()),
    }
}

fn unsupported(kind: &str) -> Error {
    Error::new(Code::EndpointUnsupported, format!("This operating system doesn't support {kind}"))
        .hint("Use the endpoint that the backend has on this system.")
}

/// Turns a failed connect into the reason behind it. Linux answers `ECONNREFUSED` both for a
/// socket that nothing listens on and for a file that is not a socket, so the path is looked at.
pub fn explain_connect(endpoint: &Endpoint, error: &io::Error) -> Error {
    if let Some(exhausted) = handles::exhausted(&format!("connect to {endpoint}"), error) {
        return exhausted;
    }
    let failed = match endpoint {
        Endpoint::Unix(path) => explain_socket(path, error),
        Endpoint::Npipe(name) => explain_pipe(name, error),
        Endpoint::Tcp { host, port } => explain_port(host, *port, error),
        Endpoint::Container { .. } | Endpoint::Engine { .. } => explain_refusal(endpoint, Refusal::Other),
    };
    failed.detail(error)
}

fn explain_socket(path: &Path, error: &io::Error) -> Error {
    let refusal = match error.kind() {
        io::ErrorKind::NotFound => Refusal::Missing,
        io::ErrorKind::PermissionDenied => Refusal::Denied,
        _ if std::fs::metadata(path).is_ok_and(|found| !is_socket(&found)) => Refusal::NotSocket,
        io::ErrorKind::NotADirectory => Refusal::NoDirectory,
        io::ErrorKind::ConnectionRefused => Refusal::Refused,
        _ => Refusal::Other,
    };
    let explained = explain_refusal(&path.display(), refusal);
    match refusal {
        Refusal::Missing => explained.hint("Check that the backend is running and creates its socket at this path. A socket in a container exists here only if its directory is mounted; otherwise use container://NAME/path."),
        Refusal::Denied => explained
            .hint("Make the socket readable and writable for your user or one of your groups."),
        _ => explained,
    }
}

/// Why a unix socket took no connection, here or in a container.
fn explain_refusal(shown: &dyn std::fmt::Display, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Missing => Error::new(Code::EndpointMissing, format!("Nothing exists at {shown}"))
            .hint("Check that the backend is running and creates its socket at this path."),
        Refusal::Denied => Error::new(Code::EndpointDenied, format!("Permission denied: {shown}")),
        Refusal::NotSocket => Error::new(Code::EndpointNotSocket, format!("{shown} isn't a socket"))
            .hint("A container engine creates a directory when a socket to mount doesn't exist. Remove it, and start the backend first."),
        Refusal::NoDirectory => {
            Error::new(Code::EndpointMissing, format!("Nothing exists at {shown}: a part of the path is a file"))
        }
        Refusal::Refused => Error::new(Code::EndpointRefused, format!("Nothing is listening on {shown}"))
            .hint("The socket file is left over from a backend that has exited. Start the backend again."),
        Refusal::Other => Error::new(Code::ConnectFailed, format!("Can't connect to {shown}")),
    }
}

/// The same by the text of a frame from a helper container: a [`Refusal`]'s name, and the operating system's words.
pub fn explain_refused(endpoint: &Endpoint, text: &str) -> Error {
    let (refusal, words) = Refusal::read(text);
    explain_refusal(&endpoint.in_words(), refusal).detail(words)
}

#[cfg(unix)]
fn is_socket(found: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&found.file_type())
}

#[cfg(not(unix))]
fn is_socket(_: &std::fs::Metadata) -> bool {
    true
}

fn explain_pipe(name: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(Code::EndpointMissing, format!(r"Pipe not found: \\.\pipe\{name}"))
            .hint("Check that the backend is running."),
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!(r"Permission denied: \\.\pipe\{name}"))
        }
        _ => Error::new(Code::ConnectFailed, format!(r"Can't connect to \\.\pipe\{name}")),
    }
}

fn explain_port(host: &str, port: u16, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Error::new(Code::EndpointRefused, format!("Nothing is listening on {host}:{port}"))
                .hint("Check that the backend is running on this port. If it runs in a container, publish the port.")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!("Permission denied: {host}:{port}"))
        }
        _ => Error::new(Code::ConnectFailed, format!("Can't connect to {host}:{port}")),
    }
}

/// The error of a backend that does not accept.
pub fn took_none(endpoint: &Endpoint, limit: Duration) -> Error {
    Error::new(Code::ConnectTimeout, format!("Connecting to {endpoint} timed out after {} ms", limit.as_millis()))
        .hint("The backend doesn't accept connections. It may be busy or paused in a debugger.")
}

/// The error of a host name that does not resolve.
pub fn unknown_host(host: &str, error: &io::Error) -> Error {
    Error::new(Code::EndpointUnknownHost, format!("Can't resolve the host name {host}"))
        .detail(error)
        .hint("For a backend on this machine, use 127.0.0.1.")
}

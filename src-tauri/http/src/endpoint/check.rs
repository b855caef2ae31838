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
                    format!("the socket path has {length} bytes; this system takes {PATH_LIMIT} at most"),
                )
                .detail(path.display())
                .hint("Give the backend a socket in a shorter directory, or link that directory from a short path."));
            }
            #[cfg(not(unix))]
            return Err(unsupported("a unix socket"));
            #[cfg(unix)]
            Ok(())
        }
        #[cfg(not(windows))]
        Endpoint::Npipe(_) => Err(unsupported("a named pipe")),
        #[cfg(windows)]
        Endpoint::Npipe(_) => Ok(()),
        Endpoint::Tcp { .. } => Ok(()),
        // The length is that of Linux, which is where it is connected to.
        Endpoint::Container { path, .. } if path.len() > LINUX_PATH_LIMIT => Err(Error::new(
            Code::EndpointPathTooLong,
            format!(
                "the socket path in the container has {} bytes; Linux takes {LINUX_PATH_LIMIT} at most",
                path.len()
            ),
        )
        .detail(path)
        .hint("Give the backend a socket in a shorter directory.")),
        Endpoint::Container { .. } | Endpoint::Engine { .. } => Ok(()),
    }
}

fn unsupported(kind: &str) -> Error {
    Error::new(Code::EndpointUnsupported, format!("{kind} cannot be opened on this operating system"))
        .hint("Use the endpoint that the backend has on this system.")
}

/// Turns a failed connect into the reason behind it. Linux answers `ECONNREFUSED` both for a
/// socket that nobody listens on and for a file that is not a socket, so the path is looked at.
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
        Refusal::Missing => explained.hint("Is the backend running, and does it make its socket at this path? A container's socket shows up here only when its directory is mounted; container://NAME/path reaches it through the engine."),
        Refusal::Denied => explained
            .hint("Let the backend make its socket readable and writable for your user, or its group yours."),
        _ => explained,
    }
}

/// Why a unix socket took no connection, here or in a container.
pub fn explain_refusal(shown: &dyn std::fmt::Display, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Missing => Error::new(Code::EndpointMissing, format!("nothing exists at {shown}"))
            .hint("Is the backend running, and does it make its socket at this path?"),
        Refusal::Denied => Error::new(Code::EndpointDenied, format!("this user may not open {shown}")),
        Refusal::NotSocket => Error::new(Code::EndpointNotSocket, format!("{shown} is not a socket"))
            .hint("A container engine makes a directory where a mounted socket was missing: remove it and start the backend first."),
        Refusal::NoDirectory => {
            Error::new(Code::EndpointMissing, format!("nothing exists at {shown}: a part of the path is a file"))
        }
        Refusal::Refused => Error::new(Code::EndpointRefused, format!("nothing is listening on {shown}"))
            .hint("The socket file is left from a backend that is gone: start the backend again."),
        Refusal::Other => Error::new(Code::ConnectFailed, format!("cannot connect to {shown}")),
    }
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
        io::ErrorKind::NotFound => Error::new(Code::EndpointMissing, format!(r"pipe not found: \\.\pipe\{name}"))
            .hint("Is the backend running?"),
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!(r"this user may not open \\.\pipe\{name}"))
        }
        _ => Error::new(Code::ConnectFailed, format!(r"cannot connect to \\.\pipe\{name}")),
    }
}

fn explain_port(host: &str, port: u16, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Error::new(Code::EndpointRefused, format!("nothing is listening on {host}:{port}"))
                .hint("Is the backend running, and on this port? In a container the port must be published.")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!("this user may not connect to {host}:{port}"))
        }
        _ => Error::new(Code::ConnectFailed, format!("cannot connect to {host}:{port}")),
    }
}

/// The error of a backend that does not accept.
pub fn took_none(endpoint: &Endpoint, limit: Duration) -> Error {
    Error::new(Code::ConnectTimeout, format!("{endpoint} took no connection within {} ms", limit.as_millis()))
        .hint("The backend is there and does not accept: is it busy or stopped in a debugger?")
}

/// The error of a host name that does not resolve.
pub fn unknown_host(host: &str, error: &io::Error) -> Error {
    Error::new(Code::EndpointUnknownHost, format!("the host name {host} does not resolve"))
        .detail(error)
        .hint("For a backend on this machine write 127.0.0.1.")
}

//! Why an endpoint cannot be connected to: one code a reason, each with what to try.

use std::{io, path::Path};

use super::Endpoint;
use crate::error::{Code, Error, Result};

/// The longest socket path that the operating system takes, in bytes.
/// Linux has 108 bytes in `sun_path`, macOS 104, both with a closing NUL.
pub const PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

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
    }
}

fn unsupported(kind: &str) -> Error {
    Error::new(Code::EndpointUnsupported, format!("{kind} cannot be opened on this operating system"))
        .hint("Use the endpoint that the backend has on this system.")
}

/// Turns a failed connect into the reason behind it. Linux answers `ECONNREFUSED` both for a
/// socket that nobody listens on and for a file that is not a socket, so the path is looked at.
pub fn explain_connect(endpoint: &Endpoint, error: &io::Error) -> Error {
    let failed = match endpoint {
        Endpoint::Unix(path) => explain_socket(path, error),
        Endpoint::Npipe(name) => explain_pipe(name, error),
        Endpoint::Tcp { host, port } => explain_port(host, *port, error),
    };
    failed.detail(error)
}

fn explain_socket(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(Code::EndpointMissing, format!("nothing exists at {shown}"))
            .hint("Is the backend running, and does it make its socket at this path? A container's socket shows up here only when its directory is mounted."),
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!("this user may not open {shown}"))
                .hint("Let the backend make its socket readable and writable for your user, or its group yours.")
        }
        _ if std::fs::metadata(path).is_ok_and(|found| !is_socket(&found)) => {
            Error::new(Code::EndpointNotSocket, format!("{shown} is not a socket"))
                .hint("A container engine makes a directory where a mounted socket was missing: remove it and start the backend first.")
        }
        io::ErrorKind::NotADirectory => {
            Error::new(Code::EndpointMissing, format!("nothing exists at {shown}: a part of the path is a file"))
        }
        io::ErrorKind::ConnectionRefused => {
            Error::new(Code::EndpointRefused, format!("nobody listens on {shown}"))
                .hint("The socket file is left from a backend that is gone: start the backend again.")
        }
        _ => Error::new(Code::ConnectFailed, format!("cannot connect to {shown}")),
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
        io::ErrorKind::NotFound => Error::new(Code::EndpointMissing, format!(r"there is no pipe \\.\pipe\{name}"))
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
            Error::new(Code::EndpointRefused, format!("nobody listens on {host}:{port}"))
                .hint("Is the backend running, and on this port? In a container the port must be published.")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::EndpointDenied, format!("this user may not connect to {host}:{port}"))
        }
        _ => Error::new(Code::ConnectFailed, format!("cannot connect to {host}:{port}")),
    }
}

/// The error of a host name that does not resolve.
pub(crate) fn unknown_host(host: &str, error: &io::Error) -> Error {
    Error::new(Code::EndpointUnknownHost, format!("the host name {host} does not resolve"))
        .detail(error)
        .hint("For a backend on this machine write 127.0.0.1.")
}

//! The text forms of an endpoint: those that Porthole prints, and those that people paste.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::Endpoint;
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};

/// What a pasted text held: the endpoint and, in some forms, a request path after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The request path that stood after it, as written; `/` alone counts as none.
    pub path: Option<String>,
}

/// Reads an endpoint:
///
/// | form | where it is met |
/// |---|---|
/// | `unix:///p.sock`, `unix:/p.sock` | docker, Porthole |
/// | `/p.sock`, `~/p.sock` | a bare path |
/// | `http://unix:/p.sock:/path` | Node's `got` and `request` |
/// | `http+unix://%2Fp.sock/path`, `unix+http://…` | Python's `requests-unixsocket` |
/// | `npipe:////./pipe/name`, `\\.\pipe\name`, `//./pipe/name` | docker, Windows |
/// | `container://NAME/p.sock` | Porthole: a socket that only the container sees |
/// | `engine://NAME` | Porthole: the API of an engine that is reached over TLS or ssh |
/// | `http://host:port/path` | everywhere |
/// | `tcp://host:port`, `host:port` | docker, a listening log line |
///
/// # Errors
/// [`Code::EndpointInvalid`] with the accepted forms as hint.
pub fn read(text: &str) -> Result<Pasted> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid(text, "it is empty"));
    }
    if text.contains(['\0', '\n', '\r']) {
        return Err(invalid(text, "it contains a line break or a NUL byte"));
    }
    if let Some(name) = pipe_name(text) {
        return pipe(text, name);
    }
    let Some((scheme, rest)) = scheme_of(text) else {
        return bare(text);
    };
    match scheme.as_str() {
        "unix" => socket(text, rest.strip_prefix("//").unwrap_or(rest), None),
        "npipe" => pipe(text, pipe_name(&rest.replace('\\', "/")).unwrap_or_default()),
        "http+unix" | "unix+http" => encoded_socket(text, rest.strip_prefix("//").unwrap_or(rest)),
        "http" => match rest.strip_prefix("//unix:") {
            Some(rest) => got_socket(text, rest),
            None => port(text, rest.strip_prefix("//").unwrap_or(rest), Some(80)),
        },
        "container" => in_container(text, rest.strip_prefix("//").unwrap_or_default()),
        "engine" => engine(text, rest.strip_prefix("//").unwrap_or_default()),
        "tcp" => port(text, rest.strip_prefix("//").unwrap_or(rest), None),
        "https" => Err(invalid(text, "extension backends use plain HTTP, not https")),
        other => Err(invalid(text, &format!("`{other}:` isn't a supported scheme"))),
    }
}

/// Splits `scheme:rest`. One letter is a Windows drive and `name:8080` is a host with its port.
fn scheme_of(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let looks = scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_port = rest.starts_with(|c: char| c.is_ascii_digit());
    (starts && looks && !is_port).then(|| (scheme.to_ascii_lowercase(), rest))
}

fn pipe_name(text: &str) -> Option<&str> {
    [r"\\.\pipe\", "//./pipe/", "////./pipe/"].iter().find_map(|prefix| text.strip_prefix(prefix))
}

fn pipe(text: &str, name: &str) -> Result<Pasted> {
    if name.is_empty() {
        return Err(invalid(text, "write a pipe as npipe:////./pipe/NAME"));
    }
    Ok(Pasted { endpoint: Endpoint::Npipe(name.to_owned()), path: None })
}

fn bare(text: &str) -> Result<Pasted> {
    if text.starts_with('/') || text.starts_with("~/") {
        return socket(text, text, None);
    }
    if text.starts_with('.') || (text.contains('/') && !text.contains(':')) {
        return Err(invalid(text, "a socket's path must be absolute"));
    }
    port(text, text, None)
}

fn socket(text: &str, path: &str, request: Option<&str>) -> Result<Pasted> {
    let path = match path.strip_prefix("~/") {
        Some(rest) => match std::env::home_dir() {
            Some(home) => home.join(rest),
            None => return Err(invalid(text, "`~` needs a home directory, and none was found")),
        },
        None => PathBuf::from(path),
    };
    if !path.has_root() {
        return Err(invalid(text, "a socket's path must be absolute"));
    }
    Ok(Pasted { endpoint: Endpoint::Unix(path), path: request_path(request.unwrap_or_default()) })
}

/// `PATH:REQUEST-PATH`, where the socket's path ends at the first `:/`.
fn got_socket(text: &str, rest: &str) -> Result<Pasted> {
    match rest.split_once(":/") {
        Some((path, request)) if !path.is_empty() => socket(text, path, Some(&format!("/{request}"))),
        _ => socket(text, rest.strip_suffix(':').unwrap_or(rest), None),
    }
}

/// `%2Fp.sock/path`: the socket's path is the percent-encoded authority.
fn encoded_socket(text: &str, rest: &str) -> Result<Pasted> {
    let (authority, request) = match rest.find('/') {
        Some(0) => (rest, ""),
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let path = percent_decode_str(authority)
        .decode_utf8()
        .map_err(|_| invalid(text, "the percent-encoded path isn't valid UTF-8"))?;
    if path.contains('\0') {
        return Err(invalid(text, "it contains a line break or a NUL byte"));
    }
    socket(text, &path, Some(request))
}

/// `NAME/path`: the name goes to the first slash, and the path is what the container sees.
fn in_container(text: &str, rest: &str) -> Result<Pasted> {
    let (container, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if container.is_empty() {
        return Err(invalid(text, "write a container as container://NAME/path/to.sock"));
    }
    let container = ContainerName::new(container).map_err(|error| invalid(text, &error.message))?;
    if path.is_empty() {
        return Err(invalid(text, "the socket's path in the container is missing"));
    }
    if path.ends_with('/') {
        return Err(invalid(text, "the path in the container names a directory, not a socket"));
    }
    let endpoint = Endpoint::Container { container, path: path.to_owned() };
    Ok(Pasted { endpoint, path: None })
}

fn engine(text: &str, name: &str) -> Result<Pasted> {
    if name.is_empty() || name.contains('/') {
        return Err(invalid(text, "write an engine as engine://NAME, where NAME is its docker context"));
    }
    Ok(Pasted { endpoint: Endpoint::Engine { name: name.to_owned() }, path: None })
}

fn port(text: &str, rest: &str, default: Option<u16>) -> Result<Pasted> {
    let (authority, request) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    if authority.contains('@') {
        return Err(invalid(text, "put the user name and password in an Authorization header"));
    }
    let (host, number) = match authority.strip_prefix('[') {
        Some(v6) => match v6.split_once(']') {
            Some((host, "")) if is_v6(host) => (host, None),
            Some((host, after)) if is_v6(host) && after.starts_with(':') => (host, after.strip_prefix(':')),
            _ => return Err(invalid(text, "the text in brackets isn't an IPv6 address")),
        },
        None => match authority.rsplit_once(':') {
            Some((host, number)) => (host, Some(number)),
            None => (authority, None),
        },
    };
    let named = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if host.is_empty() || !(named || authority.starts_with('[')) {
        return Err(invalid(text, "the host name is missing"));
    }
    let port = match (number, default) {
        (Some(number), _) => number.parse().ok().filter(|port| *port != 0),
        (None, default) => default,
    };
    let Some(port) = port else {
        return Err(invalid(text, "it needs a port from 1 to 65535"));
    };
    Ok(Pasted { endpoint: Endpoint::Tcp { host: host.to_owned(), port }, path: request_path(request) })
}

fn is_v6(host: &str) -> bool {
    host.parse::<std::net::Ipv6Addr>().is_ok()
}

fn request_path(path: &str) -> Option<String> {
    (!path.is_empty() && path != "/").then(|| path.to_owned())
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(Code::EndpointInvalid, format!("`{text}` isn't an endpoint: {why}"))
        .hint("Write unix:///path/to.sock, npipe:////./pipe/name, http://host:port or container://NAME/path/to.sock.")
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

//! Where a backend listens.

mod check;
mod parse;
mod shared;

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ts_rs::TS;

pub use check::{PATH_LIMIT, explain_connect, usable};
pub use check::{explain_refused, took_none, unknown_host};
pub use parse::{Pasted, read};
pub use shared::{PREFIX, SHARED, shared_directory};

use porthole_base::{error::Error, reference::ContainerName};

/// Where a backend listens. Its text form is `unix:///path.sock`, `npipe:////./pipe/name`,
/// `http://host:port`, `container://NAME/path.sock` or `engine://NAME`, which is also how it crosses to the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, TS)]
#[ts(type = "string")]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// A Windows named pipe, by the name after `\\.\pipe\`.
    Npipe(String),
    /// A TCP port.
    Tcp {
        /// Name or address; IPv6 without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A unix socket that exists only in a container, reached through the engine.
    Container {
        /// The container's name or id.
        container: ContainerName,
        /// The socket's path as the container sees it: absolute, whatever system Porthole runs on.
        path: String,
    },
    /// The API of an engine that is reached over TLS or ssh, by the name of its docker context.
    Engine {
        /// The context's name, or `DOCKER_HOST`.
        name: String,
    },
}

impl Endpoint {
    /// As a sentence has it: a socket in a container by its path there.
    pub fn in_words(&self) -> String {
        match self {
            Self::Container { container, path } => format!("{path} in the container `{container}`"),
            other => other.to_string(),
        }
    }

    /// The value of the `Host` header for requests to it. A socket has no host name:
    /// `localhost` is what curl sends there.
    pub fn authority(&self) -> String {
        match self {
            Self::Unix(_) | Self::Npipe(_) | Self::Container { .. } | Self::Engine { .. } => "localhost".to_owned(),
            Self::Tcp { host, port } if *port == 80 => bracketed(host),
            Self::Tcp { host, port } => format!("{}:{port}", bracketed(host)),
        }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Npipe(name) => write!(f, "npipe:////./pipe/{name}"),
            Self::Tcp { host, port } => write!(f, "http://{}:{port}", bracketed(host)),
            Self::Container { container, path } => write!(f, "container://{container}{path}"),
            Self::Engine { name } => write!(f, "engine://{name}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        read(text).map(|pasted| pasted.endpoint)
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

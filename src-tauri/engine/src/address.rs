//! Where an engine listens, and how one speaks to it there: taken apart as the docker CLI does it.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use porthole_base::error::{Code, Error, Result};
use porthole_http::endpoint::Endpoint;

/// Where an engine listens, how that was decided, and what is needed to speak to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The context's name, or `DOCKER_HOST`.
    pub name: String,
    /// As docker writes it: `unix:///var/run/docker.sock`, `tcp://host:2375`, `ssh://user@host`.
    pub host: String,
    /// What TLS needs, where it is to be spoken. Sockets, pipes and ssh have no use for it.
    pub tls: Option<Tls>,
    /// The command that represents `ssh`, with its first arguments; `ssh` itself when empty.
    pub ssh: Vec<String>,
}

/// What TLS to an engine needs, as files: they are read when it is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// The certificates that are trusted; those of the operating system when absent.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to the engine, with the chain above it.
    pub cert: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// Any certificate is accepted.
    pub skip_verify: bool,
}

/// How an engine is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Transport {
    /// A socket or a pipe of this machine.
    Local,
    /// HTTP over TCP, with nothing around it.
    Tcp(HostPort),
    /// HTTP over TLS.
    Tls(HostPort, Tls),
    /// A process of ssh for each connection.
    Ssh(Ssh),
}

/// A port of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for HostPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// What `ssh://[user@]host[:port][/path]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ssh {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    /// The engine's socket on that host; the one that docker finds there when absent.
    pub socket: Option<String>,
}

impl Address {
    /// An address with nothing but a name and a host.
    pub fn new(name: impl Into<String>, host: impl Into<String>) -> Self {
        Self { name: name.into(), host: host.into(), tls: None, ssh: Vec::new() }
    }

    /// Whether asking it costs a connection across a network, so that it is not asked every moment.
    pub fn is_remote(&self) -> bool {
        !matches!(self.transport(), Ok(Transport::Local))
    }

    /// Where an exchange asks its API.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] when it cannot be read.
    pub fn endpoint(&self) -> Result<Endpoint> {
        match self.transport()? {
            Transport::Local => self.host.parse().map_err(|error: Error| self.invalid(&error.message)),
            Transport::Tcp(place) => Ok(Endpoint::Tcp { host: place.host, port: place.port }),
            Transport::Tls(..) | Transport::Ssh(_) => Ok(Endpoint::Engine { name: self.name.clone() }),
        }
    }

    /// Takes it apart.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`].
    pub(super) fn transport(&self) -> Result<Transport> {
        let Some((scheme, rest)) = self.host.split_once("://") else { return Err(self.invalid("it has no scheme")) };
        match scheme {
            "unix" | "npipe" if rest.is_empty() => Err(self.invalid("it has no path")),
            "unix" | "npipe" => Ok(Transport::Local),
            "tcp" | "http" if self.tls.is_none() => Ok(Transport::Tcp(self.place(rest, 2375)?)),
            "tcp" | "http" | "https" => {
                Ok(Transport::Tls(self.place(rest, 2376)?, self.tls.clone().unwrap_or_default()))
            }
            "ssh" => Ok(Transport::Ssh(self.ssh_place(rest)?)),
            _ => Err(self.invalid(&format!("`{scheme}://` isn't supported"))),
        }
    }

    fn place(&self, rest: &str, usual: u16) -> Result<HostPort> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !path.is_empty() || authority.contains(['?', '#', '@']) {
            return Err(self.invalid("only a host and a port can follow the scheme"));
        }
        let (host, port) = self.host_and_port(authority)?;
        Ok(HostPort { host, port: port.unwrap_or(usual) })
    }

    fn ssh_place(&self, rest: &str) -> Result<Ssh> {
        if rest.contains(['?', '#']) {
            return Err(self.invalid("a query or fragment isn't allowed"));
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => {
                return Err(self
                    .invalid("a password in the address isn't supported")
                    .hint("Use a key: add it to the SSH agent with ssh-add."));
            }
            Some((user, authority)) => (Some(user).filter(|user| !user.is_empty()), authority),
            None => (None, authority),
        };
        let (host, port) = self.host_and_port(authority)?;
        let user = user.map(|user| self.decoded(user)).transpose()?;
        let socket = if path.trim_matches('/').is_empty() { None } else { Some(self.decoded(path)?) };
        Ok(Ssh { user, host, port, socket })
    }

    fn host_and_port(&self, authority: &str) -> Result<(String, Option<u16>)> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest
                .split_once(']')
                .and_then(|(host, port)| {
                    Some((host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) }))
                })
                .ok_or_else(|| self.invalid("a bracket isn't closed"))?,
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if host.is_empty() {
            return Err(self.invalid("the host name is missing"));
        }
        let port = match port {
            None | Some("") => None,
            Some(port) => {
                let number = port.parse().ok().filter(|number| *number != 0);
                Some(number.ok_or_else(|| self.invalid(&format!("`{port}` isn't a port")))?)
            }
        };
        Ok((self.decoded(host)?, port))
    }

    fn decoded(&self, text: &str) -> Result<String> {
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|error| self.invalid("it contains an invalid percent escape").detail(error))?;
        // Such a name would reach the program as its end.
        if decoded.contains('\0') {
            return Err(self.invalid("it contains a NUL byte"));
        }
        Ok(decoded.into_owned())
    }

    pub(super) fn invalid(&self, why: &str) -> Error {
        Error::new(Code::EngineAddressInvalid, format!("`{}` isn't an engine address: {why}", self.host))
            .hint("Examples: unix:///var/run/docker.sock, tcp://host:2376, ssh://user@host. See `docker context ls`.")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn transport(host: &str) -> Result<Transport> {
        Address::new("test", host).transport()
    }

    fn ssh(user: Option<&str>, host: &str, port: Option<u16>, socket: Option<&str>) -> Transport {
        Transport::Ssh(Ssh {
            user: user.map(str::to_owned),
            host: host.into(),
            port,
            socket: socket.map(str::to_owned),
        })
    }

    fn place(host: &str, port: u16) -> HostPort {
        HostPort { host: host.into(), port }
    }

    #[test]
    fn an_ssh_address_is_taken_apart_as_docker_does() {
        for (text, meant) in [
            ("ssh://host", ssh(None, "host", None, None)),
            ("ssh://me@host", ssh(Some("me"), "host", None, None)),
            ("ssh://me@host:2222", ssh(Some("me"), "host", Some(2222), None)),
            ("ssh://host/", ssh(None, "host", None, None)),
            ("ssh://host/run/user/1000/d.sock", ssh(None, "host", None, Some("/run/user/1000/d.sock"))),
            ("ssh://me@[::1]:22", ssh(Some("me"), "::1", Some(22), None)),
            ("ssh://d%6Fmain%5Cme@host", ssh(Some("domain\\me"), "host", None, None)),
            ("ssh://host:", ssh(None, "host", None, None)),
        ] {
            assert_eq!(transport(text), Ok(meant), "{text}");
        }
    }

    #[test]
    fn tcp_is_plain_or_tls_by_what_is_known_of_the_engine() {
        assert_eq!(transport("tcp://host"), Ok(Transport::Tcp(place("host", 2375))));
        assert_eq!(transport("tcp://host:1/"), Ok(Transport::Tcp(place("host", 1))));
        assert_eq!(transport("http://[fe80::1]:80"), Ok(Transport::Tcp(place("fe80::1", 80))));
        assert_eq!(transport("https://host"), Ok(Transport::Tls(place("host", 2376), Tls::default())));
        let tls = Tls { skip_verify: true, ..Tls::default() };
        let with_tls = |host: &str| Address { tls: Some(tls.clone()), ..Address::new("test", host) }.transport();
        assert_eq!(with_tls("tcp://host:9"), Ok(Transport::Tls(place("host", 9), tls.clone())));
        assert_eq!(with_tls("unix:///d.sock"), Ok(Transport::Local));
        assert_eq!(with_tls("ssh://host"), Ok(ssh(None, "host", None, None)));
        assert_eq!(place("fe80::1", 80).to_string(), "[fe80::1]:80");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in [
            "",
            "nonsense",
            "gopher://x",
            "fd://",
            "unix://",
            "ssh://",
            "ssh://@",
            "ssh://me:secret@host",
            "ssh://host?x",
            "ssh://host#x",
            "ssh://host:port",
            "ssh://host:70000",
            "ssh://[::1",
            "ssh://[::1]22",
            "ssh://h%00st",
            "ssh://%ff",
            "tcp://",
            "tcp://host:0",
            "tcp://host/path",
            "tcp://me@host",
        ] {
            let error = transport(text).unwrap_err();
            assert_eq!(error.code, Code::EngineAddressInvalid, "{text}");
            assert!(error.message.contains(text) && error.hint.is_some(), "{error:?}");
        }
    }

    #[test]
    fn an_exchange_names_the_engine_where_tls_or_ssh_is_needed() {
        let endpoint = |host: &str| Address::new("test", host).endpoint();
        assert_eq!(endpoint("unix:///d.sock").unwrap().to_string(), "unix:///d.sock");
        assert_eq!(endpoint("tcp://host").unwrap(), Endpoint::Tcp { host: "host".into(), port: 2375 });
        let tls = Address { tls: Some(Tls::default()), ..Address::new("test", "tcp://host") };
        for far in [endpoint("ssh://host"), endpoint("https://host"), tls.endpoint()] {
            assert_eq!(far.unwrap().to_string(), "engine://test");
        }
        for invalid in ["unix://", "ssh://", "gopher://x"] {
            assert_eq!(endpoint(invalid).unwrap_err().code, Code::EngineAddressInvalid);
        }
    }

    #[test]
    fn only_sockets_and_pipes_are_near() {
        for (text, remote) in
            [("unix:///x", false), ("npipe:////./pipe/x", false), ("tcp://x", true), ("ssh://x", true)]
        {
            assert_eq!(Address::new("test", text).is_remote(), remote, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(ssh|tcp|https|unix)?(://)?[a-z@:/%0\\[\\]?#é-]{0,20}") {
            let _ = transport(&text);
        }

        #[test]
        fn what_is_put_together_is_found_again(user in "[a-z][a-z0-9]{0,8}", host in "[a-z][a-z0-9.-]{0,12}", port in 1_u16..) {
            let text = format!("ssh://{user}@{host}:{port}/s.sock");
            prop_assert_eq!(transport(&text), Ok(ssh(Some(&user), &host, Some(port), Some("/s.sock"))));
        }
    }
}

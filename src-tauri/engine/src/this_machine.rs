//! By which addresses and names this machine is reached.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Its addresses and names at one moment.
#[derive(Debug, Clone, Default)]
pub struct ThisMachine {
    /// Those of its network interfaces.
    pub addresses: Vec<IpAddr>,
    /// What it calls itself.
    pub name: String,
}

impl ThisMachine {
    /// As they are now: a network gives an address away at any time.
    pub fn now() -> Self {
        Self { addresses: addresses(), name: crate::hostname() }
    }

    /// Whether a host of an address leads to this machine: `localhost`, a loopback address, or an address of its
    /// interfaces. A name that only a name server knows to be this machine isn't known here.
    pub fn is_named_by(&self, host: &str) -> bool {
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address.is_loopback()
                    || address.is_unspecified()
                    || self.addresses.iter().any(|own| own.to_canonical() == address)
            }
            Err(_) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host == "localhost"
                    || host.ends_with(".localhost")
                    || host.ends_with(".localdomain")
                    || self.is_called(&host)
            }
        }
    }

    /// By its own name, with or without its domain, or as its neighbors find it.
    fn is_called(&self, host: &str) -> bool {
        let name = self.name.trim_end_matches('.').to_ascii_lowercase();
        let short = name.split('.').next().unwrap_or_default();
        !short.is_empty() && (host == name || host == short || host.strip_suffix(".local") == Some(short))
    }
}

/// This machine, in the words of Node.js, which are those of `ddClient.host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Machine {
    /// `linux`, `darwin`, `win32`.
    pub platform: String,
    /// `x64`, `arm64`.
    pub arch: String,
    /// Its name in the network.
    pub hostname: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let platform = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            os => os,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            "x86" => "ia32",
            arch => arch,
        };
        Self { platform: platform.to_owned(), arch: arch.to_owned(), hostname: crate::hostname() }
    }
}

#[cfg(unix)]
fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let of_4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            of_4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        })
        .collect()
}

#[cfg(not(unix))]
fn addresses() -> Vec<IpAddr> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_known_by_its_addresses_in_the_network_and_by_its_name() {
        let machine = ThisMachine {
            addresses: vec!["192.168.1.5".parse().unwrap(), "fd00::5".parse().unwrap()],
            name: "Box.example.org".to_owned(),
        };
        for host in [
            "localhost",
            "a.localhost",
            "127.9.9.9",
            "0.0.0.0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "192.168.1.5",
            "[::ffff:192.168.1.5]",
            "[fd00::5]",
            "box",
            "BOX.",
            "box.local",
            "box.example.org",
        ] {
            assert!(machine.is_named_by(host), "{host}");
        }
        for host in ["192.168.1.6", "[fd00::6]", "example.org", "other.local", "box.example.com", ""] {
            assert!(!machine.is_named_by(host), "{host}");
        }
        assert!(!ThisMachine::default().is_named_by(".local"), "one without a name");
    }

    #[cfg(unix)]
    #[test]
    fn this_machine_has_the_addresses_of_its_interfaces() {
        let machine = ThisMachine::now();
        assert!(machine.addresses.iter().any(IpAddr::is_loopback), "{machine:?}");
        assert!(machine.is_named_by(&machine.name), "{machine:?}");
    }
}

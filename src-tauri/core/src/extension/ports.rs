//! The ports of this machine that belong to the open extension's backend: what its page may show and ask.

use std::collections::BTreeSet;

use bollard::models::NetworkSettings;

use super::{BackendStage, OpenExtension};
use crate::endpoint::Endpoint;

/// The ports of `localhost` on which an engine of this machine publishes a container's. A port that is published on
/// another address is not one of `localhost`: whatever listens there is somebody else's.
pub(super) fn published(network: Option<NetworkSettings>) -> BTreeSet<u16> {
    let bindings = network.and_then(|network| network.ports).unwrap_or_default().into_values().flatten().flatten();
    let of_localhost = bindings.filter(|binding| {
        let address = binding.host_ip.as_deref().unwrap_or_default();
        matches!(address, "" | "0.0.0.0" | "::" | "127.0.0.1" | "::1")
    });
    of_localhost.filter_map(|binding| binding.host_port?.parse().ok()).filter(|port| *port != 0).collect()
}

impl OpenExtension {
    /// The ports of `localhost` that its backend has: none while it isn't running.
    pub fn ports(&self) -> BTreeSet<u16> {
        let BackendStage::Up { up } = &self.stage else { return BTreeSet::new() };
        let own = match &up.endpoint {
            Some(Endpoint::Tcp { host, port }) if matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") => {
                Some(*port)
            }
            _ => None,
        };
        self.parts.iter().flat_map(|part| part.ports.iter().copied()).chain(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::models::PortBinding;

    use super::*;

    #[test]
    fn only_what_listens_on_localhost_counts() {
        let binding = |address: &str, port: &str| PortBinding {
            host_ip: Some(address.to_owned()),
            host_port: Some(port.to_owned()),
        };
        let ports = HashMap::from([
            ("80/tcp".to_owned(), Some(vec![binding("0.0.0.0", "8080"), binding("::", "8080")])),
            ("81/tcp".to_owned(), Some(vec![binding("192.168.1.7", "8081"), binding("127.0.0.2", "8082")])),
            ("82/tcp".to_owned(), Some(vec![binding("127.0.0.1", "8083"), binding("", "0"), binding("", "x")])),
            ("83/tcp".to_owned(), None),
        ]);
        let network = NetworkSettings { ports: Some(ports), ..NetworkSettings::default() };
        assert_eq!(published(Some(network)), BTreeSet::from([8080, 8083]));
        assert_eq!(published(None), BTreeSet::new());
    }
}

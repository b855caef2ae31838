//! The ports of this machine that belong to the open extension's backend: what its page may show and ask.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BackendStage, OpenExtension};
use porthole_engine::{list, text};
use porthole_http::endpoint::Endpoint;

/// The ports of `localhost` on which an engine of this machine publishes a container's. A port that is published on
/// another address is not one of `localhost`: whatever listens there is another program's.
pub(super) fn published(ports: Option<&Value>) -> BTreeSet<u16> {
    let each = ports.and_then(Value::as_object).into_iter().flat_map(|ports| ports.values());
    let bindings = each.flat_map(|bindings| list(Some(bindings)));
    let of_localhost = bindings.filter(|binding| match binding.get("HostIp") {
        None | Some(Value::Null) => true,
        Some(address) => matches!(address.as_str(), Some("" | "0.0.0.0" | "::" | "127.0.0.1" | "::1")),
    });
    of_localhost.filter_map(|binding| text(binding, "HostPort")?.parse().ok()).filter(|port| *port != 0).collect()
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
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_listens_on_localhost_counts() {
        let binding = |address: &str, port: &str| json!({ "HostIp": address, "HostPort": port });
        let ports = json!({
            "80/tcp": [binding("0.0.0.0", "8080"), binding("::", "8080")],
            "81/tcp": [binding("192.168.1.7", "8081"), binding("127.0.0.2", "8082")],
            "82/tcp": [binding("127.0.0.1", "8083"), binding("", "0"), binding("", "x"), { "HostPort": "8084" }],
            "83/tcp": null,
            "84/tcp": [null, 7, { "HostIp": 7, "HostPort": "8085" }, { "HostIp": "", "HostPort": 8086 }],
            "85/tcp": "8087",
        });
        assert_eq!(published(Some(&ports)), BTreeSet::from([8080, 8083, 8084]));
        for none in [None, Some(&json!(null)), Some(&json!([1]))] {
            assert_eq!(published(none), BTreeSet::new());
        }
    }
}

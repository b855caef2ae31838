//! An engine that is spoken to over TLS.

use std::net::TcpListener;

use porthole_engine::{Address, Tls};

use crate::{certificates::Issuer, private::Private};

/// An engine that speaks TLS and wants a certificate from whoever asks.
pub struct OverTls {
    /// The engine, which has a socket too.
    pub engine: Private,
    /// Who vouches for it.
    pub issuer: Issuer,
    /// Where it is, as docker writes it.
    pub host: String,
}

impl OverTls {
    /// Starts one.
    pub async fn start() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let issuer = Issuer::new(&home.path().join("certificates"));
        issuer.issue("engine", "IP:127.0.0.1", 2);
        issuer.issue("me", "DNS:me", 2);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let arguments = [
            format!("--host=tcp://127.0.0.1:{port}"),
            "--tlsverify".into(),
            format!("--tlscacert={}", issuer.at("ca.pem")),
            format!("--tlscert={}", issuer.at("engine.pem")),
            format!("--tlskey={}", issuer.at("engine-key.pem")),
        ];
        let engine = Private::start_with(home, &arguments).await;
        Self { engine, issuer, host: format!("tcp://127.0.0.1:{port}") }
    }

    /// Where it is, and how it is spoken to.
    pub fn address(&self, tls: Tls) -> Address {
        Address { tls: Some(tls), ..Address::new("secure", &self.host) }
    }
}

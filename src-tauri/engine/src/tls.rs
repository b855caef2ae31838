//! TLS to an engine: which certificates are trusted, which one is shown.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::address::{Address, HostPort, Tls};
use porthole_base::error::{Code, Error, Result};

/// How long a host may take to accept the connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A way to a port that speaks TLS.
#[derive(Clone)]
pub(super) struct Dial {
    place: HostPort,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Dial {
    /// Reads the files; nothing is connected to yet.
    ///
    /// # Errors
    /// [`Code::EngineAddressInvalid`] names the file that cannot be used.
    pub fn new(address: &Address, place: HostPort, tls: &Tls) -> Result<Self> {
        let name = ServerName::try_from(place.host.clone());
        let name = name.map_err(|error| address.invalid("certificates don't support such a name").detail(error))?;
        Ok(Self { place, name, connector: TlsConnector::from(Arc::new(config(tls)?)) })
    }

    pub async fn connect(self) -> io::Result<TlsStream<TcpStream>> {
        let connecting = TcpStream::connect((self.place.host.as_str(), self.place.port));
        let stream = tokio::time::timeout(PATIENCE, connecting).await??;
        stream.set_nodelay(true)?;
        tokio::time::timeout(PATIENCE, self.connector.connect(self.name, stream)).await?
    }
}

fn config(tls: &Tls) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let building = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let building = building.map_err(|error| unusable("Can't set up TLS", &error))?;
    let building = if tls.skip_verify {
        building.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
    } else {
        building.with_root_certificates(trusted(tls.ca.as_deref())?)
    };
    // As docker has it: one file without the other is as none.
    let (Some(cert), Some(key)) = (&tls.cert, &tls.key) else { return Ok(building.with_no_client_auth()) };
    let shown = building.with_client_auth_cert(certificates(cert)?, private_key(key)?);
    shown.map_err(|error| unusable(&format!("{} and {} don't match", cert.display(), key.display()), &error))
}

/// Only the certificates of the file, where there is one; else those of the operating system.
fn trusted(ca: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in certificates(ca)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(&format!("{} can't be used as a trusted certificate", ca.display()), &error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_slice_iter(&read(path)?).collect::<std::result::Result<Vec<_>, _>>();
    let certificates =
        read.map_err(|error| unusable(&format!("{} contains no certificate", path.display()), &error))?;
    if certificates.is_empty() {
        return Err(unusable(
            &format!("{} contains no certificate", path.display()),
            &"it has no PEM section of that kind",
        ));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| {
        unusable(&format!("{} contains no readable private key", path.display()), &error)
            .hint("As in docker, keys with a passphrase aren't supported: remove it with `openssl pkey -in key.pem`.")
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| unusable(&format!("Can't read {}", path.display()), &error))
}

fn unusable(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::EngineAddressInvalid, what).detail(error).hint(
        "Docker stores certificates as ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH or with the context: see `docker context inspect`.",
    )
}

/// Believes every certificate: for contexts that say `SkipTLSVerify`.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            Some(path)
        };
        let missing = Some(directory.path().join("missing.pem"));
        let none = file("none.pem", "nothing\n");
        let torn = file("torn.pem", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
        let empty = file("empty.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
        for (tls, named) in [
            (Tls { ca: missing.clone(), ..Tls::default() }, "missing.pem"),
            (Tls { ca: none.clone(), ..Tls::default() }, "none.pem"),
            (Tls { ca: torn, ..Tls::default() }, "torn.pem"),
            (Tls { ca: empty.clone(), ..Tls::default() }, "empty.pem"),
            (Tls { cert: none.clone(), key: none.clone(), ..Tls::default() }, "none.pem"),
            (Tls { cert: empty, key: missing.clone(), ..Tls::default() }, "missing.pem"),
        ] {
            let error = config(&tls).unwrap_err();
            assert_eq!(error.code, Code::EngineAddressInvalid);
            assert!(error.message.contains(named), "{error}");
        }
        // One of the two alone is as none.
        assert!(config(&Tls { skip_verify: true, cert: missing, ..Tls::default() }).is_ok());
    }
}

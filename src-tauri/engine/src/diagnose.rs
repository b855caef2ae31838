//! Why an engine does not answer, and what to try.

use std::{error::Error as StdError, io};

use bollard::errors::Error as ApiError;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::{
    address::{Address, Transport},
    limits::PastLimit,
    ssh::SshExit,
    ssh_failure::SshFailure,
    well_known::SocketDirectories,
};
use porthole_base::{
    error::{Code, Error},
    handles,
};

/// The response goes past a limit, if that is why, or there is no handle for the connection.
pub(super) fn past_limit(address: &Address, error: &(dyn StdError + 'static)) -> Option<Error> {
    chain(error).find_map(|link| {
        if let Some(error) = link.downcast_ref::<io::Error>()
            && let Some(exhausted) = handles::exhausted(&format!("connect to the engine at {}", address.host), error)
        {
            return Some(exhausted);
        }
        // hyper has its own limit for the lines of a head.
        let head =
            link.downcast_ref::<hyper::Error>().filter(|error| error.is_parse_too_large()).map(|_| PastLimit::Head);
        let past = link.downcast_ref::<PastLimit>().copied().or(head)?;
        let message = format!("The response from the engine at {} exceeds a limit", address.host);
        Some(Error::new(Code::ResponseTooLarge, message).detail(past).hint("Check that this is an engine's address."))
    })
}

/// No engine answers there.
pub(super) fn unavailable(address: &Address, error: &(dyn StdError + 'static)) -> Error {
    if let Some(explained) = past_limit(address, error) {
        return explained;
    }
    let code = Code::EngineUnavailable;
    let at = if address.name == address.host { String::new() } else { format!(" ({})", address.name) };
    Error::new(code, format!("The engine at {}{at} doesn't respond", address.host))
        .detail(words(error))
        .hint(hint(address, error))
}

/// It took longer than it may.
pub(super) fn silent(address: &Address, seconds: u64) -> Error {
    unavailable(address, &io::Error::new(io::ErrorKind::TimedOut, format!("no response within {seconds} s")))
}

/// What each layer says that the one above does not.
pub(super) fn words(error: &(dyn StdError + 'static)) -> String {
    let mut all: Vec<String> = Vec::new();
    for link in chain(error) {
        let text = link.to_string();
        if !all.iter().any(|said| said.contains(&text)) {
            all.push(text);
        }
    }
    all.join(": ")
}

/// Whether the other side closed the connection without reading all that was sent.
pub fn was_reset(error: &ApiError) -> bool {
    let mut kinds = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind));
    kinds.any(|kind| matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe))
}

/// An error and what caused it, one after the other. One of the operating system may hold
/// another, which its `source` leaves out.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            return Some(inner as &(dyn StdError + 'static));
        }
        match error.downcast_ref::<ApiError>() {
            Some(ApiError::IOError { err }) => Some(err),
            Some(ApiError::HyperResponseError { err }) => Some(err),
            _ => error.source(),
        }
    })
}

fn hint(address: &Address, error: &(dyn StdError + 'static)) -> String {
    let transport = address.transport();
    for link in chain(error) {
        if let Some(ended) = link.downcast_ref::<SshExit>() {
            return SshFailure::of(ended).hint(address);
        }
        if let Some(error) = link.downcast_ref::<rustls::Error>() {
            return of_tls(error).to_owned();
        }
    }
    match transport {
        Ok(Transport::Ssh(_)) if kind(error) == Some(io::ErrorKind::NotFound) => {
            "`ssh` isn't on the PATH: install the OpenSSH client, or set PORTHOLE_SSH to another program."
        }
        Ok(Transport::Ssh(_)) => "Run `ssh HOST docker system dial-stdio` in a terminal: it must wait without output.",
        Ok(Transport::Tcp(_)) if is_not_plain_http(error) => {
            "That port seems to use TLS: use a context with its certificates, or set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH."
        }
        Ok(Transport::Tls(_, tls)) if kind(error) != Some(io::ErrorKind::ConnectionRefused) && tls.cert.is_none() => {
            "The engine may require a client certificate: put cert.pem and key.pem in DOCKER_CERT_PATH or in the context."
        }
        Ok(Transport::Tcp(_) | Transport::Tls(..)) => {
            "Check that the engine listens on that address (`dockerd -H tcp://…`) and that no firewall blocks it."
        }
        _ if is_denied(&address.host) => {
            "You don't have permission to open the engine's socket: join its group (often `docker`) and log in again."
        }
        _ => {
            let others = SocketDirectories::of_this_process().engines();
            let others: Vec<String> = others
                .iter()
                .filter(|found| found.responds && found.host != address.host)
                .map(|found| format!("{} at {}", found.product, found.host))
                .collect();
            if !others.is_empty() {
                return format!("Choose another engine for the target. These respond: {}.", others.join(", "));
            }
            "Start Docker, Rancher or Podman Desktop, or choose another context with `docker context use`."
        }
    }
    .to_owned()
}

/// A server that wants TLS answers a plain request with an alert, which isn't HTTP, or refuses it with 400 as Go's does. No
/// engine answers a greeting with that status.
fn is_not_plain_http(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|link| {
        matches!(link.downcast_ref::<ApiError>(), Some(ApiError::DockerResponseServerError { status_code: 400, .. }))
            || link.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
    })
}

fn kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    chain(error).find_map(|link| link.downcast_ref::<io::Error>()).map(io::Error::kind)
}

fn of_tls(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "The engine's certificate has expired: renew it, or check this machine's clock."
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "The engine's certificate isn't valid yet: check the clocks of both machines."
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "The engine's certificate is for another name: use one of the names or addresses that it lists."
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "The engine's certificate isn't trusted: put its issuer's certificate into ca.pem in DOCKER_CERT_PATH or in the context."
            }
            _ => "The engine's certificate is invalid: create a new one with the host in its subjectAltName.",
        },
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "That port doesn't use TLS: unset DOCKER_TLS and DOCKER_TLS_VERIFY, or use a context without certificates."
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => {
            "The engine rejected the client certificate: cert.pem and key.pem in DOCKER_CERT_PATH or in the context must be from an issuer that it trusts."
        }
        _ => "The TLS connection to the engine failed. Run `docker version` with the same context for details.",
    }
}

/// Whether it is only this user who cannot open the engine's socket.
fn is_denied(host: &str) -> bool {
    #[cfg(unix)]
    if let Some(path) = host.strip_prefix("unix://") {
        let opened = std::os::unix::net::UnixStream::connect(path);
        return opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    }
    let _ = host;
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_ssh_says_leads_to_what_to_try() {
        use std::os::unix::process::ExitStatusExt;

        let address = Address::new("far", "ssh://me@host:2222/d.sock");
        for (code, told, expected) in [
            (
                255,
                "No ED25519 host key is known for [host]:2222\nHost key verification failed.",
                "`ssh -p 2222 me@host` once",
            ),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "ssh-keygen -R",
            ),
            (255, "me@host: Permission denied (publickey).", "ssh-add"),
            (255, "ssh: Could not resolve hostname host: Name or service not known", "Unknown host name"),
            (255, "ssh: connect to host host port 2222: Connection refused", "No SSH server responds there"),
            (127, "bash: line 1: docker: command not found", "`docker` isn't installed"),
            (127, "", "`docker` isn't installed"),
            (1, "docker: 'system dial-stdio' is not a docker command.", "older than 18.09"),
            (1, "permission denied while trying to connect to the Docker daemon socket", "to its group"),
            (1, "Cannot connect to the Docker daemon at unix:///d.sock.", "the remote engine"),
            (9, "something else", "`ssh -p 2222 me@host docker version`"),
        ] {
            let ended = SshExit { status: Some(std::process::ExitStatus::from_raw(code << 8)), told: told.into() };
            let error = unavailable(&address, &io::Error::other(ended));
            assert_eq!(error.code, Code::EngineUnavailable);
            assert!(error.hint.as_ref().unwrap().contains(expected), "{told}: {error:?}");
            assert!(error.detail.unwrap().contains(told));
        }
    }

    #[test]
    fn the_layers_of_an_error_are_said_once_each() {
        let inner = SshExit { status: None, told: "why".into() };
        let error = ApiError::from(io::Error::other(io::Error::other(inner)));
        assert_eq!(words(&error), "ssh: still running: why");
    }
}

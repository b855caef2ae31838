//! Where a tap listens that has no [`Place`](super::place::Place): a named pipe, or a port of this machine.

use crate::{endpoint::Endpoint, listener::Listener};
use porthole_base::error::{Code, Error, Result};

/// Listens there. Also the endpoint with the port that was taken.
///
/// # Errors
/// Those of [`Listener::bind`], and [`Code::TapUnavailable`] for a port that other machines reach.
pub(super) async fn listen_at(endpoint: &Endpoint) -> Result<(Listener, Endpoint)> {
    if let Endpoint::Tcp { host, .. } = endpoint
        && !is_loopback(host)
    {
        let summary = format!("Not listening on {host}: other machines could reach the backend there");
        return Err(Error::new(Code::TapUnavailable, summary).hint("Listen on 127.0.0.1."));
    }
    let (listener, _) = Listener::bind(endpoint).await?;
    let taken = match (endpoint, listener.port()) {
        (Endpoint::Tcp { host, .. }, Some(port)) => Endpoint::Tcp { host: host.clone(), port },
        _ => endpoint.clone(),
    };
    Ok((listener, taken))
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

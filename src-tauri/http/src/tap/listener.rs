//! Where a tap listens: a unix socket at its [`Place`], a named pipe, or a port of this machine.

use std::path::Path;

use super::place::Place;
use crate::{endpoint::Endpoint, listener::Listener};
use porthole_base::error::{Code, Error, Result};

/// Listens there. A unix socket is at `place`, and those may connect to it who may connect to the socket at `like`. Also
/// the endpoint with the port that was taken.
///
/// # Errors
/// Those of [`Listener::bind`], and [`Code::TapUnavailable`] for a port that other machines reach.
pub(super) async fn listen_at(
    endpoint: &Endpoint,
    place: Option<&mut Place>,
    #[cfg_attr(not(unix), expect(unused_variables, reason = "only a unix socket has another one's access"))]
    like: Option<&Path>,
) -> Result<(Listener, Endpoint)> {
    match (endpoint, place) {
        #[cfg(unix)]
        (Endpoint::Unix(_), Some(place)) => {
            let failed = |error| crate::listener::failed(endpoint, &error);
            let listener = Listener::of_unix(place.bind(like)?).map_err(failed)?;
            Ok((listener, endpoint.clone()))
        }
        (Endpoint::Tcp { host, .. }, _) if !is_loopback(host) => Err(Error::new(
            Code::TapUnavailable,
            format!("Not listening on {host}: other machines could reach the backend there"),
        )
        .hint("Listen on 127.0.0.1.")),
        _ => {
            let (listener, _) = Listener::bind(endpoint).await?;
            let taken = match (endpoint, listener.port()) {
                (Endpoint::Tcp { host, .. }, Some(port)) => Endpoint::Tcp { host: host.clone(), port },
                _ => endpoint.clone(),
            };
            Ok((listener, taken))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

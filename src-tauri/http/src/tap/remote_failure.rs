//! What goes wrong with a tap in a container, in words.

use porthole_relay::place_error::PlaceError;

use super::move_failure::explain_place;
use crate::endpoint::Endpoint;
use porthole_base::error::{Code, Error};

/// Why the program can't listen, or can't put the socket back, by the text of a [`PlaceError`].
pub(super) fn failure(endpoint: &Endpoint, aside: &str, why: &str) -> Error {
    let Some(failure) = PlaceError::read(why) else { return unexpected() };
    match endpoint {
        Endpoint::Container { path, .. } => explain_place(endpoint, path, &aside, &failure),
        other => explain_place(other, other, &aside, &failure),
    }
}

/// The program didn't say how it ended.
pub(super) fn late(endpoint: &Endpoint, aside: &str) -> Error {
    let summary = format!("Porthole can't tell whether the socket {} was moved back", endpoint.in_words());
    Error::new(Code::TapMoveFailed, summary)
        .hint(format!("If the backend can't be reached, move {aside} in the container back to its path."))
}

pub(super) fn unexpected() -> Error {
    Error::new(Code::HelperFailed, "The helper container for the recording sent something unexpected")
}

pub(super) fn ended() -> Error {
    Error::new(Code::HelperFailed, "The helper container for the recording ended")
        .hint("As soon as the engine and the backend's container permit it, Porthole starts another helper container, which moves the backend's socket back.")
}

pub(super) fn stopped() -> Error {
    Error::new(Code::HelperFailed, "The helper container for the recording was stopped")
        .hint("The backend's socket was moved back. Porthole starts another helper container.")
}

pub(super) fn unseen(count: u64) -> Error {
    let summary = match count {
        1 => "1 connection was not recorded".to_owned(),
        _ => format!("{count} connections were not recorded"),
    };
    Error::new(Code::TapUnavailable, summary).hint("Too many connections opened at once.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_were_not_recorded_are_counted_in_words() {
        assert_eq!(unseen(1).message, "1 connection was not recorded");
        assert_eq!(unseen(2).message, "2 connections were not recorded");
    }
}

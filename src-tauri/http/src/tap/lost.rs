//! Why nothing is recorded at the moment, in words.

use crate::endpoint::Endpoint;
use porthole_base::error::{Code, Error};

/// The backend has ended or removed its socket.
pub(super) fn lost(endpoint: &Endpoint) -> Error {
    Error::new(Code::TapUnavailable, format!("The backend stopped listening on {}", endpoint.in_words()))
        .hint("Porthole records again when the backend listens there again.")
}

/// Porthole's own socket isn't there any more.
#[cfg(unix)]
pub(super) fn removed(endpoint: &Endpoint) -> Error {
    Error::new(Code::TapUnavailable, format!("Porthole's socket {endpoint} was removed or replaced"))
        .hint("Start the recording again, so that Porthole listens there.")
}

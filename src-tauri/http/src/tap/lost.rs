//! What a look at the path of a tap has found, and why nothing is recorded at the moment, in words.

use std::path::PathBuf;

use crate::{endpoint::Endpoint, listener::Listener};
use porthole_base::error::{Code, Error};

/// What has changed at the path.
#[derive(Debug)]
#[cfg_attr(not(unix), allow(dead_code, reason = "there is no path"))]
pub(super) enum Seen {
    /// No more connections come: why, and whether the listener stays.
    Lost { why: Error, stays: bool },
    /// They come here again, and the backend is at this path.
    Back { listener: Listener, aside: PathBuf },
    /// Porthole's own socket is at its path again.
    Found,
    /// They still don't come.
    Trouble(Error),
}

/// The backend has ended or removed its socket.
pub(super) fn lost(endpoint: &Endpoint) -> Error {
    Error::new(Code::TapUnavailable, format!("The backend stopped listening on {}", endpoint.in_words()))
        .hint("Recording resumes when the backend listens there again.")
}

/// Porthole's own socket isn't there any more.
#[cfg(unix)]
pub(super) fn removed(endpoint: &Endpoint) -> Error {
    Error::new(Code::TapUnavailable, format!("Porthole's socket {endpoint} was removed or replaced"))
        .hint("Start the recording again, so that Porthole listens there.")
}

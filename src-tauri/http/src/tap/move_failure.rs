//! Why a backend's socket couldn't be moved or put back, in words.

use std::{
    fmt::Display,
    io::{self, ErrorKind},
};

use porthole_base::error::{Code, Error};
use porthole_relay::place_error::{PlaceError, Step};

use crate::{endpoint::Endpoint, listener::failed};

/// Explains what failed at a socket and at the path where it is aside; on this machine, or in a container.
///
/// # Errors that it makes
/// [`Code::TapUnavailable`], [`Code::TapMoveFailed`], [`Code::AddressInUse`], [`Code::ListenFailed`], [`Code::EndpointMissing`],
/// [`Code::EndpointNotSocket`].
pub(super) fn explain_place(
    endpoint: &Endpoint,
    path: &dyn Display,
    aside: &dyn Display,
    failure: &PlaceError,
) -> Error {
    let PlaceError { step, error } = failure;
    let at = match endpoint {
        Endpoint::Container { .. } => endpoint.in_words(),
        _ => path.to_string(),
    };
    match step {
        Step::Busy => Error::new(Code::TapUnavailable, format!("Another Porthole is recording at {endpoint}"))
            .hint("Stop that recording first."),
        Step::Listen if matches!(endpoint, Endpoint::Container { .. }) => {
            Error::new(Code::ListenFailed, format!("Can't listen at {at}"))
                .detail(error)
                .hint("The directory of the socket must be writable in the container.")
        }
        Step::Listen => failed(endpoint, error),
        Step::Missing => Error::new(Code::EndpointMissing, format!("Nothing exists at {at}"))
            .hint("Start the backend first: its socket is moved while Porthole records."),
        Step::NotSocket => Error::new(Code::EndpointNotSocket, format!("{at} isn't a socket")),
        Step::Move => not_moved(&at, error),
        Step::Restore => Error::new(
            Code::TapMoveFailed,
            format!("The backend's socket is at {aside} and can't be moved back to {at}"),
        )
        .detail(error)
        .hint(format!(
            "Porthole doesn't overwrite what is at this path now. Remove it, then run: mv {} {}",
            quoted(aside),
            quoted(path)
        )),
        Step::Remove => Error::new(Code::TapMoveFailed, format!("Porthole's socket at {at} can't be removed"))
            .detail(error)
            .hint("Remove it."),
    }
}

fn not_moved(at: &str, error: &io::Error) -> Error {
    let explained = Error::new(Code::TapMoveFailed, format!("The socket at {at} can't be moved")).detail(error);
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            explained.hint("Moving it needs the right to write to its directory. Nothing was changed.")
        }
        _ => explained.hint("Nothing was changed."),
    }
}

/// As a word for a POSIX shell: a path may have any character, and one in a container is the extension's.
fn quoted(path: &dyn Display) -> String {
    format!("'{}'", path.to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_is_hinted_at_takes_paths_as_they_are() {
        let path = "/run/it's $(id); b.sock";
        let endpoint = Endpoint::Unix(path.into());
        let failure = PlaceError::new(Step::Restore, ErrorKind::AlreadyExists);
        let error = explain_place(&endpoint, &path, &format!("{path}.porthole"), &failure);
        let command = r"mv '/run/it'\''s $(id); b.sock.porthole' '/run/it'\''s $(id); b.sock'";
        assert!(error.hint.is_some_and(|hint| hint.ends_with(command)));
    }
}

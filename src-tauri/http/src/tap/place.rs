//! Porthole's own place as a unix socket on this machine. How sockets are moved: `relay/place.rs`; how a backend that is started
//! again is noticed: `relay/seat.rs`.

use std::{
    io::ErrorKind,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    time::Duration,
};

use porthole_base::error::{Code, Error, Result};
use porthole_relay::{
    place,
    place_error::{PlaceError, Step},
    seat::{self, Seat},
};

use super::{
    lost::{Seen, lost, removed},
    move_failure::explain_place,
};
use crate::{
    endpoint::{Endpoint, usable},
    listener::{Listener, failed},
};

/// How often to look at the path.
pub(super) const LOOK: Duration = seat::LOOK;

/// A path that this Porthole listens at.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A socket beside the backend's. `is_lost`: something else was at the path at the last look.
    Own { place: place::Place, is_lost: bool },
    /// In the place of the backend's socket.
    Backend(Seat),
}

impl Place {
    /// Takes the path, undoes first what a killed Porthole left there, and listens. With `in_place`, a backend's socket is there,
    /// which is moved. Users that may connect to that one, or else to the socket at `like`, may connect to this one.
    ///
    /// # Errors
    /// Those of [`explain_place`], and [`Code::EndpointPathTooLong`].
    pub fn take(path: &Path, in_place: bool, like: Option<&Path>) -> Result<(Self, Listener)> {
        let endpoint = Endpoint::Unix(path.to_owned());
        let resolved = place::resolved(path).map_err(|error| failed(&endpoint, &error))?;
        let aside = if in_place { place::aside_of(&resolved) } else { None };
        usable(&Endpoint::Unix(aside.unwrap_or_else(|| resolved.clone())))?;
        let (kind, listener) = taken(path, in_place, like).map_err(|error| explained(&resolved, &error))?;
        let place = Self { path: path.to_owned(), kind };
        Ok((place, place_listener(&endpoint, listener)?))
    }

    /// Where the backend's own socket is while it is moved.
    pub fn aside(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Own { .. } => None,
            Kind::Backend(seat) => seat.aside(),
        }
    }

    /// Looks whether connections to the path still come to Porthole. To be called every [`LOOK`].
    pub fn look(&mut self) -> Option<Seen> {
        let endpoint = Endpoint::Unix(self.path.clone());
        match &mut self.kind {
            Kind::Own { place, is_lost } => {
                let was_lost = std::mem::replace(is_lost, place.is_lost());
                match (was_lost, *is_lost) {
                    (false, true) => Some(Seen::Lost { why: removed(&endpoint), stays: true }),
                    (true, false) => Some(Seen::Found),
                    _ => None,
                }
            }
            Kind::Backend(seat) => Some(match seat.look()? {
                seat::Seen::Lost(left) => {
                    let why = left.map_or_else(|| lost(&endpoint), |error| not_moved(&self.path, &error));
                    Seen::Lost { why, stays: false }
                }
                seat::Seen::Taken(listener) => {
                    let aside = seat.aside().unwrap_or(&self.path).to_owned();
                    match place_listener(&endpoint, listener) {
                        Ok(listener) => Seen::Back { listener, aside },
                        Err(error) => {
                            // It is tried again.
                            let _ = seat.leave();
                            Seen::Trouble(error)
                        }
                    }
                }
                seat::Seen::NotTaken(error) => Seen::Trouble(not_moved(&self.path, &error)),
            }),
        }
    }

    /// Puts everything back.
    ///
    /// # Errors
    /// [`Code::TapMoveFailed`]. Both sockets are still there then.
    pub fn restore(&mut self) -> Result<()> {
        let restored = match &mut self.kind {
            Kind::Own { place, .. } => place.restore(),
            Kind::Backend(seat) => seat.leave(),
        };
        restored.map_err(|error| explained(&self.path, &error))
    }
}

fn taken(path: &Path, in_place: bool, like: Option<&Path>) -> std::result::Result<(Kind, UnixListener), PlaceError> {
    if in_place {
        let (seat, listener) = Seat::take(path)?;
        return Ok((Kind::Backend(seat), listener));
    }
    let mut place = place::Place::take(path, false)?;
    let listener = place.bind(like)?;
    Ok((Kind::Own { place, is_lost: false }, listener))
}

fn place_listener(endpoint: &Endpoint, listener: UnixListener) -> Result<Listener> {
    Listener::of_unix(listener).map_err(|error| failed(endpoint, &error))
}

/// Where the socket at a path would be moved.
pub(super) fn aside_of(path: &Path) -> Option<PathBuf> {
    place::aside_of(path)
}

/// Undoes what a killed Porthole left there.
///
/// # Errors
/// Those of [`explain_place`].
pub(super) fn undo(path: &Path) -> Result<()> {
    place::Place::take(path, false).map(drop).map_err(|error| explained(path, &error))
}

fn explained(path: &Path, error: &PlaceError) -> Error {
    let aside = aside_of(path).unwrap_or_default();
    explain_place(&Endpoint::Unix(path.to_owned()), &path.display(), &aside.display(), error)
}

/// Why a backend's new socket isn't moved.
fn not_moved(path: &Path, error: &PlaceError) -> Error {
    if error.step != Step::Restore || error.error.kind() != ErrorKind::AlreadyExists {
        return explained(path, error);
    }
    let aside = aside_of(path).unwrap_or_default();
    Error::new(Code::TapUnavailable, format!("The backend has a new socket at {}", path.display()))
        .hint(format!("Recording resumes when the process that listens on the old socket ({}) exits.", aside.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn take(path: &Path, in_place: bool) -> Result<(Place, Listener)> {
        Place::take(path, in_place, None)
    }

    #[tokio::test]
    async fn each_step_that_fails_has_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let place = take(&path, true).unwrap();
        let error = take(&path, true).unwrap_err();
        assert_eq!((error.code, error.hint.is_some()), (Code::TapUnavailable, true));
        drop(place);
        let file = folder.path().join("file");
        fs::write(&file, "mine").unwrap();
        for (path, in_place, code) in [
            (file.clone(), true, Code::EndpointNotSocket),
            (file.clone(), false, Code::ListenFailed),
            (folder.path().join("none"), true, Code::EndpointMissing),
            (path.clone(), false, Code::AddressInUse),
        ] {
            assert_eq!(take(&path, in_place).unwrap_err().code, code, "{path:?}");
        }
        // The backend was started again, beside the first one.
        let (mut place, _own) = take(&path, true).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        let error = place.restore().unwrap_err();
        assert_eq!(error.code, Code::TapMoveFailed);
        assert!(error.hint.unwrap().contains("b.sock.porthole"));
        assert_eq!(take(&folder.path().join("no/b.sock"), true).unwrap_err().code, Code::ListenFailed);
        let long = folder.path().join("x".repeat(crate::endpoint::PATH_LIMIT));
        assert_eq!(take(&long, false).unwrap_err().code, Code::EndpointPathTooLong);
    }

    /// The first change within some looks.
    fn seen(place: &mut Place) -> Option<Seen> {
        (0..20).find_map(|_| place.look())
    }

    #[tokio::test]
    async fn a_socket_of_porthole_s_own_that_was_removed_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sock");
        let (mut place, _listener) = take(&path, false).unwrap();
        assert!(seen(&mut place).is_none());
        fs::remove_file(&path).unwrap();
        let told = seen(&mut place);
        assert!(matches!(&told, Some(Seen::Lost { why, stays: true }) if why.code == Code::TapUnavailable), "{told:?}");
        assert!(seen(&mut place).is_none());
        place.restore().unwrap();
        // One that is moved for a moment.
        let (mut place, _listener) = take(&path, false).unwrap();
        for (from, to) in [("t.sock", "moved"), ("moved", "t.sock")] {
            fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
            assert!(matches!(seen(&mut place), Some(Seen::Lost { .. } | Seen::Found)), "{to}");
            assert!(seen(&mut place).is_none());
        }
        place.restore().unwrap();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_new_backend_beside_one_that_still_listens_says_what_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let old = UnixListener::bind(&path).unwrap();
        let (mut place, _listener) = take(&path, true).unwrap();
        fs::remove_file(&path).unwrap();
        let _new = UnixListener::bind(&path).unwrap();
        for _ in 0..2 {
            let told = seen(&mut place);
            let Some(Seen::Lost { why, .. } | Seen::Trouble(why)) = told else { panic!("{told:?}") };
            assert!(why.code == Code::TapUnavailable && why.hint.unwrap().contains("b.sock.porthole"));
        }
        drop(old);
        let told = seen(&mut place);
        assert!(matches!(told, Some(Seen::Back { .. })), "{told:?}");
        place.restore().unwrap();
    }
}

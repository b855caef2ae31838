//! Porthole's own place as a unix socket on this machine. How sockets are moved: `relay/place.rs`.

use std::{
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
};

use porthole_base::error::Result;
use porthole_relay::place;

use super::move_failure::explain_place;
use crate::{
    endpoint::{Endpoint, usable},
    listener::failed,
};

/// A path that this Porthole listens at.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    place: place::Place,
}

impl Place {
    /// Takes the path, and undoes first what a killed Porthole left there. With `in_place`, a backend's socket is there.
    ///
    /// # Errors
    /// Those of [`explain_place`], and [`Code::EndpointPathTooLong`](porthole_base::error::Code::EndpointPathTooLong).
    pub fn take(path: &Path, in_place: bool) -> Result<Self> {
        let resolved = place::resolved(path).map_err(|error| failed(&Endpoint::Unix(path.to_owned()), &error))?;
        let aside = if in_place { place::aside_of(&resolved) } else { None };
        usable(&Endpoint::Unix(aside.unwrap_or_else(|| resolved.clone())))?;
        let taken = place::Place::take(&resolved, in_place);
        Ok(Self { place: taken.map_err(|error| explained(&resolved, error))?, path: resolved })
    }

    /// Where the backend's own socket is while it is moved.
    pub fn aside(&self) -> Option<&Path> {
        self.place.aside()
    }

    /// Listens. Users that may connect to the backend's socket may connect to this one.
    ///
    /// # Errors
    /// Those of [`explain_place`].
    pub fn bind(&mut self, like: Option<&Path>) -> Result<UnixListener> {
        self.place.bind(like).map_err(|error| explained(&self.path, error))
    }

    /// Puts everything back.
    ///
    /// # Errors
    /// [`Code::TapMoveFailed`](porthole_base::error::Code::TapMoveFailed). Both sockets are still there then.
    pub fn restore(&mut self) -> Result<()> {
        self.place.restore().map_err(|error| explained(&self.path, error))
    }
}

/// Where the socket at a path would be moved.
pub(super) fn aside_of(path: &Path) -> Option<PathBuf> {
    place::aside_of(path)
}

fn explained(path: &Path, error: porthole_relay::place_error::PlaceError) -> porthole_base::error::Error {
    let aside = aside_of(path).unwrap_or_default();
    explain_place(&Endpoint::Unix(path.to_owned()), &path.display(), &aside.display(), &error)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::net::UnixListener};

    use porthole_base::error::Code;

    use super::*;

    #[test]
    fn each_step_that_fails_has_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let place = Place::take(&path, true).unwrap();
        let error = Place::take(&path, true).unwrap_err();
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
            assert_eq!(Place::take(&path, in_place).unwrap().bind(None).unwrap_err().code, code, "{path:?}");
        }
        // The backend was started again, beside the first one.
        let mut place = Place::take(&path, true).unwrap();
        let _own = place.bind(None).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        let error = place.restore().unwrap_err();
        assert_eq!(error.code, Code::TapMoveFailed);
        assert!(error.hint.unwrap().contains("b.sock.porthole"));
        assert_eq!(Place::take(&folder.path().join("no/b.sock"), true).unwrap_err().code, Code::ListenFailed);
        let long = folder.path().join("x".repeat(crate::endpoint::PATH_LIMIT));
        assert_eq!(Place::take(&long, false).unwrap_err().code, Code::EndpointPathTooLong);
    }
}

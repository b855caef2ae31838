//! There is no unix socket to listen at on this system.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::lost::Seen;
use crate::{
    endpoint::{Endpoint, usable},
    listener::Listener,
};
use porthole_base::error::{Code, Error, Result};

/// How often to look at the path, of which there is none.
pub(super) const LOOK: Duration = Duration::from_secs(3600);

/// A path that this Porthole listens at.
#[derive(Debug)]
pub(super) enum Place {}

/// Sockets can't be moved.
pub(super) fn aside_of(_: &Path) -> Option<PathBuf> {
    None
}

/// Nothing can be left.
#[allow(clippy::unnecessary_wraps, reason = "as on other systems")]
pub(super) fn undo(_: &Path) -> Result<()> {
    Ok(())
}

impl Place {
    /// Refuses it.
    ///
    /// # Errors
    /// [`Code::EndpointUnsupported`].
    pub fn take(path: &Path, _: bool, _: Option<&Path>) -> Result<(Self, Listener)> {
        let endpoint = Endpoint::Unix(path.to_owned());
        usable(&endpoint)?;
        Err(Error::new(Code::EndpointUnsupported, format!("Porthole can't listen on {endpoint} on this system")))
    }

    pub fn aside(&self) -> Option<&Path> {
        match *self {}
    }

    pub fn look(&mut self) -> Option<Seen> {
        match *self {}
    }

    pub fn restore(&mut self) -> Result<()> {
        match *self {}
    }
}

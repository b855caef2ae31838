//! There is no unix socket to listen at on this system.

use std::path::{Path, PathBuf};

use crate::endpoint::{Endpoint, usable};
use porthole_base::error::{Code, Error, Result};

/// A path that Porthole listens at.
#[derive(Debug)]
pub(super) enum Place {}

/// Sockets can't be moved.
pub(super) fn aside_of(_: &Path) -> Option<PathBuf> {
    None
}

impl Place {
    /// Refuses it.
    ///
    /// # Errors
    /// [`Code::EndpointUnsupported`].
    pub fn take(path: &Path, _: bool) -> Result<Self> {
        let endpoint = Endpoint::Unix(path.to_owned());
        usable(&endpoint)?;
        Err(Error::new(Code::EndpointUnsupported, format!("Porthole can't listen on {endpoint} on this system")))
    }

    pub fn aside(&self) -> Option<&Path> {
        match *self {}
    }

    pub fn restore(&mut self) -> Result<()> {
        match *self {}
    }
}

//! There is no unix socket to listen at on this system.

use std::path::{Path, PathBuf};

use crate::{
    endpoint::{Endpoint, usable},
    listener::Listener,
};
use porthole_base::error::{Code, Error, Result};

/// A path that this Porthole listens at.
#[derive(Debug)]
pub(super) enum Place {}

/// What has changed at the path.
#[allow(dead_code, reason = "there is no path")]
#[derive(Debug)]
pub(super) enum Seen {
    Lost { why: Error, stays: bool },
    Back { listener: Listener, aside: PathBuf },
    Found,
    Trouble(Error),
}

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

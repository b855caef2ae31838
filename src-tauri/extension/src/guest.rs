//! Whose code makes a call, and what it acts on.

use std::{path::PathBuf, sync::Arc};

use porthole_base::error::{Code, Error, Result};
use porthole_engine::{Address, target::Target};
use porthole_http::endpoint::Endpoint;
use porthole_sdk::call::Origin;
use porthole_timeline::mock::Recordings;

/// Who proposes a call, and what it acts on at that moment.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The owner of the code.
    pub origin: Origin,
    /// What is in the extension's place.
    pub target: Target,
    /// Where its requests go.
    pub endpoint: Result<Endpoint>,
    /// That it has a container to run commands in, or why not.
    pub container: Result<()>,
    /// Where the engine is.
    pub engine: Result<Address>,
    /// The extension's folders on this machine: programs in them are its own.
    pub own: Vec<PathBuf>,
    /// The session that commands come from, where the target is a mock.
    pub mock: Option<Arc<Recordings>>,
}

impl Guest {
    /// Code that calls a mock.
    pub fn of_mock(origin: Origin, target: Target, recordings: Arc<Recordings>) -> Self {
        let endpoint = target.endpoint.clone().ok_or_else(backend_missing);
        let (engine, mock) = (target.address(), Some(recordings));
        Self { origin, target, endpoint, container: Ok(()), engine, own: Vec::new(), mock }
    }

    /// A page without an extension: it has nothing to act on but this machine, if the user allows it.
    pub fn without_backend() -> Self {
        let target = Target { name: String::new(), ..Target::demo() };
        let engine = target.address();
        let (endpoint, container) = (Err(backend_missing()), Err(backend_missing()));
        Self { origin: Origin::Page, target, endpoint, container, engine, own: Vec::new(), mock: None }
    }
}

/// What a page without a backend gets when it calls one.
pub fn backend_missing() -> Error {
    Error::new(Code::BackendMissing, "The extension has no backend: metadata.json has no `vm` section")
        .hint("Add a `vm` section, or remove the call.")
}

//! Why a socket can't be moved, listened at or put back, in a form that can be sent.

use std::io::{self, ErrorKind};

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another Porthole has the place.
    Busy,
    /// Listening.
    Listen,
    /// Nothing exists at the path.
    Missing,
    /// Something else than a socket is there.
    NotSocket,
    /// Moving the backend's socket. Nothing was changed.
    Move,
    /// Moving it back. It is aside.
    Restore,
    /// Removing the own socket.
    Remove,
}

/// The step that failed, and the operating system's error.
#[derive(Debug)]
pub struct PlaceError {
    /// What was being done.
    pub step: Step,
    /// Why it failed.
    pub error: io::Error,
}

const STEPS: [(Step, &str); 7] = [
    (Step::Busy, "busy"),
    (Step::Listen, "listen"),
    (Step::Missing, "missing"),
    (Step::NotSocket, "not a socket"),
    (Step::Move, "move"),
    (Step::Restore, "restore"),
    (Step::Remove, "remove"),
];

/// The kinds that make a difference to a person. Numbers of errors differ between systems.
const KINDS: [(ErrorKind, &str); 6] = [
    (ErrorKind::AddrInUse, "in use"),
    (ErrorKind::AlreadyExists, "exists"),
    (ErrorKind::NotFound, "not found"),
    (ErrorKind::PermissionDenied, "denied"),
    (ErrorKind::ReadOnlyFilesystem, "read-only"),
    (ErrorKind::Other, "other"),
];

impl PlaceError {
    /// Joins the two.
    pub fn new(step: Step, error: impl Into<io::Error>) -> Self {
        Self { step, error: error.into() }
    }

    /// As `step/kind: words`.
    pub fn text(&self) -> String {
        let step = STEPS.iter().find(|(step, _)| *step == self.step).map_or("listen", |(_, name)| name);
        let kind = KINDS.iter().find(|(kind, _)| *kind == self.error.kind()).map_or("other", |(_, name)| name);
        format!("{step}/{kind}: {}", self.error)
    }

    /// Reads that; none where it isn't one.
    pub fn read(text: &str) -> Option<Self> {
        let (names, words) = text.split_once(": ")?;
        let (step, kind) = names.split_once('/')?;
        let (step, _) = *STEPS.iter().find(|(_, name)| *name == step)?;
        let (kind, _) = *KINDS.iter().find(|(_, name)| *name == kind)?;
        Some(Self { step, error: io::Error::new(kind, words) })
    }
}

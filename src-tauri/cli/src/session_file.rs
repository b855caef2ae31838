//! `--session FILE`: what was done is added to a session file.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use porthole_base::error::{Code, Error, Result};
use porthole_output::{
    DiskQuota, Output, Stream,
    record::{Record, Wait},
};
use porthole_sdk::call::{Act, Call, Origin};
use porthole_timeline::session::{PATIENCE, Recorded, Session, append};

use crate::{say, scratch::Scratch};

/// The session that calls are added to.
pub struct SessionFile {
    path: PathBuf,
    /// Where the output is until it is added.
    scratch: Scratch,
    began_ms: u64,
}

impl SessionFile {
    /// Checks the file before anything is done: a call that can't be kept isn't made.
    pub fn open(path: &Path) -> Result<Self> {
        let path = absolute(path)?;
        if path.exists() {
            Session::open(&path)?;
        }
        let scratch = Scratch::new()?;
        let began_ms = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis() as u64).unwrap_or_default();
        Ok(Self { path, scratch, began_ms })
    }

    fn output(&self) -> Arc<Output> {
        Arc::new(Output::new(self.scratch.path().join("output"), Arc::new(DiskQuota::unlimited())))
    }

    /// Adds a call with its output.
    pub fn add(&self, call: Call, output: Arc<Output>) -> Result<()> {
        append(&self.path, &[Recorded::new(call, output, false)], PATIENCE).map(drop)
    }
}

/// The path as seen from the current directory.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::new(Code::SavePathInvalid, format!("`{}` isn't a path", path.display())).detail(error))
}

/// The calls of an HTTP archive. Their bodies are in the scratch directory.
pub async fn calls_of_archive(path: PathBuf, scratch: &Scratch) -> Result<Vec<Recorded>> {
    let timeline = scratch.timeline(None);
    let opened = timeline.open_session(path).await;
    let calls = opened.map(|_| timeline.recorded(None));
    timeline.close().await;
    calls
}

/// Passes on what happens, and keeps it for a session.
pub struct Kept<R, E> {
    inner: R,
    kept: Option<(Arc<Output>, Vec<E>)>,
}

impl<R, E: Clone> Kept<R, E> {
    /// Keeps something only if there is a session.
    pub fn new(inner: R, session: Option<&SessionFile>) -> Self {
        Self { inner, kept: session.map(|session| (session.output(), Vec::new())) }
    }

    /// Nothing more comes: adds what was kept to the session, and tells what went wrong. `act` makes the call of the events.
    pub fn finish(self, session: Option<&SessionFile>, act: impl FnOnce(&[E]) -> Act) -> (R, Option<Error>) {
        let failed = match (self.kept, session) {
            (Some((output, events)), Some(session)) => {
                output.end();
                let (began_ms, act) = (session.began_ms, act(&events));
                let call = Call { id: 1, origin: Origin::Composer, began_ms, sdk: None, decision: None, act };
                session.add(call, output).err()
            }
            _ => None,
        };
        if let Some(error) = &failed {
            say::complain(error);
        }
        (self.inner, failed)
    }
}

impl<R: Record<E>, E: Clone + Send> Record<E> for Kept<R, E> {
    fn event(&mut self, event: E) {
        if let Some((_, events)) = &mut self.kept {
            events.push(event.clone());
        }
        self.inner.event(event);
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        if let Some((output, _)) = &self.kept {
            output.append(stream, bytes, at_us)?;
        }
        self.inner.chunk(stream, at_us, bytes)
    }

    fn full(&self) -> Option<Wait> {
        self.inner.full()
    }
}

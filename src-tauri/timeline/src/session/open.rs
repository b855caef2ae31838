//! A session in the timeline: its calls are rows like any others, and the file is only read.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::Session;
use crate::{CallId, Shared, Timeline, aside, call_store::CallStore, diagnosing::diagnosed};
use porthole_base::error::Result;
use porthole_output::Output;
use porthole_sdk::{call::Call, diagnostic::DiagnosticCounts};

/// Calls that get into the timeline at once.
const TOGETHER: usize = 100;

/// A session whose calls are in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenSession {
    /// Its number, from 1.
    pub number: u32,
    /// The name of the file.
    pub name: String,
    /// Where the file is.
    pub path: String,
}

/// One call on its way into the timeline.
struct Reopened {
    call: Call,
    output: Output,
    found: DiagnosticCounts,
}

impl Timeline {
    /// Adds the calls of a session file to the timeline, in their order, with new numbers, and returns the session's number.
    /// The file is held open and nothing of it changes.
    ///
    /// # Errors
    /// Those of [`Session::open`] and [`Session::output`]; no call is there then.
    pub async fn open_session(&self, path: PathBuf) -> Result<u32> {
        let shared = Arc::clone(&self.shared);
        aside(move || {
            let session = Session::open(&path)?;
            shared.open_session(&session)
        })
        .await
    }

    /// Removes the calls of a session from the timeline. It can be undone for some seconds, as
    /// [`clear`](Self::clear) can.
    pub fn close_session(&self, number: u32) {
        self.remove(|store| store.take_session(number));
    }
}

impl Shared {
    fn open_session(&self, session: &Session) -> Result<u32> {
        let path = session.path();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let number = self.change(|store| store.begin_session(name, path.display().to_string()));
        let opened = self.insert_calls(session, number);
        if opened.is_err() {
            self.change(|store| drop(store.take_session(number)));
        }
        opened.map(|()| number)
    }

    fn insert_calls(&self, session: &Session, number: u32) -> Result<()> {
        let mut ready = Vec::new();
        for (n, recorded) in session.calls().iter().enumerate() {
            let stem = self.directory.join(format!("session-{number}-{n}"));
            let output = session.output(n, stem, Arc::clone(&self.quota))?;
            let found = diagnosed(&recorded.call, &output).map(|found| DiagnosticCounts::of(&found)).unwrap_or_default();
            ready.push(Reopened { call: recorded.call.clone(), output, found });
            if ready.len() == TOGETHER {
                self.change(|store| insert(store, number, std::mem::take(&mut ready)));
            }
        }
        self.change(|store| insert(store, number, ready));
        Ok(())
    }
}

fn insert(store: &mut CallStore, number: u32, ready: Vec<Reopened>) {
    for Reopened { mut call, output, found } in ready {
        let id: CallId = store.next_id();
        call.id = id;
        let over = CancellationToken::new();
        over.cancel();
        store.insert_of_session(number, call, Arc::new(output), over);
        store.set_found(id, found);
    }
}

//! A session in the timeline: its calls are rows like any others, and the file is only read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{
    OpenedRules, SUFFIX, Session,
    har::{self, Imported},
    read::expected,
    rules_of,
};
use crate::{CallId, Shared, Timeline, aside, call_store::CallStore, compare::Rules, diagnosing::diagnosed};
use porthole_base::error::Result;
use porthole_output::{Output, Stream};
use porthole_sdk::{
    call::{Act, Call},
    diagnostic::DiagnosticCounts,
};

/// Calls that get into the timeline at once.
const TOGETHER: usize = 100;

/// A session file with calls in the timeline.
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

impl Reopened {
    fn new(call: Call, output: Output) -> Self {
        let found = diagnosed(&call, &output).map(|found| DiagnosticCounts::of(&found)).unwrap_or_default();
        Self { call, output, found }
    }
}

/// Whether it is opened as an HTTP archive, by its name.
pub fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case(har::SUFFIX))
}

/// Whether the name is that of a session or an HTTP archive.
pub fn is_session(path: &Path) -> bool {
    is_archive(path) || path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case(SUFFIX))
}

impl Timeline {
    /// Adds the calls of a session file, or of an HTTP archive, to the timeline, in their order, with new numbers, and
    /// returns the session's number. Nothing of the file changes. A session is held open; bodies of an archive are copied.
    ///
    /// # Errors
    /// Those of [`Session::open`], [`Session::output`] and [`har::import`]; no call is there then.
    pub async fn open_session(&self, path: PathBuf) -> Result<u32> {
        let shared = Arc::clone(&self.shared);
        aside(move || {
            if is_archive(&path) {
                return shared.opening(&path, Ok(Rules::default()), |number| shared.insert_archive(&path, number));
            }
            let session = Session::open(&path)?;
            shared.opening(&path, rules_of(&session), |number| shared.insert_calls(&session, number))
        })
        .await
    }

    /// The calls of an open session, in order.
    pub fn calls_of_session(&self, number: u32) -> Vec<CallId> {
        self.shared.store().calls_of_session(number)
    }

    /// Removes the calls of a session from the timeline. It can be undone for some seconds, as
    /// [`clear`](Self::clear) can.
    pub fn close_session(&self, number: u32) {
        self.forget_replay(number);
        self.remove(false, |store| (store.take_session(number), Vec::new(), None));
    }
}

impl Shared {
    /// Gives a file its number, and takes back what was inserted of it when that fails.
    fn opening(&self, path: &Path, rules: Result<Rules>, insert: impl FnOnce(u32) -> Result<()>) -> Result<u32> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let rules = OpenedRules { path: path.to_owned(), rules: rules.map(Arc::new) };
        let number = self.change(|store| {
            let number = store.begin_session(name, path.display().to_string());
            store.session_rules.insert(number, rules);
            number
        });
        let inserted = insert(number);
        if inserted.is_err() {
            self.change(|store| drop(store.take_session(number)));
        }
        inserted.map(|()| number)
    }

    fn insert_archive(&self, path: &Path, number: u32) -> Result<()> {
        let (mut ready, mut n) = (Vec::new(), 0);
        har::import(path, &mut |Imported { call, body, chunks }| {
            let output = Output::of_body(self.directory.join(format!("session-{number}-{n}")), Arc::clone(&self.quota));
            n += 1;
            if let Some((kind, codings)) = expected(&call) {
                output.expect_encoded(kind, &codings);
            }
            let at_us = match &call.act {
                Act::Exchange(exchange) => exchange.phases.first_byte_us.unwrap_or_default(),
                Act::Run(_) => 0,
            };
            let whole = [(body.len() as u64, at_us)];
            let mut rest = &body[..];
            for (len, at_us) in if chunks.is_empty() { &whole } else { chunks.as_slice() } {
                let (piece, after) = rest.split_at(rest.len().min(usize::try_from(*len).unwrap_or(usize::MAX)));
                output.append(Stream::Stdout, piece, *at_us)?;
                rest = after;
            }
            output.end();
            ready.push(Reopened::new(call, output));
            if ready.len() == TOGETHER {
                self.change(|store| insert(store, number, std::mem::take(&mut ready)));
            }
            Ok(())
        })?;
        self.change(|store| insert(store, number, ready));
        Ok(())
    }

    fn insert_calls(&self, session: &Session, number: u32) -> Result<()> {
        let mut ready = Vec::new();
        for (n, recorded) in session.calls().iter().enumerate() {
            let stem = self.directory.join(format!("session-{number}-{n}"));
            let output = session.output(n, stem, Arc::clone(&self.quota))?;
            ready.push(Reopened::new(recorded.call.clone(), output));
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

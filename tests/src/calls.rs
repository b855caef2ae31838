//! A timeline for tests, and how to wait for what it tells.

use std::path::Path;

use porthole_base::error::{Code, Error};
use porthole_output::{Line, View};
use porthole_process::{Command, Place};
use porthole_timeline::{CallId, Changes, Origin, Summary, Timeline};
use tempfile::TempDir;

/// A timeline with a directory of its own.
pub struct Calls {
    pub timeline: Timeline,
    pub directory: TempDir,
}

impl Calls {
    /// One whose outputs may take so many bytes.
    pub fn with_quota(quota: u64) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let timeline = Self::at(directory.path(), quota);
        Self { timeline, directory }
    }

    pub fn new() -> Self {
        Self::with_quota(u64::MAX)
    }

    /// A timeline in a directory that is there.
    pub fn at(directory: &Path, quota: u64) -> Timeline {
        Timeline::new(directory.to_owned(), directory.join("kept"), quota, None)
    }

    /// Runs a command on the host.
    pub fn host(&self, program: &str, args: &[&str]) -> CallId {
        let no_engine = Err(Error::new(Code::EngineUnavailable, "no engine in this test"));
        let command = Command::new(Place::Host, program, args.iter().copied());
        self.timeline.run(Origin::Composer, no_engine, command)
    }

    pub fn sh(&self, script: &str) -> CallId {
        self.host("sh", &["-c", script])
    }

    /// Runs a shell script to its end.
    pub async fn ran(&self, script: &str) -> CallId {
        let id = self.sh(script);
        ended(&self.timeline, id).await;
        id
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

/// Follows the changes as the page does, until they tell what is wanted.
pub async fn told<T>(timeline: &Timeline, wanted: impl Fn(&Changes) -> Option<T>) -> T {
    let mut since = 0;
    loop {
        let changes = timeline.changes(since).await;
        if let Some(answer) = wanted(&changes) {
            return answer;
        }
        since = changes.revision;
    }
}

/// Waits until a Call has ended.
pub async fn ended(timeline: &Timeline, id: CallId) -> Summary {
    told(timeline, |changes| changes.calls.iter().find(|row| row.id == id && !row.outcome.is_live()).cloned()).await
}

/// Rows of a view.
pub async fn rows(timeline: &Timeline, id: CallId, view: View, from: u64, count: u64) -> Vec<Line> {
    timeline.lines(id, view, from, count, false).await.expect("rows").lines
}

/// Their texts.
pub async fn texts(timeline: &Timeline, id: CallId, view: View, from: u64, count: u64) -> Vec<String> {
    rows(timeline, id, view, from, count).await.into_iter().map(|line| line.text).collect()
}

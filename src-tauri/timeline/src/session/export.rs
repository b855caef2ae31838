//! Calls written to a file that the user names: as a session or an HTTP archive, with what must stay here taken out.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::{
    Recorded, SessionWriter,
    har::HarWriter,
    redact::{RedactOptions, Redacted, Redaction},
};
use crate::{CallId, Timeline, aside};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{SavedFile, TaskProgress};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A session: all calls with all their bytes.
    Session,
    /// An HTTP archive: requests and responses.
    Har,
}

impl ExportFormat {
    /// What names of such files end in.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Session => super::SUFFIX,
            Self::Har => super::har::SUFFIX,
        }
    }
}

/// What would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportPreview {
    /// How many calls there are.
    pub calls: u32,
    /// How many of them are requests.
    pub exchanges: u32,
    /// Bytes of bodies and outputs.
    #[ts(type = "number")]
    pub bytes: u64,
    /// What is taken out.
    pub redactions: Vec<Redaction>,
}

/// Writes calls to a file. `go_on` hears how many bytes are written, and says whether to go on.
///
/// # Errors
/// Those of [`SessionWriter`], [`HarWriter`] and [`Redacted::of`].
pub fn export(
    recorded: &[Recorded],
    format: ExportFormat,
    redact: Option<&RedactOptions>,
    rules: &Value,
    (path, replace): (&Path, bool),
    mut go_on: impl FnMut(u64) -> bool + Send,
) -> Result<SavedFile> {
    let redacted = redact.map(|options| Redacted::of(recorded, options)).transpose()?;
    match format {
        ExportFormat::Session => {
            let mut writer = SessionWriter::begin(path, replace)?.reporting(go_on);
            match &redacted {
                Some(redacted) => redacted.write(recorded, &mut writer)?,
                None => {
                    for one in recorded {
                        writer.add_content(one.ended(), one.pinned, &mut one.content())?;
                    }
                }
            }
            writer.finish(rules)
        }
        ExportFormat::Har => {
            let (mut writer, mut bytes) = (HarWriter::begin(path, replace)?, 0);
            for (n, one) in recorded.iter().enumerate() {
                if !go_on(bytes) {
                    return Err(Error::new(Code::Cancelled, "Exporting was canceled, and nothing was saved"));
                }
                bytes += one.counts.stdout.bytes + one.counts.stderr.bytes;
                match redacted.as_ref().and_then(|redacted| Some((redacted, redacted.calls().get(n)?))) {
                    Some((redacted, call)) => writer.add(call, &mut redacted.content(n, one))?,
                    None => writer.add(&one.ended(), &mut one.content())?,
                };
            }
            writer.finish()
        }
    }
}

impl Timeline {
    /// What an export of these calls, or of all, would write, and what it would take out.
    ///
    /// # Errors
    /// [`porthole_base::error::Code::OutputUnreadable`].
    pub async fn export_preview(
        &self,
        ids: Option<BTreeSet<CallId>>,
        redact: Option<RedactOptions>,
    ) -> Result<ExportPreview> {
        let recorded = self.recorded(ids.as_ref());
        aside(move || {
            let redactions = match redact {
                Some(options) => Redacted::of(&recorded, &options)?.redactions().to_vec(),
                None => Vec::new(),
            };
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let exchanges = recorded.iter().filter(|one| one.is_exchange()).count();
            Ok(ExportPreview {
                calls: count(recorded.len()),
                exchanges: count(exchanges),
                bytes: bytes_of(&recorded),
                redactions,
            })
        })
        .await
    }

    /// Writes these calls, or all, to a file, and answers when it is written. Progress is reported with the changes, and
    /// [`save_stop`](Self::save_stop) ends it.
    ///
    /// # Errors
    /// Those of [`export`].
    pub async fn export(
        &self,
        ids: Option<BTreeSet<CallId>>,
        format: ExportFormat,
        redact: Option<RedactOptions>,
        path: PathBuf,
        replace: bool,
    ) -> Result<SavedFile> {
        let recorded = self.recorded(ids.as_ref());
        let stop = CancellationToken::new();
        // One file is written at a time: a new one ends the one before.
        std::mem::replace(&mut *self.saving.lock().unwrap_or_else(PoisonError::into_inner), stop.clone()).cancel();
        let (whole, shared) = (bytes_of(&recorded), Arc::clone(&self.shared));
        let tell = move |done: u64| {
            shared.change(|store| store.saving = Some(TaskProgress { done, whole: whole.max(done) }));
            !stop.is_cancelled()
        };
        tell(0);
        let saved =
            aside(move || export(&recorded, format, redact.as_ref(), &Value::Null, (&path, replace), tell)).await;
        self.shared.change(|store| store.saving = None);
        saved
    }
}

fn bytes_of(recorded: &[Recorded]) -> u64 {
    recorded.iter().map(|one| one.counts.stdout.bytes + one.counts.stderr.bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, is_session, samples::two};

    fn timeline(folder: &Path) -> Timeline {
        Timeline::new(folder.join("outputs"), folder.join("kept"), u64::MAX, None)
    }

    /// A timeline with the calls of a session.
    async fn with_calls(folder: &Path) -> Timeline {
        std::fs::create_dir_all(folder.join("outputs")).unwrap();
        let path = folder.join("before.porthole");
        crate::session::samples::write(&path, &two(), &Value::Null);
        let timeline = timeline(folder);
        assert_eq!(timeline.open_session(path).await.unwrap(), 1);
        timeline
    }

    #[tokio::test]
    async fn an_opened_session_is_rows_that_can_be_exported_again_and_closed() {
        let folder = tempfile::tempdir().unwrap();
        let timeline = with_calls(folder.path()).await;
        let changes = timeline.changes(0).await;
        assert_eq!(changes.sessions[0].name, "before.porthole");
        assert_eq!(
            changes.calls.iter().map(|row| (row.id, row.session)).collect::<Vec<_>>(),
            [(1, Some(1)), (2, Some(1))]
        );
        assert!(changes.calls[1].found.errors + changes.calls[1].found.warnings + changes.calls[1].found.notes < 9);
        let options = Some(RedactOptions::default());
        let preview = timeline.export_preview(None, options.clone()).await.unwrap();
        assert_eq!((preview.calls, preview.exchanges, preview.bytes), (2, 1, 34));
        assert_eq!(preview.redactions.len(), 1, "{:?}", preview.redactions);
        let path = folder.path().join("after.porthole");
        assert!(is_session(&path));
        let only = Some(BTreeSet::from([1]));
        timeline.export(only.clone(), ExportFormat::Session, options, path.clone(), false).await.unwrap();
        let session = Session::open(&path).unwrap();
        assert_eq!(session.calls().len(), 1);
        let text = session.output(0, "unused".into(), Arc::new(porthole_output::DiskQuota::unlimited())).unwrap();
        let body = text.read(porthole_output::Stream::Stdout, 0, 99).unwrap();
        assert_eq!(body, br#"{"token":"[redacted]","n":1.0}"#);
        let again = timeline.export(only, ExportFormat::Har, None, path, false).await;
        assert_eq!(again.unwrap_err().code, Code::FileExists);
        timeline.close_session(1);
        assert_eq!(timeline.recorded(None).len(), 0);
        timeline.undo_removal(1).unwrap();
        assert_eq!(timeline.recorded(None).len(), 2);
    }

    #[tokio::test]
    async fn an_archive_is_opened_with_its_bodies_and_a_broken_one_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let timeline = with_calls(folder.path()).await;
        let path = folder.path().join("calls.har");
        timeline.export(None, ExportFormat::Har, None, path.clone(), false).await.unwrap();
        assert_eq!(timeline.open_session(path.clone()).await.unwrap(), 2);
        let rows = timeline.changes(0).await.calls;
        assert_eq!(rows.iter().filter(|row| row.session == Some(2)).count(), 1);
        let output = timeline.output(3).unwrap();
        assert_eq!(output.read(porthole_output::Stream::Stdout, 0, 99).unwrap(), two()[0].pieces[0].1);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.truncate(text.len() - 3);
        std::fs::write(&path, text).unwrap();
        assert_eq!(timeline.open_session(path).await.unwrap_err().code, Code::HarInvalid);
        assert_eq!(timeline.recorded(None).len(), 3);
        timeline.close().await;
    }
}

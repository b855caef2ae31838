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
use porthole_base::error::Result;
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
    go_on: impl FnMut(u64) -> bool + Send,
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
            let mut writer = HarWriter::begin(path, replace)?;
            for (n, one) in recorded.iter().enumerate() {
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

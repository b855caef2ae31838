//! Saving a Call's output to a file that the user names.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::{Act, CallId, Timeline, aside};
use porthole_base::error::Result;
use porthole_output::{BodyKind, SaveContent, SavedFile, TaskProgress, View, save};

impl Timeline {
    /// Saves to a file and answers when it is written; its progress is reported with the changes.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound), and what [`save`] says.
    pub async fn save(&self, id: CallId, what: SaveContent, path: PathBuf, replace: bool) -> Result<SavedFile> {
        let (shown, search) = (self.shown(id)?, self.search_in(id));
        // Bytes are saved as they came; lines as they are shown.
        let bytes = matches!(what, SaveContent::Stdout | SaveContent::Stderr | SaveContent::Chunks);
        let output = Arc::clone(shown.output(if bytes { View::Chunks } else { View::Both }));
        let stop = CancellationToken::new();
        // One at a time: a new one ends the one before.
        std::mem::replace(&mut *self.saving.lock().unwrap_or_else(PoisonError::into_inner), stop.clone()).cancel();
        let counts = output.counts();
        let whole = match what {
            SaveContent::Stdout => counts.stdout.bytes,
            SaveContent::Stderr => counts.stderr.bytes,
            _ => counts.stdout.bytes + counts.stderr.bytes,
        };
        let shared = Arc::clone(&self.shared);
        let stopped = stop.clone();
        let tell = move |done: u64| {
            shared.change(|store| store.saving = Some(TaskProgress { done, whole: whole.max(done) }));
            !stop.is_cancelled()
        };
        tell(0);
        let saved = aside(move || {
            if !bytes {
                shown.catch_up_with_now(&stopped)?;
            }
            save(&output, search.as_deref(), what, &path, replace, tell)
        })
        .await;
        self.shared.change(|store| store.saving = None);
        saved
    }

    /// Stops saving; nothing of the file stays.
    pub fn save_stop(&self) {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }

    /// A path in this folder that is not taken, with a name that tells what it is.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound).
    pub fn save_place(&self, id: CallId, what: SaveContent, folder: &Path) -> Result<PathBuf> {
        let call = self.call(id)?;
        let (name, body) = match &call.act {
            Act::Exchange(exchange) => {
                let path = exchange.request.path.split(['?', '#']).next().unwrap_or_default();
                let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("body");
                (last, exchange.response.as_ref().map(|response| response.head.body_kind()))
            }
            Act::Run(run) => (run.command.program.rsplit(['/', '\\']).next().unwrap_or("output"), None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name: String = name.chars().map(|c| if plain(c) { c } else { '-' }).take(60).collect();
        let name = name.trim_start_matches('.');
        let (stem, own) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
        let extension = match (what, body) {
            (SaveContent::Chunks, _) | (SaveContent::Stdout, Some(BodyKind::JsonLines)) => "jsonl",
            (SaveContent::Stdout, Some(_)) if !own.is_empty() => own,
            (SaveContent::Stdout, Some(BodyKind::Json)) => "json",
            (SaveContent::Stdout, Some(BodyKind::Bytes | BodyKind::Protocol)) => "bin",
            _ => "txt",
        };
        let part = match (what, body) {
            (SaveContent::Stdout, Some(_)) => "",
            (SaveContent::Stdout, None) => "-stdout",
            (SaveContent::Stderr, _) => "-stderr",
            (SaveContent::Both, _) => "-output",
            (SaveContent::Chunks, _) => "-chunks",
            (SaveContent::Hits, _) => "-hits",
            (SaveContent::Lines { .. }, _) => "-lines",
        };
        let free = (1..).map(|n| {
            let number = if n == 1 { String::new() } else { format!("-{n}") };
            folder.join(format!("{}{part}{number}.{extension}", if stem.is_empty() { "output" } else { stem }))
        });
        // After ten thousand files of one name, the user may choose another.
        Ok(free.take(10_000).find(|path| !path.exists()).unwrap_or_else(|| folder.join("output")))
    }
}

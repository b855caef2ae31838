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
        let as_sent = matches!(what, SaveContent::Stdout | SaveContent::Stderr | SaveContent::Chunks);
        let view = if matches!(what, SaveContent::Decoded) { View::Chunks } else { View::Both };
        let of_log = matches!(what, SaveContent::Log | SaveContent::Lines { view: View::Log, .. });
        let log = of_log.then(|| self.log_of(id, shown.output(View::Log))).transpose()?;
        let output = Arc::clone(if as_sent { shown.sent() } else { shown.output(view) });
        let stop = CancellationToken::new();
        // One at a time: a new one ends the one before.
        std::mem::replace(&mut *self.saving.lock().unwrap_or_else(PoisonError::into_inner), stop.clone()).cancel();
        let counts = output.counts();
        let whole = match what {
            SaveContent::Stdout | SaveContent::Decoded => counts.stdout.bytes,
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
            if !as_sent {
                shown.catch_up_with_now(view, &stopped)?;
            }
            while let Some(log) = &log
                && log.advance()?.is_some()
                && !stopped.is_cancelled()
            {}
            save(&output, (search.as_deref(), log.as_deref()), what, &path, replace, tell)
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
        let (codings, kind) = self.shared.store().body(id);
        let (name, body) = match &call.act {
            Act::Exchange(exchange) => {
                let path = exchange.request.path.split(['?', '#']).next().unwrap_or_default();
                let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("body");
                (last, exchange.response.as_ref().and(kind))
            }
            Act::Run(run) => (run.command.program.rsplit(['/', '\\']).next().unwrap_or("output"), None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name: String = name.chars().map(|c| if plain(c) { c } else { '-' }).take(60).collect();
        let name = name.trim_start_matches('.');
        let (stem, own) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
        let extension = match (what, body) {
            (SaveContent::Chunks, _) => "jsonl",
            (SaveContent::Stdout | SaveContent::Decoded, Some(body)) => body_extension(body, own),
            _ => "txt",
        };
        // As the programs name what they compress.
        let extension = match (what, codings.last().and_then(|coding| coding.extension())) {
            (SaveContent::Stdout, Some(coding)) if extension != coding => format!("{extension}.{coding}"),
            _ => extension.to_owned(),
        };
        let part = match (what, body) {
            (SaveContent::Stdout | SaveContent::Decoded, Some(_)) => "",
            (SaveContent::Stdout | SaveContent::Decoded, None) => "-stdout",
            (SaveContent::Stderr, _) => "-stderr",
            (SaveContent::Both, _) => "-output",
            (SaveContent::Chunks, _) => "-chunks",
            (SaveContent::Hits, _) => "-hits",
            (SaveContent::Log, _) => "-log",
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

/// What the file of a body ends in: `own`, if its path in the request ends in something.
fn body_extension(body: BodyKind, own: &str) -> &str {
    match body {
        BodyKind::JsonLines => "jsonl",
        _ if !own.is_empty() => own,
        BodyKind::Json => "json",
        BodyKind::Xml => "xml",
        BodyKind::Html => "html",
        BodyKind::Csv => "csv",
        BodyKind::Pdf => "pdf",
        BodyKind::Image | BodyKind::Bytes | BodyKind::Protocol => "bin",
        BodyKind::Events | BodyKind::Text => "txt",
    }
}

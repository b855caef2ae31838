//! Calls that are kept for the next start: when they are written, and how they are read again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{
    Act, Call, CallId, Shared, Timeline, aside, chunk_times,
    diagnosing::diagnosed,
    kept_folder::{CHUNKS, FACTS, KeptCall, STEM},
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};
use porthole_http::exchange::{ExchangeEvent, Failure, Stage};
use porthole_output::{BodyKind, Coding, DiskQuota, Output, Stream};
use porthole_process::RunEvent;
use porthole_sdk::diagnostic::DiagnosticCounts;

/// How often a running kept call is written: what a killed Porthole loses of its times.
const EVERY: Duration = Duration::from_millis(500);
/// The facts of an earlier version, which were written once.
const FACTS_ONCE: &str = "call.json";

impl Timeline {
    /// Keeps a Call's output for the next start, or lets it go. When this returns without an error, all that there is of it
    /// is on the disk. What comes later is appended, and the end is synced as well.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::PinFailed`] and [`Code::TooManyOpenFiles`] when it can't be written, and it is not
    /// kept then.
    pub async fn keep(&self, id: CallId, kept: bool) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let row = shared.store().row_of(id);
        if let (Some(row), Some(history)) = (row, shared.history.get().map(Arc::clone)) {
            return aside(move || shared.pin_row(&history, id, row, kept)).await;
        }
        let begun =
            aside(move || if kept { shared.begin_keeping(id) } else { shared.let_go(id).map(|()| None) }).await?;
        if let Some(kept) = begun {
            let over = self.shared.store().over(id)?;
            self.own(go_on_keeping(Arc::clone(&self.shared), id, kept, over));
        }
        Ok(())
    }

    /// Puts the Calls that earlier starts kept back into the timeline, each when its output has
    /// been read.
    pub fn reopen_kept(&self) {
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&self.shared.kept).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        folders.sort();
        // They have their numbers before anything new begins, so that they come before it.
        let numbered: Vec<(CallId, PathBuf)> =
            folders.into_iter().map(|folder| (self.shared.change(|store| store.next_id()), folder)).collect();
        let shared = Arc::clone(&self.shared);
        self.own(async move {
            let mut unread = Vec::new();
            for (id, folder) in numbered {
                let shared = Arc::clone(&shared);
                let at = folder.clone();
                let read = tokio::task::spawn_blocking(move || shared.reopen(id, at)).await;
                if let Err(error) = read.map_err(io::Error::other).flatten() {
                    tracing::warn!(%error, folder = %folder.display(), "a kept call can't be read");
                    unread.push((folder, error));
                }
            }
            if !unread.is_empty() {
                shared.change(|store| store.kept_unread = Some(not_there(&unread)));
            }
        });
    }
}

impl Shared {
    /// Puts a kept call into the timeline. If its output can't be read, the call is there without it.
    fn reopen(&self, id: CallId, folder: PathBuf) -> io::Result<()> {
        let (mut call, body) = ended_call(read_facts(&folder)?);
        call.id = id;
        let (output, failed) = match reopen_output(&folder, body, &self.quota) {
            Ok(output) => (output, None),
            Err(error) => (Output::new(self.stem(id), Arc::clone(&self.quota)), Some(output_unread(&folder, &error))),
        };
        let found = diagnosed(&call, &output).map(|diagnostics| DiagnosticCounts::of(&diagnostics)).unwrap_or_default();
        self.change(|store| {
            let over = CancellationToken::new();
            over.cancel();
            store.insert(call, Arc::new(output), None, over);
            match failed {
                None => store.set_kept(id, Some(Arc::new(KeptCall::new(folder)))),
                // It isn't its own to remove: what can't be read now may be read at the next start.
                Some(failed) => store.set_keep_failed(id, Some(failed)),
            }
            store.set_found(id, found);
        });
        Ok(())
    }

    /// Writes all that there is of a call; tells where it is kept, if it was not before.
    fn begin_keeping(&self, id: CallId) -> Result<Option<Arc<KeptCall>>> {
        let (call, output) = {
            let store = self.store();
            if store.kept(id).is_some() {
                return Ok(None);
            }
            (store.call(id)?, store.output(id)?)
        };
        // Two Calls may begin in the same millisecond, and two starts number theirs alike.
        let name = format!("{}-{id}", call.began_ms);
        // One that can't be read may be there by that name.
        let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
        let folder = names.map(|name| self.kept.join(name)).find(|folder| fs::symlink_metadata(folder).is_err());
        let kept = Arc::new(KeptCall::new(folder.unwrap_or_else(|| self.kept.join(name))));
        if let Err(error) = kept.append(&call, &output, true) {
            kept.remove();
            return Err(not_kept(kept.folder(), &error));
        }
        self.change(|store| store.set_kept(id, Some(Arc::clone(&kept))));
        Ok(Some(kept))
    }

    fn let_go(&self, id: CallId) -> Result<()> {
        let output = self.store().output(id)?;
        let Some(kept) = self.store().kept(id) else { return Ok(()) };
        // One of an earlier start has its only files there.
        if output.path(Stream::Stdout).starts_with(kept.folder())
            && let Err(error) = output.move_to(&self.stem(id))
        {
            return Err(not_kept(kept.folder(), &error));
        }
        self.change(|store| store.set_kept(id, None));
        output.keep(false);
        kept.remove();
        Ok(())
    }

    /// Appends what is new of a call that is kept. Success or failure is reported with the changes.
    fn append_kept(&self, id: CallId, kept: &KeptCall, sync: bool) {
        let Some((call, output)) = self.store().recorded(id) else { return };
        let failed = kept.append(&call, &output, sync).err().map(|error| not_kept(kept.folder(), &error));
        if self.store().keep_failed(id) != failed {
            self.change(|store| store.set_keep_failed(id, failed));
        }
    }
}

/// Appends twice a second while the call runs, and once more when it has ended.
async fn go_on_keeping(shared: Arc<Shared>, id: CallId, kept: Arc<KeptCall>, over: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let ended = tokio::select! {
            biased;
            () = over.cancelled() => true,
            _ = tick.tick() => false,
        };
        let (shared, kept) = (Arc::clone(&shared), Arc::clone(&kept));
        let appended = aside(move || {
            shared.append_kept(id, &kept, ended);
            Ok(shared.store().kept(id).is_some_and(|now| Arc::ptr_eq(&now, &kept)))
        });
        if ended || !appended.await.unwrap_or_default() {
            return;
        }
    }
}

fn not_kept(folder: &Path, error: &io::Error) -> Error {
    let doing = format!("pin the output in {}", folder.display());
    if let Some(exhausted) = handles::exhausted(&doing, error) {
        return exhausted;
    }
    let explained = Error::new(Code::PinFailed, format!("Can't {doing}")).detail(error);
    match error.kind() {
        io::ErrorKind::StorageFull => explained.hint("The disk is full. Free up space, then pin it again."),
        io::ErrorKind::NotFound => {
            explained.hint("Something removed Porthole's files for this session. Save the output to a file instead.")
        }
        _ => explained,
    }
}

fn output_unread(folder: &Path, error: &io::Error) -> Error {
    let doing = format!("read the pinned output in {}", folder.display());
    handles::exhausted(&doing, error).unwrap_or_else(|| {
        Error::new(Code::PinnedUnreadable, format!("Can't {doing}"))
            .detail(error)
            .hint("The files stay where they are, and Porthole tries again at its next start.")
    })
}

/// The error about kept calls that aren't in the timeline.
fn not_there(unread: &[(PathBuf, io::Error)]) -> Error {
    const SHOWN: usize = 5;
    let message = match unread {
        [_] => "A pinned call can't be read".to_owned(),
        _ => format!("{} pinned calls can't be read", unread.len()),
    };
    let mut folders: Vec<String> =
        unread.iter().take(SHOWN).map(|(folder, error)| format!("{}: {error}", folder.display())).collect();
    if unread.len() > SHOWN {
        folders.push(format!("and {} more", unread.len() - SHOWN));
    }
    Error::new(Code::PinnedUnreadable, message)
        .detail(folders.join("\n"))
        .hint("The files stay where they are, and Porthole tries again at its next start.")
}

/// What a body is, and its codings.
pub(super) type Expected = Option<(BodyKind, Vec<Coding>)>;

/// A call of an earlier start, which has ended, and what its body contains.
pub(super) fn ended_call(mut call: Call) -> (Call, Expected) {
    let body = match &mut call.act {
        Act::Exchange(exchange) => {
            if !exchange.ended() {
                let failure = Failure::new(Stage::Body, ended_before());
                exchange.apply(ExchangeEvent::Failed { at_us: 0, failure });
            }
            exchange.response.as_ref().map(|response| {
                let (kind, codings) = response.head.encoded_body();
                (kind, codings.unwrap_or_default())
            })
        }
        Act::Run(run) => {
            if run.closed_us.is_none() {
                run.apply(RunEvent::Failed { at_us: 0, error: ended_before() });
            }
            None
        }
    };
    (call, body)
}

fn reopen_output(folder: &Path, body: Expected, quota: &Arc<DiskQuota>) -> io::Result<Output> {
    let times = fs::read(folder.join(CHUNKS)).unwrap_or_default();
    let chunks = chunk_times::decode(&times);
    Output::reopen(folder.join(STEM), Arc::clone(quota), body, chunks)
}

/// The last facts that were written whole.
fn read_facts(folder: &Path) -> io::Result<Call> {
    let facts = match fs::read(folder.join(FACTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::read(folder.join(FACTS_ONCE))?,
        read => read?,
    };
    let whole = facts.split(|byte| *byte == b'\n').rev().find_map(|line| serde_json::from_slice(line).ok());
    whole.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the call's metadata is incomplete"))
}

fn ended_before() -> Error {
    Error::new(Code::Cancelled, "Canceled: Porthole exited")
}

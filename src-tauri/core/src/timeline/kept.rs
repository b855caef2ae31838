//! Calls that are kept for the next start: their facts and chunk times in a folder of their own,
//! beside links to the files of their output, which are one with it while it still grows.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::{Act, Call, CallId, Shared, Timeline, diagnosing::diagnosed};
use crate::{
    error::{Code, Error, Result},
    exchange::{BodyKind, ExchangeEvent, Failure, Stage},
    finding::Found,
    output::{Output, Room},
    run::{RunEvent, Stream},
};

const FACTS: &str = "call.json";
const CHUNKS: &str = "chunks";
/// What the files of an output are named after.
const STEM: &str = "output";

impl Timeline {
    /// Keeps a Call's output for the next start, or lets it go.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::SpillFailed`] when its files cannot be linked.
    pub fn keep(&self, id: CallId, kept: bool) -> Result<()> {
        let (call, output) = (self.call(id)?, self.output(id)?);
        let before = self.shared.book().kept(id);
        if kept && before.is_none() {
            // Two Calls may begin in the same millisecond, and two starts number theirs alike.
            let folder = self.shared.kept.join(format!("{}-{id}", call.began_ms));
            let linked = link(&output, &folder);
            linked.map_err(|error| {
                Error::new(Code::SpillFailed, format!("cannot keep the output in {}", folder.display())).detail(error)
            })?;
            self.shared.change(|book| book.set_kept(id, Some(folder)));
            self.shared.write_down(id);
        } else if let Some(folder) = before.filter(|_| !kept) {
            self.shared.change(|book| book.set_kept(id, None));
            output.keep(false);
            let _ = fs::remove_dir_all(folder);
        }
        Ok(())
    }

    /// Puts the Calls that earlier starts kept back into the timeline, each when its output has
    /// been read.
    pub fn reopen_kept(&self) {
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&self.shared.kept).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        folders.sort();
        // They have their numbers before anything new begins, so that they stand before it.
        let numbered: Vec<(CallId, PathBuf)> =
            folders.into_iter().map(|folder| (self.shared.change(|book| book.next_id()), folder)).collect();
        let shared = Arc::clone(&self.shared);
        self.own(async move {
            for (id, folder) in numbered {
                let shared = Arc::clone(&shared);
                let read = tokio::task::spawn_blocking(move || {
                    let (call, output) = reopen(id, &folder, &shared.room)?;
                    let found = diagnosed(&call, &output).map(|findings| Found::of(&findings)).unwrap_or_default();
                    shared.change(|book| {
                        let over = CancellationToken::new();
                        over.cancel();
                        book.insert(call, Arc::new(output), None, over);
                        book.set_kept(id, Some(folder));
                        book.set_found(id, found);
                    });
                    io::Result::Ok(())
                });
                if let Ok(Err(error)) = read.await {
                    tracing::warn!(%error, "a kept Call cannot be read");
                }
            }
        });
    }
}

impl Shared {
    /// Writes down the facts of a Call that is kept, as they are now.
    pub(super) fn write_down(&self, id: CallId) {
        let (folder, call, output) = {
            let book = self.book();
            match (book.kept(id), book.call(id), book.output(id)) {
                (Some(folder), Ok(call), Ok(output)) => (folder, call, output),
                _ => return,
            }
        };
        let written = link(&output, &folder).and_then(|()| {
            fs::write(folder.join(CHUNKS), chunk_times(&output))?;
            // Last, and in one step: a folder without it is one that was being made.
            fs::write(folder.join("new"), serde_json::to_vec(&call)?)?;
            fs::rename(folder.join("new"), folder.join(FACTS))
        });
        if let Err(error) = written {
            tracing::warn!(%error, folder = %folder.display(), "a kept Call could not be written down");
        }
    }
}

fn link(output: &Output, folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    output.make_files()?;
    for (stream, name) in [(Stream::Stdout, "stdout"), (Stream::Stderr, "stderr")] {
        match fs::hard_link(output.path(stream), folder.join(STEM).with_extension(name)) {
            // The stream has no byte yet, or is linked already.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {}
            linked => linked?,
        }
    }
    Ok(())
}

/// Each chunk as two numbers: twice its length, and one more for stderr; and the microseconds
/// since the one before.
fn chunk_times(output: &Output) -> Vec<u8> {
    let (mut times, mut n, mut before) = (Vec::new(), 0, 0);
    loop {
        let chunks = output.chunks(n, 4096);
        if chunks.is_empty() {
            return times;
        }
        n += chunks.len() as u64;
        for chunk in chunks {
            let stream = u64::from(chunk.stream == Stream::Stderr);
            times.extend_from_slice(&(chunk.len * 2 + stream).to_le_bytes());
            times.extend_from_slice(&(chunk.at_us - before).to_le_bytes());
            before = chunk.at_us;
        }
    }
}

fn reopen(id: CallId, folder: &Path, room: &Arc<Room>) -> io::Result<(Call, Output)> {
    let mut call: Call = serde_json::from_slice(&fs::read(folder.join(FACTS))?)?;
    call.id = id;
    let body = match &mut call.act {
        Act::Exchange(exchange) => {
            if !exchange.ended() {
                let failure = Failure { stage: Stage::Body, error: ended_before(), received: String::new() };
                exchange.apply(ExchangeEvent::Failed { at_us: 0, failure });
            }
            exchange.response.as_ref().map(|response| BodyKind::of(&response.head))
        }
        Act::Run(run) => {
            if run.closed_us.is_none() {
                run.apply(RunEvent::Failed { at_us: 0, error: ended_before() });
            }
            None
        }
    };
    let times = fs::read(folder.join(CHUNKS)).unwrap_or_default();
    let mut numbers = times.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let mut at_us: u64 = 0;
    let chunks = std::iter::from_fn(|| {
        let (length, since) = (numbers.next()?, numbers.next()?);
        at_us = at_us.saturating_add(since);
        Some((if length % 2 == 0 { Stream::Stdout } else { Stream::Stderr }, length / 2, at_us))
    });
    let output = Output::reopen(folder.join(STEM), Arc::clone(room), body, chunks)?;
    Ok((call, output))
}

fn ended_before() -> Error {
    Error::new(Code::Cancelled, "Porthole ended before this did")
}

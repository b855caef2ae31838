//! `porthole-cli tap`: what a desktop and the backend say to each other, recorded as it passes.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use porthole_base::error::{Code, Error, Result};
use porthole_engine::reaper::Reaper;
use porthole_http::{
    endpoint::Endpoint,
    tap::{Tap, TapOptions, TapState},
};
use porthole_sdk::call::{Act, CallId, Outcome};
use porthole_timeline::{
    Summary, Timeline,
    session::{PATIENCE, Session, append},
};
use tokio::{sync::watch, time::Instant};

use crate::{
    request::read_endpoint,
    say::{self, complain},
    scratch::Scratch,
    session_file::absolute,
    signals::Signals,
};

/// How soon ended calls are added to the session, and how late at most: a killed tap loses what came since.
const SOON: Duration = Duration::from_secs(2);
const LATE: Duration = Duration::from_secs(30);
/// The file is written again as a whole: a large one less often, so that it takes at most one part in this many of the time.
const SHARE: u32 = 20;
/// How long to wait for others that write the file, while calls go on.
const BRIEFLY: Duration = Duration::from_millis(500);
/// Connections that a desktop may well open.
const USUAL: usize = 1000;

#[derive(Args)]
pub struct Arguments {
    /// Listen for the desktop on this address: unix:///path.sock, npipe:////./pipe/name or http://127.0.0.1:port
    /// (default: the backend's own socket, which is moved aside while Porthole records; also one in a container)
    #[arg(long, value_parser = read_endpoint)]
    listen: Option<Endpoint>,
    /// Forward requests to the backend at this address: unix:///path.sock, npipe:////./pipe/name, http://host:port or
    /// container://NAME/path.sock
    #[arg(long, value_name = "ENDPOINT", value_parser = read_endpoint)]
    to: Endpoint,
    /// Use the engine of this Docker context for container:// endpoints (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Add the calls with all their bytes to this session file, created if it doesn't exist
    #[arg(long, value_name = "FILE")]
    session: Option<PathBuf>,
    /// Print each call as a line of JSON when it has ended
    #[arg(long)]
    json: bool,
}

pub async fn tap(arguments: Arguments, signals: Signals) -> ExitCode {
    match recorded(arguments, signals.clone()).await {
        Ok(()) => signals.exit_code().map_or(ExitCode::SUCCESS, ExitCode::from),
        Err(error) => say::failed(&error),
    }
}

async fn recorded(arguments: Arguments, mut signals: Signals) -> Result<()> {
    let Arguments { listen, to, context, session, json } = arguments;
    let session = session.map(|path| absolute(&path)).transpose()?;
    if let Some(path) = session.as_ref().filter(|path| path.exists()) {
        Session::open(path)?;
    }
    let scratch = Scratch::new()?;
    let timeline = Arc::new(scratch.timeline(Some(Arc::new(Reaper::start()))));
    if context.is_some() {
        timeline.connections().use_context(context);
    }
    let options = TapOptions::new(listen.unwrap_or_else(|| to.clone()), to.clone());
    let started = Tap::start(options, timeline.connections().dialer(), timeline.tap_log()).await;
    let tap = match started {
        Ok(tap) => tap,
        Err(error) => {
            timeline.close().await;
            return Err(error);
        }
    };
    tell_start(&tap, &to);
    let mut following =
        Following { timeline: Arc::clone(&timeline), session, json, since: 0, unsaved: BTreeSet::new() };
    let followed = tokio::select! {
        followed = following.follow(tap.state()) => followed,
        _ = signals.next() => Ok(()),
    };
    let stopped = tap.stop().await;
    let rest = following.rest().await;
    timeline.close().await;
    // Each of them may have failed by itself, or all for one reason.
    let mut failed: Vec<Error> = [stopped, followed, rest].into_iter().filter_map(Result::err).collect();
    failed.dedup();
    let mut failed = failed.into_iter();
    let first = failed.next();
    failed.for_each(|error| complain(&error));
    first.map_or(Ok(()), Err)
}

fn tell_start(tap: &Tap, to: &Endpoint) {
    let from = if tap.listen() == to { String::new() } else { format!("from {} ", tap.listen()) };
    say::note(&format!("Recording the requests {from}to {to}. Press Ctrl-C to stop."));
    if let Some(aside) = tap.aside() {
        let container = match to {
            Endpoint::Container { container, .. } => format!(" in the container {container}"),
            _ => String::new(),
        };
        say::note(&format!("The backend's own socket is at {}{container} until then.", aside.display()));
    }
    if tap.most() < USUAL {
        say::note(&format!(
            "The limit of open files allows {} connections at once. Raise it to record more: see `ulimit -n`.",
            tap.most()
        ));
    }
}

/// Prints calls when they have ended, and adds them to the session.
struct Following {
    timeline: Arc<Timeline>,
    session: Option<PathBuf>,
    json: bool,
    since: u64,
    /// Calls that were printed and aren't in the session yet.
    unsaved: BTreeSet<CallId>,
}

impl Following {
    /// Until it is dropped, or something can't be written.
    async fn follow(&mut self, mut state: watch::Receiver<TapState>) -> Result<()> {
        let mut due = Instant::now() + SOON;
        let (mut told, mut was_lost) = (None, false);
        let timeline = Arc::clone(&self.timeline);
        loop {
            tokio::select! {
                changes = timeline.changes(self.since) => {
                    self.since = changes.revision;
                    self.print(changes.calls)?;
                }
                Ok(()) = state.changed() => {
                    let TapState { trouble, is_lost, .. } = state.borrow_and_update().clone();
                    if std::mem::replace(&mut was_lost, is_lost) && !is_lost {
                        say::note("Recording again.");
                        // The backend may be started again once more.
                        told = None;
                    }
                    if let Some(error) = trouble.as_ref().filter(|error| told.as_ref() != Some(*error)) {
                        complain(error);
                    }
                    told = trouble.or(told);
                }
                () = tokio::time::sleep_until(due) => due = Instant::now() + self.save_briefly()?,
            }
        }
    }

    /// What is left when nothing more comes.
    async fn rest(&mut self) -> Result<()> {
        let printed = self.timeline.changes(0).await.calls;
        let rest = printed.into_iter().filter(|row| !self.unsaved.contains(&row.id)).collect();
        self.print(rest).and(self.save(PATIENCE))
    }

    fn print(&mut self, rows: Vec<Summary>) -> Result<()> {
        for row in rows {
            // Its findings are counted later, which changes it once more.
            if row.outcome.is_live() || !self.unsaved.insert(row.id) {
                continue;
            }
            if self.json {
                say::json(&row)
                    .map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout").detail(error))?;
            } else {
                say::out(&line(&row, &self.lacking(row.id)))?;
            }
        }
        if self.session.is_none() && !self.unsaved.is_empty() {
            self.timeline.delete(&std::mem::take(&mut self.unsaved));
        }
        Ok(())
    }

    /// What its recording lacks, or why it failed.
    fn lacking(&self, id: CallId) -> Vec<String> {
        let Ok(Act::Exchange(exchange)) = self.timeline.call(id).map(|call| call.act) else { return Vec::new() };
        let mut lines: Vec<String> = exchange.failure.map(|failure| failure.error.message).into_iter().collect();
        if let Some(unrecorded) = exchange.unrecorded {
            for (bytes, of) in [(unrecorded.request_bytes, "request"), (unrecorded.response_bytes, "response")] {
                if bytes > 0 {
                    lines.push(format!("{bytes} bytes of the {of} were forwarded but not recorded"));
                }
            }
        }
        lines
    }

    /// Adds what has ended to the session, and tells when to do so again.
    fn save_briefly(&mut self) -> Result<Duration> {
        let began = Instant::now();
        match self.save(BRIEFLY) {
            // It stays for the next time.
            Err(error) if error.code == Code::SessionInUse => Ok(SOON),
            saved => saved.map(|()| pause(began.elapsed())),
        }
    }

    fn save(&mut self, patience: Duration) -> Result<()> {
        let Some(session) = self.session.as_ref().filter(|_| !self.unsaved.is_empty()) else { return Ok(()) };
        append(session, &self.timeline.recorded(Some(&self.unsaved)), patience)?;
        self.timeline.delete(&std::mem::take(&mut self.unsaved));
        Ok(())
    }
}

/// How long to wait after adding calls took so long.
fn pause(took: Duration) -> Duration {
    took.saturating_mul(SHARE).clamp(SOON, LATE)
}

/// A call in a line, and what its recording lacks in lines below it.
fn line(row: &Summary, lacking: &[String]) -> String {
    let outcome = match &row.outcome {
        Outcome::Status { status, .. } => status.to_string(),
        Outcome::Cancelled => "ended".to_owned(),
        _ => "FAILED".to_owned(),
    };
    let took = row.took_us.map(|us| format!(" {}.{} ms", us / 1000, us % 1000 / 100)).unwrap_or_default();
    let mut text = format!("{outcome} {} {} {} B{took}", row.label, row.text, row.counts.stdout.bytes);
    for more in lacking {
        text.push_str(&format!("\n    {more}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_takes_long_to_write_is_written_less_often() {
        let pauses = [0, 50, 500, 1000, 60_000].map(|ms| pause(Duration::from_millis(ms)).as_secs());
        assert_eq!(pauses, [2, 2, 10, 20, 30]);
    }
}

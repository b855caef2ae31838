//! `porthole-cli mock`: a session in the place of its backend.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use porthole_base::{error::Result, terminal};
use porthole_http::endpoint::Endpoint;
use porthole_timeline::{
    aside,
    mock::{Mock, Recordings, Served, Speed, Tell},
    session::{Recorded, Session, is_archive},
};

use crate::{
    request::read_endpoint,
    say,
    scratch::Scratch,
    session_file::{absolute, calls_of_archive},
    signals::Signals,
};

#[derive(Args)]
pub struct Arguments {
    /// The session file, or an HTTP archive (.har)
    session: PathBuf,
    /// Listen on this address: unix:///path.sock, npipe:////./pipe/name or http://host:port
    #[arg(long, value_name = "ENDPOINT", value_parser = read_endpoint)]
    listen: Endpoint,
    /// Send responses this many times as fast as they were recorded. 0 sends them at once
    #[arg(long, value_name = "N", default_value = "1")]
    speed: Speed,
}

pub async fn mock(arguments: Arguments, signals: Signals) -> ExitCode {
    match served(arguments, signals).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say::failed(&error),
    }
}

async fn served(Arguments { session, listen, speed }: Arguments, mut signals: Signals) -> Result<()> {
    // The bodies of an archive are there until the end.
    let scratch = Scratch::new()?;
    let calls = tokio::select! {
        calls = calls(session, &scratch) => calls?,
        _ = signals.next() => return Ok(()),
    };
    let tell: Tell = Box::new(tell);
    let recordings = Recordings::new(calls, speed, tell);
    let (responses, _) = recordings.counts();
    let mock = Mock::start(listen, recordings).await?;
    say::out(&mock.endpoint().to_string())?;
    let responses = if responses == 1 { "1 response".to_owned() } else { format!("{responses} responses") };
    say::note(&format!("Serving {responses}. Press Ctrl-C to stop."));
    signals.next().await;
    drop(mock);
    Ok(())
}

async fn calls(session: PathBuf, scratch: &Scratch) -> Result<Vec<Recorded>> {
    let path = absolute(&session)?;
    if !is_archive(&path) {
        return aside(move || Session::open(&path)?.recorded()).await;
    }
    calls_of_archive(path, scratch).await
}

/// One line for each request, whatever the session and the client have in their paths.
fn tell(served: &Served<'_>) {
    say::err(&terminal::line(&line(served)));
}

fn line(Served { method, target, call, status, miss }: &Served<'_>) -> String {
    match (miss, status, call) {
        (Some(miss), ..) => format!("{method} {target} 501 {miss}"),
        (None, Some(status), Some(call)) => format!("{method} {target} {status} call {call}"),
        (None, None, Some(call)) => format!("{method} {target} closed call {call}"),
        (None, _, None) => format!("{method} {target}"),
    }
}

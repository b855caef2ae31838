//! An engine that goes away in the middle: its own, because it is killed.

#![cfg(unix)]
use std::sync::Arc;

use porthole_base::error::Code;
use porthole_engine::Engine;
use porthole_http::exchange::{self, Request, Stage};
use porthole_tests::{
    containers::{InTerminal, running_on},
    inside::{At, Inside},
    private::Private,
    recorder::{Kept, finished},
};
use tokio_util::sync::CancellationToken;

/// Whether this machine has a process with this command line.
fn runs(line: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|found| found == line.as_bytes())
}

#[tokio::test]
async fn an_engine_killed_in_the_middle_is_lost_and_what_was_read_is_kept() {
    let mut private = Private::start().await;
    let container = Arc::new(running_on(&private.host()).await);
    let mut live = container.begin("echo before; sleep 66606");
    live.wrote().await;
    private.kill();
    let (run, kept) = live.task.await.unwrap();
    // Killed, an engine leaves its containers running, and the command lived on in there.
    assert!(!runs("sleep\u{0}66606\u{0}"), "the command that was started runs on");
    assert_eq!(run.failure.map(|error| error.code), Some(Code::EngineLost));
    assert_eq!(kept.stdout, b"before\n");
    let gone = Engine::connect(private.address()).await.unwrap_err();
    assert_eq!(gone.code, Code::EngineUnavailable);
    assert!(gone.hint.is_some());
}

#[tokio::test]
async fn a_terminal_ends_when_its_engine_is_killed_and_what_it_wrote_is_kept() {
    let mut private = Private::start().await;
    let container = Arc::new(running_on(&private.host()).await);
    let mut terminal = InTerminal::begin(&container, "echo before; sleep 66607");
    terminal.wrote("before\r\n").await;
    private.kill();
    let (run, kept) = terminal.live.task.await.unwrap();
    assert!(!runs("sleep\u{0}66607\u{0}"), "the command that was started runs on");
    assert_eq!(run.failure.map(|error| error.code), Some(Code::EngineLost));
    assert_eq!(kept.stdout, b"before\r\n");
}

#[tokio::test]
async fn an_engine_killed_while_it_carries_a_body_is_lost_and_what_was_read_is_kept() {
    let mut private = Private::start().await;
    let inside = Arc::new(Inside::start_on(&private.host(), env!("CARGO_BIN_EXE_backend"), At::volume()).await);
    let request = Request::new("GET", "/stall");
    let mut kept = Kept::empty();
    let mut length = kept.length.subscribe();
    let task = tokio::spawn({
        let (inside, request) = (Arc::clone(&inside), request.clone());
        async move {
            let cancel = CancellationToken::new();
            exchange::send(&inside.endpoint(), &request, &inside.connections, &cancel, &mut kept).await;
            kept
        }
    });
    length.wait_for(|length| *length == 5).await.unwrap();
    private.kill();
    let sent = finished(&inside.endpoint(), &request, task.await.unwrap());
    assert_eq!((sent.failure(), sent.text()), ((Code::EngineLost, Stage::Body), "begun"));
    let again = inside.send(&request).await;
    assert_eq!(again.failure(), (Code::EngineLost, Stage::Connect));
}

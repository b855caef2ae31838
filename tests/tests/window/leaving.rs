//! Nothing that was started outlives the window.

use std::{fs, process::Command, time::SystemTime};

use porthole_tests::{eventually, window::App};

/// A number of seconds that no other process sleeps.
fn unique() -> String {
    let nanos = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    format!("9{}{nanos:09}", std::process::id())
}

/// The processes with this argument.
fn with_argument(argument: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    // A living command only: an ended one that nobody has waited for has no command line.
    lines.filter(|line| line.split(' ').any(|word| word == argument)).collect()
}

/// An app that runs a shell with a child which both have the argument, and one that ignores SIGTERM.
async fn running(argument: &str) -> App {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "sleep $0 & sleep $0; true", argument]).await;
    let first = app.newer_than(0).await;
    app.run_on_host("sh", &["-c", "trap '' TERM; while :; do sleep $0; done", argument]).await;
    let second = app.newer_than(first).await;
    app.becomes(first, "running").await;
    app.becomes(second, "running").await;
    let mut seen = Vec::new();
    eventually("five processes", async || {
        let now = with_argument(argument);
        if now != seen {
            eprintln!("{now:#?}");
            seen = now;
        }
        (seen.len() == 5).then_some(())
    })
    .await;
    app
}

#[tokio::test]
async fn closing_the_window_ends_what_runs() {
    let argument = unique();
    let app = running(&argument).await;
    app.close().await;
    eventually("nothing runs", async || with_argument(&argument).is_empty().then_some(())).await;
}

#[tokio::test]
async fn sigterm_ends_what_runs() {
    let argument = unique();
    let app = running(&argument).await;
    signal("-TERM", app.process());
    eventually("nothing runs", async || with_argument(&argument).is_empty().then_some(())).await;
}

#[tokio::test]
async fn killing_the_app_ends_what_runs() {
    let argument = unique();
    let app = running(&argument).await;
    signal("-KILL", app.process());
    eventually("nothing runs", async || with_argument(&argument).is_empty().then_some(())).await;
}

fn signal(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

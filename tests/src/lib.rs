//! What the tests share: servers that are not ours, an engine, the real window.

#[cfg(unix)]
pub mod built_image;
pub mod calls;
pub mod certificates;
pub mod cli;
#[cfg(unix)]
pub mod conformance;
pub mod containers;
pub mod demo;
#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(unix)]
pub mod gate;
pub mod inside;
pub mod outside;
pub mod over_tls;
pub mod pages;
#[cfg(target_os = "linux")]
pub mod plain;
pub mod ports;
pub mod private;
pub mod recorder;
#[cfg(unix)]
pub mod rerun;
pub mod servers;
#[cfg(target_os = "linux")]
pub mod sshd;
pub mod tapped;
#[cfg(unix)]
pub mod vite;
pub mod window;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// What the test's surroundings give in this variable; a test that needs it fails without.
pub fn given(name: &str) -> String {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!("{name} is not set: run the tests with `make test`"),
    }
}

/// Starts a program that says when it is ready, and waits for that.
pub fn started(mut command: Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a started program");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("its stdout")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    child
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    names
}

/// Asks again and again, for a while, until something is so.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

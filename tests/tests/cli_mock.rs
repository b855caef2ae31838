//! `porthole-cli mock`: a session in the place of its backend.

#![cfg(unix)]

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use porthole_app::demo::Demo;
use porthole_tests::{cli::cli, given};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A mock that listens, and its address.
struct Mock {
    child: Child,
    endpoint: String,
}

impl Mock {
    async fn start(args: &[&str]) -> Self {
        let mut command = Command::new(given("PORTHOLE_CLI"));
        command.arg("mock").args(args).stdout(std::process::Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        Self { child, endpoint: line.trim().to_owned() }
    }

    async fn end(mut self) -> Option<i32> {
        let pid = self.child.id().unwrap().try_into().unwrap();
        kill(nix::unistd::Pid::from_raw(pid), Signal::SIGINT).unwrap();
        self.child.wait().await.unwrap().code()
    }
}

async fn recorded(folder: &Path, requests: &[(&str, &str)]) -> String {
    let demo = Demo::start(folder).await.unwrap();
    let (file, endpoint) = (text(&folder.join("a.porthole")), demo.endpoint().to_string());
    for (method, path) in requests {
        cli(&["request", method, path, "--endpoint", &endpoint, "--session", &file]).await;
    }
    file
}

#[tokio::test]
async fn a_session_is_served_and_replays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let requests =
        [("GET", "/hello"), ("GET", "/cut"), ("GET", "/close"), ("GET", "/ndjson?count=3&every=1"), ("HEAD", "/hello")];
    let file = recorded(folder.path(), &requests).await;
    let socket = folder.path().join("mock.sock");
    let listen = format!("unix://{}", text(&socket));
    let mock = Mock::start(&[&file, "--listen", &listen, "--speed", "0"]).await;
    assert_eq!(mock.endpoint, listen);
    let replayed = cli(&["replay", &file, "--endpoint", &listen]).await;
    assert_eq!(replayed.status.code(), Some(0), "{replayed:?}");
    assert!(String::from_utf8_lossy(&replayed.stdout).contains("5 same, 0 different, 0 failed, 0 skipped"));

    let missed = cli(&["request", "GET", "/hello?x=1", "--endpoint", &listen]).await;
    let body: Value = serde_json::from_slice(&missed.stdout).unwrap();
    assert_eq!((&body["error"], &body["closest"]["call"]), (&"not_recorded".into(), &1.into()));
    assert_eq!(body["differs"], serde_json::json!(["query"]));

    let taken = cli(&["mock", &file, "--listen", &listen]).await;
    assert_eq!(taken.status.code(), Some(3), "{taken:?}");
    assert!(String::from_utf8_lossy(&taken.stderr).contains("already listening"), "{taken:?}");
    assert!(socket.exists());
    assert_eq!(mock.end().await, Some(130));
    assert!(!socket.exists(), "its socket is gone");
}

#[tokio::test]
async fn an_archive_is_served_on_a_port() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path(), &[("GET", "/hello"), ("GET", "/numbers")]).await;
    let archive = text(&folder.path().join("a.har"));
    assert_eq!(cli(&["session", "export", &file, "--har", &archive]).await.status.code(), Some(0));
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mock = Mock::start(&[&archive, "--listen", &format!("http://127.0.0.1:{port}")]).await;
    let numbers = cli(&["request", "GET", "/numbers", "--endpoint", &mock.endpoint]).await;
    assert_eq!(numbers.status.code(), Some(0), "{numbers:?}");
    assert!(String::from_utf8_lossy(&numbers.stdout).contains("18446744073709551615"), "{numbers:?}");
    mock.end().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "notes").unwrap();
    let listen = format!("unix://{}", text(&notes));
    let file = recorded(folder.path(), &[("GET", "/hello")]).await;
    for args in [[text(&notes), format!("unix://{}", text(&folder.path().join("b.sock")))], [file, listen]] {
        let [session, listen] = &args;
        let refused = cli(&["mock", session, "--listen", listen]).await;
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(refused.stdout.is_empty());
    }
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "notes");
    let invalid = cli(&["mock", "x", "--listen", "unix:///x.sock", "--speed", "-1"]).await;
    assert_eq!(invalid.status.code(), Some(2), "{invalid:?}");
}

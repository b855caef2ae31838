//! `porthole-cli tap`.

#![cfg(unix)]

use std::process::Stdio;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use porthole_app::demo::Demo;
use porthole_base::error::Code;
use porthole_http::exchange::Request;
use porthole_tests::{
    cli::{cli, text},
    eventually, given, names,
    recorder::send,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
};

/// A running `tap`.
struct Tapping {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Tapping {
    /// Waits until it listens.
    async fn start(listen: &str, to: &str, more: &[&str]) -> Self {
        let mut command = Command::new(given("PORTHOLE_CLI"));
        command.args(["tap", "--listen", listen, "--to", to]).args(more).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = stderr.next_line().await.unwrap().expect("it says where it listens");
        assert!(first.contains("Recording"), "{first}");
        Self { child, stdout, stderr }
    }

    async fn end(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()), signal).unwrap();
        self.child.wait().await.unwrap().code()
    }
}

#[tokio::test]
async fn each_call_is_a_line_and_the_session_has_all_of_them() {
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let demo = Demo::start(folder.path()).await.unwrap();
    let to = demo.endpoint().to_string();
    let listen = format!("unix://{}", own.path().join("t.sock").display());
    let file = own.path().join("a.porthole").display().to_string();
    let mut tapping = Tapping::start(&listen, &to, &["--session", &file]).await;
    assert_eq!(send(&listen.parse().unwrap(), &Request::new("GET", "/hello")).await.status(), 200);
    let line = tapping.stdout.next_line().await.unwrap().unwrap();
    assert!(line.starts_with("200 GET /hello "), "{line}");
    assert_eq!(tapping.end(Signal::SIGINT).await, Some(130));
    assert_eq!(names(own.path()), ["a.porthole"]);
    let shown = cli(&["session", "show", &file, "--json"]).await;
    let shown = text(&shown.stdout);
    assert!(shown.contains("tap") && shown.contains("/hello"), "{shown}");
    // A later one adds to it, and what was recorded can be replayed.
    let mut tapping = Tapping::start(&listen, &to, &["--session", &file, "--json"]).await;
    assert_eq!(send(&listen.parse().unwrap(), &Request::new("GET", "/numbers")).await.status(), 200);
    let line: Value = serde_json::from_str(&tapping.stdout.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!((&line["origin"], &line["text"]), (&Value::from("tap"), &Value::from("/numbers")));
    assert_eq!(tapping.end(Signal::SIGTERM).await, Some(143));
    let replayed = cli(&["replay", &file, "--endpoint", &to]).await;
    assert!(text(&replayed.stdout).contains("0 failed, 0 skipped"), "{replayed:?}");
}

#[tokio::test]
async fn the_backend_s_socket_is_back_after_a_signal_and_the_next_start_finds_what_a_killed_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let to = demo.endpoint().to_string();
    let before = names(folder.path());
    assert_eq!(before.len(), 1);
    let mut tapping = Tapping::start(&to, &to, &[]).await;
    let moved = tapping.stderr.next_line().await.unwrap().unwrap();
    assert!(moved.contains(".porthole"), "{moved}");
    assert_eq!(send(demo.endpoint(), &Request::new("GET", "/hello")).await.status(), 200);
    assert_eq!(tapping.end(Signal::SIGTERM).await, Some(143));
    assert_eq!(names(folder.path()), before);
    assert_eq!(send(demo.endpoint(), &Request::new("GET", "/hello")).await.status(), 200);

    let mut tapping = Tapping::start(&to, &to, &[]).await;
    assert_eq!(tapping.end(Signal::SIGKILL).await, None);
    assert_eq!(names(folder.path()).len(), 3);
    // A process that it was starting has its listener until it executes another program.
    eventually("no process listens", async || {
        let down = send(demo.endpoint(), &Request::new("GET", "/hello")).await;
        (down.failure().0 == Code::EndpointRefused).then_some(())
    })
    .await;
    let mut tapping = Tapping::start(&to, &to, &[]).await;
    assert_eq!(send(demo.endpoint(), &Request::new("GET", "/hello")).await.status(), 200);
    assert_eq!(tapping.end(Signal::SIGINT).await, Some(130));
    assert_eq!(names(folder.path()), before);
    assert_eq!(send(demo.endpoint(), &Request::new("GET", "/hello")).await.status(), 200);
}

#[tokio::test]
async fn a_backend_that_is_started_again_is_recorded_again_and_both_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path()).await.unwrap();
    let to = demo.endpoint().to_string();
    let mut tapping = Tapping::start(&to, &to, &[]).await;
    let said = async |tapping: &mut Tapping| tapping.stderr.next_line().await.unwrap().unwrap();
    assert!(said(&mut tapping).await.contains("own socket is at"));
    for path in ["/hello", "/numbers"] {
        drop(demo);
        let ended = said(&mut tapping).await;
        assert!(ended.contains("stopped listening"), "{ended}");
        assert!(said(&mut tapping).await.contains("Recording resumes when"));
        demo = Demo::start(folder.path()).await.unwrap();
        assert_eq!(said(&mut tapping).await, "porthole-cli: Recording again.");
        assert_eq!(send(demo.endpoint(), &Request::new("GET", path)).await.status(), 200);
        let line = tapping.stdout.next_line().await.unwrap().unwrap();
        assert!(line.starts_with(&format!("200 GET {path} ")), "{line}");
    }
    assert_eq!(tapping.end(Signal::SIGTERM).await, Some(143));
    assert_eq!(names(folder.path()).len(), 1);
}

#[tokio::test]
async fn what_cannot_be_listened_at_is_refused_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let to = demo.endpoint().to_string();
    let missing = format!("unix://{}/none/t.sock", folder.path().display());
    for (listen, says) in [
        ("http://0.0.0.0:9", "other machines"),
        (missing.as_str(), "Create the directory"),
        ("container://name/t.sock", "Use unix://"),
    ] {
        let refused = cli(&["tap", "--listen", listen, "--to", &to]).await;
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(text(&refused.stderr).contains(says), "{listen}: {refused:?}");
    }
    assert_eq!(names(folder.path()).len(), 1);
}

/// A port of this machine in front of a unix socket, and the other way round.
#[tokio::test]
async fn a_port_is_listened_at_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("http://127.0.0.1:{port}");
    let mut tapping = Tapping::start(&listen, &demo.endpoint().to_string(), &["--json"]).await;
    assert_eq!(send(&listen.parse().unwrap(), &Request::new("GET", "/hello")).await.status(), 200);
    let line: Value = serde_json::from_str(&tapping.stdout.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(line["outcome"]["status"], 200);
    assert_eq!(tapping.end(Signal::SIGINT).await, Some(130));
}

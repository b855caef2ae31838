//! The demo extension that is shipped: its folder, and its two programs, without an engine.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use porthole_extension::{Platform, Program, check_folder};
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::View;
use porthole_tests::given;
use porthole_timeline::{Origin, Timeline};
use serde_json::Value;

fn folder() -> PathBuf {
    given("PORTHOLE_DEMO_EXTENSION").into()
}

fn demo(words: &[&str]) -> Output {
    Command::new(folder().join("demo")).args(words).output().unwrap()
}

fn on_host(words: &[&str]) -> Output {
    let path = folder().join("host/porthole-demo-host");
    Command::new(path).args(words).env("DEMO_NAME", "captain").current_dir("/").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn there_is_nothing_to_say_against_it() {
    let checked = check_folder(&folder()).unwrap();
    assert_eq!(checked.diagnostics, []);
    assert!(checked.manifest.tab.is_some() && checked.manifest.icon.is_some());
    let platforms: Vec<_> = checked.manifest.binaries.iter().map(|binary| binary.platform).collect();
    assert_eq!(platforms, [Platform::Darwin, Platform::Linux, Platform::Windows]);
    let cli = Command::new(given("PORTHOLE_CLI")).arg("check").arg(folder()).output().unwrap();
    assert!(cli.status.success(), "{cli:?}");
}

#[test]
fn its_page_names_only_files_that_are_there() {
    let ui = folder().join("ui");
    let page = fs::read_to_string(ui.join("index.html")).unwrap();
    let named: Vec<&str> =
        page.split(['"']).filter(|text| [".js", ".css"].iter().any(|end| text.ends_with(end))).collect();
    assert!(named.len() > 5, "{named:?}");
    for name in named {
        assert!(ui.join(name).is_file(), "{name}");
    }
}

/// The image has nothing but this program: one that wants a library would not start in it.
#[test]
fn its_program_needs_no_library() {
    let bytes = fs::read(folder().join("demo")).unwrap();
    assert!(matches!(Program::of(&bytes), Program::Binary { platform: Platform::Linux, .. }));
    // A 64-bit little-endian ELF file: its table of segments, of which one would name the loader.
    let number =
        |at: usize, length: usize| bytes[at..at + length].iter().rev().fold(0, |n, byte| n << 8 | *byte as usize);
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let loader = (0..count).any(|at| number(table + at * size, 4) == 3);
    assert!(count > 0 && !loader, "it is linked dynamically");
}

#[test]
fn each_command_of_the_container_writes_what_the_page_reads() {
    let listed = demo(&["ls", "/"]);
    assert!(listed.status.success() && text(&listed.stdout).contains("proc/\n"), "{listed:?}");
    assert_eq!(text(&demo(&["echo", "two words"]).stdout), "two words\n");
    assert_eq!(text(&demo(&["args", "two words", "q"]).stdout), "1: [two words]\n2: [q]\n");
    let counted = demo(&["count", "4", "1"]);
    assert_eq!(text(&counted.stdout).lines().count(), 4);
    assert_eq!(text(&counted.stderr), "warning: step 4 was slow\n");
    let ended = demo(&["exit", "3"]);
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(3), "a line on stderr\n"));
    let lines = demo(&["json-lines", "3"]);
    let names: Vec<Value> = text(&lines.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(names.len(), 3);
    let object: Value = serde_json::from_slice(&demo(&["json"]).stdout).unwrap();
    assert_eq!(object, names[0]);
    let env = Command::new(folder().join("demo")).arg("env").env_clear().env("LEVEL", "debug").output().unwrap();
    assert_eq!(text(&env.stdout), "LEVEL=debug\n");
    let unknown = demo(&["dance"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("dance"));
}

#[test]
fn each_command_of_the_host_script_writes_what_the_page_reads() {
    let about: Value = serde_json::from_slice(&on_host(&["about"]).stdout).unwrap();
    assert_eq!((about["system"].as_str(), about["cwd"].as_str()), (Some("Linux"), Some("/")));
    assert_eq!(text(&on_host(&["args", "two words", "q"]).stdout), "1: [two words]\n2: [q]\n");
    assert_eq!(text(&on_host(&["greet"]).stdout), "Hello, captain, from /\n");
    let counted = on_host(&["count", "4"]);
    assert_eq!((text(&counted.stdout).lines().count(), text(&counted.stderr).lines().count()), (4, 1));
    assert_eq!(on_host(&["exit", "3"]).status.code(), Some(3));
    assert_eq!(on_host(&["dance"]).status.code(), Some(2));
}

/// The backend, started at a socket; ended when dropped.
struct Serving {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Serving {
    fn at(socket: &Path) -> Self {
        let mut command = Command::new(folder().join("demo"));
        let mut child = command.arg("serve").arg(socket).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert_eq!(first, format!("listening on {}", socket.display()));
        Self { child, lines }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_serves_tells_each_request_and_ends_with_its_socket() {
    let here = tempfile::tempdir().unwrap();
    let socket = here.path().join("backend.sock");
    // One that was killed leaves its socket, and the next takes its place.
    drop(Serving::at(&socket));
    assert!(socket.exists());
    let mut serving = Serving::at(&socket);
    let session = here.path().join("session");
    fs::create_dir(&session).unwrap();
    let timeline = Timeline::new(session, here.path().join("kept"), 1 << 20, None);
    for path in ["/hello", "/status/404?x=1"] {
        let id = timeline.send(Origin::Composer, Endpoint::Unix(socket.clone()), Request::new("GET", path));
        timeline.ended(id).await.unwrap();
        let answer = timeline.exact(id, View::Stdout, 0, 9).await.unwrap();
        assert!(answer.contains("Hello") || answer.contains("Not Found"), "{answer}");
    }
    for told in ["GET /hello 200 ", "GET /status/404?x=1 404 "] {
        let line = serving.lines.next().unwrap().unwrap();
        assert!(line.starts_with(told) && line.ends_with(" ms"), "{line}");
    }
    let healthy = || {
        let mut command = Command::new(folder().join("demo"));
        command.arg("healthy").env("DEMO_SOCKET", &socket).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(healthy());
    kill(Pid::from_raw(serving.child.id() as i32), Signal::SIGTERM).unwrap();
    assert!(serving.child.wait().unwrap().success());
    assert!(!socket.exists(), "it ends with its socket");
    assert!(!healthy());
}

//! `porthole-cli open` on a real engine.

#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use bollard::{Docker, query_parameters::ListContainersOptionsBuilder};
use porthole_tests::{demo::DemoCopy, eventually, given};

struct Opening {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    seen: String,
}

impl Opening {
    fn of(copy: &DemoCopy, options: &[&str]) -> Self {
        let mut command = Command::new(given("PORTHOLE_CLI"));
        command.arg("open").arg(copy.path()).args(options).env("DOCKER_HOST", given("PORTHOLE_TEST_ENGINE"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr, seen: String::new() }
    }

    /// Reads what it says until a line has this.
    fn says(&mut self, part: &str) {
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).unwrap();
            self.seen.push_str(&line);
            assert!(read > 0, "it never said {part}: {}", self.seen);
            if line.contains(part) {
                return;
            }
        }
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// What it printed, all that it said, and its exit code.
    fn end(mut self) -> (String, String, Option<i32>) {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.stderr, &mut rest).unwrap();
        let done = self.child.wait_with_output().unwrap();
        (String::from_utf8(done.stdout).unwrap(), self.seen + &rest, done.status.code())
    }
}

/// The containers of a copy, also those that have ended.
async fn containers(copy: &DemoCopy) -> Vec<String> {
    let docker = docker().await;
    let options = ListContainersOptionsBuilder::default().all(true).build();
    let all = eventually("a list", async || docker.list_containers(Some(options.clone())).await.ok()).await;
    let stem = copy.image().replace('/', "_");
    let names = all.into_iter().filter_map(|found| found.names?.first().map(|name| name[1..].to_owned()));
    names.filter(|name| name.starts_with(&stem)).collect()
}

async fn docker() -> Docker {
    Docker::connect_with_host(&given("PORTHOLE_TEST_ENGINE")).unwrap().negotiate_version().await.unwrap()
}

const NONE: [String; 0] = [];

#[tokio::test]
async fn without_a_terminal_and_yes_the_plan_is_printed_and_nothing_is_started() {
    let copy = DemoCopy::new();
    let (out, said, code) = Opening::of(&copy, &[]).end();
    assert_eq!(code, Some(3));
    assert!(out.contains("Starting the backend on ") && out.contains("(built from "), "{out}");
    assert!(said.contains("Not started: there is no terminal"), "{said}");
    assert_eq!(containers(&copy).await, NONE);
    assert!(docker().await.inspect_image(&copy.image()).await.is_err(), "an image was built");
}

#[tokio::test]
async fn a_backend_is_started_followed_and_removed_at_a_signal() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let copy = DemoCopy::new();
        let mut opening = Opening::of(&copy, &["--yes"]);
        opening.says("Starting the backend");
        opening.says("The backend is running at unix://");
        opening.says(": running");
        let mut line = String::new();
        let mut stdout = BufReader::new(opening.child.stdout.take().unwrap());
        while !line.contains(" | listening on ") {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "no logs: {}", opening.seen);
        }
        assert_eq!(containers(&copy).await.len(), 1);
        opening.signal(signal);
        let (_, said, ended) = opening.end();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains("The backend is stopped and removed."), "{said}");
        assert_eq!(containers(&copy).await, NONE);
    }
}

#[tokio::test]
async fn a_signal_while_the_backend_starts_leaves_nothing() {
    let copy = DemoCopy::new();
    let mut opening = Opening::of(&copy, &["--yes"]);
    opening.says("Starting the backend");
    opening.signal("-TERM");
    let (_, said, code) = opening.end();
    assert_eq!(code, Some(143), "{said}");
    eventually("no container", async || containers(&copy).await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_backend_that_ends_by_itself_ends_it_with_1() {
    let copy = DemoCopy::new();
    let mut opening = Opening::of(&copy, &["--yes"]);
    opening.says(": running");
    let [container] = containers(&copy).await.try_into().unwrap();
    docker().await.kill_container(&container, None).await.unwrap();
    opening.says("exit code 137");
    let (_, said, code) = opening.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("The backend ended."), "{said}");
    assert_eq!(containers(&copy).await, NONE);
}

#[tokio::test]
async fn a_backend_that_runs_already_is_followed_and_left_running() {
    let copy = DemoCopy::new();
    let mut first = Opening::of(&copy, &["--yes"]);
    first.says(": running");
    let mut second = Opening::of(&copy, &[]);
    second.says("The backend is running at ");
    second.signal("-TERM");
    let (_, said, code) = second.end();
    assert_eq!(code, Some(143), "{said}");
    assert!(!said.contains("Stopping"), "{said}");
    assert_eq!(containers(&copy).await.len(), 1);
    first.signal("-TERM");
    first.end();
    assert_eq!(containers(&copy).await, NONE);
}

//! `porthole-cli` with containers, and how its commands there are ended.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
};

use porthole_tests::{containers::running, eventually, given, started};

async fn output(command: Command) -> Output {
    tokio::process::Command::from(command).output().await.unwrap()
}

/// `porthole-cli exec` in a container, with options before the command, started through a program
/// that changes what it may do.
fn through(with: &[&str], name: &str, options: &[&str], args: &[&str]) -> Command {
    let cli = given("PORTHOLE_CLI");
    let mut line: Vec<&str> = with.to_vec();
    let place = format!("container:{name}");
    line.extend([cli.as_str(), "exec", &place]);
    line.extend(options);
    line.push("--");
    line.extend(args);
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).env("DOCKER_HOST", given("PORTHOLE_TEST_ENGINE")).stdin(Stdio::null());
    command
}

fn in_container(name: &str, args: &[&str]) -> Command {
    through(&[], name, &[], args)
}

/// Signals the `porthole-cli` that a child is, or that it has started.
fn signal(child: &Child, signal: &str) {
    let own = format!("/proc/{0}/task/{0}/children", child.id());
    let below = std::fs::read_to_string(own).unwrap_or_default();
    let is_cli = |id: &str| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.starts_with(given("PORTHOLE_CLI").as_bytes()) && !String::from_utf8_lossy(&line).contains("--reaper")
    };
    let id = below.split_whitespace().find(|id| is_cli(id)).map_or_else(|| child.id().to_string(), str::to_owned);
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

#[tokio::test]
async fn container_commands_have_their_streams_and_code() {
    let container = running().await;
    let done = output(in_container(&container.name, &["sh", "-c", "echo out; echo err >&2; exit 3"])).await;
    assert_eq!(
        (done.stdout.as_slice(), done.stderr.as_slice(), done.status.code()),
        (&b"out\n"[..], &b"err\n"[..], Some(3))
    );
    let gone = output(in_container("porthole-no-such", &["true"])).await;
    assert_eq!(gone.status.code(), Some(3));
}

#[tokio::test]
async fn a_killed_porthole_leaves_nothing_in_the_container() {
    let container = running().await;
    for kill in ["-KILL", "-INT"] {
        let mut child = started(in_container(&container.name, &["sh", "-c", "echo ready; sleep 64001"]));
        assert!(container.has_process("64001").await);
        signal(&child, kill);
        child.wait().unwrap();
        eventually("an empty container", async || (!container.has_process("64001").await).then_some(())).await;
    }
}

/// As with an engine in a virtual machine: the host's `/proc` knows nothing of the container.
#[tokio::test]
async fn where_the_host_does_not_see_the_process_a_shell_in_the_container_stops_it() {
    let container = running().await;
    let apart = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"];
    // The same command, started by somebody else, must not be hit.
    let argv = ["sh", "-c", "echo ready; sleep 65001; echo never"];
    let mut other = started(in_container(&container.name, &argv));
    for argv in [
        &argv[..],
        &["sh", "-c", "echo ready; exec sleep 65002"],
        &["sh", "-c", "echo ready\nsleep 65003\n"],
        &["sh", "-c", "echo ready; sleep 65004 | sleep 65005; echo never", ""],
    ] {
        let mut child = started(through(&apart, &container.name, &[], argv));
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().code(), Some(143), "{argv:?}");
    }
    // What Porthole adds is a fact of the run.
    let waits = ["sh", "-c", "env; until [ -e /go ]; do sleep 0.05; done"];
    let mut child = through(&apart, &container.name, &["--json"], &waits).stdout(Stdio::piped()).spawn().unwrap();
    let (mut lines, mut facts) = (BufReader::new(child.stdout.take().unwrap()), String::new());
    while !facts.contains("\"event\":\"started\"") {
        assert!(lines.read_line(&mut facts).unwrap() > 0, "{facts}");
    }
    container.sh(": >/go").await;
    lines.read_to_string(&mut facts).unwrap();
    child.wait().unwrap();
    assert!(facts.contains("\"marker\":\"PORTHOLE_EXEC="), "{facts}");
    assert!(facts.contains("\"containment\":\"marker\""), "{facts}");
    for line in ["65002", "65003", "65004", "65005"] {
        eventually("the end of the command", async || (!container.has_process(line).await).then_some(())).await;
    }
    assert!(container.has_process("65001").await);
    signal(&other, "-KILL");
    other.wait().unwrap();
    eventually("an empty container", async || (!container.has_process("65001").await).then_some(())).await;
}

/// As for most users, who may not signal the processes of an engine that runs as root.
#[tokio::test]
async fn where_the_host_may_not_signal_the_process_a_kill_in_the_container_does() {
    let container = running().await;
    let powerless = ["setpriv", "--bounding-set=-kill"];
    let argv = ["sh", "-c", "echo ready; sleep 66001"];
    let mut command = through(&powerless, &container.name, &["--user", "author", "--json"], &argv);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.any(|line| line.contains("ready")));
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let rest: Vec<String> = told.collect();
    assert!(rest.iter().any(|line| line.contains("stop_sent")), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("signaled")), "{rest:?}");
    eventually("an empty container", async || (!container.has_process("66001").await).then_some(())).await;
}

/// A docker configuration with one context, of the tests' engine.
fn config() -> tempfile::TempDir {
    let config = tempfile::tempdir().unwrap();
    let folder = config.path().join("contexts/meta/0");
    std::fs::create_dir_all(&folder).unwrap();
    let host = given("PORTHOLE_TEST_ENGINE");
    let meta = format!(r#"{{"Name":"elsewhere","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
    std::fs::write(folder.join("meta.json"), meta).unwrap();
    config
}

#[tokio::test]
async fn a_context_may_be_named_and_one_that_is_not_there_is_said_to_be() {
    let container = running().await;
    let config = config();
    let in_context = |context: &str| {
        let mut command = through(&[], &container.name, &["--context", context], &["echo", "there"]);
        command.env("DOCKER_CONFIG", config.path()).env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        output(command)
    };
    let done = in_context("elsewhere").await;
    assert_eq!((done.stdout.as_slice(), done.status.code()), (&b"there\n"[..], Some(0)), "{done:?}");
    let gone = in_context("nowhere").await;
    assert_eq!(gone.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("Known contexts: default, elsewhere"), "{gone:?}");
    // The way to a socket in a container of it: that there is none, its own engine says.
    let endpoint = format!("container://{}/run/no.sock", container.name);
    let mut request = Command::new(given("PORTHOLE_CLI"));
    request.args(["request", "GET", "/", "--context", "elsewhere", "--endpoint", &endpoint]);
    request.env("DOCKER_CONFIG", config.path()).env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let asked = output(request).await;
    assert!(String::from_utf8_lossy(&asked.stderr).contains("Nothing exists at"), "{asked:?}");
}

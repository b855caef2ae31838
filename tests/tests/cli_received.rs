//! `porthole-cli --received`: what an extension's code would get.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

use porthole_app::demo::Demo;
use porthole_tests::{
    cli::{cli, text},
    given,
};

#[tokio::test]
async fn a_request_prints_what_its_code_receives() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    let endpoint = demo.endpoint().to_string();
    let ask = async |path: &str, runtime: &str| {
        cli(&["request", "GET", path, "--endpoint", &endpoint, "--received", runtime]).await
    };
    let hello = ask("/hello", "docker-desktop").await;
    assert_eq!(text(&hello.stdout), "resolves to { message: 'Hello from the demo backend' }\n");
    assert_eq!(hello.status.code(), Some(0));
    let missing = ask("/status/404", "podman-desktop").await;
    assert!(text(&missing.stdout).contains("Error: Not Found"), "{}", text(&missing.stdout));
    let older = ask("/status/404", "podman-desktop-older").await;
    assert!(text(&older.stdout).contains("Response code 404 (Not Found)"), "{}", text(&older.stdout));
    assert_eq!(missing.status.code(), Some(1), "the exit code tells the status, whatever the code receives");
    let closed = ask("/close", "docker-desktop").await;
    assert_eq!(
        text(&closed.stdout),
        "rejects with { name: 'Error', message: 'socket hang up', statusCode: undefined }\n"
    );
    assert_eq!(closed.status.code(), Some(3));
    assert!(text(&closed.stderr).starts_with("porthole-cli: "));
}

#[tokio::test]
async fn a_command_prints_what_its_code_receives() {
    let exec = async |options: &[&str], argv: &[&str]| {
        cli(&[&["exec", "host", "--received"], options, &["--"], argv].concat()).await
    };
    let failed = exec(&["rancher-desktop"], &["sh", "-c", "echo out; exit 4"]).await;
    let expected = "rejects with {\n  cmd: 'sh -c echo out; exit 4',\n  signal: undefined,\n  code: 4,\n  stdout: 'out\\n',\n  stderr: '',\n  lines(),\n  parseJsonLines(),\n  parseJsonObject()\n}\n";
    assert_eq!(text(&failed.stdout), expected);
    assert_eq!(failed.status.code(), Some(4));
    let done = exec(&["docker-desktop"], &["true"]).await;
    let methods = "lines(), parseJsonLines(), parseJsonObject()";
    assert_eq!(text(&done.stdout), format!("resolves to {{ stdout: '', stderr: '', {methods} }}\n"));
    assert!(text(&done.stderr).contains("through a shell"), "it says that Docker Desktop would use one");
    let missing = exec(&["docker-desktop"], &["porthole-no-such-program"]).await;
    assert!(text(&missing.stdout).contains("code: 127"));
    assert_eq!(missing.status.code(), Some(127));
}

#[tokio::test]
async fn callbacks_are_printed_one_a_line() {
    let exec = async |options: &[&str]| {
        let argv = &["--", "sh", "-c", "printf 'a\\nb'; kill -TERM $$"];
        let done = cli(&[&["exec", "host", "--received"], options, argv].concat()).await;
        assert_eq!(done.status.code(), Some(128 + 15));
        text(&done.stdout).to_owned()
    };
    assert_eq!(exec(&["docker-desktop", "--stream"]).await, "onOutput({ stdout: 'a\\nb' })\nonClose(null)\n");
    let lines = "onOutput({ stdout: 'a' })\n";
    assert_eq!(
        exec(&["docker-desktop", "--stream", "--split-lines"]).await,
        format!("{lines}onOutput({{ stdout: 'b' }})\nonClose(null)\n")
    );
    assert_eq!(exec(&["rancher-desktop", "--stream", "--split-lines"]).await, format!("{lines}onError('SIGTERM')\n"));
}

#[tokio::test]
async fn words_that_mean_nothing_are_refused() {
    for args in [
        &["exec", "host", "--received", "lima", "--", "true"][..],
        &["exec", "host", "--stream", "--", "true"],
        &["exec", "host", "--received", "docker-desktop", "--json", "--", "true"],
        &["exec", "host", "--received", "docker-desktop", "--split-lines", "--", "true"],
    ] {
        assert_eq!(cli(args).await.status.code(), Some(2), "{args:?}");
    }
    let refused = cli(&["exec", "host", "--received", "lima", "--", "true"]).await;
    assert!(text(&refused.stderr).contains("docker-desktop, rancher-desktop, podman-desktop, podman-desktop-older"));
}

#[test]
fn an_interrupt_ends_the_command_and_is_what_code_would_see() {
    // The command leaves a mark when it is up: nothing is printed before the end.
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("up");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let script = format!("echo up > {}; exec sleep 600", fifo.display());
    let mut child = Command::new(given("PORTHOLE_CLI"))
        .args(["exec", "host", "--received", "docker-desktop", "--", "sh", "-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut up = String::new();
    BufReader::new(std::fs::File::open(fifo).unwrap()).read_line(&mut up).unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(printed.contains("signal: 'SIGTERM'"), "{printed}");
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(128 + 15), None));
}

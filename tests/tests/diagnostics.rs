//! What is said about real Calls: each route of the demo backend, and commands on this machine.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use porthole_app::demo::Demo;
use porthole_base::error::{Code, Error};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Header, Request},
};
use porthole_process::{Command, Place, Signal, Streaming};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCounts, Severity};
use porthole_tests::{
    calls::{Calls, ended, told},
    eventually,
    gate::Gate,
    given,
    servers::{Raw, nginx},
};
use porthole_timeline::{CallId, Origin, Outcome, Summary, Timeline};

/// What is said, when the timeline has told how much that is.
async fn diagnostics(timeline: &Timeline, id: CallId) -> Vec<Diagnostic> {
    ended(timeline, id).await;
    let diagnostics = timeline.diagnostics(id).await.unwrap();
    let found = DiagnosticCounts::of(&diagnostics);
    told(timeline, |changes| changes.calls.iter().any(|row| row.id == id && row.found == found).then_some(())).await;
    diagnostics
}

async fn names(timeline: &Timeline, id: CallId) -> Vec<&'static str> {
    diagnostics(timeline, id).await.into_iter().map(|diagnostic| diagnostic.code.name()).collect()
}

async fn sent(calls: &Calls, endpoint: &Endpoint, request: Request) -> Vec<&'static str> {
    let id = calls.timeline.send(Origin::Composer, endpoint.clone(), request);
    names(&calls.timeline, id).await
}

fn run(calls: &Calls, command: Command) -> CallId {
    calls.timeline.run(Origin::Composer, Err(Error::new(Code::EngineUnavailable, "no engine in this test")), command)
}

fn host(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Host, program, args.iter().copied())
}

/// With callbacks, so that nothing is to be said of quoting.
fn script(script: &str) -> Command {
    Command { stream: Some(Streaming::default()), ..host("sh", &["-c", script]) }
}

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

#[tokio::test]
async fn each_route_of_the_demo_backend_gets_what_is_to_be_said_of_it() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let json = Body::Json { text: "{\"size\": 7}".into() };
    let post = Request { body: json.clone(), ..Request::new("POST", "/echo") };
    let signed = Request { headers: vec![Header { name: "X-From".into(), value: "me".into() }], ..post.clone() };
    for (request, rules) in [
        (get("/"), &[][..]),
        (get("/hello"), &[]),
        (post, &[]),
        (get("/slow?ms=5"), &[]),
        (get("/bytes/300000"), &[]),
        (get("/openapi.json"), &[]),
        (signed, &["headers-need-request"]),
        (Request { body: json, ..Request::new("DELETE", "/echo") }, &["data-needs-request"]),
        (Request::new("PURGE", "/echo"), &["settles-differently", "method-not-offered"]),
        (Request::new("HEAD", "/hello"), &["head-empty"]),
        (get("/status/201"), &["answer-hidden"]),
        (get("/status/204"), &["empty-body"]),
        (get("/ndjson?count=3&every=1"), &["body-delivered-whole"]),
        (get("/events?count=2&every=1"), &["event-stream"]),
        (get("/numbers"), &["number-not-exact"]),
        (get("/close"), &["socket-hang-up"]),
        (get("/cut"), &["body-cut"]),
    ] {
        let what = format!("{} {}", request.method, request.path);
        assert_eq!(sent(&calls, demo.endpoint(), request).await, rules, "{what}");
    }
    // What the Runtimes make of an error may be said beside these.
    for (path, rule) in [("/status/404", "error-without-code"), ("/html-error", "html-for-json")] {
        let rules = sent(&calls, demo.endpoint(), get(path)).await;
        assert!(rules.contains(&rule), "{path}: {rules:?}");
        assert!(rules.len() <= 3, "{path}: {rules:?}");
    }
}

#[tokio::test]
async fn healthy_commands_have_no_findings() {
    let calls = Calls::new();
    let lines = Some(Streaming { split_lines: true });
    for command in [
        host("echo", &["hi"]),
        host("true", &[]),
        host("ls", &["-l", "/"]),
        Command { stream: lines, ..host("seq", &["10"]) },
        Command { stream: lines, ..host("seq", &["100000"]) },
        script("echo \"$HOME\" | wc -c > /dev/null; echo 'größe'"),
        script("printf 'no line end'"),
    ] {
        let what = format!("{command:?}");
        let id = run(&calls, command);
        assert_eq!(names(&calls.timeline, id).await, [] as [&str; 0], "{what}");
        assert_eq!(ended(&calls.timeline, id).await.found, DiagnosticCounts::default());
    }
}

#[tokio::test]
async fn ends_of_commands_are_explained() {
    let calls = Calls::new();
    let no_bit = calls.directory.path().join("no-bit");
    std::fs::write(&no_bit, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&no_bit, std::fs::Permissions::from_mode(0o644)).unwrap();
    let no_bit = no_bit.display().to_string();
    for (command, rule, words) in [
        (script("no-such-program-here"), "exit-127", "no-such-program-here"),
        (script(&format!("'{no_bit}'")), "exit-126", "ermission denied"),
        (script("exit 137"), "exit-of-signal", "SIGKILL"),
        (script("kill -SEGV $$"), "ended-by-signal", "SIGSEGV ended the command"),
        (script("kill -TERM $$"), "ended-by-signal", "SIGTERM"),
        (host("no-such-program-here", &[]), "program-missing", "no-such-program-here"),
        (host(&no_bit, &[]), "program-not-executable", "no-bit"),
        (host("ls -l", &[]), "program-with-spaces", "`ls -l`"),
        (script("echo out; echo warn: slow >&2"), "stderr-with-success", "`warn: slow`"),
        (script("echo 1.2.3 >&2"), "only-stderr", "`1.2.3`"),
        (script("printf '\\377\\376'"), "output-not-text", "0xff"),
        (script("printf '{\"a\":1}\\n{\"a\":2}\\nready\\n'"), "bad-json-line-in-output", "Line 3"),
        (script("echo '{\"id\": 9007199254740993}'"), "number-not-exact-in-output", "`$.id`"),
        (script("echo 'Error: connect ECONNREFUSED 127.0.0.1:80' >&2; exit 1"), "socket-path-lost", "ECONNREFUSED"),
        (host("cat", &["/dev/null", "|", "wc"]), "shell-operator", "`|`"),
        (host("echo", &["a b"]), "argument-split", "`a b`"),
        (host("seq", &["300000"]), "output-over-limit", "2.0 MB"),
    ] {
        let what = format!("{command:?}");
        let id = run(&calls, command);
        let diagnostics = diagnostics(&calls.timeline, id).await;
        let diagnostic = diagnostics.iter().find(|diagnostic| diagnostic.code.name() == rule);
        let diagnostic = diagnostic.unwrap_or_else(|| panic!("{what}: {diagnostics:#?}"));
        let told = format!("{} {}", diagnostic.summary, diagnostic.impact);
        assert!(told.contains(words), "{diagnostic:#?}");
    }
}

#[tokio::test]
async fn a_character_that_two_chunks_cut_is_told() {
    let (calls, mut gate) = (Calls::new(), Gate::closed());
    let id = run(&calls, script(&format!("printf 'caf\\303'; {}; printf '\\251\\n'", gate.wait())));
    let output = calls.timeline.output(id).unwrap();
    eventually("the first half", async || (output.counts().chunks == 1).then_some(())).await;
    gate.open();
    let diagnostics = diagnostics(&calls.timeline, id).await;
    let diagnostic = diagnostics.iter().find(|diagnostic| diagnostic.code.name() == "character-cut");
    assert!(diagnostic.is_some_and(|diagnostic| diagnostic.summary.contains("`é`")), "{diagnostics:#?}");
}

#[tokio::test]
async fn a_line_that_splitting_loses_is_told() {
    let calls = Calls::new();
    let command = Command { stream: Some(Streaming { split_lines: true }), ..script("printf 'one\\ntwo'") };
    let id = run(&calls, command);
    let diagnostics = diagnostics(&calls.timeline, id).await;
    assert_eq!(diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect::<Vec<_>>(), ["last-line-lost"]);
    assert!(diagnostics[0].summary.ends_with("`two`"), "{diagnostics:?}");
}

#[tokio::test]
async fn a_stopped_command_is_told_what_close_does() {
    let calls = Calls::new();
    let id = run(&calls, script("echo ready; exec sleep 63001"));
    told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.stdout.lines > 0).then_some(())).await;
    calls.timeline.stop(id, Signal::Term).await.unwrap();
    let rules = names(&calls.timeline, id).await;
    assert!(rules.contains(&"close-differs") && !rules.contains(&"ended-by-signal"));
}

#[tokio::test]
async fn addresses_that_nobody_answers_at_are_told_apart() {
    let calls = Calls::new();
    let at = |path: String| Endpoint::Unix(path.into());
    let folder = calls.directory.path().display().to_string();
    std::fs::create_dir(format!("{folder}/a-folder.sock")).unwrap();
    drop(std::os::unix::net::UnixListener::bind(format!("{folder}/left.sock")).unwrap());
    for (endpoint, rule) in [
        (at(format!("{folder}/none.sock")), "nobody-listens"),
        (at(format!("{folder}/left.sock")), "nobody-listens"),
        (at(format!("{folder}/a-folder.sock")), "nobody-listens"),
        (at(format!("/{}", "s".repeat(130))), "socket-path-too-long"),
    ] {
        assert_eq!(sent(&calls, &endpoint, get("/")).await, [rule], "{endpoint}");
    }
}

#[tokio::test]
async fn answers_of_other_servers_are_judged_too() {
    let calls = Calls::new();
    for (answer, rule) in [
        (
            &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"[..],
            "connection-upgraded",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not-http"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\": 1,}", "not-json"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n<html>", "html-for-json"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n{}\nnope\n", "bad-json-line"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG", "body-not-text"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\nfalse", "falsy-body"),
    ] {
        let raw = Raw::answering(answer);
        let rules = sent(&calls, &raw.endpoint, get("/x")).await;
        assert!(rules.contains(&rule), "{}: {rules:?}", String::from_utf8_lossy(answer));
    }
}

#[tokio::test]
async fn nginx_pages_are_healthy_and_what_it_hides_is_told() {
    let (calls, nginx) = (Calls::new(), nginx().await);
    assert_eq!(sent(&calls, &nginx.endpoint, get("/")).await, ["answer-hidden"], "it sets cookies");
    assert_eq!(sent(&calls, &nginx.endpoint, get("/moved")).await, ["redirect"]);
    let zipped =
        Request { headers: vec![Header { name: "Accept-Encoding".into(), value: "gzip".into() }], ..get("/long.txt") };
    assert_eq!(sent(&calls, &nginx.endpoint, zipped).await, ["body-compressed", "answer-hidden"]);
}

#[tokio::test]
async fn a_long_output_is_looked_at_in_its_ends_alone() {
    let calls = Calls::new();
    let id = run(&calls, script("seq 3000000; echo 'connect ECONNREFUSED 127.0.0.1:80'; exit 1"));
    let diagnostics = diagnostics(&calls.timeline, id).await;
    assert_eq!(diagnostics[0].code.name(), "socket-path-lost", "{diagnostics:?}");
    assert_eq!(diagnostics[0].severity, Severity::Error);
}

#[tokio::test]
async fn nothing_is_said_while_a_call_goes_on_and_a_cleared_one_is_unknown() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let id = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), get("/events?every=5"));
    let live = |row: &Summary| row.id == id && row.counts.chunks > 2;
    told(&calls.timeline, |changes| changes.calls.iter().any(live).then_some(())).await;
    assert_eq!(calls.timeline.diagnostics(id).await.unwrap(), []);
    calls.timeline.cancel(id).await.unwrap();
    assert_eq!(ended(&calls.timeline, id).await.outcome, Outcome::Cancelled);
    assert_eq!(names(&calls.timeline, id).await, ["event-stream"]);
    calls.timeline.clear();
    assert_eq!(calls.timeline.diagnostics(id).await.unwrap_err().code, Code::CallNotFound);
}

#[tokio::test]
async fn a_kept_call_has_its_findings_after_the_next_start() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let id = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), get("/numbers"));
    let before = diagnostics(&calls.timeline, id).await;
    calls.timeline.keep(id, true).await.unwrap();
    let next = Calls::at(calls.directory.path(), u64::MAX);
    next.reopen_kept();
    let row = told(&next, |changes| changes.calls.first().cloned()).await;
    assert_eq!(row.found, DiagnosticCounts { errors: 0, warnings: 1, notes: 0 });
    assert_eq!(next.diagnostics(row.id).await.unwrap(), before);
}

/// What `porthole-cli` says on stderr.
async fn said(args: &[&str]) -> String {
    let mut command = tokio::process::Command::new(given("PORTHOLE_CLI"));
    let output = command.args(args).stdin(std::process::Stdio::null()).output().await.unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn the_command_line_prints_them_when_asked() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let endpoint = demo.endpoint().to_string();
    let request = async |path: &str| said(&["request", "GET", path, "--endpoint", &endpoint, "--findings"]).await;
    assert_eq!(request("/hello").await, "");
    let numbers = request("/numbers").await;
    assert!(numbers.starts_with("\nwarning: The body contains the number `9007199254740993`"), "{numbers}");
    assert!(numbers.contains("[number-not-exact]\n"), "{numbers}");
    assert!(request("/close").await.contains("[socket-hang-up]"));
    assert_eq!(said(&["request", "GET", "/numbers", "--endpoint", &endpoint]).await, "");
    assert_eq!(said(&["exec", "host", "--findings", "--", "echo", "hi"]).await, "", "its directory is nobody's wish");
    let died = said(&["exec", "host", "--findings", "--", "sh", "-c", "kill -SEGV $$"]).await;
    assert!(died.contains("error: SIGSEGV ended the command") && died.contains("[argument-split]"), "{died}");
    assert!(said(&["exec", "host", "--findings", "--cwd", "/", "--", "ls"]).await.contains("[cwd-ignored]"));
}

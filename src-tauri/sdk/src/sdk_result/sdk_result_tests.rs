#[path = "exchange_tests.rs"]
mod exchanges;

use super::*;
use crate::{
    call::Origin,
    functions::SdkFunction,
    sdk_call::{Brief, CliTarget, EngineList, Sdk, SdkExec, SdkList, SdkRequest},
};
use porthole_base::error::{Code, Error};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{
        Body, Excess, Exchange, ExchangeEvent, Failure, Head, Header, HttpClient, Redirect, Request, Response, Stage,
    },
};
use porthole_process::{Command, Ending, EnvMode, EnvVar, Place, Run, RunEvent, Signal, Started, Streaming};

const DOCKER: Runtime = Runtime::DockerDesktop;
const RANCHER: Runtime = Runtime::RancherDesktop;
const PODMAN: Runtime = Runtime::PodmanDesktop;
const OLDER: Runtime = Runtime::PodmanDesktopOlder;

fn call(act: Act) -> Call {
    Call { id: 1, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act }
}

fn host() -> Command {
    Command::new(Place::Host, "tool", ["a b"])
}

fn inside() -> Command {
    Command { place: Place::Container { name: "c".into() }, ..host() }
}

fn streaming(command: Command) -> Command {
    Command { stream: Some(Streaming { split_lines: true }), ..command }
}

fn ran(command: Command, events: impl IntoIterator<Item = RunEvent>) -> Call {
    let mut run = Run::new(command);
    events.into_iter().for_each(|event| run.apply(event));
    call(Act::Run(run))
}

fn ended(command: Command, ending: Ending) -> Call {
    let started = RunEvent::Started { at_us: 1, started: Started::default() };
    ran(command, [started, RunEvent::Ended { at_us: 5, ending }, RunEvent::Closed { at_us: 6 }])
}

fn exited(command: Command, code: i64) -> Call {
    ended(command, Ending::Exited { code })
}

fn killed(command: Command) -> Call {
    ended(command, Ending::Signaled { signal: 15, name: "SIGTERM".into() })
}

fn failed(command: Command, code: Code) -> Call {
    let error = Error::new(code, "what failed").detail("the words below");
    ran(command, [RunEvent::Failed { at_us: 3, error }])
}

fn text(call: &Call, runtime: Runtime) -> String {
    render(&received(call, Written::whole(b"out", b"err"), runtime).outcome)
}

fn holds(call: &Call, runtime: Runtime, parts: &[&str]) {
    let text = text(call, runtime);
    for part in parts {
        assert!(text.contains(part), "{runtime}: no `{part}` in {text}");
    }
}

fn says(call: &Call, runtime: Runtime, words: &str) -> bool {
    received(call, Written::default(), runtime).rules.iter().any(|rule| rule.text.contains(words))
}

#[test]
fn code_is_absent_on_success_or_0() {
    let call = exited(host(), 0);
    assert!(!text(&call, DOCKER).contains("code"));
    holds(&call, RANCHER, &["resolves to", "cmd: 'tool a b'", "signal: undefined", "code: 0", "lines()"]);
    holds(&call, OLDER, &["resolves to", "cmd: 'tool'", "code: 0", "parseJsonObject()"]);
    assert!(says(&call, DOCKER, "absent"));
}

#[test]
fn a_failure_rejects_with_what_the_runtime_keeps_of_it() {
    let call = exited(host(), 9);
    holds(&call, DOCKER, &["rejects", "killed: false", "code: 9", "signal: null", "cmd: 'tool a b'", "stderr: 'err'"]);
    holds(&call, RANCHER, &["rejects", "code: 9", "stdout: 'out'"]);
    assert_eq!(text(&call, OLDER), "rejects with { toString(), stderr: 'err', stdout: 'out' }");
}

#[test]
fn in_a_container_podman_desktop_knows_no_failure() {
    let call = exited(inside(), 9);
    holds(&call, OLDER, &["resolves to", "code: 0", "stderr: 'err'"]);
    assert!(says(&call, OLDER, "never read"));
    holds(&call, DOCKER, &["rejects", "code: 9"]);
    assert!(matches!(
        received(&exited(streaming(inside()), 9), Written::default(), OLDER).outcome,
        SdkOutcome::Streamed { end: End::Close { code: Value::Number { text } } } if text == "0"
    ));
}

#[test]
fn a_signal_is_told_or_hidden() {
    let call = killed(host());
    holds(&call, DOCKER, &["rejects", "code: null", "signal: 'SIGTERM'"]);
    holds(&call, RANCHER, &["rejects", "signal: 'SIGTERM'", "code: undefined"]);
    holds(&call, OLDER, &["resolves to", "code: 0"]);
    holds(&killed(inside()), DOCKER, &["code: 143", "signal: null"]);
    let stream = killed(streaming(host()));
    assert_eq!(text(&stream, DOCKER), "onClose(null)");
    assert_eq!(text(&stream, RANCHER), "onError('SIGTERM')");
    assert_eq!(text(&stream, OLDER), "onClose(null)");
}

#[test]
fn after_a_close_rancher_desktop_says_nothing() {
    let stop = |signal| RunEvent::StopSent { at_us: 2, signal };
    let end = RunEvent::Ended { at_us: 5, ending: Ending::Exited { code: 0 } };
    let closed = RunEvent::Closed { at_us: 6 };
    let call = ran(streaming(host()), [stop(Signal::Term), end.clone(), closed.clone()]);
    assert_eq!(text(&call, RANCHER), "no callback reports the end");
    assert_eq!(text(&call, DOCKER), "onClose(0)");
    assert!(says(&call, RANCHER, "After `close()`") && says(&call, OLDER, "no effect"));
    let other = ran(streaming(host()), [stop(Signal::Int), end, closed]);
    assert_eq!(text(&other, RANCHER), "onClose(0)", "only SIGTERM is a close()");
    assert!(!says(&other, OLDER, "no effect"));
}

#[test]
fn what_goes_on_is_pending_and_what_is_lost_never_comes() {
    let started = RunEvent::Started { at_us: 1, started: Started::default() };
    for runtime in Runtime::ALL {
        assert_eq!(text(&ran(host(), [started.clone()]), runtime), "pending");
        assert_eq!(text(&ran(streaming(host()), [started.clone()]), runtime), "still open");
        let lost = RunEvent::Failed { at_us: 9, error: Error::new(Code::EngineLost, "gone") };
        assert_eq!(text(&ran(host(), [started.clone(), lost.clone()]), runtime), "never settles");
        assert_eq!(text(&ran(streaming(host()), [started.clone(), lost]), runtime), "no callback reports the end");
    }
}

#[test]
fn a_program_that_is_missing_is_told_by_a_shell_or_by_node() {
    let call = failed(host(), Code::ProgramNotFound);
    holds(&call, DOCKER, &["code: 127", "stderr: '/bin/sh: 1: tool: not found\\n'"]);
    holds(&call, RANCHER, &["Error {", "spawn tool ENOENT"]);
    holds(&call, OLDER, &["stderr: '/bin/sh: 1: tool: not found\\n'"]);
    let denied = failed(host(), Code::ProgramNotExecutable);
    holds(&denied, DOCKER, &["code: 126", "Permission denied"]);
    holds(&denied, RANCHER, &["spawn tool EACCES"]);
    let stream = failed(streaming(host()), Code::ProgramNotFound);
    for runtime in [DOCKER, RANCHER] {
        assert_eq!(text(&stream, runtime), "onError(Error { name: 'Error', message: 'spawn tool ENOENT' })");
    }
    assert_eq!(text(&stream, OLDER), "onClose(-2)");
    assert_eq!(text(&failed(streaming(host()), Code::ProgramNotExecutable), OLDER), "onClose(-13)");
}

#[test]
fn a_missing_directory_is_a_missing_shell_or_ignored() {
    let call = failed(Command { cwd: Some("/gone".into()), ..host() }, Code::CwdInvalid);
    holds(&call, DOCKER, &["code: 'ENOENT'", "spawn /bin/sh ENOENT"]);
    holds(&call, RANCHER, &["spawn tool ENOENT"]);
    assert!(says(&call, OLDER, "ignored"));
}

#[test]
fn in_a_container_the_runtimes_words_are_the_output_of_exit_126_or_127() {
    let end = RunEvent::Ended { at_us: 5, ending: Ending::Exited { code: 127 } };
    let error = Error::new(Code::ProgramNotFound, "no such").detail("OCI runtime exec failed");
    let told = ran(inside(), [end, RunEvent::Failed { at_us: 6, error }]);
    holds(&told, DOCKER, &["code: 127", "stdout: 'out'", "stderr: 'err'"]);
    holds(&told, OLDER, &["resolves to", "code: 0", "stdout: 'out'"]);
    let refused = failed(inside(), Code::ProgramNotFound);
    holds(&refused, DOCKER, &["code: 127", "stderr: 'the words below'"]);
    assert_eq!(text(&refused, OLDER), "rejects with { toString(), stderr: '', stdout: '' }");
    holds(&failed(inside(), Code::CwdInvalid), RANCHER, &["code: 126"]);
}

#[test]
fn without_a_container_every_runtime_says_so_in_its_way() {
    let call = failed(inside(), Code::ContainerNotFound);
    holds(&call, DOCKER, &["code: 1", "Error response from daemon: what failed"]);
    holds(&call, RANCHER, &["code: 1", "what failed"]);
    holds(&call, OLDER, &["Error {", "docker-plugin-adapter:exec\\': Error: what failed"]);
}

#[test]
fn a_command_that_was_stopped_before_its_start_died_of_the_signal() {
    holds(&failed(host(), Code::Cancelled), DOCKER, &["signal: 'SIGTERM'"]);
}

#[test]
fn a_long_output_may_be_too_long_for_docker_desktop_alone() {
    let written = Written { stdout_len: 2_000_000, ..Written::default() };
    let call = exited(host(), 0);
    let rules =
        |runtime| received(&call, written, runtime).rules.iter().any(|rule| rule.text.contains("1,048,576 bytes"));
    assert_eq!(Runtime::ALL.map(rules), [true, false, false, false]);
    assert!(!says(&call, DOCKER, "1,048,576 bytes"));
}

#[test]
fn a_text_that_is_cut_tells_its_length() {
    let written = Written { stdout_len: 9, limit: 2, ..Written::whole("aü".as_bytes(), b"") };
    let SdkOutcome::Resolved { value: Value::Object { fields, .. } } =
        received(&exited(host(), 0), written, DOCKER).outcome
    else {
        panic!("not resolved")
    };
    assert_eq!(fields[0].value, Some(Value::Text(Text { text: "a".into(), bytes: 9, cut: true })));
}

fn as_run(call: &Call) -> [bool; 4] {
    Runtime::ALL.map(|runtime| received(call, Written::default(), runtime).as_run)
}

#[test]
fn a_plain_host_command_of_the_composer_is_one_without_a_shell() {
    assert_eq!(as_run(&exited(host(), 0)), [false, true, true, false]);
    assert_eq!(as_run(&exited(streaming(host()), 0)), [true; 4]);
    assert_eq!(as_run(&exited(inside(), 0)), [false, true, true, true], "the argument with a space is split");
    let simple = Command { args: vec!["a".into()], ..inside() };
    assert_eq!(as_run(&exited(simple.clone(), 0)), [true; 4]);
    let env = vec![EnvVar { name: "A".into(), value: "b".into() }];
    assert_eq!(as_run(&exited(Command { env, ..simple.clone() }, 0)), [true, false, false, false]);
    assert_eq!(as_run(&exited(Command { cwd: Some("/".into()), ..simple.clone() }, 0)), [true, true, false, false]);
    assert_eq!(as_run(&exited(Command { user: Some("root".into()), ..simple }, 0)), [false; 4]);
    let replaced = Command { env_mode: EnvMode::Replace, ..streaming(host()) };
    assert_eq!(as_run(&exited(replaced, 0)), [false; 4]);
}

#[test]
fn what_was_asked_of_a_runtime_is_what_it_did() {
    let (cwd, env, container) = (None, vec![], None);
    let asked = SdkExec {
        whose: CliTarget::Host,
        cmd: "echo".into(),
        args: vec!["\"a b\"".into()],
        line: false,
        cwd,
        env,
        stream: None,
        container,
    };
    let sdk = Sdk::new(SdkCall::Exec(asked.clone()), OLDER);
    let PlannedAction::Command { command } = plan(&sdk.asked, OLDER, &porthole_engine::target::Target::demo()).does
    else {
        panic!("no command")
    };
    let call = Call { sdk: Some(sdk), ..exited(command, 0) };
    assert_eq!(as_run(&call), [true, false, false, true], "Docker Desktop has the same shell");
    holds(&call, OLDER, &["cmd: 'echo'"]);
    let line = SdkExec { line: true, ..asked };
    let call = Call { sdk: Some(Sdk::new(SdkCall::Exec(line), DOCKER)), ..call };
    holds(
        &call,
        RANCHER,
        &["throws TypeError { name: 'TypeError', message: 'ddClient.execHostCmd is not a function' }"],
    );
    assert_eq!(as_run(&call), [true, false, false, false]);
}

fn exchange(request: Request, status: u16, reason: &str, content_type: &str) -> Call {
    let mut exchange = Exchange::new(Endpoint::Unix("/b.sock".into()), request);
    let header = Header { name: "Content-Type".into(), value: content_type.into() };
    let head = Head { start_line: String::new(), headers: vec![header] };
    let response = Response { status, reason: reason.into(), head };
    exchange.apply(ExchangeEvent::Answered { first_byte_us: 1, response });
    exchange.apply(ExchangeEvent::Done { at_us: 2 });
    call(Act::Exchange(exchange))
}

#[test]
fn what_differs_is_marked_and_what_is_absent_is_there() {
    let all = compared(&exited(host(), 0), Written::whole(b"out", b""));
    let fields = |at: usize| match &all[at].outcome {
        SdkOutcome::Resolved { value: Value::Object { fields, .. } } => fields,
        other => panic!("{other:?}"),
    };
    let names: Vec<Vec<&str>> = (0..3).map(|at| fields(at).iter().map(|field| field.name.as_str()).collect()).collect();
    assert_eq!(names[0], names[1]);
    assert_eq!(names[1], names[2]);
    let of = |at: usize, name: &str| fields(at).iter().find(|field| field.name == name).unwrap().clone();
    assert_eq!((of(0, "code").value, of(0, "code").differs), (None, true));
    assert_eq!((of(1, "signal").value, of(2, "signal").value), (Some(Value::Undefined), None));
    assert!(!of(0, "stdout").differs && !of(2, "lines").differs && of(1, "cmd").differs);
    let same = compared(&exchange(Request::new("GET", "/x"), 200, "", ""), Written::whole(b"1", b""));
    assert!(same.iter().all(|one| one.outcome == same[0].outcome));
}

#[test]
fn nothing_has_more_rules_than_can_be_read() {
    let env = vec![EnvVar { name: "A".into(), value: "b".into() }];
    let busy = streaming(Command { env, cwd: Some("/".into()), args: vec!["$(x)".into()], ..inside() });
    for call in [exited(busy.clone(), 9), killed(Command { stream: None, ..busy }), failed(host(), Code::CwdInvalid)] {
        for one in compared(&call, Written { stdout_len: 1 << 40, ..Written::default() }) {
            assert!(!one.rules.is_empty() && one.rules.len() <= rules::AT_MOST, "{}", one.rules.len());
        }
    }
}

/// Each deprecated function, called on Docker Desktop, with what it made.
fn deprecated_calls() -> Vec<(&'static str, Call)> {
    let command = |whose, line, stream| SdkExec {
        whose,
        cmd: "tool".into(),
        args: vec![],
        line,
        cwd: None,
        env: vec![],
        stream,
        container: None,
    };
    let requested = |method: &str, named| {
        SdkCall::Request(SdkRequest { method: method.into(), url: "/x".into(), headers: vec![], named, data: None })
    };
    let list = |what| SdkCall::List(SdkList { what, options: None });
    let stream = Some(Streaming { split_lines: false });
    let mut calls = Vec::new();
    for (path, asked) in [
        ("spawnHostCmd", SdkCall::Exec(command(CliTarget::Host, false, stream))),
        ("spawnDockerCmd", SdkCall::Exec(command(CliTarget::Docker, false, stream))),
        ("spawnInVMExtension", SdkCall::Exec(command(CliTarget::Vm, false, stream))),
        ("backend.spawnInVMExtension", SdkCall::Exec(command(CliTarget::Vm, false, stream))),
        (
            "execDockerCmd",
            SdkCall::Exec(SdkExec { args: vec!["ps".into()], ..command(CliTarget::Docker, false, None) }),
        ),
        ("execHostCmd", SdkCall::Exec(command(CliTarget::Host, true, None))),
        ("backend.get", requested("GET", true)),
        ("backend.request", requested("GET", false)),
        ("listImages", list(EngineList::Images)),
        ("listContainers", list(EngineList::Containers)),
    ] {
        let mut call = match &asked {
            SdkCall::Exec(_) => exited(host(), 0),
            SdkCall::Request(_) | SdkCall::List(_) => exchange(Request::new("GET", "/x"), 200, "", "application/json"),
        };
        let called = Some(Brief::new(&format!("ddClient.{path}")));
        call.sdk = Some(Sdk { called, ..Sdk::new(asked, DOCKER) });
        calls.push((path, call));
    }
    calls
}

/// What was recorded on Docker Desktop can't have run where there is no such function.
#[test]
fn a_recorded_call_of_a_deprecated_function_throws_on_each_runtime_that_lacks_it() {
    for (path, call) in deprecated_calls() {
        let message = SdkFunction::at(path).unwrap().missing_on(RANCHER).unwrap();
        for runtime in [RANCHER, PODMAN, OLDER] {
            let got = received(&call, Written::whole(b"[]", b""), runtime);
            let thrown = SdkOutcome::Thrown { value: Value::error_of("TypeError", message.as_str()) };
            assert_eq!((got.outcome, got.as_run), (thrown, false), "{path} on {runtime}");
            assert!(got.rules[0].text.contains("doesn't have the deprecated functions"), "{path}: {:?}", got.rules);
            assert!(is_missing(&call, runtime), "{path} on {runtime}");
        }
        let own = received(&call, Written::whole(b"[]", b""), DOCKER);
        assert!(own.as_run && !matches!(own.outcome, SdkOutcome::Thrown { .. }), "{path}: {own:?}");
        assert!(!is_missing(&call, DOCKER));
        // The function that every runtime has.
        let mut current = call.clone();
        let named = format!("ddClient.{}", SdkFunction::at(path).unwrap().current());
        let sdk = current.sdk.take().unwrap();
        let is_line = matches!(&sdk.asked, SdkCall::Exec(asked) if asked.line);
        current.sdk = Some(Sdk { called: Some(Brief::new(&named)), ..sdk });
        for runtime in Runtime::ALL {
            let outcome = received(&current, Written::whole(b"[]", b""), runtime).outcome;
            assert!(is_line || !matches!(outcome, SdkOutcome::Thrown { .. }), "{named} on {runtime}: {outcome:?}");
        }
    }
}

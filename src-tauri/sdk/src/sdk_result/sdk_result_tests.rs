use super::*;
use crate::{
    call::Origin,
    sdk_call::{CliTarget, Sdk, SdkExec},
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
    let rules = |runtime| received(&call, written, runtime).rules.iter().any(|rule| rule.text.contains("1 MiB"));
    assert_eq!(Runtime::ALL.map(rules), [true, false, false, false]);
    assert!(!says(&call, DOCKER, "1 MiB"));
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

fn answer(status: u16, body: &str, runtime: Runtime) -> String {
    let call = exchange(Request::new("GET", "/x"), status, "", "text/plain");
    render(&received(&call, Written::whole(body.as_bytes(), b""), runtime).outcome)
}

#[test]
fn a_body_is_json_text_or_nothing() {
    for runtime in Runtime::ALL {
        assert_eq!(answer(200, " {\"a\":1} ", runtime), "resolves to { a: 1 }");
        assert_eq!(answer(200, "0", runtime), "resolves to 0");
        assert_eq!(answer(201, "{\"a\":1", runtime), "resolves to '{\"a\":1'");
        assert_eq!(answer(204, "", runtime), "resolves to ''");
        assert_eq!(answer(200, "01", runtime), "resolves to '01'");
    }
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let call = exchange(Request::new("GET", "/x"), 200, "", "text/plain");
    let outcome = received(&call, Written::whole(deep.as_bytes(), b""), DOCKER).outcome;
    assert!(matches!(outcome, SdkOutcome::Resolved { value: Value::Json(_) }), "no depth is too deep for JSON.parse");
}

#[test]
fn of_a_body_that_is_not_all_here_its_headers_are_believed() {
    let written = Written { stdout_len: 1 << 40, ..Written::whole(b"[1,", b"") };
    let of = |kind: &str| {
        let call = exchange(Request::new("GET", "/x"), 200, "", kind);
        match received(&call, written, DOCKER).outcome {
            SdkOutcome::Resolved { value } => matches!(value, Value::Json(Text { cut: true, .. })),
            other => panic!("{other:?}"),
        }
    };
    assert!(of("application/json") && !of("text/plain"));
}

#[test]
fn another_status_rejects_in_three_ways() {
    assert_eq!(answer(404, "no", DOCKER), "rejects with { name: 'Error', message: 'no', statusCode: 404 }");
    assert_eq!(answer(404, "no", RANCHER), "rejects with { statusCode: 404, name: 'Not Found', message: 'no' }");
    assert!(answer(404, "no", OLDER).contains("Response code 404 (Not Found)"));
    assert!(answer(403, "no", OLDER).contains("Unable to get access"));
    assert!(answer(499, "", RANCHER).contains("name: 'Unknown'"));
    let said = exchange(Request::new("GET", "/x"), 404, "Nothing Here", "text/plain");
    holds(&said, OLDER, &["Response code 404 (Nothing Here)"]);
    let gone = exchange(Request::new("GET", "/x"), 302, "Found", "text/plain");
    assert!(says(&gone, OLDER, "redirect") && says(&gone, RANCHER, "redirect") && !says(&said, RANCHER, "redirect"));
    let broken = exchange(Request::new("GET", "/x"), 503, "", "text/plain");
    assert!(says(&broken, OLDER, "retried up to two times") && !says(&said, OLDER, "two more times"));
}

#[test]
fn a_connection_that_fails_is_told_in_nodes_words() {
    for (code, words) in [
        (Code::EndpointMissing, "connect ENOENT /b.sock"),
        (Code::EndpointRefused, "connect ECONNREFUSED /b.sock"),
        (Code::EndpointNotSocket, "connect ECONNREFUSED /b.sock"),
        (Code::EndpointDenied, "connect EACCES /b.sock"),
        (Code::EndpointPathTooLong, "connect EINVAL /b.sock"),
        (Code::ConnectTimeout, "connect ETIMEDOUT /b.sock"),
        (Code::SendFailed, "write EPIPE"),
        (Code::ClosedBeforeResponse, "socket hang up"),
        (Code::BadResponse, "Parse Error: Expected HTTP/"),
        (Code::BodyCut, "aborted"),
        (Code::RequestInvalid, "what failed"),
    ] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, "what failed"));
        let docker = format!("rejects with {{ name: 'Error', message: '{words}', statusCode: undefined }}");
        assert_eq!(text(&call, DOCKER), docker);
        holds(&call, RANCHER, &["request to http://127.0.0.1/x failed, reason: ", words]);
        holds(&call, OLDER, &["extensionVMServiceRequest\\': Error: ", words]);
    }
    // Whatever words the system has for it.
    for code in [Code::ClosedBeforeResponse, Code::SendFailed] {
        let failure = Failure { reset: true, ..Failure::new(Stage::Head, Error::new(code, "getrennt")) };
        let mut exchange = Exchange::new(Endpoint::Unix("/b.sock".into()), Request::new("GET", "/x"));
        exchange.apply(ExchangeEvent::Failed { at_us: 1, failure });
        holds(&call(Act::Exchange(exchange)), DOCKER, &["read ECONNRESET"]);
    }
    let closed = Error::new(Code::ClosedBeforeResponse, "closed").detail("Connection reset by peer (os error 104)");
    holds(&broken(Endpoint::Unix("/b.sock".into()), closed), DOCKER, &["socket hang up"]);
    let name = Endpoint::Tcp { host: "nowhere".into(), port: 80 };
    holds(&broken(name.clone(), Error::new(Code::EndpointUnknownHost, "")), DOCKER, &["getaddrinfo ENOTFOUND nowhere"]);
    holds(&broken(name, Error::new(Code::EndpointRefused, "")), DOCKER, &["connect ECONNREFUSED nowhere:80"]);
}

fn broken(endpoint: Endpoint, error: Error) -> Call {
    let mut exchange = Exchange::new(endpoint, Request::new("GET", "/x"));
    let failure = Failure::new(Stage::Connect, error);
    exchange.apply(ExchangeEvent::Failed { at_us: 1, failure });
    call(Act::Exchange(exchange))
}

#[test]
fn what_only_porthole_can_end_never_settles() {
    for code in [Code::Cancelled, Code::TimedOut] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, ""));
        assert_eq!(Runtime::ALL.map(|runtime| text(&call, runtime)), ["never settles"; 4].map(String::from));
    }
    let open = call(Act::Exchange(Exchange::new(Endpoint::Unix("/b.sock".into()), Request::new("GET", "/x"))));
    assert_eq!(text(&open, DOCKER), "pending");
}

#[test]
fn what_would_have_been_done_otherwise_is_said_first() {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let sent = |body, headers| exchange(Request { body, headers, ..Request::new("POST", "/x") }, 200, "", "{}");
    let first = |call: &Call, runtime| received(call, Written::default(), runtime).rules[0].text.clone();
    let json = Body::Json { text: "[1]".into() };
    let typed = sent(json.clone(), vec![header("content-type", "application/json")]);
    assert!(
        first(&typed, PODMAN).contains("`application/json, application/json` is sent"),
        "{}",
        first(&typed, PODMAN)
    );
    let file = sent(Body::File { path: "/f".into() }, vec![]);
    for runtime in Runtime::ALL {
        assert!(!first(&file, runtime).starts_with("The promise"), "{runtime}: {}", first(&file, runtime));
    }
    let of_ours = sent(json, vec![header("content-length", "3")]);
    assert_eq!(first(&of_ours, PODMAN), "It would not send the header `content-length: 3`.");
}

#[test]
fn a_redirect_that_nobody_followed_is_not_what_the_code_of_those_who_follow_gets() {
    let mut call = exchange(Request::new("GET", "/x"), 302, "Found", "text/plain");
    assert_eq!(as_run(&call), [true; 4], "it leads nowhere");
    let Act::Exchange(Exchange { response: Some(response), .. }) = &mut call.act else { panic!("no response") };
    response.head.headers.push(Header { name: "Location".into(), value: "/y".into() });
    assert_eq!(as_run(&call), [true, false, false, false]);
    let rules = received(&call, Written::default(), RANCHER).rules;
    assert!(rules[0].text.starts_with("It would follow the redirect to `/y`"), "{rules:?}");
}

#[test]
fn a_request_of_the_composer_may_be_what_all_would_send() {
    let post = |body| exchange(Request { body, ..Request::new("POST", "/x?a=1") }, 200, "", "");
    assert_eq!(as_run(&post(Body::None)), [true; 4]);
    assert_eq!(as_run(&post(Body::Json { text: "{\"a\":1}".into() })), [true; 4]);
    assert_eq!(
        as_run(&post(Body::Text { text: "a".into() })),
        [true, true, false, false],
        "Podman Desktop puts it in quotes"
    );
    assert_eq!(as_run(&post(Body::File { path: "/f".into() })), [false; 4]);
    let headers = vec![Header { name: "X-A".into(), value: "1".into() }];
    let body = Body::Json { text: "{\"a\":1}".into() };
    let asked = exchange(Request { headers, body, ..Request::new("POST", "/x") }, 200, "", "");
    assert_eq!(as_run(&asked), [true, false, true, true], "request() of Rancher Desktop sends [object Object]");
    assert!(says(&asked, RANCHER, "doesn't encode"));
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
fn a_list_is_the_engines_answer() {
    let asked = SdkCall::List(crate::sdk_call::SdkList { what: crate::sdk_call::EngineList::Images, options: None });
    let of = |status, runtime| {
        let call = exchange(Request::new("GET", "/images/json"), status, "", "application/json");
        let call = Call { sdk: Some(Sdk::new(asked.clone(), runtime)), ..call };
        let received = received(&call, Written::whole(b"[]\n", b""), runtime);
        (render(&received.outcome), received.as_run)
    };
    for runtime in Runtime::ALL {
        assert_eq!(of(200, runtime), ("resolves to []".into(), true));
        assert_eq!(of(500, runtime), ("rejects with Error { name: 'Error', message: '[]' }".into(), true));
    }
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

fn compressed(coding: &str, bytes: &[u8], runtime: Runtime) -> SdkResult {
    let mut call = exchange(Request::new("GET", "/"), 200, "OK", "application/json");
    let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
    let headers = &mut exchange.response.as_mut().unwrap().head.headers;
    headers.push(Header { name: "content-encoding".into(), value: coding.into() });
    received(&call, Written::whole(bytes, &[]), runtime)
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_body_is_decoded_where_the_client_decodes_it() {
    let body = gzipped(r#"{"greeting": "hello"}"#);
    for runtime in [RANCHER, PODMAN, OLDER] {
        let received = compressed("gzip", &body, runtime);
        assert!(render(&received.outcome).contains("hello"), "{:?}", received.outcome);
        assert!(received.rules.iter().any(|rule| rule.text.contains("decoded from gzip")), "{:?}", received.rules);
        // A coding that the client does not know is handed on as it is, and so are two at once.
        let other = compressed("compress", &body, runtime);
        assert!(other.rules.iter().any(|rule| rule.text.contains("doesn't decode compress")), "{:?}", other.rules);
        assert!(!render(&compressed("deflate, gzip", &body, runtime).outcome).contains("hello"));
        assert!(!render(&compressed("compress", &body, runtime).outcome).contains("rejects"));
        // An empty body is not decoded: a HEAD has none.
        assert!(render(&compressed("gzip", b"", runtime).outcome).contains("resolves"));
    }
    assert!(!render(&compressed("gzip", &body, DOCKER).outcome).contains("hello"));
}

#[test]
fn zstd_is_decoded_by_the_fetch_of_podman_desktop_alone() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let body = compress_to_vec(br#"{"greeting": "hello"}"#.as_slice(), CompressionLevel::Fastest);
    let podman = compressed("zstd", &body, PODMAN);
    assert_eq!(render(&podman.outcome), "resolves to { greeting: 'hello' }");
    let rule = podman.rules.iter().find(|rule| rule.text.contains("decoded from zstd"));
    assert!(rule.is_some_and(|rule| rule.from.contains("Node 24.11")), "{:?}", podman.rules);
    for (runtime, from) in [(RANCHER, "node-fetch 2.7.0"), (OLDER, "got 13.0.0")] {
        let raw = compressed("zstd", &body, runtime);
        let rule = raw.rules.iter().find(|rule| rule.text.contains("doesn't decode zstd"));
        assert!(rule.is_some_and(|rule| rule.from.contains(from)), "{:?}", raw.rules);
        // The bytes as they came, which are no JSON.
        let outcome = render(&raw.outcome);
        assert!(outcome.starts_with("resolves") && outcome.contains('\u{fffd}'), "{outcome}");
    }
    // What isn't zstd rejects; of what ends too early the beginning counts.
    assert!(render(&compressed("zstd", b"plain text", PODMAN).outcome).contains("terminated"));
    assert!(render(&compressed("zstd", &body[..6], PODMAN).outcome).contains("resolves"));
}

#[test]
fn a_body_that_is_not_compressed_as_it_says_rejects() {
    let rancher = render(&compressed("gzip", br#"{"sent": "as it is"}"#, RANCHER).outcome);
    assert!(rancher.contains("Invalid response body") && rancher.contains("incorrect header check"), "{rancher}");
    assert!(render(&compressed("br", b"plain", OLDER).outcome).contains("rejects"));
    let cut = gzipped(&"long ".repeat(10_000));
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], OLDER).outcome).contains("unexpected end of file"));
    // node-fetch takes what is there.
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], RANCHER).outcome).contains("long long"));
}

#[test]
fn redirects_beyond_what_a_client_follows_reject_in_its_words() {
    for (runtime, client, most, words) in [
        (RANCHER, HttpClient::NodeFetch, 20, "maximum redirect reached at: http://127.0.0.1/x"),
        (PODMAN, HttpClient::Fetch, 20, "TypeError: fetch failed"),
        (OLDER, HttpClient::Got, 10, "Redirected 10 times. Aborting."),
    ] {
        let mut call = exchange(client.sends(Request::new("GET", "/x")), 302, "Found", "text/plain");
        let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
        let response = exchange.response.as_mut().unwrap();
        response.head.headers.push(Header { name: "Location".into(), value: "/x".into() });
        let redirect = Redirect { method: "GET".into(), path: "/x".into(), response: response.clone() };
        exchange.redirects = vec![redirect; most];
        let outcome = render(&received(&call, Written::default(), runtime).outcome);
        assert!(outcome.contains(words), "{outcome}");
    }
}

#[test]
fn the_newer_podman_desktop_tells_less_of_a_failure() {
    let answer = |status, reason| exchange(Request::new("GET", "/x"), status, reason, "text/plain");
    holds(&answer(404, "Not Found"), PODMAN, &["extensionVMServiceRequest\\': Error: Not Found'"]);
    holds(&answer(404, ""), PODMAN, &["extensionVMServiceRequest\\': Error'"]);
    holds(&answer(304, "Not Modified"), PODMAN, &["rejects", "Error: Not Modified"]);
    holds(&answer(304, "Not Modified"), OLDER, &["resolves"]);
    holds(&answer(403, "Forbidden"), PODMAN, &["Error: Unable to get access"]);
    for code in [Code::EndpointMissing, Code::ClosedBeforeResponse, Code::BadResponse] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, ""));
        holds(&call, PODMAN, &["Request\\': TypeError: fetch failed"]);
    }
    let cut = broken(Endpoint::Unix("/b.sock".into()), Error::new(Code::BodyCut, ""));
    holds(&cut, PODMAN, &["TypeError: terminated"]);
    for code in [Code::ProgramNotFound, Code::ProgramNotExecutable, Code::ScriptCarriageReturn] {
        let call = failed(host(), code);
        assert_eq!(text(&call, PODMAN), "rejects with { toString(), stderr: '', stdout: '' }");
    }
}

#[test]
fn fetch_takes_a_byte_order_mark_off_and_what_is_there_of_a_compressed_body() {
    let marked = exchange(Request::new("GET", "/x"), 200, "OK", "application/json");
    let bytes = b"\xef\xbb\xbf{\"a\":1}";
    let of = |runtime| render(&received(&marked, Written::whole(bytes, b""), runtime).outcome);
    assert_eq!(of(PODMAN), "resolves to { a: 1 }");
    assert!(of(OLDER).contains('\u{feff}'), "{}", of(OLDER));
    let cut = gzipped(&"long ".repeat(10_000));
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], PODMAN).outcome).contains("long long"));
    holds(&broken(Endpoint::Unix("/b".into()), Error::new(Code::BodyCut, "")), PODMAN, &["terminated"]);
    assert!(render(&compressed("br", b"plain", PODMAN).outcome).contains("TypeError: terminated"));
}

fn exceeding(at_once: bool, start: &str, connection: Option<&str>, runtime: Runtime) -> String {
    let mut call = exchange(Request::new("GET", "/x"), 200, "OK", "text/plain");
    let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
    let length = start.chars().count() as u64;
    let excess = Excess { bytes: length, at_once, characters: length, utf16: length, start: start.into() };
    exchange.apply(ExchangeEvent::Exceeded { excess });
    let headers = &mut exchange.response.as_mut().unwrap().head.headers;
    headers.extend(connection.map(|value| Header { name: "Connection".into(), value: value.into() }));
    render(&received(&call, Written::whole(b"ok", &[]), runtime).outcome)
}

#[test]
fn bytes_that_come_with_the_end_of_a_response_make_clients_of_node_reject() {
    for runtime in [RANCHER, OLDER] {
        assert!(exceeding(true, " and more", None, runtime).contains("Parse Error: Expected HTTP/, RTSP/ or ICE/"));
        assert!(exceeding(true, "x", Some("close"), runtime).contains("Parse Error: Data after `Connection: close`"));
        // What comes later, and empty lines, are on a connection that nobody reads any more.
        assert_eq!(exceeding(false, " and more", None, runtime), "resolves to 'ok'");
        assert_eq!(exceeding(true, "␍␊", None, runtime), "resolves to 'ok'");
    }
    for runtime in [DOCKER, PODMAN] {
        assert_eq!(exceeding(true, " and more", None, runtime), "resolves to 'ok'");
    }
}

#[test]
fn a_promise_of_a_connection_that_changed_its_protocol_never_settles() {
    let call = exchange(Request::new("GET", "/ws"), 101, "Switching Protocols", "");
    holds(&call, PODMAN, &["rejects", "TypeError: fetch failed"]);
    for runtime in [DOCKER, RANCHER, OLDER] {
        assert_eq!(received(&call, Written::default(), runtime).outcome, SdkOutcome::Never);
    }
    // However the connection ended after that.
    let Act::Exchange(mut exchange) = call.act else { panic!("no exchange") };
    exchange.failure = Some(Failure::new(Stage::Body, Error::new(Code::TimedOut, "")));
    holds(&self::call(Act::Exchange(exchange)), PODMAN, &["rejects", "TypeError: fetch failed"]);
}

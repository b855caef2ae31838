use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{cases::Case, fixtures::*, run_fixtures::runs, *};
use crate::{
    diagnostic::{DiagnosticCounts, Severity},
    runtime::Runtime,
    sdk_call::{CliTarget, EngineList, SdkCall, SdkExec, SdkList},
    sdk_result::{SdkOutcome, Text, Value},
};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Request, Stage},
};
use porthole_output::Stream;
use porthole_process::{Place, Signal, Streaming};

/// Sentences of a text, where code between backticks is one word.
fn sentences(text: &str) -> usize {
    let words: String = text.split('`').step_by(2).collect::<Vec<_>>().join("X");
    let ends = words.match_indices(['.', '!', '?']).filter(|(at, end)| {
        let after = &words[at + end.len()..];
        let next = after.trim_start().chars().next();
        after.is_empty() || after.starts_with(' ') && next.is_some_and(char::is_uppercase)
    });
    ends.count()
}

#[test]
fn every_rule_says_what_it_saw() {
    let mut shown = BTreeSet::new();
    for (rule, case, words) in exchanges().into_iter().chain(runs()) {
        let diagnostic = case.diagnostic(rule);
        let all = format!("{}\n{}\n{}", diagnostic.summary, diagnostic.impact, diagnostic.fix);
        for word in words {
            assert!(all.contains(word), "{rule}: no {word:?} in\n{all}");
        }
        for text in [&diagnostic.summary, &diagnostic.impact, &diagnostic.fix] {
            assert!(
                text.len() > 10 && !text.contains("  ") && !text.contains('!')
                    || text.contains("if (!")
                    || text.contains("#!")
                    || text.contains("<!"),
                "{rule}: {text}"
            );
            assert!(text.len() < 700, "{rule} is long: {text}");
        }
        for text in [&diagnostic.impact, &diagnostic.fix] {
            assert!(sentences(text) <= 2, "{rule} has more than two sentences: {text}");
        }
        // A path or a value of a call can make a summary longer.
        assert!(diagnostic.summary.chars().count() <= 90, "{rule}: {}", diagnostic.summary);
        shown.insert(rule);
    }
    let rules: BTreeSet<&str> = RULES.iter().map(|(code, _)| code.name()).collect();
    assert_eq!(shown, rules, "each rule has a case here");
    assert_eq!(rules.len(), RULES.len(), "two rules have one name");
}

/// Each text as a user reads it. After a change: `INSTA_UPDATE=always cargo test -p porthole-sdk texts_of_findings`, and
/// read what `git diff` shows.
#[test]
fn texts_of_findings() {
    let texts = exchanges().into_iter().chain(runs()).map(|(rule, case, _)| {
        let Diagnostic { severity, summary, impact, fix, .. } = case.diagnostic(rule);
        format!("{rule} ({severity:?})\n  {summary}\n  {impact}\n  {fix}\n")
    });
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n"));
}

#[test]
fn healthy_calls_have_no_findings() {
    let settled = |value: Value| [resolved(value.clone()), resolved(value.clone()), resolved(value)];
    let post = request("POST", |request| request.body = Body::Json { text: "{\"n\":1}".into() });
    let cases = [
        (
            "an object by a named method",
            request("POST", |_| ()).asked(data("[object Object]", "{}", false, true)).json("{}"),
        ),
        (
            "hello",
            Case::get("/hello").json("{ \"message\": \"Hello\" }\n").receives(settled(Value::Json(Text::default()))),
        ),
        ("a page that was asked for", Case::get("/").answered(200, HTML, "<!doctype html>")),
        ("a body that is posted", post.json("{\"bytes\": 7, \"id\": \"9007199254740993\"}")),
        ("text", Case::get("/x").answered(200, &[("Content-Type", "text/plain")], "café\n")),
        (
            "text in a few quick pieces",
            Case::get("/x").answers(200, &[]).wrote("a", "").wrote("b", "").wrote("c", "").done_at(9000),
        ),
        ("a large safe number", Case::get("/x").json("[9007199254740991, 0.1, -1.5e300]")),
        ("a body that is long and not whole here", Case::get("/x").json("{\"a\": [1, 2, ").longer(1 << 20)),
        ("an empty line after the response", Case::get("/x").exceeds(200, &[("Content-Length", "1")], b"x", b"")),
        ("a request that was told to go on", Case::get("/x").informed(100, 1).json("{\"a\": 1}")),
        ("an error whose body says nothing", Case::get("/x").answered(404, JSON, "{}\n")),
        ("not modified", Case::get("/x").answered(304, &[], "")),
        ("cancelled", Case::get("/slow").failed(Stage::Wait, Code::Cancelled)),
        ("echo hi", Case::host("echo", &["hi"]).exits(0).wrote("hi\n", "")),
        ("echo hi in the container", Case::vm("echo", &["hi"]).exits(0).wrote("hi\n", "")),
        ("seq 10 with callbacks", Case::host("seq", &["10"]).split().exits(0).wrote("1\n2\n", "")),
        (
            "a script with callbacks",
            Case::vm("sh", &["-c", "echo $HOME | wc; ls *.txt"]).streaming().exits(0).wrote("1\n", ""),
        ),
        ("nothing to say", Case::host("true", &[]).exits(0)),
        ("patterns for the program itself", Case::vm("find", &[".", "-name", "*.txt"]).streaming().exits(0)),
        (
            "a template",
            Case::host("docker", &["ps", "--format={{json .}}"])
                .streaming()
                .exits(0)
                .wrote("{\"ID\":\"a\"}\n{\"ID\":\"b\"}\n", ""),
        ),
        ("an exit code of the command's own", Case::host("grep", &["x", "/dev/null"]).exits(1)),
        ("indented JSON", Case::host("docker", &["inspect"]).exits(0).wrote("[\n  {\n    \"a\": 1\n  }\n]\n", "")),
        ("a log", Case::host("tool", &[]).exits(0).wrote("[info] 9007199254740993\n[info] done\n", "")),
        (
            "characters in two pieces of a plain exec",
            Case::vm("cat", &["x"]).piece(Stream::Stdout, b"caf\xc3").piece(Stream::Stdout, b"\xa9").exits(0),
        ),
        ("an unterminated line in pieces", Case::host("printf", &["x"]).streaming().exits(0).wrote("x", "")),
        (
            "another error",
            Case::ran(Place::Container { name: "c".into() }, "ls", &[]).refused(Code::ContainerNotFound, "x"),
        ),
        ("the same everywhere", Case::host("true", &[]).exits(0).receives(settled(object(&["stdout"])))),
        (
            "the same end everywhere",
            Case::host("true", &[]).streaming().exits(0).receives([
                closes(number("0")),
                closes(number("0")),
                closes(number("0")),
            ]),
        ),
        (
            "one that goes on",
            Case::host("true", &[]).receives([SdkOutcome::Pending, SdkOutcome::Pending, SdkOutcome::Pending]),
        ),
    ];
    for (what, case) in cases {
        assert_eq!(case.diagnostics(), [], "{what}");
    }
}

#[test]
fn an_error_body_that_repeats_the_status_line_says_no_more_than_it() {
    for (status, body) in [
        (404, "404 page not found\n"),
        (404, "{\"message\":\"Not Found\"}\n"),
        (404, "{\"detail\":\"Not Found\"}"),
        (405, "{\"error\":true,\"status\":405,\"message\":\"Method Not Allowed\"}"),
        (500, "\"Internal Server Error\""),
    ] {
        let raised = Case::get("/x").answered(status, &[], body).raised();
        assert!(!raised.contains(&"error-body-lost"), "{body}: {raised:?}");
    }
    for (status, body) in [
        (404, "{\"message\":\"Dive is not found\"}"),
        (404, "Cannot GET /x"),
        (500, "404 page not found"),
        (500, "{\"errors\":[\"server\"]}"),
        (409, "false, 7"),
    ] {
        let raised = Case::get("/x").answered(status, &[], body).raised();
        assert!(raised.contains(&"error-body-lost"), "{body}: {raised:?}");
    }
}

#[test]
fn a_cause_is_told_once() {
    for (rule, case) in [
        (
            "socket-path-lost",
            Case::get("/x")
                .to(Endpoint::Tcp { host: "localhost".into(), port: 80 })
                .failed(Stage::Connect, Code::EndpointRefused),
        ),
        (
            "nobody-listens",
            Case::get("/x")
                .to(Endpoint::Tcp { host: "localhost".into(), port: 8080 })
                .failed(Stage::Connect, Code::EndpointRefused),
        ),
        ("html-for-json", Case::get("/x").answered(500, HTML, "<!doctype html>")),
        ("html-for-json", Case::get("/x").answered(200, JSON, "<!doctype html>")),
        (
            "body-compressed",
            Case::get("/x").answered(
                200,
                &[("Content-Type", "image/png"), ("Content-Encoding", "gzip")],
                b"\x1f\x8b\xff",
            ),
        ),
        ("program-with-spaces", Case::vm("ls -l", &[]).refused(Code::ProgramNotFound, "x")),
        ("head-empty", request("HEAD", |_| ()).answered(200, JSON, "")),
        ("empty-body", Case::get("/x").answered(200, JSON, "")),
        (
            "event-stream",
            Case::get("/x")
                .answers(200, &[("Content-Type", "text/event-stream")])
                .wrote("data: 9007199254740993\n", "")
                .wrote("a", "")
                .wrote("b", "")
                .done_at(9_000_000),
        ),
        ("ended-by-signal", Case::host("worker", &[]).dies(9, "SIGKILL")),
        ("plain-not-stoppable", Case::host("worker", &[]).stopped(Signal::Kill).dies(9, "SIGKILL")),
    ] {
        assert_eq!(case.raised(), [rule]);
    }
}

#[test]
fn what_code_asked_for_is_judged_and_not_what_a_runtime_made_of_it() {
    let with = |args: &[&str], stream| {
        Case::host("/bin/sh", &["-c", "cat 'a b' $HOME"])
            .asked(SdkCall::Exec(exec(CliTarget::Host, args, stream)))
            .exits(0)
    };
    assert_eq!(with(&["x"], None).raised(), [] as [&str; 0]);
    assert_eq!(with(&["a b"], None).raised(), ["argument-split"]);
    assert_eq!(with(&["a b"], Some(Streaming::default())).raised(), [] as [&str; 0]);
}

#[test]
fn a_whole_line_of_the_deprecated_functions_is_read_as_words() {
    let line = |line: &str| {
        let asked = SdkExec { cmd: line.into(), line: true, ..exec(CliTarget::Vm, &[], None) };
        Case::vm("ls", &["-l"]).asked(SdkCall::Exec(asked)).exits(0).raised()
    };
    assert_eq!(line("ls -l /data"), [] as [&str; 0]);
    assert_eq!(line("sh -c 'ls | wc'"), [] as [&str; 0]);
    assert_eq!(line("/bin/ls | wc"), ["shell-operator"]);
}

#[test]
fn a_list_of_the_engine_is_not_taken_for_a_request_to_the_backend() {
    let list = SdkList { what: EngineList::Containers, options: None };
    let refused = || Case::get("/containers/json").failed(Stage::Connect, Code::EndpointRefused);
    assert_eq!(refused().raised(), ["nobody-listens"]);
    assert_eq!(refused().asked(SdkCall::List(list)).raised(), [] as [&str; 0]);
}

#[test]
fn the_gravest_stand_first_and_then_the_order_of_the_rules() {
    let case = Case::get("/api/x").answered(
        201,
        &[("Content-Type", "application/json"), ("Location", "/7")],
        "{\"id\": 9007199254740993,}",
    );
    assert_eq!(case.raised(), ["not-json", "number-not-exact", "answer-hidden"]);
    let severities: Vec<Severity> = case.diagnostics().into_iter().map(|diagnostic| diagnostic.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Warning, Severity::Note]);
    assert_eq!(DiagnosticCounts::of(&case.diagnostics()), DiagnosticCounts { errors: 1, warnings: 1, notes: 1 });
}

#[test]
fn a_finding_about_some_runtimes_names_them() {
    let cwd = Case::host("ls", &[]).command(|command| command.cwd = Some("/data".into())).exits(0);
    assert_eq!(cwd.diagnostic("cwd-ignored").runtimes, Runtime::PODMAN);
    let lost = Case::host("printf", &["x"]).split().exits(0).wrote("x", "");
    let of = [Runtime::RancherDesktop, Runtime::PodmanDesktop, Runtime::PodmanDesktopOlder];
    assert_eq!(lost.diagnostic("last-line-lost").runtimes, of);
    assert_eq!(Case::vm("w", &[]).exits(137).diagnostic("exit-of-signal").runtimes, []);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b"\\",
        b"9007199254740993",
        b"-",
        b"1e999",
        b"\n",
        b"\r\n",
        b" ",
        b"<html>",
        b"<!doctype html",
        b"127.0.0.1:80",
        b"ECONNREFUSED",
        b"socket hang up",
        b"caf\xc3",
        b"\xa9",
        b"\xff",
        b"\xf0\x9f",
        b"null",
        b"0",
        b"",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<u8>(), 0..64)
    ]
}

fn argument() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "'", "\"", "$", "$HOME", "`", "|", "&&", ";", "*", "~", "~/", " ", "\n", "{", "é", "\\", ".",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_body_makes_a_rule_panic(
        pieces in prop::collection::vec(bytes(), 0..5),
        status in 100u16..600,
        kind in prop::sample::select(vec!["application/json", "application/x-ndjson", "text/html", "text/event-stream", "image/png", "", "é/;"]),
        method in prop::sample::select(vec!["GET", "HEAD", "DELETE", "", "ÉÉ"]),
        more in 0u64..3,
    ) {
        let case = Case::sent(Request::new(method, "/api/é?x")).answers(status, &[("Content-Type", kind), ("Location", "\u{7f}")]);
        let case = pieces.iter().fold(case, |case, piece| case.piece(Stream::Stdout, piece)).longer(more).done_at(5_000_000);
        prop_assert!(case.diagnostics().is_sorted_by_key(|diagnostic| diagnostic.severity));
    }

    #[test]
    fn no_command_makes_a_rule_panic(
        stdout in prop::collection::vec(bytes(), 0..4),
        stderr in bytes(),
        program in argument(),
        args in prop::collection::vec(argument(), 0..4),
        stream in prop::option::of(any::<bool>()),
        code in prop_oneof![Just(0i64), 120i64..165, any::<i64>()],
        in_container in any::<bool>(),
    ) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let case = if in_container { Case::vm(&program, &args) } else { Case::host(&program, &args) };
        let case = case.command(|command| command.stream = stream.map(|split_lines| Streaming { split_lines }));
        let case = stdout.iter().fold(case, |case, piece| case.piece(Stream::Stdout, piece)).piece(Stream::Stderr, &stderr).exits(code);
        prop_assert!(case.diagnostics().is_sorted_by_key(|diagnostic| diagnostic.severity));
    }
}

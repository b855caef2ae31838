//! A Call for each rule, and how tests make the parts of one.

use super::cases::{Case, headers};
use crate::{
    asked::{Asked, AskedExec, Whose},
    endpoint::Endpoint,
    error::Code,
    exchange::{Body, Request, Stage},
    received::{Delivery, End, Field, Text, Value},
    run::{EnvMode, EnvVar, Signal, Stream, Streaming},
};

pub(super) const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
pub(super) const HTML: &[(&str, &str)] = &[("Content-Type", "text/html")];

pub(super) fn request(method: &str, change: impl FnOnce(&mut Request)) -> Case {
    let mut request = Request::new(method, "/x");
    change(&mut request);
    Case::sent(request)
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(Text { text: text.into(), bytes: text.len() as u64, cut: false })
}

pub(super) fn object(names: &[&str]) -> Value {
    let field = |name: &&str| Field { name: (*name).to_owned(), value: Some(Value::Null), differs: false };
    Value::Object { class: None, fields: names.iter().map(field).collect() }
}

pub(super) fn closes(code: Value) -> Delivery {
    Delivery::Streamed { end: End::Close { code } }
}

pub(super) fn number(text: &str) -> Value {
    Value::Number { text: text.into() }
}

pub(super) fn rejected(names: &[&str]) -> Delivery {
    Delivery::Rejected { value: object(names) }
}

pub(super) fn resolved(value: Value) -> Delivery {
    Delivery::Resolved { value }
}

/// Code that posts a value: its text and its JSON.
pub(super) fn data(text: &str, json: &str, falsy: bool) -> Asked {
    let data = serde_json::json!({ "text": text, "json": json, "isText": false, "falsy": falsy });
    let asked = serde_json::json!({ "kind": "request", "method": "POST", "url": "/x", "named": true, "data": data });
    serde_json::from_value(asked).expect("what code asked for")
}

pub(super) fn exec(whose: Whose, args: &[&str], stream: Option<Streaming>) -> AskedExec {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    AskedExec { whose, cmd: "cat".into(), args, line: false, cwd: None, env: Vec::new(), stream, container: None }
}

pub(super) fn long_path(length: usize) -> Endpoint {
    Endpoint::Unix(format!("/{}", "s".repeat(length - 1)).into())
}

/// A Call for each rule, and words that its finding must hold.
pub(super) fn gallery() -> Vec<(&'static str, Case, &'static [&'static str])> {
    let refused = |code| Case::get("/x").failed(Stage::Connect, code);
    let port_80 = Endpoint::Tcp { host: "127.0.0.1".into(), port: 80 };
    let big = "x".repeat(1_200_000);
    let ids = "{\"id\": 9007199254740993}\n{\"id\": 2}\n";
    let mut in_other = exec(Whose::Vm, &[], None);
    in_other.container = Some("db".into());
    vec![
        (
            "socket-path-too-long",
            Case::get("/x").to(long_path(120)).failed(Stage::Prepare, Code::EndpointPathTooLong),
            &["it failed here", "107", "103"],
        ),
        ("socket-path-too-long-on-macos", Case::get("/x").to(long_path(105)).json("{}"), &["105 bytes", "103"]),
        ("socket-path-lost", refused(Code::EndpointRefused).to(port_80), &["http://127.0.0.1:80", "socket path"]),
        (
            "socket-path-lost",
            Case::get("/x").answered(502, JSON, "{\"e\":\"connect ECONNREFUSED 127.0.0.1:80\"}"),
            &["The body", "127.0.0.1:80"],
        ),
        (
            "socket-path-lost",
            Case::host("node", &["a.js"]).exits(1).wrote("", "Error: connect ECONNREFUSED ::1:80\n"),
            &["stderr", "ECONNREFUSED ::1:80"],
        ),
        ("nobody-listens", refused(Code::EndpointMissing), &["unix:///run/b.sock", "not running"]),
        ("nobody-listens", refused(Code::EndpointRefused), &["left from a backend", "ECONNREFUSED"]),
        ("nobody-listens", refused(Code::EndpointNotSocket), &["directory"]),
        (
            "socket-hang-up",
            Case::get("/close").failed(Stage::Wait, Code::ClosedBeforeResponse),
            &["GET /close", "socket hang up"],
        ),
        (
            "socket-hang-up",
            Case::host("node", &["a.js"]).exits(1).wrote("", "Error: socket hang up\n"),
            &["The output says"],
        ),
        ("not-http", Case::get("/x").failed(Stage::Head, Code::BadResponse), &["`SSH-2.0`", "HTTP/1.1"]),
        (
            "body-cut",
            Case::get("/x")
                .answers(200, &[("Content-Length", "850")])
                .wrote("abc", "")
                .failed(Stage::Body, Code::BodyCut),
            &["3 bytes", "of the 850", "200"],
        ),
        (
            "connection-upgraded",
            Case::get("/ws").answered(101, &[("Upgrade", "websocket")], ""),
            &["`websocket`", "WebSocket"],
        ),
        (
            "program-with-spaces",
            Case::vm("ls -l", &[]).refused(Code::ProgramNotFound, "x"),
            &["`ls -l`", "Docker Desktop"],
        ),
        (
            "program-with-spaces",
            Case::host("/opt/My App/tool", &[]).exits(0),
            &["splits it at the space on Docker Desktop and Podman Desktop"],
        ),
        (
            "program-missing",
            Case::vm("nope", &[]).refused(Code::ProgramNotFound, "OCI runtime exec failed: nope"),
            &["`nope`", "on stdout", "`OCI runtime exec failed: nope`", "resolves"],
        ),
        (
            "program-missing",
            Case::host("nope", &[]).refused(Code::ProgramNotFound, "ENOENT"),
            &["127", "ENOENT", "host.binaries"],
        ),
        (
            "program-not-executable",
            Case::vm("/x", &[]).refused(Code::ProgramNotExecutable, "permission denied"),
            &["chmod", "permission denied"],
        ),
        (
            "exit-126",
            Case::vm("sh", &["/x.sh"]).exits(126).wrote("", "sh: /x.sh: Permission denied\n"),
            &["126", "`sh: /x.sh: Permission denied`", "chmod"],
        ),
        (
            "exit-127",
            Case::vm("sh", &["/x.sh"]).exits(127).wrote("", "sh: jq: not found\n"),
            &["127", "`sh: jq: not found`", "PATH"],
        ),
        ("exit-of-signal", Case::vm("worker", &[]).exits(137), &["137", "128 + 9", "SIGKILL", "memory", "OOMKilled"]),
        ("exit-of-signal", Case::vm("worker", &[]).exits(139), &["128 + 11", "SIGSEGV", "crashed"]),
        ("exit-of-signal", Case::vm("worker", &[]).exits(143), &["128 + 15", "SIGTERM", "docker stop"]),
        (
            "ended-by-signal",
            Case::host("worker", &[]).dies(11, "SIGSEGV").wrote("", "before the crash\n"),
            &["SIGSEGV ended", "`before the crash`", "code: null"],
        ),
        ("ended-by-signal", Case::host("worker", &[]).streaming().dies(9, "SIGKILL"), &["onClose(null)", "memory"]),
        (
            "event-stream",
            Case::get("/events").answered(200, &[("Content-Type", "text/event-stream")], "data: 1\n\n"),
            &["9 bytes", "whole"],
        ),
        (
            "html-for-json",
            Case::get("/x").answered(500, HTML, "<!doctype html>\n<title>500</title>"),
            &["GET /x answered 500", "`<!doctype html>`"],
        ),
        (
            "html-for-json",
            Case::get("/api/volumes").answered(200, HTML, "<html><div id=root>"),
            &["resolves with a string"],
        ),
        ("html-for-json", Case::get("/x").answered(200, JSON, "<p>no</p>"), &["header says JSON"]),
        ("not-json", Case::get("/x").json("{\"a\": 1,}\n"), &["trailing comma", "line 1, column 9", "`{\"a\": 1,}`"]),
        (
            "bad-json-line",
            Case::get("/x").answered(200, &[("Content-Type", "application/x-ndjson")], "{\"a\":1}\noops\n{}\n"),
            &["Line 2", "`oops`"],
        ),
        (
            "body-not-text",
            Case::get("/x").answered(200, &[("Content-Type", "image/png")], b"\x89PNG\r\n\x1a\n"),
            &["byte 0 (0x89)", "`image/png`", "base64"],
        ),
        ("body-too-large", Case::get("/x").answered(200, &[], "x").longer(40 << 20), &["40.0 MiB"]),
        ("body-too-large", Case::get("/x").answered(200, &[], "x").longer(600 << 20), &["600.0 MiB", "512 MiB"]),
        (
            "body-compressed",
            Case::get("/x").answered(200, &[("Content-Encoding", "gzip")], b"\x1f\x8b"),
            &["gzip", "inferred"],
        ),
        (
            "number-not-exact",
            Case::get("/x").json("{\n \"id\": 9007199254740993, \"n\": [1e999]}"),
            &["`9007199254740993`", "`$.id` (line 2)", "`9007199254740992`", "1 more"],
        ),
        (
            "body-delivered-whole",
            Case::get("/x").answered(200, &[("Content-Type", "application/x-ndjson")], "{}\n{}\n"),
            &["2 lines", "at the end"],
        ),
        (
            "body-delivered-whole",
            Case::get("/x").answers(200, &[]).wrote("a", "").wrote("b", "").wrote("c", "").done_at(2_500_010),
            &["3 pieces over 2.5 s"],
        ),
        ("falsy-body", Case::get("/x").json("0\n"), &["`0`", "if (!result)"]),
        ("falsy-body", Case::get("/x").json("\"\""), &["`\"\"`"]),
        ("empty-body", Case::get("/x").answered(204, &[], ""), &["204", "if (!result)"]),
        (
            "error-body-lost",
            Case::get("/x").answered(409, JSON, "{\"error\":\"in use\"}"),
            &["409", "in use", "Response code 409"],
        ),
        ("redirect", Case::get("/x").answered(301, &[("Location", "http://b/x/")], ""), &["301", "`http://b/x/`"]),
        (
            "answer-hidden",
            Case::get("/x").answered(201, &[("Location", "/v/7"), ("Set-Cookie", "a=1")], "{}"),
            &["status 201, `Location: /v/7` and `Set-Cookie: a=1`"],
        ),
        (
            "head-empty",
            request("HEAD", |_| ()).answered(200, &[("Content-Length", "9")], ""),
            &["HEAD", "nothing useful"],
        ),
        (
            "method-not-offered",
            request("PURGE", |_| ()).json("{}"),
            &["`PURGE`", "service.purge()", "service.request({ method: \"PURGE\""],
        ),
        (
            "headers-need-request",
            request("GET", |request| request.headers = headers(&[("X-Token", "1"), ("Accept", "*/*")])).json("{}"),
            &["`X-Token`", "service.get()"],
        ),
        (
            "data-needs-request",
            request("DELETE", |request| request.body = Body::Text { text: "x".into() }).json("{}"),
            &["DELETE", "service.delete(url)"],
        ),
        (
            "object-not-encoded",
            request("POST", |_| ()).asked(data("[object Object]", "{}", false)).json("{}"),
            &["`[object Object]`", "Rancher"],
        ),
        ("falsy-data-dropped", request("POST", |_| ()).asked(data("0", "0", true)).json("{}"), &["`0`", "Podman"]),
        (
            "shell-operator",
            Case::host("cat", &["/x", "|", "wc", ">", "y"]).exits(0),
            &["`|` and `>`", "`cat`", "Docker Desktop and Podman Desktop", "On Rancher Desktop"],
        ),
        (
            "shell-operator",
            Case::vm("cat", &["/x", "&&", "ls"]).streaming().exits(1),
            &["`&&`", "no Runtime uses a shell"],
        ),
        (
            "shell-operator",
            Case::host("/bin/sh", &["-c", "cat /x | wc"])
                .asked(Asked::Exec(exec(Whose::Host, &["/x", "|", "wc"], None)))
                .exits(0),
            &["`|` among the arguments of `cat`"],
        ),
        (
            "shell-expansion",
            Case::vm("ls", &["$HOME", "*.txt"]).exits(0),
            &["`$HOME` and `*.txt`", "on Docker Desktop"],
        ),
        ("shell-expansion", Case::vm("ls", &["~/data"]).streaming().exits(0), &["`~/data`", "literally"]),
        (
            "argument-split",
            Case::host("sh", &["-c", "exit 3"]).exits(3),
            &["`exit 3`", "with `stream`", "Docker Desktop and Podman Desktop"],
        ),
        ("argument-split", Case::vm("printf", &["it's", ""]).exits(0), &["`it's` and ``"]),
        ("quotes-kept", Case::vm("ps", &["--format", "\"{{.ID}} x\""]).exits(0), &["In the container Podman Desktop"]),
        (
            "quotes-kept",
            Case::host("ps", &["'a b'"]).streaming().exits(0),
            &["With callbacks Docker Desktop and Podman Desktop"],
        ),
        (
            "cwd-ignored",
            Case::host("ls", &[]).command(|command| command.cwd = Some("/data".into())).exits(0),
            &["`/data`", "Podman Desktop ignores"],
        ),
        (
            "env-ignored",
            Case::vm("ls", &[])
                .command(|command| command.env = vec![EnvVar { name: "A".into(), value: "1".into() }])
                .exits(0),
            &["`A`", "Rancher Desktop"],
        ),
        (
            "env-not-replaceable",
            Case::host("ls", &[]).command(|command| command.env_mode = EnvMode::Replace).exits(0),
            &["env -i"],
        ),
        (
            "user-not-offered",
            Case::vm("id", &[]).command(|command| command.user = Some("1000".into())).exits(0),
            &["`1000`"],
        ),
        (
            "container-not-offered",
            Case::vm("cat", &[]).asked(Asked::Exec(in_other)).exits(0),
            &["`db`", "first service"],
        ),
        (
            "plain-not-stoppable",
            Case::host("sleep", &["9"]).stopped(Signal::Term).dies(15, "SIGTERM"),
            &["SIGTERM", "close()"],
        ),
        (
            "signal-not-offered",
            Case::host("sleep", &["9"]).streaming().stopped(Signal::Kill).dies(9, "SIGKILL"),
            &["SIGKILL", "SIGTERM"],
        ),
        (
            "close-differs",
            Case::host("sleep", &["9"]).streaming().stopped(Signal::Term).dies(15, "SIGTERM"),
            &["Rancher Desktop", "no effect"],
        ),
        (
            "only-stderr",
            Case::host("nginx", &["-v"]).exits(0).wrote("", "nginx version: 1\n"),
            &["`nginx version: 1`", "result.stdout"],
        ),
        (
            "stderr-with-success",
            Case::host("curl", &["x"]).exits(0).wrote("ok\n", "warn: slow\n"),
            &["11 bytes", "`warn: slow`"],
        ),
        ("output-over-limit", Case::host("seq", &["9"]).exits(0).wrote(&big, ""), &["1.1 MiB to stdout", "inferred"]),
        (
            "character-cut",
            Case::vm("cat", &["x"])
                .streaming()
                .piece(Stream::Stdout, b"caf\xc3")
                .piece(Stream::Stdout, b"\xa9\n")
                .exits(0),
            &["`é`", "byte 4", "Uint8Array"],
        ),
        (
            "last-line-lost",
            Case::vm("printf", &["a"]).split().exits(0).wrote("one\ntwo", ""),
            &["stdout", "`two`", "on Rancher Desktop."],
        ),
        (
            "last-line-lost",
            Case::host("printf", &["a"]).split().exits(0).wrote("two", ""),
            &["Rancher Desktop and Podman Desktop"],
        ),
        (
            "output-not-text",
            Case::host("cat", &["x.png"]).exits(0).wrote(b"ab\xff\xfe", ""),
            &["stdout", "byte 2 (0xff)"],
        ),
        (
            "bad-json-line-in-output",
            Case::host("docker", &["ps"]).exits(0).wrote("{\"a\":1}\n{\"a\":2}\nWARNING\n", ""),
            &["Line 3", "`WARNING`", "parseJsonLines"],
        ),
        (
            "number-not-exact-in-output",
            Case::host("docker", &["ps"]).exits(0).wrote(ids, ""),
            &["stdout", "`9007199254740993`"],
        ),
        (
            "settles-differently",
            Case::vm("false", &[]).exits(1).receives([rejected(&["code"]), rejected(&["code"]), resolved(object(&[]))]),
            &["rejects on Docker Desktop and Rancher Desktop and resolves on Podman Desktop", "counts each exit"],
        ),
        (
            "settles-differently",
            Case::get("/x").json("{}").receives([
                resolved(object(&[])),
                Delivery::Never,
                Delivery::Thrown { value: text("x") },
            ]),
            &["stays pending for ever on Rancher Desktop"],
        ),
        (
            "no-on-close",
            Case::host("sleep", &["9"]).streaming().exits(0).receives([
                closes(Value::Null),
                Delivery::Streamed { end: End::Silent },
                closes(Value::Null),
            ]),
            &["on Rancher Desktop", "no callback"],
        ),
        (
            "no-on-close",
            Case::host("sleep", &["9"]).streaming().exits(0).receives([
                closes(Value::Null),
                Delivery::Streamed { end: End::Error { error: text("SIGKILL") } },
                closes(Value::Null),
            ]),
            &["`onError` is called"],
        ),
        (
            "close-code-differs",
            Case::vm("false", &[]).streaming().exits(3).receives([
                closes(number("3")),
                closes(number("3")),
                closes(number("0")),
            ]),
            &["`onClose(3)` on Docker Desktop", "`onClose(0)` on Podman Desktop"],
        ),
        (
            "error-without-code",
            Case::host("false", &[]).exits(1).receives([
                rejected(&["code"]),
                rejected(&["code"]),
                rejected(&["stderr"]),
            ]),
            &["`code` on Docker Desktop and Rancher Desktop and none on Podman Desktop"],
        ),
        (
            "error-without-code",
            Case::get("/x").answered(404, &[], "").receives([
                rejected(&["statusCode"]),
                rejected(&["statusCode"]),
                rejected(&["message"]),
            ]),
            &["error.statusCode"],
        ),
        (
            "value-differs",
            Case::get("/x").json("{}").receives([
                resolved(Value::Json(Text::default())),
                resolved(text("{}")),
                resolved(text("{}")),
            ]),
            &["a string on Rancher Desktop and Podman Desktop", "`JSON.parse`"],
        ),
    ]
}

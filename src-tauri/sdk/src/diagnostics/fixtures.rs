//! A call for each rule about exchanges, and helpers to build one. Calls for rules about commands are in
//! `run_fixtures.rs`.

use super::cases::{Case, headers};
use crate::{
    sdk_call::{CliTarget, SdkCall, SdkExec},
    sdk_result::{End, Field, SdkOutcome, Text, Value},
};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Request, Stage},
};
use porthole_process::Streaming;

pub(super) const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
pub(super) const HTML: &[(&str, &str)] = &[("Content-Type", "text/html")];

pub(super) fn request(method: &str, change: impl FnOnce(&mut Request)) -> Case {
    let mut request = Request::new(method, "/x");
    change(&mut request);
    Case::sent(request)
}

pub fn text(text: &str) -> Value {
    Value::Text(Text { text: text.into(), bytes: text.len() as u64, cut: false })
}

pub(super) fn object(names: &[&str]) -> Value {
    let field = |name: &&str| Field { name: (*name).to_owned(), value: Some(Value::Null), differs: false };
    Value::Object { class: None, fields: names.iter().map(field).collect() }
}

pub(super) fn closes(code: Value) -> SdkOutcome {
    SdkOutcome::Streamed { end: End::Close { code } }
}

pub(super) fn number(text: &str) -> Value {
    Value::Number { text: text.into() }
}

pub(super) fn rejected(names: &[&str]) -> SdkOutcome {
    SdkOutcome::Rejected { value: object(names) }
}

pub(super) fn resolved(value: Value) -> SdkOutcome {
    SdkOutcome::Resolved { value }
}

/// Code that posts a value: its text and its JSON.
pub(super) fn data(text: &str, json: &str, falsy: bool, named: bool) -> SdkCall {
    let data = serde_json::json!({ "text": text, "json": json, "isText": false, "falsy": falsy });
    let asked = serde_json::json!({ "kind": "request", "method": "POST", "url": "/x", "named": named, "data": data });
    serde_json::from_value(asked).expect("what code asked for")
}

pub(super) fn exec(whose: CliTarget, args: &[&str], stream: Option<Streaming>) -> SdkExec {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    SdkExec { whose, cmd: "cat".into(), args, line: false, cwd: None, env: Vec::new(), stream, container: None }
}

pub(super) fn long_path(length: usize) -> Endpoint {
    Endpoint::Unix(format!("/{}", "s".repeat(length - 1)).into())
}
/// A rule, a Call that it has something to say about, and words that must be in what it says.
pub(super) type Fixture = (&'static str, Case, &'static [&'static str]);

/// Something for each rule about requests and answers.
pub(super) fn exchanges() -> Vec<Fixture> {
    let refused = |code| Case::get("/x").failed(Stage::Connect, code);
    let port_80 = Endpoint::Tcp { host: "127.0.0.1".into(), port: 80 };
    vec![
        (
            "socket-path-too-long",
            Case::get("/x").to(long_path(120)).failed(Stage::Prepare, Code::EndpointPathTooLong),
            &["120 bytes", "107", "103"],
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
        ("nobody-listens", refused(Code::EndpointMissing), &["Nothing exists at unix:///run/b.sock", "isn't running"]),
        ("nobody-listens", refused(Code::EndpointRefused), &["left over from a backend", "ECONNREFUSED"]),
        ("nobody-listens", refused(Code::EndpointNotSocket), &["directory"]),
        (
            "socket-hang-up",
            Case::get("/close").failed(Stage::Wait, Code::ClosedBeforeResponse),
            &["GET /close", "socket hang up"],
        ),
        (
            "socket-hang-up",
            Case::host("node", &["a.js"]).exits(1).wrote("", "Error: socket hang up\n"),
            &["The output contains"],
        ),
        ("not-http", Case::get("/x").failed(Stage::Head, Code::BadResponse), &["`SSH-2.0`", "HTTP/1.1"]),
        (
            "http-refused",
            Case::get("/x").answered(400, &[], "Client sent an HTTP request to an HTTPS server.\n"),
            &["TLS", "400", "Turn off TLS"],
        ),
        (
            "body-cut",
            Case::get("/x")
                .answers(200, &[("Content-Length", "850")])
                .wrote("abc", "")
                .failed(Stage::Body, Code::BodyCut),
            &["3 bytes", "of 850", "200"],
        ),
        (
            "bytes-after-response",
            Case::get("/x").exceeds(200, &[("Content-Length", "5")], "Gr\u{fc}\u{df}".as_bytes(), b"e"),
            &["1 extra byte", "5 bytes", "`e`", "must count bytes", "byteLength"],
        ),
        (
            "bytes-after-response",
            Case::get("/x").exceeds(200, &[("Content-Length", "2")], b"{}", b"HTTP/1.1 200 OK\r\n"),
            &["17 extra bytes", "second response", "Respond to each request once"],
        ),
        (
            "bytes-after-response",
            Case::get("/x").exceeds(204, &[], b"", b"{}"),
            &["2 extra bytes", "status 204 has no body", "200"],
        ),
        (
            "bytes-after-response",
            Case::get("/x").exceeds(200, &[("Transfer-Encoding", "chunked")], b"{}", b"{}"),
            &["after the end of the body", "`{}`"],
        ),
        (
            "connection-upgraded",
            Case::get("/ws").answered(101, &[("Upgrade", "websocket")], ""),
            &["`websocket`", "WebSocket"],
        ),
        ("connection-upgraded", Case::get("/x").answered(101, &[], ""), &["an unnamed protocol"]),
        (
            "event-stream",
            Case::get("/events").answered(200, &[("Content-Type", "text/event-stream")], "data: 1\n\n"),
            &["9 bytes", "complete"],
        ),
        (
            "html-for-json",
            Case::get("/x").answered(500, HTML, "<!doctype html>\n<title>500</title>"),
            &["GET /x returned HTML with status 500", "`<!doctype html>`"],
        ),
        (
            "html-for-json",
            Case::get("/api/volumes").answered(200, HTML, "<html><div id=root>"),
            &["with the page as a string"],
        ),
        ("html-for-json", Case::get("/x").answered(200, JSON, "<p>no</p>"), &["`Content-Type` is JSON"]),
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
        (
            "body-charset",
            Case::get("/x").answered(200, &[("Content-Type", "text/plain; charset=latin1")], b"ok\ncaf\xe9\n"),
            &["windows-1252", "declared in its header", "`caf\u{e9}`", "`caf\u{fffd}`", "charset=utf-8"],
        ),
        (
            "body-charset",
            Case::get("/x").answered(200, &[("Content-Type", "text/plain")], b"\xff\xfeh\0i\0"),
            &["UTF-16LE", "byte order mark", "`hi`", r"`h\u{0}i\u{0}`"],
        ),
        ("body-too-large", Case::get("/x").answered(200, &[], "x").longer(40 << 20), &["41.9 MB"]),
        ("body-too-large", Case::get("/x").answered(200, &[], "x").longer(600 << 20), &["629.1 MB", "537 MB"]),
        (
            "body-compressed",
            Case::get("/x").answered(200, &[("Content-Encoding", "gzip")], b"\x1f\x8b"),
            &["gzip", "a single gzip", "broken text"],
        ),
        (
            "number-not-exact",
            Case::get("/x").json("{\n \"id\": 9007199254740993, \"n\": [1e999]}"),
            &["`9007199254740993`", "line 2", "`9007199254740992`", "1 more number"],
        ),
        (
            "body-delivered-whole",
            Case::get("/x").answered(200, &[("Content-Type", "application/x-ndjson")], "{}\n{}\n"),
            &["2 lines", "at the end"],
        ),
        (
            "body-delivered-whole",
            Case::get("/x").answers(200, &[]).wrote("a", "").wrote("b", "").wrote("c", "").done_at(2_500_010),
            &["3 chunks over 2.5 s"],
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
            "trailers-hidden",
            Case::get("/x").trailed(&[("x-checksum", "9"), ("x-rows", "2")]).json("{}"),
            &["`x-checksum` and `x-rows`", "headers"],
        ),
        (
            "informational-hidden",
            Case::get("/x").informed(103, 2).json("{}"),
            &["2 informational responses", "`HTTP/1.1 103 X`", "poll"],
        ),
        (
            "head-empty",
            request("HEAD", |_| ()).answered(200, &[("Content-Length", "9")], ""),
            &["HEAD", "an empty body"],
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
            request("POST", |_| ()).asked(data("[object Object]", "{}", false, false)).json("{}"),
            &["`[object Object]`", "Rancher"],
        ),
        (
            "falsy-data-dropped",
            request("POST", |_| ()).asked(data("0", "0", true, true)).json("{}"),
            &["`0`", "Podman"],
        ),
    ]
}

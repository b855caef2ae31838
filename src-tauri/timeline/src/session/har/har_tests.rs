use std::{io::Write, path::Path, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{import::ReadFailed, *};
use crate::session::{
    Recorded,
    samples::{self, Sample, header},
};
use porthole_base::error::{Code, Result};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Exchange, Request, Stage},
};
use porthole_output::Stream;
use porthole_sdk::call::Act;

fn export(samples: &[Sample], folder: &Path) -> Value {
    let path = folder.join("a.har");
    let mut writer = HarWriter::begin(&path, true).unwrap();
    for (n, sample) in samples.iter().enumerate() {
        let output = Arc::new(sample.output(&folder.join(format!("{n}"))));
        let one = Recorded::new(sample.call.clone(), output, false);
        let is_exchange = matches!(sample.call.act, Act::Exchange(_));
        assert_eq!(writer.add(&one.ended(), &mut one.content()).unwrap(), is_exchange);
    }
    writer.finish().unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn read(text: &str) -> Result<Vec<Imported>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.har");
    std::fs::write(&path, text).unwrap();
    let mut all = Vec::new();
    import(&path, &mut |one| {
        all.push(one);
        Ok(())
    })?;
    Ok(all)
}

fn exchange_of(imported: &Imported) -> &Exchange {
    let Act::Exchange(exchange) = &imported.call.act else { panic!() };
    exchange
}

#[test]
fn an_exchange_has_what_the_format_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let request = Request {
        headers: vec![header("Cookie", "a=1; b=2"), header("Content-Type", "application/json")],
        body: Body::Json { text: "{\"x\":1.0}".into() },
        ..Request::new("POST", "/items?q=a%20b")
    };
    let headers = vec![header("content-type", "text/plain"), header("Set-Cookie", "s=3; Path=/")];
    let har = export(
        &[samples::exchange(request, headers, "a \"b\"\n☃".as_bytes()), samples::two()[1].clone()],
        folder.path(),
    );
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "commands are no exchanges");
    let entry = &entries[0];
    assert_eq!(entry["startedDateTime"], "2023-11-14T22:13:20.000Z");
    assert_eq!(entry["request"]["url"], "http://localhost/items?q=a%20b");
    assert_eq!(entry["request"]["queryString"], json!([{ "name": "q", "value": "a b" }]));
    assert_eq!(entry["request"]["cookies"], json!([{ "name": "a", "value": "1" }, { "name": "b", "value": "2" }]));
    assert_eq!(entry["request"]["postData"], json!({ "mimeType": "application/json", "text": "{\"x\":1.0}" }));
    assert_eq!(entry["response"]["cookies"], json!([{ "name": "s", "value": "3" }]));
    assert_eq!(entry["response"]["content"], json!({ "size": 9, "mimeType": "text/plain", "text": "a \"b\"\n☃" }));
    let timings = &entry["timings"];
    let sum: f64 = ["connect", "send", "wait", "receive"].map(|phase| timings[phase].as_f64().unwrap()).iter().sum();
    assert!((sum - entry["time"].as_f64().unwrap()).abs() < 1e-9);
    assert_eq!(entry["_porthole"]["chunks"], json!([[9, 25]]));
}

#[test]
fn bodies_are_decoded_and_bytes_are_in_base64() {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"hello").unwrap();
    let gzip = encoder.finish().unwrap();
    let coded =
        |body: &[u8]| samples::exchange(Request::new("GET", "/"), vec![header("content-encoding", "gzip")], body);
    let har = export(
        &[coded(&gzip), coded(b"not gzip"), samples::exchange(Request::new("GET", "/"), vec![], &[0xff, 0, 1])],
        folder.path(),
    );
    let content = |n: usize| har["log"]["entries"][n]["response"]["content"].clone();
    assert_eq!(content(0), json!({ "size": 5, "mimeType": "x-unknown", "text": "hello" }));
    assert_eq!(content(1), json!({ "size": 8, "mimeType": "x-unknown", "text": "not gzip" }));
    assert_eq!(content(2), json!({ "size": 3, "mimeType": "x-unknown", "text": "/wAB", "encoding": "base64" }));
    // A reader finds no content encoding that it would have to undo.
    let imported = read(&har.to_string()).unwrap();
    assert_eq!(imported[0].body, b"hello");
    let head = &exchange_of(&imported[0]).response.as_ref().unwrap().head;
    assert_eq!(head.header("content-encoding"), Some("identity"));
}

#[test]
fn server_sent_events_are_listed_with_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let mut sample =
        samples::exchange(Request::new("GET", "/"), vec![header("content-type", "text/event-stream")], b"");
    sample.pieces = vec![
        (Stream::Stdout, b"event: tick\nid: 7\ndata: 1\n\n: note\n\nda".to_vec(), 100),
        (Stream::Stdout, b"ta: 2\n\ndata: unfinished".to_vec(), 900),
    ];
    let har = export(&[sample], folder.path());
    assert_eq!(
        har["log"]["entries"][0]["_porthole"]["events"],
        json!([
            { "atUs": 100, "event": "tick", "id": "7", "data": "1" },
            { "atUs": 900, "event": "message", "id": null, "data": "2" },
        ]),
    );
}

#[test]
fn what_porthole_wrote_is_the_same_call_again() {
    let folder = tempfile::tempdir().unwrap();
    let samples = [samples::two()[0].clone(), samples::exchange(Request::new("DELETE", "/a"), vec![], b"")];
    let har = export(&samples, folder.path());
    let imported = read(&har.to_string()).unwrap();
    assert_eq!(imported.iter().map(|one| &one.call).collect::<Vec<_>>(), [&samples[0].call, &samples[1].call]);
    assert_eq!(imported[0].body, samples[0].pieces[0].1);
    assert_eq!(imported[0].chunks, [(26, 25)]);
    // Facts of another version aren't used.
    let mut later = har.clone();
    later["log"]["entries"][0]["_porthole"] = json!({ "call": "something else" });
    let imported = read(&later.to_string()).unwrap();
    assert_eq!(exchange_of(&imported[0]).endpoint, Endpoint::Tcp { host: "localhost".into(), port: 80 });
}

#[test]
fn archives_of_other_programs_are_read() {
    for (name, text) in [
        ("chrome", include_str!("fixtures/chrome.har")),
        ("firefox", include_str!("fixtures/firefox.har")),
        ("http-toolkit", include_str!("fixtures/http-toolkit.har")),
    ] {
        let imported = read(text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(imported.len(), 2, "{name}");
        let (first, second) = (exchange_of(&imported[0]), exchange_of(&imported[1]));
        assert_eq!(first.endpoint, Endpoint::Tcp { host: "127.0.0.1".into(), port: 8080 }, "{name}");
        assert_eq!((first.request.method.as_str(), first.request.path.as_str()), ("GET", "/items?limit=2"), "{name}");
        assert!(first.request.headers.iter().all(|header| !header.name.starts_with(':')), "{name}");
        let response = first.response.as_ref().unwrap();
        assert_eq!((response.status, response.reason.as_str()), (200, "OK"), "{name}");
        assert_eq!(imported[0].body, b"{\"items\":[1,2]}", "{name}");
        assert_eq!(response.head.encoded_body().1, Ok(vec![]), "{name}");
        assert!(first.phases.first_byte_us <= first.phases.done_us && first.phases.done_us > Some(0), "{name}");
        assert!(imported[0].call.began_ms > 1_700_000_000_000, "{name}");
        assert_eq!(second.request.method, "POST", "{name}");
        assert_eq!(second.request.body, Body::Json { text: "{\"name\":\"x\"}".into() }, "{name}");
    }
    // One that was blocked has no response.
    let chrome = read(include_str!("fixtures/chrome.har")).unwrap();
    let failed = exchange_of(&chrome[1]);
    assert_eq!(failed.failure.as_ref().unwrap().error.code, Code::ClosedBeforeResponse);
    assert_eq!(failed.failure.as_ref().unwrap().error.detail.as_deref(), Some("net::ERR_CONNECTION_RESET"));
    let firefox = read(include_str!("fixtures/firefox.har")).unwrap();
    assert_eq!(firefox[1].body, [0x89, b'P', b'N', b'G'], "base64");
}

/// An entry with these fields over those of a plain one, by their paths.
fn entry(changes: &[(&str, Value)]) -> Value {
    let mut entry = json!({
        "startedDateTime": "2025-03-04T10:11:12.000Z", "time": 5,
        "request": { "method": "GET", "url": "http://127.0.0.1:8080/a", "httpVersion": "HTTP/1.1", "headers": [] },
        "response": { "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [], "content": {} },
        "timings": { "blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 2, "receive": 2 },
    });
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        entry.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    entry
}

fn imported(changes: &[(&str, Value)]) -> Vec<Imported> {
    read(&json!({ "log": { "entries": [entry(changes)] } }).to_string()).unwrap()
}

#[test]
fn what_says_nothing_about_the_exchange_changes_nothing() {
    let plain = imported(&[]);
    for (name, value) in [
        ("/_fromCache", json!("memory")),
        ("/_resourceType", json!("fetch")),
        ("/_priority", json!("High")),
        ("/_initiator", json!({ "type": "script", "stack": { "callFrames": [{ "url": "http://x/" }] } })),
        ("/_connectionId", json!("17")),
        ("/comment", json!("a comment")),
        ("/request/comment", json!({})),
        ("/response/content/comment", json!(null)),
        ("/timings/comment", json!("…")),
        ("/timings/_blocked_queueing", json!(0.7)),
        ("/pageref", json!(null)),
        ("/cache", json!(null)),
        ("/_webSocketMessages", json!(null)),
        ("/_porthole", json!(17)),
        ("/request/headers", json!(null)),
        ("/request/postData", json!(null)),
        ("/request/bodySize", json!(-1)),
        ("/response/bodySize", json!(-1)),
        ("/response/content/size", json!(-1)),
        ("/response/content/text", json!("")),
        ("/response/_error", json!(null)),
        ("/response/content", json!(null)),
        ("/timings/dns", json!(null)),
    ] {
        assert_eq!(imported(&[(name, value.clone())]), plain, "{name}: {value}");
    }
}

#[test]
fn phases_that_did_not_happen_take_no_time() {
    let phases = |changes: &[(&str, Value)]| {
        let at = exchange_of(&imported(changes)[0]).phases;
        [at.connected_us, at.sent_us, at.first_byte_us, at.done_us].map(Option::unwrap_or_default)
    };
    assert_eq!(phases(&[]), [1000, 1000, 3000, 5000]);
    let none = json!({ "blocked": -1, "dns": -1, "connect": -1, "send": -1, "wait": -1, "receive": -1 });
    assert_eq!(phases(&[("/timings", none), ("/time", json!(0))]), [0; 4]);
    // Without a sum the phases are all that is known.
    assert_eq!(phases(&[("/time", json!(null))]), [1000, 1000, 3000, 5000]);
    assert_eq!(phases(&[("/timings", json!(null))]), [0, 0, 0, 5000]);
    assert_eq!(phases(&[("/timings/wait", json!(1e300))])[2], phases(&[("/timings/wait", json!(1e300))])[3]);
}

#[test]
fn bodies_are_bytes_in_every_way_that_programs_write_them() {
    let body = |text: &str, encoding: Value| {
        imported(&[("/response/content/text", json!(text)), ("/response/content/encoding", encoding)])[0].body.clone()
    };
    for (text, encoding, expected) in [
        ("iVBORw0=", json!("base64"), &b"\x89PNG\r"[..]),
        ("iVBORw0", json!("Base64"), b"\x89PNG\r"),
        ("iVBO\nRw0=\n", json!("base64"), b"\x89PNG\r"),
        ("-_-_", json!("base64"), &[0xfb, 0xff, 0xbf]),
        ("+/+/", json!("base64"), &[0xfb, 0xff, 0xbf]),
        // Invalid base64 is kept as it is.
        ("not base64!", json!("base64"), b"not base64!"),
        ("é", json!(null), "é".as_bytes()),
        ("aGk=", json!("utf8"), b"aGk="),
    ] {
        assert_eq!(body(text, encoding), expected, "{text}");
    }
}

#[test]
fn bytes_that_the_archive_lacks_count_as_not_recorded() {
    let unrecorded = |changes: &[(&str, Value)]| {
        let found = exchange_of(&imported(changes)[0]).unrecorded.unwrap_or_default();
        (found.request_bytes, found.response_bytes)
    };
    let message = |way: &str, data: &str| json!({ "type": way, "time": 1.5, "opcode": 1, "data": data });
    let messages = json!([message("send", "abc"), message("receive", "defgh"), message("receive", "i")]);
    for (changes, expected) in [
        (vec![("/response/content/size", json!(123))], (0, 123)),
        (vec![("/response/bodySize", json!(99))], (0, 99)),
        (vec![("/response/content/size", json!(123)), ("/response/content/text", json!(""))], (0, 0)),
        (vec![("/response/content/size", json!(123)), ("/request/method", json!("HEAD"))], (0, 0)),
        (vec![("/request/bodySize", json!(7))], (7, 0)),
        (vec![("/request/bodySize", json!(2)), ("/request/postData", json!({ "text": "ab" }))], (0, 0)),
        (
            vec![
                ("/request/bodySize", json!(2)),
                ("/request/postData", json!({ "text": "/wA=", "encoding": "base64" })),
            ],
            (2, 0),
        ),
        (
            vec![
                ("/request/bodySize", json!(6)),
                ("/request/headers", json!([{ "name": "Content-Length", "value": "2" }])),
                ("/request/postData", json!({ "text": "a\u{fffd}", "mimeType": "multipart/form-data" })),
            ],
            (2, 0),
        ),
        (
            vec![
                ("/request/bodySize", json!(1e30)),
                ("/response/content/size", json!(1e30)),
                ("/_webSocketMessages", messages.clone()),
            ],
            (u64::MAX, u64::MAX),
        ),
        (vec![("/_webSocketMessages", messages), ("/response/status", json!(101))], (3, 6)),
    ] {
        assert_eq!(unrecorded(&changes), expected, "{changes:?}");
    }
    let text = imported(&[("/request/postData", json!({ "text": "aGk=", "encoding": "base64" }))]);
    assert_eq!(exchange_of(&text[0]).request.body, Body::Text { text: "hi".into() });
}

#[test]
fn errors_of_chrome_say_how_far_an_exchange_came() {
    let failure = |name: &str, status: u16| {
        let all = imported(&[("/response/_error", json!(name)), ("/response/status", json!(status))]);
        let exchange = exchange_of(&all[0]).clone();
        let failure = exchange.failure.unwrap();
        assert_eq!(failure.error.detail.as_deref(), Some(name));
        (failure.stage, failure.error.code, failure.reset, exchange.sent.is_some(), exchange.response.is_some())
    };
    for (name, status, stage, code, reset) in [
        ("net::ERR_CONNECTION_REFUSED", 0, Stage::Connect, Code::EndpointRefused, false),
        ("net::ERR_NAME_NOT_RESOLVED", 0, Stage::Connect, Code::EndpointUnknownHost, false),
        ("net::ERR_CONNECTION_RESET", 0, Stage::Wait, Code::ClosedBeforeResponse, true),
        ("net::ERR_EMPTY_RESPONSE", 0, Stage::Wait, Code::ClosedBeforeResponse, false),
        ("net::ERR_ABORTED", 0, Stage::Wait, Code::Cancelled, false),
        ("net::ERR_SOMETHING_NEW", 0, Stage::Wait, Code::ClosedBeforeResponse, false),
        ("net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200, Stage::Body, Code::BodyCut, false),
        ("net::ERR_CONNECTION_RESET", 200, Stage::Body, Code::BodyCut, true),
    ] {
        let expected = (stage, code, reset, stage != Stage::Connect, status == 200);
        assert_eq!(failure(name, status), expected, "{name} {status}");
    }
}

/// What a page asked the demo backend for, written by DevTools of Chromium 156: see `record-chromium.mjs`.
#[test]
fn an_archive_of_a_real_chromium_has_the_calls_as_the_demo_backend_sent_them() {
    let all = read(include_str!("fixtures/chromium-demo.har")).unwrap();
    let line = |one: &Imported| {
        let exchange = exchange_of(one);
        let status = exchange.response.as_ref().map_or(0, |response| response.status);
        format!("{} {} {status}", exchange.request.method, exchange.request.path)
    };
    let lines: Vec<String> = all.iter().map(line).filter(|line| !line.contains("favicon")).collect();
    assert_eq!(
        lines,
        [
            "GET / 200",
            "GET /hello 200",
            "GET /numbers 200",
            "POST /echo?a=1&b=%C3%A9 200",
            "POST /echo 200",
            "POST /echo 200",
            "GET /status/404 404",
            "GET /status/204 204",
            "GET /redirect 302",
            "GET /hello 200",
            "GET /pixel.png 200",
            "GET /gzip 200",
            "GET /ndjson?count=4&every=60 200",
            "GET /events?count=4&every=60 200",
            "GET /events?count=3&every=30 200",
            "GET /cut 200",
            "GET /close 0",
            "HEAD /hello 200",
        ]
    );
    let of = |line_of: &str| all.iter().find(|one| line(one).starts_with(line_of)).unwrap();
    let text = |one: &Imported| String::from_utf8(one.body.clone()).unwrap();
    let head = |one: &Imported| exchange_of(one).response.as_ref().unwrap().head.clone();

    assert_eq!(text(of("GET /hello")), "{\"message\":\"Hello from the demo backend\"}\n");
    assert_eq!(head(of("GET /hello")).header("content-type"), Some("application/json"));
    assert!(text(of("GET /numbers")).contains("18446744073709551615"));
    let posted = exchange_of(of("POST /echo?a=1"));
    assert_eq!(posted.request.body, Body::Json { text: "{\"volume\":\"pg data\",\"size\":42}".into() });
    let echoed: Value = serde_json::from_str(&text(of("POST /echo?a=1"))).unwrap();
    assert_eq!((&echoed["body"], &echoed["bytes"]), (&json!("{\"volume\":\"pg data\",\"size\":42}"), &json!(30)));
    assert_eq!(exchange_of(of("POST /echo 200")).request.body, Body::Text { text: "name=a+b&of=%C3%A9".into() });
    assert_eq!(head(of("GET /redirect")).header("location"), Some("/hello"));
    assert_eq!((&of("GET /pixel.png").body[1..4], of("GET /pixel.png").body.len()), (&b"PNG"[..], 70));
    assert_eq!(text(of("GET /gzip")), json!({ "compressed": "x".repeat(500) }).to_string());
    assert_eq!(head(of("GET /gzip")).encoded_body().1, Ok(vec![]), "it is decoded");
    assert_eq!(text(of("GET /ndjson")).lines().count(), 4);
    let event = |n: u32| format!("id: {n}\nevent: tick\ndata: {{\"tick\":{n}}}\n\n");
    let stream = of("GET /events?count=4");
    assert_eq!(text(stream), (0..4).map(event).collect::<String>());
    // One every 60 ms.
    let times: Vec<u64> = stream.chunks.iter().map(|(_, at_us)| at_us / 1000).collect();
    assert_eq!(times.len(), 4);
    assert!(times.windows(2).all(|pair| (30..150).contains(&(pair[1] - pair[0]))), "{times:?}");
}

#[test]
fn an_archive_of_a_real_chromium_has_times_and_connections() {
    let all = read(include_str!("fixtures/chromium-demo.har")).unwrap();
    let of = |path: &str| all.iter().find(|one| exchange_of(one).request.path == path).unwrap();
    // What wasn't read to its end, and what was never answered.
    let cut = exchange_of(of("/cut"));
    assert_eq!(
        cut.failure.as_ref().map(|failure| (failure.stage, failure.error.code)),
        Some((Stage::Body, Code::BodyCut))
    );
    assert!(cut.unrecorded.is_some_and(|unrecorded| unrecorded.response_bytes > 0));
    let closed = exchange_of(of("/close")).failure.as_ref().unwrap();
    assert_eq!((closed.stage, closed.error.code), (Stage::Wait, Code::ClosedBeforeResponse));
    // A form with bytes that aren't text.
    let forms: Vec<u64> = all.iter().filter_map(|one| Some(exchange_of(one).unrecorded?.request_bytes)).collect();
    assert_eq!(forms.iter().filter(|bytes| **bytes == 296).count(), 1, "{forms:?}");
    for one in &all {
        let exchange = exchange_of(one);
        assert_eq!(exchange.endpoint, Endpoint::Tcp { host: "127.0.0.1".into(), port: 8321 });
        let at = exchange.phases;
        let ends = [at.connected_us, at.sent_us, at.first_byte_us.or(at.done_us), at.done_us].map(Option::unwrap);
        assert!(ends.is_sorted() && ends[3] > 0, "{ends:?}");
        assert!(one.call.began_ms.abs_diff(all[0].call.began_ms) < 60_000);
        assert!(exchange.sent.as_ref().unwrap().header("host").is_some());
    }
    assert!(all.iter().any(|one| exchange_of(one).reused), "connections were kept alive");
}

#[test]
fn only_exchanges_of_http_are_calls() {
    let target = |url: &str| {
        let all = imported(&[("/request/url", json!(url))]);
        all.first().map(|one| (exchange_of(one).endpoint.to_string(), exchange_of(one).request.path.clone()))
    };
    for url in ["data:image/png;base64,iVBO", "chrome-extension://abc/x.js", "about:blank", "blob:http://127.0.0.1/1"] {
        assert_eq!(target(url), None, "{url}");
    }
    for (url, endpoint, path) in [
        ("https://u:p@127.0.0.1/a?b#c", "http://127.0.0.1:443", "/a?b"),
        ("WS://127.0.0.1:9/", "http://127.0.0.1:9", "/"),
        ("http://[::1]:8080", "http://[::1]:8080", "/"),
        ("localhost:8080/a", "http://localhost:8080", "/a"),
        ("", "http://localhost:80", "/"),
    ] {
        assert_eq!(target(url), Some((endpoint.to_owned(), path.to_owned())), "{url}");
    }
}

#[test]
fn events_of_a_stream_are_its_body_where_the_archive_has_no_other() {
    let event = |ms: f64, name: &str, id: &str, data: &str| json!({ "time": 1_741_083_072.0 + ms / 1000.0, "eventName": name, "eventId": id, "data": data });
    let events = json!([event(100.0, "tick", "1", "a\nb"), event(250.0, "message", "", "c")]);
    let one = imported(&[("/_eventSourceMessages", events.clone())]).remove(0);
    assert_eq!(String::from_utf8_lossy(&one.body), "id: 1\nevent: tick\ndata: a\ndata: b\n\ndata: c\n\n");
    let lengths: Vec<u64> = one.chunks.iter().map(|(len, _)| *len).collect();
    assert_eq!(lengths.iter().sum::<u64>(), one.body.len() as u64);
    assert!(one.chunks[0].1.abs_diff(100_000) < 10 && one.chunks[1].1.abs_diff(250_000) < 10, "{:?}", one.chunks);
    let with = |text: &str| {
        imported(&[("/_eventSourceMessages", events.clone()), ("/response/content/text", json!(text))]).remove(0)
    };
    // What the archive has counts, and the times where they fit.
    assert_eq!((with("data: x\n\n").body, with("data: x\n\n").chunks), (b"data: x\n\n".to_vec(), vec![]));
    let both = with("id:1\ndata:a\n\ndata: c\n\n");
    assert_eq!(both.chunks, [(13, one.chunks[0].1), (9, one.chunks[1].1)]);
}

#[test]
fn pseudo_headers_of_http_2_are_no_headers() {
    let headers = json!([
        { "name": ":method", "value": "GET" }, { "name": ":authority", "value": "127.0.0.1" },
        { "name": "accept", "value": "*/*" }, { "name": "x", "value": null }, { "value": "nameless" },
    ]);
    let all = imported(&[
        ("/request/headers", headers.clone()),
        ("/response/headers", headers),
        ("/request/httpVersion", json!("h2")),
    ]);
    let exchange = exchange_of(&all[0]);
    for headers in [&exchange.request.headers, &exchange.response.as_ref().unwrap().head.headers] {
        assert_eq!(headers, &[header("accept", "*/*"), header("x", "")]);
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"log\":{}}",
        "{\"log\":{\"entries\":{}}}",
        "{\"log\":{\"entries\":[{\"request\":7}]}}",
        "{\"log\":{\"entries\":[{}",
    ] {
        assert_eq!(read(text).unwrap_err().code, Code::HarInvalid, "{text}");
    }
    let missing = import(Path::new("/nonexistent.har"), &mut |_| Ok(()));
    assert_eq!(missing.unwrap_err().code, Code::SessionUnreadable);
    assert_eq!(read("\u{feff}{\"log\":{\"entries\":[]}}").unwrap(), []);
}

proptest! {
    #[test]
    fn no_text_makes_it_fail(text in "(\\{|\\}|\\[|\\]|\"log\":|\"entries\":|\"request\":|\"url\":|\"http://[:@a\\]]{0,4}\"|\"status\":|-?[0-9]{1,20}|,|null){0,24}") {
        let done = import::read(text.as_bytes(), &mut |_| Ok(()));
        prop_assert!(!matches!(done, Err(ReadFailed::Told(_))));
    }
}

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
    exchange::{Body, Exchange, Request},
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

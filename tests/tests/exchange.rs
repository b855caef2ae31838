//! The exchange against servers that are not ours.

#![cfg(unix)]

#[path = "exchange/forms.rs"]
mod forms;

use std::{
    fs,
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixListener,
    sync::mpsc,
    time::{Duration, Instant},
};

use porthole_app::demo::Demo;
use porthole_base::error::Code;
use porthole_engine::BackendConnections;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Body, Header, HttpClient, Part, PartContent, Request, Stage, Version},
};
use porthole_tests::{
    recorder::{Kept, finished, send},
    servers::{Raw, nginx, python, read_head},
};
use tokio_util::sync::CancellationToken;

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

// Python's server: HTTP/1.0, no keep-alive, a backlog of five.

#[tokio::test]
async fn python_answers_as_http_1_0() {
    let python = python().await;
    let sent = send(&python.endpoint, &get("/hello.txt")).await;
    assert_eq!((sent.status(), sent.text()), (200, "hello from python\n"));
    let response = sent.exchange.response.unwrap();
    assert_eq!(response.head.start_line, "HTTP/1.0 200 OK");
    assert_eq!(response.head.headers[0].name, "Server");
    assert!(response.head.headers.iter().any(|header| header.name == "Content-type"), "case as on the wire");
    let phases = sent.exchange.phases;
    let order = [phases.connected_us, phases.sent_us, phases.first_byte_us, phases.done_us];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn python_sends_a_large_body_and_refuses_in_html() {
    let python = python().await;
    assert_eq!(send(&python.endpoint, &get("/big.bin")).await.body, vec![7; 5_000_000]);
    let missing = send(&python.endpoint, &get("/missing")).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.exchange.response.unwrap().reason, "File not found");
    let head = send(&python.endpoint, &Request::new("HEAD", "/big.bin")).await;
    assert_eq!((head.status(), head.body.len()), (200, 0));
    assert_eq!(send(&python.endpoint, &Request::new("PURGE", "/")).await.status(), 501);
}

#[tokio::test]
async fn python_takes_more_at_once_than_its_backlog_holds() {
    let python = python().await;
    let request = get("/hello.txt");
    let all = (0..60).map(|_| send(&python.endpoint, &request));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|sent| sent.status() == 200));
}

// nginx: HTTP/1.1, chunked, repeats, redirects, limits.

#[tokio::test]
async fn nginx_headers_keep_case_order_and_repeats() {
    let nginx = nginx().await;
    let sent = send(&nginx.endpoint, &get("/")).await;
    assert_eq!(sent.text(), "<h1>nginx</h1>\n");
    let headers = sent.exchange.response.unwrap().head.headers;
    assert!(headers.contains(&header("X-Mixed-Case", "Yes")));
    let cookies: Vec<_> =
        headers.iter().filter(|header| header.name == "Set-Cookie").map(|h| h.value.as_str()).collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn nginx_redirects_are_answers_and_not_followed() {
    let nginx = nginx().await;
    let sent = send(&nginx.endpoint, &get("/moved")).await;
    assert_eq!(sent.status(), 302);
    assert!(sent.exchange.response.unwrap().head.header("location").unwrap().ends_with("/index.html"));
}

#[tokio::test]
async fn nginx_redirects_are_followed_for_a_client_that_follows_them() {
    let nginx = nginx().await;
    for client in [HttpClient::NodeFetch, HttpClient::Got] {
        let sent = send(&nginx.endpoint, &client.sends(get("/moved"))).await;
        assert_eq!((sent.status(), sent.text()), (200, "<h1>nginx</h1>\n"));
        let [redirect] = &sent.exchange.redirects[..] else { panic!("{:?}", sent.exchange.redirects) };
        assert_eq!((redirect.path.as_str(), redirect.response.status), ("/moved", 302));
        assert!(sent.exchange.sent.unwrap().start_line.starts_with("GET /index.html "));
    }
}

#[tokio::test]
async fn nginx_body_is_not_rewritten() {
    let nginx = nginx().await;
    let mut request = get("/long.txt");
    let plain = send(&nginx.endpoint, &request).await;
    assert_eq!(plain.body.len(), 1_050_000);
    request.headers = vec![header("Accept-Encoding", "gzip")];
    let packed = send(&nginx.endpoint, &request).await;
    let head = packed.exchange.response.unwrap().head;
    assert_eq!((head.header("content-encoding"), head.header("transfer-encoding")), (Some("gzip"), Some("chunked")));
    assert_eq!(packed.body[..2], [0x1f, 0x8b], "gzip stays gzip");
}

#[tokio::test]
async fn nginx_refusing_a_large_body_is_heard_while_it_is_sent() {
    let nginx = nginx().await;
    let mut request = Request::new("POST", "/small");
    request.body = Body::Text { text: "x".repeat(8 * 1024 * 1024) };
    assert_eq!(send(&nginx.endpoint, &request).await.status(), 413);
}

// A socket that misbehaves.

#[tokio::test]
async fn what_is_composed_is_what_goes_over_the_wire() {
    let (sender, receiver) = mpsc::channel();
    let raw = Raw::new(move |mut stream| {
        let head = read_head(&mut stream);
        let mut body = [0; 7];
        stream.read_exact(&mut body).unwrap();
        sender.send((head, body)).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let mut request = Request::new("PROPFIND", "/a%2Fb?x=1");
    request.headers = vec![header("X-One", "1"), header("x-TWO", "2"), header("X-one", "3"), header("Host", "me")];
    request.body = Body::Json { text: "{\"a\":1}".into() };
    let sent = send(&raw.endpoint, &request).await;
    assert_eq!(sent.status(), 204);
    let (head, body) = receiver.recv().unwrap();
    let expected = "PROPFIND /a%2Fb?x=1 HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\
                    X-One: 1\r\nx-TWO: 2\r\nX-one: 3\r\nHost: me\r\n\r\n";
    assert_eq!(head, expected);
    assert_eq!(&body, b"{\"a\":1}");
    let recorded = sent.exchange.sent.unwrap();
    assert_eq!(recorded.start_line, "PROPFIND /a%2Fb?x=1 HTTP/1.1");
    assert_eq!(recorded.headers.last(), Some(&header("Host", "me")));
}

#[tokio::test]
async fn a_request_can_be_http_1_0() {
    let (sender, receiver) = mpsc::channel();
    let raw = Raw::new(move |mut stream| {
        sender.send(read_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").unwrap();
    });
    let mut request = get("/");
    request.version = Version::Http10;
    assert_eq!(send(&raw.endpoint, &request).await.text(), "until the end");
    assert!(receiver.recv().unwrap().starts_with("GET / HTTP/1.0\r\n"));
}

#[tokio::test]
async fn a_file_goes_out_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("body.bin");
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
    fs::write(&path, &bytes).unwrap();
    let (sender, receiver) = mpsc::channel();
    let length = bytes.len();
    let raw = Raw::new(move |mut stream| {
        let head = read_head(&mut stream);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        sender.send((head, body)).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let mut request = Request::new("PUT", "/");
    request.body = Body::File { path: path.display().to_string() };
    assert_eq!(send(&raw.endpoint, &request).await.status(), 200);
    let (head, body) = receiver.recv().unwrap();
    assert!(head.contains("content-length: 300000\r\n"), "{head}");
    assert!(body == bytes);
    for unreadable in ["/nonexistent/file", "/", "/dev/zero"] {
        request.body = Body::File { path: unreadable.into() };
        assert_eq!(send(&raw.endpoint, &request).await.failure(), (Code::BodyFileUnreadable, Stage::Prepare));
    }
}

#[tokio::test]
async fn closing_at_once_is_closed_before_response() {
    let raw = Raw::new(drop);
    // How much of the request is out by then is chance, and what happened is the same.
    for _ in 0..50 {
        let failure = send(&raw.endpoint, &get("/")).await.exchange.failure.unwrap();
        assert_eq!(failure.error.code, Code::ClosedBeforeResponse, "{failure:?}");
    }
    let raw = Raw::answering("");
    assert_eq!(send(&raw.endpoint, &get("/")).await.failure(), (Code::ClosedBeforeResponse, Stage::Wait));
}

#[tokio::test]
async fn closing_in_the_head_keeps_what_was_read() {
    let raw = Raw::answering("HTTP/1.1 200 OK\r\nX-Half");
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!(sent.failure(), (Code::ClosedBeforeResponse, Stage::Head));
    assert_eq!(sent.exchange.failure.unwrap().received, "HTTP/1.1 200 OK\r\nX-Half");
}

#[tokio::test]
async fn what_is_not_http_is_shown() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "{\"jsonrpc\": \"2.0\"}\n",
        "HTTP/1.1 abc\r\n\r\n",
        "\u{1}\u{2}\u{3}garbage garbage",
    ] {
        let raw = Raw::answering(answer);
        let sent = send(&raw.endpoint, &get("/")).await;
        assert_eq!(sent.failure(), (Code::BadResponse, Stage::Head), "{answer}");
        assert_eq!(sent.exchange.failure.unwrap().received, answer);
    }
}

#[tokio::test]
async fn a_body_shorter_than_promised_is_kept_and_said_to_be_cut() {
    for (head, body) in
        [("Content-Length: 100\r\n\r\n", "short"), ("Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", "")]
    {
        let raw = Raw::answering(format!("HTTP/1.1 200 OK\r\n{head}{body}"));
        let sent = send(&raw.endpoint, &get("/")).await;
        assert_eq!(sent.failure(), (Code::BodyCut, Stage::Body));
        assert_eq!((sent.status(), sent.text()), (200, "short"));
    }
}

#[tokio::test]
async fn broken_chunks_are_a_bad_response_and_what_came_is_kept() {
    let raw = Raw::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nxyz\r\n");
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!(sent.failure(), (Code::BadResponse, Stage::Body));
    assert_eq!(sent.text(), "short");
}

#[tokio::test]
async fn interim_answers_are_not_the_answer() {
    let raw = Raw::answering(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\nContent-Length: 2\r\nX-a: 1\r\nx-A: 2\r\n\r\nok",
    );
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!(sent.text(), "ok");
    let response = sent.exchange.response.unwrap();
    assert_eq!(response.reason, "");
    assert_eq!(response.head.headers[1..], [header("X-a", "1"), header("x-A", "2")]);
}

#[tokio::test]
async fn empty_lines_before_the_answer_are_skipped() {
    let raw = Raw::answering("\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!(sent.exchange.response.unwrap().head.start_line, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn an_answer_may_have_many_headers_and_one_that_breaks_the_rules_is_http_all_the_same() {
    let many: String = (0..500).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let raw = Raw::answering(format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n"));
    assert_eq!(send(&raw.endpoint, &get("/")).await.exchange.response.unwrap().head.headers.len(), 501);
    let raw = Raw::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx");
    let failure = send(&raw.endpoint, &get("/")).await.exchange.failure.unwrap();
    assert_eq!(failure.error.code, Code::BadResponse);
    assert!(failure.error.message.contains("aren't valid HTTP/1"), "{failure:?}");
}

#[tokio::test]
async fn an_upgrade_ends_with_its_head() {
    let raw = Raw::answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
    assert_eq!(send(&raw.endpoint, &get("/")).await.status(), 101);
}

#[tokio::test]
async fn a_backend_that_stops_reading_is_a_failed_send_unless_it_answered() {
    let mut request = Request::new("POST", "/");
    request.body = Body::Text { text: "x".repeat(4 * 1024 * 1024) };
    let raw = Raw::new(|mut stream| drop(read_head(&mut stream)));
    assert_eq!(send(&raw.endpoint, &request).await.failure(), (Code::SendFailed, Stage::Send));
    let raw = Raw::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nmore").unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    });
    let sent = send(&raw.endpoint, &request).await;
    assert_eq!((sent.status(), sent.text()), (413, "more"));
    assert!(sent.exchange.sent.is_some(), "the head that went out is a fact, also when the body did not");
    assert_eq!(sent.exchange.phases.sent_us, None);
}

#[tokio::test]
async fn a_backend_that_never_answers_runs_into_the_timeout() {
    let (release, hold) = mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    let raw = Raw::new(move |mut stream| {
        read_head(&mut stream);
        let _ = hold.lock().unwrap().recv();
    });
    let mut request = get("/");
    request.timeout_ms = Some(80);
    assert_eq!(send(&raw.endpoint, &request).await.failure(), (Code::TimedOut, Stage::Wait));
    // The same by the limit for the response alone; 0 is none.
    (request.timeout_ms, request.response_timeout_ms, request.connect_timeout_ms) = (None, Some(80), 0);
    assert_eq!(send(&raw.endpoint, &request).await.failure(), (Code::TimedOut, Stage::Wait));
    (request.timeout_ms, request.response_timeout_ms) = (Some(200), Some(0));
    let failure = send(&raw.endpoint, &request).await.exchange.failure.unwrap();
    assert!(failure.error.message.contains("200 ms"), "{failure:?}");
    drop(release);
}

#[tokio::test]
async fn a_backend_that_never_accepts_runs_into_the_connect_timeout() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full.sock");
    let socket = tokio::net::UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let listener = socket.listen(1).unwrap();
    let endpoint = Endpoint::Unix(path);
    let filling = (0..5).map(|_| async {
        let mut request = get("/");
        request.connect_timeout_ms = 200;
        request.timeout_ms = Some(400);
        send(&endpoint, &request).await.failure()
    });
    let failures = futures_util::future::join_all(filling).await;
    assert!(failures.contains(&(Code::ConnectTimeout, Stage::Connect)), "{failures:?}");
    drop(listener);
}

// Endpoints that cannot be connected to: each with its own code.

#[tokio::test]
async fn each_way_not_to_connect_has_its_code() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("file"), "").unwrap();
    drop(UnixListener::bind(at("stale")).unwrap());
    let _datagrams = std::os::unix::net::UnixDatagram::bind(at("datagrams")).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let tcp = |host: &str, port| Endpoint::Tcp { host: host.into(), port };
    for (endpoint, code) in [
        (Endpoint::Unix(at(&"x".repeat(120))), Code::EndpointPathTooLong),
        (Endpoint::Unix(at("missing")), Code::EndpointMissing),
        (Endpoint::Unix(at("file").join("below")), Code::EndpointMissing),
        (Endpoint::Unix(at("file")), Code::EndpointNotSocket),
        (Endpoint::Unix(directory.path().to_owned()), Code::EndpointNotSocket),
        (Endpoint::Unix(at("stale")), Code::EndpointRefused),
        (Endpoint::Unix(at("datagrams")), Code::ConnectFailed),
        (Endpoint::Npipe("x".into()), Code::EndpointUnsupported),
        (tcp("127.0.0.1", free), Code::EndpointRefused),
        (tcp("no-such-host.invalid", 80), Code::EndpointUnknownHost),
    ] {
        let sent = send(&endpoint, &get("/")).await;
        assert_eq!(sent.failure(), (code, Stage::Connect), "{endpoint}");
        let error = sent.exchange.failure.unwrap().error;
        assert!(error.hint.is_some() || error.detail.is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn tcp_works_as_a_socket_does() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut space = [0; 4096];
        let length = stream.read(&mut space).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        String::from_utf8_lossy(&space[..length]).into_owned()
    });
    let sent = send(&Endpoint::Tcp { host: "127.0.0.1".into(), port }, &get("/")).await;
    assert_eq!(sent.text(), "ok");
    assert!(thread.join().unwrap().contains(&format!("host: 127.0.0.1:{port}\r\n")));
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_refused_before_anything_is_opened() {
    let endpoint = Endpoint::Unix("/nonexistent".into());
    let mut bad_header = get("/");
    bad_header.headers = vec![header("a b", "c")];
    let mut bad_value = get("/");
    bad_value.headers = vec![header("A", "b\r\nInjected: yes")];
    let framed = |name: &str, value: &str, body: &str| {
        let mut request = Request::new("POST", "/");
        request.headers = vec![header(name, value)];
        request.body = if body.is_empty() { Body::None } else { Body::Text { text: body.into() } };
        request
    };
    for request in [
        Request::new("G T", "/"),
        Request::new("", "/"),
        get("no-slash"),
        get("/a b"),
        bad_header,
        bad_value,
        framed("Content-Length", "3", "seven b"),
        framed("Content-Length", "x", "seven b"),
        framed("Transfer-Encoding", "chunked", ""),
        framed("Transfer-Encoding", "gzip", "body"),
    ] {
        assert_eq!(send(&endpoint, &request).await.failure(), (Code::RequestInvalid, Stage::Prepare));
    }
}

/// Half of the cancels may be slower on a machine that has other things to do.
#[tokio::test(flavor = "multi_thread")]
async fn cancelling_takes_less_than_fifty_milliseconds() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    let mut took = Vec::new();
    for path in ["/events?every=1", "/slow?ms=60000", "/bytes/99999999999"].iter().cycle().take(15) {
        let (cancel, request, endpoint) = (CancellationToken::new(), get(path), demo.endpoint().clone());
        let mut kept = Kept::empty();
        let mut length = kept.length.subscribe();
        let running = tokio::spawn({
            let cancel = cancel.clone();
            async move {
                exchange::send(&endpoint, &request, &BackendConnections::default(), &cancel, &mut kept).await;
                finished(&endpoint, &request, kept)
            }
        });
        if !path.starts_with("/slow") {
            length.wait_for(|length| *length > 0).await.unwrap();
        }
        let began = Instant::now();
        cancel.cancel();
        let sent = running.await.unwrap();
        took.push(began.elapsed());
        assert_eq!(sent.failure().0, Code::Cancelled);
        assert!(path.starts_with("/slow") || !sent.body.is_empty(), "what came is kept");
    }
    took.sort();
    assert!(took[took.len() / 2] < Duration::from_millis(50), "{took:?}");
}

/// Each route of the demo backend does what its description says.
#[tokio::test]
async fn the_demo_backend_does_all_that_it_describes() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    let at = |path: &str| {
        let (endpoint, request) = (demo.endpoint().clone(), get(path));
        async move { send(&endpoint, &request).await }
    };
    let described: serde_json::Value = serde_json::from_slice(&at("/openapi.json").await.body).unwrap();
    assert_eq!(described["paths"].as_object().unwrap().len(), 13);
    assert!(at("/").await.text().contains("/ndjson"));
    assert!(at("/hello").await.text().contains("Hello"));
    assert_eq!(at("/status/418").await.status(), 418);
    assert_eq!(at("/status/204").await.body, b"");
    assert_eq!(at("/status/9").await.status(), 400);
    assert_eq!(at("/slow?ms=1").await.text(), "{\"waited_ms\":1}\n");
    assert_eq!(at("/ndjson?count=3&every=1").await.text().lines().count(), 3);
    let events = at("/events?count=2&every=1").await;
    assert_eq!(events.text(), "id: 0\nevent: tick\ndata: {\"tick\":0}\n\nid: 1\nevent: tick\ndata: {\"tick\":1}\n\n");
    assert_eq!(events.exchange.response.unwrap().head.header("content-type"), Some("text/event-stream"));
    assert_eq!(at("/bytes/1000001").await.body.len(), 1_000_001);
    assert!(at("/numbers").await.text().contains("9007199254740993"));
    let page = at("/html-error").await;
    assert!(page.status() == 500 && page.text().starts_with("<!doctype html>"));
    assert_eq!(at("/close").await.failure(), (Code::ClosedBeforeResponse, Stage::Wait));
    let cut = at("/cut").await;
    assert_eq!(cut.failure(), (Code::BodyCut, Stage::Body));
    assert_eq!(cut.text().lines().count(), 3);
    assert_eq!(at("/nope").await.status(), 404);
    let mut echo = Request::new("PATCH", "/echo?a=b");
    echo.body = Body::Text { text: "back".into() };
    let echoed: serde_json::Value = serde_json::from_slice(&send(demo.endpoint(), &echo).await.body).unwrap();
    assert_eq!((echoed["method"].as_str(), echoed["target"].as_str()), (Some("PATCH"), Some("/echo?a=b")));
    assert_eq!(echoed["body"], "back");
}

//! A tap between real sockets: what passes, and what is recorded of it.

#![cfg(unix)]

use std::{path::PathBuf, sync::Arc, time::Duration};

use porthole_app::demo::Demo;
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Header, Request, Unrecorded},
    tap::{Tap, TapOptions},
};
use porthole_output::{BodyKind, Stream};
use porthole_sdk::call::{Call, Origin, Outcome};
use porthole_tests::{
    recorder::send,
    tapped::{calls_when_ended, exactly, exchange, expect, failure, rows_when, say, status},
};
use porthole_timeline::{Summary, Timeline};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

/// A tap with its timeline.
struct Tapped {
    folder: tempfile::TempDir,
    timeline: Arc<Timeline>,
    tap: Tap,
}

impl Tapped {
    async fn new(to: Endpoint) -> Self {
        Self::with_quota(to, u64::MAX).await
    }

    async fn with_quota(to: Endpoint, quota: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), quota, None);
        let timeline = Arc::new(timeline);
        let listen = Endpoint::Unix(folder.path().join("t.sock"));
        let dialer = timeline.connections().dialer();
        let tap = Tap::start(TapOptions::new(listen, to), dialer, timeline.tap_log()).await.unwrap();
        Self { folder, timeline, tap }
    }

    /// In front of a backend that the test plays.
    async fn played() -> (Self, UnixListener, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let listener = UnixListener::bind(&path).unwrap();
        (Self::new(Endpoint::Unix(path)).await, listener, folder)
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("t.sock")).await.unwrap()
    }

    /// The rows when this holds for them.
    async fn rows(&self, holds: impl Fn(&[Summary]) -> bool) -> Vec<Summary> {
        rows_when(&self.timeline, holds).await
    }

    /// All that was recorded when this many calls have ended.
    async fn ended(&self, calls: usize) -> Vec<Call> {
        calls_when_ended(&self.timeline, calls).await
    }

    fn output(&self, call: &Call, stream: Stream) -> Vec<u8> {
        self.timeline.output(call.id).unwrap().read(stream, 0, u64::MAX).unwrap()
    }
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_receives_is_the_same_and_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let tapped = Tapped::new(demo.endpoint().clone()).await;
    let mut post = Request::new("POST", "/echo?n=1");
    post.body = Body::Json { text: r#"{"a": 1.0}"#.into() };
    post.headers = vec![Header { name: "X-Mixed".into(), value: "1".into() }];
    for request in [Request::new("GET", "/hello"), post, Request::new("GET", "/no-such-route")] {
        let direct = send(demo.endpoint(), &request).await;
        let through = send(tapped.tap.listen(), &request).await;
        assert_eq!((through.status(), &through.body), (direct.status(), &direct.body));
    }
    let calls = tapped.ended(3).await;
    let told: Vec<_> = calls.iter().map(|call| (exchange(call).request.path.as_str(), status(call))).collect();
    assert_eq!(told, [("/hello", Some(200)), ("/echo?n=1", Some(200)), ("/no-such-route", Some(404))]);
    let posted = exchange(&calls[1]);
    assert_eq!(posted.request.body, Body::Json { text: r#"{"a": 1.0}"#.into() });
    assert!(posted.request.headers.iter().any(|header| header.name == "X-Mixed"), "{posted:?}");
    assert!(posted.sent.as_ref().unwrap().header("content-length").is_some(), "{posted:?}");
    assert_eq!((calls[1].origin, &posted.endpoint), (Origin::Tap, demo.endpoint()));
    let phases = posted.phases;
    let order = [phases.connected_us, phases.sent_us, phases.first_byte_us, phases.done_us];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
    let body = send(demo.endpoint(), &Request::new("GET", "/hello")).await.body;
    assert_eq!(tapped.output(&calls[0], Stream::Stdout), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_has_many_requests_also_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let tapped = Tapped::new(demo.endpoint().clone()).await;
    let mut client = tapped.connect().await;
    say(&mut client, &"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3)).await;
    tapped.ended(3).await;
    say(&mut client, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut all = String::new();
    client.read_to_string(&mut all).await.unwrap();
    assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 4, "{all}");
    let calls = tapped.ended(4).await;
    let reused: Vec<_> = calls.iter().map(|call| (status(call), exchange(call).reused)).collect();
    assert_eq!(reused, [(Some(200), false), (Some(200), true), (Some(200), true), (Some(200), true)]);
}

/// Each event is received before the next one is sent, and the call has it by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_passes_piece_by_piece() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, GET).await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    say(&mut server, head).await;
    expect(&mut client, head).await;
    for n in 0..20_usize {
        let event = format!("data: {n:02}\n\n");
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        say(&mut server, &chunk).await;
        expect(&mut client, &chunk).await;
        let bytes = ((n + 1) * event.len()) as u64;
        tapped.rows(|rows| rows.iter().any(|row| row.counts.stdout.bytes == bytes)).await;
    }
    say(&mut server, "0\r\nX-Sum: 20\r\n\r\n").await;
    let calls = tapped.ended(1).await;
    assert_eq!(exchange(&calls[0]).trailers, [Header { name: "x-sum".into(), value: "20".into() }]);
    assert!(tapped.output(&calls[0], Stream::Stdout).starts_with(b"data: 00\n\ndata: 01\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_upgrade_bytes_go_both_ways_and_each_side_may_close_its_half() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    let ask = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    say(&mut client, ask).await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, ask).await;
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u{1}hi";
    say(&mut server, answer).await;
    expect(&mut client, answer).await;
    client.write_all(&[0x81, 0xff, 0, b'\n']).await.unwrap();
    assert_eq!(exactly(&mut server, 4).await, [0x81, 0xff, 0, b'\n']);
    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
    say(&mut server, "after the end").await;
    expect(&mut client, "after the end").await;
    drop(server);
    assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 0);
    let calls = tapped.ended(1).await;
    assert_eq!((status(&calls[0]), failure(&calls[0])), (Some(101), None));
    assert_eq!(tapped.output(&calls[0], Stream::Stdout), b"\x01hiafter the end");
    assert_eq!(tapped.output(&calls[0], Stream::Stderr), [0x81, 0xff, 0, b'\n']);
    let row = tapped.rows(|rows| rows.len() == 1).await.remove(0);
    assert_eq!(row.body, Some(BodyKind::Protocol));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_its_half_still_gets_its_response() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    client.shutdown().await.unwrap();
    let (mut server, _) = backend.accept().await.unwrap();
    let mut request = String::new();
    server.read_to_string(&mut request).await.unwrap();
    assert_eq!(request, GET);
    let answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
    say(&mut server, answer).await;
    drop(server);
    let mut all = String::new();
    client.read_to_string(&mut all).await.unwrap();
    assert_eq!(all, answer);
    let calls = tapped.ended(1).await;
    assert_eq!((status(&calls[0]), failure(&calls[0])), (Some(200), None));
    assert_eq!(tapped.output(&calls[0], Stream::Stdout), b"until the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backend_learns_of_a_client_that_went_away_and_the_call_says_so() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, GET).await;
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc";
    say(&mut server, head).await;
    expect(&mut client, head).await;
    drop(client);
    assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
    let piece = vec![b'x'; 64 * 1024];
    let gone = async { while server.write_all(&piece).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
    let calls = tapped.ended(1).await;
    assert_eq!((status(&calls[0]), failure(&calls[0])), (Some(200), Some(Code::ClientClosed)));
}

/// A client that reads slowly keeps its backend from going on, as it would without a tap, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_gets_everything() {
    const LENGTH: usize = 8_000_000;
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, GET).await;
    let body: Vec<u8> = (0..LENGTH).map(|n| (n % 251) as u8).collect();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
    let sent = [head.as_bytes(), &body].concat();
    let sending = tokio::spawn(async move { server.write_all(&sent).await.map(|()| server) });
    expect(&mut client, &head).await;
    tapped.rows(|rows| rows.len() == 1).await;
    assert!(!sending.is_finished(), "it waits for the client");
    assert_eq!(exactly(&mut client, LENGTH).await, body);
    drop(sending.await.unwrap().unwrap());
    let calls = tapped.ended(1).await;
    let missing = exchange(&calls[0]).unrecorded.unwrap_or_default().response_bytes as usize;
    assert_eq!((status(&calls[0]), tapped.output(&calls[0], Stream::Stdout).len() + missing), (Some(200), LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_are_open_at_once() {
    const MANY: usize = 1000;
    let (tapped, backend, _folder) = Tapped::played().await;
    assert!(tapped.tap.most() >= MANY, "{}", tapped.tap.most());
    let serving = tokio::spawn(async move {
        let mut servers = Vec::new();
        for _ in 0..MANY {
            let (mut server, _) = backend.accept().await.unwrap();
            expect(&mut server, GET).await;
            servers.push(server);
        }
        // All of them are open at this moment.
        for server in &mut servers {
            say(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
        servers
    });
    let mut clients = Vec::new();
    for _ in 0..MANY {
        let mut client = tapped.connect().await;
        say(&mut client, GET).await;
        clients.push(client);
    }
    for client in &mut clients {
        expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    }
    let calls = tapped.ended(MANY).await;
    assert!(calls.iter().all(|call| status(call) == Some(200) && failure(call).is_none()));
    assert_eq!(tapped.tap.state().borrow().connections, MANY);
    let servers = serving.await.unwrap();
    // The end of the tap is the end of each connection, for both sides.
    let Tapped { tap, folder, .. } = tapped;
    tap.stop().await.unwrap();
    assert_eq!(clients[0].read(&mut [0; 9]).await.unwrap(), 0);
    for mut server in servers {
        assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
    }
    assert!(!folder.path().join("t.sock").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_http_pass_and_their_call_says_so() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    say(&mut client, "PING\r\n").await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, "PING\r\n").await;
    say(&mut server, "+PONG\r\n").await;
    expect(&mut client, "+PONG\r\n").await;
    drop(client);
    drop(server);
    let calls = tapped.ended(1).await;
    assert_eq!(failure(&calls[0]), Some(Code::RequestUnreadable));
    assert_eq!(tapped.output(&calls[0], Stream::Stdout), b"+PONG\r\n");
    assert_eq!(tapped.output(&calls[0], Stream::Stderr), b"PING\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_text_passes_and_is_missed() {
    let (tapped, backend, _folder) = Tapped::played().await;
    let mut client = tapped.connect().await;
    let head = "PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
    say(&mut client, head).await;
    client.write_all(&[0xff, 0, 0xfe]).await.unwrap();
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, head).await;
    assert_eq!(exactly(&mut server, 3).await, [0xff, 0, 0xfe]);
    say(&mut server, "HTTP/1.1 204 No Content\r\n\r\n").await;
    let calls = tapped.ended(1).await;
    let expected = Unrecorded { request_bytes: 3, response_bytes: 0 };
    assert_eq!((&exchange(&calls[0]).request.body, exchange(&calls[0]).unrecorded), (&Body::None, Some(expected)));
}

/// Outputs have used up their part of the disk: the recording waits, the bytes don't.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_cannot_keep_up_delays_nothing_and_says_what_it_lacks() {
    const LENGTH: usize = 30_000_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.sock");
    let backend = UnixListener::bind(&path).unwrap();
    let tapped = Tapped::with_quota(Endpoint::Unix(path), 100_000).await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    let (mut server, _) = backend.accept().await.unwrap();
    expect(&mut server, GET).await;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
    let sent = [head.as_bytes(), &vec![b'x'; LENGTH]].concat();
    let sending = tokio::spawn(async move { server.write_all(&sent).await.map(|()| server) });
    expect(&mut client, &head).await;
    assert_eq!(exactly(&mut client, LENGTH).await, vec![b'x'; LENGTH]);
    let mut server = sending.await.unwrap().unwrap();
    // It is waiting for room, and the next request passes all the same.
    say(&mut client, GET).await;
    expect(&mut server, GET).await;
    tapped.timeline.set_quota(u64::MAX);
    say(&mut server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    expect(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let rows = tapped.rows(|rows| rows.first().is_some_and(|row| !row.outcome.is_live())).await;
    assert!(matches!(rows[0].outcome, Outcome::Status { status: 200, .. }), "{rows:?}");
    let call = tapped.timeline.call(rows[0].id).unwrap();
    let missing = exchange(&call).unrecorded.unwrap().response_bytes as usize;
    assert!(missing > 0);
    assert_eq!(tapped.output(&call, Stream::Stdout).len() + missing, LENGTH);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_down_is_told_with_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.sock");
    drop(UnixListener::bind(&path).unwrap());
    let tapped = Tapped::new(Endpoint::Unix(path)).await;
    let mut client = tapped.connect().await;
    say(&mut client, GET).await;
    assert_eq!(client.read(&mut [0; 9]).await.unwrap_or_default(), 0);
    let calls = tapped.ended(1).await;
    assert_eq!((exchange(&calls[0]).request.path.as_str(), failure(&calls[0])), ("/a", Some(Code::EndpointRefused)));
    let mut state = tapped.tap.state();
    let told = state.wait_for(|state| state.trouble.is_some()).await.unwrap().trouble.clone();
    assert_eq!(told.map(|error| error.code), Some(Code::EndpointRefused));
}

/// The backend's own socket, which is moved while the tap listens in its place.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_place_of_the_backend_s_socket() {
    let (folder, demo_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let demo = Demo::start(demo_folder.path()).await.unwrap();
    let Endpoint::Unix(path) = demo.endpoint().clone() else { panic!("a unix socket") };
    let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
    let timeline = Arc::new(timeline);
    let endpoint = demo.endpoint().clone();
    let start = async || {
        let options = TapOptions::new(endpoint.clone(), endpoint.clone());
        Tap::start(options, timeline.connections().dialer(), timeline.tap_log()).await
    };
    let tap = start().await.unwrap();
    let aside: PathBuf = tap.aside().unwrap().to_owned();
    assert!(aside.exists());
    assert_eq!(send(&endpoint, &Request::new("GET", "/hello")).await.status(), 200);
    assert_eq!(start().await.unwrap_err().code, Code::TapUnavailable);
    tap.stop().await.unwrap();
    assert!(!aside.exists() && path.exists());
    assert_eq!(send(&endpoint, &Request::new("GET", "/hello")).await.status(), 200);
    // Also when it is only dropped, as after a panic.
    drop(start().await.unwrap());
    assert!(!aside.exists());
    assert_eq!(send(&endpoint, &Request::new("GET", "/hello")).await.status(), 200);
    let calls = timeline.changes(0).await.calls;
    let told: Vec<_> = calls.iter().map(|row| timeline.call(row.id).unwrap()).collect();
    assert_eq!((told.len(), &exchange(&told[0]).endpoint), (1, &endpoint));
}

use std::{collections::BTreeSet, path::Path, sync::Mutex};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixStream},
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    Origin,
    compare::Rules,
    demo_backend::DemoBackend,
    inspect::tests::timeline,
    replay::{ReplayOptions, ReplayResult, Replayed},
    session::{Session, SessionWriter, samples},
};
use porthole_base::error::{Code, Error};
use porthole_http::exchange::{Body, Header, Request};

/// What a mock told of the requests that it got.
type Log = Arc<Mutex<Vec<(String, Option<usize>)>>>;

/// A session of requests, and a mock of it.
struct Mocked {
    folder: tempfile::TempDir,
    session: std::path::PathBuf,
    mock: Mock,
    log: Log,
}

impl Mocked {
    /// Sends these requests, writes them to a session, and serves that at once.
    async fn of(endpoint: &Endpoint, requests: Vec<Request>) -> Self {
        let (folder, recording) = timeline();
        for request in requests {
            let id = recording.send(Origin::Composer, endpoint.clone(), request);
            recording.ended(id).await.unwrap();
        }
        let session = folder.path().join("recorded.porthole");
        let mut writer = SessionWriter::begin(&session, true).unwrap();
        for one in recording.recorded(None) {
            writer.add(&one.call, &one.output, false).unwrap();
        }
        writer.finish(&serde_json::Value::Null).unwrap();
        let log = Log::default();
        let mock = Self::serve(&session, &folder.path().join("mock.sock"), &log).await;
        Self { folder, session, mock, log }
    }

    async fn serve(session: &Path, socket: &Path, log: &Log) -> Mock {
        let calls = Session::open(session).unwrap().recorded().unwrap();
        let log = Arc::clone(log);
        let tell: Tell = Box::new(move |served| {
            log.lock().unwrap().push((format!("{} {}", served.method, served.target), served.status.map(usize::from)));
        });
        let recordings = Recordings::new(calls, "0".parse().unwrap(), tell);
        Mock::start(Endpoint::Unix(socket.to_owned()), recordings).await.unwrap()
    }

    /// Replays the session against its own mock: the numbers of the calls that differ.
    async fn differing(&self) -> Vec<(usize, ReplayResult)> {
        let (_folder, timeline) = timeline();
        let number = timeline.open_session(self.session.clone()).await.unwrap();
        let options = ReplayOptions {
            endpoint: Some(self.mock.endpoint().clone()),
            container: None,
            engine: Err(Error::new(Code::EngineUnavailable, "no engine in this test")),
            allow_host: false,
            at_recorded_times: false,
            only: None,
        };
        let stop = CancellationToken::new();
        let mut differing = Vec::new();
        let tell = |one: Replayed| {
            if !matches!(one.result, ReplayResult::Same { .. }) {
                differing.push((one.number, one.result));
            }
        };
        timeline.replay(number, &Rules::default(), &options, &stop, tell).await.unwrap();
        differing
    }

    async fn connect(&self) -> UnixStream {
        let Endpoint::Unix(path) = self.mock.endpoint() else { panic!("a socket") };
        UnixStream::connect(path).await.unwrap()
    }

    /// All bytes that a request gets before its connection is closed.
    async fn raw(&self, request: &str) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    }
}

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

/// A request after whose response the connection is closed.
fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn all_that_the_demo_backend_does_is_done_again() {
    let backend = DemoBackend::start().await;
    let json = Body::Json { text: r#"{"n": 1.0, "s": "é"}"#.to_owned() };
    let headers = vec![Header { name: "X-Mixed-Case".into(), value: "1".into() }];
    let requests = vec![
        get("/"),
        get("/hello"),
        Request { body: json, headers, ..Request::new("POST", "/echo?a=1&b=2") },
        get("/status/404"),
        get("/status/204"),
        get("/status/304"),
        Request::new("HEAD", "/hello"),
        get("/slow?ms=30"),
        get("/ndjson?count=5&every=5"),
        get("/events?count=3&every=5"),
        get("/bytes/300000"),
        get("/numbers"),
        get("/html-error"),
        get("/close"),
        get("/cut"),
        get("/openapi.json"),
        get("/no-such-route"),
    ];
    let mocked = Mocked::of(backend.endpoint(), requests).await;
    drop(backend);
    assert_eq!(mocked.mock.recordings().counts(), (17, 0));
    let differing = mocked.differing().await;
    assert!(differing.is_empty(), "{differing:?}");
    assert_eq!(mocked.log.lock().unwrap().len(), 17);
}

/// Answers each connection with the bytes for its path, and closes it.
async fn odd_backend(responses: Vec<(&'static str, Vec<u8>)>) -> (Endpoint, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let found = responses.iter().find(|(of, _)| *of == path).map(|(_, bytes)| bytes.as_slice());
            let _ = stream.write_all(found.unwrap_or_default()).await;
        }
    });
    (Endpoint::Tcp { host: "127.0.0.1".to_owned(), port }, serving)
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn responses_are_the_same_bytes_on_the_wire() {
    let compressed = gzipped(&"the porthole shows every byte of it\n".repeat(50));
    let length = format!("HTTP/1.1 200 OK\r\ncontent-LENGTH: {}\r\nContent-Encoding: gzip\r\n\r\n", compressed.len());
    let trailed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 7\r\n\r\n";
    let responses: Vec<(&str, Vec<u8>)> = vec![
        ("/gzip", [length.as_bytes(), &compressed].concat()),
        ("/case", b"HTTP/1.1 299 Quite  Unusual\r\nx-B: 1\r\nX-a: 2\r\nx-b: 3\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("/no-reason", b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx".to_vec()),
        ("/trailers", trailed.to_vec()),
        (
            "/early",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec(),
        ),
        ("/old", b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end".to_vec()),
        ("/cut-chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec()),
        ("/cut-length", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec()),
        ("/cut-head", b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
        ("/not-http", b"220 mail.example.org ESMTP\r\n".to_vec()),
        ("/closed", Vec::new()),
    ];
    let (endpoint, _backend) = odd_backend(responses.clone()).await;
    let mocked = Mocked::of(&endpoint, responses.iter().map(|(path, _)| get(path)).collect()).await;
    for (path, bytes) in &responses {
        let sent = mocked.raw(&last(path)).await;
        assert_eq!(String::from_utf8_lossy(&sent), String::from_utf8_lossy(bytes), "{path}");
        assert_eq!(&sent, bytes, "{path}");
    }
}

#[tokio::test]
async fn what_the_session_does_not_have_gets_a_501_that_names_the_closest_call() {
    let backend = DemoBackend::start().await;
    let mocked = Mocked::of(backend.endpoint(), vec![get("/hello"), get("/echo?a=1")]).await;
    let response = String::from_utf8(mocked.raw(&last("/echo?a=2")).await).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 501 Not Implemented\r\n"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["error"], &body["differs"]), (&"not_recorded".into(), &serde_json::json!(["query"])));
    let of = |call: &serde_json::Value| (call["path"].clone(), call["query"].clone());
    assert_eq!(of(&body["request"]), ("/echo".into(), "a=2".into()));
    assert_eq!((of(&body["closest"]), &body["closest"]["call"]), (("/echo".into(), "a=1".into()), &2.into()));
    let head = mocked.raw("HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(head.ends_with(b"\r\n\r\n"), "a response to HEAD has no body");
}

#[tokio::test]
async fn a_connection_is_used_again_and_a_request_body_may_wait_for_a_100() {
    let backend = DemoBackend::start().await;
    let body = Body::Text { text: "hello".to_owned() };
    let post = Request { body, ..Request::new("POST", "/echo") };
    let mocked = Mocked::of(backend.endpoint(), vec![get("/hello"), post]).await;
    let mut stream = mocked.connect().await;
    let (mut received, mut space) = (Vec::new(), [0; 4096]);
    for request in [
        "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        let end: &[u8] = if request.starts_with("GET") { b"backend\"}\n" } else { b"100 Continue\r\n\r\n" };
        while !received.ends_with(end) {
            let length = stream.read(&mut space).await.unwrap();
            assert!(length > 0, "closed after {}", String::from_utf8_lossy(&received));
            received.extend_from_slice(&space[..length]);
        }
    }
    stream.write_all(b"hello").await.unwrap();
    while !received.ends_with(b"}\n") || !received.windows(7).any(|seen| seen == b"\"bytes\"") {
        let length = stream.read(&mut space).await.unwrap();
        assert!(length > 0, "closed after {}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&space[..length]);
    }
}

#[tokio::test]
async fn a_request_that_is_not_http_is_refused() {
    let mocked = Mocked::of(DemoBackend::start().await.endpoint(), vec![get("/hello")]).await;
    let refused = mocked.raw("NOT A REQUEST\r\n\r\n").await;
    assert!(refused.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&refused));
}

#[tokio::test]
async fn the_socket_and_its_connections_end_with_the_mock() {
    let mocked = Mocked::of(DemoBackend::start().await.endpoint(), vec![get("/hello")]).await;
    let mut open = mocked.connect().await;
    let Mocked { folder, session, mock, log } = mocked;
    let socket = folder.path().join("mock.sock");
    let calls = Session::open(&session).unwrap().recorded().unwrap();
    let again = Recordings::new(calls, Speed::default(), Box::new(|_| ()));
    let taken = Mock::start(Endpoint::Unix(socket.clone()), again).await.unwrap_err();
    assert_eq!(taken.code, Code::AddressInUse);
    drop(mock);
    assert!(!socket.exists());
    assert_eq!(open.read(&mut [0; 8]).await.unwrap_or_default(), 0);
    drop(Mocked::serve(&session, &socket, &log).await);
    assert!(!socket.exists());
}

#[tokio::test]
async fn commands_of_a_session_run_again_in_a_timeline_without_a_process() {
    let (folder, recording) = timeline();
    let marker = folder.path().join("marker");
    let command = Command::new(
        Place::Host,
        "sh",
        ["-c".to_owned(), format!("echo out; echo err >&2; touch {}; exit 3", marker.display())],
    );
    let none = || Err(Error::new(Code::EngineUnavailable, "no engine in this test"));
    let id = recording.run(Origin::Console, none(), command.clone());
    recording.ended(id).await.unwrap();
    std::fs::remove_file(&marker).unwrap();
    let recordings =
        Recordings::new(recording.recorded(Some(&BTreeSet::from([id]))), Speed::default(), Box::new(|_| ()));
    assert_eq!(recordings.counts(), (0, 1));
    let (_folder, timeline) = timeline();
    let recordings = Arc::new(recordings);
    let again = timeline.run_recorded(Origin::Console, command, Arc::clone(&recordings));
    let call = timeline.ended(again).await.unwrap();
    assert!(!marker.exists(), "nothing was started");
    let Act::Run(run) = &call.act else { panic!("a run") };
    assert_eq!(run.ending, Some(porthole_process::Ending::Exited { code: 3 }));
    let output = timeline.output(again).unwrap();
    assert_eq!(output.read(porthole_output::Stream::Stdout, 0, 100).unwrap(), b"out\n");
    assert_eq!(output.read(porthole_output::Stream::Stderr, 0, 100).unwrap(), b"err\n");
    let missed = timeline.run_recorded(Origin::Console, Command::new(Place::Host, "other", [""; 0]), recordings);
    let call = timeline.ended(missed).await.unwrap();
    let Act::Run(run) = &call.act else { panic!("a run") };
    assert_eq!(run.failure.as_ref().map(|error| error.code), Some(Code::NotRecorded));
}

#[tokio::test]
async fn a_recorded_reset_is_a_reset_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let backend = tokio::spawn(async move {
        for sent in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(sent.as_bytes()).await.unwrap();
            stream.set_zero_linger().unwrap();
        }
    });
    let mocked = Mocked::of(&endpoint, vec![get("/nothing"), get("/half")]).await;
    backend.await.unwrap();
    let calls = Session::open(&mocked.session).unwrap().recorded().unwrap();
    for one in &calls {
        let porthole_sdk::call::Act::Exchange(exchange) = &one.call.act else { panic!("an exchange") };
        assert!(exchange.failure.as_ref().is_some_and(|failure| failure.reset), "{exchange:?}");
    }
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let recordings = Recordings::new(calls, "0".parse().unwrap(), Box::new(|_| {}));
    let _mock = Mock::start(Endpoint::Tcp { host: "127.0.0.1".into(), port }, recordings).await.unwrap();
    for (path, end) in [("/nothing", ""), ("/half", "\r\n\r\nab")] {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        is_reset_after(stream, path, end).await;
        if cfg!(target_os = "linux") {
            is_reset_after(mocked.connect().await, path, end).await;
        }
    }
    // What isn't recorded as a reset isn't one.
    let refused = String::from_utf8(mocked.raw(&last("/other")).await).unwrap();
    assert!(refused.starts_with("HTTP/1.1 501"), "{refused}");
}

async fn is_reset_after(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, path: &str, end: &str) {
    stream.write_all(last(path).as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{path}");
    assert!(String::from_utf8(bytes).unwrap().ends_with(end), "{path}");
}

/// The mock cut such a stream, and a replay found another failure.
#[tokio::test]
async fn a_response_that_the_client_ended_stays_open_until_the_client_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let backend = tokio::spawn(async move {
        let mut open = Vec::new();
        for sent in [None, Some(""), Some("HTTP/1.1 200 OK\r\n\r\nhalf")] {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            match sent {
                // With a reset in the session, the mock keeps a byte of each request in the socket.
                None => stream.set_zero_linger().unwrap(),
                Some(sent) => {
                    stream.write_all(sent.as_bytes()).await.unwrap();
                    open.push(stream);
                }
            }
        }
        open
    });
    let in_time = |path| Request { timeout_ms: Some(300), ..get(path) };
    let mocked = Mocked::of(&endpoint, vec![get("/reset"), in_time("/nothing"), in_time("/half")]).await;
    drop(backend.await.unwrap());
    let differing = mocked.differing().await;
    assert!(differing.is_empty(), "{differing:?}");
    // A client that has read all of it ends the connection, and so does the end of the mock.
    for path in ["/nothing", "/half"] {
        let mut stream = mocked.connect().await;
        stream.write_all(last(path).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
    let mut stream = mocked.connect().await;
    stream.write_all(last("/half").as_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 8]).await.unwrap() > 0);
    drop(mocked.mock);
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// It got nothing, and the log said that it was served.
#[tokio::test]
async fn a_client_that_ends_its_side_gets_the_whole_response() {
    let backend = DemoBackend::start().await;
    let mocked = Mocked::of(backend.endpoint(), vec![get("/bytes/300000"), get("/ndjson?count=5&every=5")]).await;
    for (path, least) in [("/bytes/300000", 300_000), ("/ndjson?count=5&every=5", 100)] {
        let mut stream = mocked.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        assert!(bytes.starts_with(b"HTTP/1.1 200") && bytes.len() > least, "{path}: {} bytes", bytes.len());
    }
}

#[tokio::test]
async fn the_speed_of_a_mock_is_changed_while_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let mut sample = samples::exchange(get("/a"), vec![samples::header("content-length", "2")], b"ab");
    let porthole_sdk::call::Act::Exchange(exchange) = &mut sample.call.act else { panic!("an exchange") };
    // At the recorded speed it takes an hour.
    exchange.phases.first_byte_us = Some(3_600_000_000);
    let output = Arc::new(sample.output(&folder.path().join("output")));
    let calls = vec![Recorded::new(sample.call, output, false)];
    let recordings = Recordings::new(calls, Speed::default(), Box::new(|_| {}));
    let socket = folder.path().join("mock.sock");
    let mock = Mock::start(Endpoint::Unix(socket.clone()), recordings).await.unwrap();
    mock.recordings().set_speed("0".parse().unwrap());
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(last("/a").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.ends_with(b"\r\n\r\nab"));
}

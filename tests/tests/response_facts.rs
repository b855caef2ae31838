//! What a response has besides its head and its body, on a real socket: informational responses, trailers, bytes that were
//! not promised, other protocols.

#![cfg(unix)]
use std::{
    io::Write,
    os::unix::net::UnixStream,
    sync::{Mutex, mpsc},
};

use porthole_base::error::Code;
use porthole_engine::BackendConnections;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Excess, Exchange, Header, HttpClient, Protocol, Request, Stage},
};
use porthole_tests::{
    recorder::{Kept, Sent, finished, send, send_over},
    servers::{Raw, read_head},
};
use tokio_util::sync::CancellationToken;

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

async fn answered(bytes: impl Into<Vec<u8>>) -> Sent {
    let raw = Raw::answering(bytes);
    send(&raw.endpoint, &get("/")).await
}

/// One that answers once and holds the connection open until it is let go.
fn holding(bytes: impl Into<Vec<u8>>) -> (Raw, mpsc::Sender<()>) {
    let bytes = bytes.into();
    let (release, hold) = mpsc::channel();
    let hold = Mutex::new(hold);
    let raw = Raw::new(move |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(&bytes);
        let _ = hold.lock().unwrap().recv();
    });
    (raw, release)
}

fn excess(sent: &Sent) -> &Excess {
    sent.exchange.excess.as_ref().unwrap_or_else(|| panic!("no excess: {sent:?}"))
}

#[tokio::test]
async fn trailers_are_kept_with_repeats_and_bytes_that_are_no_text() {
    let sent = answered(
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\nx-two: a\r\nX-Two: \xe9\r\n\r\n"[..],
    )
    .await;
    assert_eq!(sent.text(), "abc");
    assert_eq!(sent.exchange.trailers, [header("x-sum", "9"), header("x-two", "a"), header("x-two", "é")]);
    assert_eq!((sent.exchange.failure, sent.exchange.excess), (None, None));
    assert!(answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.exchange.trailers.is_empty());
}

#[tokio::test]
async fn trailers_without_an_end_are_a_broken_response_and_not_more_memory() {
    let endless = "X-Trailer: 0123456789\r\n".repeat(100_000);
    let sent = answered(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n{endless}")).await;
    assert_eq!(sent.failure(), (Code::BadResponse, Stage::Body));
    let failure = sent.exchange.failure.unwrap();
    assert!(failure.error.message.contains("trailers"), "{failure:?}");
    assert!(sent.exchange.trailers.is_empty());
}

#[tokio::test]
async fn informational_responses_are_told_with_their_headers_before_the_final_one_is_there() {
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let raw = Raw::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 102 Processing\r\nX-Progress: 10\r\n\r\n").unwrap();
        let _ = hold.lock().unwrap().recv();
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    /// Lets the backend go on when it hears of the first one.
    struct Waiting(Kept<exchange::ExchangeEvent>, mpsc::Sender<()>);
    impl porthole_output::record::Record<exchange::ExchangeEvent> for Waiting {
        fn event(&mut self, event: exchange::ExchangeEvent) {
            if matches!(event, exchange::ExchangeEvent::Informed { .. }) {
                let _ = self.1.send(());
            }
            self.0.event(event);
        }

        fn chunk(&mut self, _: porthole_output::Stream, _: u64, _: &[u8]) -> porthole_base::error::Result<()> {
            Ok(())
        }
    }
    let (mut waiting, request) = (Waiting(Kept::empty(), release), get("/"));
    let cancel = CancellationToken::new();
    exchange::send(&raw.endpoint, &request, &BackendConnections::default(), &cancel, &mut waiting).await;
    let Exchange { informational, more_informational, response, .. } =
        finished(&raw.endpoint, &request, waiting.0).exchange;
    let seen: Vec<_> = informational.iter().map(|one| (one.response.status, &one.response.head.headers[..])).collect();
    assert_eq!(seen, [(102, &[header("X-Progress", "10")][..]), (103, &[header("Link", "</a>")])]);
    assert_eq!(informational[0].response.reason, "Processing");
    assert!(informational[0].at_us <= informational[1].at_us);
    assert_eq!((more_informational, response.unwrap().status), (0, 204));
}

#[tokio::test]
async fn of_many_informational_responses_the_first_are_kept_and_the_others_counted() {
    let many = "HTTP/1.1 102 Processing\r\n\r\n".repeat(700);
    let sent = answered(format!("{many}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).await;
    assert_eq!((sent.exchange.informational.len(), sent.exchange.more_informational), (10, 690));
    assert_eq!(sent.text(), "ok");
    // Large heads are fewer.
    let large = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(6_000)).repeat(5);
    let sent = answered(format!("{large}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).await;
    assert_eq!((sent.exchange.informational.len(), sent.exchange.more_informational), (2, 3));
    // Those of a flood that is cut off too.
    let flood = answered("HTTP/1.1 102 Processing\r\n\r\n".repeat(5000)).await;
    assert_eq!(flood.failure().0, Code::ResponseTooLarge);
    assert_eq!((flood.exchange.informational.len(), flood.exchange.more_informational), (10, 991));
}

#[tokio::test]
async fn what_follows_a_change_of_protocol_is_kept_as_it_comes_until_the_backend_closes() {
    let raw = Raw::answering(
        &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x81\x05hello\0\xff"[..],
    );
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!((sent.status(), &sent.body[..]), (101, &b"\x81\x05hello\0\xff"[..]));
    assert_eq!((sent.exchange.failure, sent.exchange.excess), (None, None));
    // What was written a while after the head comes too, and a cancel ends it.
    let (raw, _release) = holding("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nfirst");
    let (cancel, request) = (CancellationToken::new(), get("/"));
    let mut kept = Kept::empty();
    let mut length = kept.length.subscribe();
    let running = {
        let (cancel, endpoint) = (cancel.clone(), raw.endpoint.clone());
        tokio::spawn(async move {
            exchange::send(&endpoint, &request, &BackendConnections::default(), &cancel, &mut kept).await;
            finished(&endpoint, &request, kept)
        })
    };
    length.wait_for(|length| *length == 5).await.unwrap();
    cancel.cancel();
    let sent = running.await.unwrap();
    assert_eq!((sent.text(), sent.failure()), ("first", (Code::Cancelled, Stage::Body)));
}

#[tokio::test]
async fn a_client_of_a_runtime_lets_go_of_a_connection_that_changed() {
    let (raw, _release) = holding("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nfirst");
    let sent = send(&raw.endpoint, &HttpClient::NodeFetch.sends(get("/"))).await;
    assert_eq!((sent.status(), sent.body.len(), sent.exchange.failure), (101, 0, None));
}

#[tokio::test]
async fn bytes_beyond_the_promised_length_are_counted_and_their_beginning_kept() {
    let body = "Grüße, 世界 🚢";
    let characters = body.chars().count();
    for framing in ["", "Connection: close\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {characters}\r\n{framing}\r\n");
        let sent = answered(format!("{head}{body}")).await;
        assert_eq!(sent.body, &body.as_bytes()[..characters]);
        let excess = excess(&sent);
        assert_eq!(excess.bytes as usize, body.len() - characters);
        let kept = sent.body.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        assert_eq!(kept + excess.characters as usize, characters);
        assert!(excess.start.ends_with("界 🚢"), "{excess:?}");
        assert_eq!(sent.exchange.failure, None);
    }
    // Also where the backend leaves the connection open, and after chunks.
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n and more",
    ] {
        let (raw, _release) = holding(answer);
        let sent = send(&raw.endpoint, &get("/")).await;
        assert_eq!((sent.text(), &excess(&sent).start[..], excess(&sent).bytes), ("ok", " and more", 9));
    }
}

#[tokio::test]
async fn a_body_after_a_status_without_one_is_counted_also_when_it_comes_after_the_head() {
    for status in ["204 No Content", "304 Not Modified"] {
        let sent = answered(format!("HTTP/1.1 {status}\r\n\r\n{{\"a\":1}}")).await;
        assert_eq!((sent.body.len(), excess(&sent).bytes), (0, 7));
        assert_eq!(excess(&sent).start, "{\"a\":1}");
    }
    let raw = Raw::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        stream.write_all(b"late\r\n").unwrap();
    });
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!(excess(&sent).start, "late␍␊");
}

#[tokio::test]
async fn bytes_without_an_end_after_the_response_do_not_hold_it_up() {
    let raw = Raw::new(|mut stream| {
        read_head(&mut stream);
        // Its beginning comes with the response: what comes later may be missed.
        let first = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".as_slice(), &[b'x'; 65_536]].concat();
        let _ = stream.write_all(&first);
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let sent = send(&raw.endpoint, &get("/")).await;
    assert_eq!((sent.text(), sent.exchange.failure.is_none()), ("ok", true));
    let excess = excess(&sent);
    assert!((1..2 * 1024 * 1024).contains(&excess.bytes) && excess.start.len() == 256, "{excess:?}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_more_came_is_used_again() {
    let raw = Raw::new(|mut stream: UnixStream| {
        for _ in 0..2 {
            if read_head(&mut stream).is_empty() {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    let connections = BackendConnections::default();
    let first = send_over(&connections, &raw.endpoint, &get("/")).await.exchange;
    let second = send_over(&connections, &raw.endpoint, &get("/")).await.exchange;
    assert_eq!((first.excess, first.reused, second.reused), (None, false, true));
}

#[tokio::test]
async fn another_protocol_is_named_also_when_the_backend_speaks_first() {
    for (bytes, protocol, words) in [
        (&b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0"[..], Protocol::Http2, "HTTP/2"),
        (b"\x15\x03\x01\0\x02\x02\x46", Protocol::Tls, "TLS"),
        (b"-ERR unknown command 'GET'\r\n", Protocol::Redis, "Redis"),
        (b"E\0\0\0\x60SFATAL\0C0A000\0", Protocol::Postgresql, "PostgreSQL"),
        (b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0", Protocol::Mysql, "MySQL"),
        (b"220 mail ESMTP\r\n", Protocol::Smtp, "SMTP"),
        (b"{\"ok\":true}\n", Protocol::Json, "JSON without a status line and headers"),
    ] {
        let after = Raw::answering(bytes);
        let first = Raw::new(move |mut stream| {
            let _ = stream.write_all(bytes);
            read_head(&mut stream);
        });
        for raw in [&after, &first] {
            let failure = send(&raw.endpoint, &get("/")).await.exchange.failure.unwrap();
            assert_eq!((failure.error.code, failure.protocol), (Code::BadResponse, Some(protocol)), "{failure:?}");
            assert!(failure.error.message.contains(words) && failure.error.hint.is_some(), "{failure:?}");
        }
    }
    let unknown = answered("hello\r\n").await.exchange.failure.unwrap();
    assert_eq!((unknown.error.code, unknown.protocol), (Code::BadResponse, None));
}

#[tokio::test]
async fn a_server_that_closes_without_a_word_is_named_by_its_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join(".s.PGSQL.5432");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let closing = std::thread::spawn(move || drop(read_head(&mut listener.accept().unwrap().0)));
    let failure = send(&Endpoint::Unix(socket), &get("/")).await.exchange.failure.unwrap();
    assert_eq!((failure.error.code, failure.protocol), (Code::ClosedBeforeResponse, Some(Protocol::Postgresql)));
    closing.join().unwrap();
}

//! Bodies that arrive in pieces, and connections that stay open between them.

#![cfg(unix)]

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use porthole_app::demo::Demo;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, Request},
};
use porthole_output::{BodyKind, EventOutcome, Row, Stream, View};
use porthole_tests::{
    calls::{Calls, ended, rows, texts, told},
    eventually,
    servers::{Raw, nginx, read_head},
};
use porthole_timeline::{Act, CallId, Origin, Outcome, Timeline};

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

async fn sent(timeline: &Timeline, endpoint: &Endpoint, request: Request) -> (CallId, Exchange) {
    let id = timeline.send(Origin::Composer, endpoint.clone(), request);
    ended(timeline, id).await;
    match timeline.call(id).unwrap().act {
        Act::Exchange(exchange) => (id, exchange),
        Act::Run(_) => panic!("a run"),
    }
}

#[tokio::test]
async fn nginx_connection_stays_open_for_what_may_be_repeated() {
    let (calls, nginx) = (Calls::new(), nginx().await);
    let mut reused = Vec::new();
    for method in ["GET", "GET", "POST", "GET", "HEAD"] {
        let (_, exchange) = sent(&calls.timeline, &nginx.endpoint, Request::new(method, "/")).await;
        assert!(exchange.response.is_some() && exchange.failure.is_none(), "{exchange:?}");
        assert_eq!(exchange.sent.unwrap().start_line, format!("{method} / HTTP/1.1"));
        reused.push(exchange.reused);
    }
    assert_eq!(reused, [false, true, false, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_closed_meanwhile_is_opened_anew() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let raw = Raw::new(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        // It takes the next request and closes without a word, as a server does whose patience ends.
        read_head(&mut stream);
    });
    let calls = Calls::new();
    for n in 0..3 {
        let (id, exchange) = sent(&calls.timeline, &raw.endpoint, get("/")).await;
        assert!(exchange.failure.is_none() && !exchange.reused, "{n}: {exchange:?}");
        assert_eq!(texts(&calls.timeline, id, View::Stdout, 0, 2).await, ["ok"]);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

/// It accepted nothing while a connection was open that nobody used: a POST, which gets a connection of its own, waited.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_does_not_wait_for_a_backend_that_serves_one_connection_at_a_time() {
    let raw = Raw::new(move |mut stream| {
        while !read_head(&mut stream).is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    });
    let calls = Calls::new();
    for (method, reused) in [("GET", false), ("GET", true), ("POST", false), ("POST", false), ("GET", true)] {
        let (_, exchange) = sent(&calls.timeline, &raw.endpoint, Request::new(method, "/")).await;
        assert!(exchange.failure.is_none() && exchange.reused == reused, "{method}: {exchange:?}");
    }
}

/// They were closed only when another request was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_nobody_uses_is_closed_when_its_time_is_up() {
    let (open, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (opened, ended) = (Arc::clone(&open), Arc::clone(&closed));
    let raw = Raw::new(move |mut stream| {
        let (opened, ended) = (Arc::clone(&opened), Arc::clone(&ended));
        std::thread::spawn(move || {
            opened.fetch_add(1, Ordering::SeqCst);
            while !read_head(&mut stream).is_empty() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
            ended.fetch_add(1, Ordering::SeqCst);
        });
    });
    let calls = Calls::new();
    let (_, exchange) = sent(&calls.timeline, &raw.endpoint, get("/")).await;
    assert!(exchange.failure.is_none() && !exchange.reused, "{exchange:?}");
    eventually("the end of the connection", async || (closed.load(Ordering::SeqCst) == 1).then_some(())).await;
    assert_eq!(open.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn events_are_told_apart_as_they_arrive_wherever_they_are_cut() {
    let stream: &[u8] = b"\xef\xbb\xbf: hello\n\nid: 1\r\ndata: first\r\ndata: lines\r\n\r\nevent: tick\rdata: {\"n\":1}\r\rretry: 500\n\ndata\n\ndata: half";
    // Each byte is sent when the one before has arrived.
    let (arrived, next) = mpsc::channel();
    let raw = Raw::new(move |mut to| {
        read_head(&mut to);
        to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").unwrap();
        for byte in stream {
            to.write_all(&[*byte]).unwrap();
            next.recv_timeout(Duration::from_secs(30)).unwrap();
        }
    });
    let calls = Calls::new();
    let id = calls.timeline.send(Origin::Composer, raw.endpoint.clone(), get("/events"));
    for count in 1..=stream.len() as u64 {
        let chunks = || calls.timeline.output(id).map_or(0, |output| output.counts().chunks);
        eventually("the next byte", async || (chunks() == count).then_some(())).await;
        arrived.send(()).unwrap();
    }
    ended(&calls.timeline, id).await;
    assert!(matches!(calls.timeline.call(id).unwrap().act, Act::Exchange(exchange) if exchange.failure.is_none()));
    let events = rows(&calls.timeline, id, View::Events, 0, 9).await;
    let told: Vec<_> = events
        .iter()
        .map(|line| match &line.row {
            Some(Row::Event { outcome, name, id, retry }) => {
                (line.text.as_str(), *outcome, name.as_str(), id.as_deref(), *retry)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    use EventOutcome::{Comment, Dispatched, Nothing, Unfinished};
    assert_eq!(
        told,
        [
            ("hello", Comment, "message", None, None),
            ("first␊lines", Dispatched, "message", Some("1"), None),
            ("{\"n\":1}", Dispatched, "tick", Some("1"), None),
            ("", Nothing, "message", Some("1"), Some(500)),
            ("", Dispatched, "message", Some("1"), None),
            ("half", Unfinished, "message", Some("1"), None),
        ]
    );
    assert!(events.is_sorted_by_key(|line| line.at_us) && events[0].at_us < events[5].at_us);
}

#[tokio::test]
async fn demo_streams_say_what_they_are_and_grow_while_one_looks() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let id = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), get("/events?every=5"));
    let kind = told(&calls.timeline, |changes| changes.calls.iter().find(|row| row.id == id)?.body).await;
    assert_eq!(kind, BodyKind::Events);
    for at_least in [3, 20] {
        told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.chunks > at_least).then_some(()))
            .await;
        assert!(calls.timeline.lines(id, View::Events, 0, 1, false).await.unwrap().total > at_least - 1);
    }
    calls.timeline.cancel(id).await.unwrap();
    assert_eq!(ended(&calls.timeline, id).await.outcome, Outcome::Cancelled);
    assert_eq!(texts(&calls.timeline, id, View::Events, 2, 1).await, ["{\"tick\":2}"]);
    let (lines, _) = sent(&calls.timeline, demo.endpoint(), get("/ndjson?count=3&every=1")).await;
    let records = rows(&calls.timeline, lines, View::Events, 0, 9).await;
    assert!(records.iter().all(|line| line.row == Some(Row::Record { problem: None })) && records.len() == 3);
}

#[tokio::test]
async fn a_gigabyte_is_promised_and_cancelled_on_the_way() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let id = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), get("/bytes/1000000000"));
    let row = told(&calls.timeline, |changes| {
        changes.calls.iter().find(|row| row.id == id && row.counts.stdout.bytes > 5_000_000).cloned()
    });
    assert_eq!(row.await.promised, Some(1_000_000_000));
    calls.timeline.cancel(id).await.unwrap();
    let row = ended(&calls.timeline, id).await;
    let read = row.counts.stdout.bytes;
    assert!(read > 5_000_000 && read < 1_000_000_000);
    let output = calls.timeline.output(id).unwrap();
    assert_eq!(std::fs::metadata(output.path(Stream::Stdout)).unwrap().len(), read, "what came is kept");
}

#[tokio::test]
async fn at_the_quota_a_backend_waits_and_its_body_is_whole_in_the_end() {
    let calls = Calls::with_quota(1_000_000);
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let id = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), get("/bytes/20000000"));
    let disk = told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(changes.disk)).await;
    assert!(disk.used < 5_000_000, "{disk:?}");
    calls.timeline.set_quota(u64::MAX);
    assert_eq!(ended(&calls.timeline, id).await.counts.stdout.bytes, 20_000_000);
}

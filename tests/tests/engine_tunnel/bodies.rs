//! What goes over the connection is what would go over a direct one.

use std::{fs, sync::Arc, time::Duration};

use porthole_base::error::Code;
use porthole_http::exchange::{self, Body, ExchangeEvent, Request, Stage};
use porthole_tests::{
    eventually,
    recorder::{Kept, finished, send_over},
};
use tokio_util::sync::CancellationToken;

use super::{get, in_volume, post};

#[tokio::test]
async fn requests_and_answers_are_those_of_the_backend() {
    let inside = in_volume().await;
    let demo = inside.socket("demo.sock");
    let sent = send_over(&inside.connections, &demo, &get("/hello")).await;
    assert_eq!((sent.status(), sent.text()), (200, "{\"message\":\"Hello from the demo backend\"}\n"));
    let sent = send_over(&inside.connections, &demo, &post("/echo", "héllo")).await;
    assert!(
        sent.text().contains("\"body\":\"héllo\"") && sent.text().contains("[\"host\",\"localhost\"]"),
        "{}",
        sent.text()
    );
    let sent = send_over(&inside.connections, &demo, &get("/status/404")).await;
    assert_eq!(sent.status(), 404);
    let sent = send_over(&inside.connections, &demo, &get("/ndjson?count=5&every=1")).await;
    assert_eq!(sent.text().lines().count(), 5);
}

#[tokio::test]
async fn a_hundred_megabytes_go_both_ways_at_once_and_not_a_byte_differs() {
    let inside = in_volume().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("body");
    let bytes: Vec<u8> = (0..100_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    fs::write(&file, &bytes).unwrap();
    let mut request = Request::new("PUT", "/mirror");
    request.body = Body::File { path: file.display().to_string() };
    let sent = inside.send(&request).await;
    assert_eq!(sent.exchange.failure, None);
    assert!(sent.body == bytes, "{} bytes came back", sent.body.len());
}

#[tokio::test]
async fn a_connection_is_used_again_where_a_direct_one_would_be() {
    let inside = in_volume().await;
    let before = inside.counts().await.1;
    for _ in 0..50 {
        assert_eq!(inside.send(&get("/")).await.status(), 200);
    }
    assert_eq!(inside.counts().await.1, before + 2, "one for all of them, and one for the question itself");
}

#[tokio::test]
async fn a_hundred_connections_in_turn_leave_no_connection_and_one_helper() {
    let inside = in_volume().await;
    for n in 0..100 {
        let sent = inside.send(&post("/mirror", &format!("number {n}"))).await;
        assert_eq!(sent.text(), format!("number {n}"));
    }
    // Those that may be used again wait; there are no more of them than Porthole keeps.
    let (open, ever) = inside.counts().await;
    assert!(ever >= 100 && open <= 9, "{open} of {ever}");
    assert_eq!(inside.helpers().await.len(), 1);
}

#[tokio::test]
async fn many_at_once_go_through_one_helper() {
    let inside = in_volume().await;
    let sends = (0..8).map(|n| {
        let inside = &inside;
        async move { inside.send(&post("/mirror", &"x".repeat(1000 * n))).await.body.len() }
    });
    let lengths = futures_util::future::join_all(sends).await;
    assert_eq!(lengths, (0..8).map(|n| 1000 * n).collect::<Vec<_>>());
    assert_eq!(inside.helpers().await.len(), 1);
}

#[tokio::test]
async fn events_come_while_they_are_written_and_a_cancel_reaches_the_backend() {
    let inside = Arc::new(in_volume().await);
    let (cancel, mut kept) = (CancellationToken::new(), Kept::empty());
    let mut length = kept.length.subscribe();
    let going = tokio::spawn({
        let (inside, cancel) = (Arc::clone(&inside), cancel.clone());
        async move {
            exchange::send(&inside.endpoint(), &get("/events"), &inside.connections, &cancel, &mut kept).await;
            kept
        }
    });
    // Each step is an event that came before the next was written.
    let mut steps = 0;
    while steps < 5 {
        length.changed().await.unwrap();
        steps += 1;
    }
    assert!(*length.borrow() < 200, "{} bytes came at once", *length.borrow());
    assert_eq!(inside.counts().await.0, 2);
    cancel.cancel();
    let sent = finished(&inside.endpoint(), &get("/events"), going.await.unwrap());
    assert_eq!(sent.failure(), (Code::Cancelled, Stage::Body));
    assert!(sent.text().starts_with("data: 0\n\ndata: 1\n\n"));
    eventually("the end of the connection", async || (inside.counts().await.0 == 1).then_some(())).await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_cancelled_all_the_same() {
    let inside = Arc::new(in_volume().await);
    let (cancel, mut kept) = (CancellationToken::new(), Kept::<ExchangeEvent>::empty());
    let mut length = kept.length.subscribe();
    let demo = inside.socket("demo.sock");
    let going = tokio::spawn({
        let (inside, cancel) = (Arc::clone(&inside), cancel.clone());
        async move {
            let request = get("/bytes/100000000000");
            exchange::send(&demo, &request, &inside.connections, &cancel, &mut kept).await;
        }
    });
    length.wait_for(|length| *length > 1_000_000).await.unwrap();
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), going).await.unwrap().unwrap();
    eventually("the end of the program that carried it", async || {
        let helper = inside.helpers().await.pop()?;
        (inside.processes_in(&helper).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_a_body_that_is_not_read_is_an_answer() {
    let inside = in_volume().await;
    let request = post("/refuse", &"x".repeat(20_000_000));
    let sent = inside.send(&request).await;
    assert_eq!(sent.status(), 413, "{:?}", sent.exchange.failure);
}

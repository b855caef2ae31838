//! Backends that never come to the point.

use std::io::Write;

use porthole_base::error::Code;
use porthole_http::exchange::{Failure, Request, Stage};
use porthole_tests::{
    recorder::send,
    servers::{Raw, read_head},
};

/// What is left of an exchange with a backend that says this again and again, until it is cut off.
async fn endless(interim: &'static str) -> Failure {
    let server = Raw::new(move |mut stream| {
        read_head(&mut stream);
        while stream.write_all(interim.as_bytes()).is_ok() {}
    });
    send(&server.endpoint, &Request::new("GET", "/")).await.exchange.failure.unwrap()
}

#[tokio::test]
async fn endless_interim_responses_are_cut_off_and_what_was_read_is_kept() {
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        "HTTP/1.1 199 x\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n",
    ] {
        let failure = endless(interim).await;
        assert_eq!((failure.error.code, failure.stage), (Code::ResponseTooLarge, Stage::Head), "{:?}", failure.error);
        assert!(failure.received.starts_with(interim), "{:.100}", failure.received);
        assert!(failure.received.len() < 512 * 1024, "{}", failure.received.len());
        assert!(failure.error.message.contains("informational"), "{}", failure.error.message);
    }
}

#[tokio::test]
async fn many_interim_responses_before_a_final_one_are_no_fault() {
    let answer = "HTTP/1.1 102 Processing\r\n\r\n".repeat(900) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let server = Raw::answering(answer);
    let sent = send(&server.endpoint, &Request::new("GET", "/")).await;
    assert_eq!((sent.status(), sent.text()), (200, "ok"));
}

#[tokio::test]
async fn an_endless_head_is_cut_off_and_what_was_read_is_kept() {
    let failure = endless("HTTP/1.1 200 OK\r\nX-Endless: a\r\n").await;
    assert_eq!(failure.error.code, Code::BadResponse);
    assert!(failure.received.starts_with("HTTP/1.1 200 OK\r\nX-Endless"), "{:.100}", failure.received);
}

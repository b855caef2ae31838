use super::*;
use crate::session::samples::{exchange, header};
use porthole_base::error::{Code, Error};
use porthole_http::exchange::{Informational, Request, Stage};
use porthole_output::DiskQuota;
use porthole_sdk::call::Act;

/// A recorded exchange and its body, in pieces at these times.
struct Made {
    _folder: tempfile::TempDir,
    exchange: Exchange,
    output: Arc<Output>,
}

impl Made {
    fn new(start_line: &str, headers: &[(&str, &str)], pieces: &[(&str, u64)]) -> Self {
        let headers = headers.iter().map(|(name, value)| header(name, value)).collect();
        let Act::Exchange(mut exchange) = exchange(Request::new("GET", "/"), headers, b"").call.act else {
            panic!("an exchange")
        };
        let response = exchange.response.as_mut().unwrap();
        start_line.clone_into(&mut response.head.start_line);
        response.status = start_line.split(' ').nth(1).unwrap().parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let output = Output::new(folder.path().join("o"), Arc::new(DiskQuota::unlimited()));
        for (piece, at_us) in pieces {
            output.append(Stream::Stdout, piece.as_bytes(), *at_us).unwrap();
        }
        output.end();
        Self { _folder: folder, exchange, output: Arc::new(output) }
    }

    fn failed(mut self, stage: Stage, code: Code, received: &str) -> Self {
        if stage < Stage::Body {
            self.exchange.response = None;
        }
        self.exchange.failure =
            Some(Failure { received: received.into(), ..Failure::new(stage, Error::new(code, "")) });
        self
    }

    async fn sent(&self, method: &str) -> (String, Next) {
        let mut io = Vec::new();
        let sending = Sending {
            io: &mut io,
            exchange: &self.exchange,
            output: &self.output,
            speed: "0".parse().unwrap(),
            method,
            began: Instant::now(),
            continued: false,
        };
        let next = sending.send(Answer::Response).await.unwrap();
        (String::from_utf8(io).unwrap(), next)
    }
}

#[tokio::test]
async fn a_response_is_the_one_on_the_wire() {
    let made = Made::new(
        "HTTP/1.1 200 All  Fine",
        &[("x-B", "1"), ("X-a", ""), ("x-b", "2"), ("Content-Length", "3")],
        &[("abc", 1)],
    );
    let sent = made.sent("GET").await;
    assert_eq!(
        sent,
        ("HTTP/1.1 200 All  Fine\r\nx-B: 1\r\nX-a:\r\nx-b: 2\r\nContent-Length: 3\r\n\r\nabc".into(), Next::Request)
    );
    let head = made.sent("HEAD").await;
    assert!(head.0.ends_with("Content-Length: 3\r\n\r\n") && head.1 == Next::Request, "{head:?}");
}

#[tokio::test]
async fn a_response_of_http_2_from_an_archive_is_one_of_http_1() {
    for line in ["h2 204 No Content", "HTTP/2.0 204 No Content"] {
        assert_eq!(Made::new(line, &[], &[]).sent("GET").await.0, "HTTP/1.1 204 No Content\r\n\r\n");
    }
}

#[tokio::test]
async fn the_framing_is_the_recorded_one() {
    let chunked = [("Transfer-Encoding", "chunked")];
    let mut made = Made::new("HTTP/1.1 200 OK", &chunked, &[("0123456789", 1), ("ab", 2)]);
    made.exchange.trailers = vec![header("x-sum", "7")];
    let (text, next) = made.sent("GET").await;
    assert!(text.ends_with("\r\n\r\na\r\n0123456789\r\n2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n"), "{text}");
    assert_eq!(next, Next::Request);
    let until_close = Made::new("HTTP/1.0 200 OK", &[], &[("abc", 1)]);
    assert_eq!(until_close.sent("GET").await, ("HTTP/1.0 200 OK\r\n\r\nabc".into(), Next::Close));
    let switched = Made::new("HTTP/1.1 101 Switching Protocols", &[("Upgrade", "x")], &[("raw", 1)]);
    assert_eq!(switched.sent("GET").await.1, Next::Close);
    let nothing = Made::new("HTTP/1.1 204 No Content", &[], &[]);
    assert_eq!(nothing.sent("GET").await, ("HTTP/1.1 204 No Content\r\n\r\n".into(), Next::Request));
}

#[tokio::test]
async fn what_was_cut_is_cut_again() {
    let chunked = Made::new("HTTP/1.1 200 OK", &[("Transfer-Encoding", "chunked")], &[("ab", 1)]);
    let (text, next) = chunked.failed(Stage::Body, Code::BodyCut, "").sent("GET").await;
    assert!(text.ends_with("\r\n\r\n2\r\nab\r\n") && next == Next::Close, "{text}");
    let short = Made::new("HTTP/1.1 200 OK", &[("Content-Length", "9")], &[("ab", 1)]);
    let (text, next) = short.failed(Stage::Body, Code::BodyCut, "").sent("GET").await;
    assert!(text.ends_with("\r\n\r\nab") && next == Next::Close, "{text}");
    let garbage = Made::new("HTTP/1.1 200 OK", &[], &[]).failed(Stage::Head, Code::BadResponse, "SSH-2.0\r\n");
    assert_eq!(garbage.sent("GET").await, ("SSH-2.0\r\n".into(), Next::Close));
    let closed = Made::new("HTTP/1.1 200 OK", &[], &[]).failed(Stage::Wait, Code::ClosedBeforeResponse, "");
    assert_eq!(closed.sent("GET").await, (String::new(), Next::Close));
    let mut reset =
        Made::new("HTTP/1.1 200 OK", &[("Content-Length", "9")], &[("ab", 1)]).failed(Stage::Body, Code::BodyCut, "");
    reset.exchange.failure.as_mut().unwrap().reset = true;
    let (text, next) = reset.sent("GET").await;
    assert!(text.ends_with("\r\n\r\nab") && next == Next::Reset, "{text}");
    reset.exchange.response = None;
    assert_eq!(reset.sent("GET").await, (String::new(), Next::Reset));
    for code in [Code::TimedOut, Code::Cancelled, Code::ClientClosed] {
        let open = Made::new("HTTP/1.1 200 OK", &[("Content-Length", "9")], &[("ab", 1)]).failed(Stage::Body, code, "");
        let (text, next) = open.sent("GET").await;
        assert!(text.ends_with("\r\n\r\nab") && next == Next::Silence, "{text}");
    }
    // A session that was edited: the connection can't be used for another response.
    let wrong = Made::new("HTTP/1.1 200 OK", &[("Content-Length", "9")], &[("ab", 1)]);
    assert_eq!(wrong.sent("GET").await.1, Next::Close);
}

#[tokio::test]
async fn informational_responses_come_first() {
    let mut made = Made::new("HTTP/1.1 204 OK", &[], &[]);
    let early = Made::new("HTTP/1.1 103 Early Hints", &[("Link", "x")], &[]).exchange.response.unwrap();
    made.exchange.informational = vec![Informational { at_us: 1, response: early }];
    assert_eq!(made.sent("GET").await.0, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 OK\r\n\r\n");
}

#[tokio::test]
async fn a_session_cannot_add_lines_to_a_head() {
    let made = Made::new("HTTP/1.1 204 OK\r\nX: y", &[("a\r\nb", "c\r\n\r\nd")], &[]);
    assert_eq!(made.sent("GET").await.0, "HTTP/1.1 204 OK  X: y\r\na  b: c    d\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn the_response_takes_as_long_as_it_did() {
    let mut made = Made::new("HTTP/1.1 200 OK", &[], &[("a", 2_000_000), ("b", 5_000_000)]);
    made.exchange.phases.sent_us = Some(1_000_000);
    made.exchange.phases.first_byte_us = Some(1_500_000);
    made.exchange.phases.done_us = Some(7_000_000);
    for (speed, millis) in [("1", 6000), ("2", 3000), ("0", 0)] {
        let (mut io, began) = (Vec::new(), Instant::now());
        let (exchange, output, speed) = (&made.exchange, &made.output, speed.parse().unwrap());
        let sending = Sending { io: &mut io, exchange, output, speed, method: "GET", began, continued: false };
        sending.send(Answer::Response).await.unwrap();
        assert_eq!(began.elapsed().as_millis(), millis);
    }
}

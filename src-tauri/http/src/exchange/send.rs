//! One exchange from connect to the last byte of the body.

use std::{
    future::{pending, poll_fn},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::http1,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio_util::sync::CancellationToken;

use super::{
    Body, ExchangeEvent, Failure, Head, Header, Informational, Next, Protocol, Redirect, Request, Response, Stage,
    connect::connect,
    connections::{Connections, Driver, Link},
    excess,
    head::text,
    outgoing::{Outgoing, prepare, target},
    socket::{Engines, find_socket, identify_socket},
    wire::{Tap, Wire},
};
use crate::endpoint::Endpoint;
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};
use porthole_output::{
    Stream,
    record::{Clock, Record, until},
};

/// hyper's own limit of 100 is one that real backends pass. It sets memory aside for each line of
/// this many with each answer, so that it is not far more than any of them sends.
const MAX_HEADERS: usize = 512;

/// Sends a request and records what comes back. The last event is `Done` or `Failed`; a status of
/// 500 is an answer like any other. Redirects are answers too and are followed only as the request's client does, and
/// only to the same endpoint.
///
/// A connection of an exchange before is used where one is open, and stays open for the next one
/// where the backend lets it. Cancelling closes the connection at once.
pub async fn send(
    endpoint: &Endpoint,
    request: &Request,
    connections: &Connections,
    cancel: &CancellationToken,
    record: &mut dyn Record<ExchangeEvent>,
) {
    send_to(endpoint, Engines::Allowed, request, connections, cancel, record).await;
}

/// The same, where it must not end up at a container engine for a request that wasn't allowed to.
pub async fn send_to(
    endpoint: &Endpoint,
    engines: Engines,
    request: &Request,
    connections: &Connections,
    cancel: &CancellationToken,
    record: &mut dyn Record<ExchangeEvent>,
) {
    let clock = Clock::start();
    let mut progress =
        Progress { clock, tap: Arc::default(), stage: Stage::Prepare, has_body: false, followed: 0, done_us: None };
    let limit = async {
        match request.timeout_ms {
            Some(limit) => tokio::time::sleep(Duration::from_millis(limit.into())).await,
            None => pending().await,
        }
    };
    let ended = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::new(Code::Cancelled, "The request was canceled")),
        () = limit => Err(timed_out(request)),
        ended = follow((endpoint, engines), request, connections, &mut progress, record) => ended,
    };
    match ended {
        Ok(()) => {
            let at_us = progress.done_us.unwrap_or_else(|| clock.now_us());
            record.event(ExchangeEvent::Done { at_us });
        }
        Err(error) => {
            progress.tell_sent(record);
            progress.tell_informational(record);
            let stage = progress.stage;
            let error = match error.code {
                Code::SendFailed | Code::ClosedBeforeResponse | Code::BodyCut => {
                    connections.engines().explain(endpoint, error).await
                }
                _ => error,
            };
            let received = if stage < Stage::Body { progress.tap.received() } else { String::new() };
            let (error, protocol) = match error.code {
                Code::BadResponse if stage < Stage::Body => (error, progress.tap.protocol()),
                Code::ClosedBeforeResponse => closed_by(endpoint, error),
                _ => (error, None),
            };
            let failure = Failure { stage, error, received, protocol, reset: progress.tap.was_reset() };
            record.event(ExchangeEvent::Failed { at_us: clock.now_us(), failure });
        }
    }
}

/// How far an exchange has come.
struct Progress {
    clock: Clock,
    tap: Arc<Tap>,
    stage: Stage,
    /// Whether the request has a body, which a backend may refuse to take.
    has_body: bool,
    /// Redirects so far.
    followed: usize,
    /// When the body ended: later bytes are checked before the end is reported.
    done_us: Option<u64>,
}

impl Progress {
    /// Begins again on a connection.
    fn begin(&mut self, tap: Arc<Tap>, request: &Request) {
        tap.begin(request.headers.clone());
        let has_body = request.body != Body::None;
        *self = Self { tap, stage: Stage::Prepare, has_body, ..*self };
    }

    /// Tells once what went over the wire, if anything did.
    fn tell_sent(&mut self, record: &mut dyn Record<ExchangeEvent>) {
        if let Some((at, head)) = self.tap.take_request() {
            record.event(ExchangeEvent::Sent { at_us: at.map(|at| self.clock.at_us(at)), head });
        }
    }

    /// Tells of the informational responses that came meanwhile.
    fn tell_informational(&self, record: &mut dyn Record<ExchangeEvent>) {
        let (heads, more) = self.tap.interim();
        for (at, head) in heads {
            let informational = Informational { at_us: self.clock.at_us(at), response: response_of(head) };
            record.event(ExchangeEvent::Informed { informational });
        }
        if more > 0 {
            record.event(ExchangeEvent::InformedMore { more });
        }
    }

    /// Waits, and tells of informational responses as they come.
    async fn tell_while<T>(&self, waited: impl Future<Output = T>, record: &mut dyn Record<ExchangeEvent>) -> T {
        let mut waited = pin!(waited);
        poll_fn(|context| {
            let polled = waited.as_mut().poll(context);
            self.tell_informational(record);
            polled
        })
        .await
    }
}

/// A head as a response. What has no status is none: hyper has read it before.
pub(crate) fn response_of(head: Head) -> Response {
    let mut parts = head.start_line.splitn(3, ' ');
    let status = parts.nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let reason = parts.next().unwrap_or_default().to_owned();
    Response { status, reason, head }
}

/// Says what usually listens there, where the connection was closed without a word.
fn closed_by(endpoint: &Endpoint, error: Error) -> (Error, Option<Protocol>) {
    match Protocol::usual_at(endpoint) {
        Some(protocol) => {
            let name = protocol.name();
            (
                error.hint(format!(
                    "{name} usually listens here and closes connections that send HTTP. Check the endpoint."
                )),
                Some(protocol),
            )
        }
        None => (error, None),
    }
}

fn timed_out(request: &Request) -> Error {
    let limit = request.timeout_ms.unwrap_or_default();
    Error::new(Code::TimedOut, format!("The request timed out after {limit} ms"))
        .hint("Increase the timeout, or leave it empty for an endless stream.")
}

fn unanswered(request: &Request) -> Error {
    let limit = request.response_timeout_ms.unwrap_or_default();
    Error::new(Code::TimedOut, format!("The backend sent no response within {limit} ms"))
        .hint("Increase the response timeout in the settings. 0 means no limit.")
}

/// A limit in milliseconds, of which none and 0 are forever.
fn within(limit: Option<u32>) -> Duration {
    // Longer than any machine runs; what a timer can still count.
    const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    limit.filter(|&limit| limit > 0).map_or(FOREVER, |limit| Duration::from_millis(limit.into()))
}

/// Sends the request, and the ones that redirects lead to.
async fn follow(
    to: (&Endpoint, Engines),
    request: &Request,
    connections: &Connections,
    progress: &mut Progress,
    record: &mut dyn Record<ExchangeEvent>,
) -> Result<()> {
    let mut next = converse(to, request, connections, progress, record).await?;
    while let Some(request) = next {
        progress.followed += 1;
        next = converse(to, &request, connections, progress, record).await?;
    }
    Ok(())
}

/// One request and its response, and the next request if it is a redirect to follow.
async fn converse(
    (endpoint, engines): (&Endpoint, Engines),
    request: &Request,
    connections: &Connections,
    progress: &mut Progress,
    record: &mut dyn Record<ExchangeEvent>,
) -> Result<Option<Request>> {
    // Why there is nothing to connect to is an error below.
    let leads_to = identify_socket(endpoint, engines, connections.engines()).ok();
    if let Some(mut link) = leads_to.and_then(|id| connections.take(endpoint, id, request)) {
        progress.begin(Arc::clone(&link.tap), request);
        let prepared = prepare(endpoint, request, &progress.tap).await?;
        progress.stage = Stage::Send;
        record.event(ExchangeEvent::Connected { at_us: progress.clock.now_us(), reused: true });
        let asked = (endpoint, request);
        let answered = link.driver.until(answer(&mut link.sender, prepared, asked, progress, record)).await;
        // The backend may have closed it a moment ago; a new one tells whether it is still there.
        if answered.is_ok() || progress.tap.has_received() {
            return match answered? {
                Answered::Final(response) => {
                    finish(response, link, (endpoint, request), connections, progress, record).await
                }
                Answered::Redirect(next) => Ok(Some(*next)),
            };
        }
    }
    // A backend that was restarted has created another one.
    let found = find_socket(endpoint, engines, connections.engines());
    progress.begin(Arc::default(), request);
    let prepared = prepare(endpoint, request, &progress.tap).await?;
    progress.stage = Stage::Connect;
    let limit = within(Some(request.connect_timeout_ms));
    let (io, socket) = connect(endpoint, found, connections.engines(), limit).await?;
    record.event(ExchangeEvent::Connected { at_us: progress.clock.now_us(), reused: false });
    progress.stage = Stage::Send;
    let handshake = http1::Builder::new()
        .allow_obsolete_multiline_headers_in_responses(true)
        .max_headers(MAX_HEADERS)
        .handshake(Wire::new(io, Arc::clone(&progress.tap)))
        .await;
    let (sender, connection) = handshake.map_err(|error| failed(&error, progress))?;
    // The connection is closed when this future is dropped: nothing outlives a cancel.
    let mut link = Link { sender, tap: Arc::clone(&progress.tap), driver: Driver::new(connection), socket };
    let asked = (endpoint, request);
    match link.driver.until(answer(&mut link.sender, prepared, asked, progress, record)).await? {
        Answered::Final(response) => finish(response, link, asked, connections, progress, record).await,
        Answered::Redirect(next) => Ok(Some(*next)),
    }
}

/// Reads the body and lets the connection stay open.
async fn finish(
    response: hyper::Response<Incoming>,
    mut link: Link,
    (endpoint, request): (&Endpoint, &Request),
    connections: &Connections,
    progress: &mut Progress,
    record: &mut dyn Record<ExchangeEvent>,
) -> Result<Option<Request>> {
    progress.stage = Stage::Body;
    connections.note_answer(endpoint);
    let status = response.status().as_u16();
    link.driver.until(receive(response, progress.clock, record)).await?;
    if status == 101 {
        // A Runtime's client has no use for such a connection, and closes it.
        if request.client.is_none() {
            excess::follow(&mut link.driver, progress.clock, record).await?;
        }
        return Ok(None);
    }
    progress.done_us = Some(progress.clock.now_us());
    if let Some(excess) = excess::after_end(&mut link.driver, matches!(status, 204 | 304)).await {
        record.event(ExchangeEvent::Exceeded { excess });
    }
    connections.put(endpoint, link);
    Ok(None)
}

/// A head that is in.
enum Answered {
    Final(hyper::Response<Incoming>),
    /// Its connection is closed with the body unread.
    Redirect(Box<Request>),
}

/// Sends and waits for the final head.
async fn answer(
    sender: &mut http1::SendRequest<Outgoing>,
    prepared: hyper::Request<Outgoing>,
    (endpoint, request): (&Endpoint, &Request),
    progress: &mut Progress,
    record: &mut dyn Record<ExchangeEvent>,
) -> Result<Answered> {
    let tap = Arc::clone(&progress.tap);
    let mut answered = pin!(sender.send_request(prepared));
    let early = async {
        tokio::select! {
            biased;
            () = tap.sent() => None,
            answer = &mut answered => Some(answer),
        }
    };
    let early = progress.tell_while(early, record).await;
    progress.tell_sent(record);
    let answer = match early {
        Some(answer) => answer,
        None => {
            progress.stage = Stage::Wait;
            let limit = within(request.response_timeout_ms);
            tokio::time::timeout(limit, progress.tell_while(answered, record)).await.map_err(|_| unanswered(request))?
        }
    };
    if tap.has_begun_head() {
        progress.stage = Stage::Head;
    }
    let response = answer.map_err(|error| failed(&error, progress))?;
    let (first_byte, head) =
        tap.response().ok_or_else(|| Error::new(Code::BadResponse, "The response has no status line and headers"))?;
    let told = Response { status: response.status().as_u16(), ..response_of(head) };
    if let Next::Same(next) = request.next(endpoint, (told.status, told.head.header("location")), progress.followed) {
        let redirect = Redirect { method: request.method.clone(), path: target(request)?, response: told };
        record.event(ExchangeEvent::Redirected { redirect });
        return Ok(Answered::Redirect(next));
    }
    record.event(ExchangeEvent::Answered { first_byte_us: progress.clock.at_us(first_byte), response: told });
    Ok(Answered::Final(response))
}

async fn receive(
    response: hyper::Response<Incoming>,
    clock: Clock,
    record: &mut dyn Record<ExchangeEvent>,
) -> Result<()> {
    let mut body = response.into_body();
    let mut length: u64 = 0;
    loop {
        until(record.full()).await;
        let Some(frame) = body.frame().await else { return Ok(()) };
        let frame = frame.map_err(|error| cut(&error, length))?;
        match frame.into_data() {
            Ok(bytes) => {
                length += bytes.len() as u64;
                record.chunk(Stream::Stdout, clock.now_us(), &bytes)?;
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    record.event(ExchangeEvent::Trailed { trailers: read_trailers(&trailers) });
                }
            }
        }
    }
}

/// The lines after a body. hyper bounds their number and size as it does those of a head.
fn read_trailers(trailers: &HeaderMap) -> Vec<Header> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| Header {
        name: name.as_str().into(),
        value: text(value.as_bytes()),
    };
    trailers.iter().map(line).collect()
}

/// Why there is no answer.
fn failed(error: &hyper::Error, progress: &Progress) -> Error {
    let Progress { stage, tap, has_body, .. } = progress;
    // hyper gives up a request that it wrote nothing of. Without a body it is chance how far the head came before a
    // backend that closes at once.
    let cut_the_body = *has_body && !error.is_canceled() && (tap.write_failed().is_some() || *stage == Stage::Send);
    let explained = if let Some(too_many) = tap.too_many() {
        Error::new(Code::ResponseTooLarge, format!("The backend sent {too_many}"))
            .hint("Status codes 100 to 199 announce a final response, which must follow.")
    } else if error.is_parse() && tap.received().starts_with("HTTP/1.") {
        Error::new(Code::BadResponse, "The status line or headers of the backend's response aren't valid HTTP/1")
            .hint("The part before the invalid bytes is kept.")
    } else if let Some(protocol) = tap.protocol() {
        Error::new(Code::BadResponse, protocol.sentence()).hint(protocol.hint())
    } else if error.is_parse() || tap.is_not_http() {
        Error::new(Code::BadResponse, "The backend's response isn't HTTP/1")
            .hint("Check whether this endpoint uses another protocol.")
    } else if error.is_user() {
        Error::new(Code::BodyFileUnreadable, "Can't read the request body to its end")
    } else if cut_the_body {
        Error::new(Code::SendFailed, "The backend closed the connection while the request was being sent")
            .hint("It may reject bodies of this size, or have exited: check its log.")
    } else if *stage == Stage::Head {
        Error::new(
            Code::ClosedBeforeResponse,
            "The backend closed the connection in the middle of the response's headers",
        )
    } else {
        Error::new(Code::ClosedBeforeResponse, "The backend closed the connection without a response")
            .hint("A crashing handler causes this (`socket hang up` in JavaScript): check the backend's log.")
    };
    explained.detail(with_causes(error))
}

/// Why the body ends here.
fn cut(error: &hyper::Error, length: u64) -> Error {
    let io_kind = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    let wrong = io_kind
        .is_some_and(|io| matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput));
    let explained = if wrong && is_about_trailers(error) {
        Error::new(Code::BadResponse, format!("The trailers after {} bytes of body are too long", count(length)))
            .hint("The limit is 512 lines and 16 kB.")
    } else if wrong {
        Error::new(Code::BadResponse, format!("The body's chunked encoding is invalid after {} bytes", count(length)))
    } else {
        Error::new(
            Code::BodyCut,
            format!("The connection closed in the middle of the body, after {} bytes", count(length)),
        )
        .hint("The received part is kept. The backend exited or closed the connection too early: check its log.")
    };
    explained.detail(with_causes(error))
}

/// Whether hyper gave up in the trailers after a chunked body. It has one kind of error for everything that is wrong with
/// such a body, so its text is the only source: `chunk trailers bytes over limit` and `chunk trailers count overflow` of
/// hyper 1.12. With another text the code is the same, and only the message is less exact.
fn is_about_trailers(error: &hyper::Error) -> bool {
    with_causes(error).contains("chunk trailers ")
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

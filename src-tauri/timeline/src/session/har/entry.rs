//! The call that an entry of an archive becomes.

use super::{
    archive::{Entry, EventMessage, Facts, HarHeader, HarRequest, PostData, Timings, WebSocketMessage, decoded},
    date, net_error,
};
use crate::session::{format::ended, read::undone};
use porthole_base::error::{Code, Error};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{
        Body, Exchange, ExchangeEvent, Failure, Head, Header, Param, Part, PartContent, Request, Response, Stage,
        Unrecorded, Version,
    },
};
use porthole_sdk::call::{Act, Call, Origin};

/// A call of an archive with its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Its facts.
    pub call: Call,
    /// The body, with its content encoding undone.
    pub body: Vec<u8>,
    /// How it arrived, where that is known: lengths, and microseconds since the call began.
    pub chunks: Vec<(u64, u64)>,
}

impl Entry {
    /// The call; nothing where the entry is no exchange over HTTP: a page's `data:` and `blob:` URLs are in no backend.
    pub fn into_call(self) -> Option<Imported> {
        let content = self.response.content.bytes();
        if let Some(Facts { call, chunks }) = self.porthole {
            let body = content.unwrap_or_default();
            let length: u64 = chunks.iter().fold(0, |sum: u64, (len, _)| sum.saturating_add(*len));
            let same = length == body.len() as u64 && chunks.iter().all(|(len, _)| *len > 0);
            let mut call = ended(call, 0);
            undone(&mut call, body.len() as u64);
            return Some(Imported { call, body, chunks: if same { chunks } else { Vec::new() } });
        }
        let (endpoint, path) = split(&self.request.url)?;
        let began_ms = date::read(&self.started_date_time).unwrap_or_default();
        let mut exchange = self.exchange(endpoint, path);
        let events = self.events.as_deref().unwrap_or_default();
        let (body, chunks) = match content {
            Some(body) if !body.is_empty() => {
                let chunks = event_chunks(&body, events, began_ms);
                (body, chunks)
            }
            _ => event_stream(events, began_ms),
        };
        exchange.unrecorded = self.unrecorded(&exchange.request, body.len());
        let act = Act::Exchange(exchange);
        let mut call = Call { id: 0, origin: Origin::Composer, began_ms, sdk: None, decision: None, act };
        undone(&mut call, body.len() as u64);
        Some(Imported { call, body, chunks })
    }

    fn exchange(&self, endpoint: Endpoint, path: String) -> Exchange {
        let mut exchange = Exchange::new(endpoint, self.request.composed(path));
        let at = self.timings.phases(self.time);
        let error = self.response.error.as_deref().filter(|error| !error.is_empty());
        let failed = |stage: Stage| {
            let (code, reset) =
                error.map_or((Code::ClosedBeforeResponse, false), |error| net_error::meaning(error, stage));
            let message = match stage {
                Stage::Body => "The archive has only a part of the response",
                _ => "The archive has no response to this request",
            };
            let failure = Error::new(code, message).detail(error.unwrap_or_default());
            ExchangeEvent::Failed { at_us: at.done, failure: Failure { reset, ..Failure::new(stage, failure) } }
        };
        let status = self.response.status;
        let has_response = (100.0..=999.0).contains(&status);
        if !has_response && error.is_some_and(net_error::is_before_connection) {
            exchange.apply(failed(Stage::Connect));
            return exchange;
        }
        // The format has -1 for what there was none of.
        let reused = self.timings.connect == Some(-1.0);
        exchange.apply(ExchangeEvent::Connected { at_us: at.connected, reused });
        let start_line =
            format!("{} {} {}", self.request.method, exchange.request.path, version(&self.request.http_version));
        let headers = plain_headers(&self.request.headers);
        exchange.apply(ExchangeEvent::Sent { at_us: Some(at.sent), head: Head { start_line, headers } });
        if !has_response {
            exchange.apply(failed(Stage::Wait));
            return exchange;
        }
        let (status, reason) = (status as u16, self.response.status_text.clone());
        let start_line = format!("{} {status} {reason}", version(&self.response.http_version));
        let head =
            Head { start_line: start_line.trim_end().to_owned(), headers: plain_headers(&self.response.headers) };
        exchange
            .apply(ExchangeEvent::Answered { first_byte_us: at.first, response: Response { status, reason, head } });
        exchange.apply(if error.is_some() { failed(Stage::Body) } else { ExchangeEvent::Done { at_us: at.done } });
        exchange
    }

    /// What went over the wire and isn't in the archive.
    fn unrecorded(&self, request: &Request, body: usize) -> Option<Unrecorded> {
        let bytes = |size: Option<f64>| size.filter(|size| *size > 0.0).map_or(0, |size| size as u64);
        // Chrome writes a body as text, also where it isn't any.
        let is_lossy = matches!(&request.body, Body::Text { text } if text.contains(char::REPLACEMENT_CHARACTER));
        let request_bytes = match (&request.body, is_lossy) {
            (Body::None, _) | (_, true) => bytes(self.request.content_length().or(self.request.body_size)),
            _ => 0,
        };
        let messages = self.web_socket_messages.iter().flatten();
        let (sent, received): (Vec<_>, Vec<_>) = messages.partition(|message| message.way == "send");
        let of = |messages: Vec<&WebSocketMessage>| messages.iter().map(|one| one.data.len() as u64).sum::<u64>();
        let has_none = body == 0 && self.response.content.text.is_none() && request.method != "HEAD";
        let content = || self.response.content.size.filter(|size| *size > 0.0).or(self.response.body_size);
        let response_bytes = if has_none { bytes(content()) } else { 0 };
        // The archive's sizes may be any number.
        let unrecorded = Unrecorded {
            request_bytes: request_bytes.saturating_add(of(sent)),
            response_bytes: response_bytes.saturating_add(of(received)),
        };
        (unrecorded != Unrecorded::default()).then_some(unrecorded)
    }
}

/// The stream that these events were in, and when each came. How a backend wrote them otherwise isn't in the archive.
fn event_stream(events: &[EventMessage], began_ms: u64) -> (Vec<u8>, Vec<(u64, u64)>) {
    let (mut body, mut chunks, mut last) = (Vec::new(), Vec::new(), 0);
    for EventMessage { time, event_name, event_id, data } in events {
        let mut text = String::new();
        if !event_id.is_empty() {
            text.push_str(&format!("id: {event_id}\n"));
        }
        if !event_name.is_empty() && event_name != "message" {
            text.push_str(&format!("event: {event_name}\n"));
        }
        data.split('\n').for_each(|line| text.push_str(&format!("data: {line}\n")));
        text.push('\n');
        last = last.max(since(began_ms, *time));
        chunks.push((text.len() as u64, last));
        body.extend_from_slice(text.as_bytes());
    }
    (body, chunks)
}

/// When the parts of such a stream came, where each of its blocks is one of these events.
fn event_chunks(body: &[u8], events: &[EventMessage], began_ms: u64) -> Vec<(u64, u64)> {
    let blocks = || memchr::memmem::find_iter(body, b"\n\n").map(|at| at as u64 + 2);
    if events.is_empty() || blocks().count() != events.len() || blocks().last() != Some(body.len() as u64) {
        return Vec::new();
    }
    let (mut from, mut last) = (0, 0);
    let chunk = |(end, event): (u64, &EventMessage)| {
        last = last.max(since(began_ms, event.time));
        let length = end - from;
        from = end;
        (length, last)
    };
    blocks().zip(events).map(chunk).collect()
}

/// Microseconds from when a call began to a moment in seconds since 1970. It is before only where clocks differ.
fn since(began_ms: u64, seconds: f64) -> u64 {
    ((seconds * 1000.0 - began_ms as f64).clamp(0.0, MOST_MS) * 1000.0) as u64
}

impl HarRequest {
    fn content_length(&self) -> Option<f64> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"))?;
        header.value.trim().parse().ok()
    }

    fn composed(&self, path: String) -> Request {
        let method = if self.method.is_empty() { "GET".to_owned() } else { self.method.clone() };
        let body = self.post_data.as_ref().map(PostData::body).unwrap_or_default();
        let version =
            if self.http_version.eq_ignore_ascii_case("HTTP/1.0") { Version::Http10 } else { Version::Http11 };
        // What the client adds by itself isn't composed.
        let added =
            |name: &str| ["host", "content-length", "connection"].iter().any(|own| name.eq_ignore_ascii_case(own));
        let mut headers = plain_headers(&self.headers);
        headers.retain(|header| !added(&header.name));
        Request { headers, body, version, ..Request::new(method, path) }
    }
}

impl PostData {
    fn body(&self) -> Body {
        let is = |media_type: &str| self.mime_type.to_ascii_lowercase().starts_with(media_type);
        // Bytes that aren't text can't be composed: they count as not recorded.
        let text = self.text.as_ref().filter(|text| !text.is_empty());
        let text = text.map(|text| String::from_utf8(decoded(text, self.encoding.as_deref())));
        match text {
            Some(Err(_)) => Body::None,
            Some(Ok(text)) if is("application/json") => Body::Json { text },
            Some(Ok(text)) => Body::Text { text },
            _ if self.params.is_empty() => Body::None,
            _ if is("multipart/") => Body::Multipart {
                parts: self
                    .params
                    .iter()
                    .map(|param| Part {
                        name: param.name.clone(),
                        content: PartContent::Text { text: param.value.clone().unwrap_or_default() },
                        filename: param.file_name.clone(),
                        content_type: param.content_type.clone(),
                    })
                    .collect(),
            },
            _ => Body::Form {
                fields: self
                    .params
                    .iter()
                    .map(|param| Param { name: param.name.clone(), value: param.value.clone().unwrap_or_default() })
                    .collect(),
            },
        }
    }
}

/// A year is more than any request takes.
const MOST_MS: f64 = 366.0 * 86_400_000.0;

/// When phases ended, in microseconds.
struct PhaseEnds {
    connected: u64,
    sent: u64,
    first: u64,
    done: u64,
}

impl Timings {
    /// -1 and nothing at all say that there was no such phase.
    fn phases(&self, time: Option<f64>) -> PhaseEnds {
        let us = |ms: Option<f64>| (ms.unwrap_or_default().clamp(0.0, MOST_MS) * 1000.0).round() as u64;
        let connected = us(self.blocked) + us(self.dns) + us(self.connect);
        let sent = connected + us(self.send);
        let first = sent + us(self.wait);
        let done = if time.is_some() { us(time) } else { first + us(self.receive) };
        PhaseEnds { connected, sent, first, done: done.max(first) }
    }
}

/// The endpoint that a URL leads to, and the path with its query; nothing for another scheme than those of HTTP and WebSockets.
/// TLS isn't kept: backends of extensions have none.
fn split(url: &str) -> Option<(Endpoint, String)> {
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest))
            if ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            (scheme, rest.strip_prefix("//").unwrap_or(rest))
        }
        // `data:`, `chrome-extension:`, `about:`; but not a host with its port.
        Some((scheme, rest)) if is_scheme(scheme) && !rest.starts_with(|c: char| c.is_ascii_digit()) => return None,
        _ => ("http", url),
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let other = if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(other)),
        _ => (authority, other),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let host = if host.is_empty() { "localhost" } else { host };
    Some((Endpoint::Tcp { host: host.to_owned(), port }, path))
}

fn is_scheme(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Without those that HTTP/2 has in place of the first line.
fn plain_headers(headers: &[HarHeader]) -> Vec<Header> {
    let plain = headers.iter().filter(|header| !header.name.starts_with(':') && !header.name.is_empty());
    plain.map(|HarHeader { name, value }| Header { name: name.clone(), value: value.clone() }).collect()
}

fn version(text: &str) -> &str {
    if text.is_empty() || text.contains(' ') { "HTTP/1.1" } else { text }
}

//! One entry of an archive as others write it, and the call that it becomes. Everything is optional that some program leaves out.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer};

use super::date;
use crate::session::{format::ended, read::undone};
use porthole_base::error::{Code, Error};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{
        Body, Exchange, ExchangeEvent, Failure, Head, Header, Param, Part, PartContent, Request, Response, Stage,
        Version,
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

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    started_date_time: String,
    time: Option<f64>,
    request: HarRequest,
    response: HarResponse,
    timings: Timings,
    #[serde(rename = "_porthole", deserialize_with = "lenient")]
    porthole: Option<Facts>,
}

/// What only Porthole writes.
#[derive(Debug, Deserialize)]
struct Facts {
    call: Call,
    #[serde(default)]
    chunks: Vec<(u64, u64)>,
}

/// What isn't as this version writes it isn't used.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Facts>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HarRequest {
    method: String,
    url: String,
    http_version: String,
    headers: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PostData {
    mime_type: String,
    text: Option<String>,
    params: Vec<HarParam>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HarParam {
    name: String,
    value: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HarResponse {
    status: f64,
    status_text: String,
    http_version: String,
    headers: Vec<Header>,
    content: HarContent,
    #[serde(rename = "_error")]
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HarContent {
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Timings {
    blocked: Option<f64>,
    dns: Option<f64>,
    connect: Option<f64>,
    send: Option<f64>,
    wait: Option<f64>,
}

impl Entry {
    pub fn into_call(self) -> Imported {
        let body = self.response.content.bytes();
        if let Some(Facts { call, chunks }) = self.porthole {
            let length: u64 = chunks.iter().fold(0, |sum: u64, (len, _)| sum.saturating_add(*len));
            let same = length == body.len() as u64 && chunks.iter().all(|(len, _)| *len > 0);
            let mut call = ended(call, 0);
            undone(&mut call, body.len() as u64);
            return Imported { call, body, chunks: if same { chunks } else { Vec::new() } };
        }
        let exchange = self.exchange();
        let began_ms = date::read(&self.started_date_time).unwrap_or_default();
        let act = Act::Exchange(exchange);
        let mut call = Call { id: 0, origin: Origin::Composer, began_ms, sdk: None, decision: None, act };
        undone(&mut call, body.len() as u64);
        Imported { call, body, chunks: Vec::new() }
    }

    fn exchange(&self) -> Exchange {
        let (endpoint, path) = split(&self.request.url);
        let mut exchange = Exchange::new(endpoint, self.request.composed(path));
        let at = self.timings.phases(self.time);
        exchange.apply(ExchangeEvent::Connected { at_us: at.connected, reused: false });
        let start_line =
            format!("{} {} {}", self.request.method, exchange.request.path, version(&self.request.http_version));
        let headers = plain_headers(&self.request.headers);
        exchange.apply(ExchangeEvent::Sent { at_us: Some(at.sent), head: Head { start_line, headers } });
        let status = self.response.status;
        if !(100.0..=999.0).contains(&status) {
            let message = "The archive has no response to this request";
            let mut error = Error::new(Code::ClosedBeforeResponse, message);
            if let Some(detail) = &self.response.error {
                error = error.detail(detail);
            }
            exchange.apply(ExchangeEvent::Failed { at_us: at.done, failure: Failure::new(Stage::Wait, error) });
            return exchange;
        }
        let (status, reason) = (status as u16, self.response.status_text.clone());
        let start_line = format!("{} {status} {reason}", version(&self.response.http_version));
        let head =
            Head { start_line: start_line.trim_end().to_owned(), headers: plain_headers(&self.response.headers) };
        exchange
            .apply(ExchangeEvent::Answered { first_byte_us: at.first, response: Response { status, reason, head } });
        exchange.apply(ExchangeEvent::Done { at_us: at.done });
        exchange
    }
}

impl HarContent {
    fn bytes(&self) -> Vec<u8> {
        let Some(text) = &self.text else { return Vec::new() };
        match self.encoding.as_deref() {
            Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
                let packed: String = text.split_ascii_whitespace().collect();
                STANDARD.decode(packed).unwrap_or_else(|_| text.clone().into_bytes())
            }
            _ => text.clone().into_bytes(),
        }
    }
}

impl HarRequest {
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
        match &self.text {
            Some(text) if !text.is_empty() && is("application/json") => Body::Json { text: text.clone() },
            Some(text) if !text.is_empty() => Body::Text { text: text.clone() },
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
        // A year is more than any request takes.
        const MOST_MS: f64 = 366.0 * 86_400_000.0;
        let us = |ms: Option<f64>| (ms.unwrap_or_default().clamp(0.0, MOST_MS) * 1000.0).round() as u64;
        let connected = us(self.blocked) + us(self.dns) + us(self.connect);
        let sent = connected + us(self.send);
        let first = sent + us(self.wait);
        PhaseEnds { connected, sent, first, done: us(time).max(first) }
    }
}

/// The endpoint that a URL leads to, and the path with its query. TLS isn't kept: backends of extensions have none.
fn split(url: &str) -> (Endpoint, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
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
    (Endpoint::Tcp { host: host.to_owned(), port }, path)
}

/// Without those that HTTP/2 has in place of the first line.
fn plain_headers(headers: &[Header]) -> Vec<Header> {
    headers.iter().filter(|header| !header.name.starts_with(':')).cloned().collect()
}

fn version(text: &str) -> &str {
    if text.is_empty() || text.contains(' ') { "HTTP/1.1" } else { text }
}

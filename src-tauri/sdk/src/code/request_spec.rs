//! A request as it goes over the wire: target and headers put together, and checked as they are when it is sent.

use std::borrow::Cow;

use hyper::{
    Method, Uri,
    header::{HeaderName, HeaderValue},
};

use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::{self, Body, Header, Part, Request, Version};

/// What a request asks for, whatever it is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestSpec<'a> {
    /// As written.
    pub method: &'a str,
    /// Path and query as written on the request line.
    pub target: String,
    /// The header that Porthole adds for the body, where none is composed.
    pub content_type: Option<&'static str>,
    /// The composed headers, surrounding spaces taken off their values as every reader of HTTP does.
    pub headers: Vec<Header>,
    /// What is sent after the head; never an empty text.
    pub body: Payload<'a>,
    pub version: Version,
    pub connect_timeout_ms: u32,
    pub timeout_ms: Option<u32>,
    pub follow_redirects: bool,
}

/// The bytes after the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    Nothing,
    /// A text, and whether it was composed as JSON.
    Text {
        text: Cow<'a, str>,
        json: bool,
    },
    File(&'a str),
    /// The parts of a multipart form.
    Parts(&'a [Part]),
}

impl<'a> RequestSpec<'a> {
    /// # Errors
    /// [`Code::RequestInvalid`], as sending it would say.
    pub fn of(request: &'a Request) -> Result<Self> {
        let invalid = |message: String| Error::new(Code::RequestInvalid, message);
        let target = exchange::target(request)?;
        Method::from_bytes(request.method.as_bytes())
            .map_err(|_| invalid(format!("`{}` isn't a valid method", request.method)))?;
        target.parse::<Uri>().map_err(|error| invalid(format!("`{target}` isn't a valid request target: {error}")))?;
        let mut headers = Vec::new();
        for Header { name, value } in &request.headers {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| invalid(format!("`{name}` isn't a valid header name")))?;
            HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| invalid(format!("The value of {name} contains a control character")))?;
            headers.push(Header { name: name.clone(), value: value.trim_matches([' ', '\t']).to_owned() });
        }
        let text = |text: &'a str, json| Payload::Text { text: Cow::Borrowed(text), json };
        let body = match &request.body {
            Body::None => Payload::Nothing,
            Body::Json { text: json } => text(json, true),
            Body::Text { text: plain } => text(plain, false),
            Body::File { path } => Payload::File(path),
            Body::Form { fields } => Payload::Text { text: exchange::urlencoded(fields).into(), json: false },
            Body::Multipart { parts } => Payload::Parts(parts),
        };
        // The boundary that comes with a multipart form is made by who sends it.
        let content_type = request.body.content_type().filter(|_| !matches!(body, Payload::Parts(_)));
        let body = if matches!(&body, Payload::Text { text, .. } if text.is_empty()) { Payload::Nothing } else { body };
        let composed = headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"));
        Ok(Self {
            method: &request.method,
            target,
            content_type: content_type.filter(|_| !composed),
            headers,
            body,
            version: request.version,
            connect_timeout_ms: request.connect_timeout_ms,
            timeout_ms: request.timeout_ms,
            follow_redirects: request.follow_redirects,
        })
    }

    /// All headers that code contains, that of the body first.
    pub fn all_headers(&self) -> Vec<Header> {
        let own = self.content_type.map(|value| Header { name: "Content-Type".into(), value: value.into() });
        own.into_iter().chain(self.headers.iter().cloned()).collect()
    }

    /// Whether a header is composed.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
    }
}

/// What Porthole says of each kind of body where no header does.
pub(super) const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const BYTES: &str = "application/octet-stream";

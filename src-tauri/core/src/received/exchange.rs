//! What an Exchange comes to for whoever waits for it.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{Delivery, Text, Value, Written, docker_desktop, podman_desktop, rancher_desktop, rules::inferred};
use crate::{
    endpoint::Endpoint,
    error::Code,
    exchange::{self, BodyKind, Exchange, Failure, Response, target},
    runtime::{Rule, Runtime},
};

/// The most bytes that a compressed body may become: a value of more is too large to hand to code.
const LARGEST: usize = 64 * 1024 * 1024;

/// How an exchange ended, as far as Runtimes make a difference of it.
pub(super) enum Answer<'a> {
    /// It has not, and the promise waits.
    Pending,
    /// It was ended by something that the SDK does not have: the promise waits for ever.
    Never,
    /// The whole response is in.
    Whole { status: u16, reason: &'a str, body: Body<'a> },
    /// There is no whole response. `words` are those that Node has for it.
    Failed { words: &'a String },
    /// The response is in, and its body can't be decoded. `words` are those that Node has for it.
    Undecodable { words: String },
}

/// A response's body.
pub(super) struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    /// How long it is in all.
    pub len: u64,
    limit: usize,
    says_json: bool,
    /// It was compressed: by what.
    pub coding: Option<String>,
}

impl Body<'_> {
    /// As text.
    pub(super) fn text(&self) -> Value {
        Value::Text(Text::of(&self.bytes, self.len, self.limit))
    }

    /// As what `JSON.parse` makes of it, or else as text. Of a body that is not all here its
    /// headers are believed.
    pub(super) fn value(&self) -> Value {
        let whole = self.bytes.len() as u64 == self.len;
        let is_json = if whole { is_json(&self.bytes) } else { self.says_json };
        match self.text() {
            Value::Text(text) if is_json => Value::Json(text),
            text => text,
        }
    }
}

/// Whether `JSON.parse` takes it. Numbers are looked at and not read: none is too long.
fn is_json(bytes: &[u8]) -> bool {
    let read = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    std::str::from_utf8(bytes).map_or_else(|_| read(&String::from_utf8_lossy(bytes)), read)
}

/// What a request gives on a Runtime.
pub(super) fn outcome(exchange: &Exchange, written: Written<'_>, runtime: Runtime) -> (Delivery, Vec<Rule>) {
    let words = exchange.failure.as_ref().map(|failure| words(failure, &exchange.endpoint)).unwrap_or_default();
    let answer = match (&exchange.failure, &exchange.response) {
        (Some(failure), _) if matches!(failure.error.code, Code::Cancelled | Code::TimedOut) => Answer::Never,
        (Some(_), _) => Answer::Failed { words: &words },
        (None, Some(response)) if exchange.ended() => match body(response, written, runtime) {
            Ok(body) => Answer::Whole { status: response.status, reason: &response.reason, body },
            Err(words) => Answer::Undecodable { words },
        },
        _ => Answer::Pending,
    };
    match runtime {
        Runtime::DockerDesktop => docker_desktop::answered(&answer),
        Runtime::RancherDesktop => {
            let path = target(&exchange.request).unwrap_or_else(|_| exchange.request.path.clone());
            rancher_desktop::answered(&answer, &path)
        }
        Runtime::PodmanDesktop => podman_desktop::answered(&answer),
    }
}

/// The body as the Runtime's HTTP client hands it on. Those of Rancher Desktop (node-fetch) and Podman Desktop (got, and
/// later Node's own `fetch`) decode gzip, deflate and br; of Docker Desktop nothing is known. An unknown coding is left as
/// it is by all of them. Fails with the decoder's words where the body isn't what its header says.
fn body<'a>(response: &Response, written: Written<'a>, runtime: Runtime) -> Result<Body<'a>, String> {
    let codings = exchange::codings(&response.head);
    let body =
        |bytes, len, kind, coding| Body { bytes, len, limit: written.limit, says_json: kind == BodyKind::Json, coding };
    let decodes = runtime != Runtime::DockerDesktop && exchange::is_known(&codings) && written.stdout_len > 0;
    if codings.is_empty() || !decodes {
        let coding = (!codings.is_empty()).then(|| codings.join(", "));
        return Ok(body(written.stdout.into(), written.stdout_len, BodyKind::of(&response.head), coding));
    }
    let cut = written.stdout_len > written.stdout.len() as u64;
    let decoded = exchange::decode(written.stdout, &codings, LARGEST, cut);
    if let Some(problem) = decoded.problem {
        return Err(problem.words_of_node().to_owned());
    }
    // What is beyond the limit is longer than it by an unknown length.
    let len = decoded.bytes.len() as u64 + u64::from(!decoded.whole);
    let kind = BodyKind::of_decoded(&response.head);
    Ok(body(decoded.bytes.into(), len, kind, Some(codings.join(", "))))
}

/// The rule about a compressed body, where there is one.
pub(super) fn decoding(body: &Body<'_>, client: &str, from: &str) -> Option<Rule> {
    let coding = body.coding.as_ref()?;
    Some(inferred(
        format!("{client} asks for compressed bodies and decodes them: the value is decoded from {coding}."),
        from,
    ))
}

/// What a list of the engine gives: its answer, or an error with its words.
pub(super) fn listed(exchange: &Exchange, written: Written<'_>) -> (Delivery, Vec<Rule>) {
    match outcome(exchange, written, Runtime::DockerDesktop) {
        (Delivery::Rejected { .. }, _) => {
            let message = match &exchange.failure {
                Some(failure) => words(failure, &exchange.endpoint),
                None => String::from_utf8_lossy(written.stdout).trim_end().to_owned(),
            };
            (Delivery::Rejected { value: Value::error(message) }, vec![])
        }
        (resolved, _) => (resolved, vec![]),
    }
}

/// What Node says of a failure.
fn words(failure: &Failure, endpoint: &Endpoint) -> String {
    let (address, host) = match endpoint {
        Endpoint::Unix(path) => (path.display().to_string(), String::new()),
        Endpoint::Container { path, .. } => (path.clone(), String::new()),
        Endpoint::Engine { name } => (name.clone(), String::new()),
        Endpoint::Npipe(name) => (format!(r"\\.\pipe\{name}"), String::new()),
        Endpoint::Tcp { host, port } => (format!("{host}:{port}"), host.clone()),
    };
    let reset = failure.error.detail.as_ref().is_some_and(|detail| detail.contains("reset by peer"));
    match failure.error.code {
        Code::EndpointMissing => format!("connect ENOENT {address}"),
        Code::EndpointRefused | Code::EndpointNotSocket => format!("connect ECONNREFUSED {address}"),
        Code::EndpointDenied => format!("connect EACCES {address}"),
        Code::EndpointPathTooLong => format!("connect EINVAL {address}"),
        Code::EndpointUnknownHost => format!("getaddrinfo ENOTFOUND {host}"),
        Code::ConnectTimeout => format!("connect ETIMEDOUT {address}"),
        Code::SendFailed if !reset => "write EPIPE".to_owned(),
        Code::SendFailed | Code::ClosedBeforeResponse if reset => "read ECONNRESET".to_owned(),
        Code::ClosedBeforeResponse => "socket hang up".to_owned(),
        Code::BadResponse => "Parse Error: Expected HTTP/".to_owned(),
        Code::BodyCut => "aborted".to_owned(),
        _ => failure.error.message.clone(),
    }
}

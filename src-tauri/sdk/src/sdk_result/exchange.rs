//! What an Exchange comes to for a caller that waits for it.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{SdkOutcome, Text, Value, Written};
use crate::runtime::rules::{FETCH, FETCH_OF_NODE_24, GOT, NODE_FETCH, read};
use crate::runtime::{Rule, Runtime};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Decoded, Exchange, Failure, HttpClient, Next, Problem, Response, target},
};
use porthole_output::BodyKind;

/// The most bytes that a compressed body may become: a value of more is too large to hand to code.
const LARGEST: usize = 64 * 1024 * 1024;

/// How an exchange ended, as far as Runtimes make a difference of it.
pub(crate) enum Answer<'a> {
    /// It has not, and the promise waits.
    Pending,
    /// It was ended by something that the SDK does not have: the promise waits forever.
    Never,
    /// The whole response is in.
    Whole { status: u16, reason: &'a str, body: Body<'a> },
    /// There is no whole response. `words` are those that Node has for it.
    Failed { words: &'a String },
    /// The response is in, and the client makes an error of it: its body can't be decoded, or it is one redirect too
    /// many. `words` are the client's.
    Withheld { words: String },
}

/// A response's body.
pub(crate) struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    /// How long it is in all.
    pub len: u64,
    limit: usize,
    says_json: bool,
    /// It is compressed.
    pub coding: Option<Coding>,
}

/// How a body is compressed.
pub(crate) struct Coding {
    pub names: String,
    /// The client undid it.
    decodes: bool,
}

impl Body<'_> {
    /// As text.
    pub fn text(&self) -> Value {
        Value::Text(Text::of(&self.bytes, self.len, self.limit))
    }

    /// As what `JSON.parse` makes of it, or else as text. Of a body that is not all here its
    /// headers are believed.
    pub(crate) fn value(&self) -> Value {
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
pub(crate) fn outcome(exchange: &Exchange, written: Written<'_>, runtime: Runtime) -> (SdkOutcome, Vec<Rule>) {
    let client = runtime.behavior().client();
    let words = exchange.failure.as_ref().map(|failure| match client {
        Some(HttpClient::Fetch) => fetch_words(failure).to_owned(),
        _ => words(failure, &exchange.endpoint),
    });
    let words = words.unwrap_or_default();
    let answer = match (&exchange.failure, &exchange.response) {
        // Node's HTTP client closes a connection that changed its protocol and says nothing of it; `fetch` fails. How
        // the connection ends after that makes no difference.
        (_, Some(response)) if exchange.ended() && response.status == 101 => match client {
            Some(HttpClient::Fetch) => Answer::Withheld { words: FETCH_FAILED.to_owned() },
            _ => Answer::Never,
        },
        (Some(failure), _) if matches!(failure.error.code, Code::Cancelled | Code::TimedOut) => Answer::Never,
        (Some(_), _) => Answer::Failed { words: &words },
        (None, Some(response)) if exchange.ended() => match handed_over(exchange, response, written, client) {
            Ok(body) => Answer::Whole { status: response.status, reason: &response.reason, body },
            Err(words) => Answer::Withheld { words },
        },
        _ => Answer::Pending,
    };
    runtime.behavior().answered(&answer, &exchange.request)
}

/// What the client makes of the last response: its body, or why it gives none, in its own words.
fn handed_over<'a>(
    exchange: &Exchange,
    response: &Response,
    written: Written<'a>,
    client: Option<HttpClient>,
) -> Result<Body<'a>, String> {
    let path = || target(&exchange.request).unwrap_or_else(|_| exchange.request.path.clone());
    let location = response.head.header("location");
    if let Some(client) = client.filter(|client| exchange.request.client == Some(*client)) {
        let end = (response.status, location);
        let words = match (client, client.next(&exchange.request, &exchange.endpoint, end, exchange.redirects.len())) {
            (HttpClient::NodeFetch, Next::TooMany) => {
                Some(format!("FetchError: maximum redirect reached at: http://127.0.0.1{}", path()))
            }
            (HttpClient::NodeFetch, Next::Invalid) => {
                let location = location.unwrap_or_default();
                Some(format!("FetchError: uri requested responds with an invalid redirect URL: {location}"))
            }
            (HttpClient::Fetch, Next::TooMany | Next::Invalid) => Some(FETCH_FAILED.to_owned()),
            (HttpClient::Got, Next::TooMany) => Some("Redirected 10 times. Aborting.".to_owned()),
            (HttpClient::Got, Next::Invalid) => Some("Invalid URL".to_owned()),
            _ => None,
        };
        if let Some(words) = words {
            return Err(words);
        }
    }
    let refused = |words: &str| match client {
        Some(HttpClient::NodeFetch) => {
            format!("FetchError: Invalid response body while trying to fetch http://127.0.0.1{}: {words}", path())
        }
        Some(HttpClient::Fetch) => TERMINATED.to_owned(),
        _ => words.to_owned(),
    };
    if exchange.excess.as_ref().is_some_and(|excess| excess.at_once && !excess.is_blank()) {
        let closes = response.head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match client {
            // It has the body by then, where there is one.
            Some(HttpClient::Fetch) if matches!(response.status, 204 | 304) => return Err(FETCH_FAILED.to_owned()),
            Some(HttpClient::Fetch) | None => {}
            Some(_) if closes => return Err(refused("Parse Error: Data after `Connection: close`")),
            Some(_) => return Err(refused("Parse Error: Expected HTTP/, RTSP/ or ICE/")),
        }
    }
    body(response, written, client).map_err(|problem| refused(problem.words_of_node()))
}

/// The body as a client hands it on. Those of which it is known undo one coding that they know and leave any other as it
/// is. Fails where the body isn't what its header says.
fn body<'a>(response: &Response, written: Written<'a>, client: Option<HttpClient>) -> Result<Body<'a>, Problem> {
    let codings = exchange::codings(&response.head);
    let decodes = match (client, codings.as_slice()) {
        (Some(client), [coding]) => written.stdout_len > 0 && client.decodes(coding),
        _ => false,
    };
    let coding = (!codings.is_empty() && written.stdout_len > 0).then(|| Coding { names: codings.join(", "), decodes });
    if !decodes {
        // Of a body that is all here its bytes tell.
        let cut = written.stdout_len > written.stdout.len() as u64;
        let says_json = cut && response.head.body_kind() == BodyKind::Json;
        let (bytes, len) = without_mark(written.stdout.into(), written.stdout_len, client);
        return Ok(Body { bytes, len, limit: written.limit, says_json, coding });
    }
    let cut = written.stdout_len > written.stdout.len() as u64;
    let mut decoded = exchange::decode(written.stdout, &codings, LARGEST, cut);
    let takes_cut = client.is_some_and(|client| codings.iter().all(|coding| client.takes_cut(coding)));
    if decoded.problem == Some(Problem::Cut) && takes_cut {
        decoded = Decoded { problem: None, whole: true, ..decoded };
    }
    if let Some(problem) = decoded.problem {
        return Err(problem);
    }
    // What is beyond the limit is longer than it by an unknown length.
    let len = decoded.bytes.len() as u64 + u64::from(!decoded.whole);
    let says_json = response.head.decoded_body_kind() == BodyKind::Json;
    let (bytes, len) = without_mark(decoded.bytes.into(), len, client);
    Ok(Body { bytes, len, limit: written.limit, says_json, coding })
}

/// `fetch` takes the byte order mark off a text.
fn without_mark(bytes: Cow<'_, [u8]>, len: u64, client: Option<HttpClient>) -> (Cow<'_, [u8]>, u64) {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if client != Some(HttpClient::Fetch) || !bytes.starts_with(MARK) {
        return (bytes, len);
    }
    let rest = match bytes {
        Cow::Borrowed(bytes) => bytes[MARK.len()..].into(),
        Cow::Owned(bytes) => bytes[MARK.len()..].to_vec().into(),
    };
    (rest, len - MARK.len() as u64)
}

/// The rule about a compressed body, where there is one.
pub(crate) fn decoding(body: &Body<'_>, client: HttpClient) -> Option<Rule> {
    let Coding { names, decodes } = body.coding.as_ref()?;
    let name = client.name();
    let from = match client {
        HttpClient::NodeFetch => NODE_FETCH,
        HttpClient::Got => GOT,
        HttpClient::Fetch if names == "zstd" => FETCH_OF_NODE_24,
        HttpClient::Fetch => FETCH,
    };
    Some(match decodes {
        true => read(format!("{name} decodes the body: the value is decoded from {names}."), from),
        false => read(format!("{name} doesn't decode {names}: the code gets the compressed bytes as text."), from),
    })
}

/// What a list of the engine gives: its answer, or an error with its words.
pub(crate) fn listed(exchange: &Exchange, written: Written<'_>) -> (SdkOutcome, Vec<Rule>) {
    match outcome(exchange, written, Runtime::DockerDesktop) {
        (SdkOutcome::Rejected { .. }, _) => {
            let message = match &exchange.failure {
                Some(failure) => words(failure, &exchange.endpoint),
                None => String::from_utf8_lossy(written.stdout).trim_end().to_owned(),
            };
            (SdkOutcome::Rejected { value: Value::error(message) }, vec![])
        }
        (resolved, _) => (resolved, vec![]),
    }
}

/// What `fetch` says when there is no response, whatever the cause.
const FETCH_FAILED: &str = "TypeError: fetch failed";
/// What it says when a response ends too early, or can't be decoded.
const TERMINATED: &str = "TypeError: terminated";

fn fetch_words(failure: &Failure) -> &'static str {
    if failure.error.code == Code::BodyCut { TERMINATED } else { FETCH_FAILED }
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
    let reset = failure.reset;
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

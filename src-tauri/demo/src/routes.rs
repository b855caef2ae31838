//! What the demo backend answers, well and badly.

use std::{convert::Infallible, io, str::FromStr, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::{Value, json};

const OPENAPI: &str = include_str!("openapi.json");
/// What `/echo` holds in memory of a body.
const ECHO_LIMIT: usize = 16_000_000;
const LINE: &[u8] = b"the quick brown fox jumps over the lazy dog, and the porthole shows every byte of it\n";

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Answers one request. An error closes the connection without an answer.
pub(crate) async fn answer(request: Request<Incoming>) -> io::Result<Response<Body>> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut parts = path.trim_matches('/').split('/');
    let answer = match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        ("", None, None) => json(StatusCode::OK, &index()),
        ("hello", None, None) => json(StatusCode::OK, &json!({ "message": "Hello from the demo backend" })),
        ("echo", None, None) => echo(request).await,
        ("status", Some(code), None) => status(code),
        ("slow", None, None) => {
            let ms = number(&query, "ms").unwrap_or(2000);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            json(StatusCode::OK, &json!({ "waited_ms": ms }))
        }
        ("ndjson", None, None) => streamed("application/x-ndjson", &query, Some(20), |n| {
            format!("{{\"line\":{n},\"text\":\"one JSON value per line\"}}\n")
        }),
        ("events", None, None) => {
            streamed("text/event-stream", &query, None, |n| format!("id: {n}\nevent: tick\ndata: {{\"tick\":{n}}}\n\n"))
        }
        ("bytes", Some(n), None) => match n.parse() {
            Ok(n) => bytes(n),
            Err(_) => refused("`n` is a number of bytes"),
        },
        ("numbers", None, None) => text(StatusCode::OK, "application/json", NUMBERS),
        ("html-error", None, None) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/html; charset=utf-8", HTML),
        ("close", None, None) => return Err(io::Error::other("asked to close before answering")),
        ("cut", None, None) => cut(),
        ("openapi.json", None, None) => text(StatusCode::OK, "application/json", OPENAPI),
        _ => json(StatusCode::NOT_FOUND, &json!({ "error": "no such route", "path": path, "try": "/" })),
    };
    Ok(answer)
}

const NUMBERS: &str = r#"{
  "safe": 9007199254740991,
  "unsafe": 9007199254740993,
  "int64_max": 9223372036854775807,
  "uint64_max": 18446744073709551615,
  "decimal": 0.1000000000000000055511151231257827,
  "trailing_zero": 1.0
}
"#;

const HTML: &str =
    "<!doctype html>\n<html><head><title>500</title></head>\n<body><h1>Internal Server Error</h1></body></html>\n";

fn index() -> Value {
    let described: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let paths = described["paths"].as_object().cloned().unwrap_or_default();
    let routes = paths.into_iter().map(|(path, operations)| {
        let summary = operations.as_object().and_then(|all| all.values().next()).map(|one| one["summary"].clone());
        (path, summary.unwrap_or_default())
    });
    json!({ "name": "Porthole's demo backend", "routes": routes.collect::<serde_json::Map<_, _>>() })
}

async fn echo(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let body = match Limited::new(body, ECHO_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return json(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": "more than 16 MB" })),
    };
    let echoed = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "headers": headers,
        "bytes": body.len(),
        "body": String::from_utf8_lossy(&body),
    });
    json(StatusCode::OK, &echoed)
}

fn status(code: &str) -> Response<Body> {
    let Some(status) = StatusCode::from_str(code).ok().filter(|status| (200..600).contains(&status.as_u16())) else {
        return refused("`code` is a status from 200 to 599");
    };
    let mut answer = if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
    {
        text(status, "", "")
    } else {
        json(status, &json!({ "status": status.as_u16(), "reason": status.canonical_reason() }))
    };
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET"));
    }
    answer
}

fn streamed(kind: &'static str, query: &str, count: Option<u64>, item: fn(u64) -> String) -> Response<Body> {
    let count = number(query, "count").or(count).unwrap_or(u64::MAX);
    let every = Duration::from_millis(number(query, "every").unwrap_or(200));
    let items = stream::unfold(0, move |n| async move {
        if n >= count {
            return None;
        }
        if n > 0 {
            tokio::time::sleep(every).await;
        }
        Some((Ok(Bytes::from(item(n))), n + 1))
    });
    let mut answer = of_stream(items);
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer.headers_mut().insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    answer
}

fn bytes(n: u64) -> Response<Body> {
    let block = Bytes::from(LINE.repeat(768));
    let blocks = stream::unfold(n, move |left| {
        let piece = block.slice(..block.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        let next = left - piece.len() as u64;
        async move { (left > 0).then_some((Ok(piece), next)) }
    });
    let mut answer = of_stream(blocks);
    answer.headers_mut().insert(CONTENT_LENGTH, n.into());
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

fn cut() -> Response<Body> {
    let promised = 10 * LINE.len() as u64;
    let pieces = [Ok(Bytes::from(LINE.repeat(3))), Err(io::Error::other("asked to close in the middle"))];
    // The pause lets the first piece leave before the connection breaks.
    let slowly = stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let piece = pieces.next()?;
        if piece.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some((piece, pieces))
    });
    let mut answer = of_stream(slowly);
    answer.headers_mut().insert(CONTENT_LENGTH, promised.into());
    answer
}

fn of_stream(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response<Body> {
    use futures_util::StreamExt;
    Response::new(StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync())
}

fn json(status: StatusCode, value: &Value) -> Response<Body> {
    text(status, "application/json", format!("{value}\n"))
}

fn refused(why: &str) -> Response<Body> {
    json(StatusCode::BAD_REQUEST, &json!({ "error": why }))
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = status;
    if !kind.is_empty() {
        answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    }
    answer
}

fn number(query: &str, name: &str) -> Option<u64> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1.parse().ok()
}

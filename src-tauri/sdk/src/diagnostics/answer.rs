//! Parts of a request or response that never reach the other side.

use hyper::StatusCode;

use super::{
    Evidence, Finding,
    text::{first_line, listed, many, quoted},
};
use crate::{
    runtime::Runtime,
    sdk_call::{Data, SdkCall, SdkRequest},
};
use porthole_http::exchange::{Body, Header, Response};

/// What the code asked for, where code made the Call.
fn asked<'a>(evidence: &Evidence<'a>) -> Option<&'a SdkRequest> {
    match &evidence.call.sdk.as_ref()?.asked {
        SdkCall::Request(request) => Some(request),
        SdkCall::Exec(_) | SdkCall::List(_) => None,
    }
}

pub(super) fn error_body_lost(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response().filter(|response| response.status >= 400)?;
    let body = &evidence.sample.stdout.head;
    if super::body::html_for_json(evidence).is_some() {
        return None;
    }
    let says_nothing = matches!(body.trim_ascii(), b"{}" | b"[]" | b"null" | b"\"\"");
    let status = response.status;
    let began = first_line(body).filter(|_| !says_nothing && !repeats_status(body, response))?;
    Some(
        Finding::warning(
            format!("The error response (status {status}) has details in its body: {began}"),
            format!("The body is lost on Podman Desktop, which rejects with the status text only, and on Podman Desktop (older), which rejects with `Response code {status} (…)`; both reject 401 and 403 with \"Unable to get access\". Docker Desktop rejects with a `ServiceError` with `message` and `statusCode`; Rancher Desktop puts the raw body into `message`."),
            "If your code has to distinguish errors, respond with status 200 and an object that describes the error. Otherwise show a general message when `statusCode` is `undefined`.",
        )
        .on(Runtime::PODMAN),
    )
}

/// Whether a body says in its own words what the status line says: `404 page not found`, `{"message":"Not Found"}`.
fn repeats_status(body: &[u8], response: &Response) -> bool {
    const LONGEST: usize = 200;
    const FILL: &[&str] = &["error", "page", "http"];
    let Some(body) = std::str::from_utf8(body).ok().filter(|body| body.len() <= LONGEST) else { return false };
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let usual = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let mut known = words(&response.reason);
    known.extend(words(usual.unwrap_or_default()));
    known.push(response.status.to_string());
    let repeats = |text: &str| words(text).iter().all(|word| known.contains(word) || FILL.contains(&word.as_str()));
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(fields)) => fields.values().all(|value| match value {
            serde_json::Value::String(text) => repeats(text),
            serde_json::Value::Number(number) => repeats(&number.to_string()),
            serde_json::Value::Bool(_) | serde_json::Value::Null => true,
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => false,
        }),
        _ => repeats(body),
    }
}

pub(super) fn redirect(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response().filter(|response| (300..400).contains(&response.status))?;
    let to = response.head.header("location")?;
    Some(Finding::warning(
        format!("The backend responded with a redirect ({}) to {}.", response.status, quoted(to)),
        "Rancher Desktop and Podman Desktop follow redirects, each in its own way; Docker Desktop's behavior isn't known. A redirect to an address with a host leaves the socket, and a POST may become a GET.",
        "Request the final path in your code (often only a trailing slash is missing), or respond directly instead of redirecting.",
    ))
}

pub(super) fn hidden(evidence: &Evidence<'_>) -> Option<Finding> {
    const TELLING: &[&str] = &[
        "location",
        "content-location",
        "link",
        "set-cookie",
        "retry-after",
        "content-range",
        "x-total-count",
        "x-next-page",
        "x-total-pages",
        "x-ratelimit-remaining",
        "deprecation",
        "warning",
    ];
    let response = evidence.success()?;
    let telling = |header: &&Header| TELLING.contains(&header.name.to_ascii_lowercase().as_str());
    let header = |header: &Header| quoted(&format!("{}: {}", header.name, header.value));
    let mut hidden: Vec<String> = response.head.headers.iter().filter(telling).map(header).collect();
    if !matches!(response.status, 200 | 204) {
        hidden.insert(0, format!("status {}", response.status));
    }
    if hidden.is_empty() {
        return None;
    }
    Some(Finding::note(
        format!("Your code can't see {}.", listed(&hidden)),
        "On success the SDK returns only the body, without the status and headers. Cookies aren't kept for the next request.",
        "Put the values that your code needs (a new id, a row count, the next page) into the body.",
    ))
}

pub(super) fn head(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success().filter(|_| evidence.is_head())?;
    Some(Finding::note(
        format!("The HEAD response has status {} and no body, as HTTP requires.", response.status),
        "`service.head()` resolves with an empty body. Your code can't see the headers, only that the request succeeded.",
        "Use it to check that the backend responds. To get a header's value, return it in the body of a GET route.",
    ))
}

pub(super) fn method(evidence: &Evidence<'_>) -> Option<Finding> {
    const NAMED: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    let method = &evidence.exchange()?.request.method;
    if NAMED.iter().any(|named| named.eq_ignore_ascii_case(method)) || asked(evidence).is_some() {
        return None;
    }
    Some(Finding::note(
        format!("The SDK has no function for the method {}.", quoted(method)),
        format!(
            "`service` has `get`, `post`, `put`, `patch`, `delete` and `head`. Calling `service.{}()` throws a `TypeError`.",
            method.to_ascii_lowercase()
        ),
        format!(
            "Use `service.request({{ method: \"{method}\", url, headers: {{}}, data: undefined }})`, or accept a POST in the backend."
        ),
    ))
}

/// Headers that the SDK or HTTP itself sees to.
const OF_THEIR_OWN: &[&str] =
    &["host", "content-length", "content-type", "accept", "accept-encoding", "connection", "user-agent"];

pub(super) fn headers(evidence: &Evidence<'_>) -> Option<Finding> {
    let request = &evidence.exchange()?.request;
    let own = |header: &&Header| !OF_THEIR_OWN.contains(&header.name.to_ascii_lowercase().as_str());
    let names: Vec<String> = request.headers.iter().filter(own).map(|header| quoted(&header.name)).collect();
    if names.is_empty() || evidence.call.sdk.is_some() {
        return None;
    }
    Some(Finding::note(
        format!("The request sends headers: {}.", listed(&names)),
        format!(
            "`service.{}()` can't send headers, so the backend wouldn't get them.",
            request.method.to_ascii_lowercase()
        ),
        "Use `service.request({ url, method, headers, data })`, the only function that sends headers, or put the value in the query or body.",
    ))
}

pub(super) fn data(evidence: &Evidence<'_>) -> Option<Finding> {
    let request = &evidence.exchange()?.request;
    let method = request.method.to_ascii_lowercase();
    if !["get", "delete", "head"].contains(&method.as_str())
        || request.body == Body::None
        || evidence.call.sdk.is_some()
    {
        return None;
    }
    Some(Finding::note(
        format!("The {} request has a body.", request.method),
        format!("`service.{method}(url)` can't send data, so the backend wouldn't get the body."),
        "Put the value in the query, or use `service.request({ url, method, headers, data })`.",
    ))
}

pub(super) fn trailers(evidence: &Evidence<'_>) -> Option<Finding> {
    let trailers = &evidence.exchange()?.trailers;
    let names: Vec<String> = trailers.iter().map(|header| quoted(&header.name)).collect();
    (!names.is_empty()).then(|| {
        Finding::note(
            format!("The response has trailers: {}.", listed(&names)),
            "No runtime passes trailers to your code; the promise resolves with the body only.",
            "Send these values as headers, or in the body.",
        )
    })
}

pub(super) fn informational(evidence: &Evidence<'_>) -> Option<Finding> {
    let exchange = evidence.exchange()?;
    let first = exchange.informational.first()?;
    let count = exchange.informational.len() as u64 + u64::from(exchange.more_informational);
    // The answer to `Expect: 100-continue` is for the client alone.
    if count == 1 && first.response.status == 100 {
        return None;
    }
    Some(Finding::note(
        format!("The backend sent {} before the final response.", many(count, "informational response")),
        format!(
            "The first one is {}. No runtime passes them to your code, so progress or hints in their headers are lost.",
            quoted(&first.response.head.start_line)
        ),
        "Report progress on a separate route that your code can poll.",
    ))
}

pub(super) fn object_not_encoded(evidence: &Evidence<'_>) -> Option<Finding> {
    // `post()` and the others encode it there too.
    let data = asked(evidence).filter(|asked| !asked.named)?.data.as_ref()?;
    let Data { text, json: Some(_), is_text: false, .. } = data else { return None };
    // Numbers and truth values are the same text either way.
    if !text.starts_with("[object") {
        return None;
    }
    Some(
        Finding::warning(
            "The code sends an object with `request()`, which doesn't encode it on every runtime.",
            format!("Rancher Desktop doesn't encode it, so the backend gets the text {}. Other runtimes send JSON.", quoted(text)),
            "Send `JSON.stringify(value)` with the header `Content-Type: application/json`, or use `post()` if you don't need headers.",
        )
        .on([Runtime::RancherDesktop]),
    )
}

pub(super) fn falsy_data(evidence: &Evidence<'_>) -> Option<Finding> {
    let data = asked(evidence)?.data.as_ref().filter(|data| data.falsy)?;
    Some(
        Finding::warning(
            format!(
                "The code sends {}, a falsy value in JavaScript.",
                quoted(data.json.as_deref().unwrap_or(&data.text))
            ),
            "Podman Desktop drops falsy data, so the backend gets a request without a body.",
            "Wrap the value: `{ value: … }`.",
        )
        .on(Runtime::PODMAN),
    )
}

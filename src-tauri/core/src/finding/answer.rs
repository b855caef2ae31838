//! What stands in a request or an answer and never reaches the code on the other side.

use super::{
    Evidence, Finding,
    words::{first_line, listed, quoted},
};
use crate::{
    asked::{Asked, AskedRequest, Data},
    exchange::{Body, Header},
    runtime::Runtime,
};

/// What the code asked for, where code made the Call.
fn asked<'a>(evidence: &Evidence<'a>) -> Option<&'a AskedRequest> {
    match &evidence.call.sdk.as_ref()?.asked {
        Asked::Request(request) => Some(request),
        Asked::Exec(_) | Asked::List(_) => None,
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
    let began = first_line(body).filter(|_| !says_nothing)?;
    Some(
        Finding::warning(
            format!("{status} came with a body that says more: {began}"),
            format!("Podman Desktop rejects with the words of the status line (older: `Response code {status} (…)`), so the body is lost there (401 and 403: \"Unable to get access\"). Docker Desktop rejects with a `ServiceError`, which has `message` and `statusCode`; Rancher Desktop puts the raw body into `message`."),
            "Answer with 200 and an object that says what failed, where the code has to tell errors apart; or show a general text when `statusCode` is `undefined`.",
        )
        .on(Runtime::PODMAN),
    )
}

pub(super) fn redirect(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response().filter(|response| (300..400).contains(&response.status))?;
    let to = response.head.header("location")?;
    Some(Finding::warning(
        format!("The backend answered {} and sends the client to {}.", response.status, quoted(to)),
        "Rancher Desktop and Podman Desktop follow redirects, each in its own way; of Docker Desktop it isn't known. Followed to an address with a host, the request leaves the socket, and a POST may become a GET.",
        "Ask for the final path in the code (a slash at the end is the usual reason), or let the backend answer there itself.",
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
        format!("The answer says more than its body: {}.", listed(&hidden)),
        "On success the SDK hands over the body alone. The code sees neither status nor headers; cookies are not kept for the next request.",
        "Put what the code needs (the new id, the number of rows, the next page) into the body.",
    ))
}

pub(super) fn head(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success().filter(|_| evidence.is_head())?;
    Some(Finding::note(
        format!("HEAD was answered with {} and, as it must be, with no body.", response.status),
        "`service.head()` resolves with the body alone, so with nothing useful: that it resolves is all that the code learns.",
        "Use it to see whether the backend answers. To read a header, let a GET route tell it in its body.",
    ))
}

pub(super) fn method(evidence: &Evidence<'_>) -> Option<Finding> {
    const NAMED: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    let method = &evidence.exchange()?.request.method;
    if NAMED.iter().any(|named| named.eq_ignore_ascii_case(method)) || asked(evidence).is_some() {
        return None;
    }
    Some(Finding::note(
        format!("{} is a method for which the SDK has no function.", quoted(method)),
        format!(
            "`service` has `get`, `post`, `put`, `patch`, `delete` and `head`. There is no `service.{}()`: to call it throws a `TypeError`.",
            method.to_ascii_lowercase()
        ),
        format!(
            "Write `service.request({{ method: \"{method}\", url, headers: {{}}, data: undefined }})`, or let the backend take a POST."
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
        format!("The request carries {}.", listed(&names)),
        format!(
            "`service.{}()` takes no headers, so the backend would get this request without.",
            request.method.to_ascii_lowercase()
        ),
        "Use `service.request({ url, method, headers, data })`, the only function that sends headers, or put the value into the query or the body.",
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
        format!("The {} carries a body.", request.method),
        format!("`service.{method}(url)` takes no data, so the backend would get this request without."),
        "Put the value into the query, or use `service.request({ url, method, headers, data })`.",
    ))
}

pub(super) fn trailers(evidence: &Evidence<'_>) -> Option<Finding> {
    let trailers = &evidence.exchange()?.trailers;
    let names: Vec<String> = trailers.iter().map(|header| quoted(&header.name)).collect();
    (!names.is_empty()).then(|| {
        Finding::note(
            format!("The response has trailers after its body: {}.", listed(&names)),
            "No Runtime hands them to the code: the promise resolves with the body alone.",
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
    let came =
        if count == 1 { "1 informational response".to_owned() } else { format!("{count} informational responses") };
    Some(Finding::note(
        format!(
            "The backend sent {came} before the final one; the first is {}.",
            quoted(&first.response.head.start_line)
        ),
        "No Runtime hands them to the code: progress or hints in their headers are lost.",
        "Offer progress on a route of its own that the code can poll.",
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
            "The code sends an object with `request()`.",
            format!("Rancher Desktop does not encode it: the backend gets the text {} there, and JSON elsewhere.", quoted(text)),
            "Send `JSON.stringify(value)` and the header `Content-Type: application/json`, or use `post()` where no header is needed.",
        )
        .on([Runtime::RancherDesktop]),
    )
}

pub(super) fn falsy_data(evidence: &Evidence<'_>) -> Option<Finding> {
    let data = asked(evidence)?.data.as_ref().filter(|data| data.falsy)?;
    Some(
        Finding::warning(
            format!(
                "The code sends {}, which JavaScript counts as false.",
                quoted(data.json.as_deref().unwrap_or(&data.text))
            ),
            "Podman Desktop drops such data: the backend gets a request without a body there.",
            "Wrap the value: `{ value: … }`.",
        )
        .on(Runtime::PODMAN),
    )
}

//! Requests that got no whole answer, and connections that became something else.

use super::{
    Evidence, Finding, Part,
    program_text::{asked_for, hangs_up, refused_on_80},
    text::quoted,
};
use porthole_base::{
    error::{Code, Error},
    numbers::count,
};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, Protocol},
};

/// The longest socket path on macOS, in bytes.
const MACOS_LIMIT: usize = 103;

fn failed<'a>(evidence: &Evidence<'a>, codes: &[Code]) -> Option<(&'a Exchange, &'a Error)> {
    let exchange = evidence.exchange()?;
    let error = &exchange.failure.as_ref()?.error;
    codes.contains(&error.code).then_some((exchange, error))
}

pub(super) fn path_too_long(evidence: &Evidence<'_>) -> Option<Finding> {
    let (_, error) = failed(evidence, &[Code::EndpointPathTooLong])?;
    Some(Finding::error(
        format!("{}.", error.message),
        "The backend can't listen on this path and no runtime can connect to it. Programs often report this as EINVAL or with a truncated path.",
        "Shorten `exposes.socket` in metadata.json or the extension's name; both are part of the path. The limit is 107 bytes on Linux and 103 on macOS.",
    ))
}

pub(super) fn path_too_long_on_macos(evidence: &Evidence<'_>) -> Option<Finding> {
    let Endpoint::Unix(path) = &evidence.exchange()?.endpoint else { return None };
    let length = path.as_os_str().len();
    // `path_too_long` reports a path that is too long on Linux too.
    if length <= MACOS_LIMIT || failed(evidence, &[Code::EndpointPathTooLong]).is_some() {
        return None;
    }
    Some(Finding::warning(
        format!("The socket path has {length} bytes: fine on Linux, over the macOS limit of {MACOS_LIMIT}."),
        "On macOS the socket's folder is even longer (`~/Library/Containers/com.docker.docker/Data/ext-sockets/…`), so connecting fails before a request is sent.",
        "Keep the socket's file name and the extension's name short.",
    ))
}

/// A client that was given no socket path tries TCP: port 80 of this machine.
pub(super) fn path_lost(evidence: &Evidence<'_>) -> Option<Finding> {
    const IMPACT: &str = "An HTTP client without a socket path falls back to TCP port 80 on localhost, often because of an unset variable, an empty setting or a misspelled option.";
    const FIX: &str = "Check where the client gets its socket path, and print it before connecting. You don't need a server on port 80.";
    if let Some((exchange, _)) = failed(evidence, &[Code::EndpointRefused])
        && let Endpoint::Tcp { host, port: 80 } = &exchange.endpoint
        && ["localhost", "127.0.0.1", "::1"].contains(&host.as_str())
    {
        let summary = format!("The request went to {}, where nothing is listening.", exchange.endpoint);
        return Some(Finding::error(summary, IMPACT, FIX));
    }
    let (stream, line) = [("stdout", &evidence.sample.stdout), ("stderr", &evidence.sample.stderr)]
        .into_iter()
        .find_map(|(stream, part)| Some((stream, part.head_and_tail().find_map(refused_on_80)?)))?;
    let place = if evidence.exchange().is_some() { "The body" } else { stream };
    let summary = format!("{place} reports a refused connection to port 80 on this machine.");
    let impact = format!("The line is {}. {IMPACT}", quoted(line.trim()));
    // A command or a backend that did its work all the same has logged it, no more.
    let did = evidence.success().is_some() || evidence.exited() == Some(0);
    Some(if did { Finding::warning(summary, impact, FIX) } else { Finding::error(summary, impact, FIX) })
}

pub(super) fn nobody_listens(evidence: &Evidence<'_>) -> Option<Finding> {
    let (_, error) = failed(evidence, &[Code::EndpointRefused, Code::EndpointMissing, Code::EndpointNotSocket])?;
    if path_lost(evidence).is_some() {
        return None;
    }
    let why = match error.code {
        Code::EndpointMissing => "The backend isn't running, has exited, or creates its socket at a different path.",
        Code::EndpointNotSocket => {
            "A container engine creates an empty directory when a socket to mount doesn't exist."
        }
        _ => "The socket is left over from a backend that has exited, or the backend is still starting.",
    };
    Some(Finding::error(
        format!("{}.", error.message),
        format!(
            "{why} The call rejects with `ENOENT` or `ECONNREFUSED` in its message, which differs between runtimes, and without `statusCode`."
        ),
        "Make the backend listen on `/run/guest-services/` plus the name in `exposes.socket`, and delete an old socket file when it starts; its log may say why it doesn't. In your code, retry for a few seconds after the page loads.",
    ))
}

pub(super) fn hang_up(evidence: &Evidence<'_>) -> Option<Finding> {
    const IMPACT: &str = "Docker Desktop rejects with `socket hang up` and without `statusCode` (reported). The connection was accepted and closed without a response: the backend crashed on this request, or a proxy has no container behind it.";
    const FIX: &str =
        "Check the backend's log at this time, and catch errors in the handler so that it responds with status 500.";
    if let Some((exchange, _)) = failed(evidence, &[Code::ClosedBeforeResponse]) {
        let request = &exchange.request;
        let summary =
            format!("The backend closed the connection without a response to {} {}.", request.method, request.path);
        return Some(Finding::error(summary, IMPACT, FIX));
    }
    let failed = evidence.exited().is_some_and(|code| code != 0)
        || evidence.whole_response().is_some_and(|response| response.status >= 500);
    if !failed
        || ![&evidence.sample.stdout, &evidence.sample.stderr].into_iter().flat_map(Part::head_and_tail).any(hangs_up)
    {
        return None;
    }
    let place = if evidence.exchange().is_some() { "The error's body" } else { "The output" };
    Some(Finding::error(
        format!("{place} contains `socket hang up`: another connection was closed without a response."),
        IMPACT,
        FIX,
    ))
}

pub(super) fn not_http(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, error) = failed(evidence, &[Code::BadResponse])?;
    let failure = exchange.failure.as_ref()?;
    let received = &failure.received;
    let began =
        if received.is_empty() { String::new() } else { format!("The response starts with {}. ", quoted(received)) };
    Some(Finding::error(
        format!("{}.", error.message),
        format!(
            "{began}The promise rejects with an HTTP parser error: `extension.vm.service` supports plain HTTP/1.1 only, not TLS, HTTP/2, gRPC or a database protocol."
        ),
        failure
            .protocol
            .map_or("Serve HTTP/1.1 on this socket and other protocols on a different one.", Protocol::hint),
    ))
}

/// Servers of another protocol that respond to plain HTTP with a message for its sender.
pub(super) fn http_refused(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response()?;
    let body = &evidence.sample.stdout.head;
    let (saying, protocol) = asked_for(&body[..body.len().min(4096)])?;
    Some(Finding::error(
        format!("The backend expects {} and responded with status {}.", protocol.name(), response.status),
        format!(
            "`extension.vm.service` supports plain HTTP/1.1 only, so your code gets this text instead of a result: {}.",
            quoted(saying)
        ),
        protocol.hint(),
    ))
}

pub(super) fn body_cut(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, _) = failed(evidence, &[Code::BodyCut])?;
    let response = exchange.response.as_ref()?;
    let came = evidence.sample.stdout.counts.bytes;
    let promised = response.head.header("content-length").and_then(|length| length.parse().ok());
    let promised = promised.map_or_else(String::new, |length| format!(" of {}", count(length)));
    Some(Finding::error(
        format!(
            "The connection closed in the middle of the body: received {} bytes{promised}, status {}.",
            count(came),
            response.status
        ),
        "The promise rejects with `aborted` or a parse error (inferred). The received part is lost.",
        "Check the backend's log: it crashed or was stopped while writing. Compute `Content-Length` in bytes, not in characters.",
    ))
}

pub(super) fn upgraded(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.response().filter(|response| response.status == 101)?;
    let to = response.head.header("upgrade").map_or_else(|| "an unnamed protocol".to_owned(), quoted);
    Some(Finding::error(
        format!("The backend responded with status 101 and switched to {to}."),
        "The SDK doesn't support WebSockets. On Rancher Desktop and Podman Desktop (older) the promise never settles (measured with node-fetch and got); on Podman Desktop it rejects with `fetch failed` (measured with Node's fetch).",
        "Use long polling, or run a program with a streaming `exec` and read its lines. If the page may reach a published port, it can open a WebSocket there.",
    ))
}

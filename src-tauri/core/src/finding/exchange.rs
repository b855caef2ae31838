//! Requests that got no whole answer, and connections that became something else.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Evidence, Finding, words::quoted};
use crate::{
    endpoint::Endpoint,
    error::{Code, Error},
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
    let (exchange, error) = failed(evidence, &[Code::EndpointPathTooLong])?;
    Some(Finding::error(
        format!("{}: {}.", exchange.endpoint, error.message),
        "The backend cannot listen there and no Runtime can connect. Programs report it as EINVAL or a cut path, seldom as what it is.",
        "Shorten `exposes.socket` in metadata.json, or the name of the extension: both are part of the path. Linux takes 107 bytes, macOS 103.",
    ))
}

pub(super) fn path_too_long_on_macos(evidence: &Evidence<'_>) -> Option<Finding> {
    let Endpoint::Unix(path) = &evidence.exchange()?.endpoint else { return None };
    let length = path.as_os_str().len();
    // One that is too long here too has a finding of its own.
    if length <= MACOS_LIMIT || failed(evidence, &[Code::EndpointPathTooLong]).is_some() {
        return None;
    }
    Some(Finding::warning(
        format!("The socket path has {length} bytes. That works on Linux, and macOS takes {MACOS_LIMIT} at most."),
        "On macOS the folder before the socket's name is longer still (`~/Library/Containers/com.docker.docker/Data/ext-sockets/…`): a path of that length fails there before the backend is asked anything.",
        "Keep the socket's file name and the extension's name short.",
    ))
}

/// A client that was given no socket path tries TCP: port 80 of this machine.
pub(super) fn path_lost(evidence: &Evidence<'_>) -> Option<Finding> {
    const MATTERS: &str = "An HTTP client that gets no socket path falls back to TCP, and port 80 of this machine is its default. The path was lost on the way: an unset variable, an empty setting, an option under a wrong name.";
    const ADVICE: &str = "Look where the client gets its socket path from, and print it before connecting. Nothing needs to listen on port 80.";
    if let Some((exchange, _)) = failed(evidence, &[Code::EndpointRefused])
        && let Endpoint::Tcp { host, port: 80 } = &exchange.endpoint
        && ["localhost", "127.0.0.1", "::1"].contains(&host.as_str())
    {
        let happened =
            format!("The request went to {}, port 80 of this machine, and nobody listens there.", exchange.endpoint);
        return Some(Finding::error(happened, MATTERS, ADVICE));
    }
    let (stream, line) = [("stdout", &evidence.sample.stdout), ("stderr", &evidence.sample.stderr)]
        .into_iter()
        .find_map(|(stream, part)| Some((stream, refused_on_80(&part.head).or_else(|| refused_on_80(&part.tail))?)))?;
    let place = if evidence.exchange().is_some() { "The body" } else { stream };
    let happened = format!("{place} tells of a refused connection to port 80 of this machine: {}", quoted(line.trim()));
    // A command or a backend that did its work all the same has logged it, no more.
    let did = evidence.success().is_some() || evidence.exited() == Some(0);
    Some(if did { Finding::warning(happened, MATTERS, ADVICE) } else { Finding::error(happened, MATTERS, ADVICE) })
}

/// The line that tells of it.
fn refused_on_80(text: &[u8]) -> Option<String> {
    static ADDRESSES: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
        ["127.0.0.1:80", "::1:80", "[::1]:80", "localhost:80", "127.0.0.1 port 80", "localhost port 80"]
            .map(Finder::new)
    });
    ADDRESSES.iter().find_map(|address| {
        address.find_iter(text).find_map(|at| {
            if text.get(at + address.needle().len()).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let begin = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1).max(at.saturating_sub(200));
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end).min(at + 200);
            let line = String::from_utf8_lossy(&text[begin..end]).into_owned();
            let says = ["ECONNREFUSED", "onnection refused", "ailed to connect", "ould not connect"];
            says.iter().any(|words| line.contains(words)).then_some(line)
        })
    })
}

pub(super) fn nobody_listens(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, error) = failed(evidence, &[Code::EndpointRefused, Code::EndpointMissing, Code::EndpointNotSocket])?;
    if path_lost(evidence).is_some() {
        return None;
    }
    let why = match error.code {
        Code::EndpointMissing => {
            "Nothing has made it: the backend is not running, has ended, or makes its socket elsewhere."
        }
        Code::EndpointNotSocket => "A container engine makes an empty directory where a mounted socket was missing.",
        _ => "The address is left from a backend that has ended, or the backend is still starting.",
    };
    Some(Finding::error(
        format!("{}: {}. {why}", exchange.endpoint, error.message),
        "A socket that metadata.json declares and nobody opens gives the code a rejection with `ENOENT` or `ECONNREFUSED` in its message and no `statusCode`; what the message says differs between the Runtimes.",
        "Make the backend listen on `/run/guest-services/` and the name in `exposes.socket`, look at its log, and remove a socket file left from before when it starts. In the code, try again for a few seconds after the page loads.",
    ))
}

pub(super) fn hang_up(evidence: &Evidence<'_>) -> Option<Finding> {
    const MATTERS: &str = "Docker Desktop is reported to reject with `socket hang up` and no `statusCode`. It means that the connection was accepted and closed without one byte of an answer: by a backend that crashed on this request, or by a proxy in front of a container that is not there.";
    const ADVICE: &str = "Look at the backend's log at this moment, and catch errors in the handler so that it answers with 500 in place of closing.";
    if let Some((exchange, _)) = failed(evidence, &[Code::ClosedBeforeResponse]) {
        let request = &exchange.request;
        let happened =
            format!("The backend closed the connection before it answered {} {}.", request.method, request.path);
        return Some(Finding::error(happened, MATTERS, ADVICE));
    }
    let failed = evidence.exited().is_some_and(|code| code != 0)
        || evidence.whole_response().is_some_and(|response| response.status >= 500);
    let part = [&evidence.sample.stdout, &evidence.sample.stderr].into_iter().find(|part| {
        [&part.head, &part.tail].iter().any(|text| memchr::memmem::find(text, b"socket hang up").is_some())
    });
    part.filter(|_| failed)?;
    let place = if evidence.exchange().is_some() { "The error's body" } else { "The output" };
    Some(Finding::error(
        format!("{place} says `socket hang up`: a connection further on was closed before an answer came."),
        MATTERS,
        ADVICE,
    ))
}

pub(super) fn not_http(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, error) = failed(evidence, &[Code::BadResponse])?;
    let failure = exchange.failure.as_ref()?;
    let received = &failure.received;
    let began = if received.is_empty() { String::new() } else { format!(" It began with {}.", quoted(received)) };
    Some(Finding::error(
        format!("{}: {}.{began}", exchange.endpoint, error.message),
        "The promise rejects with an error of the HTTP parser. `extension.vm.service` speaks plain HTTP/1.1 only: no TLS, no HTTP/2, no gRPC, no protocol of a database.",
        failure
            .protocol
            .map_or("Let the backend answer HTTP on this socket, and anything else on another one.", Protocol::hint),
    ))
}

/// Servers of another protocol that answer a request of plain HTTP with words for whoever sent it.
pub(super) fn http_refused(evidence: &Evidence<'_>) -> Option<Finding> {
    const SAYINGS: [(&str, Protocol); 5] = [
        ("Client sent an HTTP request to an HTTPS server", Protocol::Tls),
        ("The plain HTTP request was sent to HTTPS port", Protocol::Tls),
        ("speaking plain HTTP to an SSL-enabled server port", Protocol::Tls),
        ("This combination of host and port requires TLS", Protocol::Tls),
        ("trying to access MongoDB over HTTP", Protocol::Mongodb),
    ];
    let response = evidence.whole_response()?;
    let body = &evidence.sample.stdout.head;
    let beginning = &body[..body.len().min(4096)];
    let says = |saying: &str| memchr::memmem::find(beginning, saying.as_bytes()).is_some();
    let (saying, protocol) = SAYINGS.into_iter().find(|(saying, _)| says(saying))?;
    Some(Finding::error(
        format!(
            "The backend expects {}, and says so with status {}: {}.",
            protocol.name(),
            response.status,
            quoted(saying)
        ),
        "`extension.vm.service` speaks plain HTTP/1.1 only, so the code gets this text in place of a result.",
        protocol.hint(),
    ))
}

pub(super) fn body_cut(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, _) = failed(evidence, &[Code::BodyCut])?;
    let response = exchange.response.as_ref()?;
    let came = evidence.sample.stdout.counts.bytes;
    let promised = response
        .head
        .header("content-length")
        .map_or_else(String::new, |length| format!(" of the {length} that were promised"));
    Some(Finding::error(
        format!(
            "The connection ended in the middle of the body: {came} bytes came{promised}, after status {}.",
            response.status
        ),
        "The promise most likely rejects with `aborted` or a parse error (inferred); the part that came is lost.",
        "Look at the backend's log: it crashed, or was ended, while it wrote. Compute `Content-Length` from the bytes, not from the characters.",
    ))
}

pub(super) fn upgraded(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.response().filter(|response| response.status == 101)?;
    let to = response.head.header("upgrade").unwrap_or("another protocol");
    Some(Finding::error(
        format!("The backend answered 101 and changed to {}.", quoted(to)),
        "The SDK has no WebSocket and can't hand over a connection. On Rancher Desktop and the older Podman Desktop the promise never settles (measured with node-fetch and got); on Podman Desktop it rejects with `fetch failed` (measured with Node's fetch).",
        "Offer the same over plain requests (long polling), or start a program with a streaming `exec` and read its lines. A published port with a WebSocket of the page works where the page may reach it.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_port_80_and_only_a_refusal_tell_of_a_lost_path() {
        for told in [
            "Error: connect ECONNREFUSED 127.0.0.1:80",
            "dial tcp [::1]:80: connect: connection refused",
            "curl: (7) Failed to connect to localhost port 80 after 0 ms: Couldn't connect to server",
            "connect ECONNREFUSED ::1:80\nmore",
        ] {
            assert!(refused_on_80(told.as_bytes()).is_some(), "{told}");
        }
        for silent in [
            "connect ECONNREFUSED 127.0.0.1:8080",
            "listening on 127.0.0.1:80",
            "ECONNREFUSED\nlistening on 127.0.0.1:80",
            "connect ECONNREFUSED /run/guest-services/b.sock",
        ] {
            assert_eq!(refused_on_80(silent.as_bytes()), None, "{silent}");
        }
        let twice = b"127.0.0.1:8080 ECONNREFUSED\nconnect ECONNREFUSED 127.0.0.1:80";
        assert_eq!(refused_on_80(twice).as_deref(), Some("connect ECONNREFUSED 127.0.0.1:80"));
    }
}

//! What the code can make of a body, and what is lost on the way.

use super::{
    Evidence, Finding, charset, json, numbers,
    words::{first_line, quoted, quoted_bytes, size},
};
use crate::exchange::{BodyKind, Header};

/// Bytes of a body that is slow to hand over as one string.
const LARGE: u64 = 32 * 1024 * 1024;
/// Bytes that no string holds: V8 ends at 2^29 - 24 characters.
const LONGEST_STRING: u64 = (1 << 29) - 24;
/// Microseconds from the first to the last byte from which on somebody waits.
const SLOW_US: u64 = 1_000_000;

pub(super) fn event_stream(evidence: &Evidence<'_>) -> Option<Finding> {
    if evidence.body_kind() != Some(BodyKind::Events) {
        return None;
    }
    let events = evidence.sample.stdout.counts.bytes;
    Some(Finding::error(
        format!("The backend answered with server-sent events (`text/event-stream`); {} came.", size(events)),
        "The SDK hands over a body when it is whole, as one string. A stream that never ends leaves the promise pending for ever, and none of its events reaches the code before that.",
        "Poll a route that answers at once, or run a program with a streaming `exec` and `splitOutputLines` that prints an event a line.",
    ))
}

pub(super) fn html_for_json(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, response) = (evidence.exchange()?, evidence.response()?);
    let body = &evidence.sample.stdout.head;
    let status = response.status;
    let says_json = matches!(evidence.body_kind(), Some(BodyKind::Json | BodyKind::JsonLines));
    let began = first_line(body)?;
    let happened =
        format!("{} {} answered {status} with HTML: {began}", exchange.request.method, exchange.request.path);
    const ADVICE: &str = "Look at the page in the body tab: a framework's error page names the mistake, an index page means that the route is unknown. Let the backend answer errors as JSON with `Content-Type: application/json`.";
    if says_json && body.trim_ascii_start().starts_with(b"<") {
        let matters = "The header says JSON and the body is none: the code gets a string where it expects an object, and every field of it is `undefined`.";
        return Some(Finding::error(happened, matters, ADVICE));
    }
    if !is_html(body) {
        return None;
    }
    if status >= 400 {
        let matters = "The rejection's message is this page, or is lost, where the code expects words that it can show. `JSON.parse` of it fails with `Unexpected token <`.";
        return Some(Finding::error(happened, matters, ADVICE));
    }
    let matters = "The promise resolves with a string that holds a page. Code that expects JSON finds no field in it and does not notice that anything failed.";
    (status < 300 && expects_json(evidence)?).then(|| Finding::warning(happened, matters, ADVICE))
}

fn is_html(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let begins = |tag: &[u8]| body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body"].into_iter().any(begins)
}

/// Whether the request looks like one for JSON.
fn expects_json(evidence: &Evidence<'_>) -> Option<bool> {
    let request = &evidence.exchange()?.request;
    let json = |header: &Header| {
        ["accept", "content-type"].contains(&header.name.to_ascii_lowercase().as_str()) && header.value.contains("json")
    };
    let path = request.path.split(['?', '#']).next().unwrap_or_default();
    let sends_json = matches!(request.body, crate::exchange::Body::Json { .. });
    Some(
        sends_json
            || request.headers.iter().any(json)
            || path.ends_with(".json")
            || path.split('/').any(|part| part == "api"),
    )
}

pub(super) fn not_json(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.whole_response()?;
    let part = &evidence.sample.stdout;
    // An empty body is told of as such, a page of HTML too.
    if evidence.body_kind() != Some(BodyKind::Json)
        || part.head.trim_ascii_start().is_empty()
        || part.head.trim_ascii_start().starts_with(b"<")
    {
        return None;
    }
    let problem = json::problem(&part.head, part.is_whole())?;
    Some(Finding::error(
        format!(
            "The answer ({}) says `Content-Type: {}` and is no JSON: {} on line {}, column {}, near {}.",
            response.status,
            response.head.header("content-type").unwrap_or_default(),
            problem.why,
            problem.line,
            problem.column,
            quoted_bytes(&problem.near)
        ),
        "A Runtime that cannot parse the body hands it over as a string: `result.field` is `undefined`, and nothing throws.",
        "Mend what the backend writes there: several values after each other, a trailing comma, single quotes, `NaN` and a byte order mark are the usual ones.",
    ))
}

pub(super) fn bad_json_line(evidence: &Evidence<'_>) -> Option<Finding> {
    let part = &evidence.sample.stdout;
    if evidence.body_kind() != Some(BodyKind::JsonLines) {
        return None;
    }
    let lines = json::lines(&part.head, part.is_whole());
    let first = lines.first?;
    let others = if lines.bad > 1 { format!(" {} more lines are none either.", lines.bad - 1) } else { String::new() };
    Some(Finding::error(
        format!(
            "Line {} of the JSON lines is no JSON: {} at column {}, near {}.{others}",
            first.line,
            first.why,
            first.column,
            quoted_bytes(&first.near)
        ),
        "Code that parses each line in a loop throws at this one and loses those after it.",
        "Write each value on one line and nothing else to the stream; logs go elsewhere. In the code, parse each line in a `try` of its own.",
    ))
}

pub(super) fn not_text(evidence: &Evidence<'_>) -> Option<Finding> {
    let part = &evidence.sample.stdout;
    if evidence.success().is_none()
        || compressed(evidence).is_some()
        || evidence.is_head()
        || charset::body(evidence).is_some()
    {
        return None;
    }
    let at = broken_at(&part.head, part.is_whole())?;
    let kind = evidence.response()?.head.header("content-type").unwrap_or("none");
    Some(Finding::error(
        format!(
            "The body is no UTF-8 text: byte {at} ({:#04x}) begins no character. `Content-Type` is {}.",
            part.head[at],
            quoted(kind)
        ),
        "The SDK hands a body over as text: each such byte becomes U+FFFD, and the file or image can not be made from it again.",
        "Send binary data as base64 in JSON, or let the backend write it to a file that the page opens another way. Send text as UTF-8.",
    ))
}

/// The first byte that is no text; a character that the end of a part cuts is.
pub(super) fn broken_at(bytes: &[u8], whole: bool) -> Option<usize> {
    let error = std::str::from_utf8(bytes).err()?;
    (whole || error.error_len().is_some()).then(|| error.valid_up_to())
}

pub(super) fn too_large(evidence: &Evidence<'_>) -> Option<Finding> {
    let bytes = evidence.sample.stdout.counts.bytes;
    evidence.success().filter(|_| bytes > LARGE)?;
    let happened = format!("The body has {}.", size(bytes));
    if bytes > LONGEST_STRING {
        return Some(Finding::error(
            happened,
            "JavaScript holds no string of more than 512 MiB: the body cannot be handed over at all.",
            "Serve it in parts, with a limit and an offset in the query.",
        ));
    }
    Some(Finding::warning(
        happened,
        "It is handed over as one value when all of it has come: it is in memory several times, crosses from one process to another, and parsing it stops the page.",
        "Serve it in pages, filter on the backend, or let `exec` with callbacks print it.",
    ))
}

pub(super) fn compressed(evidence: &Evidence<'_>) -> Option<Finding> {
    let encoding = evidence.whole_response()?.head.header("content-encoding")?;
    if encoding.eq_ignore_ascii_case("identity") || evidence.sample.stdout.counts.bytes == 0 {
        return None;
    }
    Some(Finding::warning(
        format!("The body is compressed: `Content-Encoding: {encoding}`."),
        "Rancher Desktop and Podman Desktop decode gzip, deflate and br, each alone; zstd isn't decoded by Rancher Desktop up to 1.20 (node-fetch 2.7) and older Podman Desktop (got 13). Of Docker Desktop it isn't known; where a body isn't decoded, the code gets broken text.",
        "Switch compression off for the socket: nothing is saved on one machine.",
    ))
}

pub(super) fn number_not_exact(evidence: &Evidence<'_>) -> Option<Finding> {
    let part = &evidence.sample.stdout;
    let parsed = match evidence.body_kind()? {
        BodyKind::Json | BodyKind::JsonLines => true,
        // Runtimes parse whatever is JSON.
        BodyKind::Text => json::begins(&part.head) && json::problem(&part.head, part.is_whole()).is_none(),
        BodyKind::Events | BodyKind::Bytes | BodyKind::Protocol => false,
    };
    parsed.then(|| changed_number(&part.head, part.is_whole(), "The body"))?
}

/// What is to be said of the first number that `JSON.parse` changes.
pub(super) fn changed_number(text: &[u8], whole: bool, place: &str) -> Option<Finding> {
    let number = numbers::inexact(text, whole)?;
    let more = if number.more > 0 { format!(" So it is with {} more.", number.more) } else { String::new() };
    Some(Finding::warning(
        format!(
            "{place} holds {} at {} (line {}); `JSON.parse` makes {} of it.{more}",
            quoted(&number.text),
            quoted(&number.path),
            number.line,
            quoted(&number.becomes)
        ),
        "JavaScript numbers are exact up to 2^53 - 1 = 9007199254740991. Beyond that digits are lost without an error, before the code sees the value: an id then names something else.",
        "Write such numbers as strings in the JSON: ids, sizes in bytes, times in nanoseconds.",
    ))
}

pub(super) fn delivered_whole(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, response) = (evidence.exchange()?, evidence.response()?);
    let phases = &exchange.phases;
    let took = phases.done_us?.saturating_sub(phases.first_byte_us?);
    let seconds = took as f64 / 1e6;
    let chunks = evidence.sample.chunks;
    const ADVICE: &str =
        "Poll with an offset, or print the lines from a program that a streaming `exec` runs with `splitOutputLines`.";
    if evidence.body_kind() == Some(BodyKind::JsonLines) {
        let lines = evidence.sample.stdout.counts.lines;
        return Some(Finding::warning(
            format!("The body is JSON lines: {lines} lines in {chunks} pieces within {seconds:.1} s."),
            "The SDK hands a body over when it is whole: all lines come at once at the end, as one string, and `service` has no `parseJsonLines` as `exec` has.",
            ADVICE,
        ));
    }
    let streams = chunks > 2 && took >= SLOW_US && response.head.header("content-length").is_none();
    (streams && evidence.body_kind() != Some(BodyKind::Events)).then(|| {
        Finding::note(
            format!("The body came in {chunks} pieces over {seconds:.1} s."),
            "The SDK hands it over when it is whole: the code sees nothing of it before the last piece, and shows no progress.",
            ADVICE,
        )
    })
}

pub(super) fn falsy(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success()?;
    let body = evidence.sample.stdout.head.trim_ascii();
    let value = ["0", "-0", "false", "null", "\"\""].into_iter().find(|value| value.as_bytes() == body)?;
    Some(Finding::warning(
        format!("The answer ({}) is {}, which JavaScript counts as false.", response.status, quoted(value)),
        "`if (!result)` and `result || fallback` take it for no answer at all.",
        "Compare with `=== undefined` or `=== null` as the case may be, or let the backend answer with an object: `{\"value\": …}`.",
    ))
}

pub(super) fn empty(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success()?;
    if evidence.sample.stdout.counts.bytes > 0 || evidence.is_head() {
        return None;
    }
    Some(Finding::note(
        format!("The answer {} has no body.", response.status),
        "The promise resolves with an empty string or nothing, which `if (!result)` takes for a failure. Success is that the promise resolves.",
        "Put what is to be done on success after `await` and errors into `catch`, without a look at the value.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_how_it_begins() {
        for page in ["<!DOCTYPE html><p>", "\n <html lang=en>", "\u{feff}<!doctype HTML>", "<body>"] {
            assert!(is_html(page.as_bytes()), "{page}");
        }
        for none in ["", "<", "<svg>", "<?xml version='1.0'?>", "{\"page\":\"<html>\"}"] {
            assert!(!is_html(none.as_bytes()), "{none}");
        }
    }

    #[test]
    fn a_character_that_goes_on_after_the_part_is_not_broken() {
        assert_eq!(broken_at(b"caf\xc3", false), None);
        assert_eq!(broken_at(b"caf\xc3", true), Some(3));
        assert_eq!(broken_at(b"ab\xffcd", false), Some(2));
        assert_eq!(broken_at("é".as_bytes(), true), None);
    }
}

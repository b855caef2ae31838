//! What the code can make of a body, and what is lost on the way.

use super::{
    Evidence, Finding, charset, json, numbers,
    text::{duration, first_line, many, quoted, quoted_bytes, size},
};
use porthole_http::exchange::Header;
use porthole_output::BodyKind;

/// From this size on, a body is slow to pass as one string.
const LARGE: u64 = 32 * 1024 * 1024;
/// Bytes that no string holds: V8 ends at 2^29 - 24 characters.
const LONGEST_STRING: u64 = (1 << 29) - 24;
/// From this time between the first and the last byte on, a user notices the wait, in microseconds.
const SLOW_US: u64 = 1_000_000;

pub(super) fn event_stream(evidence: &Evidence<'_>) -> Option<Finding> {
    if evidence.body_kind() != Some(BodyKind::Events) {
        return None;
    }
    let events = evidence.sample.stdout.counts.bytes;
    Some(Finding::error(
        format!("The response is a stream of server-sent events (`text/event-stream`); {} received.", size(events)),
        "The SDK returns a body as one string when it is complete. With a stream that doesn't end, the promise stays pending and your code gets none of the events.",
        "Poll a route that responds immediately, or run a program that prints one event per line with a streaming `exec` and `splitOutputLines`.",
    ))
}

pub(super) fn html_for_json(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, response) = (evidence.exchange()?, evidence.response()?);
    let body = &evidence.sample.stdout.head;
    let status = response.status;
    let says_json = matches!(evidence.body_kind(), Some(BodyKind::Json | BodyKind::JsonLines));
    let is_html = is_html(body);
    // A first line is quoted only for a finding.
    let is_marked_up = says_json && body.trim_ascii_start().starts_with(b"<");
    if !is_html && !is_marked_up {
        return None;
    }
    let began = first_line(body)?;
    let summary =
        format!("{} {} returned HTML with status {status}: {began}", exchange.request.method, exchange.request.path);
    const FIX: &str = "Read the page in the Body tab: an error page names the error; an index page means that the backend has no such route. Return errors as JSON with `Content-Type: application/json`.";
    if is_marked_up {
        let impact = "`Content-Type` is JSON but the body is HTML. Your code gets a string instead of an object, and every field is `undefined`.";
        return Some(Finding::error(summary, impact, FIX));
    }
    if !is_html {
        return None;
    }
    if status >= 400 {
        let impact =
            "The error's message is the whole HTML page, or is missing. `JSON.parse` fails with `Unexpected token <`.";
        return Some(Finding::error(summary, impact, FIX));
    }
    let impact = "The promise resolves with the page as a string. Code that expects JSON finds no fields in it and doesn't detect the error.";
    (status < 300 && expects_json(evidence)?).then(|| Finding::warning(summary, impact, FIX))
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
    let sends_json = matches!(request.body, porthole_http::exchange::Body::Json { .. });
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
    // An empty body and an HTML page have their own rules.
    if evidence.body_kind() != Some(BodyKind::Json)
        || part.head.trim_ascii_start().is_empty()
        || part.head.trim_ascii_start().starts_with(b"<")
    {
        return None;
    }
    let problem = json::problem(&part.head, part.is_whole())?;
    Some(Finding::error(
        format!("The body isn't valid JSON: {} at line {}, column {}.", problem.why, problem.line, problem.column),
        format!(
            "The error is near {}, and `Content-Type` is `{}`. A runtime that can't parse the body returns it as a string: `result.field` is `undefined`, and nothing throws.",
            quoted_bytes(&problem.near),
            response.head.header("content-type").unwrap_or_default()
        ),
        "Fix the output of the backend. Common causes are several values in a row, a trailing comma, single quotes, `NaN` and a byte order mark.",
    ))
}

pub(super) fn bad_json_line(evidence: &Evidence<'_>) -> Option<Finding> {
    let part = &evidence.sample.stdout;
    if evidence.body_kind() != Some(BodyKind::JsonLines) {
        return None;
    }
    let lines = json::lines(&part.head, part.is_whole());
    let first = lines.first?;
    let others = if lines.bad > 1 {
        format!(" (also invalid: {})", many(lines.bad as u64 - 1, "more line"))
    } else {
        String::new()
    };
    Some(Finding::error(
        format!("Line {} of the JSON lines isn't valid JSON: {} at column {}.", first.line, first.why, first.column),
        format!(
            "The error is near {}{others}. Code that parses the lines in a loop throws at this line and loses the lines after it.",
            quoted_bytes(&first.near)
        ),
        "Write one value per line and nothing else; write logs to another place. In your code, parse each line in its own `try`.",
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
            "The body isn't valid UTF-8 at byte {at} ({:#04x}). `Content-Type` is {}.",
            part.head[at],
            quoted(kind)
        ),
        "The SDK returns bodies as text. Each invalid byte becomes U+FFFD, so a file or image can't be restored from it.",
        "Send binary data as base64 in JSON, or write it to a file and copy that. Send text as UTF-8.",
    ))
}

/// The first byte that isn't valid UTF-8. A character split at the end of the sample is valid.
pub(super) fn broken_at(bytes: &[u8], whole: bool) -> Option<usize> {
    let error = std::str::from_utf8(bytes).err()?;
    (whole || error.error_len().is_some()).then(|| error.valid_up_to())
}

pub(super) fn too_large(evidence: &Evidence<'_>) -> Option<Finding> {
    let bytes = evidence.sample.stdout.counts.bytes;
    evidence.success().filter(|_| bytes > LARGE)?;
    let summary = format!("The body is large: {}.", size(bytes));
    if bytes > LONGEST_STRING {
        return Some(Finding::error(
            summary,
            "JavaScript strings are limited to 2^29 characters (537 MB of ASCII), so the SDK can't return this body at all.",
            "Serve it in parts, with a limit and an offset in the query.",
        ));
    }
    Some(Finding::warning(
        summary,
        "The SDK returns it as one value when it is complete. It is copied between processes, needs several times its size in memory, and parsing it blocks the page.",
        "Serve it in pages, filter it in the backend, or print it with a streaming `exec`.",
    ))
}

pub(super) fn compressed(evidence: &Evidence<'_>) -> Option<Finding> {
    let encoding = evidence.whole_response()?.head.header("content-encoding")?;
    if encoding.eq_ignore_ascii_case("identity") || evidence.sample.stdout.counts.bytes == 0 {
        return None;
    }
    Some(Finding::warning(
        format!("The body is compressed: `Content-Encoding: {encoding}`."),
        "Rancher Desktop and Podman Desktop decode a single gzip, deflate or br encoding; Rancher Desktop up to 1.20 and Podman Desktop (older) don't decode zstd, and Docker Desktop's behavior isn't known. Where the body isn't decoded, your code gets broken text.",
        "Turn compression off for the socket; it saves nothing on the same machine.",
    ))
}

pub(super) fn number_not_exact(evidence: &Evidence<'_>) -> Option<Finding> {
    let part = &evidence.sample.stdout;
    let parsed = match evidence.body_kind()? {
        BodyKind::Json | BodyKind::JsonLines => true,
        // Runtimes parse whatever is JSON.
        BodyKind::Text | BodyKind::Xml | BodyKind::Html | BodyKind::Csv => {
            json::begins(&part.head) && json::problem(&part.head, part.is_whole()).is_none()
        }
        BodyKind::Events | BodyKind::Image | BodyKind::Pdf | BodyKind::Bytes | BodyKind::Protocol => false,
    };
    parsed.then(|| changed_number(&part.head, part.is_whole(), "The body"))?
}

/// What is to be said of the first number that `JSON.parse` changes.
pub(super) fn changed_number(text: &[u8], whole: bool, place: &str) -> Option<Finding> {
    let number = numbers::inexact(text, whole)?;
    let more = if number.more > 0 {
        format!(" (also changed: {})", many(number.more as u64, "more number"))
    } else {
        String::new()
    };
    Some(Finding::warning(
        format!(
            "{place} contains the number {} at {}, which `JSON.parse` changes.",
            quoted(&number.text),
            quoted(&number.path)
        ),
        format!(
            "The number in line {} becomes {}{more}. Integers above 2^53 - 1 lose digits in JavaScript without an error, so an id can refer to another object.",
            number.line,
            quoted(&number.becomes)
        ),
        "Write large numbers as strings in the JSON, for example ids, sizes in bytes and times in nanoseconds.",
    ))
}

pub(super) fn delivered_whole(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, response) = (evidence.exchange()?, evidence.response()?);
    let phases = &exchange.phases;
    let took = phases.done_us?.saturating_sub(phases.first_byte_us?);
    let chunks = evidence.sample.chunks;
    const FIX: &str = "Poll with an offset, or print the lines from a program that you run with a streaming `exec` and `splitOutputLines`.";
    if evidence.body_kind() == Some(BodyKind::JsonLines) {
        let lines = evidence.sample.stdout.counts.lines;
        return Some(Finding::warning(
            format!(
                "The body is JSON lines: {} in {} within {}.",
                many(lines, "line"),
                many(chunks, "chunk"),
                duration(took)
            ),
            "The SDK returns a body when it is complete: your code gets all lines at the end as one string. `parseJsonLines` exists only for `exec`.",
            FIX,
        ));
    }
    let streams = chunks > 2 && took >= SLOW_US && response.head.header("content-length").is_none();
    (streams && evidence.body_kind() != Some(BodyKind::Events)).then(|| {
        Finding::note(
            format!("The body arrived in {} over {}.", many(chunks, "chunk"), duration(took)),
            "The SDK returns it when it is complete, so your code can't show progress.",
            FIX,
        )
    })
}

pub(super) fn falsy(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success()?;
    let body = evidence.sample.stdout.head.trim_ascii();
    let value = ["0", "-0", "false", "null", "\"\""].into_iter().find(|value| value.as_bytes() == body)?;
    Some(Finding::warning(
        format!("The response (status {}) is {}, a falsy value in JavaScript.", response.status, quoted(value)),
        "`if (!result)` and `result || fallback` treat it as a missing response.",
        "Compare with `=== undefined` or `=== null`, or return an object: `{\"value\": …}`.",
    ))
}

pub fn empty(evidence: &Evidence<'_>) -> Option<Finding> {
    let response = evidence.success()?;
    if evidence.sample.stdout.counts.bytes > 0 || evidence.is_head() {
        return None;
    }
    Some(Finding::note(
        format!("The response (status {}) has no body.", response.status),
        "The promise resolves with an empty string or `undefined`, which `if (!result)` treats as a failure. The request succeeded if the promise resolves.",
        "Handle success after `await` and errors in `catch`, without checking the value.",
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

//! Bytes after the end of a response.

use super::{Evidence, Finding, text::quoted};
use porthole_http::exchange::Excess;
use porthole_output::lengths;

pub(super) fn bytes(evidence: &Evidence<'_>) -> Option<Finding> {
    let (exchange, response) = (evidence.exchange()?, evidence.response()?);
    // Clients skip empty lines between two responses.
    let excess = exchange.excess.as_ref().filter(|excess| !excess.is_blank())?;
    let length = response.head.header("content-length");
    let came = if excess.bytes == 1 {
        "1 extra byte arrived".to_owned()
    } else {
        format!("{} extra bytes arrived", excess.bytes)
    };
    let start = quoted(&excess.start);
    if excess.start.starts_with("HTTP/1.") {
        return Some(Finding::error(
            format!("{came} after the response and look like a second response."),
            impact(&start),
            "Respond to each request once. A handler that sends a response and then falls through to the default handler sends two.",
        ));
    }
    if matches!(response.status, 204 | 304) || evidence.is_head() {
        let why =
            if evidence.is_head() { "a response to HEAD".to_owned() } else { format!("status {}", response.status) };
        return Some(Finding::error(
            format!("{came} after the response, but {why} has no body."),
            impact(&start),
            "Use status 200 to send a body. Don't send one with 204 or 304 or in response to HEAD.",
        ));
    }
    let Some(length) = length else {
        return Some(Finding::error(
            format!("{came} after the end of the body."),
            impact(&start),
            "Don't write to the connection after the end of a response.",
        ));
    };
    let cause = if counts_characters(evidence, excess, length) {
        format!("The body has {length} characters, but `Content-Length` must count bytes. ")
    } else {
        String::new()
    };
    Some(Finding::error(
        format!("{came} after the {length} bytes declared by `Content-Length`."),
        impact(&start),
        format!(
            "{cause}Count the bytes of the encoded body (`Buffer.byteLength(text)` in Node, `len(text.encode())` in Python, `len(text)` in Go), or leave the header to the HTTP library."
        ),
    ))
}

fn impact(start: &str) -> String {
    format!(
        "Clients read only the declared bytes ({start} is extra), so JSON may be cut off. If the extra bytes arrive together with the end, Rancher Desktop and Podman Desktop (older) reject with `Parse Error`, Podman Desktop only for 204 and 304 (measured); not known for Docker Desktop."
    )
}

/// Whether the promised length is the number of characters of what was sent, and those are not one byte each.
fn counts_characters(evidence: &Evidence<'_>, excess: &Excess, length: &str) -> bool {
    let part = &evidence.sample.stdout;
    let Ok(length) = length.trim().parse::<u64>() else { return false };
    if !part.is_whole() {
        return false;
    }
    let (characters, utf16) = lengths(&part.head);
    let beginning = match std::str::from_utf8(&part.head) {
        Ok(_) => true,
        // The promised length may end in the middle of a character.
        Err(error) => error.error_len().is_none(),
    };
    beginning && (characters + excess.characters == length || utf16 + excess.utf16 == length)
}

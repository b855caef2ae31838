//! The address in a `curl` line, taken apart and not changed.

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::unknown;
use porthole_base::error::Result;

/// The parts of an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub https: bool,
    /// `user:password`, decoded.
    pub user: Option<String>,
    /// Host and port as written.
    pub authority: String,
    /// Path and query as written, a slash where there was none.
    pub target: String,
    /// A fragment, which is never sent, was cut off.
    pub had_fragment: bool,
    /// Characters were encoded that can't appear on a request line.
    pub encoded: bool,
}

impl Url {
    /// Says what of it isn't used: the endpoint is the target's and no part of a request.
    pub fn tell(&self, notes: &mut Vec<String>) {
        notes.push(format!("The host {} is ignored: the request goes to the target's endpoint.", self.authority));
        self.tell_rest(notes);
    }

    /// The same without the host.
    pub fn tell_rest(&self, notes: &mut Vec<String>) {
        if self.https {
            notes.push("https is ignored: the request is sent as plain HTTP.".into());
        }
        if self.had_fragment {
            notes.push("The part after # is left out: it is never sent.".into());
        }
        if self.encoded {
            notes.push("Characters that a URL can't contain are percent-encoded.".into());
        }
    }
}

/// The value of an `Authorization` header for `name:password`.
///
/// # Errors
/// Without a password, which would be asked for.
pub(super) fn basic(user: &str) -> Result<String> {
    if !user.contains(':') {
        return Err(unknown(format!("`{user}` has no password; it would be asked for")).hint("Write name:password."));
    }
    Ok(format!("Basic {}", BASE64_STANDARD.encode(user)))
}

/// # Errors
/// [`Code::PasteUnknown`](porthole_base::error::Code::PasteUnknown) for what is no HTTP address.
pub(super) fn read(text: &str, globbing: bool) -> Result<Url> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(unknown(format!("`{text}` isn't an HTTP URL")).hint("Paste an http:// URL."));
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (place, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if globbing && (target.contains(['{', '}', '[', ']']) || place.contains(['{', '}'])) {
        return Err(unknown(format!("curl expands `{text}` to several URLs"))
            .hint("Paste one URL. With --globoff, the brackets are kept unchanged."));
    }
    let (user, authority) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user), host));
    if authority.is_empty() {
        return Err(unknown(format!("`{text}` has no host name")).hint("Write http://localhost/path."));
    }
    let mut written = String::new();
    if !target.starts_with('/') {
        written.push('/');
    }
    let mut encoded = false;
    for c in target.chars() {
        if c.is_ascii_graphic() && !"\"<>".contains(c) {
            written.push(c);
        } else {
            encoded = true;
            written.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC));
        }
    }
    Ok(Url {
        https: scheme == "https",
        user: user.map(|user| percent_decode_str(user).decode_utf8_lossy().into_owned()),
        authority: authority.to_owned(),
        target: written,
        had_fragment: fragment.is_some(),
        encoded,
    })
}

//! Heads of messages in bytes that pass.

use crate::exchange::{Head, Version, end_of_head_from, read_head};

/// A larger head isn't kept. Servers take some kilobytes.
pub(super) const HEAD_LIMIT: usize = 256 * 1024;
/// Header lines of a head.
const LINES: usize = 1024;

/// A head that arrives.
#[derive(Debug, Default)]
pub(super) struct HeadBuffer {
    bytes: Vec<u8>,
    /// How far no end was found.
    searched: usize,
}

/// What bytes made of a head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// More must come.
    Partly,
    /// All of it is there.
    Complete(Vec<u8>),
    /// It is too long.
    TooLarge,
}

impl HeadBuffer {
    /// Takes from the beginning of `bytes` what belongs to the head, and tells how many that are. Empty lines before it are
    /// passed over, as HTTP advises.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Arrived) {
        let blank =
            if self.bytes.is_empty() { bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count() } else { 0 };
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&bytes[blank..]);
        match end_of_head_from(&self.bytes, self.searched) {
            Some(end) if end <= HEAD_LIMIT => {
                self.bytes.truncate(end);
                self.searched = 0;
                (blank + end - before, Arrived::Complete(std::mem::take(&mut self.bytes)))
            }
            None if self.bytes.len() <= HEAD_LIMIT => {
                self.searched = self.bytes.len();
                (bytes.len(), Arrived::Partly)
            }
            _ => (bytes.len(), Arrived::TooLarge),
        }
    }

    /// What came so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn take(&mut self) -> Vec<u8> {
        self.searched = 0;
        std::mem::take(&mut self.bytes)
    }
}

/// A head with a valid first line and valid names.
#[derive(Debug)]
pub(super) struct MessageHead {
    pub head: Head,
}

impl MessageHead {
    /// Every value of the header, split at commas.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.head.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        of_name.flat_map(|header| header.value.split(',')).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The last one of the transfer codings, if there are any.
    pub fn transfer_codings(&self) -> Option<&str> {
        self.values("transfer-encoding").last()
    }

    /// The length that it says; an error where it says several or something else than a number.
    pub fn content_length(&self) -> Option<Option<u64>> {
        let mut length = None;
        for value in self.values("content-length") {
            if !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let value: u64 = value.parse().ok()?;
            if length.is_some_and(|other| other != value) {
                return None;
            }
            length = Some(value);
        }
        Some(length)
    }

    /// Whether it requests another protocol.
    pub fn asks_for_upgrade(&self) -> bool {
        self.values("upgrade").next().is_some()
    }
}

/// A request's head.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub method: String,
    pub target: String,
    pub version: Version,
    pub message: MessageHead,
}

/// Reads a request's head; nothing when it isn't one of HTTP/1.
pub(super) fn read_request(bytes: &[u8]) -> Option<RequestHead> {
    let mut lines = vec![httparse::EMPTY_HEADER; LINES];
    let mut request = httparse::Request::new(&mut lines);
    if !request.parse(bytes).is_ok_and(|status| status.is_complete()) {
        return None;
    }
    let version = if request.version? == 0 { Version::Http10 } else { Version::Http11 };
    let (method, target) = (request.method?.to_owned(), request.path?.to_owned());
    Some(RequestHead { method, target, version, message: MessageHead { head: read_head(bytes) } })
}

/// A response's head.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub status: u16,
    pub message: MessageHead,
}

/// Reads a response's head; nothing when it isn't one of HTTP/1.
pub(super) fn read_response(bytes: &[u8]) -> Option<ResponseHead> {
    let mut lines = vec![httparse::EMPTY_HEADER; LINES];
    let mut response = httparse::Response::new(&mut lines);
    let mut config = httparse::ParserConfig::default();
    // Clients take these as well, and the body counts all the same.
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    let parsed = config.parse_response(&mut response, bytes);
    if !parsed.is_ok_and(|status| status.is_complete()) {
        return None;
    }
    Some(ResponseHead { status: response.code?, message: MessageHead { head: read_head(bytes) } })
}

/// Whether these bytes may be the beginning of a request of HTTP/1: a method, a target and the version.
pub(super) fn may_be_request(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_whole = line.len() < bytes.len();
    let line = if is_whole { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if !method.iter().all(is_token) || (is_whole && method.is_empty()) {
        return false;
    }
    match (words.next(), words.next_back()) {
        (Some(_), Some(version)) if is_whole => version.starts_with(b"HTTP/1."),
        _ => !is_whole,
    }
}

/// Whether these bytes may be the beginning of a response of HTTP/1.
pub(super) fn may_be_response(bytes: &[u8]) -> bool {
    let expected = b"HTTP/1.";
    let beginning = &bytes[..bytes.len().min(expected.len())];
    expected.starts_with(beginning)
}

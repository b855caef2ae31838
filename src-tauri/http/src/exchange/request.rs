//! A request as composed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::HttpClient;

/// One header line. Order, case and repeats are those of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Header {
    /// The name as written.
    pub name: String,
    /// The value; bytes that are not UTF-8 are read as Latin-1, as HTTP/1.1 once defined them.
    pub value: String,
}

/// One query parameter, percent-encoded when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Param {
    /// The name, not encoded.
    pub name: String,
    /// The value, not encoded.
    pub value: String,
}

/// What is sent after the head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// This text, with `Content-Type: application/json` unless a header says otherwise. The bytes
    /// are sent as typed: numbers and spacing are not touched.
    Json {
        /// The JSON text.
        text: String,
    },
    /// This text, with `Content-Type: text/plain; charset=utf-8` unless a header says otherwise.
    Text {
        /// The text.
        text: String,
    },
    /// The bytes of a file, streamed, with `Content-Type: application/octet-stream` unless a
    /// header says otherwise.
    File {
        /// Its path on this machine.
        path: String,
    },
    /// Fields of a form as `application/x-www-form-urlencoded`, encoded when it is sent.
    Form {
        /// Names and values, not encoded.
        fields: Vec<Param>,
    },
    /// The parts of a form as `multipart/form-data`, files streamed. The boundary is made when it is sent, unless a
    /// `Content-Type` header names one.
    Multipart {
        /// The parts, in their order.
        parts: Vec<Part>,
    },
}

impl Body {
    /// The `Content-Type` that is sent with it unless a header says otherwise. That of a multipart form has a boundary
    /// as well.
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Json { .. } => Some("application/json"),
            Self::Text { .. } => Some("text/plain; charset=utf-8"),
            Self::File { .. } => Some("application/octet-stream"),
            Self::Form { .. } => Some("application/x-www-form-urlencoded"),
            Self::Multipart { .. } => Some("multipart/form-data"),
        }
    }
}

/// One part of a multipart form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// What is sent.
    pub content: PartContent,
    /// The file name that is sent; for a file, the last part of its path when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The media type that is sent; `application/octet-stream` for a file when absent, and for a text none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// What a part of a form contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PartContent {
    /// This text.
    Text {
        /// The text.
        text: String,
    },
    /// The bytes of a file.
    File {
        /// Its path on this machine.
        path: String,
    },
}

/// A row that is switched off in the form: it is kept, and never sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OffRow {
    /// The rows that it is among.
    pub list: RowList,
    /// Its place among all rows, on and off.
    pub at: u32,
    /// The name; for the query, the raw text of the whole parameter.
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// A part of a multipart form that is switched off: it is kept, and never sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OffPart {
    /// Its place among all parts, on and off.
    pub at: u32,
    /// The part.
    pub part: Part,
}

/// Rows of a request's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RowList {
    /// Parameters of the query.
    Query,
    /// Headers.
    Headers,
    /// Fields of a URL-encoded form.
    Form,
}

/// The HTTP version of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub enum Version {
    /// HTTP/1.0
    #[serde(rename = "1.0")]
    Http10,
    /// HTTP/1.1
    #[default]
    #[serde(rename = "1.1")]
    Http11,
}

/// An HTTP request as composed. The endpoint is the target's and is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Any token: `GET`, `PATCH`, `PURGE`.
    pub method: String,
    /// Path, with a query if it was typed there.
    pub path: String,
    /// Parameters added to the query.
    #[serde(default)]
    pub query: Vec<Param>,
    /// Header lines in the order and case in which they are sent.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// What is sent after the head.
    #[serde(default)]
    pub body: Body,
    /// Version on the request line.
    #[serde(default)]
    pub version: Version,
    /// How long connecting may take, in milliseconds; 0 is no limit.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u32,
    /// How long the whole exchange may take, in milliseconds; none means forever, as a stream needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub timeout_ms: Option<u32>,
    /// How long the backend may take from the last byte of the request to the end of the response's head, in milliseconds;
    /// none means forever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub response_timeout_ms: Option<u32>,
    /// The client that follows redirects; without one, a redirect is a response like any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub client: Option<HttpClient>,
    /// Redirects within the same backend are followed, up to ten of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub follow_redirects: bool,
    /// Rows that are switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<OffRow>>", optional)]
    pub off: Vec<OffRow>,
    /// Parts of a multipart form that are switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<OffPart>>", optional)]
    pub off_parts: Vec<OffPart>,
}

/// How long connecting may take unless a request says otherwise, in milliseconds.
pub const CONNECT_TIMEOUT_MS: u32 = 5_000;

fn default_connect_timeout_ms() -> u32 {
    CONNECT_TIMEOUT_MS
}

impl Request {
    /// A request with no query, headers or body.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            version: Version::Http11,
            connect_timeout_ms: default_connect_timeout_ms(),
            timeout_ms: None,
            response_timeout_ms: None,
            client: None,
            follow_redirects: false,
            off: Vec::new(),
            off_parts: Vec::new(),
        }
    }
}

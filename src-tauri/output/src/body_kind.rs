//! What a body is, as its media type says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a body is: as its response says, and by how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// One JSON value.
    Json,
    /// A JSON value a line.
    JsonLines,
    /// Server-sent events.
    Events,
    /// XML, but no picture.
    Xml,
    /// HTML.
    Html,
    /// Values separated by commas or tabs.
    Csv,
    /// A picture.
    Image,
    /// A PDF document.
    Pdf,
    /// Something else that isn't text: an archive, a compressed body.
    Bytes,
    /// Another protocol, which the connection changed to with status 101.
    Protocol,
    /// Anything else.
    Text,
}

impl BodyKind {
    /// Whether it has no text, so that it has no charset either.
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::Image | Self::Pdf | Self::Bytes | Self::Protocol)
    }

    /// What a body of this `Content-Type` is, when it has no `Content-Encoding`.
    pub fn of_media_type(media_type: &str) -> Self {
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        // Most are written in lower case: those need no copy.
        let media_type = match media_type.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(media_type.to_ascii_lowercase()),
            false => Cow::Borrowed(media_type),
        };
        let (kind, subtype) = media_type.split_once('/').unwrap_or_default();
        match (kind, subtype) {
            ("text", "event-stream") => Self::Events,
            (_, "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "jsonlines" | "x-jsonlines" | "json-lines") => {
                Self::JsonLines
            }
            (_, subtype) if subtype.ends_with("+ndjson") => Self::JsonLines,
            (_, subtype) if subtype == "json" || subtype.ends_with("+json") => Self::Json,
            ("image", _) => Self::Image,
            ("text", "html") | ("application", "xhtml+xml") => Self::Html,
            ("text" | "application", "csv" | "tab-separated-values") => Self::Csv,
            ("application", "pdf") => Self::Pdf,
            ("text" | "application", "xml") => Self::Xml,
            (_, subtype) if subtype.ends_with("+xml") => Self::Xml,
            ("audio" | "video" | "font" | "model", _) => Self::Bytes,
            (
                "application",
                "octet-stream"
                | "zip"
                | "gzip"
                | "x-gzip"
                | "x-tar"
                | "x-xz"
                | "zstd"
                | "x-bzip2"
                | "x-7z-compressed"
                | "wasm"
                | "protobuf"
                | "x-protobuf"
                | "grpc"
                | "msgpack"
                | "x-msgpack"
                | "cbor"
                | "java-archive"
                | "vnd.docker.raw-stream"
                | "vnd.docker.multiplexed-stream",
            ) => Self::Bytes,
            _ => Self::Text,
        }
    }
}

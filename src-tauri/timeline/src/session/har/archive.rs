//! An archive's entry as programs write it. Everything is optional that some program leaves out or writes as null; what isn't
//! here (initiators, priorities, comments, pages) says nothing about the exchange.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Deserialize, Deserializer};

use porthole_sdk::call::Call;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    #[serde(deserialize_with = "or_default")]
    pub started_date_time: String,
    pub time: Option<f64>,
    #[serde(deserialize_with = "or_default")]
    pub request: HarRequest,
    #[serde(deserialize_with = "or_default")]
    pub response: HarResponse,
    #[serde(deserialize_with = "or_default")]
    pub timings: Timings,
    #[serde(rename = "_porthole", deserialize_with = "lenient")]
    pub porthole: Option<Facts>,
    /// By Chrome.
    #[serde(rename = "_webSocketMessages", deserialize_with = "lenient")]
    pub web_socket_messages: Option<Vec<WebSocketMessage>>,
    /// By Chrome, where a page used `EventSource`.
    #[serde(rename = "_eventSourceMessages", deserialize_with = "lenient")]
    pub events: Option<Vec<EventMessage>>,
}

/// What only Porthole writes.
#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    pub call: Call,
    #[serde(default)]
    pub chunks: Vec<(u64, u64)>,
}

/// A message of a WebSocket.
#[derive(Debug, Deserialize)]
pub(super) struct WebSocketMessage {
    #[serde(rename = "type")]
    pub way: String,
    #[serde(default)]
    pub data: String,
}

/// A server-sent event, and when it came: seconds since 1970-01-01 UTC.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventMessage {
    #[serde(default)]
    pub time: f64,
    #[serde(default)]
    pub event_name: String,
    #[serde(default)]
    pub event_id: String,
    #[serde(default)]
    pub data: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HarRequest {
    #[serde(deserialize_with = "or_default")]
    pub method: String,
    #[serde(deserialize_with = "or_default")]
    pub url: String,
    #[serde(deserialize_with = "or_default")]
    pub http_version: String,
    #[serde(deserialize_with = "or_default")]
    pub headers: Vec<HarHeader>,
    pub post_data: Option<PostData>,
    pub body_size: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HarHeader {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PostData {
    #[serde(deserialize_with = "or_default")]
    pub mime_type: String,
    pub text: Option<String>,
    /// By Firefox and some proxies: how the bytes are encoded in the text.
    #[serde(alias = "_encoding")]
    pub encoding: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub params: Vec<HarParam>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HarParam {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    pub value: Option<String>,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HarResponse {
    #[serde(deserialize_with = "or_default")]
    pub status: f64,
    #[serde(deserialize_with = "or_default")]
    pub status_text: String,
    #[serde(deserialize_with = "or_default")]
    pub http_version: String,
    #[serde(deserialize_with = "or_default")]
    pub headers: Vec<HarHeader>,
    #[serde(deserialize_with = "or_default")]
    pub content: HarContent,
    pub body_size: Option<f64>,
    /// By Chrome.
    #[serde(rename = "_error")]
    pub error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HarContent {
    pub text: Option<String>,
    pub encoding: Option<String>,
    pub size: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timings {
    pub blocked: Option<f64>,
    pub dns: Option<f64>,
    pub connect: Option<f64>,
    pub send: Option<f64>,
    pub wait: Option<f64>,
    pub receive: Option<f64>,
}

/// Null is the same as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What isn't as this version knows it isn't used.
fn lenient<'de, D: Deserializer<'de>, T: for<'a> Deserialize<'a>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl HarContent {
    /// Nothing where the archive doesn't have them.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        Some(decoded(self.text.as_ref()?, self.encoding.as_deref()))
    }
}

/// The bytes that are encoded in a text.
pub(super) fn decoded(text: &str, encoding: Option<&str>) -> Vec<u8> {
    if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64")) {
        return text.as_bytes().to_vec();
    }
    // Some programs leave out the padding, write lines, or use the alphabet for URLs.
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let packed: String = text.split_ascii_whitespace().collect();
    let alphabet = if packed.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, config).decode(packed).unwrap_or_else(|_| text.as_bytes().to_vec())
}

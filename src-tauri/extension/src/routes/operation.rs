//! A route as the request that the composer gets.

use serde_json::Value;

use super::{ApiDocument, entries, example::Examples, parameters::Parameters};
use porthole_http::exchange::{Body, Header, Param, Part, PartContent, Request};

/// One operation of a document.
#[derive(Debug)]
pub(super) struct Operation {
    method: String,
    path: String,
    /// The parameters of its path, then its own.
    parameters: Vec<Value>,
    operation: Value,
}

impl Operation {
    pub fn new(method: &str, path: &str, item: &Value, operation: &Value) -> Self {
        let lists = [&item["parameters"], &operation["parameters"]];
        let parameters = lists.iter().filter_map(|list| list.as_array()).flatten().cloned().collect();
        // Descriptions are long and not needed any more.
        let mut operation = operation.clone();
        if let Some(operation) = operation.as_object_mut() {
            operation.retain(|key, _| matches!(key.as_str(), "requestBody" | "consumes"));
        }
        Self { method: method.to_ascii_uppercase(), path: path.to_owned(), parameters, operation }
    }

    pub fn request(&self, document: &ApiDocument) -> Request {
        let examples = Examples::new(document);
        let parameters = Parameters::of(document, &self.parameters, &examples);
        let mut request = Request::new(self.method.as_str(), parameters.path(&document.base, &self.path));
        request.query = parameters.query;
        request.headers = parameters.headers;
        request.off = parameters.off;
        if let Some((media, body)) = parameters.body.or_else(|| self.body(document, &examples)) {
            let usual = body.content_type().unwrap_or_default();
            let is_usual = media.is_empty() || usual.split(';').next() == Some(media.as_str());
            if !is_usual {
                request.headers.push(Header { name: "Content-Type".to_owned(), value: media });
            }
            request.body = body;
        }
        request
    }

    /// The body of OpenAPI 3, with its media type.
    fn body(&self, document: &ApiDocument, examples: &Examples<'_>) -> Option<(String, Body)> {
        let content = &document.resolve(&self.operation["requestBody"])["content"];
        let rank = |media: &str| match media {
            "application/json" => 0,
            _ if is_json(media) => 1,
            "application/x-www-form-urlencoded" => 2,
            "multipart/form-data" => 3,
            _ if media.starts_with("text/") => 4,
            _ => 5,
        };
        let (media, kind) = entries(content).min_by_key(|(media, _)| rank(media))?;
        let media = super::shown(media);
        let example = examples.of_media(kind);
        let body = match media.as_str() {
            "application/x-www-form-urlencoded" => Body::Form { fields: fields(&example) },
            "multipart/form-data" => Body::Multipart { parts: parts(&example, examples.properties(&kind["schema"])) },
            _ if is_json(&media) => Body::Json { text: examples.text(&example) },
            _ if media.starts_with("text/") || media.contains("xml") || media.contains("yaml") => {
                Body::Text { text: plain(&example) }
            }
            _ => Body::File { path: String::new() },
        };
        Some((media, body))
    }
}

/// The path that all others are below: that of the first server, or `basePath`.
pub(super) fn base_of(root: &Value) -> String {
    if let Some(base) = root["basePath"].as_str() {
        return below(base);
    }
    let server = &root["servers"][0];
    let mut url = super::shown(server["url"].as_str().unwrap_or_default());
    for (name, variable) in entries(&server["variables"]) {
        let usual = variable["default"].as_str().unwrap_or_default();
        url = super::shown(&url.replace(&format!("{{{name}}}"), usual));
    }
    // Only its path counts: the target says where requests go.
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]).to_owned(),
        None => url,
    };
    below(path.split(['?', '#']).next().unwrap_or_default())
}

fn below(base: &str) -> String {
    let base = super::shown(base);
    let base = base.trim_matches('/');
    if base.is_empty() { String::new() } else { format!("/{base}") }
}

pub(super) fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    media == "application/json" || media.ends_with("+json") || media == "*/*"
}

/// A value as it is written in a form or a path.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn fields(example: &Value) -> Vec<Param> {
    entries(example).map(|(name, value)| Param { name: name.clone(), value: plain(value) }).collect()
}

/// Parts of a form; what the schema calls binary is a file that the user chooses.
pub(super) fn parts(example: &Value, properties: &Value) -> Vec<Part> {
    let part = |(name, value): (&String, &Value)| {
        let property = &properties[name.as_str()];
        let is_file = property["format"] == "binary" || property["type"] == "file";
        let content =
            if is_file { PartContent::File { path: String::new() } } else { PartContent::Text { text: plain(value) } };
        Part { name: name.clone(), content, filename: None, content_type: None }
    };
    entries(example).map(part).collect()
}

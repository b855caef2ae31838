//! An HTTPie line as a request.

use super::{
    super::Pasted,
    options::{Item, Options, table},
    unknown,
    url::{self, basic},
};
use crate::draft::Draft;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use porthole_base::error::Result;
use porthole_http::exchange::{Body, Header, Param, Part, PartContent, Request};

const KNOWN: &[&str] = &[
    "j:json f:form :multipart =raw a=auth A=auth-type F:follow =timeout =boundary =max-redirects",
    "v:verbose h:headers b:body p=print m:meta P=history-print o=output d:download c:continue q:quiet s=style",
    "=pretty :unsorted =format-options :stream :check-status I:ignore-stdin =verify =session =session-read-only",
    "=default-scheme :path-as-is x:compress S:all =proxy =ssl =cert =cert-key :offline =response-charset",
];

/// What separates the name of an item from its value, the longest first.
const SEPARATORS: [&str; 10] = [":=@", "==@", ":=", "==", "=@", ":@", "=", "@", ":", ";"];

pub(super) fn read(words: &[String]) -> Result<Pasted> {
    let known = table(KNOWN);
    let mut options = Options::new("http", &known, words);
    let (mut plain, mut notes) = (Vec::new(), Vec::new());
    let (mut form, mut multipart, mut follows) = (false, false, false);
    let (mut raw, mut auth, mut bearer, mut timeout) = (None, None, false, None);
    while let Some(item) = options.next()? {
        match item {
            Item::Word(word) => plain.push(word),
            Item::Option("form", _) => form = true,
            Item::Option("multipart", _) => (form, multipart) = (true, true),
            Item::Option("follow", _) => follows = true,
            Item::Option("raw", value) => raw = value,
            Item::Option("auth", value) => auth = value,
            Item::Option("auth-type", value) => bearer = value.as_deref() == Some("bearer"),
            Item::Option("timeout", value) => timeout = value,
            Item::Option("" | "json" | "path-as-is" | "ignore-stdin", _) => {}
            Item::Option(name, value) => {
                let value = value.map(|value| format!(" {value}")).unwrap_or_default();
                notes.push(format!("`--{name}{value}` has no effect here and is left out."));
            }
        }
    }
    let is_method = |word: &String| {
        !word.is_empty() && (word.bytes().all(|b| b.is_ascii_uppercase()) || word.eq_ignore_ascii_case("get"))
    };
    let method = plain.first().filter(|word| plain.len() > 1 && is_method(word)).cloned();
    let mut plain = plain.into_iter().skip(usize::from(method.is_some()));
    let Some(address) = plain.next() else {
        return Err(unknown("The line has no URL").hint("Paste the whole line, such as http :8080/path."));
    };
    let mut items = Items::default();
    plain.try_for_each(|item| items.add(&item))?;

    let mut address = url::read(&whole(&address), false)?;
    for Param { name, value } in &items.query {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        address.target.push(if address.target.contains('?') { '&' } else { '?' });
        address.target.push_str(&format!("{}={}", encode(name), encode(value)));
    }
    address.tell(&mut notes);
    let user = auth.or_else(|| address.user.clone());
    let body = items.body(raw, form, multipart)?;
    let mut request = Request::new(
        method.unwrap_or_else(|| if body == Body::None { "GET" } else { "POST" }.to_owned()),
        address.target,
    );
    request.headers = items.headers;
    if let Some(user) = user {
        let value = if bearer { format!("Bearer {user}") } else { basic(&user)? };
        request.headers.push(Header { name: "Authorization".into(), value });
    }
    request.body = body;
    request.follow_redirects = follows;
    request.timeout_ms =
        timeout.map(|given: String| super::curl::milliseconds("timeout", &given)).transpose()?.flatten();
    Ok(Pasted { composed: Draft::Request(request), notes })
}

/// An address without its shorthands: `:8080/path` and `/path` are on this machine.
fn whole(address: &str) -> String {
    let local = address.starts_with([':', '/']) && !address.starts_with("://");
    match address.strip_prefix(':') {
        Some(path) if path.starts_with('/') => format!("localhost{path}"),
        _ if local => format!("localhost{address}"),
        _ => address.strip_prefix("://").unwrap_or(address).to_owned(),
    }
}

/// What the items of a line say.
#[derive(Default)]
struct Items {
    headers: Vec<Header>,
    query: Vec<Param>,
    /// Names with their values, as JSON text.
    data: Vec<(String, Value)>,
    files: Vec<(String, String)>,
    body_file: Option<String>,
}

enum Value {
    Text(String),
    Json(String),
}

impl Items {
    fn add(&mut self, item: &str) -> Result<()> {
        let (name, separator, value) = split(item).ok_or_else(|| {
            unknown(format!("`{item}` isn't an item of a request")).hint("Write name=value or Name:value.")
        })?;
        let (name, text) = (name, value.to_owned());
        match separator {
            "==" => self.query.push(Param { name, value: text }),
            "=" => self.data.push((name, Value::Text(text))),
            ":=" => self.data.push((name, Value::Json(text))),
            "@" if name.is_empty() => self.body_file = Some(text),
            "@" => self.files.push((name, text)),
            ":" if text.is_empty() => {}
            ":" => self.headers.push(Header { name, value: text }),
            ";" => self.headers.push(Header { name, value: String::new() }),
            _ => return Err(unknown(format!("`{item}` reads a file")).hint("Paste the text instead.")),
        }
        Ok(())
    }

    fn body(&mut self, raw: Option<String>, form: bool, multipart: bool) -> Result<Body> {
        if let Some(text) = raw {
            return Ok(Body::Json { text });
        }
        if let Some(path) = self.body_file.take() {
            return Ok(Body::File { path });
        }
        let data = std::mem::take(&mut self.data);
        let text = |value: Value| match value {
            Value::Text(text) | Value::Json(text) => text,
        };
        if multipart || !self.files.is_empty() {
            let part = |name, content| Part { name, content, filename: None, content_type: None };
            let texts = data.into_iter().map(|(name, value)| part(name, PartContent::Text { text: text(value) }));
            let mut parts: Vec<Part> = texts.collect();
            for (name, path) in std::mem::take(&mut self.files) {
                let (path, content_type) = match path.split_once(";type=") {
                    Some((path, content_type)) => (path.to_owned(), Some(content_type.to_owned())),
                    None => (path, None),
                };
                parts.push(Part { content_type, ..part(name, PartContent::File { path }) });
            }
            return Ok(Body::Multipart { parts });
        }
        if data.is_empty() {
            return Ok(Body::None);
        }
        if form {
            let fields = data.into_iter().map(|(name, value)| Param { name, value: text(value) }).collect();
            return Ok(Body::Form { fields });
        }
        let mut members = Vec::new();
        for (name, value) in data {
            if name.contains('[') {
                return Err(unknown(format!("`{name}` is nested JSON, which isn't supported"))
                    .hint("Write the object with --raw."));
            }
            let value = match value {
                Value::Text(text) => serde_json::Value::from(text).to_string(),
                Value::Json(text) => text,
            };
            members.push(format!("{}: {value}", serde_json::Value::from(name)));
        }
        Ok(Body::Json { text: format!("{{{}}}", members.join(", ")) })
    }
}

/// Name, separator and value: the first separator that no backslash is before, and the longest one there.
fn split(item: &str) -> Option<(String, &'static str, &str)> {
    let mut name = String::new();
    let mut chars = item.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = item.get(at..).unwrap_or_default();
        if let Some(separator) = SEPARATORS.iter().find(|separator| rest.starts_with(**separator)) {
            return Some((name, separator, rest.get(separator.len()..).unwrap_or_default()));
        }
        match c {
            '\\' => match chars.next() {
                Some((_, next)) if "=:@;\\".contains(next) => name.push(next),
                Some((_, next)) => name.extend([c, next]),
                None => name.push(c),
            },
            c => name.push(c),
        }
    }
    None
}

//! A request as code on `ddClient`, current and deprecated: the methods are the same, their place differs.

use super::{
    Form, FormKind,
    javascript::{object, string},
    json,
    request_spec::{JSON, Payload, RequestSpec},
};
use porthole_http::exchange::{Request, Version};

/// On `ddClient.extension.vm.service`.
pub(super) fn current(asks: &RequestSpec<'_>) -> Form {
    form(FormKind::Current, "ddClient.extension.vm.service", asks)
}

/// On `window.ddClient.backend`.
pub(super) fn deprecated(asks: &RequestSpec<'_>) -> Form {
    form(FormKind::Deprecated, "window.ddClient.backend", asks)
}

fn form(kind: FormKind, place: &str, asks: &RequestSpec<'_>) -> Form {
    let mut notes = Vec::new();
    let data = match &asks.body {
        Payload::Nothing => None,
        Payload::Text { text, json: true } => Some(json::literal(text).unwrap_or_else(|why| {
            notes.push(format!("The body is passed as a string: {why}."));
            string(text)
        })),
        Payload::Text { text, json: false } => Some(string(text)),
        Payload::Parts(_) => {
            return Form::unsayable(kind, "The SDK can't send a multipart form: it sends only strings and objects.");
        }
        Payload::File(path) => {
            return Form::unsayable(
                kind,
                format!("The SDK can't send the file {path}: it sends only strings and objects."),
            );
        }
    };
    // An object is sent as JSON, with the header that says so.
    let says_json = data.as_ref().is_some_and(|data| data.starts_with(['{', '[']));
    let headers_go_by_themselves = asks.headers.is_empty() && (asks.content_type.is_none() || says_json);
    let call = function(asks, data.as_deref()).filter(|_| headers_go_by_themselves).unwrap_or_else(|| {
        let headers = if headers_go_by_themselves { Vec::new() } else { headers(asks, &mut notes) };
        let properties = [
            ("method".to_owned(), string(asks.method)),
            ("url".to_owned(), string(&asks.target)),
            ("headers".to_owned(), object(&headers)),
            ("data".to_owned(), data.clone().unwrap_or_else(|| "undefined".to_owned())),
        ];
        format!("request({})", object(&properties))
    });
    if says_json
        && let Payload::Text { text, .. } = &asks.body
        && is_spaced(text)
    {
        notes.push("The object is sent as the same JSON, without the original spaces and escapes.".into());
    }
    notes.extend(unsaid(asks));
    Form { kind, text: format!("const result = await {place}.{call};"), notes }
}

/// The function of the method, where the request is all that it can say.
fn function(asks: &RequestSpec<'_>, data: Option<&str>) -> Option<String> {
    let url = string(&asks.target);
    match (asks.method, data) {
        ("GET", None) => Some(format!("get({url})")),
        ("HEAD", None) => Some(format!("head({url})")),
        ("DELETE", None) => Some(format!("delete({url})")),
        (method @ ("POST" | "PUT" | "PATCH"), data) => {
            Some(format!("{}({url}, {})", method.to_ascii_lowercase(), data.unwrap_or("undefined")))
        }
        _ => None,
    }
}

/// The headers as properties; those of the same name are joined, as HTTP allows.
fn headers(asks: &RequestSpec<'_>, notes: &mut Vec<String>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for header in asks.all_headers() {
        match joined.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&header.name)) {
            Some((name, value)) => {
                let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
                *value = format!("{value}{separator}{}", header.value);
                notes.push(format!(
                    "{name} is set more than once. An object has each key once, so its values are joined."
                ));
            }
            None => joined.push((header.name, header.value)),
        }
    }
    notes.dedup();
    joined.into_iter().map(|(name, value)| (name, string(&value))).collect()
}

/// Whether the text holds more than `JSON.stringify` would write.
fn is_spaced(text: &str) -> bool {
    let mut in_string = false;
    let mut escaped = false;
    text.chars().any(|c| {
        let spare = if in_string { escaped && !"\"\\nrtbf".contains(c) } else { c.is_ascii_whitespace() };
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
        spare
    })
}

/// What is composed and cannot be said in any of these calls.
fn unsaid(asks: &RequestSpec<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if asks.body != Payload::Nothing && matches!(asks.method, "GET" | "HEAD") {
        notes.push(format!(
            "Whether a runtime sends the body of a {} request isn't documented; many HTTP clients drop it.",
            asks.method
        ));
    }
    if asks.version == Version::Http10 {
        notes.push("The SDK can't set the HTTP version: it uses HTTP/1.1.".into());
    }
    if asks.timeout_ms.is_some() || asks.connect_timeout_ms != Request::new("", "").connect_timeout_ms {
        notes.push("The SDK has no timeouts.".into());
    }
    if asks.follow_redirects {
        notes.push("The SDK has no option for redirects: each runtime's HTTP client follows them or not.".into());
    }
    if asks.headers.len() > 1 {
        notes.push("The runtime's HTTP client sets the order of the headers.".into());
    }
    let own = ["host", "content-length", "transfer-encoding", "connection", "expect"];
    for header in asks.headers.iter().filter(|header| own.contains(&header.name.to_ascii_lowercase().as_str())) {
        notes.push(format!("{} is set by the HTTP client: a runtime may send its own value.", header.name));
    }
    if asks.content_type == Some(JSON) && asks.body == Payload::Nothing {
        notes.push("An empty body is sent with a Content-Type.".into());
    }
    notes
}

//! When two requests are the same: method, path, query and body. Pure.

use percent_encoding::percent_decode_str;

use crate::compare::{json::Json, path::Step};
use porthole_http::exchange::{Body, Head, Request, body_bytes, target};

/// What takes the place of a multipart form's boundary, which clients choose at random.
const BOUNDARY: &str = "boundary";

/// What a request is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RequestKey {
    pub method: String,
    /// As on the request line.
    pub path: String,
    /// Decoded, by name. Parameters of one name are in the order in which they were sent.
    pub query: Vec<(String, String)>,
    pub body: BodyKey,
}

/// What a body is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum BodyKey {
    Bytes(Vec<u8>),
    /// JSON without blanks, its names in order.
    Json(String),
    /// The recorded body was in a file, or the one that was sent is too large to be compared: it isn't known.
    Unknown,
}

impl RequestKey {
    /// That of a request as it is on the wire.
    pub fn new(method: &str, target: &str, content_type: Option<&str>, body: Option<&[u8]>) -> Self {
        let (path, query) = split_target(target);
        let body = body.map_or(BodyKey::Unknown, |body| BodyKey::new(content_type, body));
        Self { method: method.to_owned(), path, query, body }
    }

    /// That of a recorded request; `sent` is its head on the wire, where that is known.
    pub fn of(request: &Request, sent: Option<&Head>) -> Self {
        let mut line = sent.map_or("", |head| head.start_line.as_str()).splitn(3, ' ');
        let (method, sent_target) = (line.next().filter(|method| !method.is_empty()), line.next());
        let method = method.unwrap_or(&request.method);
        let composed = || target(request).unwrap_or_else(|_| request.path.clone());
        let target = sent_target.map_or_else(composed, str::to_owned);
        // A redirect that changes the method drops the body.
        let body = match &request.body {
            _ if method != request.method => Some(Vec::new()),
            Body::Multipart { .. } => body_bytes(request, BOUNDARY),
            _ => body_bytes(request, ""),
        };
        Self::new(method, &target, None, body.as_deref())
    }

    /// The query as text.
    pub fn query_text(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

impl BodyKey {
    fn new(content_type: Option<&str>, bytes: &[u8]) -> Self {
        if let Some(boundary) = content_type.and_then(boundary_of) {
            return Self::Bytes(with_boundary(bytes, &boundary));
        }
        let json = std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with(['{', '[']));
        json.and_then(Json::read).map_or_else(|| Self::Bytes(bytes.to_vec()), |json| Self::Json(canonical(&json)))
    }

    /// As text, for a person.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Self::Json(text) => Some(text.clone()),
            Self::Unknown => None,
        }
    }
}

/// The path and the query of a request's target, which may have a scheme and a host before them.
fn split_target(target: &str) -> (String, Vec<(String, String)>) {
    let target = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
        _ => target,
    };
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect();
    pairs.sort_by(|(first, _), (second, _)| first.cmp(second));
    (path.to_owned(), pairs)
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The boundary of a multipart form.
fn boundary_of(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    boundary.filter(|boundary| !boundary.is_empty()).map(str::to_owned)
}

/// The same form with the boundary of all keys.
fn with_boundary(body: &[u8], boundary: &str) -> Vec<u8> {
    let (from, to) = (format!("--{boundary}"), format!("--{BOUNDARY}"));
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    for at in memchr::memmem::find_iter(body, from.as_bytes()) {
        let begun = body.len() - rest.len();
        out.extend_from_slice(&body[begun..at]);
        out.extend_from_slice(to.as_bytes());
        rest = &body[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// JSON without blanks, with the names of an object in order and strings in one way of writing. Numbers stay as written.
fn canonical(json: &Json<'_>) -> String {
    let mut text = String::new();
    write_canonical(json, &mut text);
    text
}

fn write_canonical(json: &Json<'_>, text: &mut String) {
    match json.raw().as_bytes().first() {
        Some(b'{') => {
            let mut members: Vec<(String, &Json<'_>)> = json
                .children()
                .filter_map(|(step, value)| match step {
                    Step::Name(name) => Some((name, value)),
                    Step::Index(_) => None,
                })
                .collect();
            members.sort_by(|(first, _), (second, _)| first.cmp(second));
            text.push('{');
            for (n, (name, value)) in members.into_iter().enumerate() {
                text.push_str(if n > 0 { "," } else { "" });
                text.push_str(&serde_json::Value::from(name).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Some(b'[') => {
            text.push('[');
            for (n, (_, value)) in json.children().enumerate() {
                text.push_str(if n > 0 { "," } else { "" });
                write_canonical(value, text);
            }
            text.push(']');
        }
        // A half of a surrogate pair stays as written.
        Some(b'"') => match serde_json::from_str::<String>(json.raw()) {
            Ok(string) => text.push_str(&serde_json::Value::from(string).to_string()),
            Err(_) => text.push_str(json.raw()),
        },
        _ => text.push_str(json.raw()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use porthole_http::exchange::{Param, Part, PartContent};

    fn get(target: &str) -> RequestKey {
        RequestKey::new("GET", target, None, Some(b""))
    }

    fn post(content_type: Option<&str>, body: &str) -> RequestKey {
        RequestKey::new("POST", "/x", content_type, Some(body.as_bytes()))
    }

    #[test]
    fn the_order_of_different_parameters_does_not_matter_and_their_encoding_neither() {
        assert_eq!(get("/a?x=1&y=a%20b"), get("/a?y=a+b&x=1"));
        assert_ne!(get("/a?x=1&x=2"), get("/a?x=2&x=1"));
        assert_ne!(get("/a?x"), get("/a"));
        assert_eq!(get("http://localhost:80/a?x=1"), get("/a?x=1"));
        assert_ne!(get("/a%2Fb"), get("/a/b"));
    }

    #[test]
    fn json_is_the_same_however_it_is_written_but_numbers_are_not_decoded() {
        assert_eq!(post(None, r#"{"a":[1, "é"],"b":2}"#), post(None, "{ \"b\": 2, \"a\": [1,\"\\u00e9\"]}\n"));
        assert_ne!(post(None, r#"{"a":1.0}"#), post(None, r#"{"a":1}"#));
        assert_ne!(post(None, r#"{"a":[1,2]}"#), post(None, r#"{"a":[2,1]}"#));
        assert_ne!(post(None, "{a}"), post(None, "{ a}"));
    }

    #[test]
    fn the_boundary_of_a_form_is_not_a_difference() {
        let content = PartContent::Text { text: "v".into() };
        let parts = vec![Part { name: "n".into(), content, filename: None, content_type: None }];
        let recorded = Request { body: Body::Multipart { parts }, ..Request::new("POST", "/x") };
        let sent = "--q7\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--q7--\r\n";
        assert_eq!(RequestKey::of(&recorded, None), post(Some("multipart/form-data; boundary=\"q7\""), sent));
        assert_ne!(RequestKey::of(&recorded, None), post(Some("multipart/form-data; boundary=q7"), "--q7--\r\n"));
    }

    #[test]
    fn what_was_sent_counts_and_not_what_was_composed() {
        let query = vec![Param { name: "q".into(), value: "a b".into() }];
        let request = Request { query, body: Body::Text { text: "x".into() }, ..Request::new("POST", "/a") };
        assert_eq!(RequestKey::of(&request, None), RequestKey::new("POST", "/a?q=a%20b", None, Some(b"x")));
        let head = Head { start_line: "GET /b HTTP/1.1".into(), headers: Vec::new() };
        assert_eq!(RequestKey::of(&request, Some(&head)), get("/b"));
        let file = Request { body: Body::File { path: "/tmp/f".into() }, ..Request::new("POST", "/a") };
        assert_eq!(RequestKey::of(&file, None).body, BodyKey::Unknown);
    }

    /// JSON values whose numbers are small integers.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            ".{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn blanks_never_matter_and_values_always_do(first in json(), second in json()) {
            let pretty = serde_json::to_string_pretty(&first).unwrap();
            let key = |text: &str| post(None, text);
            prop_assert_eq!(key(&format!("[{first}]")), key(&format!("[{pretty}]")));
            prop_assert_eq!(key(&format!("[{first}]")) == key(&format!("[{second}]")), first == second);
        }

        #[test]
        fn parameters_of_different_names_may_come_in_any_order(
            pairs in prop::collection::btree_map("[a-z]{1,3}", "[a-z0-9]{0,3}", 0..6), turn in 0usize..6,
        ) {
            let mut pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let before = get(&format!("/p?{}", pairs.join("&")));
            let turn = turn % pairs.len().max(1);
            pairs.rotate_left(turn);
            prop_assert_eq!(before, get(&format!("/p?{}", pairs.join("&"))));
        }

        #[test]
        fn nothing_in_a_request_makes_it_fail(
            target in ".{0,40}", kind in prop::option::of(".{0,30}"), body in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let key = RequestKey::new("POST", &target, kind.as_deref(), Some(&body));
            prop_assert_eq!(&key, &RequestKey::new("POST", &target, kind.as_deref(), Some(&body)));
        }
    }
}

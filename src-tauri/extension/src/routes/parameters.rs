//! The parameters of a route, by where they are sent.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    ApiDocument,
    example::Examples,
    operation::{fields, parts, plain},
};
use porthole_http::exchange::{Body, Header, OffRow, Param, RowList};

/// More than any real route has.
const MOST: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// Those of the path that have an example.
    path: Vec<(String, String)>,
    pub query: Vec<Param>,
    pub headers: Vec<Header>,
    /// Those that aren't required.
    pub off: Vec<OffRow>,
    /// The body of Swagger 2.0, with its media type.
    pub body: Option<(String, Body)>,
}

impl Parameters {
    pub fn of(document: &ApiDocument, all: &[Value], examples: &Examples<'_>) -> Self {
        let mut found = Self::default();
        let mut form = (json!({}), json!({}));
        for parameter in all.iter().take(MOST).map(|parameter| document.resolve(parameter)) {
            let Some(name) = parameter["name"].as_str().map(super::shown) else { continue };
            let required = parameter["required"] == Value::Bool(true);
            match parameter["in"].as_str().unwrap_or_default() {
                "path" => {
                    if let Some(value) = examples.given(parameter) {
                        found.path.push((name, plain(&value)));
                    }
                }
                "query" => found.query(name, &plain(&examples.of_parameter(parameter)), required),
                // These have their own places in the composer.
                "header" if ["accept", "content-type"].contains(&name.to_ascii_lowercase().as_str()) => {}
                "header" => found.header(name, plain(&examples.of_parameter(parameter)), required),
                "cookie" => {
                    let value = format!("{name}={}", plain(&examples.of_parameter(parameter)));
                    found.header("Cookie".to_owned(), value, required);
                }
                "body" => {
                    let example = examples.of_schema(&parameter["schema"]);
                    found.body = Some((String::new(), Body::Json { text: examples.text(&example) }));
                }
                "formData" => {
                    form.0[&name] = examples.of_parameter(parameter);
                    form.1[&name] = parameter.clone();
                }
                _ => {}
            }
        }
        if form.0.as_object().is_some_and(|fields| !fields.is_empty()) {
            let has_file = form.1.as_object().is_some_and(|all| all.values().any(|one| one["type"] == "file"));
            let body = if has_file {
                Body::Multipart { parts: parts(&form.0, &form.1) }
            } else {
                Body::Form { fields: fields(&form.0) }
            };
            found.body = Some((String::new(), body));
        }
        found
    }

    fn query(&mut self, name: String, value: &str, required: bool) {
        let at = (self.query.len() + self.off_in(RowList::Query)) as u32;
        if required {
            self.query.push(Param { name, value: value.to_owned() });
        } else {
            let name = format!("{}={}", encoded(&name), encoded(value));
            self.off.push(OffRow { list: RowList::Query, at, name, value: String::new() });
        }
    }

    fn header(&mut self, name: String, value: String, required: bool) {
        let at = (self.headers.len() + self.off_in(RowList::Headers)) as u32;
        if required {
            self.headers.push(Header { name, value });
        } else {
            self.off.push(OffRow { list: RowList::Headers, at, name, value });
        }
    }

    fn off_in(&self, list: RowList) -> usize {
        self.off.iter().filter(|row| row.list == list).count()
    }

    /// The path with the examples of its parameters; the others stay in braces.
    pub fn path(&self, base: &str, path: &str) -> String {
        let filled = self
            .path
            .iter()
            .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), &encoded(value)));
        super::shown(&format!("{base}{filled}"))
    }
}

/// What stays as it is in a path and a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PLAIN).into()
}

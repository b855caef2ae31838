//! The routes of a backend, as an OpenAPI document describes them: 3.x, or 2.0 under its name Swagger.
//!
//! A stranger wrote the document. It is read up to a size, its references are followed within it only and not deeply, and
//! an example that is made of it has a bounded number of values.

mod example;
mod find;
mod operation;
mod parameters;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::yaml;
pub use find::{AT_BACKEND, in_extension};
use operation::Operation;
use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::Request;

/// The most bytes of a document.
pub const LARGEST: u64 = 4 * 1024 * 1024;
/// The most routes that are listed.
const MOST_ROUTES: usize = 2_000;
/// The longest text that is shown of a document, in characters.
const LONGEST: usize = 300;
/// How many references are followed from one to the next.
const DEEPEST: usize = 16;
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What a document describes, to be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Routes {
    /// Tells this document from others that were read.
    pub document: u32,
    /// What the API is called.
    pub title: String,
    /// `OpenAPI 3.1.0`
    pub format: String,
    /// The file or the backend's path that it was read from.
    pub from: String,
    /// The routes by their first tag, in the order of the document.
    pub groups: Vec<RouteGroup>,
    /// How many more there are.
    pub left_out: u32,
}

/// Routes with the same tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RouteGroup {
    /// The tag; empty for routes without one.
    pub tag: String,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// A method and a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Route {
    /// Its place in the document.
    pub number: u32,
    /// In capitals.
    pub method: String,
    /// With the base path, and with its parameters in braces.
    pub path: String,
    /// One line about it; empty where the document has none.
    pub summary: String,
    /// It is to be avoided.
    pub deprecated: bool,
}

/// A document that was read.
#[derive(Debug)]
pub struct ApiDocument {
    root: Value,
    base: String,
    routes: Routes,
    operations: Vec<Operation>,
}

impl ApiDocument {
    /// Reads JSON or YAML. `from`: where it is from, as it is shown.
    ///
    /// # Errors
    /// [`Code::RoutesUnreadable`].
    pub fn read(text: &[u8], from: &str, document: u32) -> Result<Self> {
        let root = parse(text, from)?;
        // In YAML a version may be a number.
        let version = |key: &str| match &root[key] {
            Value::String(version) => Some(shown(version)),
            Value::Number(version) => Some(version.to_string()),
            _ => None,
        };
        let format = match (version("openapi"), version("swagger")) {
            (Some(version), _) if version.starts_with("3.") => format!("OpenAPI {version}"),
            (_, Some(version)) if version == "2.0" => "Swagger 2.0".to_owned(),
            (Some(version), _) | (None, Some(version)) => {
                return Err(unreadable(from, format!("version {version} isn't supported"))
                    .hint("Use OpenAPI 3.x or Swagger 2.0."));
            }
            (None, None) => {
                return Err(unreadable(from, "it has neither `openapi` nor `swagger`")
                    .hint("Choose an OpenAPI or Swagger document."));
            }
        };
        let title = shown(root["info"]["title"].as_str().unwrap_or_default());
        let base = operation::base_of(&root);
        let routes = Routes { document, title, format, from: from.to_owned(), groups: Vec::new(), left_out: 0 };
        let mut read = Self { root, base, routes, operations: Vec::new() };
        read.list();
        Ok(read)
    }

    /// What it describes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// A request for a route: its parameters and its body are filled with the examples of the document. A parameter of the
    /// path without one stays in braces.
    ///
    /// # Errors
    /// [`Code::RoutesNotFound`] where it has no such route.
    pub fn request(&self, number: u32) -> Result<Request> {
        let operation = self.operations.get(number as usize);
        let operation = operation.ok_or_else(|| Error::new(Code::RoutesNotFound, "The document has no such route"))?;
        Ok(operation.request(self))
    }

    fn list(&mut self) {
        let paths = self.root["paths"].as_object().cloned().unwrap_or_default();
        for (path, item) in &paths {
            let item = self.resolve(item).clone();
            for method in METHODS {
                let Some(operation) = item.get(method).filter(|operation| operation.is_object()) else { continue };
                if self.operations.len() >= MOST_ROUTES {
                    self.routes.left_out += 1;
                    continue;
                }
                let tag = operation["tags"][0].as_str().map(shown).unwrap_or_default();
                let words = [&operation["summary"], &operation["operationId"], &operation["description"]];
                let summary = words.iter().find_map(|text| text.as_str()).and_then(|text| text.lines().next());
                let route = Route {
                    number: self.operations.len() as u32,
                    method: method.to_ascii_uppercase(),
                    path: shown(&format!("{}{path}", self.base)),
                    summary: summary.map(shown).unwrap_or_default(),
                    deprecated: operation["deprecated"] == Value::Bool(true),
                };
                self.operations.push(Operation::new(method, path, &item, operation));
                match self.routes.groups.iter_mut().find(|group| group.tag == tag) {
                    Some(group) => group.routes.push(route),
                    None => self.routes.groups.push(RouteGroup { tag, routes: vec![route] }),
                }
            }
        }
    }

    /// What a reference names; the value itself where it is none, or leads nowhere.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut found = value;
        for _ in 0..DEEPEST {
            let Some(pointer) = found["$ref"].as_str().and_then(|text| text.strip_prefix('#')) else { break };
            let Some(next) = self.root.pointer(&percent_encoding::percent_decode_str(pointer).decode_utf8_lossy())
            else {
                break;
            };
            found = next;
        }
        found
    }
}

fn parse(text: &[u8], from: &str) -> Result<Value> {
    if text.len() as u64 > LARGEST {
        return Err(unreadable(from, format!("it is larger than {} MB", LARGEST / (1024 * 1024))));
    }
    let text = std::str::from_utf8(text).map_err(|_| unreadable(from, "it isn't valid UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| unreadable(from, "it isn't valid JSON").detail(error));
    }
    if text.trim_start().starts_with('<') {
        return Err(unreadable(from, "it is HTML or XML"));
    }
    yaml::bounded(text).map_err(|refused| {
        let (line, column) = refused.place;
        unreadable(from, "it isn't YAML that can be read").detail(format!("Line {line}, column {column}"))
    })?;
    match yaml::json(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(unreadable(from, "it isn't a mapping")),
    }
}

fn unreadable(from: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Code::RoutesUnreadable, format!("{} can't be read: {why}", shown(from)))
}

/// A text of the document, on one line and not too long.
fn shown(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(LONGEST).collect()
}

/// The entries of an object; none for any other value.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;

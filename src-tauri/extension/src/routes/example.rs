//! Examples of values: as the document gives them, else made of a schema.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use super::{ApiDocument, entries, schema::Schema};

/// The most values of an example.
const MOST: usize = 500;
/// The deepest nesting: a schema may contain itself.
const DEEPEST: usize = 8;
/// The longest body, in bytes.
const LONGEST: usize = 64 * 1024;

pub(super) struct Examples<'a> {
    document: &'a ApiDocument,
    made: Cell<usize>,
}

impl<'a> Examples<'a> {
    pub fn new(document: &'a ApiDocument) -> Self {
        Self { document, made: Cell::new(0) }
    }

    /// The example of a media type, or of its schema.
    pub fn of_media(&self, media: &Value) -> Value {
        self.stated(media).unwrap_or_else(|| self.of_schema(&media["schema"]))
    }

    /// The value of a parameter.
    pub fn of_parameter(&self, parameter: &Value) -> Value {
        self.given(parameter).unwrap_or_else(|| self.made(schema_of(parameter), 0))
    }

    /// The value that the document gives for a parameter, and that isn't made up.
    pub fn given(&self, parameter: &Value) -> Option<Value> {
        let schema = self.document.resolve(schema_of(parameter));
        self.stated(parameter).or_else(|| Schema(schema).given())
    }

    pub fn of_schema(&self, schema: &Value) -> Value {
        self.made(schema, 0)
    }

    /// The properties of an object's schema.
    pub fn properties(&self, schema: &'a Value) -> &'a Value {
        &self.document.resolve(schema)["properties"]
    }

    /// JSON as it is typed; empty where it would be too long.
    pub fn text(&self, value: &Value) -> String {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        if text.len() > LONGEST { String::new() } else { text }
    }

    /// `example`, or the first of `examples`.
    fn stated(&self, of: &Value) -> Option<Value> {
        let first = || Some(&self.document.resolve(entries(&of["examples"]).next()?.1)["value"]);
        let found = of.get("example").or_else(first)?;
        (found.to_string().len() <= LONGEST).then(|| found.clone())
    }

    fn made(&self, schema: &Value, depth: usize) -> Value {
        self.made.set(self.made.get() + 1);
        if depth > DEEPEST || self.made.get() > MOST {
            return Value::Null;
        }
        let schema = Schema(self.document.resolve(schema));
        if let Some(given) = schema.given().filter(|given| given.to_string().len() <= LONGEST) {
            return given;
        }
        if let Some(all) = schema.0["allOf"].as_array() {
            let mut whole = Map::new();
            for part in all {
                match self.made(part, depth + 1) {
                    Value::Object(part) => whole.extend(part),
                    other if all.len() == 1 => return other,
                    _ => {}
                }
            }
            self.object(schema, &mut whole, depth);
            return Value::Object(whole);
        }
        if let Some(first) = ["oneOf", "anyOf"].iter().find_map(|key| schema.0[*key].get(0)) {
            return self.made(first, depth + 1);
        }
        match schema.kind() {
            "object" => {
                let mut whole = Map::new();
                self.object(schema, &mut whole, depth);
                Value::Object(whole)
            }
            "array" if schema.0["items"].is_object() => json!([self.made(&schema.0["items"], depth + 1)]),
            "array" => json!([]),
            _ => schema.scalar(),
        }
    }

    fn object(&self, schema: Schema<'_>, whole: &mut Map<String, Value>, depth: usize) {
        for (name, property) in entries(&schema.0["properties"]) {
            if self.made.get() > MOST {
                return;
            }
            if self.document.resolve(property)["readOnly"] != Value::Bool(true) {
                whole.insert(name.clone(), self.made(property, depth + 1));
            }
        }
    }
}

/// OpenAPI 3 has a schema in a parameter, or in its media type; in Swagger 2.0 the parameter is one.
fn schema_of(parameter: &Value) -> &Value {
    let in_media = || entries(&parameter["content"]).next().and_then(|(_, media)| media.get("schema"));
    parameter.get("schema").or_else(in_media).unwrap_or(parameter)
}

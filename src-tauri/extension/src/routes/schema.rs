//! What a schema says of one value.

use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub(super) struct Schema<'a>(pub &'a Value);

impl Schema<'_> {
    /// A value that the schema itself has.
    pub fn given(self) -> Option<Value> {
        let schema = self.0;
        let one = schema.get("example").or_else(|| schema.get("const")).or_else(|| schema.get("default"));
        one.or_else(|| schema["examples"].get(0)).or_else(|| schema["enum"].get(0)).cloned()
    }

    /// Its type; in OpenAPI 3.1 the first of several that isn't `null`.
    pub fn kind(self) -> &'static str {
        let named = match &self.0["type"] {
            Value::String(kind) => kind.as_str(),
            Value::Array(kinds) => {
                kinds.iter().filter_map(|kind| kind.as_str()).find(|kind| *kind != "null").unwrap_or("")
            }
            _ => "",
        };
        const KINDS: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];
        KINDS.into_iter().find(|kind| *kind == named).unwrap_or(match self.0 {
            schema if schema["properties"].is_object() => "object",
            schema if schema["items"].is_object() => "array",
            _ => "",
        })
    }

    /// A value of a type without parts.
    pub fn scalar(self) -> Value {
        match self.kind() {
            "string" => json!(match self.0["format"].as_str().unwrap_or_default() {
                "date-time" => "2026-01-01T00:00:00Z",
                "date" => "2026-01-01",
                "time" => "00:00:00Z",
                "uuid" => "00000000-0000-0000-0000-000000000000",
                "email" => "user@example.com",
                "uri" | "url" => "https://example.com/",
                "hostname" => "example.com",
                "ipv4" => "127.0.0.1",
                "ipv6" => "::1",
                _ => "",
            }),
            "integer" | "number" => {
                self.0.get("minimum").filter(|least| least.is_number()).cloned().unwrap_or(json!(0))
            }
            "boolean" => json!(false),
            _ => Value::Null,
        }
    }
}

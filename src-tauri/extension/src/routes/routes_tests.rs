use super::*;
use porthole_http::exchange::{Body, PartContent, RowList};
use proptest::prelude::*;
use serde_json::json;

fn read(document: &Value) -> ApiDocument {
    ApiDocument::read(document.to_string().as_bytes(), "openapi.json", 1).unwrap()
}

fn petstore() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Pets\n" },
        "servers": [{ "url": "https://{host}/api/{v}/", "variables": { "host": { "default": "x" }, "v": { "default": "v2" } } }],
        "paths": {
            "/pets": {
                "get": {
                    "tags": ["pets"], "summary": "List pets\nall of them",
                    "parameters": [
                        { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1 } },
                        { "name": "kind", "in": "query", "required": true, "example": "a&b" },
                        { "name": "Accept", "in": "header" },
                        { "name": "X-Trace", "in": "header", "required": true, "schema": { "type": "string", "format": "uuid" } }
                    ]
                },
                "post": {
                    "tags": ["pets"], "deprecated": true,
                    "requestBody": { "$ref": "#/components/requestBodies/pet" }
                }
            },
            "/pets/{id}/photos/{size}": {
                "parameters": [{ "$ref": "#/components/parameters/id" }, { "name": "size", "in": "path", "required": true, "schema": { "enum": ["s m", "l"] } }],
                "put": { "requestBody": { "content": { "multipart/form-data": { "schema": {
                    "properties": { "file": { "type": "string", "format": "binary" }, "title": { "type": "string", "default": "t" } } } } } } }
            },
            "/tree": { "post": { "requestBody": { "content": { "application/vnd.x+json": { "schema": { "$ref": "#/components/schemas/node" } } } } } }
        },
        "components": {
            "parameters": { "id": { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } } },
            "requestBodies": { "pet": { "content": {
                "application/xml": {},
                "application/json": { "schema": { "allOf": [
                    { "properties": { "name": { "type": "string", "example": "Rex" }, "id": { "type": "integer", "readOnly": true } } },
                    { "type": "object", "properties": { "tags": { "type": "array", "items": { "type": ["null", "string"] } } } }
                ] } } } } },
            "schemas": { "node": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/node" }, "n": { "type": "number" } } } }
        }
    })
}

#[test]
fn routes_are_listed_by_tag_below_the_servers_path() {
    let read = read(&petstore());
    let routes = read.routes();
    assert_eq!((routes.title.as_str(), routes.format.as_str()), ("Pets", "OpenAPI 3.1.0"));
    let listed: Vec<String> = routes
        .groups
        .iter()
        .flat_map(|group| {
            group
                .routes
                .iter()
                .map(move |route| format!("{}|{} {}|{}", group.tag, route.method, route.path, route.summary))
        })
        .collect();
    assert_eq!(
        listed,
        [
            "pets|GET /api/v2/pets|List pets",
            "pets|POST /api/v2/pets|",
            "|PUT /api/v2/pets/{id}/photos/{size}|",
            "|POST /api/v2/tree|"
        ]
    );
    assert!(routes.groups[0].routes[1].deprecated);
}

#[test]
fn a_request_has_examples_and_optional_parameters_are_switched_off() {
    let read = read(&petstore());
    let list = read.request(0).unwrap();
    assert_eq!((list.method.as_str(), list.path.as_str()), ("GET", "/api/v2/pets"));
    assert_eq!((list.query[0].name.as_str(), list.query[0].value.as_str()), ("kind", "a&b"));
    assert_eq!((list.off[0].list, list.off[0].at, list.off[0].name.as_str()), (RowList::Query, 0, "limit=1"));
    assert_eq!(list.headers.len(), 1);
    assert_eq!(list.headers[0].value, "00000000-0000-0000-0000-000000000000");
    let Body::Json { text } = read.request(1).unwrap().body else { panic!("no JSON") };
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({ "name": "Rex", "tags": [""] }));
    let photo = read.request(2).unwrap();
    assert_eq!(photo.path, "/api/v2/pets/{id}/photos/s%20m");
    let Body::Multipart { parts } = photo.body else { panic!("no parts") };
    let file = parts.iter().find(|part| part.name == "file").unwrap();
    assert!(matches!(file.content, PartContent::File { .. }));
    // A schema that contains itself ends.
    let tree = read.request(3).unwrap();
    assert_eq!(tree.headers[0].value, "application/vnd.x+json");
    assert!(matches!(tree.body, Body::Json { text } if text.contains("\"next\": null")));
    assert_eq!(read.request(4).unwrap_err().code, Code::RoutesNotFound);
}

#[test]
fn swagger_2_and_yaml_are_read() {
    let text = "swagger: '2.0'\ninfo: {title: Old}\nbasePath: /v1/\npaths:\n  /login:\n    post:\n      parameters:\n        - {name: user, in: formData, type: string, default: me}\n  /items:\n    post:\n      parameters:\n        - {name: body, in: body, schema: {$ref: '#/definitions/item'}}\ndefinitions:\n  item: {type: object, properties: {on: {type: boolean}}}\n";
    let read = ApiDocument::read(text.as_bytes(), "swagger.yaml", 7).unwrap();
    assert_eq!((read.routes().format.as_str(), read.routes().document), ("Swagger 2.0", 7));
    let paths: Vec<&str> = read.routes().groups[0].routes.iter().map(|route| route.path.as_str()).collect();
    assert!(paths.contains(&"/v1/login") && paths.contains(&"/v1/items"), "{paths:?}");
    for number in 0..2 {
        match read.request(number).unwrap().body {
            Body::Form { fields } => assert_eq!((fields[0].name.as_str(), fields[0].value.as_str()), ("user", "me")),
            Body::Json { text } => assert!(text.contains("\"on\": false")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_no_document_is_refused_with_the_reason() {
    let refused = |text: &str| {
        let error = ApiDocument::read(text.as_bytes(), "x.json", 1).unwrap_err();
        assert_eq!(error.code, Code::RoutesUnreadable, "{text}");
        error.message
    };
    assert!(refused("{").contains("valid JSON"));
    assert!(refused("{}").contains("neither"));
    assert!(refused("{\"openapi\": \"4.0\"}").contains("version 4.0"));
    assert!(refused("<!doctype html>").contains("HTML"));
    assert!(refused("just words").contains("mapping"));
    assert!(refused(&"[".repeat(1000)).contains("YAML"));
    assert!(refused(&format!("{{\"a\":{}", "[".repeat(200_000))).contains("JSON"));
    assert!(refused(&" ".repeat(LARGEST as usize + 1)).contains("larger"));
    let not_text = ApiDocument::read(&[0xff, 0xfe], "x", 1).unwrap_err();
    assert!(not_text.message.contains("UTF-8"));
}

#[test]
fn references_that_lead_around_and_out_end() {
    let read = read(&json!({
        "openapi": "3.0.0",
        "paths": { "/a": { "post": { "requestBody": { "$ref": "#/components/x" }, "parameters": [{ "$ref": "other.yaml#/x" }] } } },
        "components": { "x": { "$ref": "#/components/y" }, "y": { "$ref": "#/components/x" } }
    }));
    assert_eq!(read.request(0).unwrap().body, Body::None);
}

#[test]
fn a_document_with_too_much_is_cut() {
    let paths: Map<String, Value> = (0..3_000).map(|n| (format!("/p{n}"), json!({ "get": {} }))).collect();
    let many = read(&json!({ "openapi": "3.0.0", "paths": paths }));
    assert_eq!((many.operations.len(), many.routes().left_out), (MOST_ROUTES, 1_000));
    let wide: Map<String, Value> = (0..5_000).map(|n| (format!("f{n}"), json!({ "type": "string" }))).collect();
    let schema = json!({ "type": "object", "properties": wide });
    let body = json!({ "content": { "application/json": { "schema": schema } } });
    let wide = read(&json!({ "openapi": "3.0.0", "paths": { "/w": { "post": { "requestBody": body } } } }));
    let Body::Json { text } = wide.request(0).unwrap().body else { panic!("no JSON") };
    assert!(text.lines().count() < 600, "{}", text.lines().count());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ApiDocument::read(&bytes, "x", 1);
    }

    #[test]
    fn any_values_in_a_document_are_read(words in prop::collection::vec("[a-z#/$]{0,6}", 12)) {
        let any = |n: usize| match n % 3 {
            0 => json!(words[n]),
            1 => json!([words[n]]),
            _ => json!({ words[n].clone(): words[n] }),
        };
        let document = json!({
            "openapi": "3.0.0", "servers": any(0), "basePath": any(1),
            "paths": { "/a": { "parameters": any(2), "post": { "tags": any(3), "parameters": [any(4), { "in": "query", "name": "q", "schema": any(5) }, { "in": words[6], "name": words[7] }], "requestBody": { "content": { "application/json": { "schema": any(8), "examples": any(9) }, "multipart/form-data": any(10) } } } } },
            "components": any(11)
        });
        let document = read(&document);
        for number in 0..document.operations.len() as u32 {
            let _ = document.request(number);
        }
    }
}

//! OpenAPI's schemas, what they say, and those that cannot be used.

use super::*;
use serde_json::json;

fn read(schema: &Value) -> ValuesSchema {
    ValuesSchema::read(schema, "the Package 'p'").unwrap()
}

fn refused(schema: &Value) -> String {
    ValuesSchema::read(schema, "the Package 'p'").unwrap_err().to_string()
}

fn misfits(schema: &Value, values: &Value) -> Vec<String> {
    let shown = |misfit: Misfit| format!("{}: {}", misfit.pointer, misfit.reason);
    read(schema).misfits(values).into_iter().map(shown).collect()
}

#[test]
fn openapi_is_understood() {
    let schema = json!({"type": "object", "properties": {
        "null": {"type": "string", "nullable": true, "enum": ["a", "b"]},
        "number": {"type": "integer", "minimum": 1, "exclusiveMinimum": true},
        "reference": {"$ref": "#/definitions/port", "nullable": true},
        "any": {"nullable": true}},
        "definitions": {"port": {"type": "integer", "maximum": 65535, "format": "int32"}}});
    let fits = |values: Value| misfits(&schema, &values).is_empty();
    assert!(fits(json!({"null": null, "number": 2, "reference": null, "any": null})));
    assert!(fits(json!({"null": "a", "reference": 80, "any": {"x": 1}})));
    for bad in [json!({"null": "c"}), json!({"number": 1}), json!({"reference": 65536}), json!({"number": null})] {
        assert!(!fits(bad.clone()), "{bad}");
    }
}

#[test]
fn values_are_not_told() {
    let schema = json!({"properties": {"password": {"type": "integer"}, "name": {"pattern": "^[a-z]+$"}}});
    let told = misfits(&schema, &json!({"password": "hunter2", "name": "Hunter2"})).join("\n");
    assert!(told.contains("/password: the value is not of type \"integer\""), "{told}");
    assert!(!told.to_lowercase().contains("hunter2"), "{told}");
}

#[test]
fn references_out_of_it_are_refused() {
    let outside = |reference: &str| refused(&json!({"properties": {"a": {"$ref": reference}}}));
    for reference in ["https://example.com/schema.json", "file:///etc/passwd", "other.yaml#/a", "//host/x"] {
        let text = outside(reference);
        assert!(text.contains("at '/properties/a/$ref': it refers to"), "{text}");
        assert!(text.contains("is not fetched"), "{text}");
    }
    assert!(outside("#/definitions/none").contains("which is not there"));
    assert!(refused(&json!({"properties": {"a": {"$ref": 3}}})).contains("its $ref is no text"));
}

#[test]
fn an_address_in_a_schema_moves_nothing() {
    let schema = json!({"$id": "https://example.com/x.json", "$schema": "https://example.com/none",
        "properties": {"a": {"id": "y", "$ref": "#/definitions/a"}}, "definitions": {"a": {"type": "string"}}});
    assert_eq!(misfits(&schema, &json!({"a": 1})).len(), 1);
}

#[test]
fn recursion_ends_and_multiplication_is_refused() {
    let schema = json!({"properties": {"tree": {"$ref": "#/definitions/node"}}, "definitions": {
        "node": {"type": "object", "properties": {"next": {"$ref": "#/definitions/node"}, "name": {"type": "string"}}}}});
    let found = read(&schema);
    assert!(found.root.at(["tree", "next"]).unwrap().is_recursive);
    assert_eq!(found.misfits(&json!({"tree": {"next": {"next": {"name": 1}}}})).len(), 1);
    let mut definitions = serde_json::Map::new();
    for level in 0..20 {
        let next = json!({"$ref": format!("#/definitions/l{}", level + 1)});
        definitions.insert(format!("l{level}"), json!({"properties": {"a": next, "b": next, "c": next}}));
    }
    definitions.insert("l20".to_owned(), json!({"type": "string"}));
    let laughs = json!({"$ref": "#/definitions/l0", "definitions": definitions});
    assert!(refused(&laughs).contains("more than 5000 properties"));
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (schema, place) in [
        (json!({"properties": {"a": {"type": "strnig"}}}), "/properties/a/type"),
        (json!({"properties": {"a": {"pattern": "["}}}), ""),
        (json!({"properties": []}), "/properties"),
        (json!({"required": "a"}), "/required"),
        (json!("text"), ""),
    ] {
        let text = refused(&schema);
        assert!(text.contains(place) && text.contains("cannot be used"), "{text}");
    }
    let mut deep = json!({"type": "string"});
    for _ in 0..100 {
        deep = json!({"properties": {"a": deep}});
    }
    assert!(refused(&deep).contains("nested more than 64 deep"));
}

#[test]
fn what_is_said_of_a_value() {
    let schema = json!({"properties": {
        "hosts": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string", "maxLength": 63}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "size": {"oneOf": [{"type": "string"}, {"type": "integer"}], "title": "How large"},
        "both": {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"b": {}}}]}}});
    let root = read(&schema).root;
    let at = |name: &str| root.at([name]).unwrap();
    assert_eq!((at("hosts").kind(), at("labels").kind()), ("list of object".into(), "map of string".into()));
    assert_eq!(at("hosts").rules, ["at least 1 items"]);
    assert_eq!(root.at(["hosts", "0", "name"]).unwrap().rules, ["at most 63 characters"]);
    assert_eq!(at("size").rules, ["exactly one of: string; integer"]);
    assert_eq!(at("size").description.as_deref(), Some("How large"));
    assert_eq!(at("both").properties.len(), 2);
    assert!(at("both").required.contains("a"));
}

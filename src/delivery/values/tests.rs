//! Defaults, given values, and what is refused.

use super::*;
use serde_json::json;

fn decided(schema: &Value, given: &Value) -> Decided {
    decide(&ValuesSchema::read(schema, "p").unwrap(), given).unwrap()
}

fn refused(schema: &Value, given: &Value) -> Error {
    decide(&ValuesSchema::read(schema, "p").unwrap(), given).unwrap_err()
}

fn app() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["workload_name", "hostname"], "properties": {
        "workload_name": {"type": "string", "default": ""},
        "hostname": {"type": "string"},
        "replicas": {"type": "integer", "default": 1, "minimum": 0},
        "issuer": {"type": "string"},
        "route": {"type": "string", "nullable": true, "default": null},
        "resources": {"type": "object", "additionalProperties": false, "properties": {
            "memory": {"type": "string", "default": "1Gi"}, "cpu": {"type": "string"}}},
        "extra": {"type": "object", "required": ["key"], "properties": {
            "key": {"type": "string"}, "size": {"type": "integer", "default": 3}}},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a"]}}})
}

#[test]
fn defaults_and_what_is_given() {
    let found = decided(&app(), &json!({"replicas": 3, "resources": {"cpu": "1"}, "tags": ["b", "c"]}));
    let expected = json!({"workload_name": "", "replicas": 3, "route": null, "tags": ["b", "c"],
        "resources": {"memory": "1Gi", "cpu": "1"}});
    assert_eq!(found.values, expected);
    assert_eq!(found.missing_paths(), ["hostname"]);
    assert_eq!(found.warnings, ["'workload_name' is required and its default is empty: give it a value"]);
}

#[test]
fn a_line_that_waits_to_be_filled_in_is_no_value() {
    let found =
        decided(&app(), &json!({"hostname": null, "resources": {"cpu": null}, "route": null, "replicas": null}));
    assert_eq!((found.missing_paths(), found.values["replicas"].clone()), (vec!["hostname".to_owned()], json!(1)));
}

#[test]
fn an_object_that_need_not_be_there_asks_for_nothing() {
    assert_eq!(decided(&app(), &json!({})).values.get("extra"), None);
    let found = decided(&app(), &json!({"extra": {"size": 4}, "hostname": "a", "workload_name": "b"}));
    assert_eq!(
        (found.values["extra"].clone(), found.missing_paths()),
        (json!({"size": 4}), vec!["extra.key".to_owned()])
    );
}

#[test]
fn what_does_not_fit_is_refused_with_path_and_reason_and_without_the_value() {
    let error = refused(&app(), &json!({"replicas": "hunter2", "resources": {"memroy": "hunter2"}, "tags": ["a", 7]}));
    let text = error.to_string();
    assert!(text.contains("does not fit") || text.contains("do not fit the Package's schema in 3 places:"), "{text}");
    assert!(text.contains("- replicas: the value is not of type \"integer\""), "{text}");
    assert!(text.contains("- resources.memroy: the schema does not know it, there are cpu and memory"), "{text}");
    assert!(text.contains("- tags[1]: the value is not of type \"string\""), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(error.hint_text(), Some("did you mean 'resources.memory'?"));
}

#[test]
fn a_default_of_the_wrong_type_is_not_used() {
    let schema = json!({"required": ["a"], "properties": {"a": {"type": "integer", "default": "two"},
        "b": {"type": "object", "default": {"c": 1}, "properties": {"c": {"type": "string"}}}}});
    let found = decided(&schema, &json!({}));
    assert_eq!(found.values, json!({}));
    assert_eq!(found.missing_paths(), ["a"]);
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
    assert!(found.warnings[0].starts_with("the default of 'a' is not used: the value is not of type"));
    let found = decided(&schema, &json!({"a": 1, "b": {"c": "x"}}));
    assert_eq!((found.values, found.warnings.len()), (json!({"a": 1, "b": {"c": "x"}}), 0));
}

#[test]
fn alternatives_wait_for_what_is_missing() {
    let schema = json!({"required": ["name"], "properties": {"name": {"type": "string"}, "a": {}, "b": {}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    assert_eq!(decided(&schema, &json!({})).warnings.len(), 1);
    assert!(refused(&schema, &json!({"name": "x"})).to_string().contains("oneOf"));
    assert!(decided(&schema, &json!({"name": "x", "a": 1})).warnings.is_empty());
}

#[test]
fn what_an_open_schema_does_not_know_is_told() {
    let schema = json!({"properties": {"replicas": {"type": "integer"}}});
    assert_eq!(
        decided(&schema, &json!({"replcas": 2})).warnings,
        ["the schema does not know 'replcas': did you mean 'replicas'?"]
    );
}

#[test]
fn paths() {
    assert_eq!(path("/a/b~1c/0/d.e"), "a.b/c[0].d\\.e");
    assert_eq!(child("/a", "b/~"), "/a/b~1~0");
}

proptest::proptest! {
    /// Whatever the defaults and the given values are: what comes out fits, or says what is missing.
    #[test]
    fn what_is_decided_fits(replicas in 0..9_u32, name in "[a-z]{0,4}", with_extra: bool, default in -2..4_i32) {
        let mut schema = app();
        schema["properties"]["replicas"]["default"] = json!(default);
        let mut given = json!({"replicas": replicas, "hostname": name});
        if with_extra {
            given["extra"] = json!({"key": name});
        }
        let schema = ValuesSchema::read(&schema, "p").unwrap();
        let found = decide(&schema, &given).unwrap();
        proptest::prop_assert!(found.missing.is_empty());
        proptest::prop_assert!(schema.misfits(&found.values).is_empty());
    }
}

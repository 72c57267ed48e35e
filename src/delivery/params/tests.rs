//! What stands in a params.yaml, and that it can be read again.

use super::*;
use crate::delivery::{typed_values::from_file, values::decide, values_schema::ValuesSchema};
use proptest::prelude::*;
use serde_json::json;

fn text(schema: &Value, given: &Value) -> (String, Decided) {
    let schema = ValuesSchema::read(schema, "p").unwrap();
    let decided = decide(&schema, given).unwrap();
    (commented(Some(&schema.root), &decided), decided)
}

#[test]
fn what_stands_above_a_value() {
    let schema = json!({"description": "All of it", "required": ["host"], "properties": {
        "host": {"type": "string", "description": "Where it is reached.\nWithout a scheme."},
        "issuer": {"type": "string", "nullable": true, "example": "letsencrypt"},
        "replicas": {"type": "integer", "default": 1, "minimum": 0},
        "ports": {"type": "array", "default": [], "items": {"type": "object", "required": ["port"], "properties": {
            "port": {"type": "integer", "description": "Its number"}, "name": {"type": "string"}}}},
        "resources": {"type": "object", "properties": {"cpu": {"type": "string"}}},
        "route": {"oneOf": [{"type": "string"}, {"type": "object", "title": "A route"}]}}});
    let (found, _) = text(&schema, &json!({"resources": {}}));
    let expected = "---\n# All of it\n\n\
        # Where it is reached.\n# Without a scheme.\n# string; required; no default\nhost: # REQUIRED: there is no default\n\n\
        # string; no default; may be null; for example \"letsencrypt\"\n#issuer: \"letsencrypt\"\n\n\
        # list of object; default []\n#   name: string; no default\n#   port: integer; required; no default - Its number\nports: []\n\n\
        # integer; default 1; at least 0\nreplicas: 1\n\n\
        # object\nresources: {}\n  # string; no default\n  #cpu: \"\"\n\n\
        # any; no default; exactly one of: string; A route\n#route: \"\"\n";
    assert_eq!(found, expected);
}

#[test]
fn lines_without_their_sign_are_yaml_that_fits() {
    let schema = json!({"properties": {"tls": {"type": "object", "properties": {
        "secret": {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}},
        "on": {"type": "boolean"}}}}});
    let (found, _) = text(&schema, &json!({}));
    let lines = found.lines().filter(|line| !line.starts_with("# object") && *line != "{}");
    let without: String = lines.map(|line| format!("{}\n", line.replacen('#', "", 1))).collect();
    let read: Value = serde_saphyr::from_str(&without).unwrap();
    assert_eq!(read, json!({"tls": {"secret": {"name": "", "size": 0}, "on": false}}), "{found}");
    assert_eq!(serde_saphyr::from_str::<Value>(&found).unwrap(), json!({}), "{found}");
}

#[test]
fn comments_stay_comments_whatever_is_said() {
    let evil = "a\nevil: 1\r\nb\u{2028}evil: 2\u{85}evil: 3\u{1b}[2J\u{202e}\n---\n...";
    let schema = json!({"description": evil, "properties": {"x": {"description": evil, "enum": [evil, "a"], "format": evil,
        "default": "a", "title": evil}, "y\nevil: 4": {"type": "string", "example": evil}}});
    let (found, decided) = text(&schema, &json!({}));
    assert_eq!(serde_saphyr::from_str::<Value>(&found).unwrap(), decided.values, "{found}");
    assert!(!found.contains(['\u{1b}', '\u{202e}', '\u{2028}', '\r']), "{found}");
    let (_, decided) = text(&json!({"properties": {}}), &json!({"evil": evil}));
    let secret = secret("s", "n", &commented(None, &decided));
    assert_eq!(from_file(&secret, "f").unwrap(), json!({"evil": evil}), "{secret}");
}

#[test]
fn ytt_sees_no_comment_of_ours() {
    let (found, _) = text(&json!({"properties": {"a": {"type": "string", "description": "x"}}}), &json!({}));
    let secret = secret("s", "n", &found);
    let outside = secret.lines().take_while(|line| !line.contains(KEY));
    assert!(outside.clone().all(|line| !line.contains('#')), "{secret}");
    assert_eq!(outside.count(), 8);
}

/// Schemas of all sorts, some of whose defaults do not fit.
fn any_schema() -> impl Strategy<Value = Value> {
    let name = "[a-z#:@ ]{1,4}";
    let leaf = (prop_oneof![Just("string"), Just("integer"), Just("boolean"), Just("array")], 0..5_u8, any::<bool>());
    let leaf = leaf.prop_map(|(kind, default, nullable)| {
        let mut schema = json!({"type": kind, "nullable": nullable, "description": "words: # of it"});
        let defaults = [json!("x\n y"), json!(7), json!(true), json!([{"a": ["b"]}])];
        if let Some(default) = defaults.get(usize::from(default)) {
            schema["default"] = default.clone();
        }
        schema
    });
    leaf.prop_recursive(3, 24, 4, move |inner| {
        (prop::collection::btree_map(name, (inner, any::<bool>()), 0..4), any::<bool>(), any::<bool>()).prop_map(
            |(properties, is_closed, nullable)| {
                let required: Vec<&String> =
                    properties.iter().filter(|(_, (_, must))| *must).map(|(name, _)| name).collect();
                let named: Map<String, Value> =
                    properties.iter().map(|(name, (schema, _))| (name.clone(), schema.clone())).collect();
                json!({"type": "object", "nullable": nullable, "additionalProperties": !is_closed,
                    "required": required, "properties": named})
            },
        )
    })
}

proptest! {
    /// Read again it is the defaults and what was given, and nothing where something must be given.
    #[test]
    fn what_is_written_is_what_was_decided(property in any_schema(), text in any::<String>()) {
        let schema = json!({"properties": {"p": property}, "required": ["p"]});
        let schema = ValuesSchema::read(&schema, "p").unwrap();
        let decided = decide(&schema, &json!({"given": {"text": text}})).unwrap();
        let secret = secret("s", "n", &commented(Some(&schema.root), &decided));
        let mut read = from_file(&secret, "params.yaml").unwrap();
        for pointer in &decided.missing {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let name = name.replace("~1", "/").replace("~0", "~");
            let removed = read.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(&name);
            prop_assert_eq!(removed, Some(Value::Null), "{}", secret);
        }
        prop_assert_eq!(&read, &decided.values, "{}", secret);
        if decided.missing.is_empty() {
            prop_assert!(schema.misfits(&read).is_empty(), "{}", secret);
        }
    }
}

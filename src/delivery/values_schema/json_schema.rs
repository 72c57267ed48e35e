//! OpenAPI v3's schemas as JSON Schema (draft 7).
//!
//! What differs: `nullable`, `exclusiveMinimum: true`, and identifiers that would move the place
//! from which references are followed.

use serde_json::{Map, Value, json};

/// Where something is wrong, as a JSON pointer into the schema, and what.
pub type Refusal = (String, String);

/// How deep schemas may be nested.
const MAX_DEPTH: usize = 64;
/// Keywords that would give a schema another address, or name another language.
const ADDRESSES: [&str; 8] =
    ["$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment", "discriminator"];
/// Keywords whose value is a schema for each name.
const BY_NAME: [&str; 5] = ["properties", "patternProperties", "definitions", "$defs", "schemas"];
/// Keywords whose value is a schema, or a list of them.
const SCHEMAS: [&str; 13] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
    "components",
];

/// Translates a schema.
///
/// # Errors
/// For a reference that leads out of the schema or to nothing, and for schemas that are too deep.
pub fn translate(schema: &Value) -> Result<Value, Refusal> {
    schema_at(schema, schema, "", 0)
}

/// What a reference within the schema refers to.
///
/// # Errors
/// For a reference that leads out of the schema or to nothing.
pub fn referred<'a>(root: &'a Value, reference: &Value, at: &str) -> Result<(&'a Value, String), Refusal> {
    let refuse = |what: String| Err((at.to_owned(), what));
    let Some(text) = reference.as_str() else { return refuse("its $ref is no text".to_owned()) };
    let Some(pointer) = text.strip_prefix('#') else {
        let text = text.escape_debug();
        return refuse(format!("it refers to '{text}': what stands outside of the schema is not fetched"));
    };
    match root.pointer(pointer) {
        Some(found) if found.is_object() || found.is_boolean() => Ok((found, pointer.to_owned())),
        _ => refuse(format!("it refers to '{}', which is not there", text.escape_debug())),
    }
}

fn schema_at(root: &Value, schema: &Value, at: &str, depth: usize) -> Result<Value, Refusal> {
    if depth > MAX_DEPTH {
        return Err((at.to_owned(), format!("its schemas are nested more than {MAX_DEPTH} deep")));
    }
    let Value::Object(fields) = schema else { return Ok(schema.clone()) };
    let mut translated = Map::new();
    for (key, value) in fields {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match (key.as_str(), value) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", reference) => {
                referred(root, reference, &at)?;
                translated.insert("$ref".to_owned(), reference.clone());
            }
            ("nullable", _) | ("id", Value::String(_)) | ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => {}
            (key, _) if ADDRESSES.contains(&key) => {}
            ("minimum", value) if fields.get("exclusiveMinimum") == Some(&Value::Bool(true)) => {
                translated.insert("exclusiveMinimum".to_owned(), value.clone());
            }
            ("maximum", value) if fields.get("exclusiveMaximum") == Some(&Value::Bool(true)) => {
                translated.insert("exclusiveMaximum".to_owned(), value.clone());
            }
            (name, Value::Object(named)) if BY_NAME.contains(&name) => {
                let of_name = |(name, value): (&String, &Value)| {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    Ok((name.clone(), schema_at(root, value, &at, depth + 1)?))
                };
                let named = named.iter().map(of_name).collect::<Result<Map<_, _>, Refusal>>()?;
                translated.insert(key.clone(), Value::Object(named));
            }
            (name, Value::Array(several)) if SCHEMAS.contains(&name) => {
                let one = |(index, value)| schema_at(root, value, &format!("{at}/{index}"), depth + 1);
                let several = several.iter().enumerate().map(one).collect::<Result<_, Refusal>>()?;
                translated.insert(key.clone(), Value::Array(several));
            }
            (name, one) if SCHEMAS.contains(&name) => {
                translated.insert(key.clone(), schema_at(root, one, &at, depth + 1)?);
            }
            (_, value) => {
                translated.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(if fields.get("nullable") == Some(&Value::Bool(true)) { or_null(translated) } else { Value::Object(translated) })
}

/// The same schema, which null fits as well.
fn or_null(mut schema: Map<String, Value>) -> Value {
    // An enum, alternatives or a reference would still refuse null, whatever the type says.
    let is_plain =
        !["$ref", "allOf", "anyOf", "oneOf", "not", "const", "enum"].iter().any(|key| schema.contains_key(*key));
    match schema.get_mut("type") {
        Some(Value::String(name)) if is_plain => {
            let types = json!([name.clone(), "null"]);
            schema.insert("type".to_owned(), types);
        }
        Some(Value::Array(names)) if is_plain => {
            if !names.contains(&json!("null")) {
                names.push(json!("null"));
            }
        }
        None if is_plain => {}
        _ => {
            // References are followed from the root, so what they lead to must stay where it is.
            let kept = ["definitions", "$defs", "components"].map(|key| (key, schema.get(key).cloned()));
            let mut either = json!({"anyOf": [{"type": "null"}, Value::Object(schema)]});
            if let Value::Object(fields) = &mut either {
                fields.extend(kept.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
            }
            return either;
        }
    }
    Value::Object(schema)
}

//! How two objects differ, field by field. Lists of named items are compared by name, so that an
//! item in the middle is one difference and not one for each item behind it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where it is: `spec.resources[app-config].templateRef.name`.
    pub path: String,
    /// The value before; none where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDifference {
    /// `kind.group/name`.
    pub object: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Each field that differs; none where that is not known, see `note`.
    pub fields: Vec<Difference>,
    /// What is to be said of the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Every difference between two values, in the order of their paths.
#[must_use]
pub fn between(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

/// An object without what the API server keeps: its status, and all metadata but labels and
/// annotations.
#[must_use]
pub fn intended(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.retain(|key, _| ["name", "namespace", "labels", "annotations"].contains(&key.as_str()));
    }
    object
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                compare(&child(path, key), before.get(key), after.get(key), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => match (by_name(before), by_name(after)) {
            (Some(before), Some(after)) => compare_named(path, &before, &after, found),
            _ => {
                for index in 0..before.len().max(after.len()) {
                    compare(&format!("{path}[{index}]"), before.get(index), after.get(index), found);
                }
            }
        },
        // An empty list or map and none at all mean the same to an API server.
        (Some(only), None) | (None, Some(only)) if is_empty(only) => {}
        (before, after) => {
            found.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

fn compare_named(path: &str, before: &Named<'_>, after: &Named<'_>, found: &mut Vec<Difference>) {
    let earlier = found.len();
    for (name, item) in before {
        let other = after.iter().find(|(other, _)| other == name).map(|(_, item)| *item);
        compare(&format!("{path}[{name}]"), Some(item), other, found);
    }
    for (name, item) in after {
        if !before.iter().any(|(other, _)| other == name) {
            compare(&format!("{path}[{name}]"), None, Some(item), found);
        }
    }
    let names = |list: &Named<'_>| Value::from(list.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    if earlier == found.len() && names(before) != names(after) {
        let path = format!("{path} (order)");
        found.push(Difference { path, before: Some(names(before)), after: Some(names(after)) });
    }
}

type Named<'a> = Vec<(&'a str, &'a Value)>;

/// The items with their names, where each has one of its own.
fn by_name(items: &[Value]) -> Option<Named<'_>> {
    let named: Option<Named<'_>> = items.iter().map(|item| Some((item["name"].as_str()?, item))).collect();
    let named = named.filter(|named| !named.is_empty())?;
    let unique: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
    (unique.len() == named.len()).then_some(named)
}

fn child(path: &str, key: &str) -> String {
    let key = if key.contains(['.', '/']) { format!("[{key}]") } else { key.to_owned() };
    match (path, key.starts_with('[')) {
        ("", _) => key,
        (path, true) => format!("{path}{key}"),
        (path, false) => format!("{path}.{key}"),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(before: &Value, after: &Value) -> Vec<String> {
        between(before, after).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn fields_by_their_path() {
        let before = json!({"spec": {"selector": {"a.b/c": "x", "gone": "1"}, "n": 1}});
        let after = json!({"spec": {"selector": {"a.b/c": "y"}, "n": 1, "new": true}});
        assert_eq!(paths(&before, &after), ["spec.new", "spec.selector[a.b/c]", "spec.selector.gone"]);
        assert!(between(&before, &before).is_empty());
        assert!(between(&json!({"a": {}}), &json!({})).is_empty());
    }

    #[test]
    fn named_items_by_their_name() {
        let before = json!({"resources": [{"name": "a", "x": 1}, {"name": "c"}]});
        let after = json!({"resources": [{"name": "a", "x": 2}, {"name": "b"}, {"name": "c"}]});
        assert_eq!(paths(&before, &after), ["resources[a].x", "resources[b]"]);
        let swapped = json!({"resources": [{"name": "c"}, {"name": "a", "x": 1}]});
        assert_eq!(paths(&before, &swapped), ["resources (order)"]);
        assert_eq!(paths(&json!([1, 2]), &json!([1, 3, 4])), ["[1]", "[2]"]);
    }

    #[test]
    fn what_the_api_server_keeps_is_no_difference() {
        let object = json!({"metadata": {"name": "a", "uid": "u", "labels": {"x": "1"}}, "status": {}, "spec": 1});
        assert_eq!(intended(&object), json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": 1}));
    }
}

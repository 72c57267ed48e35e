//! How a patch changes an object: as a merge patch (RFC 7386), as a JSON patch (RFC 6902, what the plugin uses of it), and
//! as server-side apply with force, where what a field manager applied before and does not any more goes.

use serde_json::{Map, Value};

/// A merge patch: null removes.
pub(super) fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(target) = object else { return };
    for (key, value) in fields {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// A JSON patch; fails where a path is missing or a test does not hold.
pub(super) fn json_patch(object: &mut Value, steps: &Value) -> Result<(), String> {
    for step in steps.as_array().into_iter().flatten() {
        let (op, path) = (step["op"].as_str().unwrap_or_default(), step["path"].as_str().unwrap_or_default());
        let (parent, last) = path.rsplit_once('/').ok_or("a path has no slash")?;
        let last = last.replace("~1", "/").replace("~0", "~");
        if op == "test" {
            if object.pointer(path).unwrap_or(&Value::Null) != &step["value"] {
                return Err(format!("testing value {path} failed"));
            }
            continue;
        }
        let place = object.pointer_mut(parent).ok_or_else(|| format!("the path {path} does not exist"))?;
        match (op, place) {
            ("add" | "replace", Value::Object(fields)) => {
                fields.insert(last, step["value"].clone());
            }
            ("remove", Value::Object(fields)) => {
                fields.remove(&last).ok_or_else(|| format!("the path {path} does not exist"))?;
            }
            ("add", Value::Array(items)) => {
                let index = last.parse().unwrap_or(items.len()).min(items.len());
                items.insert(index, step["value"].clone());
            }
            ("remove", Value::Array(items)) => {
                let index: usize = last.parse().map_err(|_| "an index is no number")?;
                if index >= items.len() {
                    return Err(format!("the path {path} does not exist"));
                }
                items.remove(index);
            }
            _ => return Err(format!("the operation '{op}' cannot be done at {path}")),
        }
    }
    Ok(())
}

/// Server-side apply. Lists are replaced as a whole: those that the plugin applies are atomic, or its own alone.
pub(super) fn apply(object: &mut Value, before: Option<&Value>, others: &[&Value], applied: &Value) {
    if let Some(before) = before {
        withdraw(object, before, others, applied);
    }
    lay(object, applied);
}

fn lay(object: &mut Value, applied: &Value) {
    match (&mut *object, applied) {
        (Value::Object(target), Value::Object(fields)) => {
            for (key, value) in fields {
                lay(target.entry(key).or_insert(Value::Null), value);
            }
        }
        _ => *object = applied.clone(),
    }
}

/// Removes what stands in `before`, but neither in `applied` nor in what others applied.
fn withdraw(object: &mut Value, before: &Value, others: &[&Value], applied: &Value) {
    let (Value::Object(target), Value::Object(former)) = (object, before) else { return };
    for (key, value) in former {
        let others: Vec<&Value> = others.iter().filter_map(|other| other.get(key)).collect();
        match applied.get(key) {
            Some(now) => {
                if let Some(inner) = target.get_mut(key) {
                    withdraw(inner, value, &others, now);
                }
            }
            None if others.is_empty() && !value.is_object() => {
                target.remove(key);
            }
            None => {
                if let Some(inner) = target.get_mut(key) {
                    withdraw(inner, value, &others, &Value::Null);
                    if others.is_empty() && inner.as_object().is_some_and(Map::is_empty) {
                        target.remove(key);
                    }
                }
            }
        }
    }
}

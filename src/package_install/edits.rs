//! What was edited live and will be put back: the difference between an object and what kapp
//! applied, which kapp keeps in an annotation of the object.
//!
//! A field that kapp did not send is an edit only if somebody else than kapp set it: the API server
//! fills in defaults under the name of whoever wrote the object, and records that name.

use serde_json::{Map, Value, json};

use super::{
    memory,
    ownership::{KAPP, KAPP_ORIGINAL},
    pausable::Pausable,
};
use crate::{
    diff::{self, Difference, ObjectDifference},
    kind::group_and_version,
};

/// Fills in status-like fields of others' objects on its own account.
const KUBERNETES: &str = "kube-controller-manager";

/// What will be put back in an object that an App deployed; none where nothing will.
#[must_use]
pub fn of(live: &Value) -> Option<ObjectDifference> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, _) = group_and_version(live);
    let kind = text(&live["kind"]).to_lowercase();
    let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
    let difference = |fields, note: Option<&str>| ObjectDifference {
        object: format!("{kind}/{}", text(&live["metadata"]["name"])),
        namespace: live["metadata"]["namespace"].as_str().map(str::to_owned),
        fields,
        note: note.map(str::to_owned),
    };
    match fields(live) {
        None => Some(difference(Vec::new(), Some("kapp left no original: whether it was edited is not known"))),
        Some(fields) if fields.is_empty() => None,
        Some(fields) => Some(difference(fields, None)),
    }
}

/// The fields that differ: before is as it is now, after as it will be.
fn fields(live: &Value) -> Option<Vec<Difference>> {
    let original = live["metadata"]["annotations"][KAPP_ORIGINAL].as_str()?;
    let original = without_kapp(&diff::intended(&serde_json::from_str(original).ok()?));
    let now = without_our_pause(&without_kapp(&diff::intended(live)), live);
    let edited = without_defaults(&now, &original, &set_by_others(live));
    let mut fields = diff::between(&edited, &original);
    if live["kind"] == "Secret" {
        for field in &mut fields {
            for value in [&mut field.before, &mut field.after].into_iter().flatten() {
                *value = json!("(not shown)");
            }
        }
    }
    Some(fields)
}

fn without_kapp(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["labels", "annotations"] {
        if let Some(Value::Object(entries)) = object.pointer_mut(&format!("/metadata/{field}")) {
            entries.retain(|key, _| !key.starts_with(KAPP));
        }
    }
    object
}

/// Our own pause of a child is no edit: resuming takes it away itself.
fn without_our_pause(now: &Value, live: &Value) -> Value {
    let mut now = now.clone();
    if let Some(Value::Object(annotations)) = now.pointer_mut("/metadata/annotations") {
        annotations.retain(|key, _| !memory::key::ALL.contains(&key.as_str()));
    }
    let pausable = live["kind"].as_str().and_then(Pausable::of_kind);
    if let Some(pausable) = pausable.filter(|_| memory::Memory::read(live).is_some())
        && let Some(Value::Object(spec)) = now.get_mut("spec")
    {
        spec.remove(pausable.field);
    }
    now
}

/// Leaves out what neither kapp nor anybody else set.
fn without_defaults(now: &Value, original: &Value, others: &Value) -> Value {
    match (now, original) {
        (Value::Object(now), Value::Object(original)) => {
            let kept = now.iter().filter_map(|(key, value)| {
                let theirs = &others[format!("f:{key}")];
                match original.get(key) {
                    Some(original) => Some((key.clone(), without_defaults(value, original, theirs))),
                    None if theirs.is_null() => None,
                    None => Some((key.clone(), value.clone())),
                }
            });
            Value::Object(kept.collect::<Map<String, Value>>())
        }
        (Value::Array(now), Value::Array(original)) => {
            let item = |item: &Value| {
                let name = item["name"].as_str()?;
                let same = original.iter().find(|other| other["name"] == name)?;
                let theirs = &others[format!("k:{}", json!({"name": name}))];
                Some(without_defaults(item, same, theirs))
            };
            // A list without names of its own, or one that is set as a whole, is compared as a whole.
            let is_whole = others.as_object().is_some_and(Map::is_empty);
            now.iter()
                .map(|one| if is_whole { one.clone() } else { item(one).unwrap_or_else(|| one.clone()) })
                .collect()
        }
        _ => now.clone(),
    }
}

/// The fields that somebody else than kapp set, in the API server's own notation (`f:spec`).
fn set_by_others(live: &Value) -> Value {
    let entries = live["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let original = format!("f:{KAPP_ORIGINAL}");
    let wrote_original = |entry: &Value| !entry["fieldsV1"]["f:metadata"]["f:annotations"][&original].is_null();
    let kapp: Vec<&Value> =
        entries.iter().filter(|entry| wrote_original(entry)).map(|entry| &entry["manager"]).collect();
    let is_other = |entry: &&Value| {
        !kapp.contains(&&entry["manager"]) && entry["manager"] != KUBERNETES && entry["subresource"].is_null()
    };
    let mut merged = json!({});
    for entry in entries.iter().filter(is_other) {
        merge(&mut merged, &entry["fieldsV1"]);
    }
    merged
}

fn merge(into: &mut Value, fields: &Value) {
    let (Value::Object(into), Value::Object(fields)) = (into, fields) else { return };
    for (key, value) in fields {
        merge(into.entry(key.clone()).or_insert_with(|| json!({})), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(spec: &Value, edited: &Value) -> Value {
        let original = json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain",
            "metadata": {"name": "c", "labels": {"kapp.k14s.io/app": "1", "x": "1"}},
            "spec": {"selector": {"a": "1"}, "resources": [{"name": "one", "n": 1}]}});
        json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "metadata": {"name": "c", "uid": "u",
            "labels": {"kapp.k14s.io/app": "1", "x": "1"},
            "annotations": {"kapp.k14s.io/original": original.to_string(), "kapp.k14s.io/identity": "i"},
            "managedFields": [
                {"manager": "kapp-controller", "fieldsV1": {"f:metadata": {"f:annotations": {"f:kapp.k14s.io/original": {}}},
                    "f:spec": {"f:default": {}, "f:resources": {}}}},
                {"manager": "kubectl-edit", "fieldsV1": {"f:spec": edited}},
            ]}, "spec": spec})
    }

    fn paths(live: &Value) -> Vec<String> {
        of(live).map(|difference| difference.fields.into_iter().map(|field| field.path).collect()).unwrap_or_default()
    }

    #[test]
    fn a_default_is_no_edit_and_an_addition_is() {
        let spec = json!({"selector": {"a": "1"}, "resources": [{"name": "one", "n": 1}], "default": true});
        assert_eq!(of(&live(&spec, &json!({}))), None);
        assert_eq!(paths(&live(&spec, &json!({"f:default": {}}))), ["spec.default"]);
    }

    #[test]
    fn what_was_changed_or_taken_away() {
        let spec = json!({"selector": {"a": "2"}, "resources": [{"name": "one", "n": 1}, {"name": "two"}]});
        assert_eq!(paths(&live(&spec, &json!({"f:resources": {}}))), ["spec.resources[two]", "spec.selector.a"]);
        assert_eq!(paths(&live(&json!({"selector": {"a": "1"}}), &json!({}))), ["spec.resources"]);
    }

    #[test]
    fn without_an_original_nothing_is_known() {
        let difference = of(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}})).unwrap();
        assert_eq!((difference.object.as_str(), difference.fields.len()), ("configmap/m", 0));
        assert!(difference.note.is_some());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let original = json!({"kind": "Secret", "data": {"a": "c2VjcmV0"}}).to_string();
        let live = json!({"kind": "Secret", "data": {"a": "b3RoZXI="}, "metadata": {"name": "s",
            "annotations": {"kapp.k14s.io/original": original}}});
        let shown = serde_json::to_string(&of(&live)).unwrap();
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("b3RoZXI") && shown.contains("data.a"), "{shown}");
    }

    #[test]
    fn our_own_pause_is_no_edit() {
        let original = json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
            "metadata": {"name": "p"}, "spec": {"x": 1}});
        let live = json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
            "spec": {"x": 1, "paused": true}, "metadata": {"name": "p", "annotations": {
                "kapp.k14s.io/original": original.to_string(), "kubectl-tapmc/paused-by": "a", "kubectl-tapmc/paused-at": "t"}}});
        assert_eq!(of(&live), None);
    }
}

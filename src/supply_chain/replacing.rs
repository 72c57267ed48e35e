//! What an object becomes when it is replaced as a whole, and when two of them say the same.

use serde_json::{Map, Value};

use super::{CHAIN, DELIVERY, GROUP, TEMPLATES};
use crate::{
    diff::{self, Difference},
    kind::group_and_version,
    package_install::ownership::KAPP,
    plan::OUR_ANNOTATIONS,
};

/// What kubectl apply remembers.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Labels and annotations that stay where the file does not speak of them: they belong to who
/// deployed the object, and without them it loses it.
const KEPT: [&str; 4] = [KAPP, "packaging.carvel.dev/", "ext.packaging.carvel.dev/", OUR_ANNOTATIONS];
/// What kapp writes onto each object that it deploys. In a file it is a copy from a cluster; there
/// kapp would take the object for its own, and delete it.
const STAMPED_BY_KAPP: [&str; 5] = [
    "kapp.k14s.io/app",
    "kapp.k14s.io/association",
    "kapp.k14s.io/identity",
    "kapp.k14s.io/original",
    "kapp.k14s.io/nonce",
];
/// Annotations that controllers put on what they look after.
const KEPT_BY_CONTROLLERS: [&str; 2] = ["deployment.kubernetes.io/", "pv.kubernetes.io/"];
/// Metadata that is the API server's.
const OF_THE_SERVER: [&str; 7] =
    ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "deletionTimestamp"];

/// The object to send, so that the live one becomes what is wanted: everything of what is wanted,
/// and of the live object what is not the wanted one's to say.
#[must_use]
pub fn replacement(wanted: &Value, live: Option<&Value>) -> Value {
    let mut object = wanted.clone();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    let nothing = Value::Null;
    let live_metadata = live.map_or(&nothing, |live| &live["metadata"]);
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
        for field in ["labels", "annotations"] {
            let kept = notes(metadata.get(field), &live_metadata[field], is_namespace(wanted));
            metadata.remove(field);
            if !kept.is_empty() {
                metadata.insert(field.to_owned(), Value::Object(kept));
            }
        }
        for field in ["ownerReferences", "finalizers"] {
            metadata.remove(field);
            if let Some(value) = live_metadata.get(field) {
                metadata.insert(field.to_owned(), value.clone());
            }
        }
    }
    if let Some(live) = live.filter(|_| wanted["kind"] == "ServiceAccount") {
        // Others add to these lists: what a file does not speak of stays.
        for field in ["secrets", "imagePullSecrets"] {
            if let (None, Some(value)) = (fields.get(field), live.get(field)) {
                fields.insert(field.to_owned(), value.clone());
            }
        }
    }
    object
}

/// Labels or annotations: the wanted ones, and those of the live object that stay.
fn notes(wanted: Option<&Value>, live: &Value, keep_all: bool) -> Map<String, Value> {
    let mut kept = wanted.and_then(Value::as_object).cloned().unwrap_or_default();
    kept.retain(|key, _| key != LAST_APPLIED && !is_stamped(key));
    for (key, value) in live.as_object().into_iter().flatten() {
        if is_stamped(key) {
            kept.insert(key.clone(), value.clone());
        } else if keep_all || is_kept(key) {
            kept.entry(key).or_insert_with(|| value.clone());
        }
    }
    kept
}

/// A Namespace's labels and annotations are everybody's: those of others stay.
#[must_use]
pub fn is_namespace(object: &Value) -> bool {
    object["apiVersion"] == "v1" && object["kind"] == "Namespace"
}

fn is_stamped(key: &str) -> bool {
    STAMPED_BY_KAPP.contains(&key) || key.starts_with("kapp.k14s.io/original-")
}

fn is_kept(key: &str) -> bool {
    KEPT.iter().any(|prefix| key.starts_with(prefix))
}

/// Does the object bear what kapp writes onto its own?
#[must_use]
pub fn bears_kapps_stamp(object: &Value) -> bool {
    let has =
        |field: &str| object["metadata"][field].as_object().is_some_and(|notes| notes.keys().any(|k| is_stamped(k)));
    has("labels") || has("annotations")
}

/// What an object says, for comparison: without the API server's fields and what other programs
/// note on it in passing.
#[must_use]
pub fn content(object: &Value) -> Value {
    let mut object = diff::intended(object);
    for field in ["labels", "annotations"] {
        let Some(Value::Object(notes)) = object["metadata"].get_mut(field) else { continue };
        let is_noise = |key: &str| {
            key == LAST_APPLIED
                || is_stamped(key)
                || is_kept(key)
                || KEPT_BY_CONTROLLERS.iter().any(|prefix| key.starts_with(prefix))
        };
        notes.retain(|key, _| !is_noise(key));
    }
    object
}

/// How two objects differ in what they say.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    diff::between(&content(before), &content(after))
}

/// In which order objects are written: what others refer to comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Namespaces.
    Namespaces,
    /// ServiceAccounts.
    Accounts,
    /// Roles and ClusterRoles.
    Roles,
    /// Their bindings.
    Bindings,
    /// Everything that is not Cartographer's.
    Rest,
    /// Cartographer's templates.
    Templates,
    /// Its chains and deliveries, which must become Ready.
    Chains,
    /// What selects a chain, and Runnables.
    Workloads,
}

/// When the object is written.
#[must_use]
pub fn stage(object: &Value) -> Stage {
    let (group, _) = group_and_version(object);
    match (group, object["kind"].as_str().unwrap_or_default()) {
        ("", "Namespace") => Stage::Namespaces,
        ("", "ServiceAccount") => Stage::Accounts,
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => Stage::Roles,
        ("rbac.authorization.k8s.io", _) => Stage::Bindings,
        (GROUP, "ClusterRunTemplate") => Stage::Templates,
        (GROUP, kind) if TEMPLATES.iter().any(|template| template.kind == kind) => Stage::Templates,
        (GROUP, kind) if [&CHAIN, &DELIVERY].iter().any(|chain| chain.kind == kind) => Stage::Chains,
        (GROUP, _) => Stage::Workloads,
        _ => Stage::Rest,
    }
}

/// Which programs, other than kubectl, kapp and this one, own fields that change.
#[must_use]
pub fn other_managers(live: &Value, changed: &[Difference]) -> Vec<(String, Vec<String>)> {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let theirs = entries.filter(|entry| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        !["kubectl", "kapp", "before-first-apply"].iter().any(|prefix| manager.starts_with(prefix))
            && entry["subresource"].as_str().unwrap_or_default().is_empty()
    });
    let owned = theirs.filter_map(|entry| {
        let fields = &entry["fieldsV1"];
        let owned = changed.iter().filter(|change| change.before.is_some() && owns(fields, &change.path));
        let paths: Vec<String> = owned.map(|change| change.path.clone()).collect();
        (!paths.is_empty()).then(|| (entry["manager"].as_str().unwrap_or_default().to_owned(), paths))
    });
    owned.collect()
}

/// Do the fields hold the path, or a leaf on the way to it?
fn owns(fields: &Value, path: &str) -> bool {
    let mut current = fields;
    for (segment, is_bracketed) in segments(path).filter(|_| !path.starts_with("metadata")) {
        let Some(own) = current.as_object() else { return false };
        if own.keys().all(|key| key == ".") {
            return current != fields;
        }
        // An item of a list is known by its name: `k:{"name":"x"}`.
        let is_item = |key: &str| key.starts_with("k:") && key.contains(&format!("\"{segment}\""));
        let inner = own.get(&format!("f:{segment}"));
        match inner.or_else(|| own.iter().find(|(key, _)| is_bracketed && is_item(key)).map(|(_, inner)| inner)) {
            Some(inner) => current = inner,
            None => return false,
        }
    }
    current != fields
}

/// The parts of a path such as `spec.resources[a.b].name`, and whether they stood in brackets.
fn segments(path: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let (segment, tail, is_bracketed) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').map(|(segment, tail)| (segment, tail, true))?,
            None if rest.is_empty() => return None,
            None => {
                let (segment, tail) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
                (segment, tail, false)
            }
        };
        rest = tail;
        Some((segment, is_bracketed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_the_files_to_say_is_the_live_objects() {
        let wanted = json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "status": {"x": 1}, "metadata": {
            "name": "a", "uid": "old", "resourceVersion": "1", "managedFields": [], "ownerReferences": [{"uid": "theirs"}],
            "labels": {"mine": "1", "kapp.k14s.io/app": "copied"},
            "annotations": {LAST_APPLIED: "{}", "kapp.k14s.io/change-group": "mine"}}, "spec": {"selector": {"a": "b"}}});
        let live = json!({"metadata": {"name": "a", "uid": "u", "finalizers": ["f"],
            "labels": {"theirs": "1", "kapp.k14s.io/app": "7"},
            "annotations": {"kapp.k14s.io/original": "{}", "kapp.k14s.io/change-group": "live", LAST_APPLIED: "{}",
                "packaging.carvel.dev/x": "y"}}});
        let new = json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "metadata": {"name": "a",
            "labels": {"mine": "1"}, "annotations": {"kapp.k14s.io/change-group": "mine"}}, "spec": {"selector": {"a": "b"}}});
        assert_eq!(replacement(&wanted, None), new);
        assert_eq!(
            replacement(&wanted, Some(&live))["metadata"],
            json!({"name": "a", "finalizers": ["f"], "labels": {"mine": "1", "kapp.k14s.io/app": "7"}, "annotations": {
                "kapp.k14s.io/original": "{}", "kapp.k14s.io/change-group": "mine", "packaging.carvel.dev/x": "y"}})
        );
        assert!(bears_kapps_stamp(&wanted) && !bears_kapps_stamp(&new));
        assert!(differences(&new, &replacement(&wanted, Some(&live))).is_empty());
    }

    #[test]
    fn what_others_add_to_accounts_and_namespaces_stays() {
        let live = json!({"kind": "ServiceAccount", "metadata": {"name": "a"}, "imagePullSecrets": [{"name": "x"}]});
        let wanted = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}});
        assert_eq!(replacement(&wanted, Some(&live))["imagePullSecrets"], live["imagePullSecrets"]);
        let live = json!({"metadata": {"name": "a", "labels": {"pod-security": "x"}}});
        let wanted = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"b": "c"}}});
        assert_eq!(replacement(&wanted, Some(&live))["metadata"]["labels"], json!({"pod-security": "x", "b": "c"}));
    }

    #[test]
    fn what_others_refer_to_comes_first() {
        let stage = |api: &str, kind: &str| stage(&json!({"apiVersion": api, "kind": kind}));
        let mut stages = [
            stage("carto.run/v1alpha1", "Workload"),
            stage("carto.run/v1alpha1", "ClusterSupplyChain"),
            stage("carto.run/v1alpha1", "ClusterRunTemplate"),
            stage("v1", "ConfigMap"),
            stage("rbac.authorization.k8s.io/v1", "RoleBinding"),
            stage("rbac.authorization.k8s.io/v1", "Role"),
            stage("v1", "ServiceAccount"),
            stage("v1", "Namespace"),
        ];
        stages.reverse();
        assert!(stages.is_sorted() && stages[0] == Stage::Namespaces && stages[7] == Stage::Workloads);
    }

    #[test]
    fn other_managers_of_what_changes_are_named() {
        let entry = |manager: &str, fields: Value| json!({"manager": manager, "fieldsV1": fields});
        let selector = json!({"f:spec": {"f:selector": {"f:type": {}, "f:a.b/c": {}}}});
        let live = json!({"metadata": {"managedFields": [entry("kubectl-client-side-apply", selector.clone()),
            entry("helm", selector), entry("argocd", json!({"f:spec": {"f:resources": {}}}))]}});
        let change = |path: &str| Difference { path: path.into(), before: Some(json!(1)), after: None };
        let named = |path: &str| other_managers(&live, &[change(path)]);
        assert_eq!(named("spec.selector.type"), [("helm".to_owned(), vec!["spec.selector.type".to_owned()])]);
        assert_eq!(named("spec.selector[a.b/c]")[0].0, "helm");
        assert_eq!(named("spec.resources[x].templateRef.name")[0].0, "argocd");
        assert!(named("spec.params").is_empty() && named("spec.selector.other").is_empty());
        assert!(named("metadata.labels.x").is_empty());
    }
}

//! The memory of a pause: who paused, when, why, and what the field said before.
//!
//! It stands in annotations that travel in the very patch that pauses, so that no crash can part
//! them. kapp takes annotations (and the pause) away from what it manages at its owner's next sync;
//! so the root of a pause, which nobody puts back, remembers each of its children as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::pausable::Pausable;
use crate::plan::FIELD_MANAGER;

/// The annotations of a pause.
pub mod key {
    /// Who paused it, as the cluster calls them.
    pub const BY: &str = "kubectl-tapmc/paused-by";
    /// When, RFC 3339.
    pub const AT: &str = "kubectl-tapmc/paused-at";
    /// Why.
    pub const REASON: &str = "kubectl-tapmc/paused-reason";
    /// What the field said before: `absent` or `false`.
    pub const FORMER: &str = "kubectl-tapmc/paused-former";
    /// `true` where it was paused only for what it owns.
    pub const FOR_CHILDREN: &str = "kubectl-tapmc/paused-for-children";
    /// On the root: the memory of each child, a JSON object by [`super::reference`].
    pub const CHILDREN: &str = "kubectl-tapmc/paused-children";
    /// All of them.
    pub const ALL: [&str; 6] = [BY, AT, REASON, FORMER, FOR_CHILDREN, CHILDREN];
}

/// What the field said before the pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Former {
    /// There was none.
    Absent,
    /// It said `false`.
    False,
}

/// Who paused, when, why, and what was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Who, as the cluster calls them.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What the field said before.
    pub former: Former,
    /// Was it paused only for what it owns, whose pause it would take away?
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub for_children: bool,
}

/// Somebody else's pause, as far as the API server recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The program that set the field: `kubectl-patch`, `kctrl`.
    pub manager: Option<String>,
    /// When, RFC 3339.
    pub at: Option<String>,
}

/// The pause of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// It is not paused.
    None,
    /// This plugin paused it.
    Ours(Memory),
    /// Somebody else did.
    Foreign(Foreign),
}

impl Memory {
    /// Of a pause of the object that begins now.
    #[must_use]
    pub fn begin(pausable: &Pausable, object: &Value, by: &str, at: &str, reason: Option<&str>) -> Self {
        let former = if object["spec"][pausable.field].is_null() { Former::Absent } else { Former::False };
        Self { by: by.to_owned(), at: at.to_owned(), reason: reason.map(str::to_owned), former, for_children: false }
    }

    /// As the object itself says it.
    #[must_use]
    pub fn read(object: &Value) -> Option<Self> {
        let annotation = |key: &str| object["metadata"]["annotations"][key].as_str();
        Some(Self {
            by: annotation(key::BY)?.to_owned(),
            at: annotation(key::AT)?.to_owned(),
            reason: annotation(key::REASON).map(str::to_owned),
            former: if annotation(key::FORMER) == Some("false") { Former::False } else { Former::Absent },
            for_children: annotation(key::FOR_CHILDREN) == Some("true"),
        })
    }

    /// As people read it: `paused by alice at …: why`.
    #[must_use]
    pub fn describe(&self) -> String {
        let why = self.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        format!("paused by {} at {}{why}", self.by, self.at)
    }

    fn annotations(&self) -> Map<String, Value> {
        let former = match self.former {
            Former::Absent => "absent",
            Former::False => "false",
        };
        Map::from_iter([
            (key::BY.to_owned(), json!(self.by)),
            (key::AT.to_owned(), json!(self.at)),
            // Null takes away what an earlier pause left.
            (key::REASON.to_owned(), json!(self.reason)),
            (key::FORMER.to_owned(), json!(former)),
            (key::FOR_CHILDREN.to_owned(), json!(self.for_children.then_some("true"))),
        ])
    }
}

/// How the root refers to a child: `PackageInstall/tap-install/ootb-templates`.
#[must_use]
pub fn reference(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    [&object["kind"], &metadata["namespace"], &metadata["name"]].map(text).join("/")
}

/// What a root remembers of its children, by their [`reference`].
#[must_use]
pub fn children(root: &Value) -> BTreeMap<String, Memory> {
    let text = root["metadata"]["annotations"][key::CHILDREN].as_str();
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The merge patch that pauses an object and remembers it; nothing but the children where it is
/// paused already.
#[must_use]
pub fn pause_patch(pausable: &Pausable, memory: Option<&Memory>, children: &BTreeMap<String, Memory>) -> Value {
    let mut annotations = memory.map(Memory::annotations).unwrap_or_default();
    if !children.is_empty() {
        annotations.insert(key::CHILDREN.to_owned(), json!(serde_json::to_string(children).unwrap_or_default()));
    }
    let mut patch = json!({"metadata": {"annotations": annotations}});
    if memory.is_some() {
        patch["spec"] = json!({pausable.field: true});
    }
    patch
}

/// The merge patch that puts the former state back and forgets the pause, but for these children.
#[must_use]
pub fn resume_patch(pausable: &Pausable, memory: Option<&Memory>, left: &BTreeMap<String, Memory>) -> Value {
    let mut patch = forget_patch(left);
    for key in [key::BY, key::AT, key::REASON, key::FORMER, key::FOR_CHILDREN] {
        patch["metadata"]["annotations"][key] = Value::Null;
    }
    let former = memory.map_or(Former::Absent, |memory| memory.former);
    patch["spec"] = json!({pausable.field: match former {
        Former::Absent => Value::Null,
        Former::False => json!(false),
    }});
    patch
}

/// The merge patch after which a root remembers these children alone.
#[must_use]
pub fn forget_patch(left: &BTreeMap<String, Memory>) -> Value {
    let children = if left.is_empty() { Value::Null } else { json!(serde_json::to_string(left).unwrap_or_default()) };
    json!({"metadata": {"annotations": {key::CHILDREN: children}}})
}

/// Whose pause it is. Ours only where our field manager set the field: an annotation alone may be
/// left over from a pause that somebody lifted and another began.
#[must_use]
pub fn pause_of(pausable: &Pausable, object: &Value, remembered: Option<&Memory>) -> Pause {
    if !pausable.is_paused(object) {
        return Pause::None;
    }
    let managers = managers_of(pausable, object);
    let is_ours = managers.iter().any(|(manager, _)| manager == FIELD_MANAGER);
    match Memory::read(object).or_else(|| remembered.cloned()) {
        // A server that was asked to forget its managers leaves the annotation to be believed.
        Some(memory) if is_ours || (managers.is_empty() && Memory::read(object).is_some()) => Pause::Ours(memory),
        _ => {
            let (manager, at) = managers.into_iter().next().unzip();
            Pause::Foreign(Foreign { manager, at: at.flatten() })
        }
    }
}

/// Who set the field, and when: the API server's own record.
fn managers_of(pausable: &Pausable, object: &Value) -> Vec<(String, Option<String>)> {
    let field = format!("f:{}", pausable.field);
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let owns = entries.filter(|entry| !entry["fieldsV1"]["f:spec"][&field].is_null());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    owns.filter_map(|entry| Some((text(&entry["manager"])?, text(&entry["time"])))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pausable() -> &'static Pausable {
        Pausable::of_kind("PackageInstall").unwrap()
    }

    fn object(spec: &Value, annotations: &Value, manager: &str) -> Value {
        json!({"kind": "PackageInstall", "spec": spec, "metadata": {"namespace": "n", "name": "tap", "annotations": annotations,
            "managedFields": [{"manager": manager, "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:paused": {}}}}]}})
    }

    /// As the API server carries out a merge patch.
    fn merge(target: &mut Value, patch: &Value) {
        let Value::Object(fields) = patch else { return *target = patch.clone() };
        if !target.is_object() {
            *target = json!({});
        }
        for (key, value) in fields {
            if value.is_null() {
                target.as_object_mut().unwrap().remove(key);
            } else {
                merge(&mut target[key], value);
            }
        }
    }

    #[test]
    fn pausing_and_resuming_leaves_nothing() {
        for spec in [json!({}), json!({"paused": false})] {
            let before = object(&spec, &json!({"theirs": "x"}), FIELD_MANAGER);
            let memory = Memory::begin(pausable(), &before, "alice", "2026-01-01T00:00:00Z", Some("live edit"));
            let children = BTreeMap::from([("PackageInstall/n/basic".to_owned(), memory.clone())]);
            let mut paused = before.clone();
            merge(&mut paused, &pause_patch(pausable(), Some(&memory), &children));
            assert_eq!(pause_of(pausable(), &paused, None), Pause::Ours(memory.clone()));
            assert_eq!(super::children(&paused), children);
            let mut resumed = paused;
            merge(&mut resumed, &resume_patch(pausable(), Some(&memory), &BTreeMap::new()));
            assert_eq!(resumed, before);
        }
    }

    #[test]
    fn somebody_elses_pause_is_not_ours() {
        let annotations = json!({key::BY: "alice", key::AT: "then", key::FORMER: "absent"});
        let theirs = object(&json!({"paused": true}), &annotations, "kubectl-patch");
        let foreign = Foreign { manager: Some("kubectl-patch".into()), at: Some("2026-01-01T00:00:00Z".into()) };
        assert_eq!(pause_of(pausable(), &theirs, None), Pause::Foreign(foreign));
        assert_eq!(pause_of(pausable(), &object(&json!({}), &annotations, FIELD_MANAGER), None), Pause::None);
    }

    #[test]
    fn the_root_remembers_for_a_child_that_lost_its_annotations() {
        let child = object(&json!({"paused": true}), &json!({}), FIELD_MANAGER);
        assert!(matches!(pause_of(pausable(), &child, None), Pause::Foreign(_)));
        let memory =
            Memory { by: "alice".into(), at: "then".into(), reason: None, former: Former::False, for_children: false };
        assert_eq!(pause_of(pausable(), &child, Some(&memory)), Pause::Ours(memory));
        assert_eq!(reference(&child), "PackageInstall/n/tap");
    }
}

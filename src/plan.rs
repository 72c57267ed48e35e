//! A plan as a value: the objects that would be made, changed, kept or deleted, each on its
//! cluster. It can be shown, confirmed, applied and tested without a cluster.

use std::fmt;

use k8s_openapi::Resource;
use serde::Serialize;
use serde_json::Value;

use crate::diff::ObjectDifference;

/// The one field manager of everything that this plugin writes.
pub const FIELD_MANAGER: &str = "kubectl-tapmc";
/// Every annotation of ours begins so.
pub const OUR_ANNOTATIONS: &str = "kubectl-tapmc/";

/// One of the two clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The cluster that delivers.
    Build,
    /// The cluster that is delivered to.
    Run,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Build => "build",
            Self::Run => "run",
        })
    }
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It does not exist yet.
    Create,
    /// It exists and differs.
    Update,
    /// It exists, differs in what cannot be changed, and is deleted and made anew.
    Replace,
    /// It is as it should be: nothing is sent.
    Keep,
    /// It is no longer wanted.
    Delete,
    /// Its controller is told to leave it alone.
    Pause,
    /// Its controller may go on.
    Resume,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Delete => "delete",
            Self::Pause => "pause",
            Self::Resume => "resume",
        })
    }
}

/// An object as it is sent: where it stands in the API and its body.
///
/// Its `Debug` shows the name alone: the body may be a Secret's.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version in that group.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The resource in URLs: the kind in lower-case plural.
    pub plural: String,
    /// The namespace; none for cluster-wide kinds.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The whole object as JSON.
    pub body: Value,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display_name())
    }
}

impl Manifest {
    /// Makes a manifest of a typed object.
    #[must_use]
    pub fn new<K: Resource + Serialize>(object: &K) -> Self {
        let body = serde_json::to_value(object).unwrap_or_default();
        let metadata = |field: &str| body["metadata"][field].as_str().map(str::to_owned);
        Self {
            group: K::GROUP.to_owned(),
            version: K::VERSION.to_owned(),
            kind: K::KIND.to_owned(),
            plural: K::URL_PATH_SEGMENT.to_owned(),
            namespace: metadata("namespace"),
            name: metadata("name").unwrap_or_default(),
            body,
        }
    }

    /// The whole object, which says itself what it is.
    #[must_use]
    pub fn into_object(self) -> Value {
        let mut body = self.body;
        let api_version = if self.group.is_empty() { self.version } else { format!("{}/{}", self.group, self.version) };
        if let Value::Object(fields) = &mut body {
            fields.insert("apiVersion".to_owned(), api_version.into());
            fields.insert("kind".to_owned(), self.kind.into());
        }
        body
    }

    /// `kind.group/name` in lower case, as kubectl prints it.
    #[must_use]
    pub fn display_name(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.group.as_str() {
            "" => format!("{kind}/{}", self.name),
            group => format!("{kind}.{group}/{}", self.name),
        }
    }

    /// Is this the object of that kind, namespace and name?
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (&self.group, &self.kind, &self.namespace, &self.name)
            == (&other.group, &other.kind, &other.namespace, &other.name)
    }

    /// Fills in the UID of the owner, where the manifest has one that was not known when it was
    /// planned.
    pub fn set_owner_uid(&mut self, uid: &str) {
        if let Some(owner) = self.body.pointer_mut("/metadata/ownerReferences/0/uid").filter(|owner| *owner == "") {
            *owner = Value::from(uid);
        }
    }
}

/// One object and what happens to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What happens.
    pub op: Op,
    /// On which cluster.
    pub side: Side,
    /// The object as it should be; for a deletion, as it was observed.
    pub manifest: Manifest,
    /// The UID of the observed object: what is deleted or changed must still be the same one.
    pub uid: Option<String>,
    /// The observed resourceVersion, where a change in between must be noticed.
    pub resource_version: Option<String>,
    /// Why, where that is not plain.
    pub why: Option<String>,
}

/// A resourceVersion that no object has any more: applied with it, an object is made where there is none, and one that
/// came to be meanwhile is a conflict (measured; the API documents the latter only).
pub const NOT_THERE: &str = "1";

impl Change {
    /// A change of an object that was not there.
    #[must_use]
    pub fn create(side: Side, manifest: Manifest) -> Self {
        Self { op: Op::Create, side, manifest, uid: None, resource_version: None, why: None }
    }

    /// The deletion of an observed object.
    #[must_use]
    pub fn delete(side: Side, manifest: Manifest, why: impl Into<String>) -> Self {
        let uid = manifest.body["metadata"]["uid"].as_str().map(str::to_owned);
        Self { op: Op::Delete, side, manifest, uid, resource_version: None, why: Some(why.into()) }
    }

    /// Compares what should be with what was observed.
    #[must_use]
    pub fn between(side: Side, desired: Manifest, observed: Option<&Value>) -> Self {
        let Some(observed) = observed else { return Self::create(side, desired) };
        let immutable = |field: &str| desired.body.get(field).is_some_and(|value| observed.get(field) != Some(value));
        let op = if immutable("roleRef") {
            Op::Replace
        } else if contains(observed, &desired.body) && !has_stale_annotation(observed, &desired.body) {
            Op::Keep
        } else {
            Op::Update
        };
        let uid = observed["metadata"]["uid"].as_str().map(str::to_owned);
        let why = (op == Op::Replace).then(|| "its roleRef cannot be changed".to_owned());
        Self { op, side, manifest: desired, uid, resource_version: None, why }
    }

    /// With a reason, which is shown in the plan.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }
}

/// The changes of one verb on one cluster, as they are shown before they are made.
#[derive(Debug, Clone)]
pub struct ChangesPlan {
    /// What it is about: `pause the supply chain`.
    pub title: String,
    /// Where: `build cluster  context 'build'`, a line each.
    pub places: Vec<String>,
    /// The changes in their order.
    pub changes: Vec<Change>,
    /// What the differences are, where that is not plain.
    pub heading: Option<String>,
    /// How objects differ, where that is to be seen before a decision.
    pub differences: Vec<ObjectDifference>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl ChangesPlan {
    /// How many changes there are that change something.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.iter().filter(|change| change.op != Op::Keep).count()
    }

    /// Is there nothing to change?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Does the observed object hold everything that is desired? Lists must be equal.
fn contains(observed: &Value, desired: &Value) -> bool {
    match (observed, desired) {
        (Value::Object(observed), Value::Object(desired)) => {
            desired.iter().all(|(key, value)| observed.get(key).is_some_and(|o| contains(o, value)))
        }
        (Value::Array(observed), Value::Array(desired)) => {
            observed.len() == desired.len() && observed.iter().zip(desired).all(|(o, d)| contains(o, d))
        }
        _ => observed == desired,
    }
}

/// Does the observed object hold an annotation of ours that is no longer desired?
fn has_stale_annotation(observed: &Value, desired: &Value) -> bool {
    let annotations = |object: &Value| object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    let desired = annotations(desired);
    annotations(observed).keys().any(|key| key.starts_with(OUR_ANNOTATIONS) && !desired.contains_key(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ServiceAccount;
    use serde_json::json;

    fn account(body: Value) -> Manifest {
        Manifest { body, ..Manifest::new(&ServiceAccount::default()) }
    }

    #[test]
    fn an_object_that_holds_everything_is_kept() {
        let desired = account(json!({"metadata": {"name": "a", "labels": {"x": "1"}}}));
        let observed = json!({"metadata": {"name": "a", "uid": "u", "labels": {"x": "1", "theirs": "2"}}});
        assert_eq!(Change::between(Side::Run, desired.clone(), Some(&observed)).op, Op::Keep);
        let observed = json!({"metadata": {"name": "a", "labels": {"x": "2"}}});
        assert_eq!(Change::between(Side::Run, desired.clone(), Some(&observed)).op, Op::Update);
        assert_eq!(Change::between(Side::Run, desired, None).op, Op::Create);
    }

    #[test]
    fn an_annotation_of_ours_that_is_no_longer_wanted_is_a_difference() {
        let observed = json!({"metadata": {"annotations": {"kubectl-tapmc/guard": "true", "theirs": "x"}}});
        assert_eq!(Change::between(Side::Run, account(json!({"metadata": {}})), Some(&observed)).op, Op::Update);
    }

    #[test]
    fn a_role_ref_is_replaced() {
        let observed = json!({"metadata": {"uid": "u"}, "roleRef": {"name": "old"}});
        let change = Change::between(Side::Run, account(json!({"roleRef": {"name": "new"}})), Some(&observed));
        assert_eq!((change.op, change.uid.as_deref()), (Op::Replace, Some("u")));
    }

    #[test]
    fn rules_are_compared_as_a_whole() {
        let desired = account(json!({"rules": [{"verbs": ["get"]}]}));
        let observed = json!({"rules": [{"verbs": ["get"]}, {"verbs": ["*"]}]});
        assert_eq!(Change::between(Side::Run, desired, Some(&observed)).op, Op::Update);
    }
}

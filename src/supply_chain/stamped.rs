//! What a Workload's steps stamped: the references in its status, and the condition of a stamped
//! object that says most.

use serde_json::Value;

use super::conditions::{self, Condition};
use crate::kind::ApiKind;

/// A stamped object as the Workload's status refers to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StampedRef {
    /// `source.apps.tanzu.vmware.com/v1alpha1`.
    pub api_version: String,
    /// `ImageRepository`.
    pub kind: String,
    /// `imagerepositories.source.apps.tanzu.vmware.com`; Cartographer says it since 0.5.
    pub resource: Option<String>,
    /// Its namespace; empty for a cluster-wide kind.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What became of looking at a stamped object.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// The object.
    Object(Value),
    /// It does not exist.
    Gone,
    /// The cluster does not let the caller read it.
    Hidden,
    /// It was not read; why.
    Unread(String),
}

impl StampedRef {
    /// Of one step in a Workload's `status.resources`; none where it stamped nothing.
    #[must_use]
    pub fn read(step: &Value) -> Option<Self> {
        let reference = &step["stampedRef"];
        let text = |field: &str| reference[field].as_str().unwrap_or_default().to_owned();
        let name = reference["name"].as_str().filter(|name| !name.is_empty())?.to_owned();
        Some(Self {
            api_version: text("apiVersion"),
            kind: text("kind"),
            resource: reference["resource"].as_str().filter(|text| !text.is_empty()).map(str::to_owned),
            namespace: text("namespace"),
            name,
        })
    }

    /// Its API group, empty for the core group, and version.
    #[must_use]
    pub fn group_and_version(&self) -> (&str, &str) {
        self.api_version.split_once('/').unwrap_or(("", &self.api_version))
    }

    /// The kind as the API server serves it; none where only the API server can say its plural.
    #[must_use]
    pub fn api_kind(&self) -> Option<ApiKind> {
        let plural = self.resource.as_ref()?.split('.').next()?;
        let (group, version) = self.group_and_version();
        Some(ApiKind {
            group: group.to_owned().into(),
            version: version.to_owned().into(),
            kind: self.kind.clone().into(),
            plural: plural.to_owned().into(),
            namespaced: !self.namespace.is_empty(),
        })
    }
}

/// All that a Workload's status says of its steps.
#[must_use]
pub fn steps(workload: &Value) -> &[Value] {
    workload["status"]["resources"].as_array().map_or(&[], Vec::as_slice)
}

/// What a condition means for its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// It says that something failed.
    Failed,
    /// It is not decided yet.
    Open,
    /// It holds.
    Holds,
}

/// Types that sum up all others: where one holds, nothing is wrong.
const SUMS: [&str; 4] = ["Ready", "Succeeded", "ReconcileSucceeded", "Complete"];
/// Types that say by `True` that something failed; so does every type that ends in `Failed`.
const FAILURES: [&str; 4] = ["Stalled", "ReplicaFailure", "Failed", "Degraded"];
/// Types that say by `True` that something is under way.
const ACTIVITIES: [&str; 4] = ["Reconciling", "Deleting", "Suspended", "ArtifactOutdated"];

/// What a condition means for its object.
#[must_use]
pub fn meaning(condition: &Condition) -> Meaning {
    let type_ = condition.type_.as_str();
    let by_true = if FAILURES.contains(&type_) || type_.ends_with("Failed") {
        Some(Meaning::Failed)
    } else if ACTIVITIES.contains(&type_) {
        Some(Meaning::Open)
    } else {
        None
    };
    match (by_true, condition.is_true(), condition.is_false()) {
        (Some(meaning), true, _) => meaning,
        (Some(_), false, _) | (None, true, _) => Meaning::Holds,
        (None, false, true) => Meaning::Failed,
        (None, false, false) => Meaning::Open,
    }
}

/// The condition that says most: the cause of a failure before its sum, what failed before what is
/// open; none where there are no conditions.
#[must_use]
pub fn telling(status: &Value) -> Option<(Meaning, Condition)> {
    let is_sum = |condition: &Condition| SUMS.contains(&condition.type_.as_str());
    let mut all = conditions::of(status);
    if let Some(sum) = all.iter().position(|condition| is_sum(condition) && condition.is_true()) {
        return Some((Meaning::Holds, all.swap_remove(sum)));
    }
    let ranked = all.into_iter().map(|condition| (meaning(&condition), condition));
    // Of those that hold the sum says most, of all others the cause.
    ranked.min_by_key(|(meaning, condition)| (*meaning, is_sum(condition) != (*meaning == Meaning::Holds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(conditions: &[(&str, &str)]) -> Option<(Meaning, String)> {
        let list: Vec<Value> =
            conditions.iter().map(|(type_, status)| json!({"type": type_, "status": status})).collect();
        telling(&json!({"conditions": list})).map(|(meaning, condition)| (meaning, condition.type_))
    }

    #[test]
    fn the_cause_says_more_than_the_sum() {
        let seed = [("ArtifactAvailable", "Unknown"), ("ImageResolved", "False"), ("Ready", "False")];
        assert_eq!(told(&seed), Some((Meaning::Failed, "ImageResolved".into())));
        assert_eq!(told(&[("Ready", "False")]), Some((Meaning::Failed, "Ready".into())));
        assert_eq!(told(&[("Built", "Unknown"), ("Ready", "Unknown")]), Some((Meaning::Open, "Built".into())));
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn where_the_sum_holds_nothing_is_wrong() {
        assert_eq!(told(&[("Issuing", "False"), ("Ready", "True")]), Some((Meaning::Holds, "Ready".into())));
        assert_eq!(
            told(&[("Available", "True"), ("Progressing", "False")]),
            Some((Meaning::Failed, "Progressing".into()))
        );
        assert_eq!(told(&[("Progressing", "True"), ("Available", "True")]).unwrap().0, Meaning::Holds);
    }

    #[test]
    fn some_types_say_by_true_that_something_is_wrong() {
        assert_eq!(told(&[("FetchFailed", "True"), ("Ready", "False")]).unwrap().1, "FetchFailed");
        assert_eq!(told(&[("ReconcileFailed", "True")]).unwrap().0, Meaning::Failed);
        assert_eq!(told(&[("Reconciling", "True")]).unwrap().0, Meaning::Open);
        assert_eq!(told(&[("Stalled", "False")]).unwrap().0, Meaning::Holds);
    }

    #[test]
    fn references() {
        let step = json!({"name": "image", "stampedRef": {"apiVersion": "g.io/v1", "kind": "Thing", "name": "a",
            "namespace": "n", "resource": "things.g.io"}});
        let reference = StampedRef::read(&step).unwrap();
        let kind = reference.api_kind().unwrap();
        assert_eq!((kind.plural.as_ref(), kind.group.as_ref(), kind.namespaced), ("things", "g.io", true));
        assert_eq!(StampedRef::read(&json!({"name": "image"})), None);
        let old = json!({"stampedRef": {"apiVersion": "v1", "kind": "Thing", "name": "a"}});
        let old = StampedRef::read(&old).unwrap();
        assert_eq!((old.group_and_version(), old.api_kind()), (("", "v1"), None));
    }
}

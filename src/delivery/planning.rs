//! What becomes of each object of a delivery, with what is there under its name; and whose that is.

use serde_json::{Map, Value};

use super::{DELIVERY, Delivery, ON_RUN_CLUSTER, account::READER_NAMESPACE, run_label};
use crate::{
    diff::{self, ObjectDifference},
    error::{Error, Result},
    plan::{Change, FIELD_MANAGER, Manifest, Op, Side},
    registration::{
        facts::map,
        record::{MANAGED_BY, REGISTRATION},
    },
};

/// When an object is written: what refers to others comes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// ServiceAccounts and Roles: a binding that comes before its Role is refused to whoever may not bind.
    Account,
    /// RoleBindings, Secrets, ConfigMaps, and labels on the kubeconfig Secrets.
    Credentials,
    /// The source.
    Source,
    /// The Packages.
    Packages,
    /// What is a run cluster's own, and Apps.
    Own,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Account, Self::Credentials, Self::Source, Self::Packages, Self::Own];
}

/// An object of a delivery as it should be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When it is written.
    pub stage: Stage,
    /// The object.
    pub manifest: Manifest,
    /// The run cluster that it is for; none where it is for all of them.
    pub run: Option<String>,
}

/// An object of a delivery and what becomes of it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The object as it should be.
    pub wanted: Wanted,
    /// What happens.
    pub change: Change,
    /// How it differs from what is there; none where nothing is, and for Secrets, which are not told.
    pub difference: Option<ObjectDifference>,
}

/// Decides for one object.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) for an object that is somebody's, that is going, or
/// that would not deliver where it should.
pub fn plan(delivery: &Delivery, wanted: Wanted, observed: Option<&Value>, adopt: bool) -> Result<Planned> {
    let Some(found) = observed else {
        let change = Change::create(delivery.stands_on, wanted.manifest.clone());
        return Ok(Planned { wanted, change, difference: None });
    };
    check_ownership(delivery, &wanted, found, adopt)?;
    let mut change = Change::between(delivery.stands_on, wanted.manifest.clone(), observed);
    let after = applied(found, &wanted.manifest.body);
    let fields = diff::between(&diff::intended(found), &diff::intended(&after));
    if change.op == Op::Keep && !fields.is_empty() {
        change.op = Op::Update;
    }
    change.resource_version = None;
    let difference = (change.op == Op::Update && wanted.manifest.kind != "Secret").then(|| ObjectDifference {
        object: wanted.manifest.display_name(),
        namespace: wanted.manifest.namespace.clone(),
        fields,
        note: None,
    });
    Ok(Planned { wanted, change, difference })
}

fn check_ownership(delivery: &Delivery, wanted: &Wanted, found: &Value, adopt: bool) -> Result<()> {
    let shown = format!(
        "{} in the namespace '{}'",
        wanted.manifest.display_name(),
        wanted.manifest.namespace.as_deref().unwrap_or_default()
    );
    if found["metadata"]["deletionTimestamp"].is_string() {
        return Err(Error::conflict(format_args!("{shown} is being deleted"))
            .hint("wait until it is gone, and run the command again"));
    }
    check_way(delivery, wanted, found, &shown)?;
    let labels = map(&found["metadata"]["labels"]);
    let is_ours = labels.get(MANAGED_BY.0).is_some_and(|by| by == MANAGED_BY.1) && labels.contains_key(DELIVERY);
    if !is_ours {
        if adopt {
            return Ok(());
        }
        return Err(Error::conflict(format_args!("{shown} is there already, and is not this plugin's"))
            .hint("--adopt takes it over; --name NAME gives the delivery another name"));
    }
    let own = map(&wanted.manifest.body["metadata"]["labels"]);
    let is_same = |key: &str| labels.get(key) == own.get(key);
    if [DELIVERY, REGISTRATION, ON_RUN_CLUSTER.0, run_label(Side::Run), READER_NAMESPACE].into_iter().all(is_same) {
        return Ok(());
    }
    let other = |key: &str| labels.get(key).map_or("", String::as_str);
    let (side, why) = match labels.contains_key(ON_RUN_CLUSTER.0) {
        true if delivery.stands_on == Side::Build => (Side::Run, "that is made with --on-run-cluster"),
        false if delivery.stands_on == Side::Run => (Side::Build, "that is made without --on-run-cluster"),
        true => (Side::Run, "the two names join to the same one"),
        false => (Side::Build, "the two names join to the same one"),
    };
    Err(Error::conflict(format_args!(
        "{shown} belongs to the delivery '{}'{}: {why}",
        other(DELIVERY),
        match other(run_label(side)) {
            "" => String::new(),
            run => format!(" to '{run}'"),
        }
    ))
    .hint("--name NAME gives this delivery another name"))
}

/// A reader delivers with a ServiceAccount to the cluster on which it stands, or with a kubeconfig to
/// another one. What somebody else wrote stays beside what is applied, and would lead it elsewhere.
fn check_way(delivery: &Delivery, wanted: &Wanted, found: &Value, shown: &str) -> Result<()> {
    let has = |field: &str| match &found["spec"][field] {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    let sentence = match (wanted.manifest.kind.as_str(), delivery.stands_on) {
        ("App", Side::Build) if has("serviceAccountName") => {
            "has a spec.serviceAccountName, beside which kapp-controller ignores spec.cluster: it would deploy to the build \
             cluster"
        }
        ("App", Side::Run) if has("cluster") => {
            "has a spec.cluster: what it deployed to that cluster would be left behind there"
        }
        ("Kustomization", Side::Run) if has("kubeConfig") => {
            "has a spec.kubeConfig: it would go on delivering to that cluster instead of its own"
        }
        _ => return Ok(()),
    };
    Err(Error::conflict(format_args!("{shown} {sentence}")).hint("take that field away, or take another --name"))
}

/// The object as server-side apply would leave it: what is wanted is in it, what was wanted before and is
/// not any more is gone, and what others own stays.
fn applied(found: &Value, wanted: &Value) -> Value {
    let mut after = found.clone();
    let entries = found["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let own = entries.iter().filter(|entry| entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply");
    for fields in own.filter_map(|entry| entry["fieldsV1"].as_object()) {
        take_away(&mut after, fields, wanted);
    }
    lay_over(&mut after, wanted);
    after
}

fn take_away(after: &mut Value, owned: &Map<String, Value>, wanted: &Value) {
    let Some(fields) = after.as_object_mut() else { return };
    for (key, below) in owned {
        let Some(name) = key.strip_prefix("f:") else { continue };
        match (wanted.get(name), below.as_object().filter(|below| below.keys().any(|key| key.starts_with("f:")))) {
            (None, Some(below)) => {
                if let Some(child) = fields.get_mut(name) {
                    take_away(child, below, &Value::Null);
                }
            }
            (None, None) => drop(fields.remove(name)),
            (Some(wanted), Some(below)) => {
                if let Some(child) = fields.get_mut(name) {
                    take_away(child, below, wanted);
                }
            }
            (Some(_), None) => {}
        }
    }
}

fn lay_over(after: &mut Value, wanted: &Value) {
    match (after, wanted) {
        (Value::Object(after), Value::Object(wanted)) => {
            for (key, value) in wanted {
                lay_over(after.entry(key).or_insert(Value::Null), value);
            }
        }
        (after, wanted) => *after = wanted.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{delivery::Content, package_install::APP};
    use serde_json::json;

    fn delivery(name: &str) -> Delivery {
        Delivery { name: name.into(), content: Content::Package { folder: name.into() }, stands_on: Side::Build }
    }

    fn wanted(delivery: &Delivery, spec: &Value) -> Wanted {
        let metadata = delivery.metadata("builds", "a-run", Some("run"));
        let body =
            json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App", "metadata": metadata, "spec": spec});
        Wanted { stage: Stage::Own, manifest: APP.object(body), run: Some("run".into()) }
    }

    fn plan_of(spec: &Value, found: Option<&Value>) -> Result<Planned> {
        plan(&delivery("a"), wanted(&delivery("a"), spec), found, false)
    }

    #[test]
    fn what_is_no_longer_wanted_goes_and_what_is_of_others_stays() {
        let spec = json!({"x": 1, "secretRef": {"name": "s"}, "paused": true});
        let mut found = wanted(&delivery("a"), &spec).manifest.body;
        found["metadata"]["managedFields"] = json!([
            {"manager": "kubectl-tapmc", "operation": "Apply", "fieldsV1": {"f:spec": {"f:x": {}, "f:secretRef": {"f:name": {}}}}},
            {"manager": "somebody", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}},
        ]);
        assert_eq!(plan_of(&json!({"x": 1, "secretRef": {"name": "s"}}), Some(&found)).unwrap().change.op, Op::Keep);
        let planned = plan_of(&json!({"x": 1}), Some(&found)).unwrap();
        assert_eq!(planned.change.op, Op::Update);
        let paths: Vec<String> = planned.difference.unwrap().fields.into_iter().map(|field| field.path).collect();
        assert_eq!(paths, ["spec.secretRef.name"]);
        assert_eq!(plan_of(&json!({"x": 1}), None).unwrap().change.op, Op::Create);
    }

    #[test]
    fn what_is_somebodys_is_refused() {
        let plain = json!({"metadata": {"name": "a-run"}, "spec": {}});
        let error = plan_of(&json!({}), Some(&plain)).unwrap_err();
        assert!(error.to_string().contains("is not this plugin's"), "{error}");
        assert!(plan(&delivery("a"), wanted(&delivery("a"), &json!({})), Some(&plain), true).is_ok());
        let other = wanted(&delivery("a-run"), &json!({})).manifest.body;
        let error = plan_of(&json!({}), Some(&other)).unwrap_err();
        assert!(error.to_string().contains("belongs to the delivery 'a-run' to 'run'"), "{error}");
        let mut own = wanted(&delivery("a"), &json!({"serviceAccountName": "x"})).manifest.body;
        let error = plan_of(&json!({}), Some(&own)).unwrap_err();
        assert!(error.to_string().contains("ignores spec.cluster"), "{error}");
        let here = Delivery { stands_on: Side::Run, ..delivery("a") };
        let on_run =
            |found: &Value| plan(&here, wanted(&here, &json!({})), Some(found), false).unwrap_err().to_string();
        let there = wanted(&here, &json!({"cluster": {"namespace": "x"}})).manifest.body;
        assert!(on_run(&there).contains("left behind there"), "{}", on_run(&there));
        let registered = wanted(&delivery("a"), &json!({})).manifest.body;
        assert!(on_run(&registered).contains("made without --on-run-cluster"), "{}", on_run(&registered));
        own["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert!(plan_of(&json!({}), Some(&own)).unwrap_err().to_string().contains("is being deleted"));
    }
}

//! A Workload's Deliverable on its way from the build cluster, which made it, to a run cluster.
//!
//! Where it is left depends on the version of TAP (pivotal/docs-tap, "Get started with multicluster"):
//! from 1.3.5 on in the ConfigMap `WORKLOAD-deliverable` under `deliverable`, in 1.3.2 to 1.3.4 in
//! the ConfigMap `WORKLOAD`, before as the Deliverable itself. The chain of `deliverable-config`
//! leaves it in the first one under `WORKLOAD-deliverable.yml`.

use serde_json::{Map, Value, json};

use super::{DELIVERABLE, GROUP, conditions, selector::Selector};
use crate::{
    diff::{self, Difference},
    error::{Error, Kind, Result},
    kind::{ApiKind, group_and_version},
    plan::{Change, FIELD_MANAGER, Op, Side},
    registration::names::is_dns_subdomain,
    words,
};

/// What accepts Deliverables on a run cluster.
pub static DELIVERY: ApiKind = ApiKind::cluster_wide(GROUP, "v1alpha1", "ClusterDelivery", "clusterdeliveries");
/// The label by which TAP's ClusterDelivery selects Deliverables.
pub const TYPE_LABEL: &str = "app.tanzu.vmware.com/deliverable-type";
/// What kapp and kubectl write about themselves means nothing on another cluster: kapp's labels would
/// even tie the object to an App there.
const THEIRS: [&str; 2] = ["kapp.k14s.io/", "kubectl.kubernetes.io/"];

/// The objects on the build cluster in which a Deliverable may stand.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// The ConfigMap `WORKLOAD-deliverable`.
    pub config_map: Option<Value>,
    /// The ConfigMap `WORKLOAD`.
    pub old_config_map: Option<Value>,
    /// The Deliverable `WORKLOAD`.
    pub deliverable: Option<Value>,
}

/// A Deliverable and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Produced {
    /// `the ConfigMap apps/shop-deliverable, key 'deliverable'`.
    pub origin: String,
    /// The Deliverable as it was found.
    pub deliverable: Value,
}

/// The names of the two ConfigMaps, the first one first.
#[must_use]
pub fn config_maps(workload: &str) -> [String; 2] {
    [format!("{workload}-deliverable"), workload.to_owned()]
}

impl Left {
    /// The Deliverable that the build cluster made for a Workload; none where there is none yet.
    ///
    /// # Errors
    /// [`Kind::Failed`] for a text that is not one Deliverable, with the ConfigMap, the key, line and
    /// column.
    pub fn produced(&self, workload: &str) -> Result<Option<Produced>> {
        let own_key = format!("{workload}-deliverable.yml");
        let places = [
            (&self.config_map, "deliverable"),
            (&self.config_map, own_key.as_str()),
            (&self.old_config_map, "deliverable"),
        ];
        for (config_map, key) in places {
            let Some(config_map) = config_map else { continue };
            let Some(text) = config_map["data"][key].as_str() else { continue };
            let origin = format!("the ConfigMap {}, key '{key}'", reference(config_map));
            let deliverable = parse(text, &origin)?;
            return Ok(Some(Produced { origin, deliverable }));
        }
        Ok(self.deliverable.as_ref().map(|deliverable| Produced {
            origin: format!("the Deliverable {}", reference(deliverable)),
            deliverable: deliverable.clone(),
        }))
    }
}

/// Why there is no Deliverable yet, as the Workload itself says it.
#[must_use]
pub fn not_yet(workload: &Value, place: &str) -> Error {
    let ready = conditions::find(workload, "Ready").map_or_else(
        || "no controller has said anything of it".to_owned(),
        |ready| {
            let message = if ready.message.is_empty() { String::new() } else { format!(": {}", ready.message) };
            format!("its Ready is {}, {}{message}", ready.status, ready.reason)
        },
    );
    let name = workload["metadata"]["name"].as_str().unwrap_or_default();
    Error::failed(format_args!("the Workload {} on {place} has no Deliverable yet: {ready}", reference(workload))).hint(
        format_args!(
            "a chain must make one: its step 'deliverable' or 'deliverable-config'; see kubectl describe workload {name}"
        ),
    )
}

/// Reads a text that should be one Deliverable.
fn parse(text: &str, origin: &str) -> Result<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| Error::in_yaml(origin, &error).of_kind(Kind::Failed))?;
    let mut documents = documents.into_iter().filter(|document| !document.is_null());
    let refuse = |what: &str| {
        let kind = text.lines().position(|line| line.starts_with("kind:")).map_or(1, |index| index + 1);
        Error::failed(format_args!("{origin} line {kind} column 1: {what}"))
    };
    let Some(deliverable) = documents.next() else { return Err(refuse("there is no object")) };
    let more = documents.count();
    if more > 0 {
        return Err(refuse(&format!("{} stand where one Deliverable is expected", words::count(more + 1, "document"))));
    }
    if group_and_version(&deliverable).0 != GROUP || deliverable["kind"] != DELIVERABLE.kind.as_ref() {
        return Err(refuse("this is not a Deliverable of carto.run"));
    }
    if !deliverable["spec"].is_object() {
        return Err(refuse("the Deliverable has no spec"));
    }
    match deliverable["metadata"]["name"].as_str() {
        Some(name) if is_dns_subdomain(name) => Ok(deliverable),
        _ => Err(refuse("the Deliverable has no name that could be one")),
    }
}

/// The namespace on the run cluster: the one that was typed, else the Deliverable's own where the
/// registration may deliver there, else the only one of the registration.
///
/// # Errors
/// [`Kind::Usage`] where that decides nothing.
pub fn run_namespace(typed: Option<&str>, own: &str, registered: &[String]) -> Result<String> {
    if let Some(typed) = typed {
        return Ok(typed.to_owned());
    }
    if registered.iter().any(|namespace| namespace == own) {
        return Ok(own.to_owned());
    }
    match registered {
        [only] => Ok(only.clone()),
        registered => Err(Error::usage(format_args!(
            "the Deliverable is of the namespace '{own}', which is none of the registration's run namespaces"
        ))
        .hint(match registered {
            [] => "name one with --run-namespace".to_owned(),
            some => format!("--run-namespace is one of {}", words::list(some.iter().cloned())),
        })),
    }
}

/// The Deliverable as it is applied on a run cluster: without owners, status and all that a server or
/// a tool on the build cluster wrote into it.
#[must_use]
pub fn for_run_cluster(deliverable: &Value, namespace: &str) -> Value {
    let mut metadata = json!({"name": deliverable["metadata"]["name"], "namespace": namespace});
    for field in ["labels", "annotations"] {
        let found = deliverable["metadata"][field].as_object().cloned().unwrap_or_default();
        let is_theirs = |key: &str| THEIRS.iter().any(|prefix| key.contains(prefix));
        let kept: Map<String, Value> = found.into_iter().filter(|(key, _)| !is_theirs(key)).collect();
        if !kept.is_empty() {
            metadata[field] = Value::Object(kept);
        }
    }
    json!({"apiVersion": DELIVERABLE.api_version(), "kind": DELIVERABLE.kind, "metadata": metadata,
        "spec": deliverable["spec"]})
}

/// What handing over would do to the run cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The change.
    pub change: Change,
    /// What would be different.
    pub differences: Vec<Difference>,
    /// The field managers that own something of what would change.
    pub others: Vec<String>,
}

/// Compares the Deliverable with what is on the run cluster.
#[must_use]
pub fn plan(desired: &Value, observed: Option<&Value>) -> Planned {
    let change = Change::create(Side::Run, DELIVERABLE.object(desired.clone()));
    let Some(observed) = observed else {
        let body = json!({"metadata": {"labels": desired["metadata"]["labels"]}, "spec": desired["spec"]});
        return Planned { change, differences: diff::between(&json!({}), &body), others: Vec::new() };
    };
    let differences = diff::between(&diff::intended(observed), &applied(observed, desired));
    let op = if differences.is_empty() { Op::Keep } else { Op::Update };
    let uid = observed["metadata"]["uid"].as_str().map(str::to_owned);
    let others = others(observed, &differences);
    Planned { change: Change { op, uid, ..change }, differences, others }
}

/// The object after a server-side apply of ours: what we set, and what others have set beside it;
/// what we set before and do not set now is gone.
fn applied(observed: &Value, desired: &Value) -> Value {
    let mut after = diff::intended(observed);
    let ours = fields_of(observed).into_iter().find(|(manager, _)| manager == FIELD_MANAGER);
    let ours = ours.map_or(Value::Null, |(_, fields)| fields);
    for (path, owned) in [
        ("/metadata/labels", "/f:metadata/f:labels"),
        ("/metadata/annotations", "/f:metadata/f:annotations"),
        ("/spec", "/f:spec"),
    ] {
        let mut merged = after.pointer(path).and_then(Value::as_object).cloned().unwrap_or_default();
        let owned = ours.pointer(owned).cloned().unwrap_or_default();
        merged.retain(|key, _| owned[format!("f:{key}")].is_null());
        merged.extend(desired.pointer(path).and_then(Value::as_object).cloned().unwrap_or_default());
        match path.rsplit_once('/') {
            Some(("", field)) => after[field] = Value::Object(merged),
            Some((_, field)) => after["metadata"][field] = Value::Object(merged),
            None => {}
        }
    }
    after
}

/// Who else set something of what would change.
fn others(observed: &Value, differences: &[Difference]) -> Vec<String> {
    let owns = |fields: &Value, path: &str| {
        let spec = path.strip_prefix("spec.").map(|rest| ("/f:spec", rest));
        let labels = path.strip_prefix("metadata.labels").map(|rest| ("/f:metadata/f:labels", rest));
        let annotations = path.strip_prefix("metadata.annotations").map(|rest| ("/f:metadata/f:annotations", rest));
        let Some((place, rest)) = spec.or(labels).or(annotations) else { return path == "spec" };
        let rest = rest.trim_start_matches('.');
        let key = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
            None => rest.split(['.', '[']).next().unwrap_or(rest),
        };
        fields.pointer(place).is_some_and(|owned| !owned[format!("f:{key}")].is_null())
    };
    let all = fields_of(observed).into_iter().filter(|(manager, _)| manager != FIELD_MANAGER);
    let theirs = all.filter(|(_, fields)| {
        // A field that is not there yet is nobody's.
        differences.iter().any(|difference| difference.before.is_some() && owns(fields, &difference.path))
    });
    let mut names: Vec<String> = theirs.map(|(manager, _)| manager).collect();
    names.dedup();
    names
}

/// Each field manager with what it owns of the object itself, not of its status.
fn fields_of(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let whole = entries.filter(|entry| entry["subresource"].as_str().is_none_or(str::is_empty));
    whole.filter_map(|entry| Some((entry["manager"].as_str()?.to_owned(), entry["fieldsV1"].clone()))).collect()
}

/// What to say of a Deliverable that no ClusterDelivery of the run cluster would accept.
#[must_use]
pub fn unaccepted(deliverable: &Value, deliveries: &[Value]) -> Option<String> {
    let selectors: Vec<Selector> = deliveries.iter().map(|delivery| Selector::read(&delivery["spec"])).collect();
    if selectors.iter().any(|selector| selector.score(deliverable).is_some()) {
        return None;
    }
    let wants_type = selectors.iter().any(|selector| selector.labels.contains_key(TYPE_LABEL));
    let has_type = deliverable["metadata"]["labels"][TYPE_LABEL].is_string();
    Some(if selectors.is_empty() {
        "there is no ClusterDelivery on the run cluster: nothing there will act on the Deliverable".to_owned()
    } else if wants_type && !has_type {
        format!(
            "the Deliverable lacks the label {TYPE_LABEL}, by which the run cluster's ClusterDelivery selects (TAP 1.4.0 \
             leaves it out): nothing there will act on it until it has one"
        )
    } else {
        let shown = selectors.iter().map(Selector::describe).collect::<Vec<_>>().join("; ");
        format!("no ClusterDelivery on the run cluster selects the Deliverable (they select {shown})")
    })
}

fn reference(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("namespace"), text("name"))
}

#[cfg(test)]
mod tests;

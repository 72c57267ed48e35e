//! What must be so, by looking at the simulated clusters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        simulator::{Simulator, cluster::Cluster},
        stored,
    },
    command::NAME,
};

/// The label of a registration's objects.
const LABEL: &str = "kubectl-tapmc/registration";

/// The kubeconfig Secret.
pub fn secret(build: &Cluster) -> Option<Value> {
    build.object("secrets", "default", &format!("{NAME}-kubeconfig"))
}

/// The stored token; none where nothing is stored.
pub fn stored_token(build: &Cluster) -> Option<String> {
    stored::token(&secret(build)?)
}

/// The stored credential is accepted, where one is stored.
pub fn stored_is_accepted(simulator: &Simulator) -> Result<(), String> {
    let Some(token) = stored_token(&simulator.cluster("build")) else { return Ok(()) };
    match simulator.cluster("run").accepts(&token, simulator.clock().now()) {
        Some(user) if user == format!("system:serviceaccount:tapmc-{NAME}:delivery") => Ok(()),
        Some(user) => Err(format!("the stored token is that of {user}")),
        None => Err("the stored token is refused".to_owned()),
    }
}

/// There is one marker, that of the stored token.
pub fn no_orphan(simulator: &Simulator) -> Result<(), String> {
    let recorded = secret(&simulator.cluster("build")).map(|secret| {
        secret["metadata"]["annotations"]["kubectl-tapmc/marker"].as_str().unwrap_or_default().to_owned()
    });
    let markers = simulator.cluster("run").objects("secrets", &format!("tapmc-{NAME}"));
    let names: Vec<String> =
        markers.iter().map(|marker| marker["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect();
    if names == recorded.clone().into_iter().collect::<Vec<_>>() {
        return Ok(());
    }
    Err(format!("the markers are {names:?}, and the stored one is {recorded:?}"))
}

/// What is there of the registration, and of others: what differs between any two runs is left out.
pub fn state(simulator: &Simulator) -> BTreeMap<String, Value> {
    let mut state = BTreeMap::new();
    for cluster in ["build", "run"] {
        for object in simulator.cluster(cluster).everything() {
            let metadata = &object["metadata"];
            let name = metadata["name"].as_str().unwrap_or_default();
            let is_ours = metadata["labels"][LABEL].is_string();
            let is_marker = is_ours && object["type"].is_string() && cluster == "run";
            let shown = if is_marker { "(marker)" } else { name };
            let key =
                format!("{cluster}/{}/{shown}/{}", metadata["namespace"].as_str().unwrap_or_default(), kind(&object));
            let is_theirs = !is_ours && metadata["namespace"] != format!("tapmc-{NAME}");
            let value = if is_theirs { object } else { ours(&object) };
            state.insert(key, value);
        }
    }
    state
}

/// Objects have no kind of their own in the store: what they hold tells it.
fn kind(object: &Value) -> String {
    let fields = object.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    fields.filter(|key| *key != "metadata").collect::<Vec<_>>().join(",")
}

fn ours(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = &object["metadata"];
    let annotations: Vec<String> =
        metadata["annotations"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let (labels, annotations) = (metadata["labels"].clone(), json!(annotations));
    object["metadata"] = json!({"labels": labels, "annotations": annotations});
    if let Some(fields) = object.as_object_mut() {
        fields.remove("data");
    }
    object
}

/// What two states differ in.
pub fn differences(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> Result<(), String> {
    let keys = wanted.keys().chain(found.keys());
    let differing: Vec<String> = keys
        .filter(|key| wanted.get(*key) != found.get(*key))
        .map(|key| format!("{key}: wanted {:?}, found {:?}", wanted.get(key), found.get(key)))
        .collect();
    if differing.is_empty() { Ok(()) } else { Err(format!("the state differs: {}", differing.join("; "))) }
}

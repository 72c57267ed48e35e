//! What a stage holds, without what differs from run to run: so that two of them can be compared.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

use crate::{
    credential::decoded,
    scenario::Scenario,
    site::{Side, scrub},
    stage::Stage,
};

/// The objects by where they are.
pub type State = BTreeMap<String, Value>;

/// What others have on the stage has this in its name.
pub const FOREIGN: &str = "foreign";

static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+").expect("an expression"));
static CA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+").expect("an expression"));

/// The objects of a stage, but for markers and backups, whose number depends on what went wrong.
pub fn state(stage: &Stage, scenario: &Scenario) -> State {
    let mut found = State::new();
    for object in objects(stage, scenario) {
        let (place, object) = object;
        let is_of_account = stage.registrations().iter().any(|registration| {
            let account = registration.account_namespace();
            place.starts_with(&format!("{} ", registration.side)) && object["metadata"]["namespace"] == account.as_str()
        });
        let is_marker = place.contains("/secrets/")
            && is_of_account
            && object["metadata"]["labels"]["kubectl-tapmc/registration"].is_string();
        let is_everywhere =
            ["kube-root-ca.crt", "default"].contains(&object["metadata"]["name"].as_str().unwrap_or_default());
        let is_backup = object["metadata"]["labels"]["kubectl-tapmc/backup"].is_string();
        if !is_marker && !is_everywhere && !is_backup {
            found.insert(scrub(&place, &stage.id), normal(&object, &stage.id));
        }
    }
    found
}

/// What others have, to the letter.
pub fn foreign(stage: &Stage) -> State {
    let mut places = vec![(Side::Build, stage.build_namespace()), (Side::Run, stage.more_apps())];
    places.extend(stage.registrations().iter().map(|registration| (registration.side, stage.apps())));
    let paths = places.into_iter().map(|(side, namespace)| (side, foreign_path(stage, &namespace)));
    paths.filter_map(|(side, path)| Some((format!("{side} {path}"), stage.api(side).get(&path)?))).collect()
}

/// Where somebody else has an object.
fn foreign_path(stage: &Stage, namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/{FOREIGN}-{}", stage.id)
}

fn objects(stage: &Stage, scenario: &Scenario) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut paths = usual(stage);
    paths.extend((scenario.watched)(stage));
    for (side, path) in paths {
        let api = stage.api(side);
        let Some(answer) = api.get(&path) else { continue };
        let objects = answer["items"].as_array().cloned().unwrap_or_else(|| vec![answer.clone()]);
        let is_list = answer["items"].is_array();
        for object in objects {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let place = path.split('?').next().unwrap_or_default();
            let place = if is_list { format!("{side} {place}/{name}") } else { format!("{side} {place}") };
            found.push((place, object));
        }
    }
    found
}

fn usual(stage: &Stage) -> Vec<(Side, String)> {
    let mut paths = Vec::new();
    for kind in ["secrets", "configmaps", "serviceaccounts"] {
        paths.push((Side::Build, format!("/api/v1/namespaces/{}/{kind}", stage.build_namespace())));
    }
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let label = stage.selector();
    for registration in stage.registrations() {
        let (side, account) = (registration.side, registration.account_namespace());
        for namespace in [account.clone(), stage.apps(), stage.more_apps()] {
            for path in [
                format!("/api/v1/namespaces/{namespace}/secrets"),
                format!("/api/v1/namespaces/{namespace}/serviceaccounts"),
                format!("/api/v1/namespaces/{namespace}/configmaps"),
                format!("{rbac}/namespaces/{namespace}/roles"),
                format!("{rbac}/namespaces/{namespace}/rolebindings"),
            ] {
                paths.push((side, path));
            }
        }
        paths.push((side, format!("/api/v1/namespaces/{account}")));
        paths.push((side, format!("{rbac}/clusterroles?{label}")));
        paths.push((side, format!("{rbac}/clusterrolebindings?{label}")));
    }
    paths
}

/// An object without identities, times, random parts and tokens.
fn normal(object: &Value, id: &str) -> Value {
    let mut object = object.clone();
    // What controllers say of it in their own time is theirs.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"] {
            metadata.remove(key);
        }
        if let Some(number) = metadata.get_mut("annotations").and_then(|all| all.get_mut("kubectl-tapmc/generation")) {
            *number = "#".into();
        }
        // The API server notes so on which day it last saw a token that never ends.
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("kubernetes.io/legacy-token-last-used");
            if labels.is_empty() {
                metadata.remove("labels");
            }
        }
        // By which name the operator is known depends on who could be asked.
        if let Some(by) = metadata.get_mut("annotations").and_then(|all| all.get_mut("kubectl-tapmc/paused-by")) {
            *by = "#".into();
        }
    }
    if let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) {
        for value in data.values_mut() {
            let text = decoded(value);
            if !text.is_empty() {
                *value = text.into();
            }
        }
    }
    normal_texts(&mut object, id);
    object
}

fn normal_texts(value: &mut Value, id: &str) {
    match value {
        Value::String(text) => {
            let text_of = text.replace("\"by\":\"build\"", "\"by\":\"admin\"");
            let without = TOKEN.replace_all(&text_of, "TOKEN");
            *text = scrub(&CA.replace_all(&without, "CA"), id);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| normal_texts(item, id)),
        Value::Object(fields) => {
            let renamed = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                normal_texts(&mut value, id);
                (scrub(&key, id), value)
            });
            *fields = renamed.collect();
        }
        _ => {}
    }
}

/// How a state differs from what was expected; empty where it does not.
pub fn differences(expected: &State, found: &State) -> Vec<String> {
    let mut differences = Vec::new();
    for place in expected.keys().chain(found.keys().filter(|place| !expected.contains_key(*place))) {
        match (expected.get(place), found.get(place)) {
            (Some(_), None) => differences.push(format!("{place} is missing")),
            (None, Some(_)) => differences.push(format!("{place} should not be there")),
            (Some(expected), Some(found)) => differ(place, "", expected, found, &mut differences),
            (None, None) => {}
        }
    }
    differences
}

fn differ(place: &str, field: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    if expected == found {
        return;
    }
    if let (Some(left), Some(right)) = (expected.as_object(), found.as_object()) {
        for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
            let missing = Value::Null;
            let pair = (left.get(key).unwrap_or(&missing), right.get(key).unwrap_or(&missing));
            differ(place, &format!("{field}.{key}"), pair.0, pair.1, differences);
        }
        return;
    }
    differences.push(format!("{place}{field}: expected {expected}, found {found}"));
}

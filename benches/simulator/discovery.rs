//! What a simulated cluster serves, as it says itself.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::{
    kinds::KINDS,
    request::{Answer, Asked},
};

/// The answer to a request for that; none where it is for something else.
pub(super) fn answer(asked: &Asked) -> Option<Answer> {
    if asked.method != Method::GET {
        return None;
    }
    match asked.parts().as_slice() {
        ["version"] => Some(Answer::ok(json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "",
            "gitTreeState": "clean", "buildDate": "", "goVersion": "", "compiler": "", "platform": "linux/amd64"}))),
        ["healthz" | "livez" | "readyz"] => Some(Answer::ok(json!("ok"))),
        ["api"] => Some(Answer::ok(json!({"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"]}))),
        ["apis"] => {
            let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.group).filter(|group| !group.is_empty()).collect();
            let groups: Vec<Value> = names.into_iter().map(group).collect();
            Some(Answer::ok(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})))
        }
        ["apis", name] if is_served(name) => Some(Answer::ok(group(name))),
        ["api", "v1"] => Some(Answer::ok(resources(""))),
        ["apis", name, "v1"] if is_served(name) => Some(Answer::ok(resources(name))),
        _ => None,
    }
}

fn is_served(group: &str) -> bool {
    KINDS.iter().any(|kind| kind.group == group)
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str) -> Value {
    let kinds = KINDS.iter().filter(|kind| kind.group == group);
    let resources: Vec<Value> = kinds
        .map(|kind| {
            json!({"name": kind.plural, "singularName": kind.name.to_lowercase(), "namespaced": kind.namespaced,
                   "kind": kind.name, "verbs": ["create", "delete", "get", "list", "patch", "update"]})
        })
        .collect();
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources})
}

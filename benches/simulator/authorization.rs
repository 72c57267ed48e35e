//! Who may do what: RBAC, as the Roles and bindings of the cluster have it, and what every cluster grants to everybody.

use http::Method;
use serde_json::{Value, json};

use super::{
    authentication::Caller,
    request::{Answer, Asked},
    store::{Store, text},
};

/// One thing that somebody wants to do.
#[derive(Debug, Default)]
pub(super) struct Act {
    /// The verb.
    pub verb: String,
    /// The API group.
    pub group: String,
    /// The resource, with its subresource.
    pub resource: String,
    /// The namespace; empty for all.
    pub namespace: String,
    /// The object's name; empty for any.
    pub name: String,
}

/// Refuses what the caller may not do.
pub(super) fn check(store: &Store, caller: &Caller, asked: &Asked) -> Result<(), Answer> {
    if caller.is_operator() {
        return Ok(());
    }
    let forbidden = |what: String| {
        Answer::failure(403, "Forbidden", &format!("{what} is forbidden: User \"{}\" cannot do that", caller.name))
    };
    let parts = asked.parts();
    match parts.as_slice() {
        ["version" | "healthz" | "livez" | "readyz"] => return Ok(()),
        _ if caller.is_anonymous() => return Err(forbidden(format!("path \"/{}\"", parts.join("/")))),
        ["api" | "apis"] | ["api" | "apis", _] | ["apis", _, _] if asked.method == Method::GET => return Ok(()),
        ["apis", _, "v1", review] if review.starts_with("selfsubject") => return Ok(()),
        ["apis", group, "v1", review] if review.ends_with("reviews") => {
            let act = Act {
                verb: "create".into(),
                group: (*group).to_owned(),
                resource: (*review).to_owned(),
                ..Act::default()
            };
            return if may(store, caller, &act) { Ok(()) } else { Err(forbidden((*review).to_owned())) };
        }
        _ => {}
    }
    let Some(target) = asked.target() else { return Err(forbidden(format!("path \"/{}\"", parts.join("/")))) };
    let act = Act {
        verb: target.verb(&asked.method).to_owned(),
        group: target.kind.group.to_owned(),
        resource: target.rbac_resource(),
        namespace: if target.kind.plural == "namespaces" { target.name.clone() } else { target.namespace.clone() },
        name: target.name.clone(),
    };
    if may(store, caller, &act) {
        return Ok(());
    }
    let message = format!(
        "{} \"{}\" is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" in the namespace \"{}\"",
        target.kind.resource(),
        act.name,
        caller.name,
        act.verb,
        act.resource,
        act.group,
        act.namespace
    );
    Err(Answer::failure(403, "Forbidden", &message))
}

/// May the caller do it?
pub(super) fn may(store: &Store, caller: &Caller, act: &Act) -> bool {
    if caller.is_operator() {
        return true;
    }
    rules(store, caller, &act.namespace).iter().any(|rule| {
        let has = |field: &str, wanted: &str| {
            rule[field].as_array().is_some_and(|all| all.iter().any(|one| one == wanted || one == "*"))
        };
        let names = rule["resourceNames"].as_array().filter(|names| !names.is_empty());
        has("verbs", &act.verb)
            && has("apiGroups", &act.group)
            && has("resources", &act.resource)
            && names.is_none_or(|names| names.iter().any(|name| *name == act.name.as_str()))
    })
}

/// The rules that hold for the caller in a namespace (empty: outside of namespaces).
pub(super) fn rules(store: &Store, caller: &Caller, namespace: &str) -> Vec<Value> {
    if caller.is_operator() {
        return vec![json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})];
    }
    let mut rules = Vec::new();
    if !caller.is_anonymous() {
        let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"];
        rules.push(json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": reviews}));
        let who = ["selfsubjectreviews"];
        rules.push(json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": who}));
    }
    let mut grant = |binding: &Value, role: Option<&Value>| {
        let binds = |subject: &Value| match text(&subject["kind"]) {
            "ServiceAccount" => {
                let (namespace, name) = (text(&subject["namespace"]), text(&subject["name"]));
                caller.name == format!("system:serviceaccount:{namespace}:{name}")
            }
            "Group" => caller.groups.iter().any(|group| group == text(&subject["name"])),
            _ => caller.name == text(&subject["name"]),
        };
        if binding["subjects"].as_array().is_some_and(|subjects| subjects.iter().any(binds)) {
            rules.extend(role.and_then(|role| role["rules"].as_array()).into_iter().flatten().cloned());
        }
    };
    for binding in store.all("clusterrolebindings", "") {
        grant(binding, store.find("clusterroles", "", text(&binding["roleRef"]["name"])));
    }
    if !namespace.is_empty() {
        for binding in store.all("rolebindings", namespace) {
            let name = text(&binding["roleRef"]["name"]);
            let role = match text(&binding["roleRef"]["kind"]) {
                "ClusterRole" => store.find("clusterroles", "", name),
                _ => store.find("roles", namespace, name),
            };
            grant(binding, role);
        }
    }
    rules
}

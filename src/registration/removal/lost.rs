//! What cannot be removed when a run cluster is gone: from the record that the build cluster holds.

use serde::Serialize;

use super::{Going, RemovalPlan};
use crate::registration::{
    access::{guard_name, role_name},
    held::Held,
    names::{Name, ObjectRef},
    record::key,
    renewal::{RENEWAL_ACCOUNT, access::access_name},
};

/// An object that could not be removed, and the command that an administrator needs later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    /// `kind.group/name`.
    pub object: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The command that deletes it.
    pub command: String,
}

impl Lost {
    fn new(resource: &str, namespace: Option<&str>, name: &str) -> Self {
        let place = namespace.map_or(String::new(), |namespace| format!(" -n {namespace}"));
        Self {
            object: format!("{resource}/{name}"),
            namespace: namespace.map(str::to_owned),
            command: format!("kubectl delete {resource} {name}{place}"),
        }
    }
}

/// Adds what stays behind.
pub(super) fn plan(plan: &mut RemovalPlan, going: &Going) {
    let Some(held) = &going.held else { return };
    plan.warnings.extend(held.expires_at().map(|at| {
        format!("if the run cluster is there after all, the token works until {at}, or until its marker is deleted")
    }));
    plan.lost = lost(&going.name, held);
}

/// Everything that the registration has on its run cluster, as far as the build cluster records it; in
/// the order in which it should go.
#[must_use]
pub fn lost(name: &Name, held: &Held) -> Vec<Lost> {
    const ROLE: &str = "role.rbac.authorization.k8s.io";
    const ROLE_BINDING: &str = "rolebinding.rbac.authorization.k8s.io";
    let Some(account) = ObjectRef::parse(held.annotation(key::SERVICE_ACCOUNT)) else { return Vec::new() };
    let mut lost = Vec::new();
    for marker in [key::MARKER, key::SUPERSEDED_MARKER].map(|key| held.annotation(key)) {
        lost.extend((!marker.is_empty()).then(|| Lost::new("secret", Some(&account.namespace), marker)));
    }
    if held.annotation(key::BROUGHT) == "true" {
        return lost;
    }
    let role = role_name(name);
    let grants = held.recorded.as_ref().map(|recorded| &recorded.grants);
    // Where the record cannot be read, as much as there can be.
    let has = |is_granted: Option<bool>| is_granted.unwrap_or(true);
    if has(grants.map(|grants| !grants.namespaced_rules().is_empty())) {
        for namespace in held.run_namespaces() {
            lost.push(Lost::new(ROLE_BINDING, Some(&namespace), &role));
            lost.push(Lost::new(ROLE, Some(&namespace), &role));
        }
    }
    if let Some(account) = ObjectRef::parse(held.annotation(key::IMPERSONATE)) {
        let name = format!("{role}-impersonate");
        lost.push(Lost::new(ROLE_BINDING, Some(&account.namespace), &name));
        lost.push(Lost::new(ROLE, Some(&account.namespace), &name));
    }
    if has(grants.map(|grants| !grants.cluster_rules().is_empty())) {
        lost.push(Lost::new("clusterrolebinding.rbac.authorization.k8s.io", None, &role));
        lost.push(Lost::new("clusterrole.rbac.authorization.k8s.io", None, &role));
    }
    if held.annotation(key::GUARD) == "true" {
        let guard = guard_name(name);
        lost.push(Lost::new("validatingadmissionpolicybinding.admissionregistration.k8s.io", None, &guard));
        lost.push(Lost::new("validatingadmissionpolicy.admissionregistration.k8s.io", None, &guard));
    }
    if let Some(renewal) = ObjectRef::parse(held.annotation(key::RENEWAL)).map(|_| access_name(name)) {
        let namespace = Some(account.namespace.as_str());
        lost.push(Lost::new("validatingadmissionpolicybinding.admissionregistration.k8s.io", None, &renewal));
        lost.push(Lost::new("validatingadmissionpolicy.admissionregistration.k8s.io", None, &renewal));
        lost.push(Lost::new(ROLE_BINDING, namespace, &renewal));
        lost.push(Lost::new(ROLE, namespace, &renewal));
        lost.push(Lost::new("serviceaccount", namespace, RENEWAL_ACCOUNT));
    }
    lost.push(Lost::new("serviceaccount", Some(&account.namespace), &account.name));
    lost.push(Lost::new("namespace", None, &account.namespace));
    lost
}

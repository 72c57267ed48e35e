//! What of a plan the operator may not be allowed to grant.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::RegistrationPlan;
use crate::{
    plan::{Manifest, Op},
    registration::{
        Registration,
        facts::Rights,
        rights::{Right, of_rules},
    },
};

/// The Roles whose rules the operator does not plainly hold, nor the right to grant others: whether
/// they may be granted, only the API server can tell.
#[must_use]
pub fn doubtful_grants<'a>(
    plan: &'a RegistrationPlan,
    registration: &Registration,
    rights: &Rights,
) -> Vec<&'a Manifest> {
    let is_doubtful = |manifest: &Manifest| {
        let namespace = manifest.namespace.as_deref();
        let escalate = Right::new("escalate", &manifest.group, &manifest.plural, namespace);
        let rules: Vec<PolicyRule> = serde_json::from_value(manifest.body["rules"].clone()).unwrap_or_default();
        let held = |needed| rights.missing(&needed).is_empty();
        !held(BTreeSet::from([escalate])) && !held(of_rules(&rules, namespace).into_iter().collect())
    };
    // Rules of the user's own are checked by the API server in any case: they may not be valid.
    let own_rules = registration.grants.has_own_rules();
    let roles = plan.access.iter().filter(|change| change.op != Op::Keep).map(|change| &change.manifest);
    let roles = roles.filter(|manifest| manifest.kind == "Role" || manifest.kind == "ClusterRole");
    roles.filter(|manifest| own_rules || is_doubtful(manifest)).collect()
}

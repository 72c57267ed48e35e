//! What renewal needs on the run cluster: a ServiceAccount, a Role with one right, and the admission
//! policy that says how this right may be used.

use k8s_openapi::api::{core::v1::ServiceAccount, rbac::v1::PolicyRule};

use super::{RENEWAL_ACCOUNT, Renewal, renewal_user};
use crate::{
    plan::Manifest,
    registration::{
        Registration,
        access::{metadata, owned, role},
        admission::{self, Bounds, literal},
        names::{Name, ObjectRef},
    },
};

/// The name of the Role and RoleBinding in the account namespace, and of the admission policy and
/// its binding.
#[must_use]
pub fn access_name(name: &Name) -> String {
    format!("tapmc-{name}-renewal")
}

/// The one right of the renewal account: to issue tokens of these two accounts. It may do nothing
/// with Secrets: whoever may create or delete one there has a way to a never-ending token.
#[must_use]
pub fn rules(account: &ObjectRef) -> Vec<PolicyRule> {
    vec![PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["serviceaccounts/token".into()]),
        resource_names: Some(vec![account.name.clone(), RENEWAL_ACCOUNT.to_owned()]),
        verbs: vec!["create".into()],
        ..PolicyRule::default()
    }]
}

/// The ServiceAccount.
#[must_use]
pub fn service_account(registration: &Registration) -> Manifest {
    let account = registration.renewal_account();
    Manifest::new(&ServiceAccount {
        metadata: metadata(registration, Some(&account.namespace), &account.name),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}

/// Role, RoleBinding, policy and its binding; owned by the account namespace.
#[must_use]
pub fn grants(registration: &Registration, renewal: &Renewal, account_namespace_uid: &str) -> Vec<Manifest> {
    let account = registration.account.reference();
    let name = access_name(&registration.name);
    let namespaced = owned(registration, account_namespace_uid, Some(&account.namespace), &name);
    let cluster_wide = owned(registration, account_namespace_uid, None, &name);
    let role = role(namespaced, &rules(account), &registration.renewal_account());
    let policy = admission::policy(&cluster_wide, bounds(registration, renewal));
    role.into_iter().chain(policy).collect()
}

/// Without them the right to issue tokens is one to tokens that are bound to nothing, live for years
/// and are for whomever.
fn bounds(registration: &Registration, renewal: &Renewal) -> Bounds<'static> {
    let account = registration.account.reference();
    let only =
        |expression: String, what: &str| (expression, format!("the renewal account may only issue tokens {what}"));
    let accounts = [account.name.as_str(), RENEWAL_ACCOUNT];
    Bounds {
        account: "renewal-account",
        user: renewal_user(account),
        resource: "serviceaccounts/token",
        operations: &["CREATE"],
        validations: vec![
            only(
                format!("request.namespace == '{}' && request.name in {}", account.namespace, literal(&accounts)),
                "of this registration's accounts",
            ),
            // It may make no Secrets, so that no others but real markers bear such names there.
            only(
                format!(
                    "has(object.spec.boundObjectRef) && has(object.spec.boundObjectRef.kind) && \
                     has(object.spec.boundObjectRef.name) && object.spec.boundObjectRef.kind == 'Secret' && \
                     object.spec.boundObjectRef.name.matches('^{}-[0-9]+-[a-z0-9]+$')",
                    account.name
                ),
                "that are bound to a marker Secret of the registration",
            ),
            only(
                format!("has(object.spec.audiences) && object.spec.audiences == {}", literal(&renewal.audiences)),
                "for the audience of the API server itself",
            ),
            only(
                format!(
                    "has(object.spec.expirationSeconds) && object.spec.expirationSeconds <= {}",
                    registration.duration.as_secs()
                ),
                "that live no longer than the registration asks for",
            ),
        ],
    }
}

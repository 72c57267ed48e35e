//! What renewal needs on the run cluster: a ServiceAccount, a Role with one right, and the admission
//! policy that says how this right may be used.

use k8s_openapi::api::{
    admissionregistration::v1::{
        MatchCondition, MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec,
        Validation,
    },
    core::v1::ServiceAccount,
    rbac::v1::{PolicyRule, Role, RoleBinding, Subject},
};

use super::{RENEWAL_ACCOUNT, Renewal, renewal_user};
use crate::{
    plan::Manifest,
    registration::{
        Registration,
        access::{metadata, owned, role_ref},
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
    let subject = Subject {
        kind: "ServiceAccount".into(),
        name: RENEWAL_ACCOUNT.into(),
        namespace: Some(account.namespace.clone()),
        api_group: None,
    };
    vec![
        Manifest::new(&Role { metadata: namespaced.clone(), rules: Some(rules(account)) }),
        Manifest::new(&RoleBinding {
            metadata: namespaced,
            role_ref: role_ref("Role", &name),
            subjects: Some(vec![subject]),
        }),
        Manifest::new(&ValidatingAdmissionPolicy {
            metadata: cluster_wide.clone(),
            spec: Some(policy(registration, renewal)),
            status: None,
        }),
        Manifest::new(&ValidatingAdmissionPolicyBinding {
            metadata: cluster_wide,
            spec: Some(ValidatingAdmissionPolicyBindingSpec {
                policy_name: Some(name),
                validation_actions: Some(vec!["Deny".into()]),
                ..ValidatingAdmissionPolicyBindingSpec::default()
            }),
        }),
    ]
}

/// Without it the right to issue tokens is one to tokens that are bound to nothing, live for years
/// and are for whomever.
fn policy(registration: &Registration, renewal: &Renewal) -> ValidatingAdmissionPolicySpec {
    let account = registration.account.reference();
    let texts = |list: &[&str]| Some(list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let rule = |expression: String, message: &str| Validation {
        expression,
        message: Some(format!("the renewal account may only issue tokens {message}")),
        ..Validation::default()
    };
    // A JSON text or list of texts is also one of CEL.
    let quoted = |value: &[String]| serde_json::to_string(value).unwrap_or_default();
    let accounts = [account.name.clone(), RENEWAL_ACCOUNT.to_owned()];
    ValidatingAdmissionPolicySpec {
        failure_policy: Some("Fail".into()),
        match_constraints: Some(MatchResources {
            resource_rules: Some(vec![NamedRuleWithOperations {
                api_groups: texts(&[""]),
                api_versions: texts(&["v1"]),
                operations: texts(&["CREATE"]),
                resources: texts(&["serviceaccounts/token"]),
                ..NamedRuleWithOperations::default()
            }]),
            ..MatchResources::default()
        }),
        match_conditions: Some(vec![MatchCondition {
            name: "renewal-account".into(),
            expression: format!("request.userInfo.username == '{}'", renewal_user(account)),
        }]),
        validations: Some(vec![
            rule(
                format!("request.namespace == '{}' && request.name in {}", account.namespace, quoted(&accounts)),
                "of this registration's accounts",
            ),
            // It may make no Secrets, so that no others but real markers bear such names there.
            rule(
                format!(
                    "has(object.spec.boundObjectRef) && has(object.spec.boundObjectRef.kind) && \
                     has(object.spec.boundObjectRef.name) && object.spec.boundObjectRef.kind == 'Secret' && \
                     object.spec.boundObjectRef.name.matches('^{}-[0-9]+-[a-z0-9]+$')",
                    account.name
                ),
                "that are bound to a marker Secret of the registration",
            ),
            rule(
                format!("has(object.spec.audiences) && object.spec.audiences == {}", quoted(&renewal.audiences)),
                "for the audience of the API server itself",
            ),
            rule(
                format!(
                    "has(object.spec.expirationSeconds) && object.spec.expirationSeconds <= {}",
                    registration.duration.as_secs()
                ),
                "that live no longer than the registration asks for",
            ),
        ]),
        ..ValidatingAdmissionPolicySpec::default()
    }
}

//! What a voucher's token may do: fetch the token of the delivery account, bound to one marker and
//! once. A ServiceAccount beside the delivery account, made anew for each voucher; a Role whose only
//! rights are to create that token and to take itself away; an admission policy that bounds what
//! may be minted.

use k8s_openapi::{
    api::{core::v1::ServiceAccount, rbac::v1::PolicyRule},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{
    plan::Manifest,
    registration::{
        Registration,
        access::{self, owned, role_binding},
        admission::{self, Bounds, literal},
        names::{Name, ObjectRef},
        user_of,
    },
};

/// The name of the ServiceAccount beside the delivery account.
pub const ACCOUNT: &str = "voucher";

/// The name of its Role, RoleBinding and admission policy.
#[must_use]
pub fn role_name(name: &Name) -> String {
    format!("tapmc-{name}-voucher")
}

/// The ServiceAccount of the vouchers.
#[must_use]
pub fn account(registration: &Registration) -> ObjectRef {
    ObjectRef::new(&registration.account.reference().namespace, ACCOUNT)
}

/// ServiceAccount, Role and RoleBinding.
#[must_use]
pub fn objects(registration: &Registration) -> [Manifest; 3] {
    let service_account = Manifest::new(&ServiceAccount {
        metadata: metadata(registration, ACCOUNT),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    });
    let name = role_name(&registration.name);
    let [role, binding] = access::role(metadata(registration, &name), &rules(registration), &account(registration));
    [service_account, role, binding]
}

/// The RoleBinding, without which no voucher can be redeemed.
#[must_use]
pub fn binding(registration: &Registration) -> Manifest {
    role_binding(metadata(registration, &role_name(&registration.name)), &account(registration))
}

/// Create the delivery account's token, and delete the binding that allows it.
#[must_use]
pub fn rules(registration: &Registration) -> Vec<PolicyRule> {
    let rule = |group: &str, resource: &str, verb: &str, name: String| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: vec![verb.to_owned()],
        resource_names: Some(vec![name]),
        ..PolicyRule::default()
    };
    let account = registration.account.reference().name.clone();
    vec![
        rule("", "serviceaccounts/token", "create", account),
        rule("rbac.authorization.k8s.io", "rolebindings", "delete", role_name(&registration.name)),
    ]
}

/// The admission policy: no token but one bound to this marker, for these audiences, no longer than
/// the registration's lifetime. Without it a token can be minted that outlives all of them.
#[must_use]
pub fn policy(registration: &Registration, owner: &str, marker: &str, audiences: &[String]) -> [Manifest; 2] {
    let brings = |expression: String, what: &str| (expression, format!("a voucher brings a token {what}"));
    let audiences = audiences.iter().map(literal).collect::<Vec<_>>().join(", ");
    let bounds = Bounds {
        account: "voucher-account",
        user: user_of(&account(registration)),
        resource: "serviceaccounts/token",
        operations: &["CREATE"],
        validations: vec![
            brings(
                format!(
                    "has(object.spec.boundObjectRef) && object.spec.boundObjectRef != null && \
                     object.spec.boundObjectRef.kind == 'Secret' && object.spec.boundObjectRef.name == {}",
                    literal(&marker)
                ),
                "that is bound to its marker Secret, and no other",
            ),
            brings(
                format!("object.spec.expirationSeconds <= {}", registration.duration.as_secs()),
                "that lives no longer than the registration's",
            ),
            brings(
                format!("object.spec.audiences.all(audience, audience in [{audiences}])"),
                "for the API server, and for nobody else",
            ),
        ],
    };
    admission::policy(&owned(registration, owner, None, &role_name(&registration.name)), bounds)
}

fn metadata(registration: &Registration, name: &str) -> ObjectMeta {
    access::metadata(registration, Some(&registration.account.reference().namespace), name)
}

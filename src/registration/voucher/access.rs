//! What a voucher's token may do: fetch the token of the delivery account, bound to one marker and
//! once. A ServiceAccount beside the delivery account, made anew for each voucher; a Role whose only
//! rights are to create that token and to take itself away; an admission policy that bounds what
//! may be minted.

use k8s_openapi::{
    api::{
        admissionregistration::v1::{
            MatchCondition, MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
            ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec,
            Validation,
        },
        core::v1::ServiceAccount,
        rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};

use crate::{
    plan::Manifest,
    registration::{
        Registration,
        names::{Name, ObjectRef},
        record::{FORMAT, Map, key, labels},
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
    let name = role_name(&registration.name);
    [
        Manifest::new(&ServiceAccount {
            metadata: metadata(registration, ACCOUNT),
            automount_service_account_token: Some(false),
            ..ServiceAccount::default()
        }),
        Manifest::new(&Role { metadata: metadata(registration, &name), rules: Some(rules(registration)) }),
        binding(registration),
    ]
}

/// The RoleBinding, without which no voucher can be redeemed.
#[must_use]
pub fn binding(registration: &Registration) -> Manifest {
    let name = role_name(&registration.name);
    let account = account(registration);
    Manifest::new(&RoleBinding {
        metadata: metadata(registration, &name),
        role_ref: RoleRef { api_group: "rbac.authorization.k8s.io".into(), kind: "Role".into(), name },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".into(),
            name: account.name,
            namespace: Some(account.namespace),
            api_group: None,
        }]),
    })
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
    let texts = |list: &[&str]| Some(list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let name = role_name(&registration.name);
    let account = account(registration);
    let mut meta = ObjectMeta { namespace: None, ..metadata(registration, &name) };
    meta.owner_references = Some(vec![OwnerReference {
        api_version: "v1".into(),
        kind: "Namespace".into(),
        name: account.namespace.clone(),
        uid: owner.to_owned(),
        ..OwnerReference::default()
    }]);
    let validation = |expression: String, message: &str| Validation {
        expression,
        message: Some(message.to_owned()),
        ..Validation::default()
    };
    let audiences = audiences.iter().map(|audience| literal(audience)).collect::<Vec<_>>().join(", ");
    let spec = ValidatingAdmissionPolicySpec {
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
            name: "voucher-account".into(),
            expression: format!(
                "request.userInfo.username == 'system:serviceaccount:{}:{}'",
                account.namespace, account.name
            ),
        }]),
        validations: Some(vec![
            validation(
                format!(
                    "has(object.spec.boundObjectRef) && object.spec.boundObjectRef != null && \
                     object.spec.boundObjectRef.kind == 'Secret' && object.spec.boundObjectRef.name == {}",
                    literal(marker)
                ),
                "a voucher brings a token that is bound to its marker Secret, and no other",
            ),
            validation(
                format!("object.spec.expirationSeconds <= {}", registration.duration.as_secs()),
                "a voucher brings a token that lives no longer than the registration's",
            ),
            validation(
                format!("object.spec.audiences.all(audience, audience in [{audiences}])"),
                "a voucher brings a token for the API server, and for nobody else",
            ),
        ]),
        ..ValidatingAdmissionPolicySpec::default()
    };
    let binding = ValidatingAdmissionPolicyBindingSpec {
        policy_name: Some(name),
        validation_actions: texts(&["Deny"]),
        ..ValidatingAdmissionPolicyBindingSpec::default()
    };
    [
        Manifest::new(&ValidatingAdmissionPolicy { metadata: meta.clone(), spec: Some(spec), status: None }),
        Manifest::new(&ValidatingAdmissionPolicyBinding { metadata: meta, spec: Some(binding) }),
    ]
}

/// A text as CEL writes it.
fn literal(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn metadata(registration: &Registration, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(registration.account.reference().namespace.clone()),
        labels: Some(labels(&registration.name)),
        annotations: Some(Map::from([(key::FORMAT.to_owned(), FORMAT.to_owned())])),
        ..ObjectMeta::default()
    }
}

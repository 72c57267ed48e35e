//! Admission policies on the run cluster: each bounds what one account may write there, so that a right
//! which RBAC can only grant whole is no more than what it is granted for.

use k8s_openapi::{
    api::admissionregistration::v1::{
        MatchCondition, MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec,
        Validation,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::plan::Manifest;

/// What bounds an account.
pub(super) struct Bounds<'a> {
    /// What the account is called in the policy: `renewal-account`.
    pub account: &'a str,
    /// Its user name.
    pub user: String,
    /// The resource of the core group that it writes: `serviceaccounts/token`.
    pub resource: &'a str,
    /// By which operations: `CREATE`.
    pub operations: &'a [&'a str],
    /// What must hold, in CEL, and what a refusal says.
    pub validations: Vec<(String, String)>,
}

/// The policy and the binding that makes it deny, both of the metadata's name.
pub(super) fn policy(metadata: &ObjectMeta, bounds: Bounds<'_>) -> [Manifest; 2] {
    let texts = |list: &[&str]| Some(list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let validation = |(expression, message)| Validation { expression, message: Some(message), ..Validation::default() };
    let policy = ValidatingAdmissionPolicySpec {
        failure_policy: Some("Fail".into()),
        match_constraints: Some(MatchResources {
            resource_rules: Some(vec![NamedRuleWithOperations {
                api_groups: texts(&[""]),
                api_versions: texts(&["v1"]),
                operations: texts(bounds.operations),
                resources: texts(&[bounds.resource]),
                ..NamedRuleWithOperations::default()
            }]),
            ..MatchResources::default()
        }),
        match_conditions: Some(vec![MatchCondition {
            name: bounds.account.to_owned(),
            expression: format!("request.userInfo.username == '{}'", bounds.user),
        }]),
        validations: Some(bounds.validations.into_iter().map(validation).collect()),
        ..ValidatingAdmissionPolicySpec::default()
    };
    let binding = ValidatingAdmissionPolicyBindingSpec {
        policy_name: metadata.name.clone(),
        validation_actions: texts(&["Deny"]),
        ..ValidatingAdmissionPolicyBindingSpec::default()
    };
    [
        Manifest::new(&ValidatingAdmissionPolicy { metadata: metadata.clone(), spec: Some(policy), status: None }),
        Manifest::new(&ValidatingAdmissionPolicyBinding { metadata: metadata.clone(), spec: Some(binding) }),
    ]
}

/// A text, a list of texts, as CEL writes it: as JSON does.
pub(super) fn literal(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

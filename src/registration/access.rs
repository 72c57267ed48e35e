//! The objects of a registration: account namespace, ServiceAccount, Roles and RoleBindings,
//! marker Secret, admission policy, and the kubeconfig Secret on the build cluster.

use k8s_openapi::{
    ByteString,
    api::{
        core::v1::{Namespace, Secret, ServiceAccount},
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};

use super::{
    Registration,
    admission::{self, Bounds},
    names::{Name, ObjectRef},
    reader_labels,
    record::{FORMAT, Generation, Map, Recorded, key, labels},
    renewal,
};
use crate::plan::Manifest;

/// The one data key of the kubeconfig Secret: the default of kapp-controller and the first that
/// Flux looks for.
pub const SECRET_KEY: &str = "value";

/// The name of the Role and RoleBinding in each run namespace.
#[must_use]
pub fn role_name(name: &Name) -> String {
    format!("tapmc-{name}")
}

/// The name of the admission policy and of its binding.
#[must_use]
pub fn guard_name(name: &Name) -> String {
    format!("tapmc-{name}-guard")
}

/// The account namespace.
#[must_use]
pub fn account_namespace(registration: &Registration) -> Manifest {
    Manifest::new(&Namespace {
        metadata: metadata(registration, None, &registration.account.reference().namespace),
        ..Namespace::default()
    })
}

/// A namespace that `--create-namespace` makes. It outlives the registration unless somebody asks
/// for more, so it carries none of its labels; a run namespace says for whom it was made.
#[must_use]
pub fn plain_namespace(name: &str, created_for: Option<&Name>) -> Manifest {
    let annotations = created_for.map(|name| Map::from([(key::CREATED_FOR.to_owned(), name.to_string())]));
    Manifest::new(&Namespace {
        metadata: ObjectMeta { name: Some(name.to_owned()), annotations, ..ObjectMeta::default() },
        ..Namespace::default()
    })
}

/// The ServiceAccount, with the record that makes the run cluster the truth about itself.
#[must_use]
pub fn service_account(registration: &Registration, recorded: &Recorded) -> Manifest {
    let account = registration.account.reference();
    let mut meta = metadata(registration, Some(&account.namespace), &account.name);
    meta.annotations = Some(recorded.annotations());
    Manifest::new(&ServiceAccount {
        metadata: meta,
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}

/// The Roles with their RoleBindings, the cluster-wide ones and the admission policy where they
/// are wanted; all owned by the account namespace, so that they go with it.
#[must_use]
pub fn grants(registration: &Registration, account_namespace_uid: &str) -> Vec<Manifest> {
    if registration.account.is_brought() {
        return Vec::new();
    }
    let owned = |namespace: Option<&str>, name: &str| owned(registration, account_namespace_uid, namespace, name);
    let (name, account) = (role_name(&registration.name), registration.account.reference());
    let mut manifests = Vec::new();
    let namespaced = registration.grants.namespaced_rules();
    if !namespaced.is_empty() {
        for namespace in &registration.run_namespaces {
            manifests.extend(role(owned(Some(namespace), &name), &namespaced, account));
        }
    }
    if let Some(other) = &registration.grants.impersonate {
        let name = format!("{name}-impersonate");
        let rules = registration.grants.impersonation_rules();
        manifests.extend(role(owned(Some(&other.namespace), &name), &rules, account));
    }
    let cluster_wide = registration.grants.cluster_rules();
    if !cluster_wide.is_empty() {
        let role_ref = role_ref("ClusterRole", &name);
        manifests.push(Manifest::new(&ClusterRole {
            metadata: owned(None, &name),
            rules: Some(cluster_wide),
            aggregation_rule: None,
        }));
        manifests.push(Manifest::new(&ClusterRoleBinding {
            metadata: owned(None, &name),
            role_ref,
            subjects: Some(subjects(account)),
        }));
    }
    if registration.guard {
        manifests.extend(guard(registration, &owned(None, &guard_name(&registration.name))));
    }
    if let Some(renewal) = &registration.renewal {
        manifests.extend(renewal::access::grants(registration, renewal, account_namespace_uid));
    }
    manifests
}

/// A Role and the RoleBinding of its name that gives it to the account.
#[must_use]
pub fn role(meta: ObjectMeta, rules: &[PolicyRule], account: &ObjectRef) -> [Manifest; 2] {
    [Manifest::new(&Role { metadata: meta.clone(), rules: Some(rules.to_vec()) }), role_binding(meta, account)]
}

/// The RoleBinding alone.
pub(super) fn role_binding(meta: ObjectMeta, account: &ObjectRef) -> Manifest {
    let role_ref = role_ref("Role", meta.name.as_deref().unwrap_or_default());
    Manifest::new(&RoleBinding { metadata: meta, role_ref, subjects: Some(subjects(account)) })
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: "rbac.authorization.k8s.io".into(), kind: kind.into(), name: name.to_owned() }
}

fn subjects(account: &ObjectRef) -> Vec<Subject> {
    vec![Subject {
        kind: "ServiceAccount".into(),
        name: account.name.clone(),
        namespace: Some(account.namespace.clone()),
        api_group: None,
    }]
}

/// Whoever may write Secrets in a namespace can have the token controller fill one with a
/// never-ending token of any ServiceAccount there; this policy closes that way to the account.
fn guard(registration: &Registration, meta: &ObjectMeta) -> [Manifest; 2] {
    let bounds = Bounds {
        account: "delivery-account",
        user: registration.account_user(),
        resource: "secrets",
        operations: &["CREATE", "UPDATE"],
        validations: vec![(
            "object.type != 'kubernetes.io/service-account-token'".into(),
            "the delivery account may write no Secret of type service-account-token".into(),
        )],
    };
    admission::policy(meta, bounds)
}

/// The marker Secret of a generation: a token bound to it ends with it.
#[must_use]
pub fn marker(registration: &Registration, recorded: &Recorded, number: u64, random: &str) -> Manifest {
    let account = registration.account.reference();
    let name = format!("{}-{number}-{random}", account.name);
    let mut meta = metadata(registration, Some(&account.namespace), &name);
    let mut annotations = recorded.annotations();
    annotations.insert(key::GENERATION.to_owned(), number.to_string());
    meta.annotations = Some(annotations);
    Manifest::new(&Secret { metadata: meta, type_: Some("Opaque".into()), ..Secret::default() })
}

/// The kubeconfig Secret of the build cluster. Without a kubeconfig it is the one that a dry run
/// checks and a plan shows.
#[must_use]
pub fn kubeconfig_secret(
    registration: &Registration,
    recorded: &Recorded,
    generation: Option<&Generation>,
    kubeconfig: Option<&str>,
) -> Manifest {
    let mut meta = metadata(registration, Some(&registration.secret.namespace), &registration.secret.name);
    let mut annotations = recorded.annotations();
    annotations.extend(generation.map(Generation::annotations).unwrap_or_default());
    annotations.extend(registration.endpoint.proxy_url.iter().map(|url| (key::PROXY_URL.to_owned(), url.clone())));
    annotations.extend(reader_labels::annotation(&registration.reader_labels));
    meta.annotations = Some(annotations);
    meta.labels.get_or_insert_default().extend(registration.reader_labels.clone());
    let mut type_ = "Opaque";
    if let Some(export) = &registration.export {
        meta.labels.get_or_insert_default().extend(export.labels());
        meta.annotations.get_or_insert_default().extend(export.readers_annotations());
        type_ = export.type_();
    }
    let data = kubeconfig.map(|text| {
        let data = registration.data(text).into_iter();
        data.map(|(key, value)| (key, ByteString(value.expose().as_bytes().to_vec()))).collect()
    });
    Manifest::new(&Secret { metadata: meta, type_: Some(type_.into()), data, ..Secret::default() })
}

/// The metadata of an object that goes with the account namespace.
pub(super) fn owned(
    registration: &Registration,
    account_namespace_uid: &str,
    namespace: Option<&str>,
    name: &str,
) -> ObjectMeta {
    let mut meta = metadata(registration, namespace, name);
    meta.owner_references = Some(vec![OwnerReference {
        api_version: "v1".into(),
        kind: "Namespace".into(),
        name: registration.account.reference().namespace.clone(),
        uid: account_namespace_uid.to_owned(),
        ..OwnerReference::default()
    }]);
    meta
}

/// What all objects of a registration say of themselves.
#[must_use]
pub fn metadata(registration: &Registration, namespace: Option<&str>, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: namespace.map(str::to_owned),
        labels: Some(labels(&registration.name)),
        annotations: Some(Map::from([(key::FORMAT.to_owned(), FORMAT.to_owned())])),
        ..ObjectMeta::default()
    }
}

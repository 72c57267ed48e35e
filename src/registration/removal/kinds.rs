//! The kinds that a removal looks at: those that a registration makes, those whose objects keep the
//! account namespace, and those that are counted in a run namespace.

use serde_json::Value;

use crate::kind::ApiKind;

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Namespaces.
pub const NAMESPACE: ApiKind = ApiKind::cluster_wide("", "v1", "Namespace", "namespaces");
/// ServiceAccounts.
pub const SERVICE_ACCOUNT: ApiKind = ApiKind::namespaced("", "v1", "ServiceAccount", "serviceaccounts");
/// Secrets.
pub const SECRET: ApiKind = ApiKind::namespaced("", "v1", "Secret", "secrets");
const CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");
const POD: ApiKind = ApiKind::namespaced("", "v1", "Pod", "pods");
const SERVICE: ApiKind = ApiKind::namespaced("", "v1", "Service", "services");
const VOLUME_CLAIM: ApiKind = ApiKind::namespaced("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims");
const DEPLOYMENT: ApiKind = ApiKind::namespaced("apps", "v1", "Deployment", "deployments");
const STATEFUL_SET: ApiKind = ApiKind::namespaced("apps", "v1", "StatefulSet", "statefulsets");
const DAEMON_SET: ApiKind = ApiKind::namespaced("apps", "v1", "DaemonSet", "daemonsets");
const REPLICA_SET: ApiKind = ApiKind::namespaced("apps", "v1", "ReplicaSet", "replicasets");
const JOB: ApiKind = ApiKind::namespaced("batch", "v1", "Job", "jobs");
/// CronJobs.
pub const CRON_JOB: ApiKind = ApiKind::namespaced("batch", "v1", "CronJob", "cronjobs");
const INGRESS: ApiKind = ApiKind::namespaced("networking.k8s.io", "v1", "Ingress", "ingresses");
const DELIVERABLE: ApiKind = ApiKind::namespaced("carto.run", "v1alpha1", "Deliverable", "deliverables");
/// Roles.
pub const ROLE: ApiKind = ApiKind::namespaced(RBAC, "v1", "Role", "roles");
/// RoleBindings.
pub const ROLE_BINDING: ApiKind = ApiKind::namespaced(RBAC, "v1", "RoleBinding", "rolebindings");

/// ClusterRoles.
pub const CLUSTER_ROLE: ApiKind = ApiKind::cluster_wide(RBAC, "v1", "ClusterRole", "clusterroles");
/// ClusterRoleBindings.
pub const CLUSTER_ROLE_BINDING: ApiKind =
    ApiKind::cluster_wide(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings");

/// The kinds that run as a ServiceAccount, each with where it names it.
pub static RUN_AS: [(ApiKind, &str); 7] = [
    (POD, "/spec/serviceAccountName"),
    (DEPLOYMENT, "/spec/template/spec/serviceAccountName"),
    (STATEFUL_SET, "/spec/template/spec/serviceAccountName"),
    (DAEMON_SET, "/spec/template/spec/serviceAccountName"),
    (REPLICA_SET, "/spec/template/spec/serviceAccountName"),
    (JOB, "/spec/template/spec/serviceAccountName"),
    (CRON_JOB, "/spec/jobTemplate/spec/template/spec/serviceAccountName"),
];

/// The kinds of which a registration makes objects on a run cluster.
pub static MARKED: [ApiKind; 9] = [
    NAMESPACE,
    SERVICE_ACCOUNT,
    SECRET,
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ApiKind::cluster_wide(ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    ApiKind::cluster_wide(ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
];

/// An object of one of these kinds keeps the account namespace, if it is somebody's.
pub static FOREIGN: [ApiKind; 11] = [
    SECRET,
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    ROLE_BINDING,
    ROLE,
    POD,
    DEPLOYMENT,
    STATEFUL_SET,
    CRON_JOB,
    SERVICE,
    VOLUME_CLAIM,
];

/// What is counted in a run namespace that would be deleted.
pub static CONTENTS: [ApiKind; 9] =
    [DEPLOYMENT, STATEFUL_SET, POD, SERVICE, INGRESS, CONFIG_MAP, SECRET, VOLUME_CLAIM, DELIVERABLE];

/// Is it what a cluster itself puts into every namespace: Kubernetes, Istio, OpenShift?
#[must_use]
pub fn is_given_by_the_cluster(kind: &ApiKind, object: &Value) -> bool {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let given: &[&str] = match kind.kind.as_ref() {
        "ServiceAccount" => &["default", "builder", "deployer"],
        "ConfigMap" => &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"],
        "RoleBinding" => &["system:deployers", "system:image-builders", "system:image-pullers"],
        _ => &[],
    };
    given.contains(&name)
}

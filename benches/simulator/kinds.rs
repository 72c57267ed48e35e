//! The kinds that a simulated cluster serves: Kubernetes' own, as far as the plugin looks at them.

/// A kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The API group, empty for the core group.
    pub group: &'static str,
    /// Its kind.
    pub name: &'static str,
    /// The resource in URLs.
    pub plural: &'static str,
    /// Do its objects live in namespaces?
    pub namespaced: bool,
}

const fn inside(group: &'static str, name: &'static str, plural: &'static str) -> Kind {
    Kind { group, name, plural, namespaced: true }
}

const fn outside(group: &'static str, name: &'static str, plural: &'static str) -> Kind {
    Kind { group, name, plural, namespaced: false }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// All of them; each in version `v1`.
pub(super) static KINDS: [Kind; 23] = [
    outside("", "Namespace", "namespaces"),
    inside("", "ServiceAccount", "serviceaccounts"),
    inside("", "Secret", "secrets"),
    inside("", "ConfigMap", "configmaps"),
    inside("", "Pod", "pods"),
    inside("", "Service", "services"),
    inside("", "Event", "events"),
    inside("", "PersistentVolumeClaim", "persistentvolumeclaims"),
    inside("apps", "Deployment", "deployments"),
    inside("apps", "StatefulSet", "statefulsets"),
    inside("apps", "DaemonSet", "daemonsets"),
    inside("apps", "ReplicaSet", "replicasets"),
    inside("batch", "Job", "jobs"),
    inside("batch", "CronJob", "cronjobs"),
    inside("networking.k8s.io", "Ingress", "ingresses"),
    inside("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    inside("coordination.k8s.io", "Lease", "leases"),
    inside(RBAC, "Role", "roles"),
    inside(RBAC, "RoleBinding", "rolebindings"),
    outside(RBAC, "ClusterRole", "clusterroles"),
    outside(RBAC, "ClusterRoleBinding", "clusterrolebindings"),
    outside(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    outside(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
];

impl Kind {
    /// The kind of a resource in URLs.
    pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| version == "v1" && kind.group == group && kind.plural == plural)
    }

    /// `v1`, or `group/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    /// `secrets`, or `roles.rbac.authorization.k8s.io`, as messages name it.
    pub(super) fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

//! Who keeps an object as it is, and would put back what was changed or removed in it.

use serde_json::Value;

/// Labels by which tools mark what they keep: the key, and the tool.
const LABELS: [(&str, &str); 6] = [
    ("kustomize.toolkit.fluxcd.io/name", "Flux's Kustomization"),
    ("helm.toolkit.fluxcd.io/name", "Flux's HelmRelease"),
    ("kapp.k14s.io/app", "kapp"),
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("reconcile.external-secrets.io/managed", "External Secrets"),
    (
        "authentication.open-cluster-management.io/is-managed-serviceaccount",
        "Open Cluster Management's ManagedServiceAccount",
    ),
];

/// Annotations of the same kind.
const ANNOTATIONS: [(&str, &str); 2] =
    [("argocd.argoproj.io/tracking-id", "Argo CD"), ("meta.helm.sh/release-name", "Helm's release")];

/// Who keeps this object, in words; none where nobody is known to.
#[must_use]
pub fn keeper(object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    if let Some(owner) = metadata["ownerReferences"].as_array().and_then(|owners| owners.first()) {
        let text = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
        return Some(format!("its owner, {}/{}", text("kind").to_lowercase(), text("name")));
    }
    let marked = |field: &str, known: &[(&str, &str)]| {
        known.iter().find_map(|(key, tool)| Some(format!("{tool} '{}'", metadata[field][*key].as_str()?)))
    };
    marked("labels", &LABELS).or_else(|| marked("annotations", &ANNOTATIONS))
}

/// The annotation in which `kubectl apply` keeps a copy of the whole object.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

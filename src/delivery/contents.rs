//! What the credential needs for the objects of a delivery's folders, as far as these can be read here.

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

use crate::kind::group_and_version;

/// kinds whose plural is not what their name suggests.
const IRREGULAR: [(&str, &str); 2] = [("Endpoints", "endpoints"), ("NetworkPolicy", "networkpolicies")];
/// Kinds of objects that stand outside of namespaces, by their group.
const CLUSTER_WIDE: [(&str, &str); 13] = [
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("storage.k8s.io", "StorageClass"),
    ("networking.k8s.io", "IngressClass"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("apiregistration.k8s.io", "APIService"),
    ("carto.run", "ClusterSupplyChain"),
    ("carto.run", "ClusterDelivery"),
];

/// Who deploys: kapp writes whole objects, Flux patches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployer {
    /// kapp-controller.
    Kapp,
    /// Flux.
    Flux,
}

impl Deployer {
    fn verbs(self) -> Vec<String> {
        let verbs: &[&str] = match self {
            Self::Kapp => &["get", "list", "create", "update", "delete"],
            Self::Flux => &["get", "list", "create", "update", "patch", "delete"],
        };
        verbs.iter().map(|&verb| verb.to_owned()).collect()
    }

    /// The rules with the verbs alone that it uses.
    #[must_use]
    pub fn verbs_of(self, rules: &[PolicyRule]) -> Vec<PolicyRule> {
        rules.iter().map(|rule| PolicyRule { verbs: self.verbs(), ..rule.clone() }).collect()
    }
}

/// What was found in the folders.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The objects.
    pub objects: Vec<Value>,
    /// Files that could not be read as objects, each with the reason: templates, for the most part.
    pub unread: Vec<String>,
}

impl Contents {
    /// What a credential needs in the run namespace to deploy them.
    #[must_use]
    pub fn needs(&self, deployer: Deployer) -> Vec<PolicyRule> {
        let mut resources: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for object in self.objects.iter().filter(|object| !is_cluster_wide(object)) {
            let kind = object["kind"].as_str().unwrap_or_default();
            let of_group = resources.entry(group_and_version(object).0.to_owned()).or_default();
            let plural = plural(kind);
            if !kind.is_empty() && !of_group.contains(&plural) {
                of_group.push(plural);
            }
        }
        let rule = |(group, resources)| PolicyRule {
            api_groups: Some(vec![group]),
            resources: Some(resources),
            verbs: deployer.verbs(),
            ..PolicyRule::default()
        };
        resources.into_iter().map(rule).collect()
    }

    /// The objects that stand outside of namespaces, which no profile lets a credential write.
    #[must_use]
    pub fn cluster_wide(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let found = self.objects.iter().filter(|object| is_cluster_wide(object));
        found.map(|object| format!("{} '{}'", text(&object["kind"]), text(&object["metadata"]["name"]))).collect()
    }

    /// Is something among them that was encrypted with SOPS?
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.objects.iter().any(|object| object["sops"].is_object())
    }
}

fn is_cluster_wide(object: &Value) -> bool {
    let group = group_and_version(object).0;
    CLUSTER_WIDE.iter().any(|(of, kind)| *of == group && object["kind"] == *kind)
}

/// The resource of a kind, as Kubernetes forms it.
fn plural(kind: &str) -> String {
    if let Some((_, plural)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == kind) {
        return (*plural).to_owned();
    }
    let lower = kind.to_lowercase();
    if lower.ends_with(['s', 'x']) || lower.ends_with("ch") || lower.ends_with("sh") {
        format!("{lower}es")
    } else if let Some(stem) = lower.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o'])) {
        format!("{stem}ies")
    } else {
        format!("{lower}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::profiles::describe;
    use serde_json::json;

    #[test]
    fn what_the_objects_need() {
        let object = |api: &str, kind: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x"}});
        let contents = Contents {
            objects: vec![
                object("data.packaging.carvel.dev/v1alpha1", "Package"),
                object("v1", "Secret"),
                object("v1", "Secret"),
                object("networking.k8s.io/v1", "Ingress"),
                object("v1", "Namespace"),
                json!({"kind": "ConfigMap", "apiVersion": "v1", "sops": {"mac": "x"}}),
            ],
            unread: Vec::new(),
        };
        let lines: Vec<String> = contents.needs(Deployer::Kapp).iter().map(describe).collect();
        assert_eq!(
            lines,
            [
                "secrets, configmaps: get,list,create,update,delete",
                "packages.data.packaging.carvel.dev: get,list,create,update,delete",
                "ingresses.networking.k8s.io: get,list,create,update,delete",
            ]
        );
        assert!(contents.needs(Deployer::Flux)[0].verbs.contains(&"patch".to_owned()));
        assert_eq!(contents.cluster_wide(), ["Namespace 'x'"]);
        assert!(contents.is_encrypted() && !Contents::default().is_encrypted());
    }

    #[test]
    fn plurals() {
        let plurals = ["Gateway", "Policy", "NetworkPolicy", "Endpoints", "HTTPProxy", "Deployment"].map(plural);
        assert_eq!(plurals, ["gateways", "policies", "networkpolicies", "endpoints", "httpproxies", "deployments"]);
    }
}

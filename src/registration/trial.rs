//! What is made for a moment so that a reader uses a kubeconfig Secret: an App of kapp-controller with
//! one ConfigMap, or a Kustomization of Flux. Each carries our labels and one of its own, by which a
//! later run finds what an earlier one left behind.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use super::{
    access::SECRET_KEY,
    held::Held,
    record::{MANAGED_BY, REGISTRATION, TRIAL},
};
use crate::{
    error::{Error, Result},
    kind::ApiKind,
    package_install::APP,
    plan::Manifest,
};

/// What an App's content and its records are made of.
pub static CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");

/// The label selector of everything that trials of a registration made.
#[must_use]
pub fn selector(registration: &str) -> String {
    format!("{}={},{REGISTRATION}={registration},{}={}", MANAGED_BY.0, MANAGED_BY.1, TRIAL.0, TRIAL.1)
}

/// The name of a trial's object: no other has it. At most 63 characters, which Flux asks for.
#[must_use]
pub fn name(registration: &str, random: &str) -> String {
    format!("{PREFIX}{registration}-{random}")
}

/// Is this the name of a trial's object?
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(PREFIX)
}

const PREFIX: &str = "tapmc-trial-";

/// What kapp needs in the run namespace for an App with one ConfigMap.
#[must_use]
pub fn needs_of_an_app() -> Vec<PolicyRule> {
    let verbs = ["get", "list", "create", "update", "delete"];
    vec![PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![CONFIG_MAP.plural.to_string()]),
        verbs: verbs.map(str::to_owned).to_vec(),
        ..PolicyRule::default()
    }]
}

/// An App that writes one ConfigMap of its own name to the run namespace, with the Secret.
#[must_use]
pub fn app(held: &Held, name: &str, run_namespace: &str) -> Manifest {
    let content = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels(held)},
        "data": {"made-by": "kubectl tapmc verify --through-reader, which deletes it again"},
    });
    let content = serde_saphyr::to_string(&content).unwrap_or_default();
    let spec = json!({
        "cluster": {
            "namespace": run_namespace,
            "kubeconfigSecretRef": {"name": held.secret.name, "key": SECRET_KEY},
        },
        "fetch": [{"inline": {"paths": {"content.yml": content}}}],
        "template": [{"ytt": {}}],
        "deploy": [{"kapp": {}}],
    });
    APP.object(json!({
        "apiVersion": APP.api_version(), "kind": APP.kind,
        "metadata": metadata(held, name), "spec": spec,
    }))
}

/// A Kustomization, in the version that the cluster serves, that applies a folder of a source to the
/// run namespace with the Secret.
#[must_use]
pub fn kustomization(kind: &ApiKind, held: &Held, name: &str, source: &Source, run_namespace: &str) -> Manifest {
    let spec = json!({
        "interval": "1h", "retryInterval": "10s", "prune": true, "wait": true,
        "path": source.path,
        "sourceRef": {"kind": source.kind, "name": source.name},
        "targetNamespace": run_namespace,
        "kubeConfig": {"secretRef": {"name": held.secret.name, "key": SECRET_KEY}},
    });
    kind.object(json!({
        "apiVersion": kind.api_version(), "kind": kind.kind,
        "metadata": metadata(held, name), "spec": spec,
    }))
}

/// A source of Flux, and a folder in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `GitRepository`, `OCIRepository` or `Bucket`.
    pub kind: &'static str,
    /// Its name, in the namespace of the Secret.
    pub name: String,
    /// The folder.
    pub path: String,
}

impl Source {
    /// Reads `KIND/NAME`.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for anything else.
    pub fn parse(text: &str, path: &str) -> Result<Self> {
        const KINDS: [&str; 3] = ["GitRepository", "OCIRepository", "Bucket"];
        let known = |typed: &str| KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(typed));
        match text.split_once('/').map(|(kind, name)| (known(kind), name)) {
            Some((Some(kind), name)) if super::names::is_dns_subdomain(name) => {
                Ok(Self { kind, name: name.to_owned(), path: path.to_owned() })
            }
            _ => Err(Error::usage(format_args!("--source '{}' is not a source of Flux", text.escape_debug()))
                .hint("write GitRepository/NAME, OCIRepository/NAME or Bucket/NAME")),
        }
    }
}

/// What a Kustomization made, as its status lists it: `NAMESPACE_NAME_GROUP_KIND` and a version.
#[must_use]
pub fn inventory(kustomization: &Value) -> Vec<Made> {
    let entries = kustomization["status"]["inventory"]["entries"].as_array().cloned().unwrap_or_default();
    entries.iter().filter_map(|entry| Made::parse(entry["id"].as_str()?, entry["v"].as_str()?)).collect()
}

/// One object of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its namespace; none for the whole cluster's.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// Its kind.
    pub kind: String,
}

impl Made {
    fn parse(id: &str, version: &str) -> Option<Self> {
        // A name may hold what RBAC puts into names, `__` for ':', but neither a group nor a kind has '_'.
        let (rest, kind) = id.rsplit_once('_')?;
        let (rest, group) = rest.rsplit_once('_')?;
        let (namespace, name) = rest.split_once('_')?;
        Some(Self {
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: name.replace("__", ":"),
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        })
    }
}

fn metadata(held: &Held, name: &str) -> Value {
    json!({"name": name, "namespace": held.secret.namespace, "labels": labels(held)})
}

fn labels(held: &Held) -> Value {
    json!({MANAGED_BY.0: MANAGED_BY.1, REGISTRATION: held.name, TRIAL.0: TRIAL.1})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        let source = Source::parse("gitrepository/apps", "./check").unwrap();
        assert_eq!((source.kind, source.name.as_str()), ("GitRepository", "apps"));
        for bad in ["apps", "GitRepository/", "Kustomization/apps", "GitRepository/A b", "a/b/c"] {
            assert!(Source::parse(bad, "x").is_err(), "{bad}");
        }
    }

    #[test]
    fn an_inventory_is_read() {
        let entries = json!([{"id": "apps_web_apps_Deployment", "v": "v1"}, {"id": "_a__b_rbac.authorization.k8s.io_ClusterRole", "v": "v1"}, {"id": "apps_x__ConfigMap", "v": "v1"}]);
        let made = inventory(&json!({"status": {"inventory": {"entries": entries}}}));
        assert_eq!((made[0].namespace.as_deref(), made[0].group.as_str()), (Some("apps"), "apps"));
        assert_eq!((made[1].namespace.as_deref(), made[1].name.as_str()), (None, "a:b"));
        assert_eq!((made[2].name.as_str(), made[2].group.as_str(), made[2].kind.as_str()), ("x", "", "ConfigMap"));
        assert!(inventory(&json!({})).is_empty());
    }

    #[test]
    fn the_longest_name_is_short_enough_for_flux() {
        assert_eq!(name(&"a".repeat(40), "abcde").len(), 58);
        assert!(is_name(&name("run-a", "abcde")) && !is_name("run-a"));
    }
}

//! The Apps of a delivery: one for each run cluster, on the build cluster, which kapp-controller deploys
//! with the run cluster's kubeconfig Secret; or one on the run cluster itself, with a ServiceAccount there.
//!
//! No App has both: kapp-controller would ignore `spec.cluster` beside a `serviceAccountName` and deploy to
//! the cluster on which the App stands (carvel-dev/kapp-controller `pkg/kubeconfig/kubeconfig.go`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Access, Content, Delivery, Destination, git::GitRef, names};
use crate::{package_install::APP, plan::Manifest, registration::access::SECRET_KEY};

/// What an App reads and how, decided.
#[derive(Debug, Clone)]
pub struct CarvelApp {
    /// The repository's address.
    pub url: String,
    /// What of it is read.
    pub git_ref: GitRef,
    /// The Secret with its credentials.
    pub git_secret: Option<String>,
    /// How often the App is synced: `1m0s`.
    pub sync_period: String,
    /// The namespace into which everything is put, whatever its own says; the run namespace of each run
    /// cluster where nobody says otherwise.
    pub into_ns: Option<String>,
    /// How what is encrypted with SOPS is decrypted.
    pub decryption: Option<Decryption>,
}

/// A Secret with the private keys of SOPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decryption {
    /// Its name, in the namespace of the reader.
    pub secret: String,
    /// Whose keys they are: `age` or `pgp`.
    pub keys: &'static str,
}

/// Whose keys a Secret for SOPS holds; its values are looked at, and told to nobody.
#[must_use]
pub fn keys_of(secret: &Value) -> &'static str {
    let values = secret["data"].as_object().into_iter().flat_map(Map::values);
    let decoded = values.filter_map(|value| STANDARD.decode(value.as_str()?).ok());
    let is_age = |value: &[u8]| value.windows(AGE_KEY.len()).any(|part| part == AGE_KEY);
    if decoded.into_iter().any(|value| is_age(&value)) { "age" } else { "pgp" }
}

/// Every private key of age begins so.
const AGE_KEY: &[u8] = b"AGE-SECRET-KEY-";

/// The App's name.
#[must_use]
pub fn name(delivery: &Delivery, destination: &Destination) -> String {
    names::short(&[&delivery.name, &destination.run], "")
}

/// The App that delivers to one run cluster.
#[must_use]
pub fn app(delivery: &Delivery, destination: &Destination, how: &CarvelApp) -> Manifest {
    let fetch: Vec<Value> =
        delivery.packages().into_iter().chain([delivery.own(destination)]).map(|f| git(how, &f)).collect();
    // Files of people have plain comments, which ytt refuses otherwise.
    let mut template = vec![json!({"ytt": {"ignoreUnknownComments": true}})];
    if let Some(Decryption { secret, keys }) = &how.decryption {
        template.insert(0, json!({"sops": {*keys: {"privateKeysSecretRef": {"name": secret}}}}));
    }
    if matches!(delivery.content, Content::Deliverables { .. }) {
        template.push(json!({"kbld": {}}));
    }
    let into_ns = how.into_ns.as_ref().unwrap_or(&destination.run_namespace);
    let mut spec = json!({
        "syncPeriod": how.sync_period,
        "fetch": fetch,
        "template": template,
        "deploy": [{"kapp": {
            "intoNs": into_ns,
            // An empty folder is a delivery of nothing, not a mistake.
            "rawOptions": ["--dangerous-allow-empty-list-of-resources=true"],
        }}],
    });
    match &destination.access {
        Access::KubeconfigSecret(secret) => {
            spec["cluster"] = json!({
                "namespace": destination.run_namespace,
                "kubeconfigSecretRef": {"name": secret.name, "key": SECRET_KEY},
            });
        }
        Access::Account(account) => spec["serviceAccountName"] = json!(account.name),
    }
    APP.object(json!({
        "apiVersion": APP.api_version(), "kind": APP.kind,
        "metadata": delivery.metadata(destination.namespace(), &name(delivery, destination), Some(&destination.run)),
        "spec": spec,
    }))
}

fn git(how: &CarvelApp, folder: &str) -> Value {
    let (field, reference) = how.git_ref.for_kapp();
    let mut git = Map::from_iter([("url".to_owned(), json!(how.url)), (field.to_owned(), reference)]);
    if !folder.is_empty() {
        git.insert("subPath".to_owned(), json!(folder));
    }
    git.extend(how.git_secret.as_ref().map(|name| ("secretRef".to_owned(), json!({"name": name}))));
    json!({"git": git})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::Side, registration::names::ObjectRef};

    fn destination() -> Destination {
        Destination {
            run: "run-a".into(),
            access: Access::KubeconfigSecret(ObjectRef::new("builds", "run-a-kubeconfig")),
            folder: "staging".into(),
            run_namespace: "apps".into(),
        }
    }

    fn delivery() -> Delivery {
        let content = Content::Package { folder: "blue/app.tap".into() };
        Delivery { name: "app.tap".into(), content, stands_on: Side::Build }
    }

    fn how() -> CarvelApp {
        CarvelApp {
            url: "https://git.example.com/gitops".into(),
            git_ref: GitRef::Branch("main".into()),
            git_secret: Some("gitops-auth".into()),
            sync_period: "1m".into(),
            into_ns: None,
            decryption: Some(Decryption { secret: "keys".into(), keys: "age" }),
        }
    }

    #[test]
    fn the_app_of_a_package() {
        let app = app(&delivery(), &destination(), &how()).body;
        let spec = &app["spec"];
        assert_eq!(app["metadata"]["name"], "app.tap-run-a");
        assert_eq!(app["metadata"]["labels"]["kubectl-tapmc/registration"], "run-a");
        assert_eq!(spec["fetch"][0]["git"]["subPath"], "blue/app.tap/packages");
        assert_eq!(
            spec["fetch"][1]["git"],
            json!({
                "url": "https://git.example.com/gitops", "ref": "origin/main", "subPath": "blue/app.tap/staging",
                "secretRef": {"name": "gitops-auth"},
            })
        );
        assert_eq!(spec["cluster"]["kubeconfigSecretRef"], json!({"name": "run-a-kubeconfig", "key": "value"}));
        assert_eq!(spec["template"][0], json!({"sops": {"age": {"privateKeysSecretRef": {"name": "keys"}}}}));
        assert_eq!(spec["template"][1], json!({"ytt": {"ignoreUnknownComments": true}}));
        assert!(spec["serviceAccountName"].is_null());
    }

    #[test]
    fn the_app_on_the_run_cluster_itself() {
        let delivery = Delivery { stands_on: Side::Run, ..delivery() };
        let account = Access::Account(ObjectRef::new("apps", "deployer"));
        let app = app(&delivery, &Destination { access: account, ..destination() }, &how()).body;
        assert_eq!(app["spec"]["serviceAccountName"], "deployer");
        assert!(app["spec"]["cluster"].is_null());
        let labels = &app["metadata"]["labels"];
        assert_eq!(
            (&labels["kubectl-tapmc/run"], &labels["kubectl-tapmc/on-run-cluster"]),
            (&json!("run-a"), &json!("true"))
        );
        assert!(labels["kubectl-tapmc/registration"].is_null());
    }

    #[test]
    fn the_app_of_deliverables() {
        let delivery = Delivery {
            name: "d".into(),
            content: Content::Deliverables { folder: String::new() },
            stands_on: Side::Build,
        };
        let how = CarvelApp { decryption: None, git_secret: None, into_ns: Some("other".into()), ..how() };
        let spec = app(&delivery, &destination(), &how).body["spec"].clone();
        assert_eq!(spec["fetch"], json!([{"git": {"url": "https://git.example.com/gitops", "ref": "origin/main"}}]));
        assert_eq!(spec["template"][1], json!({"kbld": {}}));
        assert_eq!(spec["deploy"][0]["kapp"]["intoNs"], "other");
    }
}

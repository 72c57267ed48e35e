//! A run cluster without any registration, and what the tests do and see there.

use serde_json::{Value, json};

use crate::{
    deliver::case::{APPS, GIT_REPOSITORIES, KUSTOMIZATIONS, URL},
    support::{Kubectl, Tapmc, flux::Repository, kubeconfig::started, unique},
};

/// Namespaces on a cluster that is a run cluster here, and no registration.
pub struct Here {
    pub cluster: &'static str,
    pub namespace: String,
    pub package: String,
}

impl Here {
    pub fn on(cluster: &'static str, stem: &str) -> Option<Self> {
        started(cluster)?;
        let here = Self { cluster, namespace: unique(stem), package: format!("{}.tap", unique(stem)) };
        here.kubectl().namespace(&here.namespace);
        Some(here)
    }

    pub fn kubectl(&self) -> Kubectl {
        Kubectl::on(self.cluster)
    }

    pub fn deliver(&self, reader: &str, url: &str) -> Tapmc {
        Tapmc::new(["deliver", reader, &self.package, "--on-run-cluster", "--run", "prod", "--git-url", url]).args([
            "--run-context",
            self.cluster,
            "-n",
            &self.namespace,
            "--yes",
        ])
    }

    /// Without a reader that would answer.
    pub fn deliver_only(&self, reader: &str) -> Tapmc {
        self.deliver(reader, URL).arg("--no-wait")
    }

    pub fn undeliver(&self) -> Tapmc {
        Tapmc::new(["undeliver", &self.package, "--all", "--on-run-cluster", "--run-context", self.cluster]).args([
            "-n",
            &self.namespace,
            "--yes",
        ])
    }

    pub fn object(&self, kind: &str, name: &str) -> Value {
        self.kubectl().get(&[kind, name, "-n", &self.namespace]).unwrap_or_default()
    }

    /// The name of the account, its Role and its RoleBinding, and of an App.
    pub fn name(&self) -> String {
        format!("{}-prod", self.package)
    }

    /// Everything in a namespace that the plugin made, `Kind/name`.
    pub fn made_in(&self, namespace: &str) -> Vec<String> {
        let kinds = format!("{APPS},{KUSTOMIZATIONS},{GIT_REPOSITORIES},secrets,serviceaccounts,roles,rolebindings");
        let ours = "app.kubernetes.io/managed-by=kubectl-tapmc";
        let list = self.kubectl().get(&[&kinds, "-n", namespace, "-l", ours]).unwrap_or_default();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        items.iter().map(|one| format!("{}/{}", text(&one["kind"]), text(&one["metadata"]["name"]))).collect()
    }

    /// May the account that was made do this in a namespace?
    pub fn account_may(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let user = format!("--as=system:serviceaccount:{}:{}", self.namespace, self.name());
        self.kubectl().try_run(&["auth", "can-i", verb, resource, "-n", namespace, &user]).is_ok()
    }

    pub fn push(&self, repository: &Repository, more: &[(&str, &str)]) {
        let config_map = |name: &str| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": "one"}})
                .to_string()
        };
        let (package, own) =
            (format!("{}/packages/1.yaml", self.package), format!("{}/prod/packageinstall.yaml", self.package));
        let files = [(package.as_str(), config_map("package")), (own.as_str(), config_map("own"))];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        repository.push(&[&files, more].concat());
    }

    /// What arrived: the texts of both ConfigMaps.
    pub fn delivered(&self, namespace: &str) -> [Value; 2] {
        ["package", "own"].map(|name| {
            let found = self.kubectl().get(&["configmap", name, "-n", namespace]).unwrap_or_default();
            found["data"]["text"].clone()
        })
    }
}

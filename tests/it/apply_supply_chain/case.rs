//! A chain, its template and a Workload under names of their own, in files of their own.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{BUILD, Kubectl, Tapmc, unique};

/// The label by which a case's objects are found again.
pub const LABEL: &str = "tapmc.test/case";

/// One case; its objects outside of namespaces go with it.
pub struct Case {
    /// The context of its cluster.
    pub cluster: &'static str,
    /// Its name: that of its namespace, chain, template and Workload.
    pub name: String,
    dir: TempDir,
}

impl Case {
    /// On the build cluster.
    pub fn new(stem: &str) -> Self {
        Self::on(BUILD, stem)
    }

    /// On the cluster of that name.
    pub fn on(cluster: &'static str, stem: &str) -> Self {
        let name = unique(stem);
        Kubectl::on(cluster).namespace(&name);
        Self { cluster, name, dir: tempfile::tempdir().unwrap() }
    }

    /// kubectl on its cluster.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::on(self.cluster)
    }

    /// Writes a file into its folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Its folder.
    pub fn folder(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// `apply-supply-chain` of its folder.
    pub fn apply(&self) -> Tapmc {
        self.command("apply-supply-chain").args(["-f", &self.folder()])
    }

    /// `undo-supply-chain` in its namespace.
    pub fn undo(&self) -> Tapmc {
        self.command("undo-supply-chain")
    }

    fn command(&self, verb: &str) -> Tapmc {
        Tapmc::new([verb, "--context", self.cluster, "-n", &self.name])
    }

    /// The YAML of a template that stamps a ConfigMap with this in it.
    pub fn template(&self, suffix: &str, data: &str) -> String {
        let name = &self.name;
        format!(
            "apiVersion: carto.run/v1alpha1\nkind: ClusterTemplate\nmetadata:\n  name: {name}{suffix}\n  labels: {{{LABEL}: {name}}}\n\
             spec:\n  template:\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: $(workload.metadata.name)${suffix}\n\
             \x20   data: {{x: {data}}}\n"
        )
    }

    /// The YAML of its chain with these steps; each step takes the template of its name.
    pub fn chain(&self, steps: &[&str]) -> String {
        self.chain_named("", &format!("{LABEL}: {}", self.name), steps)
    }

    /// The YAML of a chain with another name and selector.
    pub fn chain_named(&self, suffix: &str, selector: &str, steps: &[&str]) -> String {
        let name = &self.name;
        let steps: String = steps
            .iter()
            .map(|step| {
                format!("  - name: step{step}\n    templateRef: {{kind: ClusterTemplate, name: {name}{step}}}\n")
            })
            .collect();
        let steps = if steps.is_empty() { "    []\n".to_owned() } else { steps };
        format!(
            "apiVersion: carto.run/v1alpha1\nkind: ClusterSupplyChain\nmetadata:\n  name: {name}{suffix}\n  labels: {{{LABEL}: {name}}}\n\
             spec:\n  selector:\n    {selector}\n  resources:\n{steps}"
        )
    }

    /// The YAML of its Workload, with this label besides.
    pub fn workload(&self, label: &str) -> String {
        let name = &self.name;
        format!(
            "apiVersion: carto.run/v1alpha1\nkind: Workload\nmetadata:\n  name: {name}\n  namespace: {name}\n\
             \x20 labels:\n    {LABEL}: {name}\n    {label}\nspec: {{serviceAccountName: default}}\n"
        )
    }

    /// An object outside of namespaces; null where there is none.
    pub fn get(&self, kind: &str, suffix: &str) -> Value {
        self.kubectl().get(&[kind, &format!("{}{suffix}", self.name)]).unwrap_or_default()
    }

    /// Its chain.
    pub fn chain_object(&self) -> Value {
        self.get("clustersupplychains.carto.run", "")
    }

    /// What a ConfigMap of its namespace holds under `x`.
    pub fn stamped(&self, suffix: &str) -> Option<String> {
        let name = format!("{}{suffix}", self.name);
        let found = self.kubectl().get(&["configmap", &name, "-n", &self.name])?;
        found["data"]["x"].as_str().map(str::to_owned)
    }

    /// The ConfigMaps of its backups.
    pub fn backups(&self) -> Vec<Value> {
        let args = ["get", "configmaps", "-n", &self.name, "-l", "kubectl-tapmc/backup=supply-chain", "-o", "json"];
        let list: Value = serde_json::from_str(&self.kubectl().run(&args)).unwrap();
        list["items"].as_array().cloned().unwrap()
    }

    /// The name of its one backup.
    #[track_caller]
    pub fn backup(&self) -> String {
        let backups = self.backups();
        assert_eq!(backups.len(), 1);
        backups[0]["metadata"]["name"].as_str().unwrap().to_owned()
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        let selector = format!("{LABEL}={}", self.name);
        let kubectl = self.kubectl();
        let _ = kubectl.try_run(&["delete", "namespace", &self.name, "--wait=false"]);
        let kinds = "clustersupplychains.carto.run,clustertemplates.carto.run,validatingwebhookconfigurations,\
                     clusterroles,clusterrolebindings";
        let _ = kubectl.try_run(&["delete", kinds, "-l", &selector, "--wait=false"]);
    }
}

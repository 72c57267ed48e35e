//! A registration whose tokens are renewed from a namespace of its own.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    register_run_cluster::case::{Case, with_kubeconfig},
    support::{BUILD, Kubectl, Tapmc, kubeconfig::started, unique},
};

/// A registration and its renewal.
pub struct Renewed {
    /// The registration.
    pub case: Case,
    /// The renewal namespace.
    pub locked: String,
}

impl Renewed {
    /// Registered with tokens of a day, and scheduled; none when the suite runs against existing
    /// clusters.
    pub fn new(stem: &str) -> Option<Self> {
        started(BUILD)?;
        let this = Self::registered(Case::new(stem));
        this.apply().succeeds();
        Some(this)
    }

    /// Registered only.
    pub fn registered(case: Case) -> Self {
        case.register().args(["--duration", "24h"]).succeeds();
        Self { case, locked: unique("locked") }
    }

    /// The command line of the schedule.
    pub fn schedule(&self) -> Tapmc {
        Tapmc::new(["rotation-schedule", &self.case.name, "--context", BUILD]).args([
            "--renewal-namespace",
            &self.locked,
            "--jitter",
            "0",
        ])
    }

    /// Applied, with consent.
    pub fn apply(&self) -> Tapmc {
        self.schedule().args(["--apply", "--yes"])
    }

    /// The one object of that kind in the renewal namespace.
    #[track_caller]
    pub fn only(&self, kind: &str) -> Value {
        let list = Kubectl::on(BUILD).get(&[kind, "-n", &self.locked, "-l", "kubectl-tapmc/registration"]).unwrap();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{kind}: {items:?}");
        items[0].clone()
    }

    /// The renewal kubeconfig's text.
    #[track_caller]
    pub fn renewal_kubeconfig(&self) -> String {
        let value = self.only("secrets")["data"]["value"].as_str().unwrap().to_owned();
        String::from_utf8(STANDARD.decode(value).unwrap()).unwrap()
    }

    /// The container of the CronJob's Pods.
    pub fn container(&self) -> Value {
        let job = self.only("cronjobs");
        job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0].clone()
    }

    /// What the CronJob's Pod runs, with the files that the kubelet would mount.
    pub fn pod(&self) -> Pod {
        let name = self.only("cronjobs")["metadata"]["name"].as_str().unwrap().to_owned();
        let args: Vec<String> = serde_json::from_value(self.container()["args"].clone()).unwrap();
        Pod::new(&self.locked, &name, args)
    }

    /// Runs kubectl with the stolen renewal kubeconfig.
    pub fn thief(&self, args: &[&str]) -> Result<String, String> {
        with_kubeconfig(&self.renewal_kubeconfig(), args)
    }

    /// Asks for a token as the thief of a kubeconfig would: what the API server says to this spec.
    pub fn token_request(&self, kubeconfig: &str, account: &str, spec: &Value) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("request.json");
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
        fs::write(&file, request.to_string()).unwrap();
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/{account}/token", self.case.account_namespace());
        with_kubeconfig(kubeconfig, &["create", "--raw", &path, "-f", file.to_str().unwrap()])
    }

    /// What is bound to the running marker, for ten minutes.
    pub fn bound(&self) -> Value {
        let marker = self.case.annotation("marker");
        json!({"expirationSeconds": 600, "boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": marker}})
    }
}

/// A Pod of the CronJob, without a kubelet.
pub struct Pod {
    args: Vec<String>,
    mounted: TempDir,
}

impl Pod {
    /// As the ServiceAccount of that name would run.
    pub fn new(namespace: &str, account: &str, args: Vec<String>) -> Self {
        let build = started(BUILD).unwrap();
        let mounted = tempfile::tempdir().unwrap();
        let token = Kubectl::on(BUILD).run(&["create", "token", account, "-n", namespace]);
        fs::write(mounted.path().join("token"), token.trim()).unwrap();
        fs::write(mounted.path().join("namespace"), namespace).unwrap();
        fs::copy(&build.certificate_authority, mounted.path().join("ca.crt")).unwrap();
        Self { args, mounted }
    }

    /// What it runs.
    pub fn command(&self) -> Tapmc {
        let (host, port) = started(BUILD).unwrap().server.strip_prefix("https://").unwrap().split_once(':').unwrap();
        Tapmc::bare(&self.args)
            .env("KUBERNETES_SERVICE_HOST", host)
            .env("KUBERNETES_SERVICE_PORT", port)
            .env("TAPMC_SERVICE_ACCOUNT_DIR", self.mounted.path())
    }
}

//! A registration on a build cluster where no controller runs, in a namespace of its own; the tests answer
//! in Flux's place.

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD_TWO, Kubectl, RUN, Tapmc, kubeconfig::started, unique},
};

pub const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";
pub const GIT_REPOSITORIES: &str = "gitrepositories.source.toolkit.fluxcd.io";
pub const APPS: &str = "apps.kappctrl.k14s.io";
/// Nobody answers there: a warning, no more.
pub const URL: &str = "https://127.0.0.1:1/team/gitops";

pub struct Idle {
    pub case: Case,
    pub namespace: String,
}

impl Idle {
    /// None when the suite runs against existing clusters.
    pub fn new(stem: &str) -> Option<Self> {
        started(BUILD_TWO)?;
        let (case, namespace) = (Case::on(stem, RUN), unique("deliver"));
        let idle = Self { case, namespace };
        idle.register(&[]);
        Some(idle)
    }

    pub fn register(&self, more: &[&str]) {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", RUN])
            .args(["--name", &self.case.name, "--allow-loopback-server", "--run-namespace", &self.case.apps])
            .args(["-n", &self.namespace, "--create-namespace", "--yes"])
            .args(more)
            .succeeds();
    }

    /// A delivery of `app.tap`, with consent.
    pub fn deliver(&self, reader: &str) -> Tapmc {
        Tapmc::new(["deliver", reader, "app.tap", "--run", &self.case.name, "--git-url", URL, "--yes"]).args([
            "--context",
            BUILD_TWO,
            "-n",
            &self.namespace,
        ])
    }

    /// The end of it, with consent.
    pub fn undeliver(&self, more: &[&str]) -> Tapmc {
        Tapmc::new(["undeliver", "--yes", "--context", BUILD_TWO, "-n", &self.namespace]).args(more)
    }

    pub fn kubectl() -> Kubectl {
        Kubectl::on(BUILD_TWO)
    }

    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let list = Self::kubectl().get(&[kind, "-n", &self.namespace]).unwrap_or_default();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    pub fn names(&self, kind: &str) -> Vec<String> {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.objects(kind).iter().map(name).collect()
    }

    pub fn object(&self, kind: &str, name: &str) -> Value {
        Self::kubectl().get(&[kind, name, "-n", &self.namespace]).unwrap_or_default()
    }

    /// The kubeconfig Secret.
    pub fn secret(&self) -> Value {
        self.object("secret", &format!("{}-kubeconfig", self.case.name))
    }

    /// What Flux reads instead of it.
    pub fn config_map(&self) -> Value {
        self.object("configmap", &self.name("-kubeconfig"))
    }

    /// `app.tap-NAME-packages` and the like.
    pub fn name(&self, suffix: &str) -> String {
        format!("app.tap-{}{suffix}", self.case.name)
    }

    /// Answers in the place of Flux or kapp-controller.
    pub fn answer(&self, kind: &str, name: &str, conditions: &Value) {
        let generation = self.object(kind, name)["metadata"]["generation"].clone();
        let status = json!({"status": {"observedGeneration": generation, "conditions": conditions}});
        let patch = ["--subresource=status", "--type=merge", "-p", &status.to_string()];
        Self::kubectl().run(&[&["patch", kind, name, "-n", &self.namespace], &patch[..]].concat());
    }

    /// Flux's condition Ready.
    pub fn ready(status: &str, reason: &str, message: &str) -> Value {
        json!([{"type": "Ready", "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    }
}

//! Flux's real controllers deliver through the Secrets that the plugin makes, and the plugin understands what they say.

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{
        BUILD, Flux, Kubectl, Tapmc,
        carvel::PATIENCE,
        eventually_within,
        flux::{GIT_REPOSITORIES, KUSTOMIZATIONS, Repository, ready},
    },
};

/// A registration, and a repository whose folder `deploy` a Kustomization delivers with its Secret.
struct Delivery {
    flux: &'static Flux,
    case: Case,
    repository: Repository,
}

impl Delivery {
    /// The run cluster is registered, and the source is there with one ConfigMap in it; nothing
    /// delivers yet. None when the suite runs against existing clusters.
    fn prepared(stem: &str) -> Option<Self> {
        let flux = Flux::on(BUILD)?;
        let this = Self { flux, case: Case::new(stem), repository: flux.repository(stem) };
        this.case.register().succeeds();
        this.push("one");
        Self::apply(&this.repository.source("default", &this.case.name, None));
        flux.await_ready(GIT_REPOSITORIES, "default", &this.case.name);
        Some(this)
    }

    /// The Kustomization has delivered.
    fn running(stem: &str) -> Option<Self> {
        let this = Self::prepared(stem)?;
        Self::apply(&this.kustomization());
        this.flux.await_ready(KUSTOMIZATIONS, "default", &this.case.name);
        Some(this)
    }

    fn kustomization(&self) -> Value {
        json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": self.case.name, "namespace": "default"},
            "spec": {
                "interval": "1h", "prune": true, "path": "./deploy", "targetNamespace": self.case.apps,
                "sourceRef": {"kind": "GitRepository", "name": self.case.name},
                "kubeConfig": {"secretRef": {"name": format!("{}-kubeconfig", self.case.name)}},
            },
        })
    }

    fn push(&self, greeting: &str) -> String {
        let config_map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "greeting"}, "data": {"greeting": greeting},
        });
        self.repository.push(&[("deploy/greeting.yaml", &config_map.to_string())])
    }

    /// What arrived on the run cluster.
    fn delivered(&self) -> Value {
        let found = self.case.run().get(&["configmap", "greeting", "-n", &self.case.apps]).unwrap_or_default();
        found["data"]["greeting"].clone()
    }

    fn reconcile(&self, resource: &str) -> Value {
        self.flux.reconcile(resource, "default", &self.case.name)
    }

    /// Ends the token as an administrator of the run cluster can, and waits until it is refused.
    fn revoke(&self) {
        let marker = self.case.annotation("marker");
        self.case.run().run(&["delete", "secret", &marker, "-n", &self.case.account_namespace()]);
        self.case.await_refused();
    }

    fn status(&self) -> Tapmc {
        Tapmc::new(["status", &self.case.name, "--context", BUILD, "-n", "default"])
    }

    fn verify(&self) -> Tapmc {
        Tapmc::new(["verify", &self.case.name, "--context", BUILD, "-n", "default", "--through-reader=flux", "--yes"])
    }

    fn apply(object: &Value) {
        Kubectl::on(BUILD).apply(&object.to_string());
    }
}

#[test]
fn a_push_arrives_until_the_credential_is_revoked() {
    let Some(it) = Delivery::running("pushed") else { return };
    assert_eq!(it.delivered(), "one");

    Tapmc::new(["rotate-token", &it.case.name, "--context", BUILD, "-n", "default"])
        .args(["--grace", "0", "--yes"])
        .succeeds();
    let commit = it.push("two");
    let source = it.reconcile(GIT_REPOSITORIES);
    assert!(source["status"]["artifact"]["revision"].as_str().unwrap().ends_with(&commit), "{source}");
    let after = it.reconcile(KUSTOMIZATIONS);
    assert_eq!((&ready(&after)["status"], it.delivered()), (&json!("True"), json!("two")), "{after}");

    it.revoke();
    it.push("three");
    it.reconcile(GIT_REPOSITORIES);
    let after = it.reconcile(KUSTOMIZATIONS);
    assert_eq!((&ready(&after)["status"], it.delivered()), (&json!("False"), json!("two")), "{after}");

    // Registering again is the repair.
    it.case.again().succeeds();
    let after = it.reconcile(KUSTOMIZATIONS);
    assert_eq!((&ready(&after)["status"], it.delivered()), (&json!("True"), json!("three")), "{after}");

    let namespace = ["-n", "default"];
    it.flux.kubectl().run(&[&["delete", KUSTOMIZATIONS, &it.case.name], &namespace[..]].concat());
    eventually_within(PATIENCE, "what was delivered is pruned", || it.delivered().is_null());
}

#[test]
fn a_private_repository_needs_its_password() {
    let Some(flux) = Flux::on(BUILD) else { return };
    let repository = flux.private_repository("private");
    repository.push(&[("a.yaml", "")]);
    let name = crate::support::unique("private");
    flux.kubectl().apply(&repository.source("default", &name, None).to_string());
    let refused = flux.reconcile(GIT_REPOSITORIES, "default", &name);
    assert_eq!(ready(&refused)["status"], "False");
    assert!(ready(&refused)["message"].as_str().unwrap().contains("authentication required"), "{refused}");

    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"},
        "stringData": {"username": flux.user(), "password": flux.password()}});
    flux.kubectl().apply(&secret.to_string());
    flux.kubectl().apply(&repository.source("default", &name, Some(&name)).to_string());
    flux.await_ready(GIT_REPOSITORIES, "default", &name);
}

#[test]
fn status_tells_how_the_kustomization_fared() {
    let Some(it) = Delivery::running("fared") else { return };
    let readers = |output: &Value| output["items"][0]["readers"].clone();
    let report = it.status().args(["-o", "json"]).succeeds().json();
    let all = readers(&report);
    let [reader] = all.as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&reader["kind"], &reader["name"]), (&json!("Kustomization"), &json!(it.case.name)));
    assert_eq!((&reader["result"], &report["items"][0]["state"]), (&json!("ok"), &json!("ready")), "{report}");

    it.revoke();
    it.reconcile(KUSTOMIZATIONS);
    let report = it.status().args(["-o", "json"]).succeeds().json();
    let reader = &readers(&report)[0];
    assert_eq!(reader["result"], "failed", "{report}");
    let said = it.flux.kubectl().get(&[KUSTOMIZATIONS, &it.case.name, "-n", "default"]).unwrap();
    assert_eq!(reader["message"], ready(&said)["message"], "Flux's own words");
}

#[test]
fn verify_asks_the_kustomization_that_is_there() {
    let Some(it) = Delivery::running("asks") else { return };
    let output = it.verify().succeeds();
    let told = format!("✔ kustomization.kustomize.toolkit.fluxcd.io/{}: Applied revision: main@sha1:", it.case.name);
    assert!(output.stderr.contains(&told), "{}", output.stderr);
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig proven\n", it.case.name));

    // Something in the repository that the credential may not write: from here it is proven all the same.
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "beyond"}});
    it.repository.push(&[("deploy/beyond.yaml", &secret.to_string())]);
    it.reconcile(GIT_REPOSITORIES);
    it.verify().fails(
        1,
        &[
            &format!("error: kustomization.kustomize.toolkit.fluxcd.io/{} failed with the Secret", it.case.name),
            "forbidden",
        ],
    );
}

#[test]
fn verify_tries_a_kustomization_of_its_own() {
    let Some(it) = Delivery::prepared("tries") else { return };
    let source = format!("GitRepository/{}", it.case.name);
    let output = it.verify().args(["--source", &source, "--path", "./deploy"]).succeeds();
    let told = format!("✔ kustomization.kustomize.toolkit.fluxcd.io/tapmc-trial-{}-", it.case.name);
    assert!(
        output.stderr.contains(&told) && output.stderr.contains("Applied revision: main@sha1:"),
        "{}",
        output.stderr
    );
    assert!(it.delivered().is_null(), "what it applied is taken back");
    let left = it.flux.kubectl().run(&["get", KUSTOMIZATIONS, "-n", "default", "-o", "name"]);
    assert!(!left.contains(&format!("tapmc-trial-{}", it.case.name)), "{left}");

    let output = it.verify().args(["--source", &source, "--path", "./missing"]).fails(1, &["failed with the Secret"]);
    assert!(output.stderr.contains("kustomization path not found"), "{}", output.stderr);
}

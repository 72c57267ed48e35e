//! Flux's objects are asked to reconcile, where no controller of Flux runs: the tests answer in its place. What the real
//! ones do is in `crate::flux`.

use std::process::Child;

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD_TWO, Kubectl, RUN, Tapmc, eventually, kubeconfig::started, tapmc::Output, unique},
};

const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";
const HELM_RELEASES: &str = "helmreleases.helm.toolkit.fluxcd.io";
const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";

struct Fixture {
    case: Case,
    namespace: String,
}

impl Fixture {
    fn new(stem: &str) -> Option<Self> {
        started(BUILD_TWO)?;
        let (case, namespace) = (Case::on(stem, RUN), unique("flux"));
        Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", RUN, "--name", &case.name])
            .args([
                "--allow-loopback-server",
                "--run-namespace",
                &case.apps,
                "-n",
                &namespace,
                "--create-namespace",
                "--yes",
            ])
            .succeeds();
        Some(Self { case, namespace })
    }

    fn verify(&self) -> Tapmc {
        Tapmc::new([
            "verify",
            &self.case.name,
            "--context",
            BUILD_TWO,
            "-n",
            &self.namespace,
            "--through-reader=flux",
            "--yes",
        ])
    }

    fn kustomization(&self, suspend: bool) {
        let object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "delivery", "namespace": self.namespace},
            "spec": {
                "interval": "10m", "prune": true, "path": "./", "suspend": suspend,
                "sourceRef": {"kind": "GitRepository", "name": "apps"},
                "kubeConfig": {"secretRef": {"name": format!("{}-kubeconfig", self.case.name)}},
            },
        });
        Kubectl::on(BUILD_TWO).apply(&object.to_string());
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        let list = Kubectl::on(BUILD_TWO).get(&[kind, "-n", &self.namespace]).unwrap_or_default();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Answers in Flux's place once the object is there, and was asked where it is a lasting one.
    fn answer(&self, kind: &str, is_it: impl Fn(&Value) -> bool, status: &str, reason: &str, message: &str) {
        let mut found = Value::Null;
        eventually("the object is asked", || {
            found = self.objects(kind).into_iter().find(|object| is_it(object)).unwrap_or_default();
            !found.is_null()
        });
        let metadata = &found["metadata"];
        let condition = json!({
            "type": "Ready", "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": metadata["generation"],
        });
        let status = json!({"status": {
            "observedGeneration": metadata["generation"], "conditions": [condition],
            "lastHandledReconcileAt": metadata["annotations"][REQUESTED].as_str().unwrap_or_default(),
        }});
        let name = metadata["name"].as_str().unwrap();
        Kubectl::on(BUILD_TWO).run(&[
            "patch",
            kind,
            name,
            "-n",
            &self.namespace,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status.to_string(),
        ]);
    }
}

fn ended((child, command): (Child, std::process::Command)) -> Output {
    Output::of(&command, &child.wait_with_output().unwrap())
}

fn is_asked(object: &Value) -> bool {
    object["metadata"]["annotations"][REQUESTED].is_string()
}

fn is_trial(object: &Value) -> bool {
    object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("tapmc-trial-"))
}

#[test]
fn what_refers_to_the_secret_is_asked_and_its_answer_told() {
    let Some(it) = Fixture::new("asked") else { return };
    it.kustomization(false);
    let helm_release = json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": "other", "namespace": it.namespace},
        "spec": {"interval": "10m", "kubeConfig": {"secretRef": {"name": "another-secret"}}},
    });
    Kubectl::on(BUILD_TWO).apply(&helm_release.to_string());
    let asked = it.verify().spawn();
    it.answer(KUSTOMIZATIONS, is_asked, "True", "ReconciliationSucceeded", "Applied revision: main@sha1:abc");
    let output = ended(asked);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("✔ kustomization.kustomize.toolkit.fluxcd.io/delivery: Applied revision: main@sha1:abc"),
        "{}",
        output.stderr
    );
    assert!(!it.objects(HELM_RELEASES).iter().any(is_asked), "what reads another Secret is left alone");
}

#[test]
fn an_old_answer_does_not_count_and_a_failure_is_quoted() {
    let Some(it) = Fixture::new("fails") else { return };
    it.kustomization(false);
    it.answer(KUSTOMIZATIONS, |_| true, "True", "ReconciliationSucceeded", "an older answer");
    let asked = it.verify().spawn();
    it.answer(KUSTOMIZATIONS, is_asked, "False", "ReconciliationFailed", "dial tcp 10.0.0.1:6443: i/o timeout");
    let output = ended(asked);
    assert_eq!(output.code, 1, "{}", output.stderr);
    for piece in [
        "error: kustomization.kustomize.toolkit.fluxcd.io/delivery failed with the Secret",
        "dial tcp 10.0.0.1:6443: i/o timeout",
    ] {
        assert!(output.stderr.contains(piece), "{}", output.stderr);
    }
    it.verify().args(["--wait-timeout", "1s"]).fails(6, &["is not through with the Secret after 1s"]);
}

#[test]
fn what_is_suspended_is_not_asked() {
    let Some(it) = Fixture::new("suspended") else { return };
    it.kustomization(true);
    it.verify().fails(1, &["is suspended, and cannot be asked"]);
    assert!(!it.objects(KUSTOMIZATIONS).iter().any(is_asked));
}

#[test]
fn a_temporary_kustomization_of_a_source_that_is_there() {
    let Some(it) = Fixture::new("source") else { return };
    let with_source = || it.verify().args(["--source", "GitRepository/apps", "--path", "./check"]);
    for (status, message, code) in [("True", "Applied revision: main", 0), ("False", "kustomize build failed", 1)] {
        let tried = with_source().spawn();
        it.answer(KUSTOMIZATIONS, is_trial, status, "ReconciliationEnded", message);
        let output = ended(tried);
        assert_eq!(output.code, code, "{}", output.stderr);
        assert!(output.stderr.contains(message), "{}", output.stderr);
        assert!(
            output.stderr.contains("warning: everything in './check' of the source is applied in 'apps-"),
            "{}",
            output.stderr
        );
        assert_eq!(it.objects(KUSTOMIZATIONS).len(), 0, "it is removed again");
    }
    let output = with_source().arg("--dry-run=server").succeeds();
    assert!(
        output.stderr.contains("create   build  kustomization.kustomize.toolkit.fluxcd.io/tapmc-trial-"),
        "{}",
        output.stderr
    );
}

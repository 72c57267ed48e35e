//! What reads a Secret, and how that went.

use serde_json::{Value, json};

use super::case::{Set, words};
use crate::support::{BUILD_TWO, Kubectl, RUN, Tapmc, kubeconfig::started};

/// Makes an object with a status.
fn make(namespace: &str, api_version: &str, kind: &str, name: &str, spec: &Value, status: &Value) {
    let kubectl = Kubectl::on(BUILD_TWO);
    let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec});
    kubectl.apply(&object.to_string());
    let group = api_version.split('/').next().unwrap();
    let resource = format!("{}s.{group}", kind.to_lowercase());
    let patch = json!({"status": status}).to_string();
    kubectl.run(&["patch", &resource, name, "-n", namespace, "--subresource=status", "--type=merge", "-p", &patch]);
}

fn carvel(condition: &str) -> Value {
    json!({"observedGeneration": 1, "usefulErrorMessage": "kapp: Error: \u{1b}[31mdenied",
        "conditions": [{"type": condition, "status": "True"}]})
}

fn flux(status: &str) -> Value {
    let condition = json!({"type": "Ready", "status": status, "reason": "Reconciled", "message": "unauthorized",
        "lastTransitionTime": "2026-01-01T00:00:00Z"});
    json!({"observedGeneration": 1, "conditions": [condition]})
}

#[test]
fn each_kind_with_its_last_result() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let one = set.register("read");
    let cluster = json!({"namespace": "apps", "kubeconfigSecretRef": {"name": one.secret(), "key": "value"}});
    let kube_config = json!({"secretRef": {"name": one.secret()}});
    let place = set.namespace.as_str();
    let app =
        json!({"cluster": cluster, "fetch": [{"inline": {}}], "template": [{"ytt": {}}], "deploy": [{"kapp": {}}]});
    make(place, "kappctrl.k14s.io/v1alpha1", "App", "deploys", &app, &carvel("ReconcileFailed"));
    let install = json!({"cluster": cluster, "packageRef": {"refName": "p"}});
    make(place, "packaging.carvel.dev/v1alpha1", "PackageInstall", "installs", &install, &carvel("ReconcileSucceeded"));
    let kustomization = json!({"kubeConfig": kube_config, "interval": "1m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "g"}});
    make(place, "kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizes", &kustomization, &flux("False"));
    let release = json!({"kubeConfig": kube_config, "interval": "1m", "suspend": true});
    make(place, "helm.toolkit.fluxcd.io/v2", "HelmRelease", "releases", &release, &flux("False"));

    let output = set.status().succeeds();
    let line = output.stdout.lines().nth(1).unwrap();
    assert!(line.contains(" reader-failed ") && line.ends_with("4 (2 failed)"), "{}", output.stdout);
    assert!(output.stdout.contains("  app/deploys failed: kapp: Error: [31mdenied\n"), "{}", output.stdout);
    let describe = format!(
        "    kubectl --context {BUILD_TWO} describe kustomizations.kustomize.toolkit.fluxcd.io kustomizes -n {place}\n"
    );
    assert!(output.stdout.contains(&describe), "{}", output.stdout);
    let report = set.report();
    let readers = one.of(&report)["readers"].as_array().unwrap();
    let result = |kind: &str| readers.iter().find(|reader| reader["kind"] == kind).unwrap()["result"].as_str().unwrap();
    assert_eq!(
        ["App", "PackageInstall", "Kustomization", "HelmRelease"].map(result),
        ["failed", "ok", "failed", "paused"]
    );
    assert_eq!(words(one.of(&report)), ["reader-failed", "reader-failed"]);
    let wide = set.status().args(["-o", "wide"]).succeeds().stdout;
    assert!(wide.contains("\n  packageinstall/installs ok\n"), "{wide}");
}

#[test]
fn who_may_not_list_readers_is_told() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    set.register("unlisted");
    let role = format!("{}-secrets", set.namespace);
    set.build(&["create", "role", &role, "--resource=secrets", "--verb=get,list"]);
    set.build(&["create", "rolebinding", &role, &format!("--role={role}"), "--user=looker"]);
    let arguments = ["status", "--context", BUILD_TWO, "-n", &set.namespace, "--as", "looker"];
    let output = Tapmc::new(arguments).kubeconfig(&set.file.path).succeeds();
    assert!(output.stdout.lines().nth(1).unwrap().contains(" ready "), "{}", output.stdout);
    assert!(output.stderr.contains("note: readers among apps.kappctrl.k14s.io could not be seen"), "{}", output.stderr);
}

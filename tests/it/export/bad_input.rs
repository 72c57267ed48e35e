//! What cannot be exported is told before anything is made.

use serde_json::json;

use super::Exported;
use crate::support::{BUILD, BUILD_TWO, Kubectl, Tapmc, unique};

#[test]
fn readers_and_forms() {
    let it = Exported::new("cannot");
    it.apply("argcd").fails(2, &["there is no reader 'argcd'", "did you mean 'argocd'?"]);
    it.apply("liqo").fails(2, &["Liqo (liqoctl peer) reads no Secret", "--output-file"]);
    it.apply("argocd").args(["--kind", "Target"]).fails(2, &["has no object of its own"]);
    it.apply("admiralty")
        .args(["--kind", "Targt"])
        .fails(2, &["has no kind 'Targt'", "ClusterTarget.multicluster.admiralty.io"]);
    it.apply("crossplane")
        .args(["--kind", "ProviderConfig"])
        .fails(2, &["is several kinds", "ProviderConfig.helm.m.crossplane.io"]);
    it.print("argocd").args(["--part", "update"]).fails(2, &["--part is for Capact"]);
    it.print("capact").args(["--part", "update"]).fails(2, &["--type-instance-id"]);
    it.print("capact")
        .args(["--part", "policy", "--type-instance-id", "x", "--interface", "postgres\u{202e}"])
        .fails(2, &["is no interface of Capact's"]);
    it.print("argocd").args(["-o", "json"]).fails(2, &["stdout holds the credential", "--output-file"]);
    it.print("argocd").arg("--adopt").fails(2, &["--adopt is for a Secret that is stored"]);
    it.print("kubeconfig").args(["--recipient", "two\nlines"]).fails(2, &["no short text of one line"]);
    it.print("kubeconfig").args(["--name", "No Name"]).fails(2, &["--name"]);
    Tapmc::new(["export", "no-such", "--context", BUILD, "--yes"]).fails(2, &["there is no registration 'no-such'"]);
}

#[test]
fn an_export_is_not_exported() {
    let it = Exported::new("twice");
    it.apply("argocd").succeeds();
    let name = format!("{}-argocd", it.case.name);
    Tapmc::new(["export", &name, "--for", "istio", "--context", BUILD, "--registration-namespace", &it.namespace])
        .args(["--yes"])
        .fails(2, &["is itself exported"]);
    // Nor delivered with.
    Tapmc::new(["deliver", "flux", "--packages", "--run", &name, "-n", &it.namespace, "--context", BUILD])
        .args(["--source", "https://example.com/x.git", "--yes"])
        .fails(2, &[]);
}

#[test]
fn the_registrations_own_secret_stays_its_own() {
    let it = Exported::new("own");
    let before = it.case.secret();
    Tapmc::new(["export", &it.case.name, "--for", "cluster-api", "--apply", "--yes", "--context", BUILD])
        .fails(2, &["which is the registration's own", "-n"]);
    assert_eq!(it.case.secret(), before);
    // In another namespace it is the reader's.
    it.apply("cluster-api").succeeds();
    let secret = it.secret(&format!("{}-kubeconfig", it.case.name));
    assert_eq!(secret["type"], "cluster.x-k8s.io/secret");
    it.verb("verify", "cluster-api").succeeds();
}

#[test]
fn somebodys_secret_is_left_alone() {
    let it = Exported::new("somebody");
    let name = format!("{}-argocd", it.case.name);
    let mine = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": it.namespace},
        "stringData": {"mine": "x"}});
    Kubectl::on(BUILD).apply(&mine.to_string());
    let before = it.secret(&name);
    it.apply("argocd").fails(4, &["--adopt"]);
    assert_eq!(it.secret(&name), before);
    it.apply("argocd").arg("--adopt").succeeds();
    assert_eq!(it.data(&name, "name"), it.case.name);
}

#[test]
fn a_kind_that_is_not_served_is_told_before_anything_is_made() {
    let (name, apps) = (unique("unserved"), unique("apps"));
    let case = crate::register_run_cluster::case::Case { name, apps, run: crate::support::RUN.into() };
    case.run().namespace(&case.apps);
    Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", &case.run, "--yes"])
        .args(["--name", &case.name, "--run-namespace", &case.apps, "--allow-loopback-server"])
        .succeeds();
    let export = || Tapmc::new(["export", &case.name, "--for", "sveltos", "--apply", "--yes", "--context", BUILD_TWO]);
    export().fails(1, &["does not serve SveltosCluster.lib.projectsveltos.io", "--no-object"]);
    assert_eq!(case.run().get(&["namespace", &format!("tapmc-{}-sveltos", case.name)]), None, "nothing was made");
    export().arg("--no-object").succeeds();
    Tapmc::new(["unregister-run-cluster", &case.name, "--context", BUILD_TWO, "--yes"]).succeeds();
}

#[test]
fn another_cluster_behind_the_context_is_refused() {
    let it = Exported::new("other");
    it.print("kubeconfig")
        .args(["--run-context", crate::support::RUN_PACKAGES])
        .fails(2, &["leads to the cluster", "is of the cluster"]);
}

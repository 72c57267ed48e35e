//! What cannot be exported is told before anything is made.

use serde_json::json;

use super::Exported;
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, BUILD_TWO, Kubectl, Tapmc, kubeconfig::started, unique},
};

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

#[test]
fn a_registration_is_no_export_and_an_export_no_registration() {
    let it = Exported::new("same");
    let name = format!("{}-multicluster-runtime", it.case.name);
    let other = Case { name: name.clone(), apps: it.case.apps.clone(), run: it.case.run.clone() };
    other.register().succeeds();
    let before = other.secret();
    it.apply("multicluster-runtime").fails(4, &["which is a registration of its own", "--name"]);
    assert_eq!(other.secret(), before);
    it.apply("argocd").succeeds();
    Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", &it.case.run, "--yes"])
        .args(["--name", &format!("{}-argocd", it.case.name), "-n", &it.namespace, "--allow-loopback-server"])
        .fails(4, &["was exported from", "--name"]);
    // Neither is one export another.
    it.apply("istio")
        .args(["--allow-broad-rules", "--name", &format!("{}-argocd", it.case.name)])
        .fails(4, &["exported from"]);
}

#[test]
fn an_object_of_a_registration_that_is_called_alike_is_left_alone() {
    let Some(_) = started(BUILD) else { return };
    let it = Exported::new("alike");
    it.apply("admiralty").args(["--allow-broad-rules", "--kind", "ClusterTarget"]).succeeds();
    // Somebody's Secret says that the object is its own, as one of another run cluster would.
    let secret = it.secret(&format!("{}-admiralty", it.case.name));
    let theirs = unique("theirs");
    Kubectl::on(BUILD).namespace(&theirs);
    let copy = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": secret["metadata"]["name"], "namespace": theirs,
        "labels": secret["metadata"]["labels"], "annotations": secret["metadata"]["annotations"]}});
    Kubectl::on(BUILD).apply(&copy.to_string());
    let name = format!("{}-admiralty", it.case.name);
    let plan =
        Tapmc::new(["unregister-run-cluster", &name, "-n", &theirs, "--context", BUILD, "--with-readers", "--dry-run"])
            .run();
    assert!(!plan.stderr.contains("clustertarget"), "{}", plan.stderr);
}

#[test]
fn status_tells_of_an_export_whose_registration_changed_or_is_gone() {
    let it = Exported::new("base");
    let more = unique("more");
    it.case.run().namespace(&more);
    it.case.again().args(["--run-namespace", &it.case.apps, "--run-namespace", &more]).succeeds();
    let export = || Tapmc::new(["export", &it.case.name, "--for", "flux", "--apply", "--yes", "--context", BUILD]);
    export().succeeds();
    it.case.again().args(["--run-namespace", &it.case.apps]).succeeds();
    let name = format!("{}-flux", it.case.name);
    let found = || {
        let status = Tapmc::new(["status", "--live=false", "--context", BUILD, "-o", "json"]).succeeds().json();
        let items = status["items"].as_array().expect("items").clone();
        items.into_iter().find(|item| item["name"] == name.as_str()).expect("the export")
    };
    let wider = found();
    assert_eq!(wider["state"], "wider-than-base", "{wider}");
    assert!(wider["findings"][0]["message"].as_str().is_some_and(|text| text.contains(&more)), "{wider}");
    export().args(["--run-namespace", &it.case.apps]).succeeds();
    assert_eq!(found()["state"], "recorded");
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", it.case.name), "-n", "default"]);
    assert_eq!(found()["state"], "base-gone");
    Tapmc::new(["unregister-run-cluster", &name, "--context", BUILD, "--yes"]).succeeds();
}

//! What cannot be seen is told, and holds up nothing else.

use serde_json::json;

use crate::{
    deliver::case::{Idle, KUSTOMIZATIONS},
    support::{BUILD_TWO, Tapmc, eventually, unique},
};

fn status(it: &Idle) -> Tapmc {
    Tapmc::new(["delivery-status", "--context", BUILD_TWO, "-n", &it.namespace])
}

#[test]
fn registrations_without_a_delivery_and_unknown_ones() {
    let Some(it) = Idle::new("dsnone") else { return };
    let output = status(&it).arg("--exit-code").succeeds();
    assert!(output.stdout.contains("no-delivery"), "{}", output.stdout);
    assert!(output.stderr.contains("no kapp-controller is installed there"), "{}", output.stderr);
    let typo = format!("{}x", it.case.name);
    let unknown = format!("did you mean '{}'?", it.case.name);
    Tapmc::new(["delivery-status", &typo, "--context", BUILD_TWO, "-n", &it.namespace])
        .fails(2, &["there is no registration", &unknown]);
    let nothing = Tapmc::new(["delivery-status", "--context", BUILD_TWO, "-n", &it.case.apps]).succeeds();
    assert!(nothing.stderr.contains("no registrations found"), "{}", nothing.stderr);
}

#[test]
fn a_source_of_another_namespace() {
    let Some(it) = Idle::new("dselse") else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    let elsewhere = unique("elsewhere");
    Idle::kubectl().namespace(&elsewhere);
    let source = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "theirs", "namespace": elsewhere}, "spec": {"url": "https://127.0.0.1:1/x", "interval": "1h"}});
    Idle::kubectl().apply(&source.to_string());
    let status =
        json!({"status": {"observedGeneration": 1, "conditions": Idle::ready("False", "R", "cannot be cloned")}});
    let (kind, subresource) = ("gitrepositories.source.toolkit.fluxcd.io", "--subresource=status");
    let patch = ["--type=merge", "-p", &status.to_string()];
    Idle::kubectl().run(&[&["patch", kind, "theirs", "-n", &elsewhere, subresource], &patch[..]].concat());
    let reference = json!({"spec": {"sourceRef": {"name": "theirs", "namespace": elsewhere}}}).to_string();
    let name = it.name("-packages");
    let patch = ["--type=merge", "-p", &reference];
    Idle::kubectl().run(&[&["patch", KUSTOMIZATIONS, &name, "-n", &it.namespace], &patch[..]].concat());
    let report = Tapmc::new(["delivery-status", "--context", BUILD_TWO, "-n", &it.namespace]).succeeds().stdout;
    assert!(report.contains("gitrepository/theirs: cannot be cloned"), "{report}");
}

#[test]
fn fluxs_words_and_a_run_cluster_out_of_sight() {
    let Some(it) = Idle::new("dswords") else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    let state = || status(&it).args(["-o", "json"]).succeeds().json()["items"][0]["deliveries"][0]["state"].clone();
    assert_eq!(state(), "reconciling");
    let answer = |status: &str, message: &str| {
        for suffix in ["-packages", "-packageinstalls"] {
            it.answer(KUSTOMIZATIONS, &it.name(suffix), &Idle::ready(status, "R", message));
        }
    };
    answer("False", "no such \u{1b}[2Jfolder");
    let output = status(&it).arg("--exit-code").fails(7, &["not fine: 1 of 1 delivery"]);
    assert!(
        output.stdout.contains(&format!("kustomization/{}: no such [2Jfolder", it.name("-packages"))),
        "{}",
        output.stdout
    );
    answer("True", "Applied");
    eventually("it is delivered", || state() == "delivered");
    status(&it).arg("--exit-code").succeeds();

    // Another cluster than the registered one is never taken for it.
    let elsewhere = Tapmc::new(["delivery-status", &it.case.name, "--context", BUILD_TWO, "-n", &it.namespace])
        .args(["--run-context", BUILD_TWO, "-o", "json"])
        .succeeds();
    let item = &elsewhere.json()["items"][0];
    assert_eq!((&item["severity"], &item["deliveries"][0]["state"]), (&json!("attention"), &json!("run-side-unseen")));
    assert!(elsewhere.stderr.contains("leads to the cluster"), "{}", elsewhere.stderr);
}

#[test]
fn a_pattern_shows_those_to_which_a_matching_context_leads() {
    crate::register_run_cluster::fleet::chooses_by_pattern("told", &["delivery-status"]);
}

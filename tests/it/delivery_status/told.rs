//! What cannot be seen is told, and holds up nothing else.

use serde_json::json;

use crate::{
    deliver::case::{Idle, KUSTOMIZATIONS},
    support::{BUILD_TWO, Tapmc, eventually},
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

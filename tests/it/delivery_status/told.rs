//! What cannot be seen is told, and holds up nothing else.

use hyper::Method;
use serde_json::json;

use crate::{
    deliver::case::{Idle, KUSTOMIZATIONS},
    support::{
        BUILD_TWO, Fault, KubeconfigFile, Proxy, RUN, Tapmc, eventually,
        kubeconfig::{started, token},
    },
};

fn status(it: &Idle) -> Tapmc {
    Tapmc::new(["delivery-status", "--context", BUILD_TWO, "-n", &it.namespace])
}

#[test]
fn registrations_without_a_delivery_and_unknown_ones() {
    let Some(it) = Idle::new("dsnone") else { return };
    let output = status(&it).arg("--exit-code").succeeds();
    assert!(output.stdout.contains("no-delivery"), "{}", output.stdout);
    assert!(!output.stderr.contains("kapp-controller"), "{}", output.stderr);
    let typo = format!("{}x", it.case.name);
    let unknown = format!("did you mean '{}'?", it.case.name);
    Tapmc::new(["delivery-status", &typo, "--context", BUILD_TWO, "-n", &it.namespace])
        .fails(2, &["there is no registration", &unknown]);
    let nothing = Tapmc::new(["delivery-status", "--context", BUILD_TWO, "-n", &it.case.apps]).succeeds();
    assert!(nothing.stderr.contains("no registrations found"), "{}", nothing.stderr);
}

#[test]
fn a_run_cluster_without_kapp_controller() {
    let Some(it) = Idle::new("dsbare") else { return };
    let [build, run] = [BUILD_TWO, RUN].map(|name| started(name).expect("a control plane of the test bed"));
    let (to_build, to_run) = (Proxy::before(build), Proxy::before(run));
    to_run.fault(Method::GET, "packaging.carvel.dev", Fault::Answer(404), usize::MAX);
    let file = KubeconfigFile::new().context(BUILD_TWO, &to_build.cluster(), &token(build), "").context(
        RUN,
        &to_run.cluster(),
        &token(run),
        "",
    );
    let output =
        status(&it).args([&it.case.name, "--run-context", RUN, "--exit-code"]).kubeconfig(&file.path).succeeds();
    assert!(output.stderr.contains("no kapp-controller is installed there"), "{}", output.stderr);
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

//! `resume-supply-chain` on a small TAP: the former state comes back, live edits are shown before they
//! go, and nobody else's pause is lifted by accident.

use hyper::Method;
use serde_json::{Value, json};

use super::pause_supply_chain::pause;
use crate::support::{
    BUILD, BUILD_TWO, Fault, KubeconfigFile, Kubectl, Proxy, Tap, Tapmc,
    carvel::{self, CHAIN, PATIENCE, TAP, TEMPLATES, VERSION, package},
    eventually, eventually_within,
    kubeconfig::{started, token},
    tapmc::Output,
    unique,
};

fn resume(tap: &Tap) -> Tapmc {
    Tapmc::new(["resume-supply-chain", "--context", &tap.cluster, "-n", &tap.namespace, "--yes"])
}

fn edit(tap: &Tap) {
    tap.patch(
        &["clustersupplychain", &tap.chain],
        &json!({"spec": {"params": [{"name": "edited", "value": "yes"}], "selector": {"tapmc.test/more": "x"}}}),
    );
}

/// The annotations of ours that an object still has.
fn memory(object: &Value) -> Vec<String> {
    let annotations = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.keys().filter(|key| key.starts_with("kubectl-tapmc/")).cloned().collect()
}

fn is_reconciled(tap: &Tap, name: &str) -> bool {
    tap.app(name)["status"]["friendlyDescription"] == "Reconcile succeeded"
}

#[test]
fn the_former_state_comes_back_and_edits_are_shown_before_they_go() {
    let tap = Tap::installed("resume");
    tap.patch(&["packageinstall", TAP], &json!({"spec": {"paused": false}}));
    let before = [TAP, CHAIN, TEMPLATES].map(|name| tap.install(name)["spec"].clone());
    pause(&tap).succeeds();
    edit(&tap);
    let dry = resume(&tap).arg("--dry-run").succeeds();
    for piece in [
        "live edits that will be reverted:\n",
        &format!("clustersupplychain.carto.run/{}\n", tap.chain),
        "    - spec.params:\n    -   - name: edited\n",
        "    - spec.selector[tapmc.test/more]: x\n",
    ] {
        assert!(dry.stderr.contains(piece), "'{piece}' is missing in:\n{}", dry.stderr);
    }
    assert_eq!(tap.chain_object()["spec"]["params"][0]["name"], "edited");
    let report = resume(&tap).args(["--dry-run", "-o", "json"]).succeeds().json();
    assert_eq!((&report["kind"], &report["differences"].as_array().map(Vec::len)), (&json!("ResumeReport"), &Some(1)));

    let output = resume(&tap).succeeds();
    assert_eq!(
        output.stdout,
        "packageinstall.packaging.carvel.dev/ootb-supply-chain-basic resumed\n\
         packageinstall.packaging.carvel.dev/ootb-templates resumed\n\
         packageinstall.packaging.carvel.dev/tap resumed\n"
    );
    for (name, spec) in [TAP, CHAIN, TEMPLATES].into_iter().zip(before) {
        let install = tap.install(name);
        assert_eq!((&install["spec"], memory(&install)), (&spec, Vec::new()));
        // Each sync shows for a moment that it is under way.
        eventually_within(PATIENCE, "it is reconciled", || is_reconciled(&tap, name));
    }
    assert!(tap.chain_object()["spec"]["params"].is_null());
}

#[test]
fn nothing_to_resume() {
    let tap = Tap::installed("nothing");
    let output = Tapmc::new(["resume-supply-chain", "--context", BUILD, "-n", &tap.namespace]).succeeds();
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("no changes"), "{}", output.stderr);
    let named = resume(&tap).arg(CHAIN).succeeds();
    assert_eq!(named.stdout, "packageinstall.packaging.carvel.dev/ootb-supply-chain-basic unchanged\n");
    assert!(named.stderr.contains("(not paused)"), "{}", named.stderr);
}

#[test]
fn a_child_alone_takes_the_owner_along_that_was_paused_for_it() {
    let tap = Tap::installed("along");
    pause(&tap).arg(CHAIN).succeeds();
    let output = resume(&tap).arg(CHAIN).succeeds();
    assert_eq!(
        output.stdout,
        "packageinstall.packaging.carvel.dev/ootb-supply-chain-basic resumed\npackageinstall.packaging.carvel.dev/tap resumed\n"
    );
    assert!(memory(&tap.install(TAP)).is_empty());
}

#[test]
fn a_child_alone_leaves_the_owner_that_others_need() {
    let tap = Tap::installed("needed");
    pause(&tap).succeeds();
    let output = resume(&tap).arg(CHAIN).succeeds();
    assert!(
        output.stdout.starts_with("packageinstall.packaging.carvel.dev/ootb-supply-chain-basic resumed\n"),
        "{}",
        output.stdout
    );
    assert!(output.stderr.contains("the PackageInstall 'tap' stays paused"), "{}", output.stderr);
    assert_eq!(tap.install(TAP)["spec"]["paused"], true);
    let children = tap.install(TAP)["metadata"]["annotations"]["kubectl-tapmc/paused-children"].clone();
    assert!(
        !children.as_str().unwrap().contains(CHAIN) && children.as_str().unwrap().contains(TEMPLATES),
        "{children}"
    );
}

#[test]
fn somebody_elses_pause_is_lifted_only_when_asked() {
    let tap = Tap::installed("theirs");
    pause(&tap).arg(TAP).succeeds();
    tap.set_paused(CHAIN, true);
    tap.await_paused(CHAIN);
    // Resuming the owner would lift it.
    resume(&tap).fails(
        4,
        &[
            "PackageInstall 'ootb-supply-chain-basic' is paused by somebody else, with kubectl-patch at ",
            "hint: resume it as well with --all",
        ],
    );
    resume(&tap).arg(CHAIN).fails(4, &["paused by somebody else"]);
    assert_eq!(tap.install(TAP)["spec"]["paused"], true);
    let output = resume(&tap).arg("--all").succeeds();
    assert!(output.stderr.contains("paused by somebody else, with kubectl-patch"), "{}", output.stderr);
    for name in [TAP, CHAIN] {
        assert!(tap.install(name)["spec"]["paused"].is_null());
    }
}

#[test]
fn a_pause_that_was_lifted_and_begun_again_by_hand_is_theirs() {
    let tap = Tap::installed("again");
    pause(&tap).arg(TAP).succeeds();
    tap.set_paused(TAP, false);
    tap.set_paused(TAP, true);
    let output = resume(&tap).succeeds();
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("PackageInstall 'tap' is paused by somebody else"), "{}", output.stderr);
    assert!(output.stderr.contains("--all resumes it too"), "{}", output.stderr);
    assert_eq!(tap.install(TAP)["spec"]["paused"], true);
}

#[test]
fn what_an_interrupted_resumption_left_is_forgotten() {
    const CHILDREN: &str = "kubectl-tapmc/paused-children";
    let tap = Tap::installed("left");
    tap.patch(&["packageinstall", TAP], &json!({"spec": {"paused": true}}));
    pause(&tap).succeeds();
    for name in [CHAIN, TEMPLATES] {
        tap.patch(&["packageinstall", name], &json!({"spec": {"paused": null}}));
    }
    let remembered = || tap.install(TAP)["metadata"]["annotations"][CHILDREN].as_str().map(str::to_owned);
    resume(&tap).succeeds();
    let fresh = remembered().expect("a pause that may just be under way stays remembered");
    let mut children: Value = serde_json::from_str(&fresh).unwrap();
    for child in children.as_object_mut().unwrap().values_mut() {
        child["at"] = json!("2026-01-01T00:00:00Z");
    }
    tap.patch(&["packageinstall", TAP], &json!({"metadata": {"annotations": {CHILDREN: children.to_string()}}}));
    let output = resume(&tap).succeeds();
    assert_eq!(output.stdout, "packageinstall.packaging.carvel.dev/tap memory patched\n");
    assert_eq!((remembered(), &tap.install(TAP)["spec"]["paused"]), (None, &json!(true)));
}

#[test]
fn a_failure_is_told_in_the_controllers_own_words() {
    let tap = Tap::installed("failure");
    pause(&tap).succeeds();
    let broken = json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "metadata": {"name": "Not A Name"}, "spec": {}});
    tap.apply(&[package(&tap.namespace, &carvel::reference(CHAIN), VERSION, &[broken])]);
    let output = resume(&tap).fails(
        1,
        &[
            "packageinstall.packaging.carvel.dev/ootb-supply-chain-basic is resumed, but its reconciliation failed",
            "Not A Name",
            "done before that:",
        ],
    );
    assert!(
        output.stderr.contains("describe packageinstalls.packaging.carvel.dev ootb-supply-chain-basic"),
        "{}",
        output.stderr
    );
    // It waited for what else was to settle, and everything is resumed.
    for name in [TAP, CHAIN, TEMPLATES] {
        assert!(tap.install(name)["spec"]["paused"].is_null());
    }
}

#[test]
fn no_controller_answers_and_it_is_resumed_all_the_same() {
    let Some(tap) = Tap::on(BUILD_TWO, "unanswered") else { return };
    pause(&tap).args(["--wait-timeout", "1s", TAP]).fails(6, &["is not paused in truth"]);
    resume(&tap).args(["--wait-timeout", "1s"]).fails(6, &["is not reconciled after 1s", "hint: it is resumed"]);
    assert!(tap.install(TAP)["spec"]["paused"].is_null() && memory(&tap.install(TAP)).is_empty());
    pause(&tap).args(["--wait-timeout", "1s", TAP]).fails(6, &["is not paused in truth"]);
    resume(&tap).arg("--no-wait").succeeds();
    assert!(tap.install(TAP)["spec"]["paused"].is_null());
}

#[test]
fn who_paused_it_again_meanwhile_is_told() {
    let Some(tap) = Tap::on(BUILD_TWO, "meanwhile") else { return };
    pause(&tap).args(["--wait-timeout", "1s", TAP]).fails(6, &["is not paused in truth"]);
    let (child, command) = resume(&tap).args(["--wait-timeout", "10m"]).spawn();
    eventually("it is resumed", || tap.install(TAP)["spec"]["paused"].is_null());
    tap.set_paused(TAP, true);
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 4, "{}", output.stderr);
    let told = "packageinstall.packaging.carvel.dev/tap was resumed, and meanwhile it was paused by somebody else, with \
                kubectl-patch at ";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    assert_eq!(tap.install(TAP)["spec"]["paused"], true);
}

#[test]
fn what_changed_meanwhile_is_observed_again() {
    let Some(build) = started(BUILD) else { return };
    let tap = Tap::installed("changed");
    pause(&tap).arg(TAP).succeeds();
    let proxy = Proxy::before(build);
    proxy.fault(Method::PATCH, "/packageinstalls/tap", Fault::Answer(409), 1);
    proxy.fault(Method::PATCH, "/packageinstalls/tap", Fault::LoseAnswer, 1);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    let output = resume(&tap).kubeconfig(&file.path).succeeds();
    assert_eq!(output.stdout, "packageinstall.packaging.carvel.dev/tap resumed\n");
    assert!(memory(&tap.install(TAP)).is_empty());
}

#[test]
fn flux_gets_exactly_what_it_had() {
    let (namespace, kubectl) = (unique("flux"), Kubectl::on(BUILD));
    kubectl.namespace(&namespace);
    let git = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "apps", "namespace": namespace},
        "spec": {"interval": "1h", "url": "https://git.invalid/apps.git", "suspend": false}});
    kubectl.apply(&git.to_string());
    let run = |verb: &str| {
        Tapmc::new([verb, "--context", BUILD, "-n", &namespace, "--yes", "--kind", "git-repository", "apps"])
    };
    run("pause-supply-chain").succeeds();
    run("resume-supply-chain").arg("--no-wait").succeeds();
    let after = kubectl.get(&["gitrepositories.source.toolkit.fluxcd.io", "apps", "-n", &namespace]).unwrap();
    assert_eq!((&after["spec"]["suspend"], memory(&after)), (&json!(false), Vec::new()));
    eventually_within(PATIENCE, "it is there", || !after["metadata"]["uid"].is_null());
}

//! `pause-supply-chain` on a small TAP: what is paused, in which order, what is remembered, and what
//! happens when something is in the way.

mod faults;

use serde_json::{Value, json};

use crate::support::{
    BUILD, BUILD_TWO, Kubectl, RUN_CAPPED, Tap, Tapmc,
    carvel::{self, CHAIN, PATIENCE, TAP, TEMPLATES, VERSION, condition, is_observed, package},
    eventually, eventually_within,
    kubeconfig::started,
    tapmc::Output,
    unique,
};

/// The command line for one TAP.
pub fn pause(tap: &Tap) -> Tapmc {
    Tapmc::new(["pause-supply-chain", "--context", &tap.cluster, "-n", &tap.namespace, "--yes"])
}

fn annotation(object: &Value, key: &str) -> String {
    object["metadata"]["annotations"][format!("kubectl-tapmc/{key}")].as_str().unwrap_or_default().to_owned()
}

fn is_left_alone(tap: &Tap, name: &str) -> bool {
    let app = tap.app(name);
    app["spec"]["paused"] == true && app["status"]["friendlyDescription"] == "Canceled/paused" && is_observed(&app)
}

#[test]
fn that_it_was_resumed_meanwhile_is_told() {
    let Some(tap) = Tap::on(BUILD_TWO, "lifted") else { return };
    let (child, command) = pause(&tap).args(["--wait-timeout", "15s", TAP]).spawn();
    eventually("it is paused", || tap.install(TAP)["spec"]["paused"] == true);
    tap.set_paused(TAP, false);
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 4, "{}", output.stderr);
    let told = "packageinstall.packaging.carvel.dev/tap was paused, and meanwhile somebody resumed it";
    assert!(output.stderr.contains(told), "{}", output.stderr);
}

#[test]
fn the_supply_chain_is_paused_owners_first_and_remembers() {
    let tap = Tap::installed("pause");
    let output = pause(&tap).args(["--reason", "live edit"]).succeeds();
    assert_eq!(
        output.stdout,
        "packageinstall.packaging.carvel.dev/tap paused\n\
         packageinstall.packaging.carvel.dev/ootb-supply-chain-basic paused\n\
         packageinstall.packaging.carvel.dev/ootb-templates paused\n"
    );
    // The command came back when it was so, and not before.
    for name in [TAP, CHAIN, TEMPLATES] {
        assert!(is_left_alone(&tap, name), "{}", tap.app(name));
        let install = tap.install(name);
        assert!(!annotation(&install, "paused-by").is_empty(), "{install}");
        assert_eq!(annotation(&install, "paused-reason"), "live edit");
        assert_eq!(annotation(&install, "paused-former"), "absent");
        assert!(annotation(&install, "paused-at").ends_with('Z'), "{install}");
    }
    let children: Value = serde_json::from_str(&annotation(&tap.install(TAP), "paused-children")).unwrap();
    for child in [CHAIN, TEMPLATES] {
        let child = &children[format!("PackageInstall/{}/{child}", tap.namespace)];
        assert_eq!((&child["reason"], &child["former"]), (&json!("live edit"), &json!("absent")));
    }
    // Once more: nothing is left to do.
    let again = pause(&tap).succeeds();
    assert_eq!(again.stdout.matches("already paused").count(), 3, "{}", again.stdout);
    assert!(again.stderr.contains("no changes") && again.stderr.contains("already paused by "), "{}", again.stderr);
}

#[test]
fn a_named_child_is_paused_after_its_owners() {
    let tap = Tap::installed("named");
    let output = pause(&tap).arg(TEMPLATES).succeeds();
    assert_eq!(
        output.stdout,
        "packageinstall.packaging.carvel.dev/tap paused\npackageinstall.packaging.carvel.dev/ootb-templates paused\n"
    );
    assert_eq!(annotation(&tap.install(TAP), "paused-for-children"), "true");
    assert_eq!(annotation(&tap.install(TEMPLATES), "paused-for-children"), "");
    tap.await_sync(CHAIN);
    assert!(is_left_alone(&tap, TAP) && is_left_alone(&tap, TEMPLATES) && !is_left_alone(&tap, CHAIN));
    // Naming the owner too: it is paused for itself now.
    pause(&tap).arg(TAP).succeeds();
    assert_eq!(annotation(&tap.install(TAP), "paused-for-children"), "");
}

#[test]
fn somebody_elses_pause_is_left_as_it_is() {
    let tap = Tap::installed("foreign");
    tap.set_paused(TAP, true);
    let output = pause(&tap).succeeds();
    assert!(output.stderr.contains("paused by somebody else, with kubectl-patch at "), "{}", output.stderr);
    let install = tap.install(TAP);
    assert_eq!(
        (annotation(&install, "paused-by"), annotation(&install, "paused-reason")),
        (String::new(), String::new())
    );
    // It remembers its children all the same: no sync takes that away from it.
    assert!(annotation(&install, "paused-children").contains(CHAIN));
    assert!(!annotation(&tap.install(CHAIN), "paused-by").is_empty());
}

#[test]
fn a_running_deploy_is_waited_for() {
    // The end of the Job is made by hand: there is no kubelet. Elsewhere there is one.
    if started(BUILD).is_none() {
        return;
    }
    let tap = Tap::installed("deploy");
    let mut content = carvel::templates(&tap.chain);
    content.push(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "slow", "namespace": tap.namespace},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "slow", "image": "example.com/slow"}],
        }}},
    }));
    pause(&tap).arg(TAP).succeeds();
    tap.apply(&[package(&tap.namespace, &carvel::reference(TEMPLATES), VERSION, &content)]);
    let pods = || tap.get(&["pods", "-l", "batch.kubernetes.io/job-name=slow"])["items"][0].clone();
    eventually("the deploy runs", || pods().is_object());
    let (mut child, command) = pause(&tap).arg(TEMPLATES).spawn();
    eventually("the App is told", || tap.app(TEMPLATES)["spec"]["paused"] == true);
    // Nobody else is held up, so time passes.
    tap.await_sync(CHAIN);
    assert!(child.try_wait().unwrap().is_none(), "it came back while a deploy was running");
    let pod = pods()["metadata"]["name"].as_str().unwrap().to_owned();
    tap.patch(&["pod", &pod, "--subresource=status"], &json!({"status": {"phase": "Succeeded"}}));
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(is_left_alone(&tap, TEMPLATES));
}

#[test]
fn a_dry_run_changes_nothing() {
    let tap = Tap::installed("dry");
    for (form, suffix) in [("--dry-run", " (dry run)"), ("--dry-run=server", " (server dry run)")] {
        let output = pause(&tap).arg(form).succeeds();
        assert!(
            output.stdout.starts_with(&format!("packageinstall.packaging.carvel.dev/tap paused{suffix}\n")),
            "{}",
            output.stdout
        );
    }
    let report = pause(&tap).args(["--dry-run", "-o", "json"]).succeeds().json();
    assert_eq!((&report["kind"], &report["dryRun"]), (&json!("PauseReport"), &json!("client")));
    assert_eq!(report["changes"][0]["op"], "pause");
    for name in [TAP, CHAIN, TEMPLATES] {
        assert!(tap.install(name)["spec"]["paused"].is_null());
    }
    assert!(
        Tapmc::new(["pause-supply-chain", "--context", BUILD, "-n", &tap.namespace])
            .fails(2, &["there is no terminal to ask on", "hint: look at it with --dry-run, then add --yes"])
            .stderr
            .contains("3 changes: 3 pause")
    );
}

#[test]
fn names_that_are_not_there() {
    let tap = Tap::installed("names");
    pause(&tap).arg("ootb-template").fails(
        2,
        &["there is no PackageInstall 'ootb-template' in the namespace", "hint: did you mean 'ootb-templates'?"],
    );
    let empty = unique("empty");
    Kubectl::on(BUILD).namespace(&empty);
    let elsewhere =
        |args: &[&str]| Tapmc::new(["pause-supply-chain", "--context", BUILD, "-n", &empty, "--yes"]).args(args);
    elsewhere(&[])
        .fails(2, &["neither tap nor a PackageInstall of the supply chain is installed", "hint: did you mean -n "]);
    elsewhere(&[CHAIN]).fails(2, &["there is no PackageInstall 'ootb-supply-chain-basic'", "hint: did you mean -n "]);
    elsewhere(&["--kind", "kustomization"]).fails(2, &["which Kustomization? name at least one"]);
    elsewhere(&["x", "--kind", "git-repository"]).fails(2, &["there is no GitRepository 'x'"]);
}

#[test]
fn a_cluster_without_the_api_is_named() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    let on = |args: &[&str]| Tapmc::new(["pause-supply-chain", "--context", RUN_CAPPED, "--yes"]).args(args);
    on(&[]).fails(
        1,
        &[
            "the build cluster (context 'run-capped') does not serve packaging.carvel.dev (PackageInstall)",
            "hint: is kapp-controller installed there",
        ],
    );
    on(&["x", "--kind", "kustomization"])
        .fails(1, &["does not serve kustomize.toolkit.fluxcd.io", "is Flux installed"]);
}

#[test]
fn other_kinds_by_their_own_field() {
    let namespace = unique("kinds");
    let kubectl = Kubectl::on(BUILD);
    kubectl.namespace(&namespace);
    kubectl.apply(
        &json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageRepository",
             "metadata": {"name": "packages", "namespace": namespace},
             "spec": {"fetch": {"inline": {"paths": {"packages/none.yml": "---\n"}}}}},
            {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
             "metadata": {"name": "apps", "namespace": namespace},
             "spec": {"interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "apps"}, "suspend": false}},
        ]})
        .to_string(),
    );
    let pause = |kind: &str, name: &str| {
        Tapmc::new(["pause-supply-chain", "--context", BUILD, "-n", &namespace, "--yes", "--kind", kind, name])
            .succeeds()
    };
    let get = |kind: &str, name: &str| kubectl.get(&[kind, name, "-n", &namespace]).unwrap();
    pause("package-repository", "packages");
    let repository = get("packagerepository", "packages");
    assert!(repository["spec"]["paused"] == true && is_observed(&repository));
    assert_eq!(repository["status"]["friendlyDescription"], "Canceled/paused");
    let output = pause("kustomization", "apps");
    assert_eq!(output.stdout, "kustomization.kustomize.toolkit.fluxcd.io/apps paused\n");
    let kustomization = get("kustomization.kustomize.toolkit.fluxcd.io", "apps");
    assert_eq!(
        (&kustomization["spec"]["suspend"], annotation(&kustomization, "paused-former")),
        (&json!(true), "false".into())
    );
}

#[test]
fn an_app_is_paused_by_its_package_install() {
    let tap = Tap::installed("app");
    let output = pause(&tap).args(["--kind", "app", CHAIN]).succeeds();
    assert_eq!(
        output.stdout.lines().last(),
        Some("packageinstall.packaging.carvel.dev/ootb-supply-chain-basic paused")
    );
    assert!(output.stderr.contains("belongs to the PackageInstall of its name"), "{}", output.stderr);
    assert!(is_left_alone(&tap, CHAIN));
}

#[test]
fn a_pause_lasts_through_the_syncs_of_what_is_not_paused() {
    let tap = Tap::installed("lasts");
    pause(&tap).arg(CHAIN).succeeds();
    tap.patch(&["clustersupplychain", &tap.chain], &json!({"spec": {"params": [{"name": "edited", "value": "yes"}]}}));
    tap.await_sync(TEMPLATES);
    assert_eq!(tap.chain_object()["spec"]["params"][0]["name"], "edited");
    eventually_within(PATIENCE, "the chain stays ready", || {
        condition(&tap.chain_object(), "Ready")["status"] == "True"
    });
}

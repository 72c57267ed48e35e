//! What is paused, by whom, and whether it lasts.

use serde_json::json;

use super::{item, pauses, report, warnings};
use crate::support::{
    BUILD, BUILD_TWO, Kubectl, Tap, Tapmc,
    carvel::{CHAIN, TAP, TEMPLATES},
    eventually,
};

/// Pauses as the plugin does: the memory in the patch, and our field manager.
fn pause_as_we_do(tap: &Tap, name: &str, children: &[&str]) {
    let memory = json!({"by": "alice", "at": "2026-01-01T00:00:00Z", "reason": "live edit", "former": "absent"});
    let mut annotations = json!({"kubectl-tapmc/paused-by": "alice", "kubectl-tapmc/paused-at": "2026-01-01T00:00:00Z",
        "kubectl-tapmc/paused-reason": "live edit", "kubectl-tapmc/paused-former": "absent"});
    if !children.is_empty() {
        let references =
            children.iter().map(|child| (format!("PackageInstall/{}/{child}", tap.namespace), memory.clone()));
        let references: serde_json::Map<_, _> = references.collect();
        annotations["kubectl-tapmc/paused-children"] = json!(serde_json::to_string(&references).unwrap());
    }
    let patch = json!({"metadata": {"annotations": annotations}, "spec": {"paused": true}}).to_string();
    let object = format!("packageinstalls.packaging.carvel.dev/{name}");
    let options = ["--type=merge", "--field-manager=kubectl-tapmc", "-p", &patch];
    tap.kubectl().run(&[&["patch", "-n", &tap.namespace, &object][..], &options].concat());
}

#[test]
fn nothing_of_a_tap_that_runs() {
    let tap = Tap::installed("unpaused");
    assert!(pauses(&tap.namespace).is_empty());
    assert!(warnings(&format!("{}/", tap.namespace)).is_empty());
}

#[test]
fn our_pause_with_who_and_why_and_tap_is_shouted() {
    let tap = Tap::installed("ours");
    pause_as_we_do(&tap, TAP, &[TEMPLATES, CHAIN]);
    tap.await_paused(TAP);
    pause_as_we_do(&tap, CHAIN, &[]);
    tap.await_paused(CHAIN);
    let found = pauses(&tap.namespace);
    // The Apps follow their PackageInstalls and are not told of twice; the templates are not paused.
    assert_eq!(found.len(), 3, "{found:#?}");
    for name in [TAP, CHAIN] {
        let one = item(&json!(found), "object.name", name);
        assert_eq!((&one["ours"], &one["by"], &one["state"]), (&json!(true), &json!("alice"), &json!("paused")));
        assert_eq!((&one["since"], &one["reason"]), (&json!("2026-01-01T00:00:00Z"), &json!("live edit")));
    }
    assert_eq!(item(&json!(found), "object.name", TEMPLATES)["state"], "lifted");
    let said = warnings(&format!("{}/", tap.namespace)).join("\n");
    let namespace = &tap.namespace;
    assert!(said.contains(&format!("PackageInstall {namespace}/tap IS PAUSED: every upgrade of TAP")), "{said}");
    assert!(said.contains(&format!("{namespace}/{TEMPLATES} is not paused, though")), "{said}");

    let output = Tapmc::new(["supply-chain-status", "--context", BUILD, "-n", namespace]).succeeds();
    let line = |name: &str| {
        let mut lines = output.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find(|line| line[0] == namespace && line[1] == format!("packageinstall/{name}")).unwrap()
    };
    assert!(output.stdout.starts_with("NAMESPACE"), "{}", output.stdout);
    assert_eq!(line(TAP)[2], "paused");
    assert_eq!(line(TAP)[4..], ["ago", "alice", "live", "edit"]);
    assert_eq!(line(TEMPLATES)[2], "lifted");
    assert!(output.stderr.contains("IS PAUSED"), "{}", output.stderr);
    let chain = item(&report(&[])["chains"], "name", &tap.chain);
    assert_eq!(
        chain["owner"],
        json!({"object": {"kind": "PackageInstall", "namespace": namespace, "name": CHAIN}, "paused": true})
    );
    assert!(output.stdout.contains(&format!("packageinstall/{CHAIN} (paused)")), "{}", output.stdout);
}

#[test]
fn somebody_elses_pause_by_the_api_servers_record() {
    let tap = Tap::installed("theirs");
    tap.set_paused(TAP, true);
    tap.await_paused(TAP);
    let one = pauses(&tap.namespace).remove(0);
    assert_eq!((&one["ours"], &one["manager"]), (&json!(false), &json!("kubectl-patch")));
    assert!(one["sinceSeconds"].as_i64().unwrap() < 600, "{one}");
    let text = Tapmc::new(["supply-chain-status", "--context", BUILD]).succeeds().stdout;
    let line = text.lines().find(|line| line.starts_with(&tap.namespace)).unwrap();
    assert!(line.contains("packageinstall/tap") && line.contains("somebody else, by kubectl-patch"), "{line}");
}

/// Where no controller runs nothing follows the patch.
#[test]
fn a_pause_that_its_controller_has_not_seen_and_one_that_will_not_last() {
    let Some(tap) = Tap::on(BUILD_TWO, "unseen") else { return };
    tap.set_paused(CHAIN, true);
    let report = Tapmc::new(["supply-chain-status", "--context", BUILD_TWO, "-o", "json"]).succeeds().json();
    let all = report["paused"].as_array().unwrap().iter();
    let found: Vec<_> = all.filter(|one| one["object"]["namespace"] == tap.namespace.as_str()).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["state"], &found[0]["owner"]["paused"]), (&json!("unseen"), &json!(false)));
    let (namespace, said) = (&tap.namespace, report["warnings"].to_string());
    let warning = format!(
        "the next sync of PackageInstall {namespace}/tap takes the pause of PackageInstall {namespace}/{CHAIN} away"
    );
    assert!(said.contains(&warning), "{said}");
    // The parent first is how it lasts.
    tap.set_paused(TAP, true);
    let said = Tapmc::new(["supply-chain-status", "--context", BUILD_TWO]).succeeds();
    assert!(!said.stderr.contains(&warning), "{}", said.stderr);
    let line = said.stdout.lines().find(|line| line.contains(namespace.as_str()) && line.contains(CHAIN)).unwrap();
    assert!(line.contains("not seen by its controller"), "{line}");
}

#[test]
fn a_child_that_its_owner_took_the_pause_from() {
    let tap = Tap::installed("lifted");
    pause_as_we_do(&tap, TAP, &[CHAIN]);
    tap.await_paused(TAP);
    pause_as_we_do(&tap, CHAIN, &[]);
    tap.await_paused(CHAIN);
    tap.set_paused(TAP, false);
    // Its App follows a moment later.
    eventually("the owner's sync lifts the pause", || {
        [tap.install(CHAIN), tap.app(CHAIN)].iter().all(|object| object["spec"]["paused"] != true)
    });
    let found = pauses(&tap.namespace);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["object"]["name"], &found[0]["state"]), (&json!(CHAIN), &json!("lifted")));
    let said = warnings(&format!("{}/", tap.namespace)).join("\n");
    assert!(said.contains("was lifted by its owner's sync"), "{said}");
}

#[test]
fn flux_objects_in_the_version_that_is_served() {
    let namespace = crate::support::unique("flux");
    let kubectl = Kubectl::on(BUILD);
    kubectl.namespace(&namespace);
    let release = |name: &str, suspend: bool| {
        json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"interval": "1h", "suspend": suspend, "chart": {"spec": {"chart": "x",
                "sourceRef": {"kind": "HelmRepository", "name": "x"}}}}})
    };
    let items = json!({"apiVersion": "v1", "kind": "List", "items": [release("held", true), release("free", false)]});
    // An existing cluster may have no Flux.
    if kubectl.try_run(&["get", "helmreleases.helm.toolkit.fluxcd.io", "-n", &namespace]).is_err() {
        return;
    }
    kubectl.apply(&items.to_string());
    let found = pauses(&namespace);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["object"], json!({"kind": "HelmRelease", "namespace": namespace, "name": "held"}));
    assert_eq!(found[0]["state"], "accepted");
    kubectl.run(&["delete", "namespace", &namespace, "--wait=false"]);
}

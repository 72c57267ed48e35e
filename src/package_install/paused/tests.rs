//! Every verdict on a pause.

use std::collections::BTreeMap;

use super::*;
use crate::{package_install::memory::Former, plan::FIELD_MANAGER};

const AT: &str = "2026-01-01T00:00:00Z";

fn install(name: &str, paused: bool, label: Option<&str>, manager: &str) -> Value {
    json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
        "metadata": {"name": name, "namespace": "n", "uid": format!("i-{name}"), "annotations": {},
            "labels": {"kapp.k14s.io/app": label},
            "managedFields": [{"manager": manager, "time": AT, "fieldsV1": {"f:spec": {"f:paused": {}}}}]},
        "spec": {"paused": paused}})
}

fn app(name: &str, paused: bool, number: &str, status: &Value) -> Value {
    let mut status = status.clone();
    status["observedGeneration"] = json!(1);
    status["deploy"] = json!({"kapp": {"associatedResources": {"label": format!("kapp.k14s.io/app={number}")}}});
    json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
        "metadata": {"name": name, "namespace": "n", "uid": format!("a-{name}"), "generation": 1,
            "ownerReferences": [{"kind": "PackageInstall", "uid": format!("i-{name}")}]},
        "spec": {"paused": paused}, "status": status})
}

fn left_alone() -> Value {
    json!({"friendlyDescription": "Canceled/paused"})
}

fn remember(object: &mut Value, reason: Option<&str>) -> Memory {
    let memory = Memory {
        by: "alice".into(),
        at: AT.into(),
        reason: reason.map(str::to_owned),
        former: Former::Absent,
        for_children: false,
    };
    for (key, value) in [(memory::key::BY, "alice"), (memory::key::AT, AT), (memory::key::FORMER, "absent")] {
        object["metadata"]["annotations"][key] = json!(value);
    }
    object["metadata"]["annotations"][memory::key::REASON] = json!(reason);
    memory
}

fn children_annotation(reference: &str, memory: &Memory) -> Value {
    json!(serde_json::to_string(&BTreeMap::from([(reference, memory)])).unwrap())
}

/// `tap` with its child `basic`, both paused or not.
fn tap(parent: bool, child: bool) -> Pausables {
    Pausables {
        installed: Installed {
            package_installs: vec![
                install("tap", parent, None, FIELD_MANAGER),
                install("basic", child, Some("1"), FIELD_MANAGER),
            ],
            apps: vec![app("tap", parent, "1", &left_alone()), app("basic", child, "2", &left_alone())],
            records: Vec::new(),
        },
        shows_apps: true,
        others: Vec::new(),
        complete: BTreeSet::from(["PackageInstall".to_owned()]),
    }
}

fn judged(pausables: &Pausables) -> (Vec<PausedStatus>, Vec<String>) {
    paused(pausables, "2026-01-01T01:00:00Z".parse().unwrap())
}

#[test]
fn ours_with_its_memory_and_the_app_in_its_row() {
    let mut pausables = tap(true, true);
    let memory = remember(&mut pausables.installed.package_installs[0], Some("live edit"));
    // The child's own annotations were taken away by a sync: the root remembers.
    pausables.installed.package_installs[0]["metadata"]["annotations"][memory::key::CHILDREN] =
        children_annotation("PackageInstall/n/basic", &memory);
    let (found, warnings) = judged(&pausables);
    assert_eq!(found.len(), 2);
    for status in &found {
        assert_eq!((status.state, status.ours, status.by.as_deref()), (PauseState::Paused, true, Some("alice")));
        assert_eq!((status.since_seconds, status.reason.as_deref()), (Some(3600), Some("live edit")));
    }
    assert_eq!(found[0].owner.as_ref().unwrap().object.to_string(), "PackageInstall n/tap");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn somebody_elses_and_not_real_yet() {
    let mut pausables = tap(true, false);
    pausables.installed.package_installs[0] = install("tap", true, None, "kubectl-patch");
    let state = |pausables: &Pausables| judged(pausables).0[0].clone();
    let foreign = state(&pausables);
    assert_eq!((foreign.ours, foreign.by, foreign.manager.as_deref()), (false, None, Some("kubectl-patch")));
    assert_eq!(foreign.since.as_deref(), Some(AT));
    pausables.installed.apps[0]["spec"]["paused"] = json!(false);
    assert_eq!(state(&pausables).state, PauseState::Unseen);
    let reconciling = json!({"conditions": [{"type": "Reconciling", "status": "True"}]});
    pausables.installed.apps[0] = app("tap", true, "1", &reconciling);
    assert_eq!(state(&pausables).state, PauseState::Deploying);
    pausables.installed.apps.clear();
    assert_eq!(state(&pausables).state, PauseState::Unseen);
    pausables.shows_apps = false;
    assert_eq!(state(&pausables).state, PauseState::Accepted);
}

#[test]
fn a_child_paused_alone_will_be_lifted() {
    let (found, warnings) = judged(&tap(false, true));
    assert_eq!(found.len(), 1);
    assert_eq!(
        warnings,
        [
            "the next sync of PackageInstall n/tap takes the pause of PackageInstall n/basic away: it is not paused itself"
        ]
    );
}

#[test]
fn a_remembered_pause_that_is_no_more() {
    let lost = |parent: bool, reference: &str| {
        let mut pausables = tap(parent, false);
        let memory = remember(&mut pausables.installed.package_installs[0], None);
        pausables.installed.package_installs[0]["metadata"]["annotations"][memory::key::CHILDREN] =
            children_annotation(reference, &memory);
        let (found, warnings) = judged(&pausables);
        (found[0].state, warnings.join("\n"))
    };
    let (state, warning) = lost(false, "PackageInstall/n/basic");
    assert_eq!(state, PauseState::Lifted);
    assert!(warning.contains("was lifted by its owner's sync: PackageInstall n/tap is not paused"), "{warning}");
    let (state, warning) = lost(true, "PackageInstall/n/basic");
    assert_eq!(state, PauseState::Lifted);
    assert!(warning.contains("somebody resumed it"), "{warning}");
    let (state, warning) = lost(true, "PackageInstall/n/other");
    assert_eq!(state, PauseState::Gone);
    assert!(warning.contains("PackageInstall n/other") && warning.contains("does not exist"), "{warning}");
    // Not all objects of that kind were seen: nothing is said.
    assert_eq!(lost(true, "App/n/other").0, PauseState::Paused);
}

#[test]
fn a_paused_tap_is_shouted() {
    let mut pausables = tap(true, true);
    pausables.installed.package_installs[0]["spec"]["packageRef"] = json!({"refName": TAP_PACKAGE});
    let warnings = judged(&pausables).1.join("\n");
    assert!(warnings.contains("PackageInstall n/tap IS PAUSED: every upgrade of TAP"), "{warnings}");
}

#[test]
fn an_app_of_its_own_and_flux() {
    let mut pausables = tap(false, false);
    pausables.installed.apps.push(app("plain", true, "9", &left_alone()));
    pausables.others.push(json!({"kind": "Kustomization", "metadata": {"name": "k", "namespace": "n", "uid": "k"},
        "spec": {"suspend": true}}));
    let states: Vec<_> = judged(&pausables).0.into_iter().map(|one| (one.object.short(), one.state)).collect();
    assert_eq!(
        states,
        [("kustomization/k".to_owned(), PauseState::Accepted), ("app/plain".to_owned(), PauseState::Paused)]
    );
}

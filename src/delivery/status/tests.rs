//! Deliveries joined from both sides.

use serde_json::{Value, json};

use super::*;
use crate::{
    delivery::{flux::KUSTOMIZATION, package::PACKAGE},
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::{APP, PACKAGE_INSTALL},
    registration::held::tests::healthy,
};

fn listing(objects: &[Value]) -> Listing {
    Listing { objects: objects.to_vec(), reach: Reach::Everywhere }
}

fn kustomization(name: &str, ready: &str, message: &str) -> Value {
    json!({
        "apiVersion": KUSTOMIZATION.api_version(), "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "default", "uid": name, "generation": 1,
            "labels": {"kubectl-tapmc/delivery": "app.tap"}},
        "spec": {"path": "./app.tap", "kubeConfig": {"secretRef": {"name": "run-a-kubeconfig"}},
            "sourceRef": {"kind": "GitRepository", "name": "repo"}},
        "status": {"observedGeneration": 1, "lastAppliedRevision": "main@sha1:1", "conditions": [
            {"type": "Ready", "status": ready, "reason": "R", "message": message}]},
    })
}

fn source(ready: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "repo", "namespace": "default", "uid": "repo", "generation": 1},
        "spec": {"url": "https://me:hunter2@git.example.com/a.git"},
        "status": {"observedGeneration": 1, "conditions": [
            {"type": "Ready", "status": ready, "reason": "R", "message": "cannot clone"}]},
    })
}

fn build(readers: &[(&ApiKind, Vec<Value>)], sources: &[Value]) -> BuildSide {
    let git = crate::delivery::flux::source_kind("GitRepository");
    let readers = readers.iter().map(|(kind, objects)| ((*kind).clone(), listing(objects))).collect();
    BuildSide::of_listings(readers, vec![(git, listing(sources))])
}

fn package(version: &str, labels: &Value) -> Value {
    json!({"metadata": {"namespace": "apps", "name": format!("app.tap.{version}"), "labels": labels},
        "spec": {"refName": "app.tap", "version": version}})
}

fn install(condition: &str, labels: &Value) -> Value {
    json!({
        "metadata": {"namespace": "apps", "name": "app", "generation": 1, "labels": labels},
        "spec": {"packageRef": {"refName": "app.tap", "versionSelection": {"constraints": ">=0.0.0"}}},
        "status": {"observedGeneration": 1, "version": "9.0.0", "usefulErrorMessage": "kapp: boom",
            "conditions": [{"type": condition, "status": "True"}]},
    })
}

fn seen(packages: &[Value], installs: &[Value]) -> RunSight {
    let side = RunSide::of_listings(
        vec![(PACKAGE.clone(), listing(packages))],
        vec![(PACKAGE_INSTALL.clone(), listing(installs))],
    );
    RunSight::Seen { context: "run".into(), side }
}

fn flux_labels() -> Value {
    json!({"kustomize.toolkit.fluxcd.io/name": "own", "kustomize.toolkit.fluxcd.io/namespace": "default"})
}

#[test]
fn from_the_source_to_the_installed_package() {
    let side = build(&[(&KUSTOMIZATION, vec![kustomization("own", "True", "")])], &[source("True")]);
    let (labels, older) = (flux_labels(), json!({}));
    let packages = vec![package("10.0.0", &labels), package("9.0.0", &older)];
    let sight = seen(&packages, &[install("ReconcileSucceeded", &labels)]);
    let joined = join(&healthy(), &side, &sight, "build");
    let [delivery] = joined.deliveries.as_slice() else { panic!("{joined:?}") };
    assert_eq!((delivery.name.as_str(), delivery.state), ("app.tap", "delivered"));
    let url = delivery.readers[0].source.as_ref().unwrap().url.as_deref();
    assert_eq!(url, Some("https://git.example.com/a.git"), "no password is told");
    let [package] = delivery.packages.as_slice() else { panic!("{delivery:?}") };
    assert_eq!((package.version.as_deref(), package.result), (Some("9.0.0"), Some("ok")));
    assert_eq!(package.available, ["9.0.0", "10.0.0"], "by version, not by letter");
    assert!(joined.other_packages.is_empty());
}

#[test]
fn the_worst_is_told_first_in_its_controllers_words() {
    let readers = vec![kustomization("own", "False", "failed to list: Unauthorized")];
    let side = build(&[(&KUSTOMIZATION, readers)], &[source("False")]);
    let sight = seen(&[], &[install("ReconcileFailed", &flux_labels())]);
    let joined = join(&healthy(), &side, &sight, "build");
    let words: Vec<&str> = joined.deliveries[0].findings.iter().map(|finding| finding.word).collect();
    assert_eq!(words, ["source-failed", "reader-failed", "install-failed"]);
    let reader = &joined.deliveries[0].findings[1];
    assert_eq!(reader.message, "kustomization/own: failed to list: Unauthorized");
    assert_eq!(reader.command.as_deref(), Some("kubectl tapmc verify run-a --context build -n default"));
    assert!(joined.deliveries[0].findings[2].message.ends_with("kapp: boom"));
    assert_eq!(joined.severity, Severity::Broken);
}

#[test]
fn what_others_delivered_is_nobodys() {
    let side = build(&[(&KUSTOMIZATION, vec![kustomization("own", "True", "")])], &[]);
    let theirs = json!({"kapp.k14s.io/app": "1"});
    let joined = join(&healthy(), &side, &seen(&[package("1.0.0", &theirs)], &[]), "build");
    assert_eq!((joined.deliveries[0].packages.len(), joined.other_packages.len()), (0, 1));
    // Without any label the name of the delivery says whose it is.
    let joined = join(&healthy(), &side, &seen(&[package("1.0.0", &json!({}))], &[]), "build");
    assert_eq!((joined.deliveries[0].packages.len(), joined.other_packages.len()), (1, 0));
    // What came out of a PackageRepository was not delivered at all.
    let mut stocked = package("1.0.0", &theirs);
    stocked["metadata"]["annotations"] = json!({"packaging.carvel.dev/package-repository-ref": "a/b"});
    assert!(join(&healthy(), &side, &seen(&[stocked], &[]), "build").other_packages.is_empty());
}

#[test]
fn an_app_says_which_label_it_gives() {
    let app = json!({
        "apiVersion": APP.api_version(), "kind": "App",
        "metadata": {"name": "theirs", "namespace": "default", "uid": "u", "generation": 1},
        "spec": {"cluster": {"kubeconfigSecretRef": {"name": "run-a-kubeconfig"}},
            "fetch": [{"git": {"url": "https://h/x", "subPath": "a"}}, {"git": {"url": "https://h/x", "subPath": "b"}}]},
        "status": {"observedGeneration": 1, "conditions": [{"type": "ReconcileSucceeded", "status": "True"}],
            "fetch": {"stdout": "- git:\n    sha: abc\n"},
            "deploy": {"kapp": {"associatedResources": {"label": "kapp.k14s.io/app=7"}}}},
    });
    let side = build(&[(&APP, vec![app])], &[]);
    let sight = seen(&[package("1.0.0", &json!({"kapp.k14s.io/app": "7"}))], &[]);
    let joined = join(&healthy(), &side, &sight, "build");
    let delivery = &joined.deliveries[0];
    assert_eq!((delivery.name.as_str(), delivery.packages.len()), ("app/theirs", 1));
    let reader = &delivery.readers[0];
    assert_eq!((reader.path.as_deref(), reader.revision.as_deref()), (Some("a,b"), Some("abc")));
}

#[test]
fn a_run_cluster_out_of_sight() {
    let side = build(&[(&KUSTOMIZATION, vec![kustomization("own", "True", "")])], &[]);
    let joined = join(&healthy(), &side, &RunSight::Unseen("no answer".into()), "build");
    assert_eq!((joined.deliveries[0].state, joined.severity), ("run-side-unseen", Severity::Attention));
    assert!(joined.notes[0].contains("no answer"), "{:?}", joined.notes);
    let lacks = Listing { objects: Vec::new(), reach: Reach::NotServed };
    let sight = RunSight::Seen {
        context: "run".into(),
        side: RunSide::of_listings(vec![(PACKAGE.clone(), lacks)], Vec::new()),
    };
    let joined = join(&healthy(), &side, &sight, "build");
    assert_eq!(joined.deliveries[0].state, "delivered", "what is no package is delivered all the same");
    assert!(joined.notes[0].contains("no kapp-controller is installed there"), "{:?}", joined.notes);
}

#[test]
fn readers_on_the_run_cluster_itself() {
    let mut own = kustomization("own", "True", "");
    own["metadata"]["labels"] = json!({"kubectl-tapmc/delivery": "app.tap", "kubectl-tapmc/on-run-cluster": "true",
        "kubectl-tapmc/run": "prod"});
    own["spec"] = json!({"path": "./app.tap/prod", "serviceAccountName": "app.tap-prod", "targetNamespace": "apps"});
    let mut failing = own.clone();
    failing["metadata"]["name"] = json!("failing");
    failing["status"]["conditions"][0] =
        json!({"type": "Ready", "status": "False", "reason": "R", "message": "secrets is forbidden"});
    let side = build(&[(&KUSTOMIZATION, vec![own, failing, kustomization("theirs", "True", "")])], &[]);
    let runs = side.own_runs("https://run");
    assert_eq!(runs.len(), 1, "what a registration reads is no run of its own: {runs:?}");
    assert_eq!((runs[0].name.as_str(), runs[0].run_namespaces.as_slice()), ("prod", &["apps".to_owned()][..]));
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "own", "kustomize.toolkit.fluxcd.io/namespace": "default"});
    let joined = join(&runs[0], &side, &seen(&[package("1.0.0", &labels)], &[]), "prod");
    assert_eq!(joined.deliveries.len(), 1);
    let delivery = &joined.deliveries[0];
    assert_eq!((delivery.readers.len(), delivery.packages.len(), delivery.state), (2, 1, "reader-failed"));
    let command = delivery.findings[0].command.as_deref();
    assert_eq!(command, Some("kubectl tapmc check --on-run-cluster --run-context prod -n default"));
    // And a registration reads nothing of it.
    let names = join(&healthy(), &side, &seen(&[], &[]), "build").deliveries;
    assert!(names.iter().all(|delivery| delivery.readers.iter().all(|reader| reader.name == "theirs")), "{names:?}");
}

#[test]
fn a_right_that_was_never_granted_is_named_with_what_grants_it() {
    let side = build(&[(&KUSTOMIZATION, vec![kustomization("own", "False", "secrets \"values\" is forbidden")])], &[]);
    let joined = join(&healthy(), &side, &seen(&[], &[]), "build");
    let command = joined.deliveries[0].findings[0].command.as_deref().unwrap();
    assert!(command.starts_with("kubectl tapmc register-run-cluster --build-context build "), "{command}");
    assert!(command.ends_with(" --profile deliverable --profile package-values"), "{command}");
    let side =
        build(&[(&KUSTOMIZATION, vec![kustomization("own", "False", "deliverables.carto.run is forbidden")])], &[]);
    let joined = join(&healthy(), &side, &seen(&[], &[]), "build");
    assert!(joined.deliveries[0].findings[0].command.as_deref().unwrap().contains("tapmc verify"), "it has that right");
}

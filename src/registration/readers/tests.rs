//! The readers of a Secret, from objects as their controllers leave them.

use serde_json::json;

use super::*;
use crate::{error::Error, package_install::pausable::PAUSABLE};

fn kind(name: &str) -> ApiKind {
    Pausable::of_kind(name).unwrap().kind.clone()
}

fn object(kind: &ApiKind, name: &str, spec: &Value, status: &Value) -> Value {
    json!({"apiVersion": kind.api_version(), "kind": kind.kind, "spec": spec, "status": status, "metadata": {
        "name": name, "namespace": "team", "uid": format!("uid-{name}"), "generation": 2, "finalizers": ["f"]}})
}

fn carvel(condition: &str) -> Value {
    json!({"observedGeneration": 2, "usefulErrorMessage": "kapp: boom", "conditions": [{"type": condition, "status": "True"}]})
}

fn flux(status: &str, reason: &str) -> Value {
    let condition = json!({"type": "Ready", "status": status, "reason": reason, "message": "it is so"});
    json!({"observedGeneration": 2, "conditions": [condition]})
}

fn listing(objects: Vec<Value>) -> Listing {
    Listing { objects, reach: Reach::Everywhere }
}

#[test]
fn each_kind_by_the_field_that_it_has() {
    let secret = ObjectRef::new("team", "run-a-kubeconfig");
    for pausable in PAUSABLE.iter().filter(|one| !one.kind.kind.ends_with("Repository")) {
        let spec = json!({"cluster": {"kubeconfigSecretRef": {"name": "run-a-kubeconfig", "key": "value"}},
            "kubeConfig": {"secretRef": {"name": "run-a-kubeconfig", "key": "value"}}});
        let reader = Reader::read(pausable.kind, &object(pausable.kind, "r", &spec, &json!({}))).unwrap();
        assert_eq!(
            (&reader.secret, reader.key.as_deref(), &reader.last),
            (&secret, Some("value"), &LastResult::Unknown)
        );
        assert_eq!((reader.uid.as_str(), reader.has_finalizers, reader.is_going), ("uid-r", true, false));
        let other_field = if reader.field.contains("kubeConfig") { "cluster" } else { "kubeConfig" };
        let elsewhere = json!({other_field: spec[other_field]});
        assert!(Reader::read(pausable.kind, &object(pausable.kind, "r", &elsewhere, &json!({}))).is_none());
    }
}

#[test]
fn the_last_result_of_carvel_objects() {
    let app = kind("App");
    let spec = json!({"cluster": {"kubeconfigSecretRef": {"name": "s"}}});
    let last = |spec: &Value, status: &Value| Reader::read(&app, &object(&app, "a", spec, status)).unwrap().last;
    assert_eq!(last(&spec, &carvel("ReconcileSucceeded")), LastResult::Ok);
    assert_eq!(last(&spec, &carvel("ReconcileFailed")), LastResult::Failed("kapp: boom".into()));
    assert_eq!(last(&spec, &carvel("DeleteFailed")), LastResult::Failed("kapp: boom".into()));
    assert_eq!(last(&spec, &carvel("Reconciling")), LastResult::Reconciling);
    let mut paused = spec;
    paused["paused"] = json!(true);
    assert_eq!(last(&paused, &carvel("ReconcileSucceeded")), LastResult::Paused);
}

#[test]
fn the_last_result_of_flux_objects() {
    for name in ["Kustomization", "HelmRelease"] {
        let kind = kind(name);
        let spec = json!({"kubeConfig": {"secretRef": {"name": "s"}}});
        let last = |spec: &Value, status: &Value| Reader::read(&kind, &object(&kind, "k", spec, status)).unwrap().last;
        assert_eq!(last(&spec, &flux("True", "ReconciliationSucceeded")), LastResult::Ok);
        assert_eq!(last(&spec, &flux("False", "BuildFailed")), LastResult::Failed("it is so".into()));
        assert_eq!(last(&spec, &flux("Unknown", "Progressing")), LastResult::Reconciling);
        let mut suspended = spec;
        suspended["suspend"] = json!(true);
        assert_eq!(last(&suspended, &flux("False", "BuildFailed")), LastResult::Paused);
    }
}

#[test]
fn an_account_of_its_own_overrides_the_secret() {
    let app = kind("App");
    let spec = json!({"serviceAccountName": "deployer", "cluster": {"kubeconfigSecretRef": {"name": "s"}}});
    assert!(Reader::read(&app, &object(&app, "a", &spec, &json!({}))).unwrap().is_overridden);
    let flux = kind("Kustomization");
    let spec = json!({"serviceAccountName": "deployer", "kubeConfig": {"secretRef": {"name": "s"}}});
    assert!(!Reader::read(&flux, &object(&flux, "k", &spec, &json!({}))).unwrap().is_overridden);
}

#[test]
fn a_delivery_without_the_secret_is_its_registration_s() {
    let kind = kind("Kustomization");
    let mut secretless = object(&kind, "k", &json!({"kubeConfig": {"configMapRef": {"name": "c"}}}), &json!({}));
    let read = |object: &Value| SecretlessReader::read(&kind, object);
    assert!(read(&secretless).is_none(), "somebody's own");
    secretless["metadata"]["labels"] =
        json!({"app.kubernetes.io/managed-by": "kubectl-tapmc", "kubectl-tapmc/registration": "run-a"});
    let found = read(&secretless).unwrap();
    assert_eq!((found.registration.as_str(), found.short().as_str()), ("run-a", "kustomization/k"));
    let lists = [(kind.clone(), listing(vec![secretless.clone()]))];
    let readers = Readers::of_listings(&lists);
    assert_eq!((readers.all.len(), readers.secretless.len()), (0, 1));
    secretless["spec"]["kubeConfig"] = json!({"secretRef": {"name": "s"}});
    assert!(read(&secretless).is_none());
}

#[test]
fn an_app_of_a_package_install_is_told_once() {
    let (app, install) = (kind("App"), kind("PackageInstall"));
    let spec = json!({"cluster": {"kubeconfigSecretRef": {"name": "s"}}});
    let parent = object(&install, "p", &spec, &json!({}));
    let mut owned = object(&app, "p", &spec, &json!({}));
    owned["metadata"]["ownerReferences"] = json!([{"kind": "PackageInstall", "uid": "uid-p"}]);
    let plain = object(&app, "a", &spec, &json!({}));
    let hidden = Listing { objects: Vec::new(), reach: Reach::Hidden(Error::failed("no")) };
    let lists = vec![
        (app.clone(), listing(vec![owned.clone(), plain])),
        (install.clone(), listing(vec![parent])),
        (kind("HelmRelease"), hidden),
    ];
    let readers = Readers::of_listings(&lists);
    let named = |readers: &Readers, secret: &str| -> Vec<String> {
        readers.of(&ObjectRef::new("team", secret)).iter().map(|reader| reader.short()).collect()
    };
    assert_eq!(named(&readers, "s"), ["app/a", "packageinstall/p"]);
    assert!(named(&readers, "other").is_empty());
    assert_eq!(readers.hidden, [("helmreleases.helm.toolkit.fluxcd.io".to_owned(), "no".to_owned())]);
    // Where PackageInstalls may not be listed, their Apps stand for them.
    let readers = Readers::of_listings(&[(app, listing(vec![owned]))]);
    assert_eq!(named(&readers, "s"), ["app/p"]);
}

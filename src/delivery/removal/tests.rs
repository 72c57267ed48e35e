//! What ends a delivery, on objects made by hand.

use super::*;
use crate::{
    delivery::{
        Content, Delivery,
        flux::{KUSTOMIZATION, source_kind},
    },
    package_install::APP,
};
use serde_json::json;

fn object(kind: &ApiKind, delivery: &str, name: &str, run: Option<&str>, spec: &Value) -> (ApiKind, Value) {
    let delivery = Delivery { name: delivery.into(), content: Content::Package { folder: delivery.into() } };
    let mut metadata = delivery.metadata("ns", name, run);
    metadata["uid"] = json!(name);
    (kind.clone(), json!({"kind": kind.kind, "apiVersion": kind.api_version(), "metadata": metadata, "spec": spec}))
}

fn found() -> Found {
    let flux = |name: &str, run: &str, path: &str| {
        let spec = json!({"prune": true, "path": path, "sourceRef": {"kind": "GitRepository", "name": "a-repo"}});
        object(&KUSTOMIZATION, "a", name, Some(run), &spec)
    };
    Found {
        readers: vec![
            flux("a-one-packages", "one", "./a/packages"),
            flux("a-one-own", "one", "./a/one"),
            flux("a-two-own", "two", "./a/two"),
            object(&APP, "b", "b-one", Some("one"), &json!({"noopDelete": true})),
        ],
        rest: vec![object(&source_kind("GitRepository"), "a", "a-repo", None, &json!({}))],
        service_accounts: BTreeSet::new(),
    }
}

fn names(plan: &RemovalPlan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.change.manifest.name.as_str()).collect()
}

fn asked(name: Option<&str>, runs: &[&str]) -> Asked {
    Asked { name: name.map(str::to_owned), runs: runs.iter().map(|&run| run.to_owned()).collect() }
}

#[test]
fn what_is_shared_goes_with_the_last() {
    let one = plan(&found(), &asked(Some("a"), &["one"]), false, "here").unwrap();
    assert_eq!(names(&one), ["a-one-own", "a-one-packages"]);
    assert_eq!(one.kept.len(), 1, "{:?}", one.kept);
    let all = plan(&found(), &asked(Some("a"), &[]), false, "here").unwrap();
    assert_eq!(names(&all), ["a-one-own", "a-two-own", "a-one-packages", "a-repo"]);
    assert_eq!(all.needed().len(), 2);
    let mut shared = found();
    let mut other = shared.readers[2].clone();
    other.1["metadata"] = json!({"name": "theirs", "uid": "x"});
    shared.readers.push(other);
    let kept = plan(&shared, &asked(Some("a"), &[]), false, "here").unwrap().kept;
    assert!(kept[0].why.as_ref().unwrap().contains("Kustomization 'theirs' reads it"), "{kept:?}");
}

#[test]
fn what_is_left_behind_is_told() {
    let one = plan(&found(), &asked(None, &["one"]), false, "here").unwrap();
    assert!(one.warnings[0].contains("App 'b-one' leaves behind"), "{:?}", one.warnings);
    let left = plan(&found(), &asked(None, &[]), true, "here").unwrap();
    assert_eq!((left.warnings.len(), left.needed().len()), (4, 0));
}

#[test]
fn unknown_names() {
    let hint = |name: Option<&str>, runs: &[&str]| {
        let error = plan(&found(), &asked(name, runs), false, "here").unwrap_err();
        error.hint_text().unwrap().to_owned()
    };
    assert_eq!(hint(Some("c"), &[]), "there is 'a' and 'b'");
    assert_eq!(hint(Some("a"), &["ones"]), "did you mean 'one'?");
}

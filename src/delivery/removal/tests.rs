//! What ends a delivery, on objects made by hand.

use super::*;
use crate::{
    delivery::{
        Content, Delivery,
        flux::{KUSTOMIZATION, source_kind},
    },
    package_install::APP,
    registration::trial::CONFIG_MAP,
};
use serde_json::json;

fn object(kind: &ApiKind, delivery: &str, name: &str, run: Option<&str>, spec: &Value) -> (ApiKind, Value) {
    object_on(Side::Build, kind, delivery, name, run, spec)
}

fn object_on(
    stands_on: Side,
    kind: &ApiKind,
    delivery: &str,
    name: &str,
    run: Option<&str>,
    spec: &Value,
) -> (ApiKind, Value) {
    let delivery = Delivery { name: delivery.into(), content: Content::Package { folder: delivery.into() }, stands_on };
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
        side: Side::Build,
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

#[test]
fn on_the_run_cluster_itself_the_account_goes_last() {
    let here = |kind: &ApiKind, name: &str, spec: &Value| object_on(Side::Run, kind, "a", name, Some("prod"), spec);
    let app = here(&APP, "a-prod", &json!({"serviceAccountName": "a-prod"}));
    let mut found = Found {
        side: Side::Run,
        readers: vec![app, object(&APP, "a", "a-one", Some("one"), &json!({}))],
        rest: [&SERVICE_ACCOUNT, &ROLE, &ROLE_BINDING].map(|kind| here(kind, "a-prod", &json!({}))).to_vec(),
        service_accounts: BTreeSet::from(["a-prod".to_owned()]),
    };
    let kinds = |plan: &RemovalPlan| -> Vec<String> {
        plan.steps.iter().map(|step| step.change.manifest.kind.clone()).collect()
    };
    let all = plan(&found, &asked(None, &[]), false, "here").unwrap();
    assert_eq!(kinds(&all), ["App", "RoleBinding", "Role", "ServiceAccount"], "a registration's App stays");
    assert!(all.steps.iter().all(|step| step.change.side == Side::Run) && all.without_account(&found).is_none());
    // A build cluster's look at the same namespace sees its own alone.
    let of_build = Found { side: Side::Build, ..found.clone() };
    assert_eq!(names(&plan(&of_build, &asked(None, &[]), false, "here").unwrap()), ["a-one"]);

    let mut theirs = object(&APP, "a", "theirs", None, &json!({"serviceAccountName": "a-prod"}));
    theirs.1["metadata"]["labels"] = json!({});
    found.readers.push(theirs);
    let kept = plan(&found, &asked(None, &[]), false, "here").unwrap();
    assert_eq!((kinds(&kept), kept.kept.len()), (vec!["App".to_owned()], 3));
    found.service_accounts.clear();
    let (step, account) = kept.without_account(&found).unwrap();
    assert_eq!((step.change.manifest.name.as_str(), account.as_str()), ("a-prod", "a-prod"));
}

#[test]
fn what_is_delivered_without_the_secret_needs_no_credential_and_goes_with_its_registration() {
    let spec = json!({"prune": true, "path": "./a/one", "kubeConfig": {"configMapRef": {"name": "a-one-kubeconfig"}}});
    let config_map = |run: &str| object(&CONFIG_MAP, "a", &format!("a-{run}-kubeconfig"), Some(run), &json!({}));
    let mut found = Found {
        side: Side::Build,
        readers: ["one", "two"].map(|run| object(&KUSTOMIZATION, "a", &format!("a-{run}"), Some(run), &spec)).into(),
        rest: vec![
            object(&source_kind("GitRepository"), "a", "a-repo", None, &json!({})),
            config_map("one"),
            config_map("two"),
        ],
        service_accounts: BTreeSet::new(),
    };
    assert_eq!(plan(&found, &asked(None, &[]), false, "here").unwrap().needed(), BTreeSet::new());
    let of = |found: &Found, runs: &[&str]| -> Vec<(String, Option<String>)> {
        let runs: BTreeSet<String> = runs.iter().map(|&run| run.to_owned()).collect();
        beside(found, &runs).into_iter().map(|one| (one.change.manifest.name, one.run)).collect()
    };
    let its = |run: &str| (format!("a-{run}-kubeconfig"), Some(run.to_owned()));
    assert_eq!(of(&found, &["one"]), [its("one")]);
    assert_eq!(of(&found, &["one", "two"]), [("a-repo".to_owned(), None), its("one"), its("two")]);
    // A reader that the end of its registration leaves alone still needs them.
    found.readers[0].1["spec"]["kubeConfig"] = json!(null);
    assert_eq!(of(&found, &["one", "two"]), []);
}

//! What goes, in which order, and what stays; decided from facts that are made up.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::*;
use crate::registration::{
    facts::Identity,
    profiles::{Grants, Profile},
    record::{Map, key, labels},
};
use facts::{Holds, TokenSecret};

const BUILD: &str = "build-uid";

fn name() -> Name {
    Name::parse("run-a").unwrap()
}

fn build() -> Identity {
    Identity { kube_system: Some(BUILD.into()), stand_in: None }
}

fn record(build: &str, secret: &str) -> Map {
    let (namespace, secret) = secret.split_once('/').unwrap();
    Recorded {
        build_cluster_uid: build.to_owned(),
        kubeconfig_secret: ObjectRef::new(namespace, secret),
        service_account: ObjectRef::new("tapmc-run-a", "delivery"),
        brought: false,
        run_namespaces: vec!["apps".into()],
        grants: Grants::of(vec![Profile::PackageValues, Profile::View]),
        guard: true,
        renewal: None,
        export: None,
        requested_duration: std::time::Duration::from_secs(600),
        run_server: None,
        run_proxy_url: None,
        run_certificate_authority: None,
    }
    .annotations()
}

fn object(kind: &str, namespace: Option<&str>, name: &str, annotations: &Map) -> Value {
    let group = if kind.starts_with("Role") { "rbac.authorization.k8s.io/v1" } else { "v1" };
    json!({"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": namespace, "uid": format!("uid-{name}"),
        "labels": labels(&self::name()), "annotations": annotations, "creationTimestamp": "2026-01-01T00:00:00Z"}})
}

/// Everything that a registration has on its run cluster.
fn registered(annotations: &Map) -> Vec<Value> {
    vec![
        object("Namespace", None, "tapmc-run-a", &Map::new()),
        object("ServiceAccount", Some("tapmc-run-a"), "delivery", annotations),
        object("Secret", Some("tapmc-run-a"), "delivery-1-abcde", annotations),
        object("Role", Some("apps"), "tapmc-run-a", &Map::new()),
        object("RoleBinding", Some("apps"), "tapmc-run-a", &Map::new()),
    ]
}

fn held(annotations: Map) -> Held {
    Held::from_metadata(ObjectMeta {
        name: Some("run-a-kubeconfig".into()),
        namespace: Some("default".into()),
        uid: Some("secret-uid".into()),
        labels: Some(labels(&name())),
        annotations: Some(annotations),
        ..ObjectMeta::default()
    })
    .unwrap()
}

fn going(held: Option<Held>) -> Going {
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "run-a-kubeconfig", "namespace": "default",
        "uid": "secret-uid", "resourceVersion": "7"}});
    Going {
        name: name(),
        secret: ObjectRef::new("default", "run-a-kubeconfig"),
        secret_object: held.is_some().then_some(body),
        held,
    }
}

fn beside(foreign: &[&str]) -> Beside {
    let foreign = foreign.iter().map(|&text| text.to_owned()).collect();
    Beside { foreign: BTreeMap::from([("tapmc-run-a".to_owned(), Some(foreign))]), ..Beside::default() }
}

fn planned(own: &Own, beside: &Beside, wishes: Wishes) -> Result<RemovalPlan> {
    let marked = Marked { may_delete_namespaces: true, ..Marked::default() };
    let run = RunSide { marked: &marked, own, beside, context: "run-a" };
    plan(&going(Some(held(Map::new()))), &ReadersFacts::default(), FarSide::Reached(run), wishes)
}

fn names(plan: &RemovalPlan) -> Vec<String> {
    plan.steps.iter().map(|(_, change)| format!("{} {}", change.side, change.manifest.display_name())).collect()
}

#[test]
fn the_order_is_the_one_that_the_next_run_can_complete() {
    let ours = record(BUILD, "default/run-a-kubeconfig");
    let held = held(ours.clone());
    let own = own(&name(), &build(), Some(&held), None, &registered(&ours)).unwrap();
    let plan = planned(&own, &beside(&[]), Wishes::default()).unwrap();
    let expected = [
        "run secret/delivery-1-abcde",
        "build secret/run-a-kubeconfig",
        "run rolebinding.rbac.authorization.k8s.io/tapmc-run-a",
        "run role.rbac.authorization.k8s.io/tapmc-run-a",
        "run namespace/tapmc-run-a",
        "run serviceaccount/delivery",
    ];
    assert_eq!(names(&plan), expected);
    assert!(plan.steps.iter().all(|(_, change)| change.uid.is_some()), "each only as it was observed");
    let secret = plan.of(Stage::Secret).next().unwrap();
    assert_eq!(secret.resource_version.as_deref(), Some("7"), "a rotation in between is noticed");
    assert_eq!(plan.needed_rights(Side::Run).len(), 5);
}

#[test]
fn what_others_have_there_keeps_the_account_namespace() {
    let ours = record(BUILD, "default/run-a-kubeconfig");
    let own = own(&name(), &build(), None, Some("default"), &registered(&ours)).unwrap();
    for (beside, why) in [
        (beside(&["secret/theirs"]), "in it is what is not this registration's: secret/theirs"),
        (Beside::default(), "what else is in it may not be listed"),
    ] {
        let plan = planned(&own, &beside, Wishes::default()).unwrap();
        assert!(!names(&plan).contains(&"run namespace/tapmc-run-a".to_owned()));
        assert!(names(&plan).contains(&"run serviceaccount/delivery".to_owned()));
        assert_eq!(plan.kept[0].why.as_deref(), Some(why));
    }
}

#[test]
fn only_what_says_that_it_is_ours_is_ours() {
    let theirs = record("another", "default/run-a-kubeconfig");
    let other_secret = record(BUILD, "team/run-a-kubeconfig");
    let held = held(Map::new());
    for annotations in [&theirs, &other_secret] {
        let error = own(&name(), &build(), Some(&held), None, &registered(annotations)).unwrap_err();
        assert!(error.to_string().contains("of that run cluster belongs to the Secret "), "{error}");
        let error = own(&name(), &build(), None, Some("default"), &registered(annotations)).unwrap_err();
        assert!(error.to_string().contains("of that run cluster belongs to the Secret "), "{error}");
    }
    // An operator who may not see who the build cluster is cannot tell, and then nothing here says more.
    let blind = Identity::default();
    let ours = record(BUILD, "default/run-a-kubeconfig");
    assert!(own(&name(), &blind, Some(&held), None, &registered(&ours)).is_ok());
    assert!(own(&name(), &blind, None, Some("default"), &registered(&ours)).is_err());
    // Taken over, with a marker of ours left behind: the ServiceAccount decides.
    let mut taken_over = registered(&theirs);
    taken_over.push(object("Secret", Some("tapmc-run-a"), "delivery-0-stale", &ours));
    assert!(own(&name(), &build(), Some(&held), None, &taken_over).is_err());
    // And a marker of theirs in the namespace keeps it, and what was granted.
    let mut shared = registered(&ours);
    shared.push(object("Secret", Some("tapmc-run-a"), "delivery-9-theirs", &theirs));
    let found = own(&name(), &build(), Some(&held), None, &shared).unwrap();
    assert_eq!((found.namespaces.len(), found.markers.len(), found.roles.len()), (0, 1, 0));
    // What somebody else has under the same name, beside ours, is left alone.
    let mut both = registered(&ours);
    both.push(object("ServiceAccount", Some("elsewhere"), "theirs", &theirs));
    both.push(object("RoleBinding", Some("elsewhere"), "theirs", &Map::new()));
    let found = own(&name(), &build(), Some(&held), None, &both).unwrap();
    assert_eq!((found.accounts.len(), found.bindings.len(), found.warnings.len()), (1, 0, 1));
}

#[test]
fn a_namespace_in_which_nothing_says_whose_it_is() {
    let bare = [object("Namespace", None, "tapmc-run-a", &Map::new())];
    let error = own(&name(), &build(), None, Some("default"), &bare).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Conflict);
    let mut annotations = record(BUILD, "default/run-a-kubeconfig");
    let generation = [
        (key::GENERATION, "1"),
        (key::RUN_CLUSTER_UID, "run"),
        (key::SERVER, "https://run-a"),
        (key::MARKER, "delivery-1-abcde"),
        (key::MARKER_UID, "m"),
        (key::SERVICE_ACCOUNT_UID, "s"),
        (key::ACCOUNT_NAMESPACE_UID, "uid-tapmc-run-a"),
        (key::ISSUED_AT, "2026-01-01T00:00:00Z"),
        (key::EXPIRES_AT, "2026-02-01T00:00:00Z"),
    ];
    annotations.extend(generation.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let held = held(annotations);
    assert_eq!(own(&name(), &build(), Some(&held), None, &bare).unwrap().namespaces.len(), 1);

    // And where the run cluster is gone, everything that it had is listed.
    let lost: Vec<String> = lost(&name(), &held).into_iter().map(|lost| lost.command).collect();
    assert_eq!(lost.len(), 9, "{lost:?}");
    assert_eq!(lost[0], "kubectl delete secret delivery-1-abcde -n tapmc-run-a");
    assert_eq!(lost[8], "kubectl delete namespace tapmc-run-a");
    let mut renewed = held;
    renewed.annotations.insert(key::RENEWAL.to_owned(), "tapmc-renewal/run-a-abcde-kubeconfig".to_owned());
    let lost: Vec<String> = super::lost(&name(), &renewed).into_iter().map(|lost| lost.command).collect();
    assert_eq!(lost.len(), 14, "{lost:?}");
    assert!(lost.contains(&"kubectl delete serviceaccount renewal -n tapmc-run-a".to_owned()), "{lost:?}");
}

#[test]
fn run_namespaces_stay_unless_they_were_made_for_it_and_nobody_else_records_them() {
    let ours = record(BUILD, "default/run-a-kubeconfig");
    let own = own(&name(), &build(), None, Some("default"), &registered(&ours)).unwrap();
    let made_for = |name: &str| {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps", "uid": "u",
            "annotations": {key::CREATED_FOR: name}}});
        Holds { object: Some(namespace), contents: vec!["2 Deployments".into()] }
    };
    let with = |made_for: Holds, records: Option<Vec<Value>>| Beside {
        run_namespaces: BTreeMap::from([("apps".to_owned(), made_for)]),
        all_records: records,
        ..beside(&[])
    };
    let delete = Wishes { delete_run_namespaces: true, ..Wishes::default() };
    let plan = planned(&own, &with(made_for("run-a"), Some(Vec::new())), delete).unwrap();
    assert_eq!(
        plan.of(Stage::RunNamespaces).next().unwrap().why.as_deref(),
        Some("--delete-run-namespaces; in it: 2 Deployments")
    );
    for (beside, wishes) in
        [(with(made_for("run-a"), None), Wishes::default()), (with(made_for("other"), Some(Vec::new())), delete)]
    {
        let plan = planned(&own, &beside, wishes).unwrap();
        assert_eq!((plan.of(Stage::RunNamespaces).count(), plan.kept.len()), (0, 1));
    }
    let mut other = object("ServiceAccount", Some("tapmc-other"), "delivery", &ours);
    other["metadata"]["labels"] = json!(labels(&Name::parse("other").unwrap()));
    assert!(planned(&own, &with(made_for("run-a"), Some(vec![other])), delete).is_err());
    assert!(planned(&own, &with(made_for("run-a"), None), delete).is_err(), "it cannot be told");
}

#[test]
fn tokens_that_it_could_have_forged_are_those_made_since() {
    let ours = record(BUILD, "default/run-a-kubeconfig");
    let own = own(&name(), &build(), None, Some("default"), &registered(&ours)).unwrap();
    let secret = |name: &str, created: &str| TokenSecret {
        namespace: "apps".into(),
        name: name.into(),
        service_account: "powerful".into(),
        created: created.parse().ok(),
    };
    let secrets = vec![secret("before", "2025-12-31T00:00:00Z"), secret("since", "2026-01-02T00:00:00Z")];
    let tokens = BTreeMap::from([("apps".to_owned(), Some(secrets)), ("hidden".to_owned(), None)]);
    let plan = planned(&own, &Beside { token_secrets: tokens, ..beside(&[]) }, Wishes::default()).unwrap();
    assert_eq!(plan.warnings.len(), 2, "{:?}", plan.warnings);
    assert!(plan.warnings[0].contains("secret/since") && plan.warnings[1].contains("you may not list them"));
}

#[test]
fn where_the_build_cluster_is_out_of_sight_what_is_recorded_decides() {
    let of = |objects: &[Value], typed, namespace| build_cluster_of(&name(), typed, namespace, objects);
    let ours = registered(&record(BUILD, "default/run-a-kubeconfig"));
    assert_eq!(of(&ours, None, None).unwrap(), build());
    assert_eq!(of(&ours, Some("typed"), None).unwrap().recorded(), "typed");
    assert_eq!(of(&ours[3..], None, None).unwrap(), Identity::default());
    let both = [ours, registered(&record("other-build", "teams/run-a-kubeconfig"))].concat();
    assert!(of(&both, None, None).unwrap_err().to_string().contains("of the build clusters build-uid and other-build"));
    assert_eq!(of(&both, None, Some("teams")).unwrap().recorded(), "other-build");
}

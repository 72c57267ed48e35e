//! Every verdict on chains and Workloads.

use serde_json::json;

use super::*;
use crate::{
    error::{Error, Kind},
    report::supply_chain_status::{Selection, Severity, StampedState},
};

fn seen(objects: &[Value]) -> Listing {
    Listing { objects: objects.to_vec(), reach: Reach::Everywhere }
}

fn hidden() -> Listing {
    Listing { objects: Vec::new(), reach: Reach::Hidden(Error::new(Kind::NotAllowed, "no")) }
}

fn chain(name: &str, spec: &Value, conditions: &Value) -> Value {
    json!({"kind": "ClusterSupplyChain", "metadata": {"name": name, "generation": 1}, "spec": spec,
        "status": {"observedGeneration": 1, "conditions": conditions}})
}

fn ready() -> Value {
    json!([{"type": "Ready", "status": "True", "reason": "Ready"}])
}

fn web(name: &str) -> Value {
    let resources = json!([{"name": "image", "templateRef": {"kind": "ClusterImageTemplate", "name": "image"}}]);
    chain(name, &json!({"selector": {"type": "web"}, "resources": resources}), &ready())
}

fn workload(labels: &Value, status: &Value) -> Value {
    json!({"metadata": {"name": "demo", "namespace": "dev", "labels": labels, "generation": 1}, "status": status})
}

/// One that all is well with.
fn healthy() -> Value {
    workload(&json!({"type": "web"}), &json!({"observedGeneration": 1, "conditions": ready()}))
}

fn cluster(chains: &[Value], workload: &Value) -> SupplyChains {
    let image = json!({"metadata": {"name": "image"}});
    let templates = TEMPLATES.iter().map(|kind| match kind.kind.as_ref() {
        "ClusterImageTemplate" => seen(std::slice::from_ref(&image)),
        _ => seen(&[]),
    });
    SupplyChains {
        chains: seen(chains),
        templates: templates.collect(),
        workloads: seen(std::slice::from_ref(workload)),
    }
}

fn judge(cluster: &SupplyChains, sights: &[(StampedRef, Sight)]) -> Verdicts {
    let shown: Vec<&Value> = cluster.workloads.objects.iter().collect();
    cluster.judge(&shown, &sights.iter().cloned().collect(), &Installed::default())
}

fn one(chains: &[Value], workload: &Value) -> WorkloadStatus {
    judge(&cluster(chains, workload), &[]).workloads.remove(0)
}

#[test]
fn all_is_well() {
    let verdicts = judge(&cluster(&[web("web")], &healthy()), &[]);
    let (chain, workload) = (&verdicts.chains[0], &verdicts.workloads[0]);
    assert_eq!((chain.severity, chain.ready.as_str(), chain.workloads), (Severity::Healthy, "True", 1));
    assert_eq!((chain.selector.as_str(), &chain.missing_templates, &chain.owner), ("type=web", &vec![], &None));
    assert_eq!((workload.severity, workload.selection), (Severity::Healthy, Selection::One));
    assert_eq!((workload.chains.as_slice(), &workload.closest), (&["web".to_owned()][..], &None));
    assert!(verdicts.warnings.is_empty());
}

#[test]
fn templates_that_are_missing_also_before_the_controller_notices() {
    let resources = json!([
        {"name": "a", "templateRef": {"kind": "ClusterTemplate", "name": "gone"}},
        {"name": "b", "templateRef": {"kind": "ClusterImageTemplate", "options": [{"name": "image"}, {"name": "other"}]}},
        {"name": "c", "templateRef": {"kind": "ClusterFancyTemplate", "name": "x"}}]);
    let spec = json!({"selector": {"type": "web"}, "resources": resources});
    let mut cluster = cluster(&[chain("web", &spec, &ready())], &healthy());
    let judged = judge(&cluster, &[]).chains.remove(0);
    assert_eq!(
        judged.missing_templates,
        ["ClusterFancyTemplate/x", "ClusterImageTemplate/other", "ClusterTemplate/gone"]
    );
    assert_eq!((judged.severity, judged.ready.as_str()), (Severity::Failed, "True"));
    cluster.templates = TEMPLATES.iter().map(|_| hidden()).collect();
    assert_eq!(judge(&cluster, &[]).chains[0].missing_templates, ["ClusterFancyTemplate/x"]);
}

#[test]
fn what_no_controller_has_seen_is_unknown() {
    let mut stale = web("stale");
    stale["metadata"]["generation"] = json!(2);
    let unseen = json!({"metadata": {"name": "unseen"}, "spec": {"selector": {"type": "other"}}});
    let failed = json!([{"type": "Ready", "status": "False", "reason": "TemplatesNotFound", "message": "m"}]);
    let failed = chain("zz", &json!({"selector": {"type": "third"}}), &failed);
    let verdicts = judge(&cluster(&[stale, unseen, failed], &healthy()), &[]);
    let shown: Vec<_> =
        verdicts.chains.iter().map(|one| (one.name.as_str(), one.ready.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        shown,
        [("zz", "False", "TemplatesNotFound"), ("stale", "Unknown", "NotSeen"), ("unseen", "Unknown", "NotSeen")]
    );
}

#[test]
fn a_workload_that_matches_none() {
    let judged = one(&[web("web")], &workload(&json!({"type": "wbe"}), &json!({})));
    assert_eq!((judged.severity, judged.selection), (Severity::Failed, Selection::None));
    let closest = judged.closest.unwrap();
    assert_eq!((closest.name.as_str(), closest.matched, closest.lacks), ("web", 0, vec!["type=web".to_owned()]));
    assert_eq!(judged.labels["type"], "wbe");
    let bare = one(&[web("web")], &workload(&Value::Null, &json!({})));
    assert_eq!((bare.selection, bare.severity), (Selection::Unlabelled, Severity::Failed));
}

#[test]
fn a_workload_that_matches_several() {
    let verdicts = judge(&cluster(&[web("a"), web("b")], &healthy()), &[]);
    assert_eq!(
        (verdicts.workloads[0].selection, verdicts.workloads[0].severity),
        (Selection::Several, Severity::Failed)
    );
    assert_eq!(verdicts.workloads[0].chains, ["a", "b"]);
    assert_eq!(
        verdicts.warnings,
        ["the chains 'a' and 'b' have the same selector (type=web): it stops every Workload"]
    );
}

#[test]
fn chains_that_may_not_be_listed() {
    let status = json!({"conditions": ready(), "supplyChainRef": {"kind": "ClusterSupplyChain", "name": "web"}});
    let mut cluster = cluster(&[], &workload(&json!({"type": "web"}), &status));
    cluster.chains = hidden();
    let judged = judge(&cluster, &[]).workloads.remove(0);
    assert_eq!((judged.selection, judged.severity), (Selection::Unknown, Severity::Healthy));
    assert_eq!(judged.followed.as_deref(), Some("web"));
}

#[test]
fn what_stamped_objects_say() {
    let reference = json!({"apiVersion": "g.io/v1", "kind": "Image", "namespace": "dev", "name": "demo", "resource": "images.g.io"});
    let waiting = json!([{"type": "ResourceSubmitted", "status": "Unknown", "reason": "MissingValueAtPath"},
        {"type": "Ready", "status": "Unknown", "reason": "MissingValueAtPath"}]);
    let status = json!({"conditions": ready(), "resources": [
        {"name": "image", "stampedRef": reference, "conditions": waiting}, {"name": "deployer"}]});
    let cluster = cluster(&[web("web")], &workload(&json!({"type": "web"}), &status));
    let key = StampedRef::read(&status["resources"][0]).unwrap();
    let steps = |sight: Option<Sight>| {
        let sights: Vec<_> = sight.into_iter().map(|sight| (key.clone(), sight)).collect();
        let mut judged = judge(&cluster, &sights).workloads.remove(0);
        (judged.severity, judged.stamped.remove(0), judged.stamped.remove(0))
    };
    let object = |conditions: Value| Some(Sight::Object(json!({"status": {"conditions": conditions}})));

    let remote = json!([{"type": "ImageResolved", "status": "False", "reason": "RemoteError", "message": "unable"},
        {"type": "Ready", "status": "False", "reason": "RemoteError", "message": "unable"}]);
    let (severity, image, deployer) = steps(object(remote));
    assert_eq!((severity, image.state), (Severity::Failed, StampedState::Failed));
    let condition = image.condition.unwrap();
    assert_eq!((condition.type_.as_str(), condition.message.as_str()), ("ImageResolved", "unable"));
    assert_eq!((deployer.state, deployer.object), (StampedState::Unstamped, None));

    // The object is content, its step is not.
    let (severity, image, _) = steps(object(ready()));
    assert_eq!((severity, image.state), (Severity::Unknown, StampedState::Unknown));
    assert_eq!(image.condition.unwrap().reason, "MissingValueAtPath");

    let (severity, image, _) = steps(Some(Sight::Gone));
    assert_eq!((severity, image.state), (Severity::Failed, StampedState::Gone));
    let (_, image, _) = steps(Some(Sight::Hidden));
    assert_eq!((image.state, image.note.as_deref()), (StampedState::Hidden, Some("not allowed to look")));
    assert_eq!(steps(None).1.state, StampedState::Unread);
}

#[test]
fn who_owns_a_chain() {
    let mut chain = web("web");
    chain["metadata"]["labels"] = json!({"kapp.k14s.io/app": "1"});
    let installed = Installed {
        package_installs: vec![json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
            "metadata": {"name": "basic", "namespace": "n", "uid": "u"}, "spec": {"paused": true}})],
        apps: vec![json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App", "metadata": {"name": "basic",
            "namespace": "n", "uid": "a", "ownerReferences": [{"kind": "PackageInstall", "uid": "u"}]},
            "status": {"deploy": {"kapp": {"associatedResources": {"label": "kapp.k14s.io/app=1"}}}}})],
        records: Vec::new(),
    };
    let judged = cluster(&[chain], &healthy()).judge(&[], &BTreeMap::new(), &installed);
    let owner = judged.chains[0].owner.as_ref().unwrap();
    assert_eq!((owner.object.to_string().as_str(), owner.paused), ("PackageInstall n/basic", true));
}

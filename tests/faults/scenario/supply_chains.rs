//! The supply chain: paused, resumed, changed, and changed back.

use std::{fs, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Scenario, USUAL, namespace, words};
use crate::{
    case::within,
    site::Side,
    stage::Stage,
    support::carvel::{
        CHAIN, TAP, TEMPLATES, VERSION, condition, is_observed, package, package_install, reference, supply_chain,
        templates,
    },
};

const PAUSE: &str = "pause-supply-chain --context build -n {b} --yes --reason change --wait-timeout 20s";
const RESUME: &str = "resume-supply-chain --context build -n {b} --yes --wait-timeout 20s";
const APPLY: &str = "apply-supply-chain --context build -n {b} -f {dir}/files --yes --no-wait";
/// What controllers may take.
const WAIT: Duration = Duration::from_secs(20);

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "pause-supply-chain",
        run_clusters: &[],
        prepare: installed,
        command: |stage| words(PAUSE, stage),
        watched: installs,
        allowance: WAIT,
        ..USUAL
    },
    Scenario {
        name: "resume-supply-chain",
        run_clusters: &[],
        prepare: |stage| {
            installed(stage);
            stage.plays(&words(PAUSE, stage));
        },
        command: |stage| words(RESUME, stage),
        watched: installs,
        allowance: WAIT,
        ..USUAL
    },
    Scenario {
        name: "pause-supply-chain-of-paused",
        run_clusters: &[],
        prepare: paused_by_somebody,
        command: |stage| words(PAUSE, stage),
        watched: installs,
        always: stays_paused,
        allowance: WAIT,
        ..USUAL
    },
    Scenario {
        name: "resume-supply-chain-of-paused",
        run_clusters: &[],
        prepare: |stage| {
            paused_by_somebody(stage);
            stage.plays(&words(PAUSE, stage));
            yesterday(stage);
        },
        command: |stage| words(RESUME, stage),
        watched: installs,
        always: stays_paused,
        allowance: WAIT,
        ..USUAL
    },
    Scenario {
        name: "apply-supply-chain",
        run_clusters: &[],
        prepare: changeable,
        command: |stage| words(APPLY, stage),
        watched: chain,
        always: nothing_is_lost,
        ..USUAL
    },
    Scenario {
        name: "undo-supply-chain",
        run_clusters: &[],
        prepare: |stage| {
            changeable(stage);
            stage.plays(&words(APPLY, stage));
        },
        command: |stage| {
            let mut args = words("undo-supply-chain --context build -n {b} --yes --no-wait", stage);
            args.insert(1, backups(stage).first().map(|backup| text(&backup["metadata"]["name"])).unwrap_or_default());
            args
        },
        watched: chain,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn packaging(stage: &Stage, kind: &str) -> String {
    let group = if kind == "packages" { "data.packaging.carvel.dev" } else { "packaging.carvel.dev" };
    format!("/apis/{group}/v1alpha1/namespaces/{}/{kind}", stage.build_namespace())
}

/// A TAP that kapp-controller has installed.
fn installed(stage: &Stage) {
    install(stage);
    let apps = format!("/apis/kappctrl.k14s.io/v1alpha1/namespaces/{}/apps", stage.build_namespace());
    let settled = within(Duration::from_secs(60), || {
        let objects = [&apps, &packaging(stage, "packageinstalls")].map(|path| stage.lane.build.items(path));
        let is_good =
            |object: &Value| is_observed(object) && condition(object, "ReconcileSucceeded")["status"] == "True";
        objects.iter().all(|objects| objects.len() == 3 && objects.iter().all(is_good))
    });
    assert!(settled, "the TAP is not installed");
}

fn install(stage: &Stage) {
    let build = stage.build_namespace();
    namespace(stage, Side::Build, &build);
    let api = &stage.lane.build;
    api.create(&format!("/api/v1/namespaces/{build}/serviceaccounts"), &json!({"metadata": {"name": "installer"}}));
    api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        &json!({
            "metadata": {"name": build},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "installer", "namespace": build}],
        }),
    );
    let child = |name: &str| package_install(&build, name, &reference(name), VERSION);
    for (name, content) in [
        (TAP, vec![child(TEMPLATES), child(CHAIN)]),
        (TEMPLATES, templates(&stage.id)),
        (CHAIN, vec![supply_chain(&stage.id, &stage.id, &stage.id)]),
    ] {
        api.create(&packaging(stage, "packages"), &package(&build, &reference(name), VERSION, &content));
    }
    api.create(&packaging(stage, "packageinstalls"), &child(TAP));
}

/// The same, where a person has paused the root.
fn paused_by_somebody(stage: &Stage) {
    installed(stage);
    let path = format!("{}/{TAP}", packaging(stage, "packageinstalls"));
    stage.lane.build.merge(&path, &json!({"spec": {"paused": true}}));
}

/// What a pause that may just be under way remembers is left alone: this one is a day old.
fn yesterday(stage: &Stage) {
    const CHILDREN: &str = "kubectl-tapmc/paused-children";
    let path = format!("{}/{TAP}", packaging(stage, "packageinstalls"));
    let found = stage.lane.build.get(&path).expect("it is there");
    let children = found["metadata"]["annotations"][CHILDREN].as_str().expect("what it remembers");
    let mut children: Value = serde_json::from_str(children).expect("JSON");
    for child in children.as_object_mut().expect("a mapping").values_mut() {
        child["at"] = json!((Timestamp::now() - SignedDuration::from_hours(24)).to_string());
    }
    stage.lane.build.merge(&path, &json!({"metadata": {"annotations": {CHILDREN: children.to_string()}}}));
}

fn stays_paused(stage: &Stage) -> Result<(), String> {
    let found = stage.lane.build.get(&format!("{}/{TAP}", packaging(stage, "packageinstalls")));
    if found.is_some_and(|found| found["spec"]["paused"] == true) {
        return Ok(());
    }
    Err(format!("{TAP} was paused by a person, and is not paused any more"))
}

fn installs(stage: &Stage) -> Vec<(Side, String)> {
    vec![(Side::Build, packaging(stage, "packageinstalls"))]
}

const CARTO: &str = "/apis/carto.run/v1alpha1";

/// A template and a chain that are there, and files with others and one more.
fn changeable(stage: &Stage) {
    namespace(stage, Side::Build, &stage.build_namespace());
    let files = stage.dir.path().join("files");
    fs::create_dir(&files).expect("a folder");
    let (template, chain) = (template(stage, "one", "first"), chain_of(stage, "first"));
    stage.lane.build.create(&format!("{CARTO}/clustertemplates"), &template);
    stage.lane.build.create(&format!("{CARTO}/clustersupplychains"), &chain);
    for (name, object) in [
        ("one", self::template(stage, "one", "second")),
        ("new", self::template(stage, "new", "second")),
        ("chain", chain_of(stage, "second")),
    ] {
        fs::write(files.join(format!("{name}.yaml")), object.to_string()).expect("written");
    }
}

fn template(stage: &Stage, name: &str, data: &str) -> Value {
    json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterTemplate", "metadata": {"name": format!("{}-{name}", stage.id)},
        "spec": {"template": {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("$(workload.metadata.name)$-{name}")}, "data": {"x": data}}}})
}

fn chain_of(stage: &Stage, version: &str) -> Value {
    let id = &stage.id;
    json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "metadata": {"name": id},
        "spec": {"selector": {"faults.test/chain": id, "version": version},
            "resources": [{"name": "one", "templateRef": {"kind": "ClusterTemplate", "name": format!("{id}-one")}}]}})
}

fn chain(stage: &Stage) -> Vec<(Side, String)> {
    let id = &stage.id;
    ["clustertemplates/ID-one", "clustertemplates/ID-new", "clustersupplychains/ID"]
        .map(|path| (Side::Build, format!("{CARTO}/{}", path.replace("ID", id))))
        .to_vec()
}

fn backups(stage: &Stage) -> Vec<Value> {
    let path = format!("/api/v1/namespaces/{}/configmaps?labelSelector=kubectl-tapmc/backup", stage.build_namespace());
    stage.lane.build.items(&path)
}

/// What was there before is there still, or in a backup.
fn nothing_is_lost(stage: &Stage) -> Result<(), String> {
    let kept = backups(stage).iter().map(Value::to_string).collect::<String>();
    for (path, now) in [
        (format!("{CARTO}/clustertemplates/{}-one", stage.id), "/spec/template/data/x"),
        (format!("{CARTO}/clustersupplychains/{}", stage.id), "/spec/selector/version"),
    ] {
        let object = stage.lane.build.get(&path).ok_or_else(|| format!("{path} is gone"))?;
        let is_former = object.pointer(now).is_some_and(|value| value == "first");
        if !is_former && !kept.contains("first") {
            return Err(format!("{path} was changed, and no backup holds what it was"));
        }
    }
    Ok(())
}

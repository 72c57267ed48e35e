//! The state of a TAP where no controller runs: each object as it would have been deployed, with
//! the marks and the status that the controllers would have given it.

use serde_json::{Value, json};

use super::{CHAIN, TAP, TEMPLATES, Tap};

const SUCCEEDED: &str = "Reconcile succeeded";

/// Writes it all.
pub fn write(tap: &Tap) {
    tap.apply(&[tap.install_object(TAP)]);
    for (index, name) in [TAP, TEMPLATES, CHAIN].into_iter().enumerate() {
        write_app(tap, name, index);
        set_status(tap, &["packageinstalls", name], succeeded(json!({"version": super::VERSION})));
    }
    let holds = |kind: &str| json!({"type": kind, "status": "True", "reason": "Ready", "message": ""});
    let conditions = [holds("TemplatesReady"), holds("Ready")].map(|mut condition| {
        condition["lastTransitionTime"] = json!("2024-01-01T00:00:00Z");
        condition
    });
    let status = json!({"observedGeneration": 1, "conditions": conditions});
    set_status(tap, &["clustersupplychains", &tap.chain], status);
}

/// The App of a PackageInstall, and its content.
fn write_app(tap: &Tap, name: &str, index: usize) {
    let install = tap.install(name);
    // A number of its own for each App, as the time of the first deploy gives it.
    let number = format!("17{:0>16}{index}", tap.chain.chars().filter(char::is_ascii_digit).collect::<String>());
    let mut spec = tap.package_object(name)["spec"]["template"]["spec"].clone();
    spec["serviceAccountName"] = json!("installer");
    spec["syncPeriod"] = json!("30s");
    let content = tap.content(name);
    let deployed: Vec<Value> = content.iter().map(|object| mark(object, &number)).collect();
    tap.apply(&deployed);
    tap.apply(&[
        json!({
            "apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
            "metadata": {"name": name, "namespace": tap.namespace, "ownerReferences": [{
                "apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall", "name": name,
                "uid": install["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
            }]},
            "spec": spec,
        }),
        record(tap, name, &number, &content),
    ]);
    let kinds = group_kinds(&content, "group", "kind");
    let deploy = json!({
        "startedAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:01Z", "finished": true, "exitCode": 0,
        "kapp": {"associatedResources": {
            "label": format!("kapp.k14s.io/app={number}"), "namespaces": [tap.namespace], "groupKinds": kinds,
        }},
    });
    let status = json!({
        "managedAppName": format!("{name}.app"), "consecutiveReconcileSuccesses": 1, "deploy": deploy,
    });
    set_status(tap, &["apps.kappctrl.k14s.io", name], succeeded(status));
}

/// An object as kapp would have left it.
fn mark(object: &Value, number: &str) -> Value {
    let mut marked = object.clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    let identity = format!("{namespace}/{}/{kind}/{name}", group(&version));
    marked["metadata"]["labels"] =
        json!({"kapp.k14s.io/app": number, "kapp.k14s.io/association": "v1.00000000000000000000000000000000"});
    let original = marked.to_string();
    marked["metadata"]["annotations"] = json!({
        "kapp.k14s.io/identity": format!("v1;{identity};{version}"),
        "kapp.k14s.io/original": original,
        "kapp.k14s.io/original-diff-md5": "00000000000000000000000000000000",
    });
    marked
}

fn record(tap: &Tap, name: &str, number: &str, content: &[Value]) -> Value {
    let kinds = group_kinds(content, "Group", "Kind");
    let spec = json!({"labelKey": "kapp.k14s.io/app", "labelValue": number, "usedGKs": kinds});
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": format!("{name}.app"), "namespace": tap.namespace, "labels": {"kapp.k14s.io/is-app": ""},
        },
        "data": {"spec": spec.to_string()},
    })
}

fn group_kinds(content: &[Value], group_key: &str, kind_key: &str) -> Vec<Value> {
    let mut kinds = Vec::new();
    for object in content {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let kind = json!({group_key: group(version), kind_key: object["kind"]});
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn succeeded(mut status: Value) -> Value {
    status["observedGeneration"] = json!(1);
    status["conditions"] = json!([{"type": "ReconcileSucceeded", "status": "True"}]);
    status["friendlyDescription"] = json!(SUCCEEDED);
    status
}

fn set_status(tap: &Tap, object: &[&str], status: Value) {
    let mut patch = json!({});
    patch["status"] = status;
    let mut args = object.to_vec();
    args.push("--subresource=status");
    tap.patch(&args, &patch);
}

//! The objects of a small TAP, as JSON that kubectl and kapp read.

use serde_json::{Map, Value, json};

use super::SELECTOR;

/// A Package whose content is these objects, inline.
pub fn package(namespace: &str, reference: &str, version: &str, content: &[Value]) -> Value {
    let documents: String = content.iter().map(|object| format!("---\n{object}\n")).collect();
    json!({
        "apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package",
        "metadata": {"name": format!("{reference}.{version}"), "namespace": namespace},
        "spec": {
            "refName": reference, "version": version,
            "template": {"spec": {
                "fetch": [{"inline": {"paths": {"content.yml": documents}}}],
                "template": [{"ytt": {}}],
                "deploy": [{"kapp": {}}],
            }},
        },
    })
}

/// A PackageInstall that deploys with the account `installer` of its namespace, as often as a real
/// kapp-controller can.
pub fn package_install(namespace: &str, name: &str, reference: &str, version: &str) -> Value {
    json!({
        "apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "serviceAccountName": "installer",
            "syncPeriod": "30s",
            "packageRef": {"refName": reference, "versionSelection": {"constraints": version}},
        },
    })
}

/// A Workload with these labels.
pub fn workload(namespace: &str, name: &str, labels: &[(&str, &str)]) -> Value {
    let labels: Map<String, Value> = labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "carto.run/v1alpha1", "kind": "Workload",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "serviceAccountName": "installer",
            "source": {"git": {"url": "https://example.com/app.git", "ref": {"branch": "main"}}},
        },
    })
}

/// A chain of three resources that selects the Workloads with [`SELECTOR`] of this value and uses
/// the [`templates`] of this stem.
pub fn supply_chain(name: &str, selected: &str, stem: &str) -> Value {
    let template = |kind: &str, resource: &str| json!({"kind": kind, "name": format!("{stem}-{resource}")});
    json!({
        "apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain",
        "metadata": {"name": name},
        "spec": {
            "selector": {SELECTOR: selected},
            "resources": [
                {"name": "source", "templateRef": template("ClusterSourceTemplate", "source")},
                {
                    "name": "config", "templateRef": template("ClusterConfigTemplate", "config"),
                    "sources": [{"name": "source", "resource": "source"}],
                },
                {
                    "name": "delivery", "templateRef": template("ClusterTemplate", "delivery"),
                    "configs": [{"name": "config", "resource": "config"}],
                },
            ],
        },
    })
}

/// The templates of the resources of [`supply_chain`]. Each stamps a ConfigMap that is named after
/// the Workload and the resource.
pub fn templates(stem: &str) -> Vec<Value> {
    let template = |kind: &str, resource: &str, data: Value, more: Value| {
        let mut spec = json!({"template": {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("$(workload.metadata.name)$-{resource}")},
            "data": data,
        }});
        if let (Some(spec), Value::Object(more)) = (spec.as_object_mut(), more) {
            spec.extend(more);
        }
        let name = format!("{stem}-{resource}");
        json!({"apiVersion": "carto.run/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
    };
    vec![
        template(
            "ClusterSourceTemplate",
            "source",
            json!({"url": "$(workload.spec.source.git.url)$", "revision": "$(workload.spec.source.git.ref.branch)$"}),
            json!({"urlPath": ".data.url", "revisionPath": ".data.revision"}),
        ),
        template(
            "ClusterConfigTemplate",
            "config",
            json!({"from": "$(sources.source.url)$@$(sources.source.revision)$"}),
            json!({"configPath": ".data"}),
        ),
        template("ClusterTemplate", "delivery", json!({"from": "$(config.from)$", "mode": "$(params.mode)$"}), {
            json!({"params": [{"name": "mode", "default": "plain"}]})
        }),
    ]
}

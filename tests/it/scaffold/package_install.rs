//! The files of a package for its run clusters.

mod applied;
mod bad_input;
mod encrypted;

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::server_takes;
use crate::support::{BUILD, Tapmc};

/// What the supply chain for Carvel packages makes of a Workload, as far as it matters.
fn package(version: &str, schema: &Value) -> Value {
    json!({"apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package",
        "metadata": {"name": format!("app.default.tap.{version}")},
        "spec": {"refName": "app.default.tap", "version": version, "valuesSchema": {"openAPIv3": schema},
            "template": {"spec": {}}}})
}

fn schema() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["hostname"], "properties": {
        "hostname": {"type": "string", "description": "Where it is reached"},
        "replicas": {"type": "integer", "default": 1, "minimum": 0},
        "password": {"type": "string"},
        "issuer": {"type": "string", "nullable": true, "default": null}}})
}

/// A GitOps repository with Packages of these versions.
fn repository(versions: &[&str], schema: &Value) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("app.default.tap/packages");
    fs::create_dir_all(&folder).unwrap();
    for version in versions {
        fs::write(folder.join(format!("{version}.yaml")), package(version, schema).to_string()).unwrap();
    }
    root
}

/// The command for the package of that repository, without a cluster.
fn scaffold(root: &Path) -> Tapmc {
    Tapmc::bare(["scaffold", "package-install", "app.default.tap", "--run-namespace", "apps", "-f"]).arg(root)
}

/// As [`scaffold`], writing into the same repository for `run-a`.
fn written(root: &Path) -> Tapmc {
    scaffold(root).args(["--run", "run-a", "--output-dir"]).arg(root)
}

fn text(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join("app.default.tap").join(path)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// The values in a params.yaml.
fn values(params: &str) -> Value {
    yaml(yaml(params)["stringData"]["values.yaml"].as_str().unwrap())
}

#[test]
fn printed_as_a_cluster_takes_it() {
    let root = repository(&["1.9.0", "1.10.0"], &schema());
    let output = scaffold(root.path()).args(["--run", "run-a", "--set", "hostname=shop.example.com"]).succeeds();
    assert!(output.stdout.contains("#! app.default.tap/run-a/packageinstall.yaml\n"), "{}", output.stdout);
    assert!(output.stdout.contains("constraints: \"1.10.0\"\n"), "the newest: {}", output.stdout);
    assert!(
        output.stdout.contains("    # Where it is reached\n    # string; required; no default\n"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("    hostname: \"shop.example.com\"\n"), "{}", output.stdout);
    let there = output.stdout.replace("namespace: apps", "namespace: default");
    server_takes(BUILD, &there);
    let list = scaffold(root.path()).args(["--run", "run-a", "-o", "json"]).succeeds();
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 7);
    assert!(list.stderr.contains("'hostname': required, without a default, and not given"), "{}", list.stderr);
}

#[test]
fn written_in_the_layout_for_each_run_cluster() {
    let root = repository(&["1.0.0", "2.0.0-rc.1"], &schema());
    let file = root.path().join("values.yaml");
    fs::write(&file, "replicas: 3\npassword: canary\n").unwrap();
    let command = || {
        scaffold(root.path())
            .args(["--run", "run-a,run-b", "--downgradable", "--set", "replicas=4", "--values"])
            .arg(&file)
    };
    let output = command().arg("--output-dir").arg(root.path()).args(["-o", "json"]).succeeds();
    let report = output.json();
    assert_eq!(report["missingValues"], json!(["hostname"]));
    assert_eq!((&report["version"], &report["items"][1]["runCluster"]), (&json!("1.0.0"), &json!("run-b")));
    for run in ["run-a", "run-b"] {
        let install = yaml(&text(root.path(), &format!("{run}/packageinstall.yaml")));
        assert_eq!(
            install["metadata"],
            json!({"name": "app", "namespace": "apps",
            "annotations": {"packaging.carvel.dev/downgradable": ""}})
        );
        assert_eq!(
            install["spec"],
            json!({"serviceAccountName": "app-sa", "values": [{"secretRef": {"name": "app-values"}}],
            "packageRef": {"refName": "app.default.tap", "versionSelection": {"constraints": "1.0.0"}}})
        );
        let params = text(root.path(), &format!("{run}/params.yaml"));
        assert!(params.contains("    hostname: # REQUIRED: there is no default\n"), "{params}");
        assert_eq!(values(&params), json!({"hostname": null, "replicas": 4, "password": "canary", "issuer": null}));
        let access = text(root.path(), &format!("access/{run}.yaml"));
        assert!(access.contains("name: app-ip-cr-role\n") && access.contains("name: app-cr-role\n"), "{access}");
    }
}

#[test]
fn a_file_that_is_there_is_kept_or_shown_and_overwritten_when_that_is_asked_for() {
    let root = repository(&["1.0.0", "1.1.0"], &schema());
    let command = |set: &str| written(root.path()).args(["--set", "hostname=a.example.com", "--set", set]);
    let first = command("password=one-canary").succeeds();
    assert!(first.stdout.contains("app.default.tap/run-a/params.yaml created\n"), "{}", first.stdout);
    assert!(first.stderr.contains("kubectl apply -f"), "{}", first.stderr);
    let again = command("password=one-canary").succeeds();
    assert_eq!(again.stdout.matches(" unchanged\n").count(), 3, "{}", again.stdout);

    let older = || command("password=two-canary").args(["--version-constraint", "1.0.0"]);
    let refused = older().fails(4, &["is there and differs (and 1 more file): nothing was written", "--force"]);
    assert!(refused.stderr.contains("- spec.packageRef.versionSelection.constraints: 1.1.0"), "{}", refused.stderr);
    assert!(refused.stderr.contains("values that differ, and are not shown: password"), "{}", refused.stderr);
    assert!(refused.stderr.contains("only with --downgradable"), "{}", refused.stderr);
    assert_eq!(values(&text(root.path(), "run-a/params.yaml"))["password"], "one-canary");

    older().args(["--force", "--dry-run"]).succeeds();
    assert_eq!(values(&text(root.path(), "run-a/params.yaml"))["password"], "one-canary");
    older().arg("--force").succeeds();
    assert_eq!(values(&text(root.path(), "run-a/params.yaml"))["password"], "two-canary");
    let left = fs::read_dir(root.path().join("app.default.tap/run-a")).unwrap().count();
    assert_eq!(left, 2, "nothing else is left there");
}

#[test]
fn values_that_were_filled_in_are_kept() {
    let root = repository(&["1.0.0"], &schema());
    written(root.path()).succeeds();
    let params = root.path().join("app.default.tap/run-a/params.yaml");
    let filled = fs::read_to_string(&params).unwrap().replace("hostname: #", "hostname: b.example.com #");
    fs::write(&params, filled).unwrap();
    written(root.path()).fails(4, &["hint: --force overwrites it; to keep the values that are there: --values "]);
    written(root.path()).args(["--force", "--values"]).arg(&params).succeeds();
    assert_eq!(values(&fs::read_to_string(&params).unwrap())["hostname"], "b.example.com");
}

#[test]
fn a_package_without_a_schema_is_installed_as_it_is() {
    let root = repository(&["1.0.0"], &Value::Null);
    let output = written(root.path()).succeeds();
    assert!(output.stderr.contains("has no valuesSchema"), "{}", output.stderr);
    assert!(!root.path().join("app.default.tap/run-a/params.yaml").exists());
    assert_eq!(yaml(&text(root.path(), "run-a/packageinstall.yaml"))["spec"].get("values"), None);
    written(root.path()).args(["--force", "--set", "a.b=1"]).succeeds();
    assert_eq!(values(&text(root.path(), "run-a/params.yaml")), json!({"a": {"b": 1}}));
}

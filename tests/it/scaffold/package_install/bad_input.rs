//! What is refused, and that nothing is written then.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use super::{repository, scaffold, schema, text, written};
use crate::support::Tapmc;

#[test]
fn values_that_do_not_fit_are_told_by_path_and_reason() {
    let root = repository(&["1.0.0"], &schema());
    written(root.path())
        .args(["--set", "replicas=canary"])
        .fails(2, &["replicas: the value is not of type \"integer\""]);
    written(root.path())
        .args(["--set", "replicas=-1"])
        .fails(2, &["replicas: the value is less than the minimum of 0"]);
    let file = root.path().join("values.yaml");
    fs::write(&file, "hostnam: canary\nreplicas: canary\n").unwrap();
    written(root.path()).arg("--values").arg(&file).fails(
        2,
        &[
            "in 2 places",
            "hostnam: the schema does not know it, there are hostname, issuer, password and replicas",
            "hint: did you mean 'hostname'?",
        ],
    );
    fs::write(&file, "a: [canary\n").unwrap();
    written(root.path()).arg("--values").arg(&file).fails(2, &["values.yaml line "]);
    written(root.path()).args(["--set", "canary"]).fails(2, &["--set takes PATH=VALUE"]);
    assert!(!root.path().join("app.default.tap/run-a").exists());
}

#[test]
fn schemas_that_cannot_be_used() {
    let refused = |schema: &Value, piece: &str| {
        let root = repository(&["1.0.0"], schema);
        written(root.path())
            .fails(2, &["the valuesSchema of the Package 'app.default.tap' 1.0.0", piece, "--ignore-schema"]);
        written(root.path()).args(["--ignore-schema", "--set", "a=1"]).succeeds();
    };
    refused(&json!({"properties": {"a": {"$ref": "https://example.com/a.json"}}}), "is not fetched");
    refused(&json!({"properties": {"a": {"$ref": "#/definitions/b"}}}), "which is not there");
    refused(&json!({"properties": {"a": {"type": "strnig"}}}), "/properties/a/type");
}

#[test]
fn references_within_are_followed_and_unfit_defaults_told() {
    let schema = json!({"properties": {"a": {"$ref": "#/definitions/b"}, "size": {"type": "integer", "default": "two"}},
        "definitions": {"b": {"type": "string", "default": "x", "description": "Of b"}}});
    let root = repository(&["1.0.0"], &schema);
    let output = written(root.path()).succeeds();
    assert!(output.stderr.contains("warning: the default of 'size' is not used: "), "{}", output.stderr);
    let params = text(root.path(), "run-a/params.yaml");
    assert!(params.contains("    # Of b\n    # string; default \"x\"\n    a: \"x\"\n"), "{params}");
    assert!(
        params.contains("    # integer; its default does not fit and is not used: \"two\"\n    #size: 0\n"),
        "{params}"
    );
}

#[test]
fn names_that_are_no_folders_and_packages_that_are_not_there() {
    let root = repository(&["1.0.0", "1.1.0"], &schema());
    for run in ["..", "a/b", "packages", "access", "/etc"] {
        scaffold(root.path()).args(["--run", run]).fails(2, &["folder"]);
    }
    for package in ["../../etc", "a/b", "..", "../p", "App.tap", "."] {
        let command = Tapmc::bare(["scaffold", "package-install", package, "--run", "a", "--run-namespace", "b", "-f"]);
        command.arg(root.path()).fails(2, &[&format!("PACKAGE '{package}' cannot be the name of a package")]);
    }
    let command = |package: &str| {
        Tapmc::bare(["scaffold", "package-install", package, "--run", "a", "--run-namespace", "b", "-f"])
            .arg(root.path().join("app.default.tap"))
    };
    command("app").fails(2, &["there is no Package of 'app' in what -f names", "did you mean 'app.default.tap'?"]);
    command("app.default.tap")
        .args(["--version-constraint", ">=2.0.0"])
        .fails(2, &["no Package of 'app.default.tap' meets '>=2.0.0': there are 1.1.0 and 1.0.0"]);
    command("app.default.tap").args(["--version-constraint", "~1"]).fails(2, &["is no version constraint"]);
    command("app.default.tap").args(["--name", "A b"]).fails(2, &["--name: 'A b' cannot be the name of an object"]);
    command("app.default.tap").args(["--run", "a"]).fails(2, &["twice"]);
}

#[test]
fn a_package_that_is_misspelt_or_not_rendered_and_no_cluster_to_ask() {
    let root = repository(&["1.0.0"], &schema());
    let command =
        |package: &str| Tapmc::bare(["scaffold", "package-install", package, "--run", "a", "-f"]).arg(root.path());
    let output = command("app.defaul.tap")
        .args(["--run-namespace", "b"])
        .fails(2, &["there is no Package of 'app.defaul.tap'", "did you mean 'app.default.tap'?"]);
    assert!(!output.stderr.contains("--namespace"), "{}", output.stderr);
    command("app.default.tap")
        .env("KUBECONFIG", root.path().join("missing"))
        .fails(2, &["there is no kubeconfig", "with --run-namespace NAMESPACE no cluster is asked"]);
    fs::write(root.path().join("app.default.tap/packages/t.yaml"), "#@ x = 1\nname: #@ x\n").unwrap();
    let output =
        command("app.default.tap").args(["--run-namespace", "b"]).fails(2, &["render it with ytt first: ytt -f FILE"]);
    assert!(!output.stderr.contains("apply-supply-chain"), "{}", output.stderr);
}

#[test]
fn links_are_not_followed() {
    let (root, outside) = (repository(&["1.0.0"], &schema()), tempfile::tempdir().unwrap());
    symlink(outside.path(), root.path().join("app.default.tap/run-a")).unwrap();
    written(root.path()).fails(2, &["run-a is a symbolic link: it is not followed"]);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert!(!root.path().join("app.default.tap/access").exists());
}

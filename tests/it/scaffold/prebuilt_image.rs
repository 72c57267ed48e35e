//! The chain for images that were built elsewhere.

use serde_json::Value;

use super::server_takes;
use crate::support::{BUILD, Kubectl, RUN_CAPPED, Tapmc, eventually, kubeconfig::started, unique};

/// The command with names of its own, and its namespace.
fn scaffold(stem: &str) -> (Tapmc, String) {
    let name = unique(stem);
    Kubectl::on(BUILD).namespace(&name);
    let command = Tapmc::new(["scaffold", "prebuilt-image", "--context", BUILD, "-n", &name])
        .args(["--chain", &name, "--selector", &format!("workload-intent={name}")])
        .args(["--image-template", &name, "--deployment-template", &name])
        .args(["--image", "registry.example.com/apps/demo:1.2"]);
    (command, name)
}

#[test]
fn no_cluster_is_needed_and_a_loopback_registry_is_told() {
    let output = Tapmc::bare(["scaffold", "prebuilt-image"]).succeeds();
    assert_eq!(output.stdout.matches("\n---\n").count() + 1, 7, "{}", output.stdout);
    assert!(output.stderr.contains("warning: 'localhost:5000' is another machine"), "{}", output.stderr);
    let names = Tapmc::bare(["scaffold", "prebuilt-image", "-o", "name"]).succeeds().stdout;
    assert!(names.starts_with("clusterimagetemplate.carto.run/prebuilt-image\n"), "{names}");
    assert!(names.ends_with("workload.carto.run/demo\n"), "{names}");
}

#[test]
fn a_workload_gets_what_the_chain_stamps() {
    let (command, name) = scaffold("stamped");
    let printed = command.succeeds().stdout;
    server_takes(BUILD, &printed);
    let kubectl = Kubectl::on(BUILD);
    kubectl.apply(&printed);
    let get = |kind: &str| kubectl.get(&[kind, "demo", "-n", &name]).unwrap_or_default();
    eventually("the Deployment is stamped", || get("deployment") != Value::Null);
    let repository = get("imagerepositories.source.apps.tanzu.vmware.com");
    assert_eq!(repository["spec"]["image"], "registry.example.com/apps/demo:1.2");
    assert_eq!(repository["spec"]["serviceAccountName"], "admin");
    let containers = &get("deployment")["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "registry.example.com/apps/demo:1.2");

    let account = format!("system:serviceaccount:{name}:admin");
    let may = |verb: &str, resource: &str| {
        kubectl.try_run(&["auth", "can-i", verb, resource, "-n", &name, "--as", &account]).is_ok()
    };
    assert!(may("create", "deployments.apps") && may("delete", "imagerepositories.source.apps.tanzu.vmware.com"));
    assert!(!may("create", "pods") && !may("get", "secrets") && !may("deletecollection", "deployments.apps"));
    kubectl.run(&["delete", "workload.carto.run/demo", "-n", &name, "--wait=false"]);
    kubectl.run(&["delete", &format!("clustersupplychain/{name}"), "--wait=false"]);
}

#[test]
fn applied_at_once_and_undone() {
    let (command, name) = scaffold("applied");
    let dry =
        Tapmc::new(["scaffold", "prebuilt-image", "--context", BUILD, "-n", &name, "--apply", "--dry-run=server"])
            .args(["--chain", &name, "--selector", &format!("workload-intent={name}")])
            .args(["--image-template", &name, "--deployment-template", &name, "--backup-namespace", &name]);
    assert!(dry.succeeds().stdout.contains("created (server dry run)"));
    let kubectl = Kubectl::on(BUILD);
    assert!(kubectl.get(&["clustersupplychain", &name]).is_none());
    let output = command.args(["--apply", "--yes", "--backup-namespace", &name]).succeeds();
    assert!(output.stdout.contains(&format!("clustersupplychain.carto.run/{name} created\n")), "{}", output.stdout);
    let get = |kind: &str| kubectl.get(&[kind, "demo", "-n", &name]).unwrap_or_default();
    eventually("the Deployment is stamped", || get("deployment") != Value::Null);
    Tapmc::new(["undo-supply-chain", "--last", "--yes", "--context", BUILD, "-n", &name]).succeeds();
    assert!(kubectl.get(&["clustersupplychain", &name]).is_none());
    assert_eq!(get("workload.carto.run"), Value::Null);
}

#[test]
fn flux_in_the_version_that_the_cluster_serves() {
    let (command, _) = scaffold("flux");
    let output = command.args(["--source", "flux", "-o", "json"]).succeeds();
    let list = output.json();
    let served = Kubectl::on(BUILD).run(&["api-resources", "--api-group=source.toolkit.fluxcd.io", "--no-headers"]);
    let template = &list["items"][0]["spec"]["template"];
    if let Some(line) = served.lines().find(|line| line.starts_with("ocirepositories")) {
        let version = line.split_whitespace().find(|word| word.starts_with("source.")).unwrap();
        assert_eq!(template["apiVersion"], version);
    } else {
        assert_eq!(template["apiVersion"], "source.toolkit.fluxcd.io/v1");
        let missing = "does not serve ocirepositories.source.toolkit.fluxcd.io";
        assert!(output.stderr.contains(missing), "{}", output.stderr);
    }
    assert_eq!(list["items"][6]["spec"]["source"]["image"], "registry.example.com/apps/demo");
    let (command, _) = scaffold("flux");
    server_takes(BUILD, &command.args(["--source", "flux"]).succeeds().stdout);
}

#[test]
fn a_cluster_that_serves_no_source_is_told() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    let output =
        Tapmc::new(["scaffold", "prebuilt-image", "--context", RUN_CAPPED, "--image", "r.example.com/x"]).succeeds();
    assert!(
        output.stderr.contains("does not serve imagerepositories.source.apps.tanzu.vmware.com"),
        "{}",
        output.stderr
    );
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_printed() {
    for (args, piece) in [
        (["--selector", "no label"], "--selector: 'no label' is not a label"),
        (["--workload", "Demo"], "--workload: 'Demo' cannot be the name"),
        (["--image", "https://r.example.com/x"], "--image: 'https://r.example.com/x' is not a reference"),
        (["--source", "git"], "invalid value 'git'"),
    ] {
        let output = Tapmc::bare(["scaffold", "prebuilt-image"]).args(args).run();
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.stderr);
        assert!(output.stderr.contains(piece), "{}", output.stderr);
    }
}

//! `deliver carvel-app`: the Apps of seed 2 and of seed 0.

use serde_json::json;

use super::case::{APPS, Idle, URL};
use crate::support::{BUILD_TWO, Tapmc, eventually, tapmc::Output};

#[test]
fn the_app_of_a_package() {
    let Some(it) = Idle::new("app") else { return };
    Idle::kubectl().run(&[
        "create",
        "secret",
        "generic",
        "keys",
        "-n",
        &it.namespace,
        "--from-literal=key.txt=AGE-SECRET-KEY-1X",
    ]);
    let run = format!("{}=prod", it.case.name);
    let output =
        Tapmc::new(["deliver", "carvel-app", "app.tap", "--run", &run, "--git-url", URL, "--git-ref", "refs/tags/v1"])
            .args(["--path", "teams/blue", "--decryption-secret", "keys", "--no-wait", "--yes"])
            .args(["--context", BUILD_TWO, "-n", &it.namespace])
            .succeeds();
    let app = it.object(APPS, &it.name(""));
    let spec = &app["spec"];
    assert_eq!(
        spec["fetch"],
        json!([
            {"git": {"url": URL, "ref": "v1", "subPath": "teams/blue/app.tap/packages"}},
            {"git": {"url": URL, "ref": "v1", "subPath": "teams/blue/app.tap/prod"}},
        ])
    );
    assert_eq!(
        spec["cluster"],
        json!({"namespace": it.case.apps,
        "kubeconfigSecretRef": {"name": format!("{}-kubeconfig", it.case.name), "key": "value"}})
    );
    assert_eq!(
        spec["template"],
        json!([
            {"sops": {"age": {"privateKeysSecretRef": {"name": "keys"}}}}, {"ytt": {"ignoreUnknownComments": true}},
        ])
    );
    assert_eq!((&spec["deploy"][0]["kapp"]["intoNs"], &spec["syncPeriod"]), (&json!(it.case.apps), &json!("1m0s")));
    assert_eq!(output.stdout, format!("app.kappctrl.k14s.io/{} serverside-applied\n", it.name("")));
    assert!(output.stderr.contains("take it back: kubectl tapmc undeliver app.tap --all"), "{}", output.stderr);
    let report = it.deliver("carvel-app").args(["--dry-run=server", "-o", "json"]).succeeds().json();
    assert_eq!((&report["kind"], &report["dryRun"]), (&json!("DeliveryReport"), &json!("server")));
}

#[test]
fn the_app_of_deliverables() {
    let Some(it) = Idle::new("deliverables") else { return };
    let deliver =
        Tapmc::new(["deliver", "carvel-app", "--deliverables", "--all", "--git-url", URL, "--no-wait", "--yes"]);
    deliver.args(["--context", BUILD_TWO, "-n", &it.namespace]).succeeds();
    let apps = it.objects(APPS);
    let name = apps[0]["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("deliverable-to-run-cluster-reconciler-") && name.len() <= 63, "{name}");
    assert_eq!(apps[0]["spec"]["fetch"], json!([{"git": {"url": URL, "ref": "origin/main"}}]));
    it.undeliver(&["deliverable-to-run-cluster-reconciler", "--all"]).succeeds();
    assert_eq!(it.names(APPS), Vec::<String>::new());
}

#[test]
fn kapp_controllers_own_message_is_told() {
    let Some(it) = Idle::new("message") else { return };
    let (child, command) = it.deliver("carvel-app").spawn();
    let name = it.name("");
    eventually("the App is there", || !it.object(APPS, &name).is_null());
    let generation = it.object(APPS, &name)["metadata"]["generation"].clone();
    let status = json!({"status": {"observedGeneration": generation, "usefulErrorMessage": "git: not found",
        "conditions": [{"type": "ReconcileFailed", "status": "True", "message": "Fetching"}]}});
    Idle::kubectl().run(&[
        "patch",
        APPS,
        &name,
        "-n",
        &it.namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        &status.to_string(),
    ]);
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 1, "{}", output.stderr);
    for piece in ["but its controller failed", "caused by: git: not found", "hint: look: kubectl --context"] {
        assert!(output.stderr.contains(piece), "{piece}: {}", output.stderr);
    }
}

#[test]
fn nothing_without_consent() {
    let Some(it) = Idle::new("consent") else { return };
    let deliver = Tapmc::new(["deliver", "carvel-app", "app.tap", "--all", "--git-url", URL]);
    deliver
        .args(["--context", BUILD_TWO, "-n", &it.namespace])
        .fails(2, &["there is no terminal to ask on", "add --yes"]);
    assert_eq!(it.names(APPS), Vec::<String>::new());
}

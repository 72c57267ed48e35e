//! What everybody does with it: nothing is left, every token is dead.

use super::case::{ask, by_run_side, left, registered, unregister};
use crate::{register_run_cluster::case::Case, support::eventually};

#[test]
fn nothing_is_left_and_the_token_is_dead() {
    let case = registered("gone", &[]);
    assert_eq!(left(&case).len(), 6, "{:?}", left(&case));
    let kubeconfig = case.kubeconfig();
    let before = case.versions();
    for how in ["client", "server"] {
        let output = ask(&case).args([&format!("--dry-run={how}")]).succeeds();
        let line = format!("secret/{}-kubeconfig deleted (", case.name);
        assert!(output.stdout.contains(&line), "{}", output.stdout);
    }
    assert_eq!(case.versions(), before);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();

    let output = unregister(&case).succeeds();
    for piece in [
        "delete   run    secret/delivery-1-",
        "6 changes: 6 delete",
        "is unregistered from both clusters",
        "proven: the stored token is refused",
        "(401 from https://",
        "proven: the marker 'delivery-1-",
        "proven: the ServiceAccount 'delivery' is gone",
    ] {
        assert!(output.stderr.contains(piece), "{piece}: {}", output.stderr);
    }
    assert!(output.stdout.lines().all(|line| line.ends_with(" deleted")), "{}", output.stdout);
    assert_eq!(left(&case), Vec::<String>::new());
    case.await_token_refused(&kubeconfig);
    assert!(case.run().get(&["namespace", &case.apps]).is_some(), "a run namespace stays");

    // It can be registered again, under the same name.
    case.register().succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn cluster_roles_impersonation_and_the_guard_go_too() {
    let case = Case::new("broad");
    case.run().run(&["create", "serviceaccount", "deployer", "-n", &case.apps]);
    let account = format!("{}/deployer", case.apps);
    case.register()
        .args(["--profile", "view", "--profile", "package-values", "--impersonate", &account])
        .args(["--allow-broad-rules", "--guard"])
        .succeeds();
    assert_eq!(left(&case).len(), 12, "{:?}", left(&case));
    let report = unregister(&case).args(["-o", "json"]).succeeds().json();
    assert_eq!(left(&case), Vec::<String>::new());
    let item = &report["items"][0];
    assert_eq!((&report["kind"], &report["failed"]), (&"RemovalReport".into(), &serde_json::json!([])));
    assert_eq!(item["changes"].as_array().unwrap().len(), 12);
    assert_eq!(item["proofs"][0]["state"], "refused", "{item}");
    assert_eq!(item["proofs"].as_array().unwrap().len(), 3);
    assert!(case.run().get(&["serviceaccount", "deployer", "-n", &case.apps]).is_some());
}

#[test]
fn the_other_generations_die_too() {
    let case = registered("generations", &[]);
    let first = case.kubeconfig();
    case.again().args(["--rotate"]).succeeds();
    assert_eq!(case.markers().len(), 2);
    let output = unregister(&case).succeeds();
    for marker in ["the marker 'delivery-1-", "the marker 'delivery-2-"] {
        assert!(output.stderr.contains(marker), "{}", output.stderr);
    }
    assert_eq!(left(&case), Vec::<String>::new());
    case.await_token_refused(&first);
}

#[test]
fn a_brought_account_stays_and_only_its_markers_go() {
    let case = Case::new("brought");
    let apps = case.apps.as_str();
    case.run().run(&["create", "serviceaccount", "deployer", "-n", apps]);
    case.register().args(["--service-account", &format!("{apps}/deployer")]).succeeds();
    let kubeconfig = case.kubeconfig();
    let output = unregister(&case).succeeds();
    assert!(output.stderr.contains("stays: serviceaccount/deployer"), "{}", output.stderr);
    assert!(output.stderr.contains("it was brought along"), "{}", output.stderr);
    assert_eq!(left(&case), Vec::<String>::new());
    assert!(case.run().get(&["serviceaccount", "deployer", "-n", apps]).is_some());
    case.await_token_refused(&kubeconfig);
}

#[test]
fn a_marker_that_a_finalizer_holds_is_named() {
    let case = Case::new("held");
    let apps = case.apps.as_str();
    case.run().run(&["create", "serviceaccount", "deployer", "-n", apps]);
    case.register().args(["--service-account", &format!("{apps}/deployer")]).succeeds();
    let marker = case.annotation("marker");
    let finalizers = |list: &str| {
        let patch = format!("{{\"metadata\":{{\"finalizers\":{list}}}}}");
        case.run().run(&["patch", "secret", &marker, "-n", apps, "--type=merge", "-p", &patch]);
    };
    finalizers("[\"test.example/hold\"]");
    let held = format!("the marker '{marker}' is held by the finalizer 'test.example/hold' (of test.example)");
    unregister(&case)
        .args(["--wait-timeout", "1s"])
        .fails(6, &[&held, "done before that:", "running the command again"]);
    assert!(case.secret().is_none());
    finalizers("null");
    // The Secret is gone, and so is the marker: nothing is left to find.
    eventually("the marker goes", || left(&case).is_empty());
    by_run_side(&case).fails(2, &["neither on the build cluster nor on the run cluster"]);
}

#[test]
fn what_the_account_may_have_forged_is_told() {
    let case = registered("forged", &["--profile", "package-values"]);
    let apps = case.apps.as_str();
    case.run().run(&["create", "serviceaccount", "powerful", "-n", apps]);
    case.run().apply(&format!(
        "{{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {{name: hoard, namespace: {apps}, \
         annotations: {{kubernetes.io/service-account.name: powerful}}}}}}"
    ));
    let output = unregister(&case).succeeds();
    for piece in [
        "secret/hoard there holds a token of the ServiceAccount 'powerful' that never ends".to_owned(),
        format!("end it: kubectl --context {} -n {apps} delete secret hoard", case.run),
    ] {
        assert!(output.stderr.contains(&piece), "{piece}: {}", output.stderr);
    }
    assert!(case.run().get(&["secret", "hoard", "-n", apps]).is_some(), "it is left alone");
}

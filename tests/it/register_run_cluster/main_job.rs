//! The main job: a Secret whose kubeconfig works, with least rights and a token that ends.

use serde_json::Value;

use super::case::Case;
use crate::support::{BUILD, Kubectl, RUN_CAPPED, eventually};

#[test]
fn a_first_registration_leaves_a_kubeconfig_that_works_and_no_more() {
    let case = Case::new("first");
    let output = case.register().succeeds();
    assert!(
        output.stdout.contains(&format!("secret/{}-kubeconfig serverside-applied\n", case.name)),
        "{}",
        output.stdout
    );

    let apps = case.apps.as_str();
    case.as_reader(&["create", "configmap", "delivered", "-n", apps]).unwrap();
    case.as_reader(&["delete", "configmap", "delivered", "-n", apps]).unwrap();
    for refused in [
        vec!["get", "secrets", "-n", apps],
        vec!["get", "configmaps", "-n", "default"],
        vec!["get", "namespaces"],
        vec!["create", "token", "delivery", "-n", &case.account_namespace()],
        vec!["get", "secrets", "-n", &case.account_namespace()],
    ] {
        let error = case.as_reader(&refused).unwrap_err();
        assert!(error.contains("forbidden"), "{refused:?}: {error}");
    }
}

#[test]
fn the_objects_carry_what_the_design_says() {
    let case = Case::new("objects");
    case.register().succeeds();
    let secret = case.secret().unwrap();
    assert_eq!(secret["type"], "Opaque");
    assert_eq!(secret["metadata"]["labels"]["app.kubernetes.io/managed-by"], "kubectl-tapmc");
    assert_eq!(secret["metadata"]["labels"]["kubectl-tapmc/registration"], case.name);
    let account = case.run().get(&["serviceaccount", "delivery", "-n", &case.account_namespace()]).unwrap();
    let annotation = |object: &Value, key: &str| {
        object["metadata"]["annotations"][format!("kubectl-tapmc/{key}")].as_str().unwrap_or("").to_owned()
    };
    assert_eq!(annotation(&account, "kubeconfig-secret"), format!("default/{}-kubeconfig", case.name));
    assert_eq!(annotation(&secret, "service-account-uid"), account["metadata"]["uid"]);
    assert_eq!(annotation(&secret, "run-namespaces"), case.apps);
    assert_eq!(annotation(&secret, "profiles"), "deliverable");
    assert_eq!(annotation(&secret, "generation"), "1");
    assert_eq!(annotation(&secret, "format"), "v1");
    let marker = annotation(&secret, "marker");
    assert!(marker.starts_with("delivery-1-"), "{marker}");
    let marker = case.run().get(&["secret", &marker, "-n", &case.account_namespace()]).unwrap();
    assert_eq!(annotation(&secret, "marker-uid"), marker["metadata"]["uid"]);
    let namespace = case.run().get(&["namespace", &case.account_namespace()]).unwrap();
    let binding = case.run().get(&["rolebinding", &case.account_namespace(), "-n", &case.apps]).unwrap();
    assert_eq!(binding["metadata"]["ownerReferences"][0]["uid"], namespace["metadata"]["uid"]);
    // Server-side apply leaves no copy of the Secret in an annotation.
    assert!(!secret["metadata"]["annotations"].to_string().contains("last-applied"));
}

#[test]
fn the_kubeconfig_is_inline_plain_and_nobodys_own() {
    let case = Case::new("plain");
    case.register().succeeds();
    let text = case.kubeconfig();
    for never in [
        "exec:",
        "client-certificate",
        "client-key",
        "extensions",
        "tokenFile",
        "insecure",
        "certificate-authority:",
        ">-",
        "|",
    ] {
        assert!(!text.contains(never), "'{never}' in the kubeconfig");
    }
    for (key, number) in
        [("token: ", 1), ("server: https://", 1), ("certificate-authority-data: ", 1), ("current-context: ", 1)]
    {
        assert_eq!(text.matches(key).count(), number, "{key}");
    }
    assert!(text.contains(&format!("namespace: {}", case.apps)));
}

#[test]
fn an_administrators_buttons_end_it() {
    let case = Case::new("buttons");
    case.register().succeeds();
    let kubeconfig = case.kubeconfig();
    case.run().run(&["delete", "namespace", &case.account_namespace(), "--wait=false"]);
    case.await_token_refused(&kubeconfig);
    eventually("the RoleBinding goes with its owner", || {
        case.run().get(&["rolebindings", &case.account_namespace(), "-n", &case.apps]).is_none()
    });
    eventually("the Role goes with its owner", || {
        case.run().get(&["roles", &case.account_namespace(), "-n", &case.apps]).is_none()
    });
}

#[test]
fn deleting_the_marker_ends_the_token() {
    let case = Case::new("marker");
    case.register().succeeds();
    case.run().run(&["delete", "secret", &case.annotation("marker"), "-n", &case.account_namespace()]);
    case.await_refused();
}

#[test]
fn the_granted_life_is_told_not_the_asked_one() {
    if crate::support::kubeconfig::started(RUN_CAPPED).is_none() {
        return;
    }
    let case = Case::on("capped", RUN_CAPPED);
    let output = case.register().args(["-o", "json"]).succeeds();
    let report = output.json();
    assert_eq!(report["token"]["grantedSeconds"], 3600);
    assert_eq!(report["token"]["requestedSeconds"], 2_592_000);
    assert!(
        output.stderr.contains("1h after it was issued (asked for 30d: the run cluster grants no more)"),
        "{}",
        output.stderr
    );
    assert_eq!(case.annotation("requested-duration"), "2592000s");
    assert_eq!(case.annotation("expires-at"), report["token"]["expiresAt"]);
}

#[test]
fn two_run_namespaces_and_a_lifetime() {
    let case = Case::new("two");
    let more = format!("{}-more", case.apps);
    case.register().args(["--run-namespace", &more, "--create-namespace", "--duration", "1h30m"]).succeeds();
    for namespace in [&case.apps, &more] {
        case.as_reader(&["create", "configmap", "delivered", "-n", namespace]).unwrap();
    }
    assert_eq!(case.annotation("run-namespaces"), format!("{},{more}", case.apps));
    assert_eq!(case.annotation("requested-duration"), "5400s");
}

#[test]
fn the_secret_can_have_a_namespace_and_name_of_its_own() {
    let case = Case::new("moved");
    let namespace = format!("{}-build", case.name);
    case.register().args(["-n", &namespace, "--create-namespace", "--secret-name", "cluster1"]).succeeds();
    assert!(Kubectl::on(BUILD).get(&["secret", "cluster1", "-n", &namespace]).is_some());
    // A later run finds it by what the run cluster records.
    let output = case.again().args(["-n", &namespace]).succeeds();
    assert!(output.stdout.contains("secret/cluster1 unchanged"), "{}", output.stdout);
}

#[test]
fn every_output_form_is_what_it_says() {
    let case = Case::new("forms");
    case.register().succeeds();
    let names = case.again().args(["-o", "name"]).succeeds().stdout;
    assert!(names.lines().any(|line| line == format!("secret/{}-kubeconfig", case.name)), "{names}");
    let report = case.again().args(["-o", "json"]).succeeds().json();
    assert_eq!((&report["apiVersion"], &report["kind"]), (&"kubectl-tapmc/v1".into(), &"RegistrationReport".into()));
    assert_eq!(report["changes"].as_array().unwrap().iter().filter(|change| change["op"] != "keep").count(), 0);
    assert!(case.again().args(["-o", "yaml"]).succeeds().stdout.starts_with("apiVersion: kubectl-tapmc/v1\n"));
    assert!(case.again().args(["-o", "wide"]).succeeds().stdout.starts_with("CLUSTER"));
}

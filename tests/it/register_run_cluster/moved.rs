//! A kubeconfig Secret that was moved or renamed by hand.

use serde_json::json;

use super::case::{Case, with_kubeconfig};
use crate::support::{BUILD, Kubectl, Tapmc, unique};

/// Copies the Secret as `kubectl get -o yaml`, an editor and `kubectl apply` would.
fn copy(case: &Case, namespace: &str, name: &str) {
    let mut secret = case.secret().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        secret["metadata"].as_object_mut().unwrap().remove(field);
    }
    secret["metadata"]["namespace"] = json!(namespace);
    secret["metadata"]["name"] = json!(name);
    Kubectl::on(BUILD).apply(&secret.to_string());
}

fn delete_original(case: &Case) {
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", case.name), "-n", "default"]);
}

fn stored(namespace: &str, name: &str) -> serde_json::Value {
    Kubectl::on(BUILD).get(&["secret", name, "-n", namespace]).unwrap()
}

#[test]
fn a_moved_secret_is_recorded_in_its_new_place_and_its_token_goes_on() {
    let case = Case::new("moved");
    case.register().succeeds();
    let (kubeconfig, elsewhere) = (case.kubeconfig(), unique("elsewhere"));
    Kubectl::on(BUILD).namespace(&elsewhere);
    let secret = format!("{}-kubeconfig", case.name);
    copy(&case, &elsewhere, &secret);

    // While both are there, nobody knows which one readers use.
    let before = case.versions();
    let hint = format!("if {elsewhere}/{secret} is where it was moved to, delete the one that it was copied from");
    case.again().args(["-n", &elsewhere]).fails(4, &["belongs to the Secret default/", "of this build cluster", &hint]);
    assert_eq!(case.versions(), before);

    // And with the first one gone, its place is not filled with another token.
    delete_original(&case);
    let before = case.versions();
    let hint = format!("if it was moved, add: -n {elsewhere} --secret-name {secret}");
    case.again().fails(4, &["has its kubeconfig in the Secret", &hint]);
    assert_eq!(case.versions(), before);

    let output = case.again().args(["-n", &elsewhere]).succeeds();
    assert!(output.stderr.contains(&format!("(moved here from default/{secret})")), "{}", output.stderr);
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
    let recorded = |object: &serde_json::Value| {
        object["metadata"]["annotations"]["kubectl-tapmc/kubeconfig-secret"].as_str().unwrap().to_owned()
    };
    let place = format!("{elsewhere}/{secret}");
    assert_eq!(recorded(&stored(&elsewhere, &secret)), place);
    let account = case.run().get(&["serviceaccount", "delivery", "-n", &case.account_namespace()]).unwrap();
    assert_eq!(recorded(&account), place);
    with_kubeconfig(&kubeconfig, &["get", "configmaps", "-n", &case.apps]).unwrap();

    // From here on it is as if it had never been anywhere else.
    let output = case.again().args(["-n", &elsewhere]).succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
    Tapmc::new(["rotate-token", &case.name, "-n", &elsewhere, "--context", BUILD, "--yes"]).succeeds();
}

#[test]
fn a_renamed_secret_is_found_in_its_namespace() {
    let case = Case::new("renamed");
    case.register().succeeds();
    let name = format!("{}-other", case.name);
    copy(&case, "default", &name);
    delete_original(&case);
    case.again().fails(4, &[&format!("has its kubeconfig in the Secret default/{name}"), "--secret-name"]);
    let output = case.again().args(["--secret-name", &name]).succeeds();
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
    // The run cluster knows its name now, and nobody has to type it.
    let output = case.again().succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
    assert!(case.secret().is_none());
}

#[test]
fn a_rotation_follows_a_moved_secret() {
    let case = Case::new("follows");
    case.register().succeeds();
    let (elsewhere, secret) = (unique("elsewhere"), format!("{}-kubeconfig", case.name));
    Kubectl::on(BUILD).namespace(&elsewhere);
    copy(&case, &elsewhere, &secret);
    delete_original(&case);
    Tapmc::new(["rotate-token", &case.name, "-n", &elsewhere, "--context", BUILD, "--yes"]).succeeds();
    let annotations = &stored(&elsewhere, &secret)["metadata"]["annotations"];
    assert_eq!(annotations["kubectl-tapmc/generation"], "2");
    assert_eq!(annotations["kubectl-tapmc/kubeconfig-secret"], format!("{elsewhere}/{secret}"));
    assert!(case.secret().is_none());
}

#[test]
fn a_secret_that_was_moved_with_another_token_in_it_has_not_moved() {
    let case = Case::new("forgedmove");
    case.register().succeeds();
    let (former, elsewhere) = (case.kubeconfig(), unique("elsewhere"));
    Kubectl::on(BUILD).namespace(&elsewhere);
    let secret = format!("{}-kubeconfig", case.name);
    copy(&case, &elsewhere, &secret);
    delete_original(&case);
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "-n", &elsewhere, "-p", r#"{"data":{"value":"e30="}}"#]);
    case.again().args(["-n", &elsewhere]).fails(4, &["belongs to the Secret default/", "--adopt"]);
    case.again().args(["-n", &elsewhere, "--adopt"]).succeeds();
    case.await_token_refused(&former);
}

#[test]
fn the_secret_of_an_account_that_was_brought_along_moves_with_a_new_generation() {
    let case = Case::new("broughtmove");
    case.run().run(&["create", "serviceaccount", "deployer", "-n", &case.apps]);
    let account = format!("{}/deployer", case.apps);
    case.register().args(["--service-account", &account]).succeeds();
    let (elsewhere, secret) = (unique("elsewhere"), format!("{}-kubeconfig", case.name));
    Kubectl::on(BUILD).namespace(&elsewhere);
    copy(&case, &elsewhere, &secret);
    delete_original(&case);
    let again = || case.again().args(["-n", &elsewhere, "--service-account", &account]);
    let output = again().succeeds();
    assert!(output.stderr.contains("the Secret was moved"), "{}", output.stderr);
    assert!(again().succeeds().stderr.contains("the stored one stays"));
}

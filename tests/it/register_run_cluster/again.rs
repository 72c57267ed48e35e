//! Running it again: the repair, and nothing else.

use super::case::Case;
use crate::support::{BUILD, Kubectl, Tapmc, eventually};

#[test]
fn a_second_run_changes_nothing_and_keeps_what_was_typed() {
    let case = Case::new("again");
    case.register().args(["--profile", "packages", "--duration", "2h"]).succeeds();
    let (before, kubeconfig) = (case.versions(), case.kubeconfig());
    assert_eq!(before.len(), 6, "{before:?}");
    // Nothing would change, so nobody is asked: no --yes.
    let output = case.ask().succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
    assert_eq!(case.versions(), before);
    assert_eq!(case.kubeconfig(), kubeconfig);
}

#[test]
fn rotate_begins_a_generation_and_spares_the_former_token_for_a_while() {
    let case = Case::new("rotate");
    case.register().succeeds();
    let (former_marker, former) = (case.annotation("marker"), case.kubeconfig());
    let output = case.again().args(["--rotate"]).succeeds();
    assert_eq!(case.annotation("generation"), "2");
    assert_ne!(case.kubeconfig(), former);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    assert!(output.stderr.contains("may use the former token for 20m"), "{}", output.stderr);
    assert_eq!(case.markers().len(), 2);

    // Its grace is over: the next run deletes it, and with it the former token.
    let ago = "kubectl-tapmc/retire-after=2020-01-01T00:00:00Z";
    case.run().run(&["annotate", "--overwrite", "secret", &former_marker, "-n", &case.account_namespace(), ago]);
    let output = case.again().succeeds();
    assert!(output.stdout.contains(&format!("secret/{former_marker} deleted")), "{}", output.stdout);
    assert_eq!(case.markers(), [case.annotation("marker")]);
    case.await_token_refused(&former);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_dead_token_is_replaced() {
    let case = Case::new("dead");
    case.register().succeeds();
    case.run().run(&["delete", "secret", &case.annotation("marker"), "-n", &case.account_namespace()]);
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the marker Secret of the stored token is gone"), "{}", output.stderr);
    assert_eq!(case.annotation("generation"), "2");
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_deleted_account_is_made_anew_from_what_is_typed_again() {
    let case = Case::new("evicted");
    case.register().args(["--profile", "packages"]).succeeds();
    case.run().run(&["delete", "serviceaccount", "delivery", "-n", &case.account_namespace()]);
    // What only the Secret records is not believed: a tenant may have written it.
    case.again().fails(4, &["is not believed alone", "--profile packages", &format!("--run-namespace {}", case.apps)]);
    case.register().args(["--profile", "packages"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_short_lived_token_that_is_fresh_stays() {
    // When half of a life is over is decided from the token's own claims, which no test can age:
    // that decision is tested beside the code, in registration::planning.
    let case = Case::new("fresh");
    case.register().args(["--duration", "10m"]).succeeds();
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
}

#[test]
fn a_dropped_run_namespace_loses_its_rights() {
    let case = Case::new("dropped");
    let more = format!("{}-more", case.apps);
    case.register().args(["--run-namespace", &more, "--create-namespace"]).succeeds();
    let output = case.again().args(["--run-namespace", &case.apps]).succeeds();
    for kind in ["role", "rolebinding"] {
        assert!(
            output.stdout.contains(&format!("{kind}.rbac.authorization.k8s.io/tapmc-{} deleted", case.name)),
            "{}",
            output.stdout
        );
        assert!(case.run().get(&[kind, &case.account_namespace(), "-n", &more]).is_none());
    }
    assert_eq!(case.annotation("generation"), "1");
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    case.as_reader(&["get", "configmaps", "-n", &more]).unwrap_err();
}

#[test]
fn what_was_changed_by_hand_is_put_right() {
    let case = Case::new("byhand");
    case.register().succeeds();
    let (role, namespace) = (case.account_namespace(), case.apps.clone());
    let widened =
        r#"[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["secrets"],"verbs":["*"]}}]"#;
    case.run().run(&["patch", "role", &role, "-n", &namespace, "--type=json", "-p", widened]);
    case.run().run(&["delete", "rolebinding", &role, "-n", &namespace]);
    let output = case.again().succeeds();
    assert!(
        output.stdout.contains(&format!("role.rbac.authorization.k8s.io/{role} serverside-applied")),
        "{}",
        output.stdout
    );
    case.as_reader(&["get", "configmaps", "-n", &namespace]).unwrap();
    case.as_reader(&["get", "secrets", "-n", &namespace]).unwrap_err();
    assert_eq!(case.annotation("generation"), "1");
}

#[test]
fn a_binding_to_another_role_is_replaced() {
    let case = Case::new("roleref");
    case.register().succeeds();
    let (role, namespace) = (case.account_namespace(), case.apps.clone());
    case.run().run(&["delete", "rolebinding", &role, "-n", &namespace]);
    let subject = format!("--serviceaccount={role}:delivery");
    case.run().run(&["create", "rolebinding", &role, "-n", &namespace, "--clusterrole=admin", &subject]);
    let label = format!("kubectl-tapmc/registration={}", case.name);
    case.run().run(&[
        "label",
        "rolebinding",
        &role,
        "-n",
        &namespace,
        "app.kubernetes.io/managed-by=kubectl-tapmc",
        &label,
    ]);
    let output = case.again().succeeds();
    assert!(output.stderr.contains("its roleRef cannot be changed"), "{}", output.stderr);
    case.as_reader(&["get", "secrets", "-n", &namespace]).unwrap_err();
}

#[test]
fn a_secret_that_was_edited_or_lost_is_made_anew() {
    let case = Case::new("edited");
    case.register().succeeds();
    let secret = format!("{}-kubeconfig", case.name);
    let hostile = r#"{"stringData":{"value":"apiVersion: v1\nkind: Config\nusers: [{name: x, user: {exec: {command: /bin/false}}}]\n"}}"#;
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "-p", hostile]);
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the stored kubeconfig was changed"), "{}", output.stderr);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();

    let lost = case.kubeconfig();
    Kubectl::on(BUILD).run(&["delete", "secret", &secret]);
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the build cluster does not record it"), "{}", output.stderr);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    // Whoever took the Secret has nothing.
    case.await_token_refused(&lost);
}

#[test]
fn an_empty_secret_that_a_killed_run_left_in_the_place_is_told_and_filled() {
    let case = Case::new("claimed");
    case.register().succeeds();
    let (secret, former) = (format!("{}-kubeconfig", case.name), case.kubeconfig());
    let build = Kubectl::on(BUILD);
    build.run(&["delete", "secret", &secret]);
    build.run(&["create", "secret", "generic", &secret]);
    let label = format!("kubectl-tapmc/registration={}", case.name);
    build.run(&["label", "secret", &secret, "app.kubernetes.io/managed-by=kubectl-tapmc", &label]);
    let status = Tapmc::new(["status", &case.name, "--context", BUILD]).succeeds();
    assert!(!status.stdout.contains("ready"), "{}", status.stdout);
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the build cluster does not record it"), "{}", output.stderr);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    case.await_token_refused(&former);
}

#[test]
fn a_secret_that_must_be_replaced_is_when_its_account_is_made_anew() {
    let case = Case::new("anew");
    case.register().succeeds();
    let (secret, former, build) = (format!("{}-kubeconfig", case.name), case.kubeconfig(), Kubectl::on(BUILD));
    build.run(&["patch", "secret", &secret, "-p", r#"{"immutable":true}"#]);
    Tapmc::new(["rotate-token", &case.name, "--context", BUILD, "--evict", "--yes"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    case.await_token_refused(&former);

    build.run(&["delete", "secret", &secret]);
    build.run(&["create", "secret", "generic", &secret, "--from-literal=value=x", "--from-literal=theirs=y"]);
    let output = case.again().arg("--adopt").succeeds();
    assert!(output.stderr.contains("--adopt: its other keys go"), "{}", output.stderr);
    let data = case.secret().unwrap()["data"].clone();
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["value"]);
    assert_eq!(case.annotation("claim"), "");
    assert!(case.again().succeeds().stderr.contains("no changes"));
}

#[test]
fn another_address_keeps_the_token() {
    let case = Case::new("address");
    let Some(run) = crate::support::kubeconfig::started(&case.run) else { return };
    case.register().succeeds();
    let localhost = run.server.replace("127.0.0.1", "localhost");
    case.again().args(["--run-server", &localhost]).succeeds();
    assert!(case.kubeconfig().contains(&format!("server: {localhost}")));
    assert_eq!(case.annotation("server"), localhost);
    assert_eq!(case.annotation("generation"), "1");
    // The next run leaves the flags out and keeps the address, without being allowed it again.
    let before = case.versions();
    let output =
        crate::support::Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", &case.run])
            .args(["--name", &case.name, "--yes"])
            .succeeds();
    assert!(output.stderr.contains(&localhost), "{}", output.stderr);
    assert_eq!(case.versions(), before);
}

#[test]
fn an_orphan_of_a_lost_run_is_deleted_by_the_next_but_not_too_soon() {
    let case = Case::new("orphan");
    case.register().succeeds();
    let marker = format!(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: delivery-7-orphn, namespace: {}, labels: \
         {{app.kubernetes.io/managed-by: kubectl-tapmc, kubectl-tapmc/registration: {}}}, annotations: {{kubectl-tapmc/generation: '7'}}}}}}",
        case.account_namespace(),
        case.name
    );
    case.run().apply(&marker);
    // It may belong to a run that is under way.
    case.again().succeeds();
    assert_eq!(case.markers().len(), 2);
    eventually("it is older than two deadlines", || {
        case.again().args(["--timeout", "1s"]).run();
        case.markers() == [case.annotation("marker")]
    });
}

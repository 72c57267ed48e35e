//! What is somebody's is named, not touched.

use std::process::Command;

use rexpect::session::spawn_command;

use super::case::{ask, by_run_side, labelled, left, registered, unregister};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, BUILD_TWO, Kubectl, Tapmc, Testbed, kubeconfig::started},
};

#[test]
fn a_foreign_secret_keeps_the_account_namespace() {
    let case = registered("foreign", &[]);
    let namespace = case.account_namespace();
    case.run().run(&["create", "secret", "generic", "theirs", "-n", &namespace]);
    case.run().run(&["create", "configmap", "theirs", "-n", &namespace]);
    let kubeconfig = case.kubeconfig();
    let output = unregister(&case).succeeds();
    let kept = format!(
        "stays: namespace/{namespace}: in it is what is not this registration's: secret/theirs and configmap/theirs"
    );
    assert!(output.stderr.contains(&kept), "{kept}: {}", output.stderr);
    assert_eq!(left(&case), [format!("{}: \"Namespace\" \"{namespace}\"", case.run)]);
    assert!(case.run().get(&["secret", "theirs", "-n", &namespace]).is_some());
    case.await_token_refused(&kubeconfig);
}

#[test]
fn another_registration_of_the_same_run_cluster_is_untouched() {
    let case = registered("one", &[]);
    let other = Case { name: format!("{}-two", case.name), apps: case.apps.clone(), run: case.run.clone() };
    other.register().succeeds();
    let before = other.versions();
    unregister(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());
    assert_eq!(other.versions(), before);
    other.as_reader(&["get", "configmaps", "-n", &other.apps]).unwrap();
}

#[test]
fn another_build_clusters_registration_of_the_same_name_is_refused() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    let case = registered("prod", &[]);
    let before = case.versions();
    // Unknown there, and the run cluster says whose it is.
    Tapmc::new(["unregister-run-cluster", &case.name, "--context", BUILD_TWO, "--run-context", &case.run, "--yes"])
        .fails(4, &["belongs to the Secret default/", "of the build cluster", "it is left alone"]);
    assert_eq!(case.versions(), before);

    // Taken over by the other one, it is no longer ours, although our Secret is still there.
    Tapmc::new([
        "register-run-cluster",
        "--build-context",
        BUILD_TWO,
        "--run-context",
        &case.run,
        "--name",
        &case.name,
    ])
    .args(["--run-namespace", &case.apps, "--allow-loopback-server", "--adopt", "--yes"])
    .succeeds();
    let before = case.versions();
    unregister(&case).fails(4, &["belongs to the Secret default/", "of the build cluster", "delete secret"]);
    assert_eq!(case.versions(), before);
    assert!(!labelled(BUILD_TWO, &case.name).is_empty());
}

#[test]
fn another_teams_registration_of_the_same_build_cluster_is_refused() {
    let case = registered("team", &[]);
    let team = format!("{}-team", case.name);
    Kubectl::on(BUILD).namespace(&team);
    let before = case.versions();
    by_run_side(&case).args(["-n", &team]).fails(
        4,
        &[
            "belongs to the Secret default/",
            "of this build cluster",
            "hint: if that is the one you mean, add -n default",
        ],
    );
    assert_eq!(case.versions(), before);
}

#[test]
fn a_secret_that_was_replaced_meanwhile_is_left_alone_and_the_loser_is_told() {
    let case = registered("race", &[]);
    let secret = format!("{}-kubeconfig", case.name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(["unregister-run-cluster", &case.name, "--context", BUILD]);
    command.env("KUBECONFIG", &Testbed::get().kubeconfig).env("TERM", "dumb");
    let mut session = spawn_command(command, Some(60_000)).expect("a terminal");
    session.exp_string("Delete 6 objects for good? [y/N]").unwrap();
    let build = Kubectl::on(BUILD);
    build.run(&["delete", "secret", &secret]);
    build.run(&["create", "secret", "generic", &secret, "--from-literal=password=theirs"]);
    session.send("y").unwrap();
    session.flush().unwrap();
    session.exp_string("it was left alone").unwrap();
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait(), Ok(rexpect::process::WaitStatus::Exited(_, 4))));
    let theirs = case.secret().expect("what replaced it");
    assert_eq!(theirs["data"].as_object().unwrap().keys().collect::<Vec<_>>(), ["password"]);
    // What was begun is completed by the run side's own record, and theirs stays.
    by_run_side(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());
    assert_eq!(case.secret(), Some(theirs));
}

#[test]
fn a_rotation_in_between_is_noticed() {
    let case = registered("rotated", &[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(["unregister-run-cluster", &case.name, "--context", BUILD]);
    command.env("KUBECONFIG", &Testbed::get().kubeconfig).env("TERM", "dumb");
    let mut session = spawn_command(command, Some(60_000)).expect("a terminal");
    session.exp_string("[y/N]").unwrap();
    case.again().args(["--rotate"]).succeeds();
    session.send("y").unwrap();
    session.flush().unwrap();
    session.exp_string("it was left alone").unwrap();
    session.exp_eof().unwrap();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    unregister(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());
}

#[test]
fn who_may_not_delete_is_told_before_anything_goes() {
    let case = registered("norights", &[]);
    let before = case.versions();
    let run_reader = format!("reader-{}", case.name);
    case.run().apply(&format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {run_reader}}}, rules: [{{apiGroups: ['*'], \
         resources: ['*'], verbs: [get, list]}}]}}\n---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, \
         metadata: {{name: {run_reader}}}, roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {run_reader}}}, \
         subjects: [{{kind: User, name: {run_reader}, apiGroup: rbac.authorization.k8s.io}}]}}"
    ));
    unregister(&case).args(["--run-as", &run_reader]).fails(
        5,
        &["you may not do what this needs on the run cluster", "delete secrets in the namespace", "delete roles"],
    );
    assert_eq!(case.versions(), before);
    ask(&case).fails(2, &["there is no terminal to ask on"]);
    assert_eq!(case.versions(), before);
}

#[test]
fn an_operator_who_sees_only_the_namespaces_removes_all_but_the_namespace() {
    let case = registered("confined", &[]);
    let user = format!("operator-{}", case.name);
    for namespace in [case.account_namespace(), case.apps.clone()] {
        case.run().run(&[
            "create",
            "rolebinding",
            &user,
            "-n",
            &namespace,
            "--clusterrole=admin",
            &format!("--user={user}"),
        ]);
    }
    let output = unregister(&case).args(["--run-as", &user]).succeeds();
    for piece in [
        "you may not list serviceaccounts, secrets, roles.rbac.authorization.k8s.io",
        "in it is what is not this registration's: rolebinding/operator-",
    ] {
        assert!(output.stderr.contains(piece), "{piece}: {}", output.stderr);
    }
    assert_eq!(left(&case), [format!("{}: \"Namespace\" \"{}\"", case.run, case.account_namespace())]);
}

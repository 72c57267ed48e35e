//! What is somebody's is named, not touched.

use super::case::Case;
use crate::support::{BUILD, BUILD_TWO, Kubectl, Tapmc, kubeconfig::started};

#[test]
fn a_secret_of_somebody_is_left_alone() {
    let case = Case::new("theirs");
    let secret = format!("{}-kubeconfig", case.name);
    Kubectl::on(BUILD).run(&["create", "secret", "generic", &secret, "--from-literal=password=theirs"]);
    Kubectl::on(BUILD).run(&["label", "secret", &secret, "team=them"]);
    let before = case.secret();
    case.register()
        .fails(4, &["was not made by this plugin (keys: password)", "hint: take another --name or --secret-name"]);
    assert_eq!(case.secret(), before);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none(), "nothing is made before a refusal");

    case.register().args(["--adopt"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_squatted_account_namespace_is_refused() {
    let case = Case::new("squat");
    case.run().namespace(&case.account_namespace());
    case.register().fails(4, &["exists and was not made by this registration", "--adopt"]);
    assert!(case.run().get(&["serviceaccount", "delivery", "-n", &case.account_namespace()]).is_none());

    // With a hold on it, not even --adopt takes it over.
    let namespace = case.account_namespace();
    case.run().run(&["create", "rolebinding", "squatter", "-n", &namespace, "--clusterrole=admin", "--user=squatter"]);
    case.register().args(["--adopt"]).fails(4, &["cannot be taken over", "the RoleBinding 'squatter'"]);
    case.run().run(&["delete", "rolebinding", "squatter", "-n", &namespace]);
    case.register().args(["--adopt"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_squatter_who_copies_our_marks_gains_nothing() {
    let case = Case::new("forged");
    let namespace = case.account_namespace();
    let build_uid =
        Kubectl::on(BUILD).get(&["namespace", "kube-system"]).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let labels = format!("{{app.kubernetes.io/managed-by: kubectl-tapmc, kubectl-tapmc/registration: {}}}", case.name);
    case.run().apply(&format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, labels: {labels}}}}}\n---\n\
         {{apiVersion: v1, kind: ServiceAccount, metadata: {{name: delivery, namespace: {namespace}, labels: {labels}, annotations: \
         {{kubectl-tapmc/build-cluster-uid: {build_uid}, kubectl-tapmc/kubeconfig-secret: default/{}-kubeconfig}}}}}}",
        case.name
    ));
    let hoarded = case.run().run(&["create", "token", "delivery", "-n", &namespace, "--duration=24h"]);
    case.register().succeeds();
    let kubeconfig = case.kubeconfig();
    let stolen = kubeconfig.lines().map(|line| match line.split_once("token: ") {
        Some((indent, _)) => format!("{indent}token: {}\n", hoarded.trim()),
        None => format!("{line}\n"),
    });
    let stolen: String = stolen.collect();
    case.await_token_refused(&stolen);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn a_token_secret_in_the_namespace_is_a_hold_on_it() {
    let case = Case::new("tokensecret");
    let namespace = case.account_namespace();
    case.run().namespace(&namespace);
    case.run().run(&["create", "serviceaccount", "delivery", "-n", &namespace]);
    case.run().apply(&format!(
        "{{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {{name: hoard, namespace: {namespace}, \
         annotations: {{kubernetes.io/service-account.name: delivery}}}}}}"
    ));
    case.register().args(["--adopt"]).fails(4, &["the token Secret 'hoard'"]);
}

#[test]
fn a_role_of_somebody_under_our_name_is_left_alone() {
    let case = Case::new("role");
    case.run().run(&["create", "role", &case.account_namespace(), "-n", &case.apps, "--verb=get", "--resource=pods"]);
    case.register().fails(4, &["role.rbac.authorization.k8s.io/tapmc-", "was not made by this registration"]);
    assert!(case.secret().is_none());
}

#[test]
fn a_second_build_cluster_takes_another_name() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    let case = Case::new("prod");
    case.register().succeeds();
    let elsewhere = |name: &str| {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", &case.run]).args([
            "--name",
            name,
            "--run-namespace",
            &case.apps,
            "--allow-loopback-server",
            "--yes",
        ])
    };
    let before = case.versions();
    elsewhere(&case.name).fails(
        4,
        &["of this run cluster belongs to the Secret default/", "of the build cluster", "hint: take another --name"],
    );
    assert_eq!(case.versions(), before);
    let other = format!("{}-two", case.name);
    elsewhere(&other).succeeds();
    assert!(Kubectl::on(BUILD_TWO).get(&["secret", &format!("{other}-kubeconfig")]).is_some());
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();

    // With consent it moves, and what the first one stored ends.
    let former = case.kubeconfig();
    let output = elsewhere(&case.name).args(["--adopt"]).succeeds();
    assert!(output.stderr.contains("tokens that somebody may hold end with it"), "{}", output.stderr);
    case.await_token_refused(&former);
}

#[test]
fn another_team_of_the_same_build_cluster_takes_another_name() {
    let case = Case::new("team");
    case.register().succeeds();
    let team = format!("{}-team", case.name);
    Kubectl::on(BUILD).namespace(&team);
    case.register().args(["-n", &team]).fails(4, &["belongs to the Secret default/", "of this build cluster"]);
}

#[test]
fn the_same_run_cluster_under_a_second_name_is_told() {
    let case = Case::new("one");
    case.register().succeeds();
    let second = Case { name: format!("{}-two", case.name), apps: case.apps.clone(), run: case.run.clone() };
    let output = second.register().succeeds();
    assert!(
        output.stderr.contains("this run cluster is already registered in the namespace 'default' as "),
        "{}",
        output.stderr
    );
    for case in [case, second] {
        case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    }
}

#[test]
fn a_secret_of_another_run_cluster_is_left_alone() {
    let case = Case::new("rebuilt");
    case.register().succeeds();
    let secret = format!("{}-kubeconfig", case.name);
    Kubectl::on(BUILD).run(&[
        "annotate",
        "--overwrite",
        "secret",
        &secret,
        "kubectl-tapmc/run-cluster-uid=11111111-2222",
    ]);
    case.register().fails(4, &["belongs to another run cluster (recorded 11111111-2222", "--adopt"]);
}

#[test]
fn an_edited_annotation_never_makes_an_operator_mint_for_another_account() {
    let case = Case::new("tenant");
    case.register().succeeds();
    let admin = Case::new("admin");
    case.run().run(&["create", "serviceaccount", "powerful", "-n", &admin.apps]);
    let secret = format!("{}-kubeconfig", case.name);
    let account = format!("kubectl-tapmc/service-account={}/powerful", admin.apps);
    Kubectl::on(BUILD).run(&[
        "annotate",
        "--overwrite",
        "secret",
        &secret,
        &account,
        "kubectl-tapmc/brought-service-account=true",
    ]);
    case.again().args(["--rotate"]).succeeds();
    assert_eq!(case.annotation("service-account"), format!("{}/delivery", case.account_namespace()));

    // And without the run cluster's own record, it is not believed.
    case.run().run(&["delete", "serviceaccount", "delivery", "-n", &case.account_namespace()]);
    Kubectl::on(BUILD).run(&[
        "annotate",
        "--overwrite",
        "secret",
        &secret,
        &account,
        "kubectl-tapmc/brought-service-account=true",
    ]);
    case.again().args(["--rotate"]).fails(4, &["is not believed alone"]);
}

#[test]
fn a_service_account_can_be_brought_along() {
    let case = Case::new("brought");
    let apps = case.apps.as_str();
    case.run().run(&["create", "serviceaccount", "deployer", "-n", apps]);
    case.run().run(&["create", "role", "deployer", "-n", apps, "--verb=get,list", "--resource=pods"]);
    case.run().run(&[
        "create",
        "rolebinding",
        "deployer",
        "-n",
        apps,
        "--role=deployer",
        &format!("--serviceaccount={apps}:deployer"),
    ]);
    let account = format!("{apps}/deployer");
    let output = case.register().args(["--service-account", &account]).succeeds();
    assert!(output.stderr.contains(&format!("rights: those of the ServiceAccount {account}")), "{}", output.stderr);
    case.as_reader(&["get", "pods", "-n", apps]).unwrap();
    case.as_reader(&["get", "configmaps", "-n", apps]).unwrap_err();
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
    assert!(case.run().get(&["roles", &case.account_namespace(), "-n", apps]).is_none());
    assert!(case.annotation("marker").starts_with("deployer-1-"));

    // A later run finds the account by its marker, and changes nothing.
    let before = case.versions();
    let output = case.again().succeeds();
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
    assert_eq!(case.versions(), before);
    case.again().args(["--rotate"]).succeeds();
    assert!(case.annotation("marker").starts_with("deployer-2-"));

    let missing = Case::new("nobody");
    missing
        .register()
        .args(["--service-account", &format!("{apps}/nobody")])
        .fails(1, &["does not exist on the run cluster"]);
}

//! What each profile grants, and what is said of it before.

use std::fs;

use super::case::Case;
use crate::support::{BUILD, Tapmc, eventually};

#[test]
fn profiles_add_up_and_are_shown_before_they_are_granted() {
    let case = Case::new("adds");
    let output = case.register().args(["--profile", "packages", "--profile", "workload"]).succeeds();
    for line in [
        "packages.data.packaging.carvel.dev: get,list,create,update,patch,delete",
        "packageinstalls.packaging.carvel.dev: ",
        "deployments.apps: ",
        "ingresses.networking.k8s.io: ",
    ] {
        assert!(output.stderr.contains(line), "{line}: {}", output.stderr);
    }
    assert!(output.stderr.contains("can make Pods"), "{}", output.stderr);
    assert_eq!(case.annotation("profiles"), "packages,workload");
    case.as_reader(&["get", "deployments", "-n", &case.apps]).unwrap();
}

#[test]
fn package_values_says_what_it_opens_and_guard_closes_it() {
    let case = Case::new("values");
    let apps = case.apps.as_str();
    case.run().run(&["create", "serviceaccount", "powerful", "-n", apps]);
    case.run().run(&[
        "create",
        "rolebinding",
        "powerful",
        "-n",
        apps,
        "--clusterrole=admin",
        &format!("--serviceaccount={apps}:powerful"),
    ]);
    let output = case.register().args(["--profile", "package-values"]).succeeds();
    assert!(output.stderr.contains("can forge never-ending tokens of every ServiceAccount"), "{}", output.stderr);
    assert!(output.stderr.contains("powerful (ClusterRole 'admin')"), "{}", output.stderr);
    let forge = |name: &str| {
        let secret = format!(
            r#"{{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{{"name":"{name}","namespace":"{apps}","annotations":{{"kubernetes.io/service-account.name":"powerful"}}}}}}"#
        );
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret.json");
        fs::write(&file, secret).unwrap();
        case.as_reader(&["create", "--validate=false", "-f", file.to_str().unwrap()])
    };
    forge("forged").unwrap();
    case.run().run(&["delete", "secret", "forged", "-n", apps]);

    let output = case.again().args(["--guard"]).succeeds();
    assert!(
        output.stdout.contains(&format!(
            "validatingadmissionpolicy.admissionregistration.k8s.io/tapmc-{}-guard serverside-applied",
            case.name
        )),
        "{}",
        output.stdout
    );
    // The policy reaches the admission chain in its own time.
    let mut attempt = 0;
    eventually("the forgery is refused", || {
        attempt += 1;
        forge(&format!("forged-{attempt}"))
            .is_err_and(|error| error.contains("may write no Secret of type service-account-token"))
    });
    case.as_reader(&["create", "secret", "generic", "values", "-n", apps, "--from-literal=replicas=2"]).unwrap();

    // The policy goes with the account namespace.
    case.run().run(&["delete", "namespace", &case.account_namespace(), "--wait=false"]);
    eventually("the policy goes with its owner", || {
        case.run().get(&["validatingadmissionpolicies", &format!("tapmc-{}-guard", case.name)]).is_none()
    });
}

#[test]
fn rules_of_the_users_own() {
    let case = Case::new("own");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yaml");
    fs::write(&file, "# a comment\n- apiGroups: [batch]\n  resources: [cronjobs]\n  verbs: [get, list]\n").unwrap();
    case.register().args(["--rules", file.to_str().unwrap()]).succeeds();
    assert_eq!(case.annotation("profiles"), "rules");
    case.as_reader(&["get", "cronjobs", "-n", &case.apps]).unwrap();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap_err();
    // A later run leaves the file out and keeps the rules.
    let before = case.versions();
    case.again().succeeds();
    assert_eq!(case.versions(), before);
}

/// Rules for the whole cluster and, as another document, for the run namespaces.
const CLUSTER_ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: theirs}
rules:
- apiGroups: ['']
  resources: [nodes]
  verbs: [get, list]
- nonResourceURLs: [/metrics]
  verbs: [get]
---
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list]
";

#[test]
fn rules_of_the_users_own_for_the_whole_cluster() {
    let case = Case::new("wide");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yaml");
    fs::write(&file, CLUSTER_ROLE).unwrap();
    let rules = ["--rules", file.to_str().unwrap()];
    let role = format!("tapmc-{}", case.name);
    let made = || ["clusterrole", "clusterrolebinding"].map(|kind| case.run().get(&[kind, &role]).is_some());
    case.register().args(rules).fails(2, &["rules for the whole run cluster in a ClusterRole", "--allow-broad-rules"]);
    assert_eq!(made(), [false, false]);

    let output = case.register().args(rules).arg("--allow-broad-rules").succeeds();
    for line in ["and this in every namespace:", "nodes: get,list", "/metrics: get"] {
        assert!(output.stderr.contains(line), "{line}: {}", output.stderr);
    }
    assert!(!output.stderr.contains("others grant it"), "{}", output.stderr);
    assert_eq!(case.annotation("profiles"), "rules");
    case.as_reader(&["get", "nodes"]).unwrap();
    case.as_reader(&["get", "--raw", "/metrics"]).unwrap();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    case.as_reader(&["get", "configmaps", "-n", "default"]).unwrap_err();
    // A later run leaves the file out and keeps the rules.
    let before = case.versions();
    case.again().succeeds();
    assert_eq!(case.versions(), before);

    // What somebody takes away from them is missing, and what somebody adds is too much.
    let verify = || Tapmc::new(["verify", &case.name, "--context", BUILD]);
    verify().succeeds();
    let patch = |resource: &str| {
        let patch = format!(r#"[{{"op": "replace", "path": "/rules/0/resources", "value": ["{resource}"]}}]"#);
        case.run().run(&["patch", "clusterrole", &role, "--type=json", "-p", &patch]);
    };
    patch("persistentvolumes");
    eventually("verify finds it", || {
        let output = verify().run();
        output.stderr.contains("nodes") && output.stderr.contains("persistentvolumes: get,list")
    });
    case.again().succeeds();
    case.as_reader(&["get", "nodes"]).unwrap();

    Tapmc::new(["unregister-run-cluster", &case.name, "--context", BUILD, "--yes"]).succeeds();
    assert_eq!(made(), [false, false]);
}

#[test]
fn secrets_of_the_whole_cluster_are_told_of() {
    let case = Case::new("widest");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yaml");
    fs::write(&file, "kind: ClusterRole\nrules:\n- {apiGroups: [''], resources: [secrets, pods], verbs: [create]}\n")
        .unwrap();
    let output = case.register().args(["--rules", file.to_str().unwrap(), "--allow-broad-rules"]).succeeds();
    for warning in [
        "forge never-ending tokens of every ServiceAccount in the whole run cluster, itself included",
        "can run as any ServiceAccount of the whole run cluster, itself included",
    ] {
        assert!(output.stderr.contains(warning), "{warning}: {}", output.stderr);
    }
}

#[test]
fn one_account_to_impersonate() {
    let case = Case::new("flux");
    let apps = case.apps.as_str();
    for account in ["deployer", "other"] {
        case.run().run(&["create", "serviceaccount", account, "-n", apps]);
    }
    case.run().run(&[
        "create",
        "rolebinding",
        "deployer",
        "-n",
        apps,
        "--clusterrole=view",
        &format!("--serviceaccount={apps}:deployer"),
    ]);
    let output = case.register().args(["--impersonate", &format!("{apps}/deployer")]).succeeds();
    assert!(output.stderr.contains("deployer (ClusterRole 'view')"), "{}", output.stderr);
    let as_account = |account: &str| {
        case.as_reader(&["get", "pods", "-n", apps, &format!("--as=system:serviceaccount:{apps}:{account}")])
    };
    as_account("deployer").unwrap();
    as_account("other").unwrap_err();
    // Taken away again when other profiles are typed.
    let output = case.register().args(["--profile", "deliverable"]).succeeds();
    assert!(output.stdout.contains("-impersonate deleted"), "{}", output.stdout);
    as_account("deployer").unwrap_err();
}

#[test]
fn view_reads_everywhere_but_no_secrets() {
    let case = Case::new("view");
    case.register().args(["--profile", "view", "--allow-broad-rules"]).succeeds();
    case.as_reader(&["get", "pods", "-A"]).unwrap();
    case.as_reader(&["get", "secrets", "-n", "default"]).unwrap_err();
    case.register().args(["--profile", "deliverable"]).succeeds();
    eventually("it is taken away", || case.as_reader(&["get", "pods", "-A"]).is_err());
}

#[test]
fn an_account_never_reaches_its_own_namespace() {
    let case = Case::new("self");
    case.ask()
        .args([
            "--yes",
            "--run-namespace",
            &case.apps,
            "--account-namespace",
            &case.apps,
            "--profile",
            "package-values",
        ])
        .fails(2, &["is also a run namespace", "could forge tokens of itself"]);
}

#[test]
fn rights_that_others_grant_to_every_account_are_reported() {
    let case = Case::new("beyond");
    let apps = case.apps.as_str();
    case.run().run(&["create", "role", "everybody", "-n", apps, "--verb=get", "--resource=pods"]);
    case.run().run(&[
        "create",
        "rolebinding",
        "everybody",
        "-n",
        apps,
        "--role=everybody",
        "--group=system:serviceaccounts",
    ]);
    let output = case.register().succeeds();
    let sentence = format!("warning: in '{apps}' the token may also do what others grant it: pods: get");
    assert!(output.stderr.contains(&sentence), "{}", output.stderr);
}

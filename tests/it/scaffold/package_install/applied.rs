//! With clusters: registrations, Packages that they hold, and the account on the run clusters.

use serde_json::{Value, json};

use super::{package, schema, text};
use crate::support::{
    BUILD, BUILD_TWO, Kubectl, RUN, RUN_CAPPED, Tapmc,
    carvel::{self, PATIENCE},
    eventually_within,
    kubeconfig::started,
    unique,
};

/// Run clusters, registered in a namespace of their own on the build cluster; the run namespace has
/// the same name.
struct Case {
    namespace: String,
}

impl Case {
    fn new(stem: &str, runs: &[(&str, &str)], profiles: &[&str]) -> Self {
        let namespace = unique(stem);
        for (name, run) in runs {
            Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", run])
                .args(["--allow-loopback-server", "--create-namespace", "--yes", "--name", name, "-n", &namespace])
                .args(["--run-namespace", &namespace, "--account-namespace", &format!("{namespace}-{name}")])
                .args(profiles.iter().flat_map(|profile| ["--profile", profile]))
                .succeeds();
        }
        Self { namespace }
    }

    fn with_package(self, cluster: &str) -> Self {
        let mut package = package("1.0.0", &schema());
        package["metadata"]["namespace"] = json!(self.namespace);
        Kubectl::on(cluster).apply(&package.to_string());
        self
    }

    fn scaffold(&self) -> Tapmc {
        Tapmc::new(["scaffold", "package-install", "app.default.tap", "--context", BUILD, "-n", &self.namespace])
            .args(["--registration-namespace", &self.namespace])
    }

    fn may(&self, run: &str, verb: &str, resource: &str) -> bool {
        let account = format!("system:serviceaccount:{}:app-sa", self.namespace);
        let asked = ["auth", "can-i", verb, resource, "-n", &self.namespace, "--as", &account];
        Kubectl::on(run).try_run(&asked).is_ok()
    }
}

#[test]
fn the_account_may_install_it_and_nothing_else() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    let case =
        Case::new("install", &[("a", RUN), ("b", RUN_CAPPED)], &["packages", "package-values"]).with_package(BUILD);
    let root = tempfile::tempdir().unwrap();
    let command = || case.scaffold().args(["--run", "a,b", "--apply", "--output-dir"]).arg(root.path());
    command().fails(2, &["--yes"]);
    assert!(!root.path().join("app.default.tap").exists());
    let checked = command().arg("--dry-run=server").succeeds();
    assert!(checked.stdout.contains("role.rbac.authorization.k8s.io/app-cr-role serverside-applied (server dry run)"));
    assert!(!case.may(RUN, "create", "deployments.apps"));

    let output = command().arg("--yes").succeeds();
    assert_eq!(output.stdout.matches("serviceaccount/app-sa serverside-applied\n").count(), 2, "{}", output.stdout);
    assert!(!output.stderr.contains("may not deliver"), "{}", output.stderr);
    for run in [RUN, RUN_CAPPED] {
        for resource in ["deployments.apps", "services", "ingresses.networking.k8s.io", "configmaps"] {
            assert!(case.may(run, "create", resource) && case.may(run, "delete", resource), "{run} {resource}");
        }
        assert!(!case.may(run, "get", "secrets") && !case.may(run, "create", "pods"), "{run}");
    }
    assert!(text(root.path(), "b/packageinstall.yaml").contains(&format!("namespace: {}\n", case.namespace)));
    let again = command().succeeds();
    assert_eq!(again.stdout.matches(" unchanged\n").count(), 16, "{}", again.stdout);
}

#[test]
fn what_is_printed_installs_the_package() {
    let namespace = unique("installed");
    let kubectl = Kubectl::on(BUILD);
    kubectl.namespace(&namespace);
    let content =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "content", "namespace": namespace}});
    let mut package = carvel::package(&namespace, "app.default.tap", "1.0.0", &[content]);
    package["spec"]["valuesSchema"]["openAPIv3"] = schema();
    kubectl.apply(&package.to_string());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), package.to_string()).unwrap();
    let printed = Tapmc::bare(["scaffold", "package-install", "app.default.tap", "--run", "a", "--set", "hostname=a"])
        .args(["--run-namespace", &namespace, "-f"])
        .arg(file.path())
        .succeeds();
    kubectl.apply(&printed.stdout);
    eventually_within(PATIENCE, "the package is installed", || {
        let install = kubectl.get(&["packageinstall", "app", "-n", &namespace]).unwrap_or_default();
        carvel::condition(&install, "ReconcileSucceeded")["status"] == "True"
    });
    assert!(kubectl.get(&["configmap", "content", "-n", &namespace]).is_some());
    kubectl.run(&["delete", "packageinstall", "app", "-n", &namespace, "--wait=false"]);
}

#[test]
fn the_package_may_be_on_the_run_cluster_alone_and_the_profile_is_looked_at() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    // The second build cluster is the run cluster here: it serves Packages.
    let case = Case::new("runside", &[("a", BUILD_TWO)], &["deliverable"]).with_package(BUILD_TWO);
    let output = Tapmc::new(["scaffold", "package-install", "app.default.tap", "--context", BUILD, "--all"])
        .args(["--registration-namespace", &case.namespace, "-o", "name"])
        .succeeds();
    assert_eq!(
        output.stdout,
        "app.default.tap/a/packageinstall.yaml\napp.default.tap/a/params.yaml\napp.default.tap/access/a.yaml\n"
    );
    let told = "the registration 'a' may not deliver packages, packageinstalls and secrets: register it again with \
                --profile deliverable --profile packages --profile package-values";
    assert!(output.stderr.contains(told), "{}", output.stderr);
}

#[test]
fn rights_of_somebody_else_are_left_alone() {
    let case = Case::new("foreign", &[("a", RUN)], &["packages"]).with_package(BUILD);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "app-cr-role", "namespace": case.namespace},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]});
    Kubectl::on(RUN).apply(&role.to_string());
    let command = || case.scaffold().args(["--run", "a", "--apply", "--yes"]);
    let output = command().fails(4, &["app-cr-role", "take it over with --force"]);
    assert!(output.stderr.contains("rules"), "{}", output.stderr);
    let found = || Kubectl::on(RUN).get(&["role", "app-cr-role", "-n", &case.namespace]).unwrap_or(Value::Null);
    assert_eq!(found()["rules"], role["rules"]);
    command().arg("--force").succeeds();
    assert_eq!(found()["rules"].as_array().unwrap().len(), 3);
}

#[test]
fn registrations_and_namespaces_that_are_not_there() {
    let case = Case::new("absent", &[("run-a", RUN)], &["packages"]).with_package(BUILD);
    case.scaffold().args(["--run", "run-b"]).fails(2, &["there is no registration 'run-b'", "did you mean 'run-a'?"]);
    case.scaffold()
        .args(["--run", "run-a", "--run-namespace", "other"])
        .fails(2, &["'other' is no run namespace of the registration 'run-a'", &case.namespace]);
    let elsewhere = Tapmc::new(["scaffold", "package-install", "app.default.tap", "--context", RUN, "--run", "run-a"]);
    elsewhere.fails(2, &["there is no registration 'run-a'"]);
}

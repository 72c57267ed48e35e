//! Whose rights: those of the account that is made or named, and those of the operator.

use serde_json::{Value, json};

use super::here::Here;
use crate::{
    deliver::case::{APPS, URL},
    support::{BUILD_TWO, Tapmc, eventually, tapmc::Output, unique},
};

/// A user of the namespace who may write what the plugin writes there, and these rules more.
fn operator(it: &Here, more: &str) -> String {
    let user = unique("operator");
    let rules = format!(
        "[{{apiGroups: ['', rbac.authorization.k8s.io, kappctrl.k14s.io], resources: [serviceaccounts, secrets, roles, \
         rolebindings, apps], verbs: [get, list, create, patch, delete]}}, \
         {{apiGroups: [source.toolkit.fluxcd.io, kustomize.toolkit.fluxcd.io], resources: ['*'], verbs: [list]}}{more}]"
    );
    it.kubectl().apply(&format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: {user}, namespace: {0}}}, rules: {rules}}}\n---\n\
         {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: {user}, namespace: {0}}}, \
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {user}}}, \
         subjects: [{{kind: User, name: {user}, apiGroup: rbac.authorization.k8s.io}}]}}",
        it.namespace
    ));
    user
}

#[test]
fn an_operator_grants_what_he_holds_and_no_more() {
    let Some(it) = Here::on(BUILD_TWO, "grants") else { return };
    let poor = operator(&it, "");
    it.deliver_only("carvel-app")
        .args(["--run-as", &poor])
        .fails(5, &["you may not grant the rules of role.rbac.authorization.k8s.io/", "you do not hold them yourself"]);
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    // Whether an account of one's own has the rights may not be asked by everybody.
    it.kubectl().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    let output = it.deliver_only("carvel-app").args(["--run-as", &poor, "--service-account", "deployer"]).succeeds();
    assert!(output.stderr.contains("deployer' may do what this delivery needs could not be seen"), "{}", output.stderr);

    let held = operator(
        &it,
        ", {apiGroups: ['', packaging.carvel.dev, data.packaging.carvel.dev], resources: [configmaps, packages, \
         packageinstalls], verbs: [get, list, create, update, patch, delete]}",
    );
    it.deliver_only("carvel-app").args(["--run-as", &held]).succeeds();
    assert_eq!(it.made_in(&it.namespace).len(), 4);
    it.undeliver().args(["--run-as", &held]).succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

#[test]
fn what_the_run_cluster_needs() {
    let Some(it) = Here::on(BUILD_TWO, "needs") else { return };
    let check = || Tapmc::new(["check", "--on-run-cluster", "--run-context", BUILD_TWO, "-n", &it.namespace]);
    let report = check().args(["--for", "flux", "-o", "json"]).run().json();
    let items = report["items"].as_array().expect("items").clone();
    let state = |what: &str| {
        let found = items.iter().find(|item| item["what"].as_str().is_some_and(|text| text.starts_with(what)));
        found.unwrap_or_else(|| panic!("{what} in {report}"))["state"].clone()
    };
    for what in
        ["Flux's source-controller", "Flux's kustomize-controller", "namespace '", "your own rights", "rights that"]
    {
        assert_eq!(state(what), "met", "{what}: {report}");
    }
    assert!(items.iter().all(|item| item["side"] == "run" && item["cluster"] == BUILD_TWO), "{report}");
    assert!(!items.iter().any(|item| item["what"] == "kapp-controller (App)"), "{report}");
    // The test bed has no Contour.
    assert_eq!(state("Contour"), "missing");
    let poor = operator(&it, "");
    let output = check().args(["--for", "carvel-app", "--run-as", &poor]).fails(7, &["missing"]);
    assert!(output.stdout.contains("you do not hold them yourself"), "{}", output.stdout);
    // Who may not look does not know, and nothing is counted as missing by that.
    assert!(output.stdout.contains("?   run"), "{}", output.stdout);
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new(), "it only looks");
    check().args(["--context", BUILD_TWO]).fails(2, &["--context is of the build cluster"]);
}
#[test]
fn an_account_of_ones_own() {
    let Some(it) = Here::on(BUILD_TWO, "own") else { return };
    let deliver = || it.deliver_only("carvel-app").args(["--service-account", "deployer"]);
    let account = format!("{}/deployer", it.namespace);
    deliver().fails(2, &[&format!("there is no ServiceAccount '{account}' on the run cluster"), "to have one made"]);
    it.kubectl().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    deliver().fails(
        5,
        &[
            &format!("the ServiceAccount '{account}' may not do what this delivery needs: "),
            &format!("packageinstalls.packaging.carvel.dev in '{}': create,delete,get,list,update", it.namespace),
            "leave --service-account out, and one is made that may; or bind a Role with these rights to it",
        ],
    );
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    // The verbs of the guides: kapp needs no patch.
    let verbs = "--verb=get,list,create,update,delete";
    let resources = "--resource=packages.data.packaging.carvel.dev,packageinstalls.packaging.carvel.dev,configmaps";
    it.kubectl().run(&["create", "role", "deployer", "-n", &it.namespace, verbs, resources]);
    let to = format!("--serviceaccount={}:deployer", it.namespace);
    it.kubectl().run(&["create", "rolebinding", "deployer", "-n", &it.namespace, "--role=deployer", &to]);
    deliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), [format!("App/{}", it.name())]);
    assert_eq!(it.object(APPS, &it.name())["spec"]["serviceAccountName"], "deployer");
    // From one to the other and back: the one that was made is told of, and goes with the delivery.
    it.deliver_only("carvel-app").succeeds();
    let output = deliver().succeeds();
    assert!(output.stderr.contains("that was made before keeps its rights"), "{}", output.stderr);
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    assert!(it.object("serviceaccount", "deployer").is_object() && it.object("role", "deployer").is_object());
}

#[test]
fn a_failure_from_before_the_rights_is_not_the_apps_last_word() {
    let Some(it) = Here::on(BUILD_TWO, "before") else { return };
    it.deliver_only("carvel-app").succeeds();
    let answer = |condition: &str, failures: &Value| {
        let generation = it.object(APPS, &it.name())["metadata"]["generation"].clone();
        let status = json!({"status": {"observedGeneration": generation, "consecutiveReconcileFailures": failures,
            "usefulErrorMessage": "secrets is forbidden", "conditions": [{"type": condition, "status": "True"}]}});
        let patch = ["--subresource=status", "--type=merge", "-p", &status.to_string()];
        it.kubectl().run(&[&["patch", APPS, &it.name(), "-n", &it.namespace], &patch[..]].concat());
    };
    answer("ReconcileFailed", &json!(1));
    let told = "failed before this: secrets is forbidden";
    it.deliver("carvel-app", URL).args(["--wait-timeout", "1s"]).fails(6, &["is not settled after 1s", told]);
    let deliver = it.deliver("carvel-app", URL).args(["--profile", "packages", "--profile", "package-values"]);
    let (child, command) = deliver.spawn();
    eventually("the account has more rights", || it.account_may("create", "secrets", &it.namespace));
    answer("ReconcileSucceeded", &Value::Null);
    let output = Output::of(&command, &child.wait_with_output().expect("it ends"));
    assert_eq!(output.code, 0, "{}", output.stderr);
}

#[test]
fn what_a_folder_holds_is_compared_with_the_profile() {
    let Some(it) = Here::on(BUILD_TWO, "folder") else { return };
    let tree = tempfile::tempdir().expect("a folder");
    for (folder, kind) in [("packages", "ConfigMap"), ("prod", "Secret")] {
        let folder = tree.path().join(&it.package).join(folder);
        std::fs::create_dir_all(&folder).expect("made");
        let object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}});
        std::fs::write(folder.join("x.yaml"), object.to_string()).expect("written");
    }
    let deliver = || it.deliver_only("flux").arg("--working-tree").arg(tree.path());
    let told = format!("secrets in '{}': get,list,create,update,patch,delete", it.namespace);
    deliver().fails(
        5,
        &[
            "the ServiceAccount that is made may not do",
            &told,
            "add to the profiles that it has: --profile package-values",
        ],
    );
    deliver().args(["--profile", "package-values", "--profile", "packages", "--dry-run"]).succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

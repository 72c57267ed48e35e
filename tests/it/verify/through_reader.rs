//! A temporary App of kapp-controller uses the Secret from where its controller runs.

use std::{fs, process::Command};

use hyper::Method;
use serde_json::json;

use super::verify;
use crate::{
    register_run_cluster::case::{Case, Proxied},
    support::{BUILD, BUILD_TWO, Fault, Kubectl, RUN, Tapmc, eventually, kubeconfig::started, tapmc::Output, unique},
};

/// The temporary Apps of a registration that are there.
fn apps(cluster: &str, registration: &str) -> Vec<String> {
    let selector = format!("kubectl-tapmc/registration={registration}");
    let names = "jsonpath={.items[*].metadata.name}";
    let text = Kubectl::on(cluster).run(&["get", "apps.kappctrl.k14s.io", "-A", "-l", &selector, "-o", names]);
    text.split_whitespace().map(str::to_owned).collect()
}

/// What trials left in the run namespace.
fn config_maps(case: &Case) -> Vec<String> {
    let names = "jsonpath={.items[*].metadata.name}";
    let text = case.run().run(&["get", "configmaps", "-n", &case.apps, "-o", names]);
    text.split_whitespace().filter(|name| name.starts_with("tapmc-trial-")).map(str::to_owned).collect()
}

#[track_caller]
fn nothing_is_left(case: &Case) {
    assert_eq!((apps(BUILD, &case.name), config_maps(case)), (Vec::new(), Vec::new()));
}

/// A registration on the build cluster where no controller runs.
fn on_idle_build_cluster(stem: &str) -> Option<(Case, String)> {
    started(BUILD_TWO)?;
    let case = Case::on(stem, RUN);
    let namespace = unique("idle");
    Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", RUN, "--name", &case.name])
        .args([
            "--allow-loopback-server",
            "--run-namespace",
            &case.apps,
            "-n",
            &namespace,
            "--create-namespace",
            "--yes",
        ])
        .succeeds();
    Some((case, namespace))
}

fn verify_idle(case: &Case, namespace: &str) -> Tapmc {
    Tapmc::new(["verify", &case.name, "--context", BUILD_TWO, "-n", namespace, "--through-reader=app", "--yes"])
}

#[test]
fn kapp_controller_writes_a_config_map_and_takes_it_back() {
    let case = Case::new("through");
    case.register().succeeds();
    let output = verify(&case).args(["--through-reader=app", "--yes"]).succeeds();
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig proven\n", case.name));
    let told = format!("wrote its ConfigMap to '{}' on the run cluster and took it back", case.apps);
    assert!(output.stderr.contains(&format!("✔ app.kappctrl.k14s.io/tapmc-trial-{}-", case.name)), "{}", output.stderr);
    assert!(output.stderr.contains(&told) && output.stderr.contains("1 change: 1 create"), "{}", output.stderr);
    nothing_is_left(&case);
    let report = verify(&case).args(["--through-reader=app", "--yes", "-o", "json"]).succeeds().json();
    let [trial] = report["items"][0]["readers"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&trial["succeeded"], &trial["temporary"], &trial["left"]), (&json!(true), &json!(true), &json!([])));
}

#[test]
fn nothing_is_made_without_consent_or_in_a_dry_run() {
    let case = Case::new("consent");
    case.register().succeeds();
    verify(&case).arg("--through-reader=app").fails(2, &["there is no terminal to ask on", "add --yes"]);
    for how in ["--dry-run", "--dry-run=server"] {
        let output = verify(&case).args(["--through-reader=app", how]).succeeds();
        assert!(output.stderr.contains("create   build  app.kappctrl.k14s.io/tapmc-trial-"), "{}", output.stderr);
        assert!(output.stderr.contains("would be asked"), "{}", output.stderr);
    }
    nothing_is_left(&case);
}

#[test]
fn a_reader_that_fails_is_quoted_and_leaves_nothing() {
    let Some(Proxied { case, build: _build, run, file }) = Proxied::new("failing") else { return };
    case.register().kubeconfig(&file.path).succeeds();
    run.fault(Method::POST, "/configmaps", Fault::Answer(403), 999);
    let output = verify(&case).args(["--through-reader=app", "--yes"]).fails(
        1,
        &[
            "error: app.kappctrl.k14s.io/tapmc-trial-",
            " failed with the Secret",
            "the test answers 403",
            "hint: from here the credential works",
        ],
    );
    let told = format!("secret/{}-kubeconfig proven from here, but not through its reader\n", case.name);
    assert_eq!(output.stdout, told);
    nothing_is_left(&case);
}

#[test]
fn a_reader_that_cannot_take_back_what_it_made_lets_go() {
    let Some(Proxied { case, build: _build, run, file }) = Proxied::new("stuck") else { return };
    case.register().kubeconfig(&file.path).succeeds();
    // kapp can neither read its record nor, therefore, delete by it.
    run.fault(Method::GET, &format!("/configmaps/tapmc-trial-{}", case.name), Fault::Answer(500), 9_999);
    verify(&case).args(["--through-reader=app", "--yes"]).fails(1, &["failed with the Secret", "the test answers 500"]);
    nothing_is_left(&case);
}

#[test]
fn what_an_earlier_run_left_behind_is_removed() {
    let case = Case::new("leftover");
    case.register().succeeds();
    let app = json!({
        "apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
        "metadata": {"name": format!("tapmc-trial-{}-older", case.name), "namespace": "default", "labels": {
            "app.kubernetes.io/managed-by": "kubectl-tapmc", "kubectl-tapmc/registration": case.name, "kubectl-tapmc/trial": "true",
        }},
        "spec": {
            "cluster": {"namespace": case.apps, "kubeconfigSecretRef": {"name": format!("{}-kubeconfig", case.name)}},
            "fetch": [{"inline": {"paths": {"a.yml": json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tapmc-trial-older"}}).to_string()}}}],
            "template": [{"ytt": {}}], "deploy": [{"kapp": {}}],
        },
    });
    Kubectl::on(BUILD).apply(&app.to_string());
    eventually("the older App is deployed", || !config_maps(&case).is_empty());
    let output = verify(&case).args(["--through-reader=app", "--yes"]).succeeds();
    let told = format!("delete   build  app.kappctrl.k14s.io/tapmc-trial-{}-older", case.name);
    assert!(
        output.stderr.contains(&told) && output.stderr.contains("an earlier run left it behind"),
        "{}",
        output.stderr
    );
    nothing_is_left(&case);
}

#[test]
fn without_a_controller_it_is_told_and_removed_again() {
    let Some((case, namespace)) = on_idle_build_cluster("idle") else { return };
    verify_idle(&case, &namespace)
        .args(["--wait-timeout", "1s"])
        .fails(6, &["is not through with the Secret after 1s", "hint: does its controller run"]);
    assert_eq!(apps(BUILD_TWO, &case.name), Vec::<String>::new());
}

#[test]
fn an_interruption_removes_it_and_a_kill_leaves_it_to_the_next_run() {
    let Some((case, namespace)) = on_idle_build_cluster("ended") else { return };
    for (signal, code) in [("-INT", 130), ("-TERM", 130), ("-KILL", -1)] {
        let (child, command) = verify_idle(&case, &namespace).spawn();
        eventually("the App is there", || !apps(BUILD_TWO, &case.name).is_empty());
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = Output::of(&command, &child.wait_with_output().unwrap());
        assert_eq!(output.code, code, "{signal}: {}", output.stderr);
        assert_eq!(apps(BUILD_TWO, &case.name).len(), usize::from(code == -1), "{signal}");
        if code == 130 {
            assert!(
                output.stderr.contains("error: interrupted") && output.stderr.contains(" deleted"),
                "{}",
                output.stderr
            );
        }
    }
    let output = verify_idle(&case, &namespace).args(["--wait-timeout", "1s"]).fails(6, &[]);
    assert!(output.stderr.contains("an earlier run left it behind"), "{}", output.stderr);
    assert_eq!(apps(BUILD_TWO, &case.name), Vec::<String>::new());
}

#[test]
fn where_no_reader_can_be_asked_it_is_said_what_is_missing() {
    let case = Case::new("nobody");
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, "- apiGroups: [carto.run]\n  resources: [deliverables]\n  verbs: [get, list]\n").unwrap();
    case.register().arg("--rules").arg(&rules).succeeds();
    verify(&case).args(["--through-reader", "--yes"]).fails(
        1,
        &[
            "no controller of the build cluster (context 'build') can be asked to use the Secret default/",
            "the credential lacks what kapp needs for the temporary App: configmaps in 'apps-",
            "no Kustomization and no HelmRelease in 'default' refers to the Secret",
            "hint: with Flux, name what it may apply for a moment",
        ],
    );
    verify(&case)
        .args(["--through-reader=app", "--source", "GitRepository/a", "--path", "x"])
        .fails(2, &["--source is for Flux"]);
    verify(&case).args(["--through-reader", "--source", "a", "--path", "x"]).fails(2, &["is not a source of Flux"]);
    nothing_is_left(&case);
}

#[test]
fn who_may_not_make_an_app_is_told_before() {
    let case = Case::new("mayno");
    case.register().succeeds();
    let who = unique("reader");
    let rules = ["--verb=get,list", "--resource=secrets,apps.kappctrl.k14s.io"];
    Kubectl::on(BUILD).run(&[&["create", "role", &who, "-n", "default"], &rules[..]].concat());
    Kubectl::on(BUILD).run(&[
        "create",
        "rolebinding",
        &who,
        "-n",
        "default",
        &format!("--role={who}"),
        &format!("--user={who}"),
    ]);
    verify(&case).args(["--through-reader=app", "--yes", "--as", &who]).fails(
        5,
        &["you may not do what this needs on the build cluster", "create apps.kappctrl.k14s.io", "delete apps"],
    );
    nothing_is_left(&case);
}

//! The proof from here.

use serde_json::json;

use super::verify;
use crate::{
    register_run_cluster::case::{Case, Proxied},
    support::{BUILD, KubeconfigFile, Kubectl, Tapmc, eventually, kubeconfig::started, unique},
};

#[test]
fn a_stored_credential_is_proven_without_a_context_of_the_run_cluster() {
    let case = Case::new("proven");
    case.register().succeeds();
    let only_build = started(BUILD).map(|build| KubeconfigFile::new().plain(BUILD, build));
    let it = || match &only_build {
        Some(file) => verify(&case).kubeconfig(&file.path),
        None => verify(&case),
    };
    let output = it().succeeds();
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig proven\n", case.name));
    let told = format!("accepts the token of tapmc-{}/delivery, which ends at ", case.name);
    assert!(output.stderr.contains(&told) && output.stderr.contains("it may do in 'apps-"), "{}", output.stderr);

    let report = it().args(["-o", "json"]).succeeds().json();
    let item = &report["items"][0];
    assert_eq!(
        (&report["kind"], &item["result"], &item["exitCode"]),
        (&json!("VerificationReport"), &json!("proven"), &json!(0))
    );
    assert!((2_591_000..=2_592_000).contains(&item["expiresInSeconds"].as_i64().unwrap()), "{item}");
    assert_eq!((&item["differences"], &item["missing"]), (&json!([]), &json!([])));
    assert!(it().args(["-o", "yaml"]).succeeds().stdout.contains("result: proven\n"));
    let wide = it().args(["-o", "wide"]).succeeds().stdout;
    assert!(wide.contains("in 29d23h") || wide.contains("in 30d"), "{wide}");
    assert_eq!(it().args(["-o", "name"]).succeeds().stdout, format!("secret/{}-kubeconfig\n", case.name));
}

#[test]
fn a_token_that_is_revoked_is_refused() {
    let case = Case::new("revoked");
    case.register().succeeds();
    case.run().run(&["delete", "secret", &case.annotation("marker"), "-n", &case.account_namespace()]);
    case.await_refused();
    let account = format!("refuses the stored token of tapmc-{}/delivery", case.name);
    let output = verify(&case).fails(
        5,
        &[
            "the run cluster at the stored address, https://",
            &account,
            "hint: issue a new one: kubectl tapmc rotate-token",
        ],
    );
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig refused\n", case.name));
}

#[test]
fn rights_that_are_missing_and_rights_beyond_are_told() {
    let case = Case::new("rights");
    case.register().succeeds();
    case.run().run(&["create", "role", "more", "-n", &case.apps, "--verb=list", "--resource=pods"]);
    let account = format!("--serviceaccount={}:delivery", case.account_namespace());
    case.run().run(&["create", "rolebinding", "more", "-n", &case.apps, "--role=more", &account]);
    let beyond = format!("the token of {} may also do what others grant it, in '{}': pods: list", case.name, case.apps);
    eventually("the grant is seen", || verify(&case).succeeds().stderr.contains(&beyond));

    let role = format!("tapmc-{}", case.name);
    let rules = json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}).to_string();
    case.run().run(&["patch", "role", &role, "-n", &case.apps, "--type=merge", "-p", &rules]);
    eventually("the loss is seen", || verify(&case).run().code == 5);
    let output = verify(&case).fails(
        5,
        &[
            "accepts the stored token, which lacks rights",
            "deliverables.carto.run in '",
            "registering again grants them",
        ],
    );
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig lacks rights\n", case.name));
    let missing = verify(&case).args(["-o", "json"]).run().json()["items"][0]["missing"].to_string();
    assert!(missing.contains(&format!("configmaps in '{}': create,delete,list,patch,update", case.apps)), "{missing}");
}

#[test]
fn a_run_cluster_that_is_gone_is_unreachable() {
    let Some(Proxied { case, build: _build, run, file }) = Proxied::new("gone") else { return };
    case.register().kubeconfig(&file.path).succeeds();
    drop(run);
    let output =
        verify(&case).fails(6, &["the run cluster at the stored address, https://127.0.0.1:", "cannot be reached"]);
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig unreachable\n", case.name));
}

#[test]
fn several_of_which_one_fails() {
    let (one, other, namespace) = (Case::new("one"), Case::new("other"), unique("several"));
    for case in [&one, &other] {
        case.register().args(["-n", &namespace, "--create-namespace"]).succeeds();
    }
    let all = || Tapmc::new(["verify", "--all", "--context", BUILD, "-n", &namespace]);
    assert_eq!(all().succeeds().stdout.lines().count(), 2);
    let secret = format!("{}-kubeconfig", one.name);
    Kubectl::on(BUILD).run(&[
        "annotate",
        "--overwrite",
        "secret",
        &secret,
        "-n",
        &namespace,
        "kubectl-tapmc/server=https://other:6443",
    ]);
    let (failed, told) = (
        format!("the registration '{}' failed", one.name),
        format!("error: 1 of 2 registrations failed: '{}'", one.name),
    );
    let output = all().fails(3, &[&failed, &told]);
    assert!(output.stdout.contains(&format!("secret/{secret} differs from its record\n")), "{}", output.stdout);
    assert!(output.stdout.contains(&format!("secret/{}-kubeconfig proven\n", other.name)), "{}", output.stdout);
    let items = all().args(["-o", "json"]).run().json()["items"].clone();
    assert_eq!(items.as_array().unwrap().iter().map(|item| item["exitCode"].as_i64().unwrap()).sum::<i64>(), 7);
}

#[test]
fn names_that_are_unknown_and_operators_who_may_not() {
    let case = Case::new("unknown");
    case.register().succeeds();
    let hint = format!("did you mean '{}'?", case.name);
    Tapmc::new(["verify", &format!("{}x", case.name), "--context", BUILD])
        .fails(2, &["there is no registration", &hint]);
    verify(&case).args(["--as", "nobody"]).fails(5, &["listing the kubeconfig Secrets"]);
}

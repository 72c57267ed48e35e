//! What cannot be typed, and a Secret that says something else than the run cluster.

use super::case::{by_run_side, left, registered, unregister};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, Tapmc},
};

#[test]
fn command_lines() {
    for (args, piece) in [
        (&[][..], "<NAME|--all>"),
        (&["a", "--all"], "cannot be used with"),
        (&["--all", "-n", "x", "-A"], "cannot be used with"),
    ] {
        let output = Tapmc::bare(["unregister-run-cluster"]).args(args).run();
        assert_eq!(output.code, 2, "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(piece), "{args:?}: {}", output.stderr);
    }
    let case = Case::new("never");
    by_run_side(&case).fails(2, &["there is no registration 'never-", "neither on the build cluster nor on the run"]);
    Tapmc::new(["unregister-run-cluster", "No_Name", "--context", BUILD, "--run-context", &case.run, "--yes"])
        .fails(2, &["cannot be the name of a registration"]);
}

#[test]
fn an_edited_secret_never_makes_an_operator_delete_what_is_not_its_own() {
    let case = registered("edited", &[]);
    let victim = registered("victim", &[]);
    let before = victim.versions();
    let secret = format!("{}-kubeconfig", case.name);
    let account = format!("kubectl-tapmc/service-account={}/delivery", victim.account_namespace());
    let uid = format!("kubectl-tapmc/account-namespace-uid={}", victim.annotation("account-namespace-uid"));
    let marker = format!("kubectl-tapmc/marker={}", victim.annotation("marker"));
    let namespaces = "kubectl-tapmc/run-namespaces=kube-system,default";
    Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, &account, &uid, &marker, namespaces]);
    unregister(&case).args(["--delete-run-namespaces"]).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());
    assert_eq!(victim.versions(), before);
    victim.as_reader(&["get", "configmaps", "-n", &victim.apps]).unwrap();
}

#[test]
fn a_hostile_kubeconfig_in_the_secret_is_not_followed() {
    let case = registered("hostile", &[]);
    let hostile =
        "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: x\n  user:\n    exec: {command: /bin/false}\n";
    let patch = serde_json::json!({"stringData": {"value": hostile}}).to_string();
    let secret = format!("{}-kubeconfig", case.name);
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "--type=merge", "-p", &patch]);
    let output = unregister(&case).succeeds();
    let untried = "not tried: the stored token (the Secret holds no kubeconfig of the form that this plugin writes)";
    assert!(output.stderr.contains(untried), "{}", output.stderr);
    assert_eq!(left(&case), Vec::<String>::new());
}

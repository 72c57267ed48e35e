//! One side, or the way to it, is gone.

use super::case::{ask, by_run_side, left, registered, unregister};
use crate::{
    register_run_cluster::case::Proxied,
    support::{BUILD, KubeconfigFile, Kubectl, eventually, kubeconfig::started},
};

#[test]
fn without_its_secret_it_is_found_by_the_run_sides_own_record() {
    let case = registered("lost", &[]);
    let kubeconfig = case.kubeconfig();
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", case.name)]);
    unregister(&case).fails(
        2,
        &["there is no registration", "if its Secret is gone already, name the run cluster: --run-context CONTEXT"],
    );
    let output = by_run_side(&case).succeeds();
    assert!(output.stderr.contains("-kubeconfig (gone already)"), "{}", output.stderr);
    assert!(output.stderr.contains("not tried: the stored token (its Secret was gone already)"), "{}", output.stderr);
    assert!(output.stderr.contains("proven: the marker 'delivery-1-"), "{}", output.stderr);
    assert_eq!(left(&case), Vec::<String>::new());
    case.await_token_refused(&kubeconfig);
}

#[test]
fn without_its_run_side_the_secret_goes() {
    let case = registered("halved", &[]);
    case.run().run(&["delete", "namespace", &case.account_namespace()]);
    eventually("the Roles go with it", || left(&case).len() == 1);
    let output = unregister(&case).succeeds();
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig deleted\n", case.name));
    assert_eq!(left(&case), Vec::<String>::new());
}

#[test]
fn after_the_administrators_buttons() {
    // As the README says: this ends every token.
    let case = registered("button", &[]);
    case.run().run(&["delete", "serviceaccount", "delivery", "-n", &case.account_namespace()]);
    unregister(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());

    // Account and markers are gone: the Secret records the namespace.
    let case = registered("buttons", &[]);
    case.run().run(&["delete", "serviceaccount,secret", "--all", "-n", &case.account_namespace()]);
    unregister(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());

    // Nothing at all says whose it is.
    let case = registered("nobodys", &[]);
    case.run().run(&["delete", "serviceaccount,secret", "--all", "-n", &case.account_namespace()]);
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", case.name)]);
    let hint = format!("kubectl delete namespace {}", case.account_namespace());
    by_run_side(&case).fails(4, &["says to which build cluster the registration", &hint]);
}

#[test]
fn an_unreachable_run_cluster_is_refused_unless_forced_and_the_list_is_exact() {
    let Some(Proxied { case, run, file, build: _build }) = Proxied::new("unreachable") else { return };
    case.register()
        .kubeconfig(&file.path)
        .args(["--profile", "view", "--profile", "package-values"])
        .args(["--allow-broad-rules", "--guard"])
        .succeeds();
    drop(run);
    unregister(&case).kubeconfig(&file.path).fails(6, &["cannot be reached", "--force-unreachable"]);
    assert!(case.secret().is_some());

    let output = unregister(&case).kubeconfig(&file.path).args(["--force-unreachable"]).succeeds();
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig deleted\n", case.name));
    assert!(output.stderr.contains("is unregistered from the build cluster alone"), "{}", output.stderr);
    let below = output.stderr.split("is unregistered").nth(1).unwrap();
    let commands: Vec<&str> = below.lines().map(str::trim).filter(|line| line.starts_with("kubectl ")).collect();
    assert_eq!(commands.len(), 9, "{below}");
    for command in commands {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        case.run().run(&args);
    }
    assert_eq!(left(&case), Vec::<String>::new(), "the list is all that there was");
}

#[test]
fn where_no_context_leads_there() {
    let case = registered("noway", &[]);
    let Some(build) = started(BUILD) else { return };
    let file = KubeconfigFile::new().plain(BUILD, build);
    unregister(&case)
        .kubeconfig(&file.path)
        .fails(6, &["no context of the kubeconfig leads to", "--force-unreachable"]);
    let report = unregister(&case).kubeconfig(&file.path).args(["--force-unreachable", "-o", "json"]).succeeds().json();
    let lost = report["items"][0]["lost"].as_array().unwrap();
    assert_eq!(lost.len(), 5, "{lost:?}");
    assert_eq!(lost[4]["command"], format!("kubectl delete namespace {}", case.account_namespace()));
    // The cluster was there after all: the administrator's way still works.
    assert!(case.secret().is_none());
    by_run_side(&case).succeeds();
    assert_eq!(left(&case), Vec::<String>::new());
}

#[test]
fn a_rebuilt_cluster_behind_the_same_address_is_left_alone() {
    let case = registered("rebuilt", &[]);
    let secret = format!("{}-kubeconfig", case.name);
    let annotation = "kubectl-tapmc/run-cluster-uid=11111111-2222";
    Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, annotation]);
    let before = case.versions();
    ask(&case)
        .args(["--yes"])
        .fails(4, &["is of the cluster 11111111-2222", "it was made anew", "--force-unreachable"]);
    by_run_side(&case).args(["--force-unreachable"]).fails(4, &["name another context with --run-context"]);
    assert_eq!(case.versions(), before);
    let run_side = left(&case).len() - 1;
    unregister(&case).args(["--force-unreachable"]).succeeds();
    assert_eq!(left(&case).len(), run_side, "nothing over there was touched");
}

//! Several registrations of one run cluster: none of them touches another one's tokens.

use super::case::{Case, with_kubeconfig};
use crate::support::{BUILD, BUILD_TWO, Kubectl, Tapmc, kubeconfig::started};

#[test]
fn two_registrations_of_one_build_cluster_live_side_by_side() {
    let first = Case::new("side");
    first.register().succeeds();
    let second = Case { name: format!("{}-two", first.name), apps: first.apps.clone(), run: first.run.clone() };
    second.register().args(["--profile", "packages"]).succeeds();
    let before = first.versions();

    // A rotation and a removal of the one leave the other one as it is.
    Tapmc::new(["rotate-token", &second.name, "--context", BUILD, "--grace", "0", "--yes"]).succeeds();
    assert_eq!(first.versions(), before);
    second.run().run(&["delete", "namespace", &second.account_namespace()]);
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", second.name)]);
    first.as_reader(&["get", "configmaps", "-n", &first.apps]).unwrap();
    let output = first.again().succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
}

#[test]
fn two_build_clusters_live_side_by_side_under_two_names() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    let first = Case::new("twobuilds");
    first.register().succeeds();
    let before = first.versions();
    let other = format!("{}-b", first.name);
    Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", &first.run])
        .args(["--name", &other, "--run-namespace", &first.apps, "--allow-loopback-server", "--yes"])
        .succeeds();
    Tapmc::new(["rotate-token", &other, "--context", BUILD_TWO, "--evict", "--yes"]).succeeds();
    assert_eq!(first.versions(), before);
    first.as_reader(&["get", "configmaps", "-n", &first.apps]).unwrap();

    let kubeconfig = first.kubeconfig();
    Tapmc::new(["rotate-token", &first.name, "--context", BUILD, "--grace", "0", "--yes"]).succeeds();
    first.await_token_refused(&kubeconfig);
    let theirs = Kubectl::on(BUILD_TWO).run(&[
        "get",
        "secret",
        &format!("{other}-kubeconfig"),
        "-o",
        "go-template={{.data.value | base64decode}}",
    ]);
    with_kubeconfig(&theirs, &["get", "configmaps", "-n", &first.apps]).unwrap();
}

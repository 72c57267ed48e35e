//! What is lost, damaged, or was never there.

use super::{rotate, works};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, RUN, Tapmc, unique},
};

#[test]
fn a_lost_secret_is_made_anew_and_every_unknown_token_ends() {
    let case = Case::new("bereft");
    case.register().succeeds();
    let former = case.kubeconfig();
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", case.name)]);
    rotate(&case).fails(2, &["there is no registration '", "--run-context"]);
    let output = rotate(&case).args(["--run-context", RUN]).succeeds();
    assert!(output.stderr.contains("the build cluster does not record it"), "{}", output.stderr);
    works(&case);
    case.await_token_refused(&former);
}

#[test]
fn nothing_is_registered_that_was_not() {
    let name = unique("never");
    Tapmc::new(["rotate-token", &name, "--context", BUILD, "--run-context", RUN, "--yes"])
        .fails(4, &["(context 'run-a') does not record the registration", "register-run-cluster"]);
    assert!(Kubectl::on(RUN).get(&["namespace", &format!("tapmc-{name}")]).is_none());
}

#[test]
fn a_deleted_account_is_told_with_what_registers_it_again() {
    let case = Case::new("noaccount");
    case.register().succeeds();
    case.run().run(&["delete", "serviceaccount", "delivery", "-n", &case.account_namespace()]);
    rotate(&case).fails(4, &["does not record the registration", "kubectl tapmc register-run-cluster"]);
}

#[test]
fn a_secret_whose_record_was_wiped_is_repaired() {
    let case = Case::new("wiped");
    case.register().succeeds();
    let (secret, former) = (format!("{}-kubeconfig", case.name), case.kubeconfig());
    let keys = case.secret().unwrap()["metadata"]["annotations"].as_object().unwrap().clone();
    let wipe: Vec<String> = keys.keys().map(|key| format!("{key}-")).collect();
    let wipe: Vec<&str> = ["annotate", "secret", &secret].into_iter().chain(wipe.iter().map(String::as_str)).collect();
    Kubectl::on(BUILD).run(&wipe);
    rotate(&case).fails(2, &["no context of the kubeconfig leads to the run cluster", "--run-context"]);
    rotate(&case).args(["--run-context", RUN]).succeeds();
    works(&case);
    case.await_token_refused(&former);
}

#[test]
fn what_is_typed_wrong_is_told() {
    let case = Case::new("typed");
    case.register().succeeds();
    let close = format!("{}x", case.name);
    Tapmc::new(["rotate-token", &close, "--context", BUILD]).fails(
        2,
        &["there is no registration '", &format!("did you mean '{}'?\n      if its Secret was lost", case.name)],
    );
    Tapmc::new(["rotate-token", "--context", BUILD]).fails(2, &["--all", "NAME"]);
    rotate(&case).args(["--shard", "2/2"]).fails(2, &["'2/2' is not a part of a whole"]);
    rotate(&case).args(["--evict", "--grace", "5m"]).fails(2, &["--grace"]);
    rotate(&case)
        .args(["--run-context", "build-two"])
        .fails(4, &["(context 'build-two') does not record the registration"]);
    Tapmc::new(["rotate-token", &case.name, "--context", BUILD]).fails(2, &["--yes"]);
}

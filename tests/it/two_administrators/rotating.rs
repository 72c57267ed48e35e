//! A rotation in two halves.

use super::Pair;
use crate::support::{BUILD, Kubectl};

#[test]
fn a_rotation_in_two_halves_spares_the_former_token() {
    let Some(pair) = Pair::registered("turn") else { return };
    let (former, marker) = (pair.case.kubeconfig(), pair.case.annotation("marker"));
    let voucher = pair.file("v");
    let output = pair.rotate_run_side(&voucher).succeeds();
    assert!(output.stderr.contains("the tokens before it are spared until "), "{}", output.stderr);
    // Until it is redeemed, and for a while after, the former one works.
    pair.works();
    pair.rotate_build_side(&voucher).succeeds();
    assert_eq!(pair.case.annotation("generation"), "2");
    assert_ne!(pair.case.kubeconfig(), former);
    assert_eq!(pair.case.annotation("superseded-marker"), marker);
    pair.works();
    crate::register_run_cluster::case::with_kubeconfig(&former, &["get", "configmaps", "-n", &pair.case.apps]).unwrap();

    // When that time is over, the next run of the run side ends it.
    let ago = "kubectl-tapmc/retire-after=2020-01-01T00:00:00Z";
    pair.case.run().run(&["annotate", "--overwrite", "secret", &marker, "-n", &pair.case.account_namespace(), ago]);
    let next = pair.file("w");
    let output = pair.rotate_run_side(&next).succeeds();
    assert!(output.stdout.contains(&format!("secret/{marker} deleted")), "{}", output.stdout);
    pair.case.await_token_refused(&former);
    pair.works();
    pair.rotate_build_side(&next).args([&pair.case.name]).succeeds();
    pair.works();
}

#[test]
fn what_is_stored_lives_on_while_vouchers_lie_about() {
    let Some(pair) = Pair::registered("forgotten") else { return };
    let marker = pair.case.annotation("marker");
    pair.rotate_run_side(&pair.file("forgotten")).succeeds();
    // A week later: nobody redeemed it, and its time and the grace are long over.
    let ago = "kubectl-tapmc/retire-after=2020-01-01T00:00:00Z";
    pair.case.run().run(&["annotate", "--overwrite", "secret", &marker, "-n", &pair.case.account_namespace(), ago]);
    let output = pair.rotate_run_side(&pair.file("another")).succeeds();
    assert!(!output.stdout.contains(&format!("secret/{marker} deleted")), "{}", output.stdout);
    pair.works();
    pair.rotate_build_side(&pair.file("another")).succeeds();
    assert_eq!(pair.case.annotation("generation"), "3");
    pair.works();
}

#[test]
fn a_removed_registration_is_not_made_again() {
    let Some(pair) = Pair::registered("gone") else { return };
    let voucher = pair.file("v");
    pair.rotate_run_side(&voucher).succeeds();
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", pair.case.name)]);
    pair.rotate_build_side(&voucher)
        .fails(4, &["a registration that was removed is not made again", "register-run-cluster --build-side"]);
    assert!(pair.case.secret().is_none());
    pair.build_side(&voucher).succeeds();
    pair.works();
}

#[test]
fn a_voucher_that_a_later_one_overtook_is_refused() {
    let Some(pair) = Pair::registered("late") else { return };
    let (earlier, later) = (pair.file("v2"), pair.file("v3"));
    pair.rotate_run_side(&earlier).succeeds();
    pair.rotate_run_side(&later).succeeds();
    pair.rotate_build_side(&earlier).fails(5, &["the run cluster refuses the voucher", "a later one took its place"]);
    assert_eq!(pair.case.annotation("generation"), "1");
    pair.rotate_build_side(&later).succeeds();
    pair.rotate_build_side(&earlier).fails(4, &["brings generation 2, and the Secret", "holds generation 3 already"]);
    pair.works();
}

#[test]
fn an_eviction_ends_every_token_before_the_voucher_is_redeemed() {
    let Some(pair) = Pair::registered("evicted") else { return };
    let former = pair.case.kubeconfig();
    let voucher = pair.file("v");
    pair.rotate_run_side(&voucher).args(["--evict"]).succeeds();
    pair.case.await_token_refused(&former);
    pair.rotate_build_side(&voucher).succeeds();
    pair.works();
    assert_eq!(pair.case.markers(), [pair.case.annotation("marker")]);
}

#[test]
fn nothing_is_rotated_that_is_not_registered() {
    let Some(pair) = Pair::new("unknown") else { return };
    pair.rotate_run_side(&pair.file("v")).fails(4, &["does not record the registration", "register-run-cluster"]);
    assert!(!pair.file("v").exists());
    pair.tapmc(&pair.run, "rotate-token")
        .args(["a", "b", "--run-side", "-o", "x", "--run-context", "mine"])
        .fails(2, &["a voucher is for one registration"]);
}

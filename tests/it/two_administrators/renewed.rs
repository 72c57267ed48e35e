//! A registration whose tokens are renewed, looked after from one side alone.

use super::Pair;
use crate::{
    support::{BUILD, Tapmc, unique},
    unregister_run_cluster::case::{labelled, left},
};

#[test]
fn a_new_generation_takes_both_sides_and_a_removal_takes_the_renewal_with_it() {
    let Some(pair) = Pair::registered("renewed") else { return };
    let (name, locked, kubeconfig) = (&pair.case.name, unique("locked"), pair.case.kubeconfig());
    Tapmc::new(["rotation-schedule", name, "--context", BUILD, "--renewal-namespace", &locked, "--apply", "--yes"])
        .succeeds();
    let voucher = pair.file("v");
    pair.rotate_run_side(&voucher).fails(
        4,
        &[
            &format!("the tokens of '{name}' are renewed from the namespace '{locked}' of the build cluster"),
            &format!("kubectl tapmc rotation-schedule {name} --remove"),
        ],
    );
    assert!(!voucher.exists());
    pair.works();

    pair.remove_run_side().succeeds();
    assert_eq!(labelled(&pair.case.run, name), Vec::<String>::new());
    pair.case.await_token_refused(&kubeconfig);
    pair.remove_build_side().succeeds();
    assert_eq!(labelled(BUILD, name), Vec::<String>::new());
    assert_eq!(left(&pair.case), Vec::<String>::new());
}

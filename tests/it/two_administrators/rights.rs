//! What somebody who took a voucher away can do with it, and what not.

use std::fs;

use serde_json::Value;

use super::Pair;
use crate::{register_run_cluster::case::with_kubeconfig, support::eventually};

/// The kubeconfig in a voucher, as a thief would take it out.
fn stolen(voucher: &std::path::Path) -> (Value, String) {
    let read: Value = serde_saphyr::from_str(&fs::read_to_string(voucher).unwrap()).unwrap();
    let kubeconfig = read["kubeconfig"].as_str().unwrap().to_owned();
    (read, kubeconfig)
}

#[test]
fn a_stolen_voucher_fetches_the_one_token_and_nothing_else() {
    let Some(pair) = Pair::new("thief") else { return };
    let voucher = pair.file("v");
    pair.run_side().args(["--duration", "2h", "-o"]).arg(&voucher).succeeds();
    let (read, kubeconfig) = stolen(&voucher);
    let (namespace, marker) = (pair.case.account_namespace(), read["generation"]["marker"].as_str().unwrap());
    let thief = |args: &[&str]| with_kubeconfig(&kubeconfig, args);
    for beyond in [
        &["get", "secrets", "-n", &namespace][..],
        &["get", "configmaps", "-n", &pair.case.apps],
        &["create", "token", "voucher", "-n", &namespace],
        &["create", "token", "default", "-n", "kube-system"],
        &["delete", "serviceaccount", "delivery", "-n", &namespace],
        &["get", "namespaces"],
    ] {
        let error = thief(beyond).unwrap_err();
        assert!(error.contains("Forbidden") || error.contains("forbidden"), "{beyond:?}: {error}");
    }

    let bound = ["create", "token", "delivery", "-n", &namespace, "--bound-object-kind=Secret"];
    let uid = format!("--bound-object-uid={}", read["generation"]["markerUid"].as_str().unwrap());
    let name = format!("--bound-object-name={marker}");
    let token = |more: &[&str]| thief(&[&bound[..], &[&name, &uid], more].concat());
    // The policy takes a moment to reach the API server's admission.
    eventually("an unbound token is refused", || {
        let unbound = thief(&["create", "token", "delivery", "-n", &namespace]);
        unbound.is_err_and(|error| error.contains("bound to its marker Secret"))
    });
    for (more, refusal) in
        [(&["--duration=3h"][..], "lives no longer than"), (&["--audience=elsewhere"], "for the API server")]
    {
        let error = token(more).unwrap_err();
        assert!(error.contains(refusal), "{more:?}: {error}");
    }
    token(&["--duration=1h"]).unwrap();

    // Redeemed by whom it is for, it is worth nothing any more.
    pair.build_side(&voucher).succeeds();
    eventually("the voucher's binding is gone", || token(&["--duration=1h"]).is_err());
    pair.works();
}

#[test]
fn everything_of_a_voucher_goes_with_the_account_namespace() {
    let Some(pair) = Pair::registered("leaves") else { return };
    let policy = format!("tapmc-{}-voucher", pair.case.name);
    let found = || pair.case.run().get(&["validatingadmissionpolicies", &policy]);
    assert!(found().is_some());
    pair.case.run().run(&["delete", "namespace", &pair.case.account_namespace()]);
    crate::support::eventually_within(std::time::Duration::from_secs(60), "the policy is collected", || {
        found().is_none()
    });
}

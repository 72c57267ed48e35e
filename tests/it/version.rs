//! `version`.

use crate::support::Tapmc;

#[test]
fn the_version_needs_no_cluster_and_no_kubeconfig() {
    let text = Tapmc::bare(["version"]).succeeds().stdout;
    assert!(text.starts_with(&format!("kubectl-tapmc {} (", env!("CARGO_PKG_VERSION"))), "{text}");
    let report = Tapmc::bare(["version", "-o", "json"]).succeeds().json();
    assert_eq!((&report["kind"], &report["version"]), (&"Version".into(), &env!("CARGO_PKG_VERSION").into()));
    assert!(report["platform"].as_str().unwrap().contains('/'));
}

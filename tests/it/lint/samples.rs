//! What people store when they follow a guide by hand, and what is wrong with it.

use std::path::Path;

use super::case::{report, rules};
use crate::support::Tapmc;

#[track_caller]
fn found(sample: &str, asked: &[&str], wanted: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lint/samples").join(sample);
    let output = Tapmc::bare(["lint", "-o", "json"]).arg(path).args(asked).run();
    let report = report(&output, 7);
    assert_eq!(rules(&report), wanted, "{sample}: {report:#}");
}

#[test]
fn a_delivery_of_deliverables() {
    found("deliverable-reconciler.yaml", &[], &["unreadable"]);
    let mended = "deliverable-reconciler-indented.yaml";
    let wanted = ["bad-certificate-authority", "bad-server", "bad-token", "no-namespace"];
    found(mended, &["--for", "carvel"], &wanted);
}

#[test]
fn deliveries_of_packages() {
    found("flux-run-cluster.yaml", &["--for", "flux"], &["no-credential", "exec-program", "no-certificate-authority"]);
    let wanted = [
        "no-certificate-authority",
        "no-credential",
        "wrong-key",
        "file-reference",
        "extensions",
        "file-reference",
        "private-address",
    ];
    found("carvel-run-cluster.yaml", &["--for", "carvel"], &wanted);
}

#[test]
fn a_kubeconfig_for_workflows() {
    found("capact-typeinstance.yaml", &[], &["wrong-kind", "insecure-tls", "opaque-token"]);
}

#[test]
fn the_values_of_a_view_cluster() {
    found("tap-values.yaml", &[], &["insecure-tls", "opaque-token"]);
}

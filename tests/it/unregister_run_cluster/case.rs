//! One registration that is to go, and what is left of it.

use serde_json::Value;

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, RUN, Tapmc},
};

/// The command line of the removal, without consent.
pub fn ask(case: &Case) -> Tapmc {
    Tapmc::new(["unregister-run-cluster", &case.name, "--context", BUILD])
}

/// With consent.
pub fn unregister(case: &Case) -> Tapmc {
    ask(case).args(["--yes"])
}

/// By the run side's own record.
pub fn by_run_side(case: &Case) -> Tapmc {
    unregister(case).args(["--run-context", &case.run])
}

/// Every object that carries the label of the registration, on both clusters, of every kind that they
/// serve.
pub fn left(case: &Case) -> Vec<String> {
    [BUILD, case.run.as_str()].iter().flat_map(|cluster| labelled(cluster, &case.name)).collect()
}

/// Every object of a cluster with that registration's label.
pub fn labelled(cluster: &str, name: &str) -> Vec<String> {
    let kubectl = Kubectl::on(cluster);
    let kinds = kubectl.run(&["api-resources", "--verbs=list", "-o", "name"]);
    let kinds = kinds.split_whitespace().filter(|kind| !kind.starts_with("componentstatuses")).collect::<Vec<_>>();
    for secret in ["secrets", "serviceaccounts", "namespaces", "configmaps", "roles.rbac.authorization.k8s.io"] {
        assert!(kinds.contains(&secret), "{kinds:?}");
    }
    let found = kubectl.run(&[
        "get",
        &kinds.join(","),
        "-A",
        "-o",
        "json",
        "-l",
        &format!("kubectl-tapmc/registration={name}"),
    ]);
    let found: Value = serde_json::from_str(&found).unwrap();
    let shown = |object: &Value| format!("{cluster}: {} {}", object["kind"], object["metadata"]["name"]);
    found["items"].as_array().unwrap().iter().map(shown).collect()
}

/// A registration on the usual run cluster, made.
pub fn registered(stem: &str, args: &[&str]) -> Case {
    let case = Case::on(stem, RUN);
    case.register().args(args).succeeds();
    case
}

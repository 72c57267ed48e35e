//! Several registrations at once: all are shown first, and a failing one does not stop the others.

use super::case::{left, registered, unregister};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, RUN, Tapmc},
};

fn together(cases: &[&Case]) -> Tapmc {
    Tapmc::new(["unregister-run-cluster", "--context", BUILD, "--yes"]).args(cases.iter().map(|case| &case.name))
}

#[test]
fn a_failing_one_does_not_stop_the_others() {
    let (first, second, third) = (registered("first", &[]), registered("second", &[]), registered("third", &[]));
    let secret = format!("{}-kubeconfig", second.name);
    Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, "kubectl-tapmc/run-cluster-uid=other"]);
    let output = together(&[&first, &second, &third]).fails(
        3,
        &[
            &format!("unregister {}\n", first.name),
            &format!("unregister {}\n", third.name),
            "is of the cluster other",
            "1 of 3 registrations could not be removed",
        ],
    );
    assert!(output.stderr.find("unregister third").unwrap() < output.stderr.find("is unregistered from").unwrap());
    for case in [&first, &third] {
        assert_eq!(left(case), Vec::<String>::new());
    }
    assert_eq!(left(&second).len(), 6);
}

#[test]
fn an_unknown_name_stops_all_of_them() {
    let case = registered("known", &[]);
    let typed = case.name.replace("known", "knowm");
    let unknown = Case { name: typed, apps: String::new(), run: RUN.to_owned() };
    together(&[&case, &unknown]).fails(2, &[&format!("did you mean '{}'?", case.name)]);
    assert_eq!(left(&case).len(), 6);
    unregister(&case).succeeds();
}

#[test]
fn all_of_a_namespace() {
    let cases = [Case::new("every"), Case::new("every")];
    let team = format!("{}-team", cases[0].name);
    for case in &cases {
        case.register().args(["-n", &team, "--create-namespace"]).succeeds();
    }
    let all = || Tapmc::new(["unregister-run-cluster", "--all", "-n", &team, "--context", BUILD, "--yes"]);
    all().args(["--run-context", RUN]).fails(2, &["--run-context names the run cluster of one registration"]);
    let output = all().args(["-o", "wide"]).succeeds();
    assert!(output.stdout.starts_with("CLUSTER   NAMESPACE"), "{}", output.stdout);
    for case in &cases {
        assert_eq!(left(case), Vec::<String>::new());
    }
    let nothing = all().args(["-o", "json"]).succeeds().json();
    assert_eq!(nothing["items"], serde_json::json!([]));
}

//! Ctrl-C at each step: what was done is told, and running it again completes it.

use hyper::Method;

use super::{
    case::{Case, LABEL},
    faults::through,
};
use crate::support::{BUILD, BUILD_TWO, Proxy, kubeconfig::started};

/// A template, its chain, and a Workload, which is written when the chain is Ready.
fn all(case: &Case) {
    let workload = case.workload("a: b");
    case.file("all.yaml", &format!("{}---\n{}---\n{workload}", case.chain(&["-one"]), case.template("-one", "x")));
}

#[test]
fn at_each_step() {
    let Some(build) = started(BUILD) else { return };
    // A request that is never answered, how many such are, and what was done before.
    for (step, method, piece, spared, done) in [
        ("observe", Method::GET, "/clustertemplates/", 0, 0),
        ("check", Method::POST, "/clustertemplates?&dryRun", 0, 0),
        ("backup", Method::POST, "/configmaps?&fieldManager", 0, 0),
        ("template", Method::POST, "/clustertemplates?&fieldManager", 0, 1),
        ("chain", Method::POST, "/clustersupplychains?&fieldManager", 0, 2),
        ("wait", Method::GET, "/clustersupplychains/", 1, 3),
        ("workload", Method::POST, "/workloads?&fieldManager", 0, 3),
        ("note", Method::PATCH, "/configmaps/", 0, 4),
    ] {
        let case = Case::new(&format!("int-{step}"));
        all(&case);
        let proxy = Proxy::before(build);
        proxy.hang(&method, piece, spared);
        let (_file, command) = through(&proxy, &case);
        let output = command.interrupted_when(step, || proxy.is_hanging());
        assert_eq!(output.stdout, "", "{step}");
        let name = &case.name;
        let objects = [
            "configmap/tapmc-backup-".to_owned(),
            format!("clustertemplate.carto.run/{name}-one created"),
            format!("clustersupplychain.carto.run/{name} created"),
            format!("workload.carto.run/{name} -n {name} created"),
        ];
        for (number, object) in objects.iter().enumerate() {
            assert_eq!(output.stderr.contains(&format!("  build  {object}")), number < done, "{step}: {output:?}");
        }
        let is_told = output.stderr.contains("running the command again completes or repairs it");
        assert_eq!(is_told, done > 0, "{step}: {output:?}");
        case.apply().args(["--yes"]).succeeds();
        assert!(!case.get("clustertemplates.carto.run", "-one").is_null(), "{step}");
        assert!(!case.chain_object().is_null(), "{step}");
        assert!(case.kubectl().get(&["workloads.carto.run", name, "-n", name]).is_some(), "{step}");
    }
}

#[test]
fn what_a_run_could_not_note_is_undone_by_what_was_intended() {
    let Some(_) = started(BUILD_TWO) else { return };
    let case = Case::on(BUILD_TWO, "ctrl-c");
    let selector = format!("{LABEL}: {}", case.name);
    let chain = case.chain_named("", &selector, &["-one"]);
    case.file("all.yaml", &format!("{chain}---\n{}", case.template("-one", "a")));
    // It is written and answered before it is looked at for the first time.
    let is_written = || !case.chain_object().is_null();
    let output = case.apply().args(["--yes"]).interrupted_when("the chain is written", is_written);
    let undo =
        format!("(undo: kubectl tapmc undo-supply-chain {} -n {} --context build-two)", case.backup(), case.name);
    assert!(output.stderr.contains("done before that:\n") && output.stderr.contains(&undo), "{output:?}");
    case.undo().args(["--last", "--yes", "--no-wait"]).succeeds();
    assert!(case.chain_object().is_null() && case.get("clustertemplates.carto.run", "-one").is_null());
}

//! How much can be seen: names, namespaces, rights, APIs, requests.

use serde_json::json;

use super::{followed, item};
use crate::support::{
    BUILD, Fault, KubeconfigFile, Kubectl, Proxy, RUN, RUN_CAPPED, Tap, Tapmc,
    carvel::workload,
    kubeconfig::{started, token},
    unique,
};
use hyper::Method;

#[test]
fn one_workload_by_its_name() {
    let tap = Tap::installed("named");
    let (other, namespace) = (unique("other"), &tap.namespace);
    tap.apply(&[workload(namespace, "demo", &tap.labels()), workload(namespace, &other, &tap.labels())]);
    let status = |args: &[&str]| Tapmc::new(["supply-chain-status", "--context", BUILD]).args(args);
    let names = |args: &[&str]| {
        let report = status(&[args, &["-o", "json"]].concat()).succeeds().json();
        report["workloads"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[&other]), [json!(other)]);
    assert_eq!(names(&["-n", namespace, "demo"]), [json!("demo")]);
    assert_eq!(names(&["-A", &format!("{namespace}/{other}")]), [json!(other)]);
    let wrong = format!("{other}x");
    status(&["-n", namespace, &wrong]).fails(
        2,
        &[
            &format!("there is no Workload '{wrong}' in the namespace '{namespace}' on the build cluster"),
            &format!("hint: did you mean '{namespace}/{other}'?"),
        ],
    );
    status(&[&format!("default/{other}")]).fails(2, &[&format!("hint: did you mean '{namespace}/{other}'?")]);
    status(&["a/b/c"]).fails(2, &["'a/b/c' names no Workload", "hint: write NAME, or NAMESPACE/NAME"]);
    status(&["-A", "-n", "x"]).fails(2, &["cannot be used with"]);
    let empty = unique("none");
    let output = status(&["-n", &empty]).succeeds();
    assert!(output.stderr.contains(&format!("there are no Workloads in the namespace '{empty}'")), "{}", output.stderr);
}

#[test]
fn who_may_see_one_namespace_sees_that_and_is_told() {
    let tap = Tap::installed("limited");
    followed(&tap, "demo");
    let (namespace, user) = (tap.namespace.as_str(), unique("developer"));
    let kubectl = Kubectl::on(BUILD);
    kubectl.run(&["create", "role", "seer", "-n", namespace, "--verb=get,list", "--resource=workloads.carto.run"]);
    kubectl.run(&["create", "rolebinding", "seer", "-n", namespace, "--role=seer", &format!("--user={user}")]);
    let status = |args: &[&str]| Tapmc::new(["supply-chain-status", "--context", BUILD, "--as", &user]).args(args);
    let output = status(&["-n", namespace, "-o", "json"]).succeeds();
    let one = item(&output.json()["workloads"], "name", "demo");
    // The chains are hidden: the Workload's own status says which it follows.
    assert_eq!((&one["selection"], &one["followed"]), (&json!("unknown"), &json!(tap.chain)));
    assert_eq!(
        (&one["stamped"][0]["state"], &one["stamped"][0]["note"]),
        (&json!("hidden"), &json!("not allowed to look"))
    );
    for piece in [
        &format!(
            "you may not list workloads.carto.run in all namespaces on the build cluster (context 'build'): only those in '{namespace}' are seen"
        ),
        "clustersupplychains.carto.run, ",
    ] {
        assert!(output.stderr.contains(piece), "'{piece}' is missing in:\n{}", output.stderr);
    }
    assert!(status(&["-n", namespace]).succeeds().stdout.contains("not allowed to look"));
    status(&["-n", namespace, "-A"]).fails(2, &["cannot be used with"]);
    status(&["-A"]).fails(5, &["listing workloads.carto.run", "failed on the build cluster"]);
    status(&[]).fails(5, &["failed on the build cluster (context 'build')", "hint: ask a cluster administrator"]);
}

#[test]
fn apis_that_are_missing() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    Tapmc::new(["supply-chain-status", "--context", RUN_CAPPED]).fails(
        1,
        &[
            "the build cluster (context 'run-capped') serves neither PackageInstalls and Apps",
            "nor supply chains and Workloads (carto.run)",
            "hint: is 'run-capped' the build cluster?",
        ],
    );
    Tapmc::new(["supply-chain-status", "--context", RUN_CAPPED, "demo"]).fails(1, &["serves no Workloads (carto.run)"]);
    // Cartographer without TAP.
    let output = Tapmc::new(["supply-chain-status", "--context", RUN, "-o", "json"]).succeeds();
    assert!(
        output.stderr.contains("note: the build cluster (context 'run-a') serves no PackageInstalls"),
        "{}",
        output.stderr
    );
    assert_eq!(output.json()["paused"], json!([]));
}

#[test]
fn a_handful_of_requests_in_two_round_trips() {
    let Some(build) = started(BUILD) else { return };
    let tap = Tap::installed("requests");
    followed(&tap, "demo");
    let proxy = Proxy::before(build);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    let name = format!("{}/demo", tap.namespace);
    Tapmc::new(["supply-chain-status", "--context", BUILD, &name]).kubeconfig(&file.path).succeeds();
    let requests = proxy.requests();
    // The API groups; seven lists of Cartographer's, three of Carvel's, Flux's; kapp's records
    // while an App of another test is new; the Workload's three stamped objects.
    assert!(requests.len() <= 1 + 7 + 3 + 3 + 1 + 3, "{requests:#?}");
    assert!(requests.iter().all(|request| request.starts_with("GET ")), "{requests:#?}");
    assert_eq!(requests.iter().filter(|request| request.contains("/configmaps/demo-")).count(), 3, "{requests:#?}");
}

#[test]
fn a_list_that_fails_is_no_empty_list() {
    let Some(build) = started(BUILD) else { return };
    let proxy = Proxy::before(build);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    proxy.fault(Method::GET, "/workloads", Fault::Garbage, 1);
    Tapmc::new(["supply-chain-status", "--context", BUILD])
        .kubeconfig(&file.path)
        .fails(1, &["listing workloads.carto.run failed", "answered with something that cannot be read"]);
}

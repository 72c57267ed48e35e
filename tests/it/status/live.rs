//! The look at run clusters: how it finds its way, what it costs, and whom it waits for.

use std::time::{Duration, Instant};

use hyper::Method;

use super::case::{Set, words};
use crate::support::{
    BUILD_TWO, Fault, KubeconfigFile, Proxy, RUN, Tapmc,
    kubeconfig::{started, token},
};

#[test]
fn all_that_is_well_is_ready() {
    let Some(set) = Set::started() else { return };
    let one = set.register("ready");
    let output = set.status().args(["--exit-code"]).succeeds();
    let lines: Vec<Vec<&str>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let headers =
        ["NAME", "RUN-CLUSTER", "RUN-NAMESPACES", "PROFILES", "STATE", "EXPIRES", "AGE", "GENERATION", "READERS"];
    assert_eq!(lines[0], headers);
    assert_eq!((lines[1][0], lines[1][4], lines[1][8], lines[1][9]), (one.name.as_str(), "ready", "1", "0"));
    assert_eq!((lines.len(), output.stderr.as_str()), (2, ""));
    let report = set.report();
    let item = one.of(&report);
    assert_eq!(
        (&item["severity"], &item["live"]["tokenAccepted"], &item["live"]["reachable"]),
        (&"fine".into(), &true.into(), &true.into())
    );
    assert_eq!(item["live"]["runContext"], RUN);
    assert_eq!(item["live"]["runClusterUid"], item["runClusterUid"]);
}

#[test]
fn a_bounded_number_of_requests() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let (before_build, before_run) = (Proxy::before(build), Proxy::before(run));
    let set = Set::new(build, run).through("counted", &before_run, run);
    set.register_on("count", "counted", &[]);
    set.register_on("count", "counted", &[]);
    let registered = before_run.requests().len();
    let file = KubeconfigFile::new().context(BUILD_TWO, &before_build.cluster(), &token(build), "").context(
        "counted",
        &before_run.cluster(),
        &token(run),
        "",
    );
    set.status().kubeconfig(&file.path).arg("--exit-code").succeeds();
    // The list, kube-system, five for the readers, and each Secret.
    let asked = before_build.requests();
    assert_eq!(asked.len(), 7 + 2, "{asked:?}");
    assert_eq!(asked.iter().filter(|request| request.contains("/secrets/")).count(), 2, "{asked:?}");
    // For each: kube-system, ServiceAccount and marker; and a review of its one run namespace.
    let asked = before_run.requests().split_off(registered);
    assert_eq!(asked.len(), 2 * 4, "{asked:?}");
}

#[test]
fn without_a_context_the_stored_token_still_tells() {
    let (Some(set), Some(build)) = (Set::started(), started(BUILD_TWO)) else { return };
    let one = set.register("nocontext");
    let file = KubeconfigFile::new().plain(BUILD_TWO, build);
    let output = set.status().kubeconfig(&file.path).succeeds();
    assert!(output.stdout.lines().nth(1).unwrap().contains(" ready "), "{}", output.stdout);
    let hint =
        format!("kubectl tapmc status {} --context {BUILD_TWO} -n {} --run-context CONTEXT", one.name, set.namespace);
    assert!(
        output.stderr.contains("no context of the kubeconfig leads to the run cluster")
            && output.stderr.contains(&hint),
        "{}",
        output.stderr
    );
}

#[test]
fn a_context_that_is_named() {
    let (Some(set), Some(run)) = (Set::started(), started(RUN)) else { return };
    let proxy = Proxy::before(run);
    let set = set.through("renamed", &proxy, run);
    let one = set.register("named");
    let report = set.status().args([&one.name, "--run-context", "renamed", "-o", "json"]).succeeds().json();
    assert_eq!(
        (&one.of(&report)["state"], &one.of(&report)["live"]["runContext"]),
        (&"ready".into(), &"renamed".into())
    );
    set.register("named");
    set.status().args(["--run-context", "renamed"]).fails(
        2,
        &[
            "--run-context names the way to one run cluster, and 2 registrations are shown",
            "hint: name the registration",
        ],
    );
}

#[test]
fn a_slow_cluster_delays_nobody_beyond_the_limit() {
    let (Some(set), Some(run)) = (Set::started(), started(RUN)) else { return };
    let slow = Proxy::before(run);
    let set = set.through("slow", &slow, run);
    let (fine, hangs) = (set.register("fine"), set.register_on("hangs", "slow", &[]));
    slow.fault(Method::GET, "/", Fault::Hang, 1_000);
    slow.fault(Method::POST, "/", Fault::Hang, 1_000);
    let begun = Instant::now();
    let report = set.status().args(["-o", "json", "--timeout", "2s"]).succeeds().json();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(one_word(&report, &hangs.name), "unreachable");
    assert_eq!(one_word(&report, &fine.name), "ready");
}

fn one_word(report: &serde_json::Value, name: &str) -> String {
    let item = report["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap();
    item["state"].as_str().unwrap().to_owned()
}

#[test]
fn who_may_not_look_is_told_so() {
    let (Some(set), Some(run)) = (Set::started(), started(RUN)) else { return };
    let one = set.register("nobody");
    let report = set.status().args(["--run-as", "nobody", "-o", "json"]).succeeds().json();
    let item = one.of(&report);
    assert_eq!(words(item), ["not-seen", "not-seen", "not-seen"], "{item}");
    assert_eq!((&item["state"], &item["live"]["tokenAccepted"]), (&"ready".into(), &true.into()));
    let file = KubeconfigFile::new().plain(BUILD_TWO, started(BUILD_TWO).unwrap()).context(
        RUN,
        &crate::support::kubeconfig::inline(&run.server, run),
        "token: wrong",
        "",
    );
    let report = set.status().args(["-o", "json"]).kubeconfig(&file.path).succeeds().json();
    assert_eq!(words(one.of(&report)), ["not-seen", "not-seen"]);
    assert!(report["notes"].to_string().contains("refuses the credentials of the kubeconfig"), "{report}");
    let found = Tapmc::new(["status", "--context", BUILD_TWO, "-n", &set.namespace, "--as", "nobody"]);
    found.kubeconfig(&set.file.path).fails(5, &["listing the kubeconfig Secrets in the namespace"]);
}

//! The schedule printed, applied, changed and taken back.

use super::case::Renewed;
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Fault, Kubectl, RUN, Tapmc, unique},
};

#[test]
fn what_is_applied_is_told_and_a_second_time_nothing_changes() {
    let renewed = Renewed::registered(Case::new("apply"));
    let output = renewed.apply().succeeds();
    let text = &output.stderr;
    assert!(
        text.contains("renewal: a new kubeconfig that can issue such tokens and nothing else (the first one)"),
        "{text}"
    );
    assert!(text.contains(&format!("a CronJob in the namespace {} renews it", renewed.locked)), "{text}");
    assert!(output.stdout.contains("cronjob.batch/renew-"), "{}", output.stdout);
    let versions = renewed.case.versions();
    let again = renewed.apply().succeeds();
    assert!(again.stderr.contains("no changes"), "{}", again.stderr);
    assert_eq!(renewed.case.versions(), versions);
    // Neither does who registers again forget it.
    renewed.case.again().succeeds();
    assert_eq!(renewed.case.versions(), versions);
}

#[test]
fn the_api_server_finds_the_pod_without_privileges_and_the_schedule_often_enough() {
    let Some(renewed) = Renewed::new("pod") else { return };
    let job = renewed.only("cronjobs");
    let spec = &job["spec"];
    assert_eq!(
        (&spec["concurrencyPolicy"], spec["schedule"].as_str().unwrap().ends_with(" * * * *")),
        (&"Forbid".into(), true)
    );
    // The namespace takes restricted Pods only, and takes this one.
    let mut pod = spec["jobTemplate"]["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"] = serde_json::json!({"name": "try", "namespace": renewed.locked});
    Kubectl::on(BUILD).apply(&pod.to_string());
    pod["metadata"]["name"] = "bad".into();
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
    let bad = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bad.path(), pod.to_string()).unwrap();
    let refused = Kubectl::on(BUILD).try_run(&["apply", "-f", bad.path().to_str().unwrap()]).unwrap_err();
    assert!(refused.contains("violates PodSecurity"), "{refused}");
}

#[test]
fn without_apply_it_is_printed_and_nothing_is_there() {
    let renewed = Renewed::registered(Case::new("print"));
    let versions = renewed.case.versions();
    let output = renewed.schedule().succeeds();
    for kind in ["Namespace", "ServiceAccount", "Role", "RoleBinding", "CronJob"] {
        assert!(output.stdout.contains(&format!("\nkind: {kind}\n")), "{}", output.stdout);
    }
    assert!(!output.stdout.contains("kind: Secret"), "{}", output.stdout);
    assert!(output.stderr.contains("made by --apply"), "{}", output.stderr);
    assert_eq!(renewed.case.versions(), versions);
    assert!(Kubectl::on(BUILD).get(&["namespace", &renewed.locked]).is_none());
    let list = renewed
        .schedule()
        .args(["-o", "json", "--image", "registry.example.com/x:1", "--schedule", "@hourly"])
        .succeeds();
    let list = list.json();
    let job = list["items"].as_array().unwrap().iter().find(|item| item["kind"] == "CronJob").unwrap();
    assert_eq!(job["spec"]["schedule"], "@hourly");
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.example.com/x:1");
}

#[test]
fn a_dry_run_changes_nothing() {
    let renewed = Renewed::registered(Case::new("dry"));
    let versions = renewed.case.versions();
    for how in ["--dry-run", "--dry-run=server"] {
        let output = renewed.schedule().args(["--apply", how]).succeeds();
        assert!(output.stdout.contains("(dry run)"), "{}", output.stdout);
    }
    renewed.schedule().arg("--apply").fails(2, &["--yes"]);
    assert_eq!(renewed.case.versions(), versions);
    assert!(Kubectl::on(BUILD).get(&["namespace", &renewed.locked]).is_none());
}

#[test]
fn registering_with_renew_schedules_at_once_with_tokens_of_a_day() {
    let case = Case::new("renew");
    let dry = case.register().args(["--renew", "--dry-run"]).succeeds();
    assert!(dry.stderr.contains("the rotation schedule follows"), "{}", dry.stderr);
    let report = case.register().args(["--renew", "-o", "json"]).succeeds().json();
    assert_eq!((&report["token"]["issued"], &report["token"]["requestedSeconds"]), (&true.into(), &86_400.into()));
    assert_eq!(report["renewal"]["namespace"], "tapmc-renewal");
    let changed = report["changes"].to_string();
    assert!(changed.contains("kubeconfig\"") && changed.contains("cronjob.batch/renew-renew-"), "{changed}");
    let versions = case.versions();
    case.again().arg("--renew").succeeds();
    assert_eq!(case.versions(), versions);
    case.register().args(["--renew", "--service-account", "a/b"]).fails(2, &["cannot be used with"]);
}

#[test]
fn registrations_of_one_name_do_not_meet() {
    let (name, namespaces) = (unique("same"), [unique("team"), unique("team")]);
    let locked = unique("locked");
    for (namespace, run) in namespaces.iter().zip([RUN, "run-capped"]) {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", run, "--yes", "--name", &name])
            .args(["-n", namespace, "--run-namespace", namespace, "--create-namespace", "--allow-loopback-server"])
            .succeeds();
        Tapmc::new(["rotation-schedule", &name, "-n", namespace, "--context", BUILD, "--apply", "--yes"])
            .args(["--renewal-namespace", &locked])
            .succeeds();
    }
    let jobs = Kubectl::on(BUILD).get(&["cronjobs", "-n", &locked]).unwrap();
    let schedules: Vec<&str> =
        jobs["items"].as_array().unwrap().iter().map(|job| job["spec"]["schedule"].as_str().unwrap()).collect();
    assert_eq!(schedules.len(), 2);
    // An hour is what the second run cluster grants.
    assert!(schedules.iter().any(|schedule| schedule.ends_with("-59/6 * * * *")), "{schedules:?}");
}

#[test]
fn an_object_of_somebody_else_is_left_alone() {
    let renewed = Renewed::registered(Case::new("theirs"));
    Kubectl::on(BUILD).namespace(&renewed.locked);
    renewed.apply().fails(4, &["namespace/", "was not made by this plugin", "--renewal-namespace"]);
    assert_eq!(renewed.case.annotation("renewal"), "");
}

#[test]
fn who_may_make_no_namespaces_changes_a_schedule_in_one_that_is_there() {
    let Some(proxied) = crate::register_run_cluster::case::Proxied::new("nonamespaces") else { return };
    let renewed = Renewed { locked: unique("locked"), case: proxied.case };
    renewed.case.register().kubeconfig(&proxied.file.path).succeeds();
    renewed.apply().kubeconfig(&proxied.file.path).succeeds();
    proxied.build.fault(hyper::Method::POST, "/api/v1/namespaces?", Fault::Answer(403), 9);
    let output = renewed.apply().args(["--schedule", "7 * * * *"]).kubeconfig(&proxied.file.path).succeeds();
    assert!(output.stdout.contains(&format!("namespace/{} unchanged", renewed.locked)), "{}", output.stdout);
    assert_eq!(renewed.only("cronjobs")["spec"]["schedule"], "7 * * * *");
}

#[test]
fn without_admission_policies_it_says_what_stays_open() {
    let Some(proxied) = crate::register_run_cluster::case::Proxied::new("oldcluster") else { return };
    let renewed = Renewed { locked: unique("locked"), case: proxied.case };
    renewed.case.register().kubeconfig(&proxied.file.path).succeeds();
    proxied.run.fault(hyper::Method::GET, "/version", Fault::Json(r#"{"major":"1","minor":"29","gitVersion":"v1.29.0","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#), 9);
    let output = renewed.apply().kubeconfig(&proxied.file.path).succeeds();
    assert!(output.stderr.contains("serves no ValidatingAdmissionPolicy"), "{}", output.stderr);
    assert!(!output.stdout.contains("validatingadmissionpolicy"), "{}", output.stdout);
}

#[test]
fn one_job_for_all_is_not_made_for_a_part_of_them() {
    Tapmc::new([
        "rotation-schedule",
        "--all",
        "--context",
        BUILD,
        "--run-context",
        "run-*",
        "--shards",
        "1",
        "--apply",
        "--yes",
    ])
    .fails(2, &["--shards has one CronJob for all registrations", "leave --run-context out"]);
}

#[test]
fn a_pattern_schedules_those_to_which_a_matching_context_leads() {
    crate::register_run_cluster::fleet::chooses_by_pattern("sched", &["rotation-schedule", "--all"]);
}

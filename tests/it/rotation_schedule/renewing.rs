//! What the CronJob's Pod runs.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::case::{Pod, Renewed};
use crate::{
    register_run_cluster::case::{Case, Proxied, with_kubeconfig},
    support::{
        BUILD, Fault, KubeconfigFile, Kubectl, Proxy, Tapmc,
        kubeconfig::{started, token},
        unique,
    },
};

const AT_ONCE: [&str; 2] = ["--if-expiring-within", "30d"];

#[test]
fn the_pods_own_command_keeps_what_is_young_and_renews_what_is_not() {
    let Some(renewed) = Renewed::new("cron") else { return };
    let case = &renewed.case;
    let (before, own, marker) = (case.kubeconfig(), renewed.renewal_kubeconfig(), case.annotation("marker"));
    assert_eq!(renewed.container()["command"], serde_json::json!(["/kubectl-tapmc"]));
    let output = renewed.pod().command().succeeds();
    assert!(output.stdout.contains(" kept "), "{}", output.stdout);
    assert_eq!((case.kubeconfig(), renewed.renewal_kubeconfig()), (before.clone(), own.clone()));

    let output = renewed.pod().command().args(AT_ONCE).succeeds();
    assert!(output.stdout.contains(" renewed "), "{}", output.stdout);
    assert_ne!(case.kubeconfig(), before);
    assert_ne!(renewed.renewal_kubeconfig(), own);
    // The generation is the same, and what registering would do is nothing.
    assert_eq!((case.annotation("marker"), case.annotation("generation").as_str()), (marker.clone(), "1"));
    assert_eq!(case.markers(), [marker]);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    with_kubeconfig(&before, &["get", "configmaps", "-n", &case.apps]).unwrap();
    assert!(renewed.apply().succeeds().stderr.contains("no changes"));
    // What is stored is what is recorded.
    Tapmc::new(["verify", &case.name, "--context", BUILD]).succeeds();
    let status = Tapmc::new(["status", &case.name, "--context", BUILD, "-o", "json"]).succeeds().json();
    assert_eq!(status["items"][0]["state"], "ready", "{status}");
    // And so it goes on.
    renewed.pod().command().args(AT_ONCE).succeeds();
}

#[test]
fn a_token_is_renewed_when_a_third_of_its_life_is_over_by_the_run_clusters_clock() {
    let Some(Proxied { case, run, file, build: _build }) = Proxied::new("third") else { return };
    let renewed = Renewed { case, locked: unique("locked") };
    renewed.case.register().kubeconfig(&file.path).args(["--duration", "24h"]).succeeds();
    renewed.apply().kubeconfig(&file.path).succeeds();
    let before = renewed.case.kubeconfig();
    run.set_clock_ahead(7 * 3_600 + 3_000);
    assert!(renewed.pod().command().succeeds().stdout.contains(" kept "));
    run.set_clock_ahead(8 * 3_600 + 60);
    assert!(renewed.pod().command().succeeds().stdout.contains(" renewed "));
    assert_ne!(renewed.case.kubeconfig(), before);
    renewed.case.as_reader(&["get", "configmaps", "-n", &renewed.case.apps]).unwrap();
}

#[test]
fn a_failure_leaves_an_event_and_the_token_that_works() {
    let Some(renewed) = Renewed::new("event") else { return };
    let case = &renewed.case;
    let before = case.kubeconfig();
    case.run().run(&["delete", "serviceaccount", "renewal", "-n", &case.account_namespace()]);
    crate::support::eventually("the renewal token is refused", || {
        renewed.thief(&["get", "--raw", "/version"]).is_err()
    });
    renewed.pod().command().args(AT_ONCE).fails(5, &["refuses the renewal kubeconfig", "rotation-schedule"]);
    let secret = renewed.only("secrets")["metadata"]["name"].as_str().unwrap().to_owned();
    let told = Kubectl::on(BUILD).run(&["events", "-n", &renewed.locked, "--for", &format!("secret/{secret}")]);
    assert!(told.contains("RenewalFailed") && told.contains("refuses the renewal kubeconfig"), "{told}");
    assert_eq!(case.kubeconfig(), before);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    // The repair is the command that it names.
    renewed.apply().succeeds();
    renewed.pod().command().args(AT_ONCE).succeeds();
}

#[test]
fn a_fault_between_the_two_secrets_is_made_up_for_by_the_next_run() {
    let Some(Proxied { case, run, file, build: _build }) = Proxied::new("between") else { return };
    let renewed = Renewed { case, locked: unique("locked") };
    renewed.case.register().kubeconfig(&file.path).succeeds();
    renewed.apply().kubeconfig(&file.path).succeeds();
    let (before, own) = (renewed.case.kubeconfig(), renewed.renewal_kubeconfig());
    run.fault(hyper::Method::POST, "/serviceaccounts/renewal/token", Fault::Answer(403), 1);
    renewed.pod().command().args(AT_ONCE).fails(5, &["the TokenRequest for the ServiceAccount"]);
    assert_ne!(renewed.case.kubeconfig(), before);
    assert_eq!(renewed.renewal_kubeconfig(), own);
    renewed.case.as_reader(&["get", "configmaps", "-n", &renewed.case.apps]).unwrap();
    renewed.pod().command().args(AT_ONCE).succeeds();
    assert_ne!(renewed.renewal_kubeconfig(), own);
}

#[test]
fn a_rotation_that_cannot_store_the_token_leaves_a_renewal_that_works() {
    let Some(Proxied { case, build, run: _run, file }) = Proxied::new("putback") else { return };
    let renewed = Renewed { case, locked: unique("locked") };
    renewed.case.register().kubeconfig(&file.path).succeeds();
    renewed.apply().kubeconfig(&file.path).succeeds();
    let before = renewed.case.kubeconfig();
    let rotate =
        || Tapmc::new(["rotate-token", &renewed.case.name, "--context", BUILD, "--yes"]).kubeconfig(&file.path);
    build.fault(hyper::Method::PATCH, &format!("/secrets/{}-kubeconfig", renewed.case.name), Fault::Answer(409), 1);
    rotate().fails(4, &["run the command again"]);
    assert_eq!((renewed.case.kubeconfig(), renewed.case.markers().len()), (before, 1));
    renewed.pod().command().args(AT_ONCE).succeeds();
    rotate().succeeds();
    renewed.pod().command().args(AT_ONCE).succeeds();
}

#[test]
fn of_two_rotations_that_miss_the_renewal_kubeconfig_the_loser_leaves_no_dead_one() {
    let Some(renewed) = Renewed::new("tworenew") else { return };
    let (Some(facts), Some(run)) = (started(BUILD), started(&renewed.case.run)) else { return };
    let build = Proxy::before(facts);
    let file = KubeconfigFile::new().context(BUILD, &build.cluster(), &token(facts), "").plain(&renewed.case.run, run);
    let secret = renewed.only("secrets")["metadata"]["name"].as_str().unwrap().to_owned();
    Kubectl::on(BUILD).run(&["delete", "secret", &secret, "-n", &renewed.locked]);
    let rotate = |name: &str| Tapmc::new(["rotate-token", name, "--context", BUILD, "--yes", "--grace", "0"]);
    let (winner, path_of_it) = (renewed.case.name.clone(), format!("/namespaces/{}/secrets/{secret}", renewed.locked));
    let (is_first, stored) = (AtomicBool::new(true), Arc::new(Mutex::new(String::new())));
    build.decide(Box::new({
        let (stored, locked) = (Arc::clone(&stored), renewed.locked.clone());
        move |method, path| {
            let is_write = method == hyper::Method::PATCH && path.contains(&path_of_it);
            if is_write && is_first.swap(false, Ordering::Relaxed) {
                rotate(&winner).succeeds();
                let secret = Kubectl::on(BUILD).get(&["secret", &secret, "-n", &locked]).unwrap();
                *stored.lock().unwrap() = secret["data"]["value"].to_string();
            }
            None
        }
    }));
    rotate(&renewed.case.name).kubeconfig(&file.path).fails(4, &["came to be", "run the command again"]);
    assert_eq!(renewed.only("secrets")["data"]["value"].to_string(), *stored.lock().unwrap());
    assert_eq!(renewed.case.markers(), [renewed.case.annotation("marker")]);
    renewed.pod().command().args(AT_ONCE).succeeds();
}

#[test]
fn a_removed_secret_is_not_resurrected_and_a_changed_one_not_believed() {
    let Some(renewed) = Renewed::new("edited") else { return };
    let (case, secret) = (&renewed.case, format!("{}-kubeconfig", renewed.case.name));
    let honest = case.kubeconfig();
    let evil =
        honest.lines().map(|line| if line.contains("server:") { "    server: https://evil.example.com" } else { line });
    let evil = evil.collect::<Vec<_>>().join("\n");
    let patch = serde_json::json!({"stringData": {"value": evil}}).to_string();
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "--type=merge", "-p", &patch]);
    let output =
        renewed.pod().command().args(AT_ONCE).fails(4, &["the address of the kubeconfig", "was changed by somebody"]);
    assert!(!output.stderr.contains("evil.example.com"), "{}", output.stderr);
    Kubectl::on(BUILD).run(&["delete", "secret", &secret]);
    renewed.pod().command().args(AT_ONCE).fails(1, &["does not exist on the build cluster"]);
    assert!(case.secret().is_none());
}

#[test]
fn the_pod_may_read_its_two_secrets_and_nothing_else() {
    let Some(renewed) = Renewed::new("narrow") else { return };
    let name = renewed.only("cronjobs")["metadata"]["name"].as_str().unwrap().to_owned();
    let who = format!("system:serviceaccount:{}:{name}", renewed.locked);
    let may = |verb: &str, what: &str, namespace: &str| {
        Kubectl::on(BUILD).try_run(&["auth", "can-i", verb, what, "-n", namespace, "--as", &who]).is_ok()
    };
    let own = renewed.only("secrets")["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(may("get", &format!("secret/{own}"), &renewed.locked));
    assert!(may("patch", &format!("secret/{}-kubeconfig", renewed.case.name), "default"));
    for (verb, what, namespace) in [
        ("list", "secrets", renewed.locked.as_str()),
        ("list", "secrets", "default"),
        ("get", "secret/other", "default"),
        ("create", "secrets", "default"),
        ("delete", "secrets", "default"),
        ("create", "pods", &renewed.locked),
    ] {
        assert!(!may(verb, what, namespace), "{verb} {what} in {namespace}");
    }
}

#[test]
fn a_fleet_is_renewed_by_the_parts_of_one_job() {
    let Some(first) = Renewed::new("part") else { return };
    let namespace = unique("fleet");
    let names: Vec<String> = (0..2).map(|_| unique("member")).collect();
    for name in &names {
        Tapmc::new([
            "register-run-cluster",
            "--build-context",
            BUILD,
            "--run-context",
            "run-a",
            "--yes",
            "--name",
            name,
        ])
        .args(["-n", &namespace, "--run-namespace", &namespace, "--create-namespace", "--allow-loopback-server"])
        .succeeds();
    }
    let locked = unique("locked");
    Tapmc::new([
        "rotation-schedule",
        "--all",
        "-n",
        &namespace,
        "--context",
        BUILD,
        "--apply",
        "--yes",
        "--shards",
        "2",
    ])
    .args(["--renewal-namespace", &locked, "--jitter", "0"])
    .succeeds();
    let job = Kubectl::on(BUILD).get(&["cronjob", "renew-all", "-n", &locked]).unwrap();
    let args = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"].clone();
    let args: Vec<String> = serde_json::from_value(args).unwrap();
    let renewed: Vec<String> = (0..2)
        .flat_map(|index| {
            // As the kubelet fills it in.
            let args = args.iter().map(|arg| arg.replace("$(JOB_COMPLETION_INDEX)", &format!("{index}"))).collect();
            let output = Pod::new(&locked, "renew-all", args).command().args(AT_ONCE).args(["-o", "json"]).succeeds();
            let items = output.json()["items"].as_array().unwrap().clone();
            assert_eq!(items.len(), 1, "{items:?}");
            items.into_iter().map(|item| item["name"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(renewed.iter().collect::<std::collections::BTreeSet<_>>(), names.iter().collect());
    // One of another namespace is none of theirs.
    assert!(!renewed.contains(&first.case.name));
}

#[test]
fn the_image_holds_what_the_pod_runs() {
    use kubectl_tapmc::registration::renewal::pod::{PROGRAM, USER};
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Containerfile")).unwrap();
    for line in
        ["FROM scratch".to_owned(), format!("COPY --chmod=0555 kubectl-tapmc {PROGRAM}"), format!("USER {USER}:{USER}")]
    {
        assert!(file.lines().any(|found| found == line), "the Containerfile lacks: {line}");
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let case = Case::new("typed");
    Tapmc::new(["rotate-token", &case.name, "--renewal", "--evict"]).fails(2, &["cannot be used with"]);
    Tapmc::new(["rotate-token", &case.name, "--jitter", "5m"]).fails(2, &["--renewal"]);
    Tapmc::new(["rotation-schedule", "--apply"]).fails(2, &["--all", "NAME"]);
}

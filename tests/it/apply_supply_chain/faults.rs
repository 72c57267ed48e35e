//! Faults at each step: nothing is lost, nothing of somebody else's is overwritten, and the way back
//! is named.

use hyper::Method;
use rexpect::{process::WaitStatus, session::spawn_command};
use serde_json::json;

use super::case::{Case, LABEL};
use crate::support::{
    BUILD, BUILD_TWO, Fault, KubeconfigFile, Proxy, Tapmc, Testbed, eventually,
    kubeconfig::{started, token},
};

/// The case's folder applied through a proxy.
pub(super) fn through(proxy: &Proxy, case: &Case) -> (KubeconfigFile, Tapmc) {
    let cluster = started(case.cluster).unwrap();
    let file = KubeconfigFile::new().context(case.cluster, &proxy.cluster(), &token(cluster), "");
    let command = case.apply().args(["--yes"]).kubeconfig(&file.path);
    (file, command)
}

fn two(case: &Case, data: &str) {
    let selector = format!("{LABEL}: {}\n    version: {data}", case.name);
    case.file(
        "all.yaml",
        &format!("{}---\n{}", case.chain_named("", &selector, &["-one"]), case.template("-one", data)),
    );
}

#[test]
fn a_status_in_between_is_no_conflict() {
    let Some(build) = started(BUILD) else { return };
    let case = Case::new("between");
    two(&case, "a");
    case.apply().args(["--yes"]).succeeds();
    two(&case, "b");
    let proxy = Proxy::before(build);
    proxy.fault(Method::PUT, "/clustersupplychains/", Fault::Answer(409), 1);
    let (_file, command) = through(&proxy, &case);
    command.succeeds();
    assert_eq!(case.chain_object()["spec"]["selector"]["version"], "b");
}

#[test]
fn somebodys_change_in_between_is_never_overwritten() {
    let case = Case::new("meanwhile");
    two(&case, "a");
    case.apply().args(["--yes"]).succeeds();
    two(&case, "b");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(["apply-supply-chain", "--context", case.cluster, "-n", &case.name, "-f", &case.folder()]);
    command.env("KUBECONFIG", &Testbed::get().kubeconfig).env("TERM", "xterm");
    let mut session = spawn_command(command, Some(30_000)).unwrap();
    session.exp_string("Make 2 changes? [y/N]").unwrap();
    let patch = r#"{"spec":{"selector":{"version":"theirs"}}}"#;
    case.kubectl().run(&["patch", "clustersupplychain", &case.name, "--type=merge", "-p", patch]);
    session.send("y").unwrap();
    session.flush().unwrap();
    session.exp_string("somebody changed it meanwhile (spec.selector.version)").unwrap();
    session.exp_string("done before that").unwrap();
    session.exp_string("what was done can be undone: kubectl tapmc undo-supply-chain tapmc-backup-").unwrap();
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait(), Ok(WaitStatus::Exited(_, 4))));
    assert_eq!(case.chain_object()["spec"]["selector"]["version"], "theirs");
}

#[test]
fn a_lost_answer_is_looked_up() {
    let Some(build) = started(BUILD) else { return };
    let case = Case::new("lost");
    two(&case, "a");
    let proxy = Proxy::before(build);
    proxy.fault(Method::POST, "/clustertemplates?&fieldManager", Fault::LoseAnswer, 1);
    proxy.fault(Method::POST, "/configmaps?&fieldManager", Fault::LoseAnswer, 1);
    let (_file, command) = through(&proxy, &case);
    command.succeeds();
    let lost = proxy.requests().iter().filter(|one| one.starts_with("POST") && !one.contains("dryRun")).count();
    assert!(lost >= 3, "{:?}", proxy.requests());
    assert_eq!(case.backups().len(), 1);
}

#[test]
fn a_failure_midway_names_the_way_back_and_it_works() {
    let Some(build) = started(BUILD) else { return };
    let case = Case::new("midway");
    two(&case, "a");
    case.apply().args(["--yes"]).succeeds();
    let backups = case.backups().len();
    two(&case, "b");
    let proxy = Proxy::before(build);
    proxy.fault(Method::PUT, "/clustersupplychains/", Fault::Answer(500), 9);
    let (_file, command) = through(&proxy, &case);
    let output = command.fails(
        1,
        &[
            "replacing ",
            "done before that:",
            "what was done can be undone: kubectl tapmc undo-supply-chain tapmc-backup-",
        ],
    );
    assert!(output.stderr.contains(&format!("clustertemplate.carto.run/{}-one replaced", case.name)), "{output:?}");
    assert_eq!(case.backups().len(), backups + 1);
    assert_eq!(case.chain_object()["spec"]["selector"]["version"], "a");
    let undone = case.undo().args(["--last", "--yes"]).succeeds();
    assert!(undone.stdout.contains(&format!("clustersupplychain.carto.run/{} unchanged", case.name)), "{undone:?}");
    assert!(undone.stdout.contains(&format!("clustertemplate.carto.run/{}-one replaced", case.name)), "{undone:?}");
    assert_eq!(case.get("clustertemplates.carto.run", "-one")["spec"]["template"]["data"]["x"], "a");
}

#[test]
fn a_backup_that_cannot_be_kept_stops_everything() {
    let case = Case::new("backup");
    two(&case, "a");
    case.apply().args(["--yes", "--backup-namespace", "nowhere-at-all"]).fails(
        1,
        &["the backup cannot be kept: nothing was changed", "hint: name another place for it: --backup-namespace"],
    );
    assert!(case.chain_object().is_null());
}

#[test]
fn a_webhook_that_is_down() {
    let case = Case::new("webhook");
    let selector = json!({"matchLabels": {LABEL: case.name}});
    case.kubectl().apply(
        &json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": case.name, "labels": {LABEL: case.name}},
            "webhooks": [{"name": "validator.carto.run", "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "failurePolicy": "Fail", "timeoutSeconds": 1, "objectSelector": selector,
                "clientConfig": {"url": "https://127.0.0.1:1/validate"},
                "rules": [{"apiGroups": ["carto.run"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]}]}]})
        .to_string(),
    );
    two(&case, "a");
    let pieces = [
        "refuses 2 objects: nothing was changed",
        "all.yaml document 1",
        "failed calling webhook",
        "hint: a webhook that must agree does not answer: for carto.run this is Cartographer's controller",
    ];
    let down = || case.apply().args(["--dry-run=server"]).run().code != 0;
    eventually("the webhook is in force", down);
    case.apply().args(["--yes"]).fails(1, &pieces);
    assert!(case.chain_object().is_null() && case.backups().is_empty());
}

#[test]
fn a_chain_that_does_not_become_ready() {
    let Some(_) = started(BUILD_TWO) else { return };
    let case = Case::on(BUILD_TWO, "not-ready");
    two(&case, "a");
    case.apply().args(["--yes", "--wait-timeout", "1"]).fails(
        6,
        &[
            "is not Ready after 1s",
            "hint: ",
            "what was done can be undone: kubectl tapmc undo-supply-chain tapmc-backup-",
        ],
    );
    // A controller that has looked at what the chain becomes.
    let status = json!({"status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "False",
        "reason": "TemplatesNotFound", "message": "did not find the template", "lastTransitionTime": "2024-01-01T00:00:00Z"}]}});
    let patch = status.to_string();
    case.kubectl().run(&[
        "patch",
        "clustersupplychain",
        &case.name,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ]);
    two(&case, "b");
    case.apply().args(["--yes", "--wait-timeout", "1"]).fails(
        1,
        &["but it is not Ready: TemplatesNotFound: did not find the template", "undo-supply-chain tapmc-backup-"],
    );
    assert_eq!(case.chain_object()["spec"]["selector"]["version"], "b");
}

#[test]
fn an_object_that_is_too_large_for_the_backup() {
    let case = Case::new("large");
    let large = case.chain(&[]) + &format!("  params: [{{name: filler, value: {}}}]\n", "x".repeat(1_000_000));
    let file = case.file("in/large.yaml", &large);
    case.kubectl().run(&["create", "-f", file.to_str().unwrap()]);
    case.file("chain.yaml", &case.chain(&[]));
    let sentence = format!("clustersupplychain.carto.run/{} is too large for the backup: 1000", case.name);
    let output = case.apply().args(["--yes"]).fails(1, &[&sentence, "hint: "]);
    assert!(output.stderr.len() < 2_000);
    assert_eq!(case.chain_object()["metadata"]["generation"], 1);
}

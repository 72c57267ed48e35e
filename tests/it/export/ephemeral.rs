//! A credential for one command, which ends with it.

use std::{fs, process::Command};

use super::Exported;
use crate::support::{BUILD, Tapmc, eventually, tapmc::Output};

fn ephemeral(it: &Exported) -> Tapmc {
    Tapmc::new(["export", &it.case.name, "--ephemeral", "--context", BUILD, "--yes", "--"])
}

/// Copies the kubeconfig that the command is given to a file, which outlives it.
fn keeping(it: &Exported, file: &str, then: &str) -> Tapmc {
    ephemeral(it).args(["sh", "-c", &format!("cat \"$KUBECONFIG\" > {file}; {then}")])
}

#[test]
fn a_command_gets_a_kubeconfig_that_ends_with_it() {
    let it = Exported::new("ephemeral");
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let markers = it.case.markers();
    let kubectl = crate::support::Testbed::get().bin.join("kubectl").display().to_string();
    let output =
        keeping(&it, kept.to_str().expect("text"), &format!("{kubectl} get configmaps -o name && printenv KUBECONFIG"))
            .succeeds();
    assert!(output.stdout.contains("configmap/kube-root-ca.crt"), "{}", output.stdout);
    assert!(output.stdout.contains("/proc/"), "it is in no file of a disk: {}", output.stdout);
    assert!(output.stderr.contains("is revoked"), "{}", output.stderr);
    assert_eq!(it.case.markers(), markers, "nothing is left of it");
    let kubeconfig = fs::read_to_string(&kept).expect("what the command was given");
    it.case.await_token_refused(&kubeconfig);
    it.case.as_reader(&["get", "configmaps"]).expect("the registration works on");
}

#[test]
fn its_end_is_the_commands() {
    let it = Exported::new("ends");
    ephemeral(&it).args(["sh", "-c", "exit 9"]).fails(9, &["the command sh ended with 9"]);
    ephemeral(&it).args(["sh", "-c", "kill -KILL $$"]).fails(137, &["ended by the signal 9"]);
    ephemeral(&it).arg("no-such-program-anywhere").fails(2, &["cannot be started"]);
    assert_eq!(it.case.markers().len(), 1, "each of them was revoked");
}

#[test]
fn a_termination_ends_command_and_credential() {
    ends_both("TERM");
}

#[test]
fn so_does_the_end_of_the_terminal() {
    ends_both("HUP");
}

fn ends_both(signal: &str) {
    let it = Exported::new("term");
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let (child, command) = keeping(&it, kept.to_str().expect("text"), "exec sleep 600").spawn();
    eventually("the command runs", || fs::read_to_string(&kept).is_ok_and(|text| text.contains("current-context")));
    // A registration that is repaired meanwhile leaves it alone.
    it.case.again().succeeds();
    assert_eq!(it.case.markers().len(), 2);
    assert!(
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().expect("kill").success()
    );
    let output = Output::of(&command, &child.wait_with_output().expect("it ends"));
    assert_eq!(output.code, 143, "{}", output.stderr);
    assert!(output.stderr.contains("is revoked"), "{}", output.stderr);
    assert_eq!(it.case.markers().len(), 1);
}

#[test]
fn what_one_command_cannot_have() {
    let it = Exported::new("noone");
    Tapmc::new(["export", &it.case.name, "--for", "argocd", "--ephemeral", "--context", BUILD, "--yes", "--", "true"])
        .fails(2, &["a command takes a kubeconfig", "leave --for out"]);
    Tapmc::new(["export", &it.case.name, "--ephemeral", "--context", BUILD]).fails(2, &["<COMMAND>"]);
    ephemeral(&it).args(["true"]).env("KUBECONFIG", "/nonexistent").fails(2, &["/nonexistent"]);
}

//! What is in the way of a pause: other writers, missing rights, no controller, Ctrl-C.

use hyper::Method;
use serde_json::json;

use super::{annotation, is_left_alone, pause};
use crate::support::{
    BUILD, BUILD_TWO, Fault, KubeconfigFile, Proxy, Tap, Tapmc,
    carvel::{CHAIN, TAP, TEMPLATES},
    kubeconfig::{started, token},
    unique,
};

/// The plugin against a proxy before the build cluster.
fn through(proxy: &Proxy, tap: &Tap) -> Tapmc {
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(started(BUILD).unwrap()), "");
    let args = ["pause-supply-chain", "--context", BUILD, "-n", &tap.namespace, "--yes"];
    let command = Tapmc::new(args).kubeconfig(&file.path);
    // The file is read at the start of the command, which outlives this function.
    std::mem::forget(file);
    command
}

#[test]
fn what_changed_meanwhile_is_observed_again() {
    let Some(build) = started(BUILD) else { return };
    let tap = Tap::installed("meanwhile");
    let proxy = Proxy::before(build);
    proxy.fault(Method::PATCH, "/packageinstalls/tap", Fault::Answer(409), 2);
    proxy.fault(Method::PATCH, "/packageinstalls/ootb-templates", Fault::LoseAnswer, 1);
    let output = through(&proxy, &tap).succeeds();
    assert_eq!(output.stdout.matches(" paused\n").count(), 3, "{}", output.stdout);
    let memory = annotation(&tap.install(TEMPLATES), "paused-at");
    assert!(annotation(&tap.install(TAP), "paused-children").contains(&memory));
    for name in [TAP, CHAIN, TEMPLATES] {
        assert!(is_left_alone(&tap, name));
    }
}

#[test]
fn what_was_deleted_meanwhile_is_passed_over() {
    let Some(build) = started(BUILD) else { return };
    let tap = Tap::installed("deleted");
    let proxy = Proxy::before(build);
    proxy.fault(Method::PATCH, "/packageinstalls/ootb-templates", Fault::Answer(404), 1);
    let output = through(&proxy, &tap).succeeds();
    assert!(
        output.stdout.contains("packageinstall.packaging.carvel.dev/ootb-templates not found\n"),
        "{}",
        output.stdout
    );
    assert!(is_left_alone(&tap, TAP) && is_left_alone(&tap, CHAIN));
}

#[test]
fn no_controller_answers_and_the_patch_stands() {
    let Some(tap) = Tap::on(BUILD_TWO, "silent") else { return };
    let output = pause(&tap).args(["--wait-timeout", "1s"]).fails(
        6,
        &[
            "app.kappctrl.k14s.io/tap in the namespace",
            "is not paused in truth after 1s",
            "done before that:\n  build  packageinstall.packaging.carvel.dev/tap",
            "hint: the pause stands and takes effect when the deploy ends or the controller runs again",
        ],
    );
    assert_eq!(output.stdout, "");
    let install = tap.install(TAP);
    assert_eq!(install["spec"]["paused"], true);
    // Nothing below was touched yet, and the root remembers it already.
    assert!(tap.install(CHAIN)["spec"]["paused"].is_null());
    let children = annotation(&install, "paused-children");
    assert!(children.contains(CHAIN) && children.contains(TEMPLATES), "{children}");
}

#[test]
fn ctrl_c_while_it_waits_says_what_was_done() {
    let Some(tap) = Tap::on(BUILD_TWO, "interrupted") else { return };
    let is_patched = || tap.install(TAP)["spec"]["paused"] == true;
    let output = pause(&tap).interrupted_when("the patch is made", is_patched);
    assert!(
        output.stderr.contains("done before that:\n  build  packageinstall.packaging.carvel.dev/tap"),
        "{}",
        output.stderr
    );
}

#[test]
fn who_may_not_patch_changes_nothing() {
    let tap = Tap::installed("reader");
    let user = unique("reader");
    tap.kubectl().apply(
        &json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": user, "namespace": tap.namespace},
             "rules": [{"apiGroups": ["packaging.carvel.dev", "kappctrl.k14s.io"], "resources": ["*"], "verbs": ["get", "list"]},
                       {"apiGroups": ["packaging.carvel.dev"], "resources": ["packageinstalls"], "resourceNames": [TAP], "verbs": ["patch"]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": user, "namespace": tap.namespace},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
             "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]},
        ]})
        .to_string(),
    );
    let output =
        pause(&tap).args(["--as", &user]).fails(5, &["the dry run of patching packageinstall", CHAIN, "forbidden"]);
    assert!(output.stderr.contains("pause    build"), "the plan is shown: {}", output.stderr);
    assert!(tap.install(TAP)["spec"]["paused"].is_null());
    // Who the cluster says that it was.
    let all = pause(&tap).args(["--as", "alice", "--as-group", "system:masters"]).succeeds();
    assert!(!all.stdout.is_empty());
    assert_eq!(annotation(&tap.install(TAP), "paused-by"), "alice");
}

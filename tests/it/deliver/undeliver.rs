//! `undeliver`: readers in the right order, what they leave behind, and what stays.

use hyper::Method;
use serde_json::json;

use super::case::{APPS, GIT_REPOSITORIES, Idle, KUSTOMIZATIONS};
use crate::support::{
    BUILD_TWO, Fault, KubeconfigFile, Proxy, Tapmc, eventually,
    kubeconfig::{started, token},
    tapmc::Output,
};

#[test]
fn the_objects_the_source_and_the_label_go() {
    let Some(it) = Idle::new("ends") else { return };
    it.deliver("flux").args(["--no-wait", "--git-credentials-env", "TOKEN"]).env("TOKEN", "u:p").succeeds();
    let output = it.undeliver(&["app.tap", "--all", "--dry-run"]).succeeds();
    assert!(output.stderr.contains("what it delivered goes with it"), "{}", output.stderr);
    assert_eq!(it.names(KUSTOMIZATIONS).len(), 2);
    let output = it.undeliver(&["app.tap", "--all"]).succeeds();
    let lines: Vec<&str> = output.stdout.lines().collect();
    // Once the readers are gone, a run that was interrupted could not tell for whom the label was.
    assert!(lines[0].ends_with("-kubeconfig unlabeled"), "{lines:?}");
    assert!(lines[1].contains("-packageinstalls deleted") && lines[2].contains("-packages deleted"), "{lines:?}");
    assert_eq!((it.names(KUSTOMIZATIONS), it.names(GIT_REPOSITORIES)), (vec![], vec![]));
    assert_eq!(it.object("secret", "app.tap-gitops-auth"), serde_json::Value::Null);
    let metadata = it.secret()["metadata"].clone();
    assert!(metadata["labels"]["reconcile.fluxcd.io/watch"].is_null(), "{metadata}");
    assert!(metadata["annotations"]["kubectl-tapmc/reader-labels"].is_null(), "{metadata}");
    it.undeliver(&["app.tap", "--all"]).fails(2, &["there is no delivery 'app.tap' here"]);
}

#[test]
fn what_may_not_be_seen_to_be_without_readers_keeps_the_label() {
    let (Some(it), Some(build)) = (Idle::new("unseen"), started(BUILD_TWO)) else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    let proxy = Proxy::before(build);
    let file = KubeconfigFile::new().context(BUILD_TWO, &proxy.cluster(), &token(build), "");
    proxy.fault(Method::GET, "/helmreleases", Fault::Answer(403), 1);
    let output = it.undeliver(&["app.tap", "--all"]).kubeconfig(&file.path).succeeds();
    let told = "you may not list helmreleases.helm.toolkit.fluxcd.io: whether something of Flux still reads the kubeconfig \
                Secrets cannot be seen";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    assert_eq!(it.names(KUSTOMIZATIONS), Vec::<String>::new());
    assert_eq!(it.secret()["metadata"]["labels"]["reconcile.fluxcd.io/watch"], "Enabled");
}

#[test]
fn what_flux_would_leave_behind_is_told() {
    let Some(it) = Idle::new("orphans") else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    let name = it.name("-packages");
    let suspend = ["--type=merge", "-p", r#"{"spec":{"suspend":true}}"#];
    Idle::kubectl().run(&[&["patch", KUSTOMIZATIONS, &name, "-n", &it.namespace], &suspend[..]].concat());
    let inventory = json!({"status": {"inventory": {"entries": [{"id": "apps_settings__ConfigMap", "v": "v1"}]}}});
    Idle::kubectl().run(&[
        "patch",
        KUSTOMIZATIONS,
        &name,
        "-n",
        &it.namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        &inventory.to_string(),
    ]);
    let again = it.deliver("flux").arg("--no-wait").succeeds();
    assert!(again.stderr.contains("is suspended: it delivers nothing until it is resumed"), "{}", again.stderr);
    let told = "leaves behind on its run cluster configmap/settings in 'apps': it is suspended";
    let output = it.undeliver(&["--all", "--dry-run"]).succeeds();
    assert!(output.stderr.contains(told), "{}", output.stderr);
}

#[test]
fn a_reader_that_holds_its_object_is_waited_for() {
    let Some(it) = Idle::new("holds") else { return };
    it.deliver("carvel-app").arg("--no-wait").succeeds();
    let name = it.name("");
    let hold = |finalizers: &str| {
        let patch = format!(r#"{{"metadata":{{"finalizers":{finalizers}}}}}"#);
        Idle::kubectl().run(&["patch", APPS, &name, "-n", &it.namespace, "--type=merge", "-p", &patch]);
    };
    hold(r#"["finalizers.kapp-ctrl.k14s.io/delete"]"#);
    it.undeliver(&["--all", "--wait-timeout", "1s"]).fails(
        6,
        &["a reader is not gone yet", "its finalizer 'finalizers.kapp-ctrl.k14s.io/delete' (kapp-controller)"],
    );
    it.deliver("carvel-app").arg("--no-wait").fails(4, &["is being deleted"]);
    let (child, command) = it.undeliver(&["--all"]).spawn();
    eventually("it waits", || it.object(APPS, &name)["metadata"]["deletionTimestamp"].is_string());
    hold("[]");
    assert_eq!(Output::of(&command, &child.wait_with_output().unwrap()).code, 0);
    assert_eq!(it.names(APPS), Vec::<String>::new());
}

#[test]
fn a_dead_credential_takes_nothing_back() {
    let Some(it) = Idle::new("lost") else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    it.case.run().run(&["delete", "namespace", &it.case.account_namespace()]);
    eventually("the token is refused", || it.undeliver(&["--all", "--dry-run"]).run().code == 5);
    it.undeliver(&["--all"])
        .fails(5, &["its reader could take nothing back; nothing was changed", "rotate-token", "--leave-behind"]);
    assert_eq!(it.names(KUSTOMIZATIONS).len(), 2);
    let output = it.undeliver(&["--run", &it.case.name, "--leave-behind"]).succeeds();
    assert!(output.stderr.contains("--leave-behind asks for that"), "{}", output.stderr);
    assert_eq!(it.names(KUSTOMIZATIONS), Vec::<String>::new());
}

#[test]
fn names_that_are_not_there() {
    let Some(it) = Idle::new("absent") else { return };
    it.deliver("carvel-app").arg("--no-wait").succeeds();
    it.undeliver(&["app.tab", "--all"]).fails(2, &["there is no delivery 'app.tab'", "did you mean 'app.tap'?"]);
    it.undeliver(&["app.tap", "--run", "nowhere"]).fails(2, &["there is no delivery to 'nowhere'"]);
    Tapmc::bare(["undeliver", "app.tap"]).fails(2, &["required arguments were not provided"]);
}

#[test]
fn what_is_delivered_without_the_secret_needs_no_live_token() {
    let Some(it) = Idle::new("secretless") else { return };
    it.deliver("flux").args(["--secretless", "--no-wait"]).succeeds();
    it.case.run().run(&["delete", "namespace", &it.case.account_namespace()]);
    eventually("the token is refused", || {
        Tapmc::new(["verify", &it.case.name, "--context", BUILD_TWO, "-n", &it.namespace]).run().code != 0
    });
    it.undeliver(&["--all"]).succeeds();
    assert_eq!((it.names(KUSTOMIZATIONS), it.config_map()), (vec![], serde_json::Value::Null));
}

#[test]
fn what_is_delivered_without_the_secret_goes_before_its_registration() {
    let Some(it) = Idle::new("keyless") else { return };
    it.deliver("flux").args(["--secretless", "--no-wait"]).succeeds();
    let unregister =
        || Tapmc::new(["unregister-run-cluster", &it.case.name, "--context", BUILD_TWO, "-n", &it.namespace, "--yes"]);
    let packages = it.name("-packages");
    unregister().fails(
        4,
        &["is still delivered to, without the Secret, by ", &format!("kustomization/{packages}"), "--with-readers"],
    );
    assert_eq!(it.names(KUSTOMIZATIONS).len(), 2);
    // What the reader needs to take back what it delivered stays until it is gone.
    let hold = |finalizers: &str| {
        let patch = format!(r#"{{"metadata":{{"finalizers":{finalizers}}}}}"#);
        Idle::kubectl().run(&["patch", KUSTOMIZATIONS, &packages, "-n", &it.namespace, "--type=merge", "-p", &patch]);
    };
    hold(r#"["finalizers.fluxcd.io"]"#);
    unregister()
        .args(["--with-readers", "--wait-timeout", "1s"])
        .fails(6, &["the readers are not gone, so nothing of the credential was removed"]);
    assert_eq!(it.names(KUSTOMIZATIONS), [packages.as_str()]);
    assert!(it.config_map().is_object() && it.secret().is_object());
    assert_eq!(it.names(GIT_REPOSITORIES).len(), 1);
    hold("[]");
    unregister().args(["--with-readers"]).succeeds();
    assert_eq!((it.names(KUSTOMIZATIONS), it.secret()), (vec![], serde_json::Value::Null));
}

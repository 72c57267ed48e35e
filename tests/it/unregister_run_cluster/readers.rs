//! What reads the Secret stops a removal, or goes first.

use serde_json::{Value, json};

use super::case::labelled;
use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{BUILD, BUILD_TWO, Kubectl, RUN, Tapmc, eventually, kubeconfig::started, unique},
};

/// A registration in a namespace of its own on that build cluster, and something that reads it.
struct Read {
    build: &'static str,
    name: String,
    namespace: String,
}

impl Read {
    fn new(build: &'static str, stem: &str) -> Self {
        let (name, namespace) = (unique(stem), unique("team"));
        Tapmc::new(["register-run-cluster", "--build-context", build, "--run-context", RUN, "--name", &name])
            .args([
                "-n",
                &namespace,
                "--run-namespace",
                &namespace,
                "--create-namespace",
                "--allow-loopback-server",
                "--yes",
            ])
            .succeeds();
        Self { build, name, namespace }
    }

    fn unregister(&self) -> Tapmc {
        Tapmc::new(["unregister-run-cluster", &self.name, "-n", &self.namespace, "--context", self.build, "--yes"])
    }

    fn secret(&self) -> String {
        format!("{}-kubeconfig", self.name)
    }

    fn kubeconfig(&self) -> String {
        let template = "{{.data.value | base64decode}}";
        Kubectl::on(self.build).run(&[
            "get",
            "secret",
            &self.secret(),
            "-n",
            &self.namespace,
            "-o",
            &format!("go-template={template}"),
        ])
    }

    fn works(&self) -> bool {
        with_kubeconfig(&self.kubeconfig(), &["get", "configmaps", "-n", &self.namespace]).is_ok()
    }

    fn apply(&self, objects: &[Value]) {
        Kubectl::on(self.build).apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string());
    }

    fn get(&self, what: &[&str]) -> Option<Value> {
        Kubectl::on(self.build).get(&[what, &["-n", &self.namespace]].concat())
    }

    fn app(&self, name: &str, more: &Value) -> Value {
        let mut spec = json!({"cluster": {"namespace": self.namespace, "kubeconfigSecretRef": {"name": self.secret(), "key": "value"}},
            "fetch": [{"inline": {"paths": {"a.yml": ""}}}], "template": [{"ytt": {}}], "deploy": [{"kapp": {}}]});
        spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App", "spec": spec,
            "metadata": {"name": name, "namespace": self.namespace}})
    }

    fn kustomization(&self, finalizers: &Value) -> Value {
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "deliver", "namespace": self.namespace, "finalizers": finalizers},
            "spec": {"interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "apps"},
                "kubeConfig": {"secretRef": {"name": self.secret()}}}})
    }

    fn is_left(&self) -> bool {
        !labelled(self.build, &self.name).is_empty() || !labelled(RUN, &self.name).is_empty()
    }
}

#[test]
fn readers_stop_it_and_with_readers_they_go_first() {
    let read = Read::new(BUILD, "read");
    read.apply(&[read.app("deliver", &json!({}))]);
    eventually("the controller has seen it", || {
        read.get(&["app", "deliver"]).is_some_and(|app| app["metadata"]["finalizers"][0].is_string())
    });
    let output = read.unregister().fails(
        4,
        &[
            "is still read by app/deliver",
            "--with-readers deletes them first",
            "keep     build  app.kappctrl.k14s.io/deliver",
        ],
    );
    assert!(!output.stderr.contains("done before that"), "{}", output.stderr);
    assert!(read.works());

    let output = read.unregister().args(["--with-readers"]).succeeds();
    assert!(output.stdout.starts_with("app.kappctrl.k14s.io/deliver deleted\n"), "{}", output.stdout);
    assert!(read.get(&["app", "deliver"]).is_none());
    assert!(!read.is_left());
}

#[test]
fn a_reader_that_nobody_works_off_keeps_the_credential() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    let read = Read::new(BUILD_TWO, "stuck");
    read.apply(&[read.kustomization(&json!(["finalizers.fluxcd.io"]))]);
    let output = read.unregister().args(["--with-readers", "--wait-timeout", "2s"]).fails(
        6,
        &[
            "nothing of the credential was removed",
            "its finalizer 'finalizers.fluxcd.io' (Flux)",
            "is that controller running",
            "spec.prune: false",
        ],
    );
    assert!(output.stderr.contains("kustomize.toolkit.fluxcd.io/deliver -n"), "{}", output.stderr);
    assert!(read.works(), "its controller can still take away what it deployed");
    // Once that is done, the next run completes it.
    Kubectl::on(BUILD_TWO).run(&[
        "patch",
        "kustomization",
        "deliver",
        "-n",
        &read.namespace,
        "--type=merge",
        "-p",
        r#"{"metadata":{"finalizers":null}}"#,
    ]);
    read.unregister().args(["--with-readers"]).succeeds();
    assert!(!read.is_left());
}

#[test]
fn readers_that_stay_behind_on_purpose() {
    if started(BUILD_TWO).is_none() {
        return;
    }
    let read = Read::new(BUILD_TWO, "ignored");
    read.apply(&[read.kustomization(&json!([])), read.app("local", &json!({"serviceAccountName": "deployer"}))]);
    let output = read.unregister().fails(4, &["is still read by kustomization/deliver"]);
    assert!(
        output.stderr.contains("app/local names the Secret, but deploys with an account of its own"),
        "{}",
        output.stderr
    );
    read.unregister().args(["--ignore-readers"]).succeeds();
    assert!(!read.is_left());
    assert!(read.get(&["kustomization", "deliver"]).is_some() && read.get(&["app", "local"]).is_some());
}

#[test]
fn what_may_not_be_listed_stops_it_too() {
    let read = Read::new(BUILD, "hidden");
    let user = format!("operator-{}", read.name);
    let build = Kubectl::on(BUILD);
    build.run(&["create", "role", &user, "-n", &read.namespace, "--verb=get,list,delete", "--resource=secrets"]);
    build.run(&[
        "create",
        "rolebinding",
        &user,
        "-n",
        &read.namespace,
        &format!("--role={user}"),
        &format!("--user={user}"),
    ]);
    let confined = || read.unregister().args(["--as", &user]);
    confined().fails(5, &["cannot be told: you may not list", "apps.kappctrl.k14s.io", "--ignore-readers goes on"]);
    assert!(read.works());
    confined().args(["--ignore-readers"]).succeeds();
    assert!(!read.is_left());
}

//! `export`: a credential of its own for one reader, in that reader's form, through its whole life.

mod bad_input;
#[cfg(target_os = "linux")]
mod ephemeral;
mod objects;
mod printed;
mod profiles;
mod real_readers;
mod schemas;
mod several;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::{Case, with_kubeconfig},
    rotation_schedule::case::Pod,
    support::{BUILD, Kubectl, Tapmc, kubeconfig::started, unique},
};

struct Exported {
    case: Case,
    namespace: String,
}

impl Exported {
    fn new(stem: &str) -> Self {
        let this = Self { case: Case::new(stem), namespace: unique("reader") };
        this.case.register().succeeds();
        Kubectl::on(BUILD).namespace(&this.namespace);
        this
    }

    /// With consent, into the reader's Secret.
    fn apply(&self, reader: &str) -> Tapmc {
        self.print(reader).arg("--apply")
    }

    /// With consent, to a pipe.
    fn print(&self, reader: &str) -> Tapmc {
        Tapmc::new(["export", &self.case.name, "--for", reader, "-n", &self.namespace, "--context", BUILD]).arg("--yes")
    }

    /// A verb for the exported credential, with consent where it asks.
    fn verb(&self, verb: &str, reader: &str) -> Tapmc {
        let name = format!("{}-{reader}", self.case.name);
        Tapmc::new([verb, &name, "-n", &self.namespace, "--context", BUILD])
    }

    fn secret(&self, name: &str) -> Value {
        Kubectl::on(BUILD).get(&["secret", name, "-n", &self.namespace]).unwrap_or_default()
    }

    fn data(&self, name: &str, key: &str) -> String {
        let value = self.secret(name)["data"][key].as_str().expect("a key").to_owned();
        String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
    }
}

/// The kubeconfig that Argo CD makes of its own form.
fn kubeconfig_of(server: &str, config: &Value, namespace: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {
            "server": server, "certificate-authority-data": config["tlsClientConfig"]["caData"]}}],
        "users": [{"name": "u", "user": {"token": config["bearerToken"]}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": namespace}}],
    })
    .to_string()
}

#[test]
fn argo_cd_gets_a_credential_of_its_own_through_its_life() {
    let it = Exported::new("argo");
    let output = it.apply("argocd").succeeds();
    let name = format!("{}-argocd", it.case.name);
    assert!(output.stderr.contains(&format!("{name} is exported")), "{}", output.stderr);
    assert_eq!(it.secret(&name)["metadata"]["labels"]["argocd.argoproj.io/secret-type"], "cluster");
    assert_eq!((it.data(&name, "name"), it.data(&name, "namespaces")), (it.case.name.clone(), it.case.apps.clone()));
    let reads = || {
        let config: Value = serde_json::from_str(&it.data(&name, "config")).expect("JSON");
        let kubeconfig = kubeconfig_of(&it.data(&name, "server"), &config, &it.case.apps);
        with_kubeconfig(&kubeconfig, &["get", "configmaps"])
    };
    reads().expect("it works as Argo CD uses it");
    let before = it.secret(&name)["metadata"]["resourceVersion"].clone();
    assert!(it.apply("argocd").succeeds().stderr.contains("no changes"));
    assert_eq!(it.secret(&name)["metadata"]["resourceVersion"], before);

    it.verb("verify", "argocd").succeeds();
    let status = it.verb("status", "argocd").args(["-o", "json"]).succeeds().json();
    assert_eq!(status["items"][0]["state"], "ready", "{status}");
    it.verb("rotate-token", "argocd").args(["--grace", "0", "--yes"]).succeeds();
    reads().expect("the new token stands in the same form");
    it.verb("verify", "argocd").succeeds();

    // Ending it leaves the registration alone.
    it.verb("unregister-run-cluster", "argocd").arg("--yes").succeeds();
    assert_eq!(it.secret(&name), Value::Null);
    it.case.as_reader(&["get", "configmaps"]).expect("the registration works on");
}

#[test]
fn a_schedule_renews_it_in_its_own_form() {
    let Some(_) = started(BUILD) else { return };
    let it = Exported::new("cron");
    let locked = unique("locked");
    it.apply("argocd").args(["--duration", "24h"]).succeeds();
    let schedule = ["--renewal-namespace", &locked, "--jitter", "0", "--apply", "--yes"];
    it.verb("rotation-schedule", "argocd").args(schedule).succeeds();
    let jobs = Kubectl::on(BUILD).get(&["cronjobs", "-n", &locked]).expect("the schedule");
    let job = &jobs["items"][0];
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let args: Vec<String> = serde_json::from_value(container["args"].clone()).expect("its arguments");
    let name = format!("{}-argocd", it.case.name);
    let before = it.data(&name, "config");
    let pod = Pod::new(&locked, job["metadata"]["name"].as_str().expect("its name"), args);
    pod.command().args(["--if-expiring-within", "30d"]).succeeds();
    let config = it.data(&name, "config");
    assert_ne!(config, before);
    let config: Value = serde_json::from_str(&config).expect("JSON");
    let kubeconfig = kubeconfig_of(&it.data(&name, "server"), &config, &it.case.apps);
    with_kubeconfig(&kubeconfig, &["get", "configmaps"]).expect("the renewed one works");
    it.verb("verify", "argocd").succeeds();
    it.verb("unregister-run-cluster", "argocd").arg("--yes").succeeds();
    assert_eq!(Kubectl::on(BUILD).get(&["namespace", &locked]), None, "who renewed it goes with it");
}

#[test]
fn each_reader_finds_its_own_name_and_key() {
    let it = Exported::new("forms");
    for (reader, secret, key, may) in [
        ("istio", format!("istio-remote-secret-{}", it.case.name), it.case.name.clone(), "services"),
        (
            "multicluster-runtime",
            format!("{}-multicluster-runtime", it.case.name),
            "kubeconfig".to_owned(),
            "configmaps",
        ),
    ] {
        it.apply(reader).arg("--allow-broad-rules").succeeds();
        with_kubeconfig(&it.data(&secret, &key), &["get", may]).expect("it works");
        it.verb("verify", reader).succeeds();
        it.verb("unregister-run-cluster", reader).arg("--yes").succeeds();
    }
}

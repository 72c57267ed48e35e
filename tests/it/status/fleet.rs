//! A fleet: many registrations, from the build cluster alone.

use serde_json::{Value, json};

use super::case::Set;
use crate::support::{
    BUILD, BUILD_TWO, KubeconfigFile, Kubectl, Proxy, RUN,
    kubeconfig::{started, token},
};

const FLEET: usize = 500;

#[test]
fn five_hundred_by_one_request_and_no_content() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let real = set.register("template").object();
    let copies: Vec<Value> = (0..FLEET).map(|number| copy(&real, &set.namespace, number)).collect();
    set.build(&["delete", "secret", real["metadata"]["name"].as_str().unwrap()]);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": copies});
    let file = set.file.dir.path().join("fleet.json");
    std::fs::write(&file, list.to_string()).unwrap();
    Kubectl::on(BUILD_TWO).run(&["create", "-f", file.to_str().unwrap()]);

    let proxy = Proxy::before(build);
    let file = KubeconfigFile::new().context(BUILD_TWO, &proxy.cluster(), &token(build), "");
    let output = set.status().kubeconfig(&file.path).succeeds();
    assert_eq!(output.stdout.lines().count(), FLEET + 1);
    assert!(output.stdout.lines().skip(1).all(|line| line.contains(" recorded ")), "{}", output.stdout);
    assert!(
        output.stderr.contains("500 registrations were taken from the build cluster's record alone; --live looks"),
        "{}",
        output.stderr
    );
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(proxy.accepted(), ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"]);
}

fn copy(real: &Value, namespace: &str, number: usize) -> Value {
    let (name, mut object) =
        (format!("fleet-{number}"), json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}));
    let mut annotations = real["metadata"]["annotations"].clone();
    annotations["kubectl-tapmc/kubeconfig-secret"] = json!(format!("{namespace}/{name}-kubeconfig"));
    annotations["kubectl-tapmc/run-cluster-uid"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
    let labels = json!({"app.kubernetes.io/managed-by": "kubectl-tapmc", "kubectl-tapmc/registration": name});
    object["metadata"] = json!({"name": format!("{name}-kubeconfig"), "namespace": namespace, "labels": labels, "annotations": annotations});
    object["data"] = real["data"].clone();
    object
}

#[test]
fn a_pattern_shows_those_to_which_a_matching_context_leads() {
    crate::register_run_cluster::fleet::chooses_by_pattern("show", &["status"]);
}

#[test]
fn where_few_files_may_be_open_fewer_are_looked_at_at_a_time() {
    let Some(fleet) = crate::register_run_cluster::fleet::Fleet::new("few") else { return };
    fleet.register(&fleet.whole()).succeeds();
    let plugin = env!("CARGO_BIN_EXE_kubectl-tapmc");
    let line = format!("ulimit -n 48 && exec {plugin} status --live --context {BUILD} -n {}", fleet.namespace);
    let output =
        std::process::Command::new("sh").args(["-c", &line]).env("KUBECONFIG", &fleet.file.path).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("2 run clusters are worked on at a time, not 3"), "{stderr}");
}

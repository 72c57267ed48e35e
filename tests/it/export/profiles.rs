//! What a reader's credential may do: its own profile, and no more.

use super::Exported;
use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{BUILD, Tapmc},
};

#[test]
fn each_reader_has_a_profile_of_its_own() {
    let it = Exported::new("prof");
    it.apply("istio")
        .fails(2, &["reads in every namespace of the run cluster, and its Secrets too", "--allow-broad-rules"]);
    it.apply("istio").arg("--allow-broad-rules").succeeds();
    let kubeconfig = it.data(&format!("istio-remote-secret-{}", it.case.name), &it.case.name);
    let may = |args: &[&str]| with_kubeconfig(&kubeconfig, &[&["auth", "can-i"], args].concat()).is_ok();
    assert!(may(&["watch", "endpointslices.discovery.k8s.io", "-A"]) && may(&["get", "secrets", "-A"]));
    assert!(!may(&["create", "configmaps"]), "what the registration may is not Istio's");
    it.verb("verify", "istio").succeeds();

    // What multicluster-runtime reads it watches; the registration's own token does not.
    it.apply("multicluster-runtime").succeeds();
    let kubeconfig = it.data(&format!("{}-multicluster-runtime", it.case.name), "kubeconfig");
    with_kubeconfig(&kubeconfig, &["auth", "can-i", "watch", "configmaps"]).expect("it may watch");
    it.case.as_reader(&["auth", "can-i", "watch", "configmaps"]).expect_err("the registration may not");
}

#[test]
fn what_cannot_serve_a_reader_is_refused() {
    let it = Exported::new("serve");
    it.print("tap-gui")
        .args(["--profile", "deliverable"])
        .fails(2, &["TAP GUI needs the profile 'view'", "leave --profile out"]);
    it.print("liqo").fails(2, &["needs rights that no profile has", "--rules FILE"]);
    it.print("flux")
        .args(["--profile", "view", "--allow-broad-rules"])
        .fails(2, &["can do nothing with what 'view' grants", "deliverable"]);
    for reader in ["tap-gui", "liqo", "flux"] {
        let namespace = format!("tapmc-{}-{reader}-printed", it.case.name);
        assert_eq!(it.case.run().get(&["namespace", &namespace]), None, "nothing was made");
    }
}

#[test]
fn rules_for_the_whole_cluster_are_a_cluster_roles() {
    let it = Exported::new("wide");
    let rules = tempfile::NamedTempFile::new().expect("a file");
    let text = "kind: ClusterRole\nrules:\n- {apiGroups: [''], resources: [nodes], verbs: [get, list]}\n";
    std::fs::write(rules.path(), text).expect("rules");
    let print = || it.print("liqo").arg("--rules").arg(rules.path());
    print().fails(2, &["rules for the whole run cluster in a ClusterRole", "--allow-broad-rules"]);
    let printed = print().arg("--allow-broad-rules").gives_a_credential();
    with_kubeconfig(&printed.stdout, &["get", "nodes"]).expect("it may list nodes");
    with_kubeconfig(&printed.stdout, &["get", "configmaps", "-n", &it.case.apps]).expect_err("and nothing else");
    let name = format!("{}-liqo-printed", it.case.name);
    let status = Tapmc::new(["status", &name, "--context", BUILD, "-o", "json"]).succeeds().json();
    assert_eq!(status["items"][0]["state"], "printed", "{status}");
    Tapmc::new(["unregister-run-cluster", &name, "--context", BUILD, "--yes"]).succeeds();
    assert_eq!(it.case.run().get(&["clusterrole", &format!("tapmc-{name}")]), None);
}

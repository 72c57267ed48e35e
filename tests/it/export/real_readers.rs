//! The readers' own published code reads what was exported for them, and reaches the run cluster with it.

use std::fs;

use serde_json::json;

use super::{Exported, printed::own_folder};
use crate::support::{
    BUILD, Flux, Kubectl, RUN, RealReader, Tapmc, Testbed,
    flux::{GIT_REPOSITORIES, KUSTOMIZATIONS, ready},
    kubeconfig::started,
    readers::Reached,
    unique,
};

/// An exported credential, and a ConfigMap on the run cluster to be seen with it.
struct Seen {
    exported: Exported,
    config_map: String,
}

impl Seen {
    fn new(stem: &str) -> Self {
        let exported = Exported::new(stem);
        let config_map = unique("seen");
        exported.case.run().run(&["create", "configmap", &config_map, "-n", &exported.case.apps]);
        Self { exported, config_map }
    }

    fn name(&self) -> &str {
        &self.exported.case.name
    }

    fn reader(&self, reader: &str) -> RealReader {
        RealReader::new(reader, &self.exported.case.apps)
    }

    /// The reader of that name reads the Secret, or the object, of this name.
    fn reads(&self, reader: &str, name: &str) -> Result<Reached, String> {
        self.reader(reader).of(&self.exported.namespace, name).reads()
    }

    /// It reached the run cluster, and saw the ConfigMap there.
    #[track_caller]
    fn is_seen(&self, reached: Result<Reached, String>) -> Reached {
        let reached = reached.expect("the reader reads it");
        if let Some(run) = Testbed::get().cluster(RUN) {
            assert_eq!(reached.server, run.server);
        }
        assert!(reached.config_maps.contains(&self.config_map), "{reached:?}");
        reached
    }

    fn rotate(&self, reader: &str) {
        self.exported.verb("rotate-token", reader).args(["--grace", "0", "--yes"]).succeeds();
    }

    fn unregister(&self, reader: &str) {
        self.exported.verb("unregister-run-cluster", reader).args(["--with-readers", "--yes"]).succeeds();
    }

    /// It is read, also after a rotation, and no longer once it was taken back.
    #[track_caller]
    fn is_read_through_its_life(&self, reader: &str, read: impl Fn() -> Result<Reached, String>) {
        self.is_seen(read());
        self.rotate(reader);
        self.is_seen(read());
        self.unregister(reader);
        read().expect_err("there is nothing to be read");
    }
}

#[test]
fn argo_cd_finds_and_reads_its_secret() {
    let it = Seen::new("argo");
    it.exported.apply("argocd").succeeds();
    let secret = format!("{}-argocd", it.name());
    assert_eq!(it.is_seen(it.reads("argocd", &secret)).cluster, it.name());
    it.is_read_through_its_life("argocd", || it.reads("argocd", &secret));
}

#[test]
fn cluster_api_reads_the_secret_of_its_cluster() {
    let it = Seen::new("capi");
    it.exported.apply("cluster-api").succeeds();
    it.is_read_through_its_life("cluster-api", || it.reads("cluster-api", it.name()));
}

#[test]
fn multicluster_runtime_engages_the_cluster() {
    let it = Seen::new("mcr");
    it.exported.apply("multicluster-runtime").succeeds();
    let secret = format!("{}-multicluster-runtime", it.name());
    it.is_seen(it.reads("multicluster-runtime", &secret));
    it.rotate("multicluster-runtime");
    it.is_seen(it.reads("multicluster-runtime", &secret));
}

#[test]
fn sveltos_reads_its_sveltos_cluster() {
    let Some(_) = started(BUILD) else { return };
    let it = Seen::new("sveltos");
    it.exported.apply("sveltos").succeeds();
    it.is_read_through_its_life("sveltos", || it.reads("sveltos", it.name()));
}

#[test]
fn karmada_reads_its_cluster() {
    let Some(_) = started(BUILD) else { return };
    let it = Seen::new("karmada");
    it.exported.apply("karmada").arg("--allow-broad-rules").succeeds();
    it.is_read_through_its_life("karmada", || it.reads("karmada", it.name()));
}

#[test]
fn crossplane_reads_a_provider_config_of_a_namespace() {
    let Some(_) = started(BUILD) else { return };
    let it = Seen::new("xp");
    it.exported.apply("crossplane").args(["--kind", "ProviderConfig.kubernetes.m.crossplane.io"]).succeeds();
    it.is_read_through_its_life("crossplane", || it.reads("crossplane-namespaced", it.name()));
}

#[test]
fn crossplane_reads_a_provider_config_of_the_cluster() {
    let Some(_) = started(BUILD) else { return };
    let it = Seen::new("xp");
    it.exported.apply("crossplane").args(["--kind", "ProviderConfig.kubernetes.crossplane.io"]).succeeds();
    it.is_read_through_its_life("crossplane", || it.reader("crossplane").of("", it.name()).reads());
}

/// The ClusterProfile is read through this plugin of cluster-inventory-api, also where its Secret is called otherwise.
fn cluster_profile_is_read_through(plugin: &str) {
    let Some(_) = started(BUILD) else { return };
    let it = Seen::new("profile");
    let read = || it.reads(&format!("cluster-profile-{plugin}"), it.name());
    it.exported.apply("cluster-profile").args(["--secret-name", &unique("other")]).succeeds();
    it.is_seen(read());
    it.unregister("cluster-profile");
    it.exported.apply("cluster-profile").succeeds();
    it.is_read_through_its_life("cluster-profile", read);
}

#[test]
fn cluster_profile_is_read_through_kubeconfig_secretreader() {
    cluster_profile_is_read_through("kubeconfig-secretreader");
}

#[test]
fn cluster_profile_is_read_through_secretreader() {
    cluster_profile_is_read_through("secretreader");
}

/// What was written to a file for one reader is read from it until it is taken back.
fn file_is_read(reader: &str, real: &str) {
    let it = Seen::new("file");
    let folder = own_folder();
    let (file, rules) = (folder.path().join("credential"), folder.path().join("rules.yaml"));
    fs::write(&rules, "- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list]\n").unwrap();
    // Its record stands with the registration.
    let record = ["--context", BUILD, "-n", "default", "--yes"];
    Tapmc::new(["export", it.name(), "--for", reader, "--output-file"])
        .arg(&file)
        .arg("--rules")
        .arg(&rules)
        .args(record)
        .succeeds();
    it.is_seen(it.reader(real).file(&file).reads());
    Tapmc::new(["unregister-run-cluster", &format!("{}-{reader}-printed", it.name())]).args(record).succeeds();
    it.reader(real).file(&file).reads().expect_err("the token has ended");
}

#[test]
fn a_file_is_read_by_client_go() {
    file_is_read("kubeconfig", "client-go");
}

#[test]
fn tensile_kubes_file_is_read_by_client_go() {
    file_is_read("tensile-kube", "client-go");
}

#[test]
fn liqos_file_is_read_by_client_go() {
    file_is_read("liqo", "client-go");
}

#[test]
fn capacts_file_is_read_as_its_runner_does() {
    file_is_read("capact", "capact");
}

/// kustomize-controller itself delivers with the Secret, whose key nobody names.
#[test]
fn flux_delivers_with_its_secret() {
    let Some(flux) = Flux::on(BUILD) else { return };
    let it = Seen::new("flux");
    it.exported.apply("flux").succeeds();
    let (namespace, name, apps) = (&it.exported.namespace, it.name(), &it.exported.case.apps);
    let repository = flux.repository("real-flux");
    let greeting = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "greeting"}, "data": {"greeting": "hello"},
    });
    repository.push(&[("deploy/greeting.yaml", &greeting.to_string())]);
    Kubectl::on(BUILD).apply(&repository.source(namespace, name, None).to_string());
    flux.await_ready(GIT_REPOSITORIES, namespace, name);
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "interval": "1h", "prune": true, "path": "./deploy", "targetNamespace": apps,
            "sourceRef": {"kind": "GitRepository", "name": name},
            "kubeConfig": {"secretRef": {"name": format!("{name}-flux")}},
        },
    });
    Kubectl::on(BUILD).apply(&kustomization.to_string());
    flux.await_ready(KUSTOMIZATIONS, namespace, name);
    let delivered = it.exported.case.run().get(&["configmap", "greeting", "-n", apps]).expect("it is delivered");
    assert_eq!(delivered["data"]["greeting"], "hello");
    it.rotate("flux");
    let after = flux.reconcile(KUSTOMIZATIONS, namespace, name);
    assert_eq!(ready(&after)["status"], "True", "{after}");
}

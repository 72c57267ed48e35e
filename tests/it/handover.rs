//! `handover`: a Deliverable from the build cluster on a run cluster.

use serde_json::{Value, json};

use crate::support::{
    BUILD, KubeconfigFile, Kubectl, Proxy, RUN, RUN_CAPPED, Tapmc,
    carvel::workload,
    kubeconfig::{started, token},
    unique,
};

/// A Workload `shop` in a namespace of its own, and a registration to deliver it to.
struct Shop {
    namespace: String,
    registration: String,
}

impl Shop {
    /// Delivered to these namespaces of that cluster; without any, to one of its own name there.
    fn registered(stem: &str, run: &str, run_namespaces: &[String]) -> Self {
        let (namespace, registration) = (unique(stem), unique("run"));
        let own = [namespace.clone()];
        let run_namespaces = if run_namespaces.is_empty() { &own[..] } else { run_namespaces };
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", run])
            .args(["--allow-loopback-server", "--create-namespace", "--yes", "--name", &registration, "-n", &namespace])
            .args(run_namespaces.iter().flat_map(|name| ["--run-namespace", name]))
            .succeeds();
        let shop = Self { namespace, registration };
        Kubectl::on(BUILD).apply(&workload(&shop.namespace, "shop", &[("of-a-test", "true")]).to_string());
        shop
    }

    fn new(stem: &str) -> Self {
        Self::registered(stem, RUN, &[])
    }

    /// With a ConfigMap that the chain left.
    fn with(self, config_map: &str, key: &str, text: &str) -> Self {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": config_map, "namespace": self.namespace}, "data": {key: text}});
        Kubectl::on(BUILD).apply(&object.to_string());
        self
    }

    fn deliverable(&self, url: &str) -> String {
        format!(
            "apiVersion: carto.run/v1alpha1\nkind: Deliverable\nmetadata:\n  name: shop\n  namespace: {}\n  labels:\n    \
             app.tanzu.vmware.com/deliverable-type: web\n    kapp.k14s.io/app: '1'\nspec:\n  source:\n    git:\n      url: {url}\n",
            self.namespace
        )
    }

    fn left(self, url: &str) -> Self {
        let text = self.deliverable(url);
        self.with("shop-deliverable", "deliverable", &text)
    }

    fn handover(&self) -> Tapmc {
        let namespace = self.namespace.as_str();
        Tapmc::new(["handover", "shop", "--context", BUILD, "-n", namespace, "--run", &self.registration])
            .args(["--registration-namespace", namespace])
    }

    fn on_run(&self) -> Option<Value> {
        Kubectl::on(RUN).get(&["deliverables.carto.run", "shop", "-n", &self.namespace])
    }
}

#[test]
fn handed_over_then_unchanged_then_changed() {
    let shop = Shop::new("shop").left("ssh://git/a.git");
    let first = shop.handover().args(["--yes"]).succeeds();
    assert_eq!(first.stdout, "deliverable.carto.run/shop serverside-applied\n");
    assert!(first.stderr.contains("create   run    deliverable.carto.run/shop"), "{}", first.stderr);
    assert!(first.stderr.contains("shop-deliverable, key 'deliverable'"), "{}", first.stderr);
    let there = shop.on_run().unwrap();
    assert_eq!(there["spec"], json!({"source": {"git": {"url": "ssh://git/a.git"}}}));
    assert_eq!(there["metadata"]["labels"], json!({"app.tanzu.vmware.com/deliverable-type": "web"}));

    assert_eq!(shop.handover().succeeds().stdout, "deliverable.carto.run/shop unchanged\n");

    let shop = shop.left("ssh://git/b.git");
    let report = shop.handover().args(["--yes", "-o", "json"]).succeeds().json();
    assert_eq!((&report["kind"], &report["changes"][0]["op"]), (&json!("HandoverReport"), &json!("update")));
    assert_eq!(report["differences"][0]["fields"][0]["path"], "spec.source.git.url");
    assert_eq!(report["cluster"]["context"], RUN);
    assert_eq!(shop.on_run().unwrap()["spec"]["source"]["git"]["url"], "ssh://git/b.git");
}

#[test]
fn the_other_places_where_a_deliverable_is_left() {
    let shop = Shop::new("ours");
    let text = shop.deliverable("ssh://git/ours.git");
    shop.with("shop-deliverable", "shop-deliverable.yml", &text).handover().args(["--yes"]).succeeds();

    let shop = Shop::new("old");
    let text = shop.deliverable("ssh://git/old.git");
    let output = shop.with("shop", "deliverable", &text).handover().args(["--yes"]).succeeds();
    assert!(output.stderr.contains("/shop, key 'deliverable'"), "{}", output.stderr);

    let shop = Shop::new("oldest");
    let owner = Kubectl::on(BUILD).get(&["workloads.carto.run", "shop", "-n", &shop.namespace]).unwrap();
    let owner = json!([{"apiVersion": "carto.run/v1alpha1", "kind": "Workload", "name": "shop", "uid": owner["metadata"]["uid"]}]);
    let own = json!({"apiVersion": "carto.run/v1alpha1", "kind": "Deliverable",
        "metadata": {"name": "shop", "namespace": shop.namespace, "ownerReferences": owner},
        "spec": {"source": {"git": {"url": "ssh://git/oldest.git"}}}});
    Kubectl::on(BUILD).apply(&own.to_string());
    shop.handover().args(["--yes"]).succeeds();
    let there = shop.on_run().unwrap();
    assert_eq!(there["spec"]["source"]["git"]["url"], "ssh://git/oldest.git");
    assert!(there["metadata"]["ownerReferences"].is_null() && there["metadata"]["annotations"].is_null(), "{there}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let shop = Shop::new("dry").left("ssh://git/a.git");
    let output = shop.handover().args(["--dry-run"]).succeeds();
    assert_eq!(output.stdout, "deliverable.carto.run/shop serverside-applied (dry run)\n");
    let output = shop.handover().args(["--dry-run=server"]).succeeds();
    assert_eq!(output.stdout, "deliverable.carto.run/shop serverside-applied (server dry run)\n");
    shop.handover().fails(2, &["there is no terminal to ask on"]);
    assert!(shop.on_run().is_none());
}

#[test]
fn what_somebody_else_looks_after_is_left_alone() {
    let shop = Shop::new("foreign").left("ssh://git/ours.git");
    Kubectl::on(RUN).apply(&shop.deliverable("ssh://git/theirs.git"));
    let url = || shop.on_run().unwrap()["spec"]["source"]["git"]["url"].clone();
    shop.handover().args(["--yes"]).fails(4, &["is looked after by 'kubectl-client-side-apply'", "--force"]);
    assert_eq!(url(), "ssh://git/theirs.git");
    shop.handover().args(["--yes", "--force"]).succeeds();
    assert_eq!(url(), "ssh://git/ours.git");
    // From now on the field is ours.
    let shop = shop.left("ssh://git/next.git");
    shop.handover().args(["--yes", "--force"]).succeeds();
    assert_eq!(shop.on_run().unwrap()["spec"]["source"]["git"]["url"], "ssh://git/next.git");
}

#[test]
fn a_context_of_another_cluster_is_refused() {
    let shop = Shop::new("another").left("ssh://git/a.git");
    let uid = |cluster: &str| {
        Kubectl::on(cluster).run(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"])
    };
    shop.handover().args(["--yes", "--run-context", BUILD]).fails(
        2,
        &[
            &format!("the context 'build' leads to the cluster {}", uid(BUILD)),
            &format!("is of the cluster {}", uid(RUN)),
        ],
    );
    shop.handover().args(["--yes", "--run-context", RUN]).succeeds();
}

#[test]
fn a_run_cluster_that_is_known_by_its_identity_alone() {
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let shop = Shop::new("identity").left("ssh://git/a.git");
    // The operator goes another way than the reader.
    let proxy = Proxy::before(run);
    let file = KubeconfigFile::new()
        .plain(BUILD, build)
        .context("gone", "server: https://127.0.0.1:1", "token: t", "")
        .context("my-run", &proxy.cluster(), &token(run), "");
    let report = shop.handover().kubeconfig(&file.path).args(["--yes", "-o", "json"]).succeeds().json();
    assert_eq!(report["cluster"]["context"], "my-run");
    assert!(shop.on_run().is_some());

    let file = KubeconfigFile::new().plain(BUILD, build);
    shop.handover()
        .kubeconfig(&file.path)
        .args(["--yes"])
        .fails(2, &["no context of the kubeconfig leads to", "--run-context"]);
}

#[test]
fn several_contexts_of_the_run_cluster_are_not_guessed_from() {
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let shop = Shop::new("several").left("ssh://git/a.git");
    let file = KubeconfigFile::new().plain(BUILD, build).plain("run-admin", run).plain("run-me", run);
    shop.handover()
        .kubeconfig(&file.path)
        .args(["--yes"])
        .fails(2, &["--run-context is missing", "name one of run-admin and run-me"]);
    shop.handover().kubeconfig(&file.path).args(["--yes", "--run-context", "run-me"]).succeeds();
}

#[test]
fn which_namespace_of_the_run_cluster() {
    let (one, two) = (unique("one"), unique("two"));
    let shop = Shop::registered("moved", RUN, std::slice::from_ref(&one)).left("ssh://git/a.git");
    shop.handover().args(["--yes"]).succeeds();
    assert!(Kubectl::on(RUN).get(&["deliverables.carto.run", "shop", "-n", &one]).is_some());

    let shop = Shop::registered("two", RUN, &[one.clone(), two.clone()]).left("ssh://git/a.git");
    shop.handover().args(["--yes"]).fails(
        2,
        &["none of the registration's run namespaces", &format!("--run-namespace is one of {one} and {two}")],
    );
    shop.handover().args(["--yes", "--run-namespace", &two]).succeeds();
    let missing = unique("missing");
    shop.handover()
        .args(["--yes", "--run-namespace", &missing])
        .fails(1, &[&format!("there is no namespace '{missing}' on the run cluster (context 'run-a')")]);
}

#[test]
fn workloads_without_a_deliverable() {
    let shop = Shop::new("without");
    let status = json!({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "SupplyChainNotFound",
        "message": "no chain", "lastTransitionTime": "2024-01-01T00:00:00Z"}]}});
    let patch =
        ["patch", "workload.carto.run/shop", "-n", &shop.namespace, "--type=merge", "--subresource=status", "-p"];
    Kubectl::on(BUILD).run(&[&patch[..], &[&status.to_string()]].concat());
    shop.handover().fails(1, &["has no Deliverable yet: its Ready is False, SupplyChainNotFound: "]);
    let namespace = shop.namespace.as_str();
    Tapmc::new(["handover", "shpo", "--context", BUILD, "-n", namespace, "--run", &shop.registration])
        .args(["--registration-namespace", namespace])
        .fails(2, &["there is no Workload 'shpo' in the namespace '", "did you mean 'shop'?"]);
    shop.handover().args(["--run-namespace", "../x"]).fails(2, &["--run-namespace: '../x' cannot be the name"]);
    let near = format!("{}x", shop.registration);
    Tapmc::new(["handover", "shop", "--context", BUILD, "-n", namespace, "--run", &near])
        .args(["--registration-namespace", namespace])
        .fails(2, &["there is no registration '", &format!("did you mean '{}'?", shop.registration)]);
}

#[test]
fn texts_that_are_no_deliverable() {
    let shop = Shop::new("texts");
    for (text, piece) in [
        ("apiVersion: carto.run/v1alpha1\nkind: [", "key 'deliverable' line "),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: shop}\n", "line 2 column 1: this is not a Deliverable"),
        ("a: b\n---\nc: d\n", "2 documents stand where one Deliverable is expected"),
    ] {
        let namespace = shop.namespace.clone();
        let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"deliverable": text},
            "metadata": {"name": "shop-deliverable", "namespace": namespace}});
        Kubectl::on(BUILD).apply(&config_map.to_string());
        shop.handover().args(["--yes"]).fails(1, &[&format!("the ConfigMap {namespace}/shop-deliverable"), piece]);
    }
    assert!(shop.on_run().is_none());
}

#[test]
fn a_run_cluster_without_cartographer() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    let shop = Shop::registered("bare", RUN_CAPPED, &[]).left("ssh://git/a.git");
    shop.handover().args(["--yes"]).fails(1, &["the run cluster (context 'run-capped') does not serve Deliverables"]);
}

#[test]
fn a_deliverable_that_no_delivery_selects_is_told() {
    let name = unique("delivery");
    Kubectl::on(RUN).apply(
        &json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterDelivery", "metadata": {"name": name},
            "spec": {"selector": {"app.tanzu.vmware.com/deliverable-type": "web"}, "resources": []}})
        .to_string(),
    );
    let shop = Shop::new("bare");
    let text =
        shop.deliverable("ssh://git/a.git").replace("app.tanzu.vmware.com/deliverable-type: web", "other: label");
    let output = shop.with("shop-deliverable", "deliverable", &text).handover().args(["--yes"]).succeeds();
    assert!(output.stderr.contains("lacks the label app.tanzu.vmware.com/deliverable-type"), "{}", output.stderr);
    Kubectl::on(RUN).run(&["delete", "clusterdelivery", &name, "--wait=false"]);
}

#[test]
fn the_build_cluster_as_its_own_run_cluster_is_told() {
    let (namespace, registration) = (unique("same"), unique("self"));
    Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", BUILD, "--allow-same-cluster"])
        .args(["--allow-loopback-server", "--create-namespace", "--yes", "--name", &registration, "-n", &namespace])
        .args(["--run-namespace", &namespace])
        .succeeds();
    let shop = Shop { namespace, registration };
    Kubectl::on(BUILD).apply(&workload(&shop.namespace, "shop", &[("of-a-test", "true")]).to_string());
    let output = shop.left("ssh://git/a.git").handover().args(["--yes"]).succeeds();
    assert!(output.stderr.contains("the run cluster is the build cluster itself"), "{}", output.stderr);
}

#[test]
fn a_deliverable_that_outlived_its_workload_is_told() {
    let shop = Shop::new("outlived").left("ssh://git/a.git");
    Kubectl::on(BUILD).run(&["delete", "workload.carto.run/shop", "-n", &shop.namespace]);
    let output = shop.handover().args(["--dry-run"]).succeeds();
    assert!(output.stderr.contains("there is no Workload 'shop' any more"), "{}", output.stderr);
}

#[test]
fn who_may_not_write_there_is_told_and_nothing_is_changed() {
    let shop = Shop::new("rights").left("ssh://git/a.git");
    shop.handover().args(["--yes", "--run-as", "nobody"]).fails(5, &["on the run cluster (context 'run-a')"]);
    assert!(shop.on_run().is_none());
}

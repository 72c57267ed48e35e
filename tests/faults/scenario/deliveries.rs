//! What is made of a registration: deliveries, exports, handovers; and registrations made of what others made.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Scenario, USUAL,
    registrations::{namespaces, registered},
    words,
};
use crate::{case::within, credential::decoded, site::Side, stage::Stage};

/// Nobody answers there: a warning, no more.
const DELIVER: &str =
    "app.tap --run {id} --git-url https://127.0.0.1:1/team/gitops --no-wait --yes --context build -n {b}";

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "deliver-carvel-app",
        prepare: registered,
        command: |stage| words(&format!("deliver carvel-app {DELIVER}"), stage),
        watched: delivered,
        ..USUAL
    },
    Scenario {
        name: "deliver-flux",
        prepare: registered,
        command: |stage| words(&format!("deliver flux {DELIVER}"), stage),
        watched: delivered,
        ..USUAL
    },
    Scenario {
        name: "undeliver",
        prepare: |stage| {
            registered(stage);
            stage.plays(&words(&format!("deliver flux {DELIVER}"), stage));
        },
        command: |stage| words("undeliver app.tap --all --yes --context build -n {b}", stage),
        watched: delivered,
        done_codes: &[0, 2],
        ..USUAL
    },
    Scenario {
        name: "export-apply",
        prepare: registered,
        command: |stage| {
            words("export {id} --for argocd -n {b} --registration-namespace {b} --apply --yes --context build", stage)
        },
        spares: true,
        ..USUAL
    },
    Scenario {
        name: "import",
        prepare: made_by_hand,
        command: |stage| {
            words(
                "import secret/handmade -n {b} --context build --run-context run-a --name {id} --run-namespace {a} \
                 --allow-loopback-server --yes",
                stage,
            )
        },
        spares: true,
        ..USUAL
    },
    Scenario {
        name: "handover",
        prepare: |stage| {
            registered(stage);
            let build = stage.build_namespace();
            let workload = json!({"apiVersion": "carto.run/v1alpha1", "kind": "Workload", "metadata": {"name": "shop"},
                "spec": {"serviceAccountName": "default"}});
            stage.lane.build.create(&format!("/apis/carto.run/v1alpha1/namespaces/{build}/workloads"), &workload);
            let deliverable = json!({"apiVersion": "carto.run/v1alpha1", "kind": "Deliverable",
                "metadata": {"name": "shop", "namespace": build}, "spec": {"source": {"git": {"url": "ssh://git/a.git"}}}});
            let left =
                json!({"metadata": {"name": "shop-deliverable"}, "data": {"deliverable": deliverable.to_string()}});
            stage.lane.build.create(&format!("/api/v1/namespaces/{build}/configmaps"), &left);
        },
        command: |stage| {
            words("handover shop -n {b} --run {id} --context build --registration-namespace {b} --yes", stage)
        },
        watched: delivered,
        ..USUAL
    },
    Scenario {
        name: "scaffold-package-install",
        prepare: |stage| {
            registered(stage);
            let package = json!({"apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package",
                "metadata": {"name": "app.default.tap.1.0.0"},
                "spec": {"refName": "app.default.tap", "version": "1.0.0", "template": {"spec": {}},
                    "valuesSchema": {"openAPIv3": {"type": "object", "properties": {"replicas": {"type": "integer", "default": 1}}}}}});
            let path =
                format!("/apis/data.packaging.carvel.dev/v1alpha1/namespaces/{}/packages", stage.build_namespace());
            stage.lane.build.create(&path, &package);
        },
        command: |stage| {
            words(
                "scaffold package-install app.default.tap --context build -n {b} --registration-namespace {b} --run {id} \
                 --apply --yes --output-dir {dir}/files",
                stage,
            )
        },
        ..USUAL
    },
];

fn delivered(stage: &Stage) -> Vec<(Side, String)> {
    let build = stage.build_namespace();
    let mut paths: Vec<(Side, String)> = [
        "kappctrl.k14s.io/v1alpha1/namespaces/NS/apps",
        "kustomize.toolkit.fluxcd.io/v1/namespaces/NS/kustomizations",
        "source.toolkit.fluxcd.io/v1/namespaces/NS/gitrepositories",
    ]
    .map(|path| (Side::Build, format!("/apis/{}", path.replace("NS", &build))))
    .to_vec();
    for namespace in [stage.apps(), build] {
        paths.push((Side::Run, format!("/apis/carto.run/v1alpha1/namespaces/{namespace}/deliverables")));
    }
    paths
}

/// A kubeconfig with a never-ending token of a ServiceAccount that somebody made.
fn made_by_hand(stage: &Stage) {
    namespaces(stage);
    let (run, apps) = (&stage.lane.run, stage.apps());
    run.create(&format!("/api/v1/namespaces/{apps}/serviceaccounts"), &json!({"metadata": {"name": "deployer"}}));
    let secrets = format!("/api/v1/namespaces/{apps}/secrets");
    run.create(
        &secrets,
        &json!({"type": "kubernetes.io/service-account-token", "metadata": {"name": "deployer",
            "annotations": {"kubernetes.io/service-account.name": "deployer"}}}),
    );
    let token =
        || run.get(&format!("{secrets}/deployer")).map(|secret| decoded(&secret["data"]["token"])).unwrap_or_default();
    assert!(within(Duration::from_secs(30), || !token().is_empty()), "no token");
    let (server, authority) = stage.run_server();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {{server: '{server}', certificate-authority-data: \
         {authority}}}\nusers:\n- name: u\n  user: {{token: {}}}\ncontexts:\n- name: x\n  context: {{cluster: c, user: u, \
         namespace: {apps}}}\ncurrent-context: x\n",
        token()
    );
    let secret = json!({"metadata": {"name": "handmade"}, "data": {"value": STANDARD.encode(kubeconfig)}});
    stage.lane.build.create(&format!("/api/v1/namespaces/{}/secrets", stage.build_namespace()), &secret);
}

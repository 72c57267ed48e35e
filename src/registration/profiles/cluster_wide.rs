//! What the profiles grant that reach further than run namespaces, each from what its reader publishes.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::{Profile, rule};

const READ: [&str; 3] = ["get", "list", "watch"];

/// The rules of a profile in the whole cluster.
pub(super) fn rules(profile: Profile) -> Vec<PolicyRule> {
    match profile {
        Profile::View => view(),
        Profile::Istio => istio(),
        // pkg/controllers/status/cluster_status_controller.go lists and watches both for the resource summary.
        Profile::Karmada => vec![rule("", &["nodes", "pods"], &READ)],
        // admiraltyio/admiralty@0ae5d1f: charts/multicluster-scheduler/templates/cr.yaml, the role of sources.
        Profile::Admiralty => vec![rule("multicluster.admiralty.io", &["clustersummaries"], &READ)],
        _ => Vec::new(),
    }
}

/// What TAP GUI and Backstage's Kubernetes plugin read (pivotal/docs-tap@1-9-1: tap-gui/cluster-view-setup.hbs.md);
/// Secrets, and what is created, are not among it.
fn view() -> Vec<PolicyRule> {
    vec![
        rule("", &["pods", "pods/log", "services", "configmaps", "limitranges", "resourcequotas", "namespaces"], &READ),
        rule("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"], &READ),
        rule("autoscaling", &["horizontalpodautoscalers"], &READ),
        rule("networking.k8s.io", &["ingresses"], &READ),
        rule("batch", &["jobs", "cronjobs"], &READ),
        rule("metrics.k8s.io", &["pods"], &READ),
        rule(
            "carto.run",
            &[
                "clustersupplychains",
                "clusterdeliveries",
                "clustersourcetemplates",
                "clusterimagetemplates",
                "clusterconfigtemplates",
                "clusterdeploymenttemplates",
                "clusterruntemplates",
                "clustertemplates",
                "workloads",
                "deliverables",
                "runnables",
            ],
            &READ,
        ),
        rule("packaging.carvel.dev", &["packageinstalls"], &READ),
        rule("data.packaging.carvel.dev", &["packages"], &READ),
        rule("source.toolkit.fluxcd.io", &["gitrepositories"], &READ),
        rule("source.apps.tanzu.vmware.com", &["imagerepositories", "mavenartifacts"], &READ),
        rule("conventions.carto.run", &["podintents"], &READ),
        rule("kpack.io", &["images", "builds"], &READ),
        rule("scanning.apps.tanzu.vmware.com", &["sourcescans", "imagescans", "scanpolicies"], &READ),
        rule("app-scanning.apps.tanzu.vmware.com", &["imagevulnerabilityscans"], &READ),
        rule("tekton.dev", &["taskruns", "pipelineruns"], &READ),
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], &READ),
        rule("kappctrl.k14s.io", &["apps"], &READ),
        rule("serving.knative.dev", &["configurations", "revisions", "routes", "services"], &READ),
    ]
}

/// What istiod's reader role reads (istio/istio@083aa98:
/// manifests/charts/istio-control/istio-discovery/templates/reader-clusterrole.yaml). Its informers wait for
/// all of it, the Secrets included.
fn istio() -> Vec<PolicyRule> {
    let core = ["endpoints", "pods", "services", "nodes", "replicationcontrollers", "namespaces", "secrets"];
    let of_istio = |group: &str| rule(group, &["*"], &READ);
    vec![
        rule("", &core, &READ),
        rule("apps", &["replicasets"], &READ),
        rule("discovery.k8s.io", &["endpointslices"], &READ),
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], &READ),
        rule("multicluster.x-k8s.io", &["serviceexports"], &READ),
        of_istio("config.istio.io"),
        of_istio("security.istio.io"),
        of_istio("networking.istio.io"),
        of_istio("authentication.istio.io"),
        of_istio("rbac.istio.io"),
        rule("authentication.k8s.io", &["tokenreviews"], &["create"]),
        rule("authorization.k8s.io", &["subjectaccessreviews"], &["create"]),
    ]
}

/// What Admiralty's role of sources grants in the namespace of a Source
/// (admiraltyio/admiralty@0ae5d1f: charts/multicluster-scheduler/templates/cr.yaml).
pub(super) fn admiralty_in_namespaces() -> Vec<PolicyRule> {
    let chaperons = ["get", "list", "watch", "create", "update", "delete", "deletecollection", "patch"];
    let beside = ["get", "list", "watch", "create", "update", "delete"];
    vec![
        rule("multicluster.admiralty.io", &["podchaperons"], &chaperons),
        rule("", &["services", "secrets", "configmaps"], &beside),
    ]
}

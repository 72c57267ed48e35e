//! Cartographer's supply chains, their templates and the Workloads that select them. Pure: values
//! in, values out.
//!
//! The rules are those of vmware-tanzu/cartographer at db183fc; where a rule was measured on the
//! running controller, the place says so.

pub mod backup;
pub mod chain;
pub mod conditions;
pub mod files;
pub mod handover;
pub mod replacing;
pub mod scaffold;
pub mod selection;
pub mod selector;
pub mod stamped;
pub mod status;

use crate::kind::ApiKind;

/// Cartographer's API group; each of its kinds has this one version.
pub const GROUP: &str = "carto.run";
const VERSION: &str = "v1alpha1";

/// A chain.
pub static CHAIN: ApiKind = ApiKind::cluster_wide(GROUP, VERSION, "ClusterSupplyChain", "clustersupplychains");
/// What selects a chain.
pub static WORKLOAD: ApiKind = ApiKind::namespaced(GROUP, VERSION, "Workload", "workloads");
/// What selects a delivery as Workloads select chains.
pub static DELIVERY: ApiKind = ApiKind::cluster_wide(GROUP, VERSION, "ClusterDelivery", "clusterdeliveries");
/// What is delivered on a run cluster.
pub static DELIVERABLE: ApiKind = ApiKind::namespaced(GROUP, VERSION, "Deliverable", "deliverables");

/// The kinds of template that a chain can refer to.
pub static TEMPLATES: [ApiKind; 5] = [
    ApiKind::cluster_wide(GROUP, VERSION, "ClusterSourceTemplate", "clustersourcetemplates"),
    ApiKind::cluster_wide(GROUP, VERSION, "ClusterImageTemplate", "clusterimagetemplates"),
    ApiKind::cluster_wide(GROUP, VERSION, "ClusterConfigTemplate", "clusterconfigtemplates"),
    ApiKind::cluster_wide(GROUP, VERSION, "ClusterTemplate", "clustertemplates"),
    ApiKind::cluster_wide(GROUP, VERSION, "ClusterDeploymentTemplate", "clusterdeploymenttemplates"),
];

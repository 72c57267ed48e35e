//! The way to the build cluster, for the verbs that need only this one.

use super::limits;
use crate::{
    cli::cluster::{BuildClusterArgs, KubeconfigArgs},
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    error::Result,
    plan::Side,
    report::ClusterReport,
};

/// The build cluster as the operator reaches it.
pub(super) struct BuildCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// The context that leads to it.
    pub context: String,
    /// The kubeconfig that holds the context.
    pub kubeconfig: LocalKubeconfig,
}

impl BuildCluster {
    /// Prepares the way; no request is sent yet.
    pub(super) async fn connect(cluster: &BuildClusterArgs, kubeconfig: &KubeconfigArgs) -> Result<Self> {
        let local = LocalKubeconfig::read(kubeconfig.kubeconfig.as_deref())?;
        let context = local.context_or_current(cluster.context.as_deref())?;
        let identity = Impersonation { user: cluster.as_user.clone(), groups: cluster.as_group.clone() };
        let cluster = Cluster::connect(&local, Side::Build, &context, &identity, limits(kubeconfig)).await?;
        Ok(Self { cluster, context, kubeconfig: local })
    }

    /// As plans and reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        ClusterReport { context: self.context.clone(), server: self.cluster.server(), uid: String::new() }
    }
}

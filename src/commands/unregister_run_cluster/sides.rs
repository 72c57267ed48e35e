//! Which sides a removal is about: both, or the one whose administrator runs it.

use crate::{
    cli::unregister_run_cluster::UnregisterRunClusterArgs,
    cluster::{Cluster, kubeconfig::LocalKubeconfig},
    commands::build_cluster::BuildCluster,
    error::Result,
    plan::Side,
    report::ClusterReport,
};

/// The sides of a removal.
pub(super) enum Sides {
    /// Both.
    Both(BuildCluster),
    /// The build cluster's alone.
    Build(BuildCluster),
    /// The run cluster's alone.
    Run(LocalKubeconfig),
}

impl Sides {
    /// As typed. No request is sent yet.
    pub(super) async fn of(args: &UnregisterRunClusterArgs) -> Result<Self> {
        if args.sides.run_side {
            return LocalKubeconfig::read(args.changing.kubeconfig.kubeconfig.as_deref()).map(Self::Run);
        }
        let build = BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await?;
        Ok(if args.sides.build_side { Self::Build(build) } else { Self::Both(build) })
    }

    /// The build cluster; none where it is out of sight.
    pub(super) fn build(&self) -> Option<&BuildCluster> {
        match self {
            Self::Both(build) | Self::Build(build) => Some(build),
            Self::Run(_) => None,
        }
    }

    /// Its API server.
    pub(super) fn build_cluster(&self) -> Option<&Cluster> {
        self.build().map(|build| &build.cluster)
    }

    /// The operator's kubeconfig.
    pub(super) fn kubeconfig(&self) -> &LocalKubeconfig {
        match self {
            Self::Both(build) | Self::Build(build) => &build.kubeconfig,
            Self::Run(local) => local,
        }
    }

    /// The side that is removed; none for both.
    pub(super) fn only(&self) -> Option<Side> {
        match self {
            Self::Both(_) => None,
            Self::Build(_) => Some(Side::Build),
            Self::Run(_) => Some(Side::Run),
        }
    }

    /// The build cluster as reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        let out_of_sight = ClusterReport { context: String::new(), server: String::new(), uid: String::new() };
        self.build().map_or(out_of_sight, BuildCluster::report)
    }
}

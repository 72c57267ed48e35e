//! `kubectl tapmc supply-chain-status`: what can be typed.

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputArgs,
};

/// Show what is paused, which chains are ready, which Workloads select them, and what was stamped.
///
/// What is wrong comes first in each table. Only what may be listed is shown; what could not be
/// seen is said on stderr.
#[derive(Debug, Args)]
pub struct SupplyChainStatusArgs {
    /// Only these Workloads, NAME or NAMESPACE/NAME
    #[arg(value_name = "WORKLOAD")]
    pub workloads: Vec<String>,

    /// Only Workloads of this namespace; without it those of all that may be listed
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// Workloads of all namespaces, and nothing less
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

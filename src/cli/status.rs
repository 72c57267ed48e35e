//! `kubectl tapmc status`: what can be typed.

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputArgs,
};

/// Show the registrations that a build cluster holds, soonest to expire first.
///
/// One request to the build cluster, for metadata alone: no Secret's content is fetched.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only these registrations
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// The namespace of the kubeconfig Secrets; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// In all namespaces of the build cluster
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

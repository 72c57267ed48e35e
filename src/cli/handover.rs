//! `kubectl tapmc handover`: what can be typed.

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, ONE_RUN_CONTEXT, RunClusterArgs},
    output::{ConsentArgs, OutputArgs},
};

/// Hand the Deliverable of a Workload over to a run cluster.
///
/// The Deliverable is read from the ConfigMap that the build cluster's chain made (or from the
/// Deliverable itself, up to TAP 1.3.0) and applied on the run cluster with your own context for it,
/// which is found by the registration's server address or cluster identity. The stored credential is
/// not used.
#[derive(Debug, Args)]
#[command(
    mut_arg("run_context", |run_context| run_context.help(ONE_RUN_CONTEXT)),
    after_long_help = EXAMPLES
)]
pub struct HandoverArgs {
    /// The Workload
    #[arg(value_name = "WORKLOAD")]
    pub workload: String,

    /// The registration of the run cluster
    #[arg(long, value_name = "NAME", help_heading = "Where to")]
    pub run: String,

    /// The namespace of the registration's Secret on the build cluster; without it that of the context
    #[arg(long, value_name = "NAMESPACE", help_heading = "Where to")]
    pub registration_namespace: Option<String>,

    /// The namespace on the run cluster; without it the Deliverable's own, if it is one of the
    /// registration's run namespaces, else the only one of them
    #[arg(long, value_name = "NAMESPACE", help_heading = "Where to")]
    pub run_namespace: Option<String>,

    /// Take over fields of the Deliverable that somebody else set there
    #[arg(long, help_heading = "Where to")]
    pub force: bool,

    /// The namespace of the Workload on the build cluster; without it that of the context
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Clusters")]
    pub namespace: Option<String>,

    /// The run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the clusters may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How far the command goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  # what the build cluster made of the Workload 'shop', on the run cluster 'run-a'
  kubectl tapmc handover shop -n apps --run run-a --context build

  # look first
  kubectl tapmc handover shop -n apps --run run-a --context build --dry-run=server";

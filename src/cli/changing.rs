//! The flags of the verbs that change something on the build cluster and wait for its controllers.

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, WaitArgs},
    output::{ConsentArgs, OutputArgs},
};

/// Where a change is made, how long it may take, how far it goes and how it is told.
#[derive(Debug, Args)]
pub struct ChangingArgs {
    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How long to wait for the controllers.
    #[command(flatten)]
    pub wait: WaitArgs,

    /// How far the command goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

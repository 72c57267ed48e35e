//! `kubectl tapmc status`: what can be typed.

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputArgs,
    registrations::RegistrationsArgs,
};

/// Show the registrations that a build cluster holds, soonest to expire first.
///
/// One request to the build cluster, for metadata alone: no Secret's content is fetched.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

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

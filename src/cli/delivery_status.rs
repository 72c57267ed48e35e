//! `kubectl tapmc delivery-status`: what can be typed.

use clap::{Args, ValueEnum};

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs},
    fleet::ParallelArgs,
    output::OutputFormat,
    registrations::RegistrationsArgs,
};

/// Show what is delivered to run clusters, from the source to the installed package.
///
/// On the build cluster: every App, Kustomization, HelmRelease and PackageInstall that uses the credential of a
/// registration, and Flux's sources that they name. On each run cluster, by your own context: the Packages of
/// the run namespaces and what is installed of them. What fails is told in its controller's own words. A run
/// cluster that cannot be reached holds up no other; what it should have shown is told as not seen.
#[derive(Debug, Args)]
#[command(
    // The whole command must not wait for one dead cluster.
    mut_arg("timeout", |timeout| timeout.default_value("10s")),
    after_long_help = "Examples:\n  \
        kubectl tapmc delivery-status                         to the run clusters registered in this namespace\n  \
        kubectl tapmc delivery-status prod-eu -o wide         with sources, revisions and every reader\n  \
        kubectl tapmc delivery-status -A -o tree              build cluster, run clusters, packages\n  \
        kubectl tapmc delivery-status -A -o mermaid           the same as a Mermaid diagram for a README\n  \
        kubectl tapmc delivery-status -A --exit-code -o json  for a script: exit code 7 if one is not delivered\n  \
        kubectl tapmc delivery-status --on-run-cluster --run-context prod -n apps"
)]
pub struct DeliveryStatusArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// What readers on the run cluster of --run-context deliver to it themselves, in the namespace of -n: no
    /// registration is looked at
    #[arg(long, conflicts_with = "names")]
    pub on_run_cluster: bool,

    /// End with exit code 7 if a delivery is not fine
    #[arg(long)]
    pub exit_code: bool,

    /// The form of the result on stdout
    #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub output: Option<DeliveryStatusFormat>,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// The way to the run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// Which kubeconfig, and how long a cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeliveryStatusFormat {
    /// A table with more columns.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// A tree: the build cluster, its run clusters, their packages.
    Tree,
    /// The tree as a Mermaid flowchart.
    Mermaid,
}

impl DeliveryStatusArgs {
    /// The form of everything but trees.
    #[must_use]
    pub fn format(&self) -> OutputFormat {
        match self.output {
            Some(DeliveryStatusFormat::Wide) => OutputFormat::Wide,
            Some(DeliveryStatusFormat::Json) => OutputFormat::Json,
            Some(DeliveryStatusFormat::Yaml) => OutputFormat::Yaml,
            _ => OutputFormat::Human,
        }
    }
}

//! `kubectl tapmc check`: what can be typed.

use clap::{Args, ValueEnum};

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs},
    fleet::ParallelArgs,
    output::OutputArgs,
    registrations::RegistrationsArgs,
};

/// Check what the build cluster and run clusters need for deliveries, and show what helps where they lack it.
///
/// On the build cluster: kapp-controller or Flux in a version that is known, and your own rights there. On the
/// run cluster of each registration, by your own context: kapp-controller, Contour, the run namespaces, and what
/// the stored credential may do. With --on-run-cluster all of it on that one.
///
/// Without --for, one of kapp-controller and Flux is enough. What you may not look at is shown as unknown. It changes
/// nothing; exit code 7 says that something is missing.
#[derive(Debug, Args)]
#[command(
    // The whole command must not wait for one dead cluster.
    mut_arg("timeout", |timeout| timeout.default_value("10s")),
    after_long_help = "Examples:\n  \
        kubectl tapmc check                        the build cluster and the run clusters registered with it\n  \
        kubectl tapmc check prod-eu --for flux     one run cluster, for Flux alone\n  \
        kubectl tapmc check --for carvel-app --deliverables -o json\n  \
        kubectl tapmc check --for flux --on-run-cluster --run-context prod -n apps"
)]
pub struct CheckArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// The way in which is delivered (repeatable); without it both
    #[arg(long = "for", value_name = "WAY", value_enum)]
    pub ways: Vec<CheckedWay>,

    /// For Deliverables instead of packages
    #[arg(long)]
    pub deliverables: bool,

    /// For a reader on the run cluster of --run-context itself, in the namespace of -n: no registration is looked
    /// at
    #[arg(long, conflicts_with_all = ["names", "all_namespaces"])]
    pub on_run_cluster: bool,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// The way to the run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// Which kubeconfig, and how long a cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// A way in which is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckedWay {
    /// By an App of kapp-controller.
    CarvelApp,
    /// By Kustomizations of Flux.
    Flux,
}

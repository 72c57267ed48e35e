//! `kubectl tapmc unregister-run-cluster`: what can be typed.

use clap::{ArgGroup, Args};

use super::{
    changing::ChangingArgs, cluster::RunClusterArgs, fleet::ParallelArgs, registrations::RegistrationsArgs,
    sides::RemovalSidesArgs,
};

/// Remove registrations from both clusters, and prove that every token of theirs is dead.
///
/// On the run cluster goes what carries the registration's label and records this build cluster and this
/// Secret: marker Secrets, Roles and RoleBindings, ServiceAccount and account namespace. What is somebody
/// else's stays, and is named. Run namespaces stay, and so does a ServiceAccount that was brought along.
/// If something still reads the kubeconfig Secret, nothing is removed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group(ArgGroup::new("which").args(["names", "all"]).required(true)))]
pub struct UnregisterRunClusterArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// All registrations of the namespace; with -A those of all namespaces
    #[arg(long)]
    pub all: bool,

    /// First delete what reads the Secret (App, PackageInstall, Kustomization, HelmRelease), and with it
    /// what that deployed, and wait until it is gone
    #[arg(long, help_heading = "Removal")]
    pub with_readers: bool,

    /// Go on although something reads the Secret and will fail, or although you may not list what does
    #[arg(long, help_heading = "Removal")]
    pub ignore_readers: bool,

    /// Delete also the run namespaces that --create-namespace made for this registration, with everything
    /// in them
    #[arg(long, help_heading = "Removal")]
    pub delete_run_namespaces: bool,

    /// Where the run cluster is gone: remove the build cluster's side, and say what is left over there
    #[arg(long, help_heading = "Removal")]
    pub force_unreachable: bool,

    /// One side alone.
    #[command(flatten)]
    pub sides: RemovalSidesArgs,

    /// The run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

const EXAMPLES: &str = "\
Examples:
  # look first
  kubectl tapmc unregister-run-cluster run-a --context build --dry-run

  # with the Apps and Kustomizations that deliver there, and what they deployed
  kubectl tapmc unregister-run-cluster run-a --context build --with-readers

  # its Secret on the build cluster is gone already: by what the run cluster records
  kubectl tapmc unregister-run-cluster run-a --context build --run-context run-a

  # the run cluster no longer exists
  kubectl tapmc unregister-run-cluster run-a --context build --force-unreachable

  # two administrators who share no kubeconfig, each on the cluster that is theirs
  kubectl tapmc unregister-run-cluster run-a --build-side --context build --with-readers
  kubectl tapmc unregister-run-cluster run-a --run-side --run-context run-a";

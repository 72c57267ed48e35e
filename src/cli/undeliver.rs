//! `kubectl tapmc undeliver`: what can be typed.

use clap::{ArgGroup, Args};

use super::{changing::ChangingArgs, cluster::RunClusterArgs};

/// End a delivery, and have its reader take back what it delivered.
///
/// The reader's objects go in the reverse order of their making, while the credential still works, and
/// each is waited for: its controller first deletes what it deployed on the run cluster. What it would
/// leave behind is told before anything is deleted. The registrations stay.
#[derive(Debug, Args)]
#[command(
    mut_arg("run_context", |run_context| {
        run_context.requires("on_run_cluster").help("With --on-run-cluster: the context of the run cluster; asked for on a terminal")
    }),
    mut_arg("run_as", |run_as| {
        run_as.requires("on_run_cluster").help("With --on-run-cluster: act as this user on the run cluster")
    }),
    after_long_help = EXAMPLES,
    group(ArgGroup::new("which").args(["run", "all"]).required(true))
)]
pub struct UndeliverArgs {
    /// The delivery: the package, or the name that it was given; without it every delivery
    #[arg(value_name = "DELIVERY")]
    pub delivery: Option<String>,

    /// To these registrations (comma-separated, repeatable)
    #[arg(long, value_name = "RUN", value_delimiter = ',')]
    pub run: Vec<String>,

    /// To every registration
    #[arg(long)]
    pub all: bool,

    /// What was delivered with --on-run-cluster, from the run cluster of --run-context; with the ServiceAccount
    /// and its rights, where these were made for it
    #[arg(long)]
    pub on_run_cluster: bool,

    /// The namespace of the reader's objects; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Leave on the run clusters what was delivered: for run clusters that are gone, or content that
    /// another reader takes over
    #[arg(long)]
    pub leave_behind: bool,

    /// The way to the run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

const EXAMPLES: &str = "\
Examples:
  # look first
  kubectl tapmc undeliver hello-app.dev.tap --run run-a --context build --dry-run

  # from every run cluster; with the last of them the source and its credentials go as well
  kubectl tapmc undeliver hello-app.dev.tap --all --context build

  # the run cluster is gone, or its credential is dead
  kubectl tapmc undeliver --run run-a --leave-behind --context build

  # what a reader on the run cluster itself delivered, and the ServiceAccount as which it did
  kubectl tapmc undeliver hello-app.dev.tap --all --on-run-cluster --run-context prod -n apps";

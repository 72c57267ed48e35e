//! `kubectl tapmc rotation-schedule`: what can be typed.

use std::time::Duration;

use clap::Args;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs, WaitArgs, duration},
    fleet::ParallelArgs,
    output::{ConsentArgs, OutputArgs},
    registrations::RegistrationsArgs,
    rotate_token::RENEWAL_NAMESPACE,
};

/// Have a CronJob on the build cluster renew the tokens of registrations.
///
/// On the run cluster a second ServiceAccount, whose one right is to issue tokens of the delivery
/// account and of itself, and an admission policy that lets it issue none but those that are bound to
/// a marker of the registration, are for the API server itself, and live no longer than was asked for.
/// On the build cluster a locked namespace with its kubeconfig and the CronJob that uses it when a third
/// of a token's life is over. Nothing else may read that kubeconfig; rotate-token ends it with the
/// generation, rotate-token --evict at once.
///
/// Without --apply the objects of the build cluster are printed, and nothing is changed; what stands on
/// the run cluster, and the kubeconfig, are made by --apply alone.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct RotationScheduleArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// All registrations of the namespace, or with -A of the build cluster
    #[arg(long, conflicts_with = "names", required_unless_present = "names")]
    pub all: bool,

    /// Apply it on both clusters, prove the renewal kubeconfig and store it
    #[arg(long, help_heading = "Renewal")]
    pub apply: bool,

    /// Take it back on both clusters: every renewal token ends
    #[arg(long, conflicts_with = "apply", help_heading = "Renewal")]
    pub remove: bool,

    /// The namespace on the build cluster for the CronJobs and the renewal kubeconfigs; --remove finds
    /// the recorded one
    #[arg(long, value_name = "NAMESPACE", default_value = RENEWAL_NAMESPACE, help_heading = "Renewal")]
    pub renewal_namespace: String,

    /// The image with this plugin; without it that of this version (build it from the Containerfile)
    #[arg(long, value_name = "IMAGE", help_heading = "Renewal")]
    pub image: Option<String>,

    /// When the CronJob runs; without it every eighth of the token's life, but at least every hour.
    /// Less than every sixth of it leaves little time for another try, and status calls the renewal late
    #[arg(long, value_name = "CRON", help_heading = "Renewal")]
    pub schedule: Option<String>,

    /// How long each run waits at the most before it begins; without it a tenth of the time between
    /// two runs
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Renewal")]
    pub jitter: Option<Duration>,

    /// One CronJob for all registrations, whose runs are of so many parts side by side
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000),
          requires = "all", help_heading = "Renewal")]
    pub shards: Option<u32>,

    /// The lifetime of the tokens from now on; without it the recorded one
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "apply", help_heading = "Renewal")]
    pub duration: Option<Duration>,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// The run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// Which kubeconfig, and how long the clusters may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How long to wait for what a controller must finish.
    #[command(flatten)]
    pub wait: WaitArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// How far the command goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  # look at what would renew the token of one run cluster
  kubectl tapmc rotation-schedule run-a --context build

  # have it renewed, with tokens that live for a day
  kubectl tapmc rotation-schedule run-a --context build --apply --duration 24h

  # an image of your own registry
  kubectl tapmc rotation-schedule run-a --context build --apply --image registry.example.com/kubectl-tapmc:0.1.0

  # a large fleet: one CronJob whose runs are of eight parts side by side
  kubectl tapmc rotation-schedule --all -A --context build --apply --shards 8

  # take it back
  kubectl tapmc rotation-schedule run-a --context build --remove";

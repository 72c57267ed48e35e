//! `kubectl tapmc rotate-token`: what can be typed.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs, WaitArgs, duration},
    fleet::ParallelArgs,
    output::ConsentArgs,
    registrations::RegistrationsArgs,
    sides::{OutputOrFileArgs, SidesArgs},
};

/// Issue a new token for registrations, prove it, store it, and end the former one.
///
/// A new generation begins: a new marker Secret on the run cluster, a token bound to it, tried with
/// the very kubeconfig that then replaces the stored one. The former token is spared for --grace,
/// since a running deploy may hold it; the next run after that deletes its marker, and the token dies
/// with it. At every moment the stored kubeconfig is one that works. A token that is dead already,
/// and a kubeconfig Secret that was lost (name its run cluster with --run-context), are no hindrance.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct RotateTokenArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// All registrations of the namespace, or with -A of the build cluster
    #[arg(long, conflicts_with_all = ["names", "run_side", "build_side"],
          required_unless_present_any = ["names", "build_side"])]
    pub all: bool,

    /// Only tokens that end within this time; markers whose grace is over are deleted in any case
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Rotation", conflicts_with_all = ["run_side", "build_side"])]
    pub if_expiring_within: Option<Duration>,

    /// Only tokens issued before this time (RFC 3339): what a run that failed in part left undone, as its hint says
    #[arg(long, value_name = "TIME", help_heading = "Rotation", conflicts_with_all = ["run_side", "build_side", "renewal"])]
    pub if_issued_before: Option<Timestamp>,

    /// How long the former token is spared; 0 ends it at once, and proves that
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20m", help_heading = "Rotation")]
    pub grace: Duration,

    /// Make the ServiceAccounts anew: every token of them, of whatever kind and wherever it may be,
    /// ends at once
    #[arg(long, conflicts_with_all = ["if_expiring_within", "grace", "build_side"], help_heading = "Rotation")]
    pub evict: bool,

    /// The lifetime to ask for; without it the recorded one
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Rotation", conflicts_with_all = ["build_side"])]
    pub duration: Option<Duration>,

    /// Only this part of the registrations, for several runs side by side: 0/4 is the first of four
    #[arg(long, value_name = "I/N", value_parser = shard, help_heading = "Rotation", conflicts_with_all = ["run_side", "build_side"])]
    pub shard: Option<Shard>,

    /// Renewal.
    #[command(flatten)]
    pub renewal: RenewalArgs,

    /// One side alone.
    #[command(flatten)]
    pub sides: SidesArgs,

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
    pub output: OutputOrFileArgs,
}

/// What the CronJob of rotation-schedule types.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Renewal")]
pub struct RenewalArgs {
    /// Renew as the CronJob of rotation-schedule does: with the renewal kubeconfig, within the running
    /// generation, and only a token with a third of its life behind it (or --if-expiring-within)
    #[arg(long, conflicts_with_all = ["evict", "grace", "duration", "run_context", "run_as", "run_as_group", "run_side", "build_side"])]
    pub renewal: bool,

    /// The namespace on the build cluster with the renewal kubeconfigs
    #[arg(long, value_name = "NAMESPACE", default_value = RENEWAL_NAMESPACE, requires = "renewal")]
    pub renewal_namespace: String,

    /// Wait for a random time of at most this before beginning
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", requires = "renewal")]
    pub jitter: Duration,
}

/// The namespace on the build cluster that holds the renewal kubeconfigs.
pub const RENEWAL_NAMESPACE: &str = "tapmc-renewal";

/// One of several equal parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0 on.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

/// `I/N`, with I below N.
///
/// # Errors
/// A sentence for anything else.
pub fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    match parsed {
        Some((index, count)) if index < count => Ok(Shard { index, count }),
        _ => Err(format!("'{text}' is not a part of a whole: write 0/4 for the first of four, 3/4 for the last")),
    }
}

const EXAMPLES: &str = "\
Examples:
  # a new token for one run cluster; the former one is spared for 20 minutes
  kubectl tapmc rotate-token run-a --context build

  # whatever ends within the next twelve hours, without being asked
  kubectl tapmc rotate-token --all -A --if-expiring-within 12h --yes --context build

  # a token may have leaked: end it now
  kubectl tapmc rotate-token run-a --context build --grace 0

  # somebody may hold tokens that nobody knows of: end all of them
  kubectl tapmc rotate-token run-a --context build --evict

  # what the CronJob of rotation-schedule runs, in its Pod; whatever is left of the token's life
  kubectl tapmc rotate-token run-a -n default --renewal --if-expiring-within 30d --yes

  # two administrators who share no kubeconfig: the one of the run cluster begins, the other one ends it
  kubectl tapmc rotate-token run-a --run-side -o run-a.voucher --run-context run-a --age-recipient age1...
  kubectl tapmc rotate-token --build-side run-a.voucher --age-identity key.txt --context build";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards() {
        assert_eq!(shard("3/4"), Ok(Shard { index: 3, count: 4 }));
        for garbage in ["", "4/4", "1", "a/b", "-1/2", "1/0", "1/2/3"] {
            assert!(shard(garbage).is_err(), "{garbage}");
        }
    }
}

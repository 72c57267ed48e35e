//! `kubectl tapmc status`: what can be typed.

use std::time::Duration;

use clap::{ArgAction, Args};

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs, duration},
    fleet::ParallelArgs,
    output::{OutputArgs, OutputFormat},
    registrations::RegistrationsArgs,
};

/// Show the registrations that a build cluster holds, and how each fares: the worst first.
///
/// One request to the build cluster shows what it records of each. Up to 20 registrations are also looked
/// at live: is the run cluster reachable and still the recorded one, are ServiceAccount and marker still
/// there, is the stored token accepted, are its rights still those of the profile, and how did the readers
/// of its Secret fare? Only a kubeconfig of this plugin's own form is used, and its token is sent nowhere
/// but to the recorded address.
#[derive(Debug, Args)]
#[command(
    // The whole command must not wait for one dead cluster.
    mut_arg("timeout", |timeout| timeout.default_value("10s")),
    after_long_help = "Examples:\n  \
        kubectl tapmc status                                      in the namespace of the current context\n  \
        kubectl tapmc status -A --live=false                      a fleet, from the build cluster alone\n  \
        kubectl tapmc status prod-eu --run-context prod-eu-admin  one, through a context of your choice\n  \
        kubectl tapmc status -A --live --exit-code -o json        for a script: exit code 7 if one is not fine\n  \
        kubectl tapmc status --watch                              until Ctrl-C"
)]
pub struct StatusArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// Look at the run clusters too; without this flag for up to 20 registrations
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          action = ArgAction::Set)]
    pub live: Option<bool>,

    /// End with exit code 7 if one of them is not fine
    #[arg(long)]
    pub exit_code: bool,

    /// Show it again and again until Ctrl-C, which ends it with exit code 0
    #[arg(short, long, conflicts_with = "exit_code")]
    pub watch: bool,

    /// How long to wait between two looks
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration, requires = "watch")]
    pub watch_interval: Duration,

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

impl StatusArgs {
    /// Is the result one document, which cannot be watched?
    #[must_use]
    pub fn is_document(&self) -> bool {
        !matches!(self.output.format(), OutputFormat::Human | OutputFormat::Wide)
    }
}

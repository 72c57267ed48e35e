//! `kubectl tapmc deliver carvel-app`: what can be typed.

use clap::Args;

use super::{DeliveringArgs, DeliveryArgs, GitCredentialsArgs};

/// Deliver with kapp-controller: an App for each run cluster.
///
/// Of a package the App deploys PACKAGE/packages and PACKAGE/RUN. With --deliverables it deploys the
/// Deliverables that a supply chain writes to the repository. On the build cluster the App uses the kubeconfig
/// Secret, and no ServiceAccount: beside one kapp-controller would deploy to the build cluster.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct CarvelAppArgs {
    /// The package: its folder in the repository
    #[arg(value_name = "PACKAGE", required_unless_present = "deliverables", conflicts_with = "deliverables")]
    pub package: Option<String>,

    /// Deliver the Deliverables in the repository instead of a package
    #[arg(long, help_heading = "Delivery")]
    pub deliverables: bool,

    /// What is delivered where.
    #[command(flatten)]
    pub delivery: DeliveryArgs,

    /// The address of the Git repository
    #[arg(long, alias = "url", value_name = "URL", help_heading = "Repository")]
    pub git_url: String,

    /// What of it is delivered: a branch, refs/tags/TAG, a commit, semver:CONSTRAINTS
    #[arg(long, alias = "ref", value_name = "REF", default_value = "main", help_heading = "Repository")]
    pub git_ref: String,

    /// Its credentials.
    #[command(flatten)]
    pub credentials: GitCredentialsArgs,

    /// How often kapp-controller syncs; at least 30s
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = crate::cli::cluster::duration, help_heading = "Reader")]
    pub sync_period: std::time::Duration,

    /// Put everything into this namespace; without it the run namespace
    #[arg(long, value_name = "NAMESPACE", help_heading = "Reader")]
    pub into_ns: Option<String>,

    /// With --on-run-cluster: the App deploys as this ServiceAccount of its namespace. Without it one is made
    #[arg(long, value_name = "NAME", help_heading = "Reader")]
    pub service_account: Option<String>,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub delivering: DeliveringArgs,
}

const EXAMPLES: &str = "\
Examples:
  # a package to two run clusters, the second of which has its files in the folder 'prod'
  kubectl tapmc deliver carvel-app hello-app.dev.tap --run run-a,run-b=prod \\
    --git-url https://git.example.com/team/gitops --context build

  # from a private repository, with an access token in an environment variable
  kubectl tapmc deliver carvel-app hello-app.dev.tap --all --git-url https://git.example.com/team/gitops \\
    --git-credentials-env GIT_TOKEN --context build

  # the Deliverables of a supply chain
  kubectl tapmc deliver carvel-app --deliverables --run run-a --git-url https://git.example.com/team/deliverables

  # without a build cluster: the App stands on the run cluster, with a ServiceAccount that is made for it
  kubectl tapmc deliver carvel-app hello-app.dev.tap --on-run-cluster --run-context prod --run prod -n apps \\
    --git-url https://git.example.com/team/gitops";

//! `kubectl tapmc deliver flux`: what can be typed.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{DeliveringArgs, DeliveryArgs, GitCredentialsArgs};
use crate::cli::cluster::duration;

/// Deliver with Flux: a source, and two Kustomizations for each run cluster.
///
/// The one applies PACKAGE/packages, the other PACKAGE/RUN, in the API version that the build cluster
/// serves. The kubeconfig Secret gets the label by which Flux notices a new token at once.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct FluxArgs {
    /// The package: its folder in the repository
    #[arg(value_name = "PACKAGE")]
    pub package: String,

    /// What is delivered where.
    #[command(flatten)]
    pub delivery: DeliveryArgs,

    /// The address of the source: of the Git repository, of the artifact (oci://…), or of the object store
    #[arg(long, alias = "url", value_name = "URL", help_heading = "Repository")]
    pub git_url: Option<String>,

    /// What of it is delivered: a branch, refs/tags/TAG, a commit, semver:CONSTRAINTS; of an artifact a
    /// tag, sha256:DIGEST or semver:CONSTRAINTS. Without it the branch main, or the tag latest
    #[arg(long, alias = "ref", value_name = "REF", conflicts_with = "source", help_heading = "Repository")]
    pub git_ref: Option<String>,

    /// What the source is
    #[arg(
        long,
        value_name = "KIND",
        value_enum,
        default_value = "GitRepository",
        ignore_case = true,
        conflicts_with = "source",
        help_heading = "Repository"
    )]
    pub source_kind: SourceKind,

    /// The bucket of an object store
    #[arg(long, value_name = "NAME", help_heading = "Repository")]
    pub bucket: Option<String>,

    /// A source of the namespace that is there already: GitRepository/NAME, OCIRepository/NAME or
    /// Bucket/NAME
    #[arg(long, value_name = "KIND/NAME", conflicts_with_all = ["git_url", "bucket", "git_credentials"], help_heading = "Repository")]
    pub source: Option<String>,

    /// The credentials of the source.
    #[command(flatten)]
    pub credentials: GitCredentialsArgs,

    /// How often Flux looks at the source
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration, help_heading = "Reader")]
    pub source_interval: Duration,

    /// How often Flux applies everything
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, help_heading = "Reader")]
    pub interval: Duration,

    /// The API version of Flux's objects; without it the newest that the build cluster serves
    #[arg(long, value_name = "VERSION", help_heading = "Reader")]
    pub api_version: Option<String>,

    /// Flux acts as this ServiceAccount on the run cluster, in the namespace that has the name of the
    /// Kustomization's. The registration must allow it (--impersonate). A ServiceAccount of that name must also be
    /// in the namespace of the Kustomization: without one Flux removes nothing when the delivery ends. With
    /// --on-run-cluster it is the ServiceAccount of the Kustomization's namespace, and without this flag one is made
    #[arg(long, value_name = "NAME", help_heading = "Reader")]
    pub service_account: Option<String>,

    /// Have Flux get a credential of its own each time instead of reading the kubeconfig Secret; the run
    /// cluster must trust the build cluster's issuer. Without a PROVIDER 'generic'
    #[arg(long, value_name = "PROVIDER", value_enum, num_args = 0..=1, require_equals = true,
          default_missing_value = "generic", conflicts_with = "service_account", help_heading = "Reader")]
    pub secretless: Option<Provider>,

    /// The ServiceAccount on the build cluster whose identity that is; without it Flux's own
    #[arg(long, value_name = "NAME", requires = "secretless", help_heading = "Reader")]
    pub secretless_account: Option<String>,

    /// The audience that the run cluster expects; without it its address
    #[arg(long, value_name = "AUDIENCE", requires = "secretless", help_heading = "Reader")]
    pub secretless_audience: Option<String>,

    /// The run cluster as its provider knows it, such as arn:aws:eks:REGION:ACCOUNT:cluster/NAME; aws always
    /// needs it
    #[arg(long, value_name = "RESOURCE", requires = "secretless", help_heading = "Reader")]
    pub secretless_cluster: Option<String>,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub delivering: DeliveringArgs,
}

/// What Flux reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceKind {
    /// A Git repository.
    #[value(name = "GitRepository")]
    GitRepository,
    /// An artifact of an OCI registry.
    #[value(name = "OCIRepository")]
    OciRepository,
    /// A bucket of an object store.
    #[value(name = "Bucket")]
    Bucket,
}

/// Who vouches for Flux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// The issuer of the build cluster.
    Generic,
    /// Amazon's identity service.
    Aws,
    /// Microsoft's.
    Azure,
    /// Google's.
    Gcp,
}

const EXAMPLES: &str = "\
Examples:
  # a package to a run cluster
  kubectl tapmc deliver flux hello-app.dev.tap --run run-a --git-url https://git.example.com/team/gitops \\
    --context build

  # to all of them, from a private repository; the credentials are in a Secret already
  kubectl tapmc deliver flux hello-app.dev.tap --all --git-url https://git.example.com/team/gitops \\
    --git-secret gitops-auth --context build

  # look at the objects, and keep them in Git
  kubectl tapmc deliver flux hello-app.dev.tap --all --git-url https://git.example.com/team/gitops --export

  # without a build cluster: Flux stands on the run cluster, with a ServiceAccount that is made for it
  kubectl tapmc deliver flux hello-app.dev.tap --on-run-cluster --run-context prod --run prod -n apps \\
    --git-url https://git.example.com/team/gitops";

//! `kubectl tapmc verify`: what can be typed.

use clap::{Args, ValueEnum};

use super::{changing::ChangingArgs, fleet::ParallelArgs, registrations::RegistrationsArgs};

/// Prove stored credentials again: from here, or from where their reader runs.
///
/// Reads the kubeconfig Secret, compares it with its record, and uses what stands in it as a reader
/// would: address, CA, token and rights. Needs no context of the run cluster. A Secret that differs
/// from its record was changed by somebody: what differs is told, never its content, and its token is
/// sent nowhere.
///
/// With --through-reader a controller on the build cluster uses the Secret: that shows the way, TLS,
/// authentication and rights from where it runs. A temporary App of kapp-controller writes one
/// ConfigMap to the run cluster and takes it back; Flux's Kustomizations and HelmReleases that refer to
/// the Secret are asked to reconcile. What an earlier run left behind is removed first.
///
/// Exit code 7 for a Secret that differs from its record, 5 for a token that is refused or lacks rights,
/// 6 for a run cluster that cannot be reached, 1 for a reader that failed, 3 when a part of several failed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Which registrations.
    #[command(flatten)]
    pub registrations: RegistrationsArgs,

    /// All registrations of the namespace, or with -A of the build cluster
    #[arg(long, conflicts_with = "names", required_unless_present = "names")]
    pub all: bool,

    /// Have a controller of the build cluster use the Secret too; without a READER every one that can
    #[arg(long, value_name = "READER", value_enum, num_args = 0..=1, require_equals = true,
          default_missing_value = "any", help_heading = "Reader")]
    pub through_reader: Option<ReaderChoice>,

    /// Make a temporary Kustomization of this source: GitRepository/NAME, OCIRepository/NAME or
    /// Bucket/NAME in the namespace of the Secret. What stands in --path is applied to the run namespace
    /// and deleted again
    #[arg(long, value_name = "KIND/NAME", requires = "through_reader", requires = "path", help_heading = "Reader")]
    pub source: Option<String>,

    /// The folder of the source
    #[arg(long, value_name = "PATH", requires = "source", help_heading = "Reader")]
    pub path: Option<String>,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

/// Who is to use the Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReaderChoice {
    /// Every one that can.
    Any,
    /// kapp-controller, by a temporary App.
    App,
    /// Flux: what refers to the Secret already, and a temporary Kustomization where --source is given.
    Flux,
}

impl ReaderChoice {
    /// May kapp-controller be asked?
    #[must_use]
    pub fn is_app(self) -> bool {
        self != Self::Flux
    }

    /// May Flux be asked?
    #[must_use]
    pub fn is_flux(self) -> bool {
        self != Self::App
    }
}

const EXAMPLES: &str = "\
Examples:
  # is the stored credential good, and for how long?
  kubectl tapmc verify run-a --context build

  # every registration of the build cluster, for a script
  kubectl tapmc verify --all -A --context build -o json

  # does kapp-controller, or Flux, reach the run cluster with it?
  kubectl tapmc verify run-a --context build --through-reader

  # with Flux alone, by a folder of a source that is there
  kubectl tapmc verify run-a --context build --through-reader=flux --source GitRepository/apps --path ./check";

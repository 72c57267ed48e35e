//! `kubectl tapmc pause-supply-chain`: what can be typed.

use clap::{Args, ValueEnum};

use super::changing::ChangingArgs;

/// Have controllers leave the supply chain alone, so that it can be changed.
///
/// Without a name: the PackageInstall 'tap' and those of the supply chain that are installed
/// (ootb-supply-chain-*, ootb-templates). Owners are paused before what they own, also when only
/// the latter is named: they would take its pause away. The command returns when nothing is being
/// deployed any more. Who paused, when, why, and what was before is remembered on the objects
/// themselves; what is paused already is left as it is.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PauseSupplyChainArgs {
    /// What to pause.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Why, for those who find it paused
    #[arg(long, value_name = "TEXT", help_heading = "What to pause")]
    pub reason: Option<String>,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

/// What is to be paused or resumed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to pause")]
pub struct TargetArgs {
    /// The names of the objects; without one those of the supply chain
    #[arg(value_name = "NAME")]
    pub installs: Vec<String>,

    /// The kind of the objects that are named
    #[arg(long, value_name = "KIND", value_enum, default_value = "package-install")]
    pub kind: PausableKind,

    /// Their namespace; without it tap-install, for Flux kinds the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
}

/// The kinds that can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PausableKind {
    /// Carvel's PackageInstall (spec.paused)
    #[value(aliases = ["packageinstall", "PackageInstall", "pkgi"])]
    PackageInstall,
    /// Carvel's App (spec.paused)
    #[value(alias = "App")]
    App,
    /// Carvel's PackageRepository (spec.paused)
    #[value(aliases = ["packagerepository", "PackageRepository", "pkgr"])]
    PackageRepository,
    /// Flux's Kustomization (spec.suspend)
    #[value(aliases = ["Kustomization", "ks"])]
    Kustomization,
    /// Flux's HelmRelease (spec.suspend)
    #[value(aliases = ["helmrelease", "HelmRelease", "hr"])]
    HelmRelease,
    /// Flux's GitRepository (spec.suspend)
    #[value(aliases = ["gitrepository", "GitRepository"])]
    GitRepository,
}

impl PausableKind {
    /// Is it one of Flux's?
    #[must_use]
    pub fn is_flux(self) -> bool {
        matches!(self, Self::Kustomization | Self::HelmRelease | Self::GitRepository)
    }

    /// The kind as its objects say it.
    #[must_use]
    pub fn as_kind(self) -> &'static str {
        match self {
            Self::PackageInstall => "PackageInstall",
            Self::App => "App",
            Self::PackageRepository => "PackageRepository",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
            Self::GitRepository => "GitRepository",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  # the whole supply chain: tap, then ootb-supply-chain-* and ootb-templates
  kubectl tapmc pause-supply-chain --context build --reason 'deliverables for run-a'

  # one PackageInstall, and whatever owns it
  kubectl tapmc pause-supply-chain cnrs --context build

  # a Flux Kustomization
  kubectl tapmc pause-supply-chain apps --kind kustomization -n flux-system --context build";

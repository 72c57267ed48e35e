//! `kubectl tapmc scaffold`: what can be typed.

pub mod deliverable_config;
pub mod package_install;
pub mod prebuilt_image;

use clap::{Args, Subcommand};

use super::{apply_supply_chain::ChangeArgs, cluster::WaitArgs, output::ConsentArgs};

/// Make the chains and templates of a delivery, and the files of a package for its run clusters.
///
/// What is printed can be read, changed, kept in Git and applied.
#[derive(Debug, Args)]
pub struct ScaffoldArgs {
    /// What to make.
    #[command(subcommand)]
    pub what: Scaffold,
}

/// What can be made.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a doc comment would hide the long help of the arguments, and each has its sentence below"
)]
pub enum Scaffold {
    #[command(about = "For each Workload a ConfigMap with its Deliverable, written to a Git repository")]
    DeliverableConfig(Box<deliverable_config::DeliverableConfigArgs>),
    #[command(
        about = "The files by which a Package is installed on run clusters, in the layout of a GitOps repository"
    )]
    PackageInstall(Box<package_install::PackageInstallArgs>),
    #[command(about = "A chain that runs images which were built elsewhere")]
    PrebuiltImage(Box<prebuilt_image::PrebuiltImageArgs>),
}

/// Applying what was made.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Applying")]
pub struct ApplyArgs {
    /// Apply it instead of printing it, as apply-supply-chain does
    #[arg(long)]
    pub apply: bool,

    /// How the change is made.
    #[command(flatten)]
    pub change: ChangeArgs,

    /// How far applying goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How long to wait for the chain.
    #[command(flatten)]
    pub wait: WaitArgs,
}

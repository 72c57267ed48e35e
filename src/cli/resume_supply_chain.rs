//! `kubectl tapmc resume-supply-chain`: what can be typed.

use clap::Args;

use super::{changing::ChangingArgs, pause_supply_chain::TargetArgs};

/// Let controllers go on with what 'pause-supply-chain' paused.
///
/// Without a name: everything in the namespace that this plugin paused. What is owned is resumed
/// before its owner, and gets exactly the state that it had. Before anything is changed the live
/// edits are listed that the controllers will revert. The command returns when everything is
/// reconciled, or has failed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ResumeSupplyChainArgs {
    /// What to resume.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Also resume what somebody else paused
    #[arg(long, help_heading = "What to pause")]
    pub all: bool,

    /// Return as soon as the controllers are told, and do not wait for them
    #[arg(long, help_heading = "Clusters")]
    pub no_wait: bool,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

const EXAMPLES: &str = "\
Examples:
  # look at what would be reverted
  kubectl tapmc resume-supply-chain --context build --dry-run

  # everything that this plugin paused in tap-install
  kubectl tapmc resume-supply-chain --context build

  # one PackageInstall, also when somebody else paused it
  kubectl tapmc resume-supply-chain cnrs --all --context build";

//! `kubectl tapmc undo-supply-chain`: what can be typed.

use clap::Args;

use super::changing::ChangingArgs;

/// List the backups of apply-supply-chain, or take a change back.
///
/// Without a name it lists. With one, objects that were replaced become what they were, and those
/// that the change made are deleted, if nobody changed them since.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct UndoSupplyChainArgs {
    /// The backup
    #[arg(value_name = "BACKUP", conflicts_with = "last")]
    pub backup: Option<String>,

    /// The newest backup that is not undone yet
    #[arg(long)]
    pub last: bool,

    /// The namespace of the backups; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// List the backups of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["backup", "last"])]
    pub all_namespaces: bool,

    /// Undo the change of objects that somebody changed since, too: what they did is lost
    #[arg(long)]
    pub force: bool,

    /// Go on although an object belongs to a PackageInstall or App that is not paused, and that
    /// takes the change back
    #[arg(long)]
    pub allow_unpaused: bool,

    /// Do not wait until the chains are Ready
    #[arg(long)]
    pub no_wait: bool,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

const EXAMPLES: &str = "\
Examples:
  # which changes can be undone
  kubectl tapmc undo-supply-chain

  # look, then take the last one back
  kubectl tapmc undo-supply-chain --last --dry-run=server
  kubectl tapmc undo-supply-chain --last";

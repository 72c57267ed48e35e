//! `kubectl tapmc apply-supply-chain`: what can be typed.

use std::path::PathBuf;

use clap::Args;

use super::changing::ChangingArgs;

/// Change supply chains, templates and what belongs to them so that it can be undone.
///
/// Every object of the files becomes exactly what the file says: fields that others added go, but
/// what kapp needs stays. The API server checks all of them before the first is written; what is
/// replaced is kept in a backup ConfigMap first. Templates are written before the chains that refer
/// to them, and each chain must become Ready.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ApplySupplyChainArgs {
    /// A file with objects, a folder of such files (*.yaml, *.yml, *.json), or - for standard input
    /// (repeatable)
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub filenames: Vec<PathBuf>,

    /// Read the folders in the folders as well
    #[arg(short = 'R', long)]
    pub recursive: bool,

    /// The namespace of objects that name none; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// How the change is made.
    #[command(flatten)]
    pub change: ChangeArgs,

    /// Where, how far, and how long it may take.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

/// How a change of the supply chain is made: its backup, and what it may do all the same.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Change")]
pub struct ChangeArgs {
    /// Why; it is kept with the backup
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// The namespace of the backup; without it that of --namespace or of the context
    #[arg(long, value_name = "NAMESPACE")]
    pub backup_namespace: Option<String>,

    /// Do not wait until the chains are Ready
    #[arg(long)]
    pub no_wait: bool,

    /// Go on although a Workload would match several chains equally well, and stop
    #[arg(long)]
    pub allow_selector_conflict: bool,

    /// Go on although templates of a chain do not exist; it is not waited for then
    #[arg(long)]
    pub allow_missing_templates: bool,

    /// Go on although an object belongs to a PackageInstall or App that is not paused, and that
    /// takes the change back
    #[arg(long)]
    pub allow_unpaused: bool,
}

const EXAMPLES: &str = "\
Examples:
  # look at what would change, checked by the API server
  kubectl tapmc apply-supply-chain -f supply-chain/ --dry-run=server

  # change it, and take it back
  kubectl tapmc apply-supply-chain -f supply-chain/ --reason 'deliver to run clusters'
  kubectl tapmc undo-supply-chain --last

  # what ytt rendered
  ytt -f templates/ | kubectl tapmc apply-supply-chain -f - --yes";

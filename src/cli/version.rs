//! `kubectl tapmc version`: what can be typed.

use clap::Args;

use super::output::OutputArgs;

/// Print the version of this plugin.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

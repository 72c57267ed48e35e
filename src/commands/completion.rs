//! `kubectl tapmc completion`: scripts for shells, and the program that kubectl asks.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::{
    cli::{Cli, completion::CompletionShell},
    error::Result,
    output::Printer,
};

/// kubectl looks for this program on the PATH and runs it with the words after `kubectl tapmc`
/// (kubernetes `pkg/cmd/plugin/plugin_completion.go`, since 1.26).
const KUBECTL: &str = "#!/bin/sh\nexec kubectl tapmc __complete -- \"$@\"\n";

/// Prints a completion script.
pub(super) fn completion(shell: CompletionShell, printer: Printer) -> Result<()> {
    let shell = match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
        CompletionShell::Powershell => Shell::PowerShell,
        CompletionShell::Kubectl => return printer.raw(KUBECTL),
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command().bin_name("kubectl-tapmc"), "kubectl-tapmc", &mut script);
    printer.raw(&String::from_utf8_lossy(&script))
}

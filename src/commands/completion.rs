//! `kubectl tapmc completion`: scripts for shells, and the program that kubectl asks.

use clap::{Command, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::{
    cli::{Cli, completion::CompletionShell},
    error::Result,
    output::Printer,
};

/// The name under which the shells complete the plugin without kubectl.
const PROGRAM: &str = "kubectl-tapmc";

/// kubectl runs this program with the words after `kubectl tapmc` (its
/// `pkg/cmd/plugin/plugin_completion.go`, since 1.26). What it writes on stderr would stand in the
/// user's command line.
const KUBECTL: &str = "\
#!/bin/sh
# For `kubectl tapmc <TAB>`: an executable file of the name kubectl_complete-tapmc on your PATH.
exec kubectl-tapmc __complete -- \"$@\" </dev/null 2>/dev/null
";

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
    generate(shell, &mut shown(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete writes the '-' of a program's name in two ways, so that bash knows no verb
    // (clap-rs/clap#6421).
    printer.raw(&script.replace("kubectl__subcmd__tapmc__", "kubectl__tapmc__"))
}

/// The command line without what no person types: the scripts would offer hidden verbs too.
fn shown() -> Command {
    let cli = Cli::command();
    let verbs = cli.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new(PROGRAM)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .args(cli.get_arguments().cloned())
        .subcommands(verbs)
}

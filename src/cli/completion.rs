//! `kubectl tapmc completion`: what can be typed.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

/// Print the completion script of a shell, or the program that lets kubectl complete us.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionArgs {
    /// For what
    #[arg(value_enum)]
    pub shell: CompletionShell,
}

/// What a completion script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// bash, for the program kubectl-tapmc itself
    Bash,
    /// zsh, for the program kubectl-tapmc itself
    Zsh,
    /// fish, for the program kubectl-tapmc itself
    Fish,
    /// PowerShell, for the program kubectl-tapmc itself
    Powershell,
    /// The program `kubectl_complete-tapmc`, for `kubectl tapmc <TAB>` in every shell
    Kubectl,
}

/// The words after `kubectl tapmc`, the last one to be completed.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The words, as kubectl passes them on
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  # for kubectl tapmc <TAB> in every shell that completes kubectl: a program on your PATH
  kubectl tapmc completion kubectl > /usr/local/bin/kubectl_complete-tapmc
  chmod +x /usr/local/bin/kubectl_complete-tapmc

  # for kubectl-tapmc <TAB> in this bash
  source <(kubectl tapmc completion bash)";

//! What an operator does.

use std::{path::Path, process::Command};

use super::super::PLUGIN;

/// The registration that both work on.
pub const NAME: &str = "shared";
/// Its run namespace.
pub const APPS: &str = "apps";

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `register-run-cluster`.
    Register,
    /// `register-run-cluster --rotate`.
    RegisterAnew,
    /// `rotate-token`.
    Rotate,
    /// `rotate-token --grace 0`.
    RotateAtOnce,
    /// `unregister-run-cluster`.
    Unregister,
    /// `status --live`.
    Status,
    /// `verify`.
    Verify,
}

impl Verb {
    /// As a schedule names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::RegisterAnew => "register-anew",
            Self::Rotate => "rotate",
            Self::RotateAtOnce => "rotate-at-once",
            Self::Unregister => "unregister",
            Self::Status => "status",
            Self::Verify => "verify",
        }
    }

    /// Does it only look?
    pub fn only_looks(self) -> bool {
        matches!(self, Self::Status | Self::Verify)
    }

    /// The command line, for the operator of that kubeconfig.
    pub fn command(self, kubeconfig: &Path, home: &Path) -> Command {
        let register = ["register-run-cluster", "--build-context", "build", "--run-context", "run", "--name", NAME];
        let register = register.into_iter().chain(["--run-namespace", APPS, "--allow-loopback-server", "--yes"]);
        let on_build = [NAME, "--context", "build"];
        let mut command = Command::new(PLUGIN);
        command.env_clear().env("HOME", home).env("KUBECONFIG", kubeconfig).stdin(std::process::Stdio::null());
        match self {
            Self::Register => command.args(register),
            Self::RegisterAnew => command.args(register).arg("--rotate"),
            Self::Rotate => command.arg("rotate-token").args(on_build).arg("--yes"),
            Self::RotateAtOnce => command.arg("rotate-token").args(on_build).args(["--yes", "--grace", "0"]),
            Self::Unregister => command.arg("unregister-run-cluster").args(on_build).arg("--yes"),
            Self::Status => command.arg("status").args(on_build).arg("--live"),
            Self::Verify => command.arg("verify").args(on_build),
        };
        command
    }
}

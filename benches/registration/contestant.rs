//! Who is measured: each registers the run cluster under a name, again and again if asked to.

use std::{path::Path, process::Command};

use super::arena::{Arena, BUILD, RUN};

/// The plugin, as it is released.
pub const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-tapmc");

/// One way to register a run cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    /// `script.sh`.
    Script,
    /// `shortest.sh`.
    Shortest,
    /// `kubectl tapmc register-run-cluster`.
    Plugin,
}

/// What is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// A run cluster of which the build cluster knows nothing yet.
    First,
    /// The same once more, with a new token.
    Repeated,
}

impl Contestant {
    /// All of them, in the order in which they take turns.
    pub const ALL: [Self; 3] = [Self::Script, Self::Shortest, Self::Plugin];

    /// What it is called in the names of its objects.
    pub fn stem(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Shortest => "shortest",
            Self::Plugin => "plugin",
        }
    }

    /// The command for a job. The run namespace is called as the registration is.
    pub fn command(self, arena: &Arena, at_a_distance: bool, job: Job, name: &str) -> Command {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/registration");
        match self {
            Self::Script | Self::Shortest => {
                let mut command = arena.command("/bin/sh", at_a_distance);
                command.arg(scripts.join(self.stem()).with_extension("sh")).args([name, name]);
                command
            }
            Self::Plugin => {
                let mut command = arena.command(PLUGIN, at_a_distance);
                command.args(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN]);
                command.args(["--name", name, "--run-namespace", name, "--allow-loopback-server", "--yes"]);
                command.args((job == Job::Repeated).then_some("--rotate"));
                command
            }
        }
    }
}

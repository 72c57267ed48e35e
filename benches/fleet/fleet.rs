//! One fleet: its run clusters, their kubeconfig, the fleet file, and the commands over all of it.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use anyhow::Result;

use super::{
    ground::{APPS, BUILD, Ground, PLUGIN},
    simulator::Reach,
};

/// A fleet.
pub struct Fleet {
    /// The names of the run clusters, of their contexts and of the registrations.
    pub names: Vec<String>,
    /// Those of them that are doomed.
    pub doomed: Vec<String>,
    /// The namespace on the build cluster.
    pub namespace: String,
    kubeconfig: PathBuf,
    file: PathBuf,
}

/// What is done with a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// All are registered.
    Register,
    /// The same again: nothing is left to do.
    Again,
    /// All get a new token.
    Rotate,
    /// All are shown, from the build cluster alone.
    Status,
    /// All are shown, and looked at.
    LiveStatus,
    /// All stored credentials are proven.
    Verify,
    /// All are removed.
    Unregister,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 7] =
        [Self::Register, Self::Again, Self::Rotate, Self::Status, Self::LiveStatus, Self::Verify, Self::Unregister];

    /// As the page calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Register => "register-run-cluster --fleet",
            Self::Again => "the same again",
            Self::Rotate => "rotate-token --all",
            Self::Status => "status --live=false",
            Self::LiveStatus => "status --live",
            Self::Verify => "verify --all",
            Self::Unregister => "unregister-run-cluster --all",
        }
    }
}

impl Fleet {
    /// So many run clusters, of which one in so many is doomed.
    pub fn new(ground: &Ground, stem: &str, size: usize, one_in: Option<usize>) -> Result<Self> {
        let is_dead = |number: usize| one_in.is_some_and(|every| number % every == every / 2);
        let clusters: Vec<(String, Reach)> = (0..size)
            .map(|number| {
                let reach = if is_dead(number) { Reach::Doomed } else { Reach::Alive };
                (format!("{stem}-{number:04}"), reach)
            })
            .collect();
        let kubeconfig = ground.kubeconfig(&format!("{stem}.kubeconfig"), &clusters)?;
        ground.make_build_namespace(stem)?;
        let doomed =
            clusters.iter().filter(|(_, reach)| *reach == Reach::Doomed).map(|(name, _)| name.clone()).collect();
        let names: Vec<String> = clusters.into_iter().map(|(name, _)| name).collect();
        let mut text = format!(
            "apiVersion: kubectl-tapmc/v1\nkind: Fleet\nbuildContext: {BUILD}\nnamespace: {stem}\n\
             defaults: {{runNamespaces: [{APPS}], allowLoopbackServer: true}}\nrunClusters:\n"
        );
        for name in &names {
            writeln!(text, "- context: {name}")?;
        }
        let file = ground.folder().join(format!("{stem}.yaml"));
        fs::write(&file, text)?;
        Ok(Self { names, doomed, namespace: stem.to_owned(), kubeconfig, file })
    }

    /// Those of its run clusters that live on.
    pub fn healthy(&self) -> Vec<String> {
        self.names.iter().filter(|name| !self.doomed.contains(*name)).cloned().collect()
    }

    /// The command of a step.
    pub fn command(&self, ground: &Ground, step: Step) -> Command {
        let mut command = ground.command(PLUGIN, Some(&self.kubeconfig));
        let on_build = ["--context", BUILD, "-n", &self.namespace];
        match step {
            Step::Register | Step::Again => {
                command.arg("register-run-cluster").arg("--fleet").arg(&self.file).arg("--yes")
            }
            Step::Rotate => command.args(["rotate-token", "--all", "--yes"]).args(on_build),
            Step::Status => command.args(["status", "--live=false"]).args(on_build),
            Step::LiveStatus => command.args(["status", "--live"]).args(on_build),
            Step::Verify => command.args(["verify", "--all"]).args(on_build),
            Step::Unregister => command.args(["unregister-run-cluster", "--all", "--yes"]).args(on_build),
        };
        command
    }
}

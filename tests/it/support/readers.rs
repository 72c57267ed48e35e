//! Readers of credentials as they are: the published Go code of other systems reads what the plugin wrote on the build
//! cluster, or a file, and reaches the run cluster with what that gives. Built when the first test asks for them.

use std::{path::Path, process::Command};

use serde::Deserialize;
use tempfile::TempDir;

use super::{BUILD, Testbed, testbed::built};

/// A system that reads a credential, by the name that `tests/testbed/readers` has for it.
#[must_use]
pub struct RealReader {
    command: Command,
    // What its own programs need while it reads.
    _folder: TempDir,
}

/// What a run cluster answered to a reader.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// The name by which the reader knows it; empty where it has none.
    #[serde(default)]
    pub cluster: String,
    /// Its address.
    pub server: String,
    /// The names of the ConfigMaps in the run namespace.
    pub config_maps: Vec<String>,
}

impl RealReader {
    /// One that lists the ConfigMaps of this run namespace.
    pub fn new(reader: &str, run_namespace: &str) -> Self {
        let program = if ["argocd", "karmada"].contains(&reader) { "readers-1.31" } else { "readers" };
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(built(&["readers"]).join(program));
        command
            .args([reader, "--run-namespace", run_namespace, "--context", BUILD, "--kubeconfig"])
            .arg(&Testbed::get().kubeconfig)
            .arg("--folder")
            .arg(folder.path())
            .env_remove("KUBERNETES_SERVICE_HOST");
        Self { command, _folder: folder }
    }

    /// From the Secret, or the reader's own object, of that name on the build cluster.
    pub fn of(mut self, namespace: &str, name: &str) -> Self {
        self.command.args(["--namespace", namespace, "--name", name]);
        self
    }

    /// From a file.
    pub fn file(mut self, path: &Path) -> Self {
        self.command.arg("--file").arg(path);
        self
    }

    /// Reads, and reaches the run cluster; gives what that answered, or the reader's message.
    pub fn reads(mut self) -> Result<Reached, String> {
        let output = self.command.output().expect("the reader starts");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).expect("a reader's answer"))
    }
}

//! Kubeconfig files as users have them: one or several contexts, each with a server, a CA and a
//! way to authenticate.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;

use super::{Testbed, testbed::ClusterFacts};

/// A kubeconfig file in a folder of its own, which goes with it.
pub struct KubeconfigFile {
    /// The file.
    pub path: PathBuf,
    /// Its folder, for what the file refers to.
    pub dir: TempDir,
    contexts: Vec<[String; 4]>,
}

impl KubeconfigFile {
    /// An empty one.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        Self { path: dir.path().join("kubeconfig"), dir, contexts: Vec::new() }
    }

    /// Adds a context: its name, the YAML of its cluster, of its user, and further lines of the
    /// context.
    pub fn context(mut self, name: &str, cluster: &str, user: &str, more: &str) -> Self {
        self.contexts.push([name, cluster, user, more].map(str::to_owned));
        let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let mut file = String::from("apiVersion: v1\nkind: Config\n");
        for (section, entry, index) in [("clusters", "cluster", 1), ("users", "user", 2)] {
            file.push_str(&format!("{section}:\n"));
            for context in &self.contexts {
                file.push_str(&format!("- name: '{}'\n  {entry}:\n{}", context[0], indent(&context[index])));
            }
        }
        file.push_str("contexts:\n");
        for [name, _, _, more] in &self.contexts {
            file.push_str(&format!(
                "- name: '{name}'\n  context:\n    cluster: '{name}'\n    user: '{name}'\n{}",
                indent(more)
            ));
        }
        fs::write(&self.path, file).expect("written");
        self
    }

    /// Adds a context as the test bed has it: inline CA and an administrator's token.
    pub fn plain(self, name: &str, cluster: &ClusterFacts) -> Self {
        self.context(name, &inline(&cluster.server, cluster), &token(cluster), "")
    }
}

/// The YAML of a cluster with an inline CA.
pub fn inline(server: &str, cluster: &ClusterFacts) -> String {
    let ca = fs::read(&cluster.certificate_authority).expect("the CA");
    inline_pem(server, &ca)
}

/// The YAML of a cluster with this CA inline.
pub fn inline_pem(server: &str, ca: &[u8]) -> String {
    format!("server: {server}\ncertificate-authority-data: {}", STANDARD.encode(ca))
}

/// The YAML of a user with an administrator's token.
pub fn token(cluster: &ClusterFacts) -> String {
    format!("token: {}", cluster.token)
}

/// A control plane that was started for the tests; none when the suite runs against existing
/// clusters, and then the caller's test passes over itself.
pub fn started(name: &str) -> Option<&'static ClusterFacts> {
    let found = Testbed::get().cluster(name);
    if found.is_none() {
        eprintln!("passed over: this needs a control plane of its own, '{name}'");
    }
    found
}

//! Where it happens: two control planes, the distance to them, and kubeconfigs with and without it.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::{
    delay::DelayProxy,
    testbed::{Testbed, crds},
};

/// The contexts, named as the clusters are.
pub const BUILD: &str = "build";
/// The context of the run cluster.
pub const RUN: &str = "run";

/// Two control planes that can be put at a distance.
pub struct Arena {
    testbed: Testbed,
    folder: TempDir,
    near: PathBuf,
    far: PathBuf,
    proxies: Vec<DelayProxy>,
}

impl Arena {
    /// Starts the control planes, and a proxy before each.
    pub fn start() -> Result<Self> {
        let testbed = Testbed::start(&[BUILD, RUN], &crds(BUILD, "flux"));
        let folder = TempDir::new()?;
        let mut kubeconfig = fs::read_to_string(&testbed.kubeconfig)?;
        let mut proxies = Vec::new();
        for name in [BUILD, RUN] {
            let server = &testbed.cluster(name).context("the test bed started another cluster")?.server;
            let address: SocketAddr = server.trim_start_matches("https://").parse()?;
            let proxy = DelayProxy::start(address)?;
            kubeconfig = kubeconfig.replace(server, &format!("https://{}", proxy.address()));
            proxies.push(proxy);
        }
        let far = folder.path().join("far");
        fs::write(&far, kubeconfig)?;
        fs::create_dir(folder.path().join("home"))?;
        Ok(Self { near: testbed.kubeconfig.clone(), far, proxies, folder, testbed })
    }

    /// Puts the control planes at a distance.
    pub fn set_round_trip(&self, round_trip: Duration) {
        self.proxies.iter().for_each(|proxy| proxy.set_round_trip(round_trip));
    }

    /// How many connections were opened over a distance so far.
    pub fn connections(&self) -> usize {
        self.proxies.iter().map(DelayProxy::connections).sum()
    }

    /// A folder for files of the benchmark.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// kubectl itself.
    pub fn kubectl(&self) -> PathBuf {
        self.testbed.bin.join("kubectl")
    }

    /// A command with nothing of this machine's environment but the programs on its path; its
    /// control planes are at a distance, or right here.
    pub fn command(&self, program: impl AsRef<Path>, at_a_distance: bool) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.folder().join("home"))
            .env("KUBECONFIG", if at_a_distance { &self.far } else { &self.near })
            .stdin(Stdio::null());
        command
    }

    /// The path with the test bed's kubectl in front.
    pub fn path(&self) -> OsString {
        let mut path = self.testbed.bin.clone().into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        path
    }

    /// Makes namespaces on the run cluster, and waits until its controllers have seen to them.
    pub fn make_run_namespaces(&self, names: &[String]) -> Result<()> {
        let kubectl = |args: &[&str]| {
            let mut command = self.command(self.kubectl(), false);
            command.args(["--context", RUN]).args(args).stdout(Stdio::null());
            command
        };
        let manifests: String = names
            .iter()
            .map(|name| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"))
            .collect();
        let mut apply = kubectl(&["apply", "--server-side", "-f", "-"]).stdin(Stdio::piped()).spawn()?;
        apply.stdin.take().context("a pipe")?.write_all(manifests.as_bytes())?;
        ensure!(apply.wait()?.success(), "the run namespaces could not be made");
        for name in names {
            let made = kubectl(&["wait", "--for=create", "serviceaccount/default", "-n", name]).status()?;
            ensure!(made.success(), "the controllers did not see to the namespace {name}");
        }
        Ok(())
    }
}

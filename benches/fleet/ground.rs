//! Where it happens: one real build cluster behind a delay, and simulated run clusters as far away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::{
    delay::DelayProxy,
    simulator::{Distance, OPERATOR, Reach, Simulator},
    testbed::Testbed,
};

/// The plugin, as it is released.
pub const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-tapmc");
/// The context of the build cluster.
pub const BUILD: &str = "build";
/// The run namespace of every run cluster.
pub const APPS: &str = "apps";
/// How far away every cluster is, and how long a simulated one takes for a request; the real build cluster takes its own
/// time.
pub const DISTANCE: Distance =
    Distance { round_trip: Duration::from_millis(50), server_time: Duration::from_millis(10) };

/// The build cluster and the simulator.
pub struct Ground {
    /// The run clusters.
    pub simulator: Simulator,
    testbed: Testbed,
    folder: TempDir,
    build: PathBuf,
    _proxy: DelayProxy,
}

impl Ground {
    /// Starts them.
    pub fn start() -> Result<Self> {
        let testbed = Testbed::start(&[BUILD], &[]);
        let server = &testbed.cluster(BUILD).context("the test bed started another cluster")?.server;
        let proxy = DelayProxy::start(server.trim_start_matches("https://").parse()?)?;
        proxy.set_round_trip(DISTANCE.round_trip);
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("home"))?;
        let build = folder.path().join("build");
        let kubeconfig = fs::read_to_string(&testbed.kubeconfig)?;
        fs::write(&build, kubeconfig.replace(server, &format!("https://{}", proxy.address())))?;
        let simulator = Simulator::start()?;
        simulator.set_distance(DISTANCE);
        Ok(Self { simulator, testbed, folder, build, _proxy: proxy })
    }

    /// A folder for files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// kubectl itself.
    pub fn kubectl(&self) -> PathBuf {
        self.testbed.bin.join("kubectl")
    }

    /// A kubeconfig file for these run clusters, which are made, with a context for each.
    pub fn kubeconfig(&self, file: &str, clusters: &[(String, Reach)]) -> Result<PathBuf> {
        for (name, _) in clusters {
            self.simulator.cluster(name).make_namespace(APPS, self.simulator.clock().now());
        }
        let path = self.folder().join(file);
        let named = clusters.iter().map(|(name, reach)| (name.as_str(), *reach));
        fs::write(&path, self.simulator.kubeconfig(OPERATOR, named))?;
        Ok(path)
    }

    /// Makes a namespace on the build cluster.
    pub fn make_build_namespace(&self, name: &str) -> Result<()> {
        let mut kubectl = self.command(self.kubectl(), None);
        let made = kubectl.args(["--context", BUILD, "create", "namespace", name]).stdout(Stdio::null()).status()?;
        ensure!(made.success(), "the namespace {name} could not be made");
        Ok(())
    }

    /// A command with nothing of this machine's environment but the programs on its path, and with the contexts of the
    /// build cluster and of that kubeconfig.
    pub fn command(&self, program: impl AsRef<Path>, run: Option<&Path>) -> Command {
        let mut kubeconfig = self.build.clone().into_os_string();
        if let Some(run) = run {
            kubeconfig.push(":");
            kubeconfig.push(run);
        }
        let mut path = self.testbed.bin.clone().into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("PATH", path).env("HOME", self.folder().join("home")).env("KUBECONFIG", kubeconfig);
        command.stdin(Stdio::null());
        command
    }

    /// The plugin with a verb.
    pub fn plugin(&self, run: &Path, verb: &[&str]) -> Command {
        let mut command = self.command(PLUGIN, Some(run));
        command.args(verb);
        command
    }
}

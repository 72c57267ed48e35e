//! The control planes of a test run: real kube-apiservers, started once for the whole binary,
//! stopped when it ends (their owner's standard input closes then).
//!
//! On [`BUILD`] the test bed's stand-in does what kapp-controller and Cartographer would do, and the real Flux runs there
//! as soon as a test asks for it ([`super::Flux`]); on [`BUILD_TWO`] are the same kinds of objects, and nobody who
//! reconciles them. The kinds of other readers, such as Crossplane's ProviderConfig, are on [`BUILD`] alone.
//!
//! With `TAPMC_TEST_BUILD_CONTEXT` and `TAPMC_TEST_RUN_CONTEXT` the suite runs against existing
//! clusters of the local kubeconfig instead; tests that need more than these two pass over
//! themselves, and say so. What the tests need of kapp-controller and Cartographer, the real ones
//! must do there.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
};

use serde::Deserialize;

/// The clusters by their role in the tests; the names are also those of their contexts.
pub const BUILD: &str = "build";
/// A second build cluster.
pub const BUILD_TWO: &str = "build-two";
/// A run cluster.
pub const RUN: &str = "run-a";
/// A run cluster that packages can be delivered to; it also serves the kinds of a Flux of former times, with nobody who
/// reconciles them.
pub const RUN_PACKAGES: &str = "run-packages";
/// A run cluster that grants tokens for one hour at the most.
pub const RUN_CAPPED: &str = "run-capped";

/// The started control planes.
pub struct Testbed {
    /// The kubeconfig with a context for each.
    pub kubeconfig: PathBuf,
    /// The programs of the test bed: kubectl is one of them.
    pub bin: PathBuf,
    clusters: Vec<ClusterFacts>,
    _owner: Option<(Child, ChildStdin)>,
}

/// How to reach one of the control planes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterFacts {
    /// Its name, also that of its context.
    pub name: String,
    /// Its address.
    pub server: String,
    /// The file with its CA.
    pub certificate_authority: PathBuf,
    /// The file with an administrator's certificate.
    pub client_certificate: PathBuf,
    /// The file with that certificate's key.
    pub client_key: PathBuf,
    /// An administrator's token.
    pub token: String,
}

#[derive(Deserialize)]
struct Ready {
    kubeconfig: PathBuf,
    clusters: Vec<ClusterFacts>,
}

/// The control planes of this test run, once somebody asked for them.
static TESTBED: OnceLock<Testbed> = OnceLock::new();

impl Testbed {
    /// The control planes of this test run.
    pub fn get() -> &'static Self {
        TESTBED.get_or_init(|| {
            Self::existing().unwrap_or_else(|| {
                let capped = format!("{RUN_CAPPED}=--service-account-max-token-expiration=1h");
                let mut arguments = ["--apiserver-flag", &capped, "--controllers", BUILD].map(str::to_owned).to_vec();
                let systems = ["carvel", "packaging", "cartographer", "tanzu", "tekton", "flux"];
                for (cluster, systems) in [
                    (BUILD, &["readers"][..]),
                    (BUILD, &systems),
                    (BUILD_TWO, &systems),
                    (RUN, &["cartographer"]),
                    (RUN_PACKAGES, &["packaging", "flux-v1beta2"]),
                ] {
                    arguments.extend(systems.iter().flat_map(|system| crds(cluster, system)));
                }
                Self::start(&[BUILD, BUILD_TWO, RUN, RUN_CAPPED, RUN_PACKAGES], &arguments)
            })
        })
    }

    /// The control planes of a test run that needs no others than these.
    pub fn with_only(names: &[&str], arguments: &[String]) -> &'static Self {
        TESTBED.get_or_init(|| Self::start(names, arguments))
    }

    /// Starts control planes of those names, with further arguments of `testbed start`.
    pub fn start(names: &[&str], arguments: &[String]) -> Self {
        let bin = built(&[]);
        let dir = std::env::temp_dir().join(format!("tapmc-testbed-{}-{}", std::process::id(), names.len()));
        let mut owner = Command::new(bin.join("testbed"));
        owner.arg("start").arg("--dir").arg(&dir);
        for name in names {
            owner.args(["--cluster", name]);
        }
        owner.args(arguments);
        let mut child = owner.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the test bed starts");
        let stdin = child.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line from the test bed");
        let ready: Ready = serde_json::from_str(&line).expect("the test bed says that it is ready");
        Self { kubeconfig: ready.kubeconfig, bin, clusters: ready.clusters, _owner: Some((child, stdin)) }
    }

    fn existing() -> Option<Self> {
        let (build, run) =
            (std::env::var("TAPMC_TEST_BUILD_CONTEXT").ok()?, std::env::var("TAPMC_TEST_RUN_CONTEXT").ok()?);
        let bin = built(&[]);
        let kubectl = |args: &[&str]| {
            let output = Command::new(bin.join("kubectl")).args(args).output().expect("kubectl runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("text")
        };
        let dir = std::env::temp_dir().join(format!("tapmc-existing-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let kubeconfig = dir.join("kubeconfig");
        fs::write(&kubeconfig, kubectl(&["config", "view", "--raw", "--flatten"])).expect("written");
        let file = kubeconfig.to_str().expect("text");
        for (from, to) in [(build.as_str(), BUILD), (run.as_str(), RUN)] {
            if from != to {
                kubectl(&["--kubeconfig", file, "config", "rename-context", from, to]);
            }
        }
        Some(Self { kubeconfig, bin, clusters: Vec::new(), _owner: None })
    }

    /// How to reach a cluster; none when the suite runs against existing ones, of which only the
    /// contexts are known.
    pub fn cluster(&self, name: &str) -> Option<&ClusterFacts> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

/// The arguments that create the kinds of a system on a cluster: those written by hand, and Flux's own, which the build
/// lays beside the programs.
pub fn crds(cluster: &str, system: &str) -> Vec<String> {
    let by_hand = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/crds").join(system);
    let laid = built(&[]).with_file_name("crds").join(system);
    let folders = [by_hand, laid].into_iter().filter(|folder| folder.is_dir());
    folders.flat_map(|folder| ["--crds".to_owned(), format!("{cluster}={}", folder.display())]).collect()
}

/// Builds the test bed, and what else `tests/testbed/build` is told, if their sources changed; gives the folder with the
/// programs.
pub fn built(more: &[&str]) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/build");
    let output = Command::new(script).args(more).stderr(Stdio::inherit()).output().expect("tests/testbed/build runs");
    assert!(output.status.success(), "the test bed cannot be built");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim())
}

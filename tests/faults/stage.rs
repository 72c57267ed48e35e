//! Where a case is played: two control planes with a proxy before each, and names that no other case has.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;

use crate::{
    api::Api,
    site::{Side, Watch},
    support::{
        BUILD, KubeconfigFile, Proxy, RUN, Tapmc, Testbed,
        kubeconfig::{started, token},
        tapmc::Output,
        unique,
    },
};

/// What requests to one cluster may take in a run.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// A run that takes longer is ended by the harness.
const STUCK: Duration = Duration::from_secs(90);

/// The proxies, used by one case after the other.
pub struct Lane {
    /// The build cluster as it is.
    pub build: Api,
    /// The run cluster as it is.
    pub run: Api,
    proxies: [Proxy; 2],
    file: KubeconfigFile,
}

impl Lane {
    /// Before the control planes of the test bed.
    pub fn new() -> Self {
        let facts = [BUILD, RUN].map(|name| started(name).expect("a control plane of the test bed"));
        let proxies = facts.map(Proxy::http1);
        let file =
            [BUILD, RUN].iter().zip(&proxies).zip(facts).fold(KubeconfigFile::new(), |file, ((name, proxy), facts)| {
                file.context(name, &proxy.cluster(), &token(facts), "")
            });
        Self { build: Api::of(BUILD), run: Api::of(RUN), proxies, file }
    }

    fn hanging(&self) -> usize {
        self.proxies.iter().map(Proxy::hanging).sum()
    }

    fn heal(&self) {
        self.proxies.iter().for_each(Proxy::heal);
    }
}

/// The stage of one case.
pub struct Stage<'a> {
    /// Its proxies.
    pub lane: &'a Lane,
    /// What all of its names have in them; the registration's name.
    pub id: String,
    /// A folder of its own.
    pub dir: TempDir,
    /// What each of its registrations is of.
    run_clusters: &'static [Side],
}

/// A registration of a stage.
pub struct Registration {
    /// Its name.
    pub name: String,
    /// The cluster that it is of.
    pub side: Side,
}

impl Registration {
    /// The account namespace.
    pub fn account_namespace(&self) -> String {
        format!("tapmc-{}", self.name)
    }

    /// The kubeconfig Secret.
    pub fn secret(&self) -> String {
        format!("{}-kubeconfig", self.name)
    }
}

/// What a run of the plugin left.
pub struct Ran {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output and error.
    pub output: Output,
    /// How long it took.
    pub took: Duration,
    /// Where a token was found; none where there is none.
    pub leak: Option<String>,
}

impl<'a> Stage<'a> {
    /// A new one, for registrations of these clusters.
    pub fn new(lane: &'a Lane, run_clusters: &'static [Side]) -> Self {
        // The letter at the end: no name is the beginning of another one.
        Self { lane, id: format!("{}x", unique("f")), dir: tempfile::tempdir().expect("a folder"), run_clusters }
    }

    /// The registrations that it is to have.
    pub fn registrations(&self) -> Vec<Registration> {
        let names = [self.id.clone(), format!("{}-too", self.id)];
        names.into_iter().zip(self.run_clusters).map(|(name, side)| Registration { name, side: *side }).collect()
    }

    /// The query by which what is theirs is listed.
    pub fn selector(&self) -> String {
        format!("labelSelector=kubectl-tapmc/registration+in+({0},{0}-too)", self.id)
    }

    /// The cluster of that side, as it is.
    pub fn api(&self, side: Side) -> &Api {
        match side {
            Side::Build => &self.lane.build,
            Side::Run => &self.lane.run,
        }
    }

    /// The namespace on the build cluster.
    pub fn build_namespace(&self) -> String {
        format!("b-{}", self.id)
    }

    /// The first run namespace.
    pub fn apps(&self) -> String {
        format!("a-{}", self.id)
    }

    /// The second run namespace.
    pub fn more_apps(&self) -> String {
        format!("c-{}", self.id)
    }

    /// The namespace on the build cluster with the renewal kubeconfig.
    pub fn renewal_namespace(&self) -> String {
        format!("l-{}", self.id)
    }

    /// The address by which the plugin reaches the run cluster, and its CA in base64.
    pub fn run_server(&self) -> (String, String) {
        (self.lane.proxies[1].server.clone(), STANDARD.encode(self.lane.proxies[1].pem()))
    }

    /// Runs the plugin without any fault, and expects success.
    #[track_caller]
    pub fn plays(&self, args: &[String]) {
        let ran = self.run_clean(args, false);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.output.stderr);
    }

    /// Runs the plugin without any fault; with the time that a busy machine needs, unless markers are only spared for
    /// two short deadlines.
    pub fn run_clean(&self, args: &[String], spares: bool) -> Ran {
        let args = if spares { args.to_vec() } else { patient(args.to_vec()) };
        self.run(&args, &Watch::new(&self.id, None), false)
    }

    /// Starts the plugin and has each request watched; kills it as soon as a request hangs, where that is asked for.
    pub fn run(&self, args: &[String], watch: &Watch, kill: bool) -> Ran {
        for (proxy, side) in self.lane.proxies.iter().zip([Side::Build, Side::Run]) {
            let watch = watch.clone();
            proxy.decide(Box::new(move |method, path| watch.saw(side, method, path)));
        }
        let ran = self.spawn(args, kill);
        self.lane.heal();
        ran
    }

    /// Starts the plugin; no proxy is told anything.
    pub fn spawn(&self, args: &[String], kill: bool) -> Ran {
        let run_dir = tempfile::tempdir_in(self.dir.path()).expect("a folder");
        let temporary = run_dir.path().join("tmp");
        fs::create_dir(&temporary).expect("a folder");
        let files = ["stdout", "stderr"].map(|name| run_dir.path().join(name));
        let [stdout, stderr] = files.each_ref().map(|path| fs::File::create(path).expect("a file"));
        let mut command = self.command(args);
        command.env("TMPDIR", &temporary).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
        let hanging = self.lane.hanging();
        let begun = Instant::now();
        let mut child = command.spawn().expect("the plugin starts");
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                break status;
            }
            if (kill && self.lane.hanging() > hanging) || begun.elapsed() > STUCK {
                let _ = child.kill();
                break child.wait().expect("it ends");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let took = begun.elapsed();
        let [stdout, stderr] = files.map(|path| String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned());
        let output = Output { code: status.code().unwrap_or(-1), stdout, stderr };
        let leak = output.token(&command).map(|_| "its output".to_owned()).or_else(|| leaked(&command, &temporary));
        Ran { code: status.code(), output, took, leak }
    }

    /// Takes away what could be in the way of other cases: what lists of all namespaces show.
    pub fn clear(&self) {
        let build = self.build_namespace();
        for path in [
            format!("/apis/packaging.carvel.dev/v1alpha1/namespaces/{build}/packageinstalls"),
            format!("/apis/kappctrl.k14s.io/v1alpha1/namespaces/{build}/apps"),
            format!("/apis/carto.run/v1alpha1/namespaces/{build}/workloads"),
            format!("/apis/carto.run/v1alpha1/clustersupplychains/{}", self.id),
        ] {
            self.lane.build.delete(&path);
        }
        for kind in ["secrets", "serviceaccounts"] {
            for namespace in [self.build_namespace(), self.renewal_namespace()] {
                self.lane.build.delete(&format!("/api/v1/namespaces/{namespace}/{kind}"));
            }
            for registration in self.registrations() {
                let path = format!("/api/v1/namespaces/{}/{kind}", registration.account_namespace());
                self.api(registration.side).delete(&path);
            }
        }
        if self.run_clusters.len() > 1 {
            for path in RENEWAL {
                self.lane.build.delete(&format!("{path}?{}", self.selector()));
            }
        }
    }

    /// The command line, at the highest verbosity and with a short deadline.
    fn command(&self, args: &[String]) -> Command {
        let timeout = format!("{}s", TIMEOUT.as_secs());
        let mut command = Tapmc::new(args).args(["-v", "9"]).kubeconfig(&self.lane.file.path);
        if !args.iter().any(|arg| arg == "--timeout") {
            command = command.args(["--timeout", &timeout]);
        }
        let mut command = command.into_command();
        command.current_dir(self.dir.path());
        command
    }
}

/// Where what renews tokens is, if nobody chooses another namespace.
pub const RENEWAL: [&str; 5] = [
    "/apis/batch/v1/namespaces/tapmc-renewal/cronjobs",
    "/api/v1/namespaces/tapmc-renewal/secrets",
    "/api/v1/namespaces/tapmc-renewal/serviceaccounts",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/tapmc-renewal/roles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/tapmc-renewal/rolebindings",
];

/// With the time that a busy machine needs.
pub fn patient(mut args: Vec<String>) -> Vec<String> {
    args.extend(["--timeout", "30s"].map(str::to_owned));
    args
}

/// A file with a token in it.
fn leaked(command: &Command, folder: &Path) -> Option<String> {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let found = if path.is_dir() {
            leaked(command, &path)
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
            let held = Output { code: 0, stdout: text, stderr: String::new() };
            held.token(command).map(|_| path.display().to_string())
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The control planes that the cases need, started.
pub fn start() {
    let systems = ["carvel", "packaging", "cartographer", "tanzu", "tekton", "flux", "readers"];
    let mut arguments = ["--controllers".to_owned(), BUILD.to_owned()].to_vec();
    for (cluster, systems) in [(BUILD, &systems[..]), (RUN, &["cartographer", "packaging"])] {
        arguments.extend(systems.iter().flat_map(|system| crate::support::testbed::crds(cluster, system)));
    }
    Testbed::with_only(&[BUILD, RUN], &arguments);
}

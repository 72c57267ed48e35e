//! One registration with names of its own.

use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::support::{
    BUILD, KubeconfigFile, Kubectl, Proxy, RUN, Tapmc, Testbed, eventually,
    kubeconfig::{started, token},
    unique,
};

/// A registration of a run cluster with one run namespace, on clusters that other tests use too.
pub struct Case {
    /// The registration's name.
    pub name: String,
    /// The run namespace.
    pub apps: String,
    /// The run cluster.
    pub run: String,
}

impl Case {
    /// On the usual run cluster, with the run namespace made.
    pub fn new(stem: &str) -> Self {
        Self::on(stem, RUN)
    }

    /// On that run cluster.
    pub fn on(stem: &str, run: &str) -> Self {
        let case = Self { name: unique(stem), apps: unique("apps"), run: run.to_owned() };
        case.run().namespace(&case.apps);
        case
    }

    /// The command line of the registration, without consent.
    pub fn ask(&self) -> Tapmc {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", &self.run]).args([
            "--name",
            &self.name,
            "--allow-loopback-server",
        ])
    }

    /// With consent, and with the run namespace.
    pub fn register(&self) -> Tapmc {
        self.ask().args(["--run-namespace", &self.apps, "--yes"])
    }

    /// With consent, and nothing but what must be typed.
    pub fn again(&self) -> Tapmc {
        self.ask().args(["--yes"])
    }

    /// kubectl on the run cluster.
    pub fn run(&self) -> Kubectl {
        Kubectl::on(&self.run)
    }

    /// The account namespace.
    pub fn account_namespace(&self) -> String {
        format!("tapmc-{}", self.name)
    }

    /// The kubeconfig Secret on the build cluster.
    pub fn secret(&self) -> Option<Value> {
        Kubectl::on(BUILD).get(&["secret", &format!("{}-kubeconfig", self.name), "-n", "default"])
    }

    /// An annotation of the kubeconfig Secret.
    #[track_caller]
    pub fn annotation(&self, key: &str) -> String {
        let secret = self.secret().expect("the kubeconfig Secret");
        secret["metadata"]["annotations"][format!("kubectl-tapmc/{key}")].as_str().unwrap_or_default().to_owned()
    }

    /// The names of this registration's marker Secrets.
    pub fn markers(&self) -> Vec<String> {
        let selector = format!("kubectl-tapmc/registration={}", self.name);
        let list = self.run().get(&["secrets", "-n", &self.account_namespace(), "-l", &selector]);
        let items = list.map(|list| list["items"].as_array().cloned().unwrap_or_default()).unwrap_or_default();
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Has this marker a time after which it may be deleted?
    pub fn retires(&self, marker: &str) -> bool {
        let found = self.run().get(&["secret", marker, "-n", &self.account_namespace()]);
        found.is_some_and(|found| found["metadata"]["annotations"]["kubectl-tapmc/retire-after"].is_string())
    }

    /// The resourceVersion of every object of this registration, on both clusters.
    pub fn versions(&self) -> Vec<String> {
        let selector = format!("kubectl-tapmc/registration={}", self.name);
        let kinds = "namespaces,serviceaccounts,secrets,roles,rolebindings";
        let template = "{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
        let output = format!("jsonpath={template}");
        let lines = [self.run(), Kubectl::on(BUILD)]
            .map(|kubectl| kubectl.run(&["get", kinds, "-A", "-l", &selector, "-o", &output]));
        lines.iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
    }

    /// The stored kubeconfig's text.
    #[track_caller]
    pub fn kubeconfig(&self) -> String {
        let secret = self.secret().expect("the kubeconfig Secret");
        let data = secret["data"].as_object().expect("data");
        assert_eq!(data.keys().collect::<Vec<_>>(), ["value"]);
        String::from_utf8(STANDARD.decode(data["value"].as_str().expect("text")).expect("base64")).expect("text")
    }

    /// Runs kubectl with the stored kubeconfig, as its reader would use it.
    pub fn as_reader(&self, args: &[&str]) -> Result<String, String> {
        with_kubeconfig(&self.kubeconfig(), args)
    }

    /// Waits until the stored credential is refused; gives its last words.
    #[track_caller]
    pub fn await_refused(&self) {
        self.await_token_refused(&self.kubeconfig());
    }

    /// Waits until this kubeconfig's credential is refused.
    #[track_caller]
    pub fn await_token_refused(&self, kubeconfig: &str) {
        eventually("the token is refused", || {
            with_kubeconfig(kubeconfig, &["get", "configmaps", "-n", &self.apps])
                .is_err_and(|error| error.contains("Unauthorized") || error.contains("must be logged in"))
        });
    }
}

/// A registration that reaches both clusters through a proxy before each.
pub struct Proxied {
    /// The registration.
    pub case: Case,
    /// Before the build cluster.
    pub build: Proxy,
    /// Before the run cluster.
    pub run: Proxy,
    /// The kubeconfig that leads to them.
    pub file: KubeconfigFile,
}

impl Proxied {
    /// None when the suite runs against existing clusters.
    pub fn new(stem: &str) -> Option<Self> {
        let case = Case::new(stem);
        let (build_facts, run_facts) = (started(BUILD)?, started(&case.run)?);
        let (build, run) = (Proxy::before(build_facts), Proxy::before(run_facts));
        let file = KubeconfigFile::new().context(BUILD, &build.cluster(), &token(build_facts), "").context(
            &case.run,
            &run.cluster(),
            &token(run_facts),
            "",
        );
        Some(Self { case, build, run, file })
    }

    /// The registration, with a deadline that a test can wait for.
    pub fn register(&self) -> Tapmc {
        self.case.register().kubeconfig(&self.file.path).args(["--timeout", "5s"])
    }

    /// The next run, without faults, completes it: one generation, one marker, a credential that
    /// works.
    #[track_caller]
    pub fn completes(&self) {
        self.register().succeeds();
        assert_eq!(self.case.markers(), [self.case.annotation("marker")]);
        self.case.as_reader(&["get", "configmaps", "-n", &self.case.apps]).unwrap();
    }
}

/// Runs kubectl with a kubeconfig's text.
pub fn with_kubeconfig(kubeconfig: &str, args: &[&str]) -> Result<String, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("kubeconfig");
    fs::write(&file, kubeconfig).expect("written");
    let output = Command::new(Testbed::get().bin.join("kubectl"))
        .arg("--kubeconfig")
        .arg(&file)
        .args(args)
        .output()
        .expect("kubectl starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

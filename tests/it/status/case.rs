//! Registrations in a namespace of their own on a build cluster where nobody reconciles.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::support::{
    BUILD_TWO, KubeconfigFile, Kubectl, Proxy, RUN, Tapmc,
    kubeconfig::{started, token},
    testbed::ClusterFacts,
    unique,
};

/// A namespace with registrations.
pub struct Set {
    /// The namespace on the build cluster, and the run namespace.
    pub namespace: String,
    /// The kubeconfig with a context for each cluster.
    pub file: KubeconfigFile,
}

impl Set {
    /// An empty one; the operator has a context for the build cluster and for the run cluster.
    pub fn new(build: &ClusterFacts, run: &ClusterFacts) -> Self {
        let file = KubeconfigFile::new().plain(BUILD_TWO, build).plain(RUN, run);
        let namespace = unique("status");
        for cluster in [BUILD_TWO, RUN] {
            Kubectl::on(cluster).namespace(&namespace);
        }
        Self { namespace, file }
    }

    /// One on the test bed's clusters; none when the suite runs against existing ones.
    pub fn started() -> Option<Self> {
        Some(Self::new(started(BUILD_TWO)?, started(RUN)?))
    }

    /// The same with another context, which leads through a proxy.
    pub fn through(self, context: &str, proxy: &Proxy, cluster: &ClusterFacts) -> Self {
        Self { file: self.file.context(context, &proxy.cluster(), &token(cluster), ""), ..self }
    }

    /// Registers the run cluster of that context.
    #[track_caller]
    pub fn register_on(&self, stem: &str, context: &str, more: &[&str]) -> One<'_> {
        let name = unique(stem);
        let arguments = ["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", context];
        Tapmc::new(arguments)
            .args(["--name", &name, "-n", &self.namespace, "--run-namespace", &self.namespace])
            .args(["--allow-loopback-server", "--yes"])
            .args(more)
            .kubeconfig(&self.file.path)
            .succeeds();
        One { name, set: self }
    }

    /// Registers the run cluster.
    #[track_caller]
    pub fn register(&self, stem: &str) -> One<'_> {
        self.register_on(stem, RUN, &[])
    }

    /// The command line of `status`.
    pub fn status(&self) -> Tapmc {
        Tapmc::new(["status", "--context", BUILD_TWO, "-n", &self.namespace]).kubeconfig(&self.file.path)
    }

    /// What `status` reports of each registration.
    #[track_caller]
    pub fn report(&self) -> Value {
        self.status().args(["-o", "json"]).succeeds().json()
    }

    /// kubectl on the build cluster, in the namespace.
    #[track_caller]
    pub fn build(&self, args: &[&str]) -> String {
        Kubectl::on(BUILD_TWO).run(&[args, &["-n", &self.namespace]].concat())
    }

    /// kubectl on the run cluster, in the run namespace.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        Kubectl::on(RUN).run(&[args, &["-n", &self.namespace]].concat())
    }
}

/// One registration.
pub struct One<'a> {
    /// Its name.
    pub name: String,
    set: &'a Set,
}

impl One<'_> {
    /// Its Secret's name.
    pub fn secret(&self) -> String {
        format!("{}-kubeconfig", self.name)
    }

    /// The account namespace on the run cluster.
    pub fn account_namespace(&self) -> String {
        format!("tapmc-{}", self.name)
    }

    /// The whole Secret.
    #[track_caller]
    pub fn object(&self) -> Value {
        Kubectl::on(BUILD_TWO).get(&["secret", &self.secret(), "-n", &self.set.namespace]).expect("the Secret")
    }

    /// An annotation of the Secret.
    #[track_caller]
    pub fn annotation(&self, key: &str) -> String {
        let object = self.object();
        object["metadata"]["annotations"][format!("kubectl-tapmc/{key}")].as_str().unwrap_or_default().to_owned()
    }

    /// Changes annotations of the Secret: `key=value`, or `key-` to remove one.
    #[track_caller]
    pub fn annotate(&self, annotations: &[&str]) {
        let annotations: Vec<String> = annotations.iter().map(|text| format!("kubectl-tapmc/{text}")).collect();
        let secret = self.secret();
        let mut arguments = vec!["annotate", "--overwrite", "secret", &secret];
        arguments.extend(annotations.iter().map(String::as_str));
        self.set.build(&arguments);
    }

    /// The stored kubeconfig.
    #[track_caller]
    pub fn kubeconfig(&self) -> String {
        let value = self.object()["data"]["value"].as_str().expect("text").to_owned();
        String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
    }

    /// Puts something else in the kubeconfig's place.
    #[track_caller]
    pub fn store(&self, text: &str) {
        let patch = json!({"data": {"value": STANDARD.encode(text)}}).to_string();
        self.set.build(&["patch", "secret", &self.secret(), "--type=merge", "-p", &patch]);
    }

    /// As a registration is after its time: with a token that says of itself that it ended, and that no
    /// cluster accepts.
    #[track_caller]
    pub fn expire(&self) {
        let text = self.kubeconfig();
        let line = text.lines().find(|line| line.trim_start().starts_with("token: ")).expect("a token");
        let token = line.trim_start().trim_start_matches("token: ");
        let parts: Vec<&str> = token.split('.').collect();
        let mut claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
        claims["exp"] = json!(1_577_836_800);
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        self.store(&text.replace(token, &format!("{}.{payload}.{}", parts[0], parts[2])));
        self.annotate(&["issued-at=2019-12-02T00:00:00Z", "expires-at=2020-01-01T00:00:00Z"]);
    }

    /// What a report says of it.
    #[track_caller]
    pub fn of<'a>(&self, report: &'a Value) -> &'a Value {
        let items = report["items"].as_array().expect("items");
        items
            .iter()
            .find(|item| item["name"] == self.name.as_str())
            .unwrap_or_else(|| panic!("{} in {report}", self.name))
    }
}

/// The words of a registration's findings.
pub fn words(item: &Value) -> Vec<&str> {
    let findings = item["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["word"].as_str().expect("a word")).collect()
}

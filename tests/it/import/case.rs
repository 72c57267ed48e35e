//! A credential that somebody made by hand: a ServiceAccount that may do too much, a token of it that never ends, and a
//! Secret on the build cluster, where nobody reconciles what reads it.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{
        BUILD_TWO, Kubectl, RUN, Tapmc, eventually, kubeconfig::started, tapmc::Output, testbed::ClusterFacts, unique,
    },
};

/// The credential, and where it stands.
pub struct ByHand {
    /// The build cluster.
    pub build: &'static str,
    /// The namespace on the build cluster, with the Secret `handmade`.
    pub namespace: String,
    /// The run namespace.
    pub apps: String,
    /// The namespace of the ServiceAccount on the run cluster.
    pub accounts: String,
    /// The name of the ServiceAccount: what is cluster-wide is named after it.
    pub account: String,
    /// The run cluster.
    pub run: &'static ClusterFacts,
    /// The never-ending token.
    pub token: String,
}

impl ByHand {
    /// With everything but the Secret on the build cluster; none when the suite runs against existing clusters.
    pub fn new(stem: &str) -> Option<Self> {
        Self::with_account(stem, &unique("deployer"))
    }

    /// The same with a ServiceAccount of that name.
    pub fn with_account(stem: &str, account: &str) -> Option<Self> {
        Self::on(BUILD_TWO, stem, account)
    }

    /// The same on that build cluster.
    pub fn on(build: &'static str, stem: &str, account: &str) -> Option<Self> {
        started(build)?;
        let run = started(RUN)?;
        let made = Self {
            build,
            namespace: unique(stem),
            apps: unique("apps"),
            accounts: unique("accounts"),
            account: account.to_owned(),
            run,
            token: String::new(),
        };
        Kubectl::on(build).namespace(&made.namespace);
        let kubectl = Kubectl::on(RUN);
        kubectl.namespace(&made.apps);
        kubectl.namespace(&made.accounts);
        if account != "default" {
            kubectl.run(&["create", "serviceaccount", account, "-n", &made.accounts]);
        }
        let token = made.token_secret("long-lived");
        Some(Self { token, ..made })
    }

    /// Binds the account to a ClusterRole in the whole cluster; gives the binding's name.
    pub fn bind(&self, role: &str) -> String {
        let binding = format!("{}-{}", self.account, self.accounts);
        let account = format!("--serviceaccount={}:{}", self.accounts, self.account);
        on_run().run(&["create", "clusterrolebinding", &binding, &format!("--clusterrole={role}"), &account]);
        binding
    }

    /// Makes a Secret with a never-ending token of the account, and gives the token.
    pub fn token_secret(&self, name: &str) -> String {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": name, "namespace": self.accounts,
                "annotations": {"kubernetes.io/service-account.name": self.account}},
        });
        let read = || {
            let found = on_run().get(&["secret", name, "-n", &self.accounts])?;
            let token = STANDARD.decode(found["data"]["token"].as_str()?).ok()?;
            Some(String::from_utf8(token).unwrap())
        };
        // Where the account is not there yet, the cluster takes such a Secret away.
        eventually("the account is there", || {
            on_run().get(&["serviceaccount", &self.account, "-n", &self.accounts]).is_some()
        });
        on_run().apply(&secret.to_string());
        eventually("the token is filled in", || read().is_some());
        read().unwrap()
    }

    /// The CA of the run cluster.
    pub fn authority(&self) -> Vec<u8> {
        fs::read(&self.run.certificate_authority).unwrap()
    }

    /// A kubeconfig of the run cluster with this user, as a YAML flow mapping.
    pub fn kubeconfig_of(&self, user: &str) -> String {
        self.kubeconfig_at(&self.run.server, user)
    }

    /// The same with that address.
    pub fn kubeconfig_at(&self, server: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: {server}\n    \
             certificate-authority-data: {}\nusers:\n- name: u\n  user: {user}\ncontexts:\n- name: x\n  context: \
             {{cluster: c, user: u, namespace: {}}}\ncurrent-context: x\n",
            STANDARD.encode(self.authority()),
            self.apps
        )
    }

    /// The kubeconfig with the never-ending token.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_of(&format!("{{token: {}}}", self.token))
    }

    /// Makes a Secret on the build cluster, as `kubectl create` would.
    pub fn secret(&self, name: &str, labels: &Value, data: &Value) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": data,
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels},
        });
        create_on(self.build, &secret);
    }

    /// The Secret on the build cluster.
    pub fn found(&self, name: &str) -> Option<Value> {
        Kubectl::on(self.build).get(&["secret", name, "-n", &self.namespace])
    }

    /// The kubeconfig that a Secret of ours holds now.
    #[track_caller]
    pub fn stored(&self, secret: &str) -> String {
        let found = self.found(secret).expect("the Secret");
        let data = found["data"].as_object().expect("data");
        assert_eq!(data.keys().collect::<Vec<_>>(), ["value"]);
        String::from_utf8(STANDARD.decode(data["value"].as_str().unwrap()).unwrap()).unwrap()
    }

    /// The command line, without consent.
    pub fn ask(&self, secret: &str) -> Tapmc {
        Tapmc::new(["import", secret, "-n", &self.namespace, "--context", self.build, "--allow-loopback-server"])
    }

    /// The name of the registration that a Secret of this case becomes: all share one run cluster.
    pub fn name(&self, secret: &str) -> String {
        let own = self.namespace.split_once('-').map_or("", |(_, own)| own);
        format!("{secret}-{own}")
    }

    /// With consent, for the run namespace, with the report as JSON.
    pub fn import(&self, secret: &str) -> Tapmc {
        let name = self.name(secret.trim_start_matches("secret/"));
        self.unnamed(secret).args(["--name", &name])
    }

    /// The same without a name for the registration.
    pub fn unnamed(&self, secret: &str) -> Tapmc {
        self.ask(secret).args(["--run-namespace", &self.apps, "--yes", "-o", "json"])
    }

    /// Does the run cluster accept the former token?
    pub fn former_works(&self) -> bool {
        with_kubeconfig(&self.kubeconfig(), &["auth", "whoami"]).is_ok()
    }

    /// A credential of ours does what it should, and no more.
    #[track_caller]
    pub fn is_proper(&self, kubeconfig: &str) {
        with_kubeconfig(kubeconfig, &["create", "configmap", &unique("made"), "-n", &self.apps]).unwrap();
        with_kubeconfig(kubeconfig, &["get", "secrets", "-n", &self.accounts]).unwrap_err();
    }

    /// Does something exist on the run cluster?
    pub fn is_there(&self, kind: &str, name: &str) -> bool {
        on_run().get(&[kind, name, "-n", &self.accounts]).is_some()
    }

    /// An object of Flux's that reads that Secret, under that key where one is named.
    pub fn kustomization(&self, name: &str, secret: &str, key: Option<&str>) {
        let mut reference = json!({"name": secret});
        if let Some(key) = key {
            reference["key"] = json!(key);
        }
        create(&json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"kubeConfig": {"secretRef": reference}, "interval": "1m", "prune": true,
                "sourceRef": {"kind": "GitRepository", "name": "g"}},
        }));
    }
}

/// kubectl on the run cluster.
pub fn on_run() -> Kubectl {
    Kubectl::on(RUN)
}

/// kubectl on the build cluster.
pub fn on_build() -> Kubectl {
    Kubectl::on(BUILD_TWO)
}

/// Makes an object on the build cluster without the annotation of `kubectl apply`.
pub fn create(object: &Value) {
    create_on(BUILD_TWO, object);
}

/// The same on that build cluster.
pub fn create_on(build: &str, object: &Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("object.json");
    fs::write(&file, object.to_string()).unwrap();
    Kubectl::on(build).run(&["create", "-f", file.to_str().unwrap()]);
}

/// The report of a command that succeeded.
#[track_caller]
pub fn report(output: &Output) -> Value {
    assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
    output.json()
}

/// The ids of the rules that found something in the former credential.
pub fn rules(report: &Value) -> Vec<&str> {
    report["former"]["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// The objects of the former credential, each with what became of it.
pub fn removal(report: &Value) -> Vec<(&str, &str)> {
    let done = report["removal"].as_array().unwrap().iter();
    done.map(|done| (done["object"].as_str().unwrap(), done["result"].as_str().unwrap())).collect()
}

/// Runs the kubectl commands that a report names.
#[track_caller]
pub fn run_commands(commands: &Value) {
    for command in commands.as_array().unwrap() {
        let words: Vec<&str> = command.as_str().unwrap().split_whitespace().collect();
        let ["kubectl", "--context", context, rest @ ..] = words.as_slice() else { panic!("{command}") };
        Kubectl::on(context).run(rest);
    }
}

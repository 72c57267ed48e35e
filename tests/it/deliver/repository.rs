//! From a Git repository to a run cluster: with Flux's real controllers, and with an App on the stand-in.

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{
        BUILD, Flux, Kubectl, Tapmc,
        carvel::PATIENCE,
        eventually_within,
        flux::{GIT_REPOSITORIES, KUSTOMIZATIONS, Repository},
        unique,
    },
};

struct Delivery {
    flux: &'static Flux,
    case: Case,
    package: String,
    repository: Repository,
}

impl Delivery {
    /// A registration, and a package in a repository: a ConfigMap for each of its two folders.
    fn new(stem: &str, is_private: bool) -> Option<Self> {
        let flux = Flux::on(BUILD)?;
        let repository = if is_private { flux.private_repository(stem) } else { flux.repository(stem) };
        let this = Self { flux, case: Case::new(stem), package: format!("{}.tap", unique(stem)), repository };
        this.case.register().succeeds();
        this.push("one");
        Some(this)
    }

    fn push(&self, text: &str) {
        let config_map = |name: &str| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": text}})
                .to_string()
        };
        self.repository.push(&[
            (&format!("{}/packages/1.yaml", self.package), &config_map("package")),
            (&format!("{}/{}/packageinstall.yaml", self.package, self.case.name), &config_map("own")),
        ]);
    }

    fn deliver(&self, reader: &str) -> Tapmc {
        Tapmc::new(["deliver", reader, &self.package, "--run", &self.case.name, "--git-url", &self.repository.url])
            .args(["--context", BUILD, "-n", "default", "--yes", "--wait-timeout", "120s"])
    }

    fn undeliver(&self) -> Tapmc {
        Tapmc::new(["undeliver", &self.package, "--all", "--context", BUILD, "-n", "default", "--yes"])
            .args(["--wait-timeout", "120s"])
    }

    /// What arrived on the run cluster: the texts of both ConfigMaps.
    fn delivered(&self) -> [Value; 2] {
        ["package", "own"].map(|name| {
            let found = self.case.run().get(&["configmap", name, "-n", &self.case.apps]).unwrap_or_default();
            found["data"]["text"].clone()
        })
    }

    fn kustomization(&self) -> String {
        format!("{}-{}-packageinstalls", self.package, self.case.name)
    }
}

const NOTHING: [Value; 2] = [Value::Null, Value::Null];

#[test]
fn two_commands_lead_from_a_repository_to_a_run_cluster_and_one_leads_back() {
    let Some(it) = Delivery::new("flux", false) else { return };
    let output = it.deliver("flux").succeeds();
    // It has waited: nobody else needs to.
    assert_eq!(it.delivered(), [json!("one"), json!("one")], "{}", output.stderr);

    let rotate =
        Tapmc::new(["rotate-token", &it.case.name, "--context", BUILD, "-n", "default", "--grace", "0", "--yes"]);
    rotate.succeeds();
    it.push("two");
    it.flux.reconcile(GIT_REPOSITORIES, "default", &format!("{}-gitops-repo", it.package));
    it.flux.reconcile(KUSTOMIZATIONS, "default", &it.kustomization());
    eventually_within(PATIENCE, "the push arrives", || it.delivered()[1] == "two");

    it.undeliver().succeeds();
    assert_eq!(it.delivered(), NOTHING, "what was delivered is taken back before it ends");
    it.undeliver().fails(2, &["there is no delivery"]);
}

#[test]
fn fluxs_own_words_about_a_failure_and_the_next_run_that_completes_it() {
    let Some(it) = Delivery::new("words", false) else { return };
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "values"}}).to_string();
    let params = format!("{}/{}/params.yaml", it.package, it.case.name);
    it.repository.push(&[(&params, &secret)]);
    it.deliver("flux")
        .fails(1, &["but its controller failed", "secrets \"values\" is forbidden", "hint: look: kubectl"]);
    it.case.ask().args(["--profile", "deliverable", "--profile", "package-values", "--yes"]).succeeds();
    it.deliver("flux").succeeds();
    assert_eq!(it.delivered()[1], "one");
    it.undeliver().succeeds();
}

#[test]
fn a_push_that_mends_it_is_found_by_the_next_run() {
    let Some(it) = Delivery::new("mended", false) else { return };
    let params = format!("{}/{}/params.yaml", it.package, it.case.name);
    it.repository.push(&[(&params, "apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n")]);
    // The source is looked at by itself long after this test.
    let deliver = || it.deliver("flux").args(["--source-interval", "1h"]);
    deliver().fails(1, &["but its controller failed", "Nonsense"]);
    it.repository.push(&[(&params, "")]);
    deliver().succeeds();
    it.undeliver().succeeds();
}

#[test]
fn an_apps_failure_of_before_is_not_its_last_word() {
    let Some(it) = Delivery::new("appmended", false) else { return };
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "values"}}).to_string();
    it.repository.push(&[(&format!("{}/{}/params.yaml", it.package, it.case.name), &secret)]);
    it.deliver("carvel-app").fails(1, &["but its controller failed", "forbidden"]);
    it.case.ask().args(["--profile", "deliverable", "--profile", "package-values", "--yes"]).succeeds();
    it.deliver("carvel-app").succeeds();
    it.undeliver().succeeds();
}

#[test]
fn a_private_repository() {
    let Some(it) = Delivery::new("private", true) else { return };
    it.deliver("flux").fails(1, &["gitrepository.source.toolkit.fluxcd.io/", "but its controller failed"]);
    let credentials = format!("{}:{}", it.flux.user(), it.flux.password());
    let output =
        it.deliver("flux").args(["--git-credentials-env", "GIT_TOKEN"]).env("GIT_TOKEN", &credentials).succeeds();
    assert!(!output.stderr.contains(it.flux.password()), "{}", output.stderr);
    assert_eq!(it.delivered(), [json!("one"), json!("one")]);
    it.undeliver().succeeds();
    let secret = format!("{}-gitops-auth", it.package);
    assert_eq!(Kubectl::on(BUILD).get(&["secret", &secret, "-n", "default"]), None);
}

#[test]
fn what_is_encrypted_with_sops_arrives_in_the_clear() {
    let Some(it) = Delivery::new("sops", false) else { return };
    // Made with sops 3.13 and the key beside it: the ConfigMap `own` with the text "one".
    let own = format!("{}/{}/packageinstall.yaml", it.package, it.case.name);
    it.repository.push(&[(&own, include_str!("sops/own.yaml"))]);
    let keys = unique("keys");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": keys, "namespace": "default"},
        "stringData": {"identity.agekey": include_str!("sops/age.key")}});
    Kubectl::on(BUILD).apply(&secret.to_string());
    it.deliver("flux").args(["--decryption-secret", &keys]).succeeds();
    assert_eq!(it.delivered()[1], "one");
    it.undeliver().succeeds();
}

#[test]
fn an_app_leads_there_as_well() {
    let Some(it) = Delivery::new("app", false) else { return };
    it.deliver("carvel-app").succeeds();
    assert_eq!(it.delivered(), [json!("one"), json!("one")]);
    it.deliver("carvel-app").args(["--git-ref", "nowhere"]).fails(1, &["but its controller failed", "nowhere"]);
    it.undeliver().succeeds();
    assert_eq!(it.delivered(), NOTHING);
}

#[test]
fn a_registration_goes_with_its_delivery() {
    let Some(it) = Delivery::new("leaves", false) else { return };
    it.deliver("flux").succeeds();
    Tapmc::new([
        "unregister-run-cluster",
        &it.case.name,
        "--context",
        BUILD,
        "-n",
        "default",
        "--with-readers",
        "--yes",
    ])
    .succeeds();
    assert_eq!((it.delivered(), it.case.secret()), (NOTHING, None));
    let source = format!("{}-gitops-repo", it.package);
    assert_eq!(Kubectl::on(BUILD).get(&[GIT_REPOSITORIES, &source, "-n", "default"]), None);
}

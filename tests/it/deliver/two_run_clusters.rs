//! A package from Git on two run clusters by Flux's real controllers, through the life of the credentials.

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{
        BUILD, BUILD_TWO, Flux, Kubectl, RUN_PACKAGES, Tapmc,
        carvel::PATIENCE,
        eventually_within,
        flux::{GIT_REPOSITORIES, KUSTOMIZATIONS, Repository},
        packages::{package, package_install},
        unique,
    },
};

struct Fleet {
    flux: &'static Flux,
    repository: Repository,
    package: String,
    cases: [Case; 2],
}

impl Fleet {
    /// Both registered, and the first version of a package in a repository.
    fn new() -> Option<Self> {
        let flux = Flux::on(BUILD)?;
        let repository = flux.repository("two");
        let package = format!("{}.tap", unique("two"));
        let cases = [Case::on("two-a", RUN_PACKAGES), Case::on("two-b", BUILD_TWO)];
        for case in &cases {
            case.register().args(["--profile", "packages"]).succeeds();
            let path = format!("{package}/{}/packageinstall.yaml", case.name);
            repository.push(&[(&path, &package_install("app", &package, ">=1.0.0").to_string())]);
        }
        let this = Self { flux, repository, package, cases };
        this.push("1.0.0");
        Some(this)
    }

    fn push(&self, version: &str) {
        let path = format!("{}/packages/{version}.yaml", self.package);
        self.repository.push(&[(&path, &package(&self.package, version).to_string())]);
    }

    /// A verb for both registrations, with consent.
    fn both(&self, verb: &str) -> Tapmc {
        let [a, b] = self.cases.each_ref().map(|case| case.name.as_str());
        Tapmc::new([verb, a, b, "--context", BUILD, "-n", "default", "--yes"])
    }

    /// The versions that are there, and whether the PackageInstall is.
    fn arrived(case: &Case) -> (Vec<Value>, bool) {
        let packages = case.run().get(&["packages.data.packaging.carvel.dev", "-n", &case.apps]).unwrap_or_default();
        let versions = packages["items"].as_array().into_iter().flatten().map(|item| item["spec"]["version"].clone());
        let install = case.run().get(&["packageinstalls", "app", "-n", &case.apps]);
        (versions.collect(), install.is_some())
    }

    /// Has Flux look at the repository and apply a registration's Packages now.
    fn reconcile(&self, case: &Case) {
        self.flux.reconcile(GIT_REPOSITORIES, "default", &format!("{}-gitops-repo", self.package));
        self.flux.reconcile(KUSTOMIZATIONS, "default", &format!("{}-{}-packages", self.package, case.name));
    }

    /// The state of a registration's delivery, and what is said of it.
    fn status(case: &Case) -> (Value, String) {
        let status = || Tapmc::new(["delivery-status", &case.name, "--context", BUILD, "-n", "default"]);
        let report = status().args(["-o", "json"]).succeeds().json();
        (report["items"][0]["deliveries"][0]["state"].clone(), status().succeeds().stdout)
    }
}

#[test]
fn a_package_reaches_both_until_they_are_unregistered() {
    let Some(it) = Fleet::new() else { return };
    let runs = it.cases.each_ref().map(|case| case.name.as_str()).join(",");
    Tapmc::new(["deliver", "flux", &it.package, "--run", &runs, "--git-url", &it.repository.url])
        .args(["--context", BUILD, "-n", "default", "--yes", "--wait-timeout", "120s"])
        .succeeds();
    for case in &it.cases {
        assert_eq!(Fleet::arrived(case), (vec![json!("1.0.0")], true), "{}", case.run);
    }

    it.both("rotate-token").args(["--grace", "0"]).succeeds();
    it.push("2.0.0");
    for case in &it.cases {
        it.reconcile(case);
        let both = (vec![json!("1.0.0"), json!("2.0.0")], true);
        eventually_within(PATIENCE, "the second version arrives with the new token", || Fleet::arrived(case) == both);
    }

    let [revoked, other] = &it.cases;
    revoked.run().run(&["delete", "secret", &revoked.annotation("marker"), "-n", &revoked.account_namespace()]);
    revoked.await_refused();
    it.reconcile(revoked);
    let (state, told) = Fleet::status(revoked);
    assert_eq!(state, "reader-failed", "{told}");
    assert!(told.to_lowercase().contains("unauthorized") && told.contains("kubectl tapmc verify"), "{told}");
    assert_ne!(Fleet::status(other).0, "reader-failed");

    // A reader takes back what it delivered with a credential that works.
    it.both("rotate-token").succeeds();
    let unregister = || it.both("unregister-run-cluster").args(["--with-readers", "--wait-timeout", "120s"]);
    let source = format!("{}-gitops-repo", it.package);
    let source = || Kubectl::on(BUILD).get(&[GIT_REPOSITORIES, &source, "-n", "default"]);
    let recorded = revoked.annotation("run-cluster-uid");
    let secret = format!("{}-kubeconfig", revoked.name);
    let record = |uid: &str| {
        let annotation = format!("kubectl-tapmc/run-cluster-uid={uid}");
        Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, "-n", "default", &annotation]);
    };
    record("other");
    unregister().fails(3, &["is of the cluster other", "1 of 2 registrations could not be removed"]);
    assert!(source().is_some(), "the one that stays is delivered with it");
    record(&recorded);
    Tapmc::new(["unregister-run-cluster", &revoked.name, "--context", BUILD, "-n", "default", "--yes"])
        .args(["--with-readers", "--wait-timeout", "120s"])
        .succeeds();
    for case in &it.cases {
        assert_eq!(Fleet::arrived(case), (vec![], false), "{}", case.run);
        let label = format!("kubectl-tapmc/registration={}", case.name);
        let kinds = "namespaces,secrets,serviceaccounts,roles,rolebindings";
        let on_run = case.run().run(&["get", kinds, "-A", "-l", &label, "-o", "name"]);
        let kinds = format!("secrets,{KUSTOMIZATIONS},{GIT_REPOSITORIES}");
        let on_build = Kubectl::on(BUILD).run(&["get", &kinds, "-A", "-l", &label, "-o", "name"]);
        assert_eq!((on_run.trim(), on_build.trim()), ("", ""));
    }
    assert_eq!(source(), None);
}

//! Deliveries of Flux's real controllers and of Apps, seen on both sides.

use serde_json::{Value, json};

use crate::{
    register_run_cluster::case::Case,
    support::{
        BUILD, Flux, Tapmc,
        carvel::PATIENCE,
        eventually_within,
        flux::{KUSTOMIZATIONS, Repository},
        packages::{package, package_install},
        unique,
    },
};

struct Delivered {
    flux: &'static Flux,
    case: Case,
    package: String,
    repository: Repository,
}

impl Delivered {
    /// A package and its PackageInstall, delivered to the build cluster itself as its run cluster: it serves
    /// Carvel's kinds.
    fn new(stem: &str, reader: &str) -> Option<Self> {
        let flux = Flux::on(BUILD)?;
        let repository = flux.repository(stem);
        let case = Case::on(stem, BUILD);
        case.register().args(["--allow-same-cluster", "--profile", "packages", "--profile", "deliverable"]).succeeds();
        let it = Self { flux, package: format!("{}.tap", unique(stem)), case, repository };
        it.repository.push(&[
            (&format!("{}/packages/1.yaml", it.package), &package(&it.package, "1.0.0").to_string()),
            (
                &format!("{}/{}/packageinstall.yaml", it.package, it.case.name),
                &package_install(stem, &it.package, "1.0.0").to_string(),
            ),
        ]);
        Tapmc::new(["deliver", reader, &it.package, "--run", &it.case.name, "--git-url", &it.repository.url])
            .args(["--context", BUILD, "-n", "default", "--yes", "--wait-timeout", "120s"])
            .succeeds();
        Some(it)
    }

    fn status(&self) -> Tapmc {
        Tapmc::new(["delivery-status", &self.case.name, "--context", BUILD, "-n", "default", "--run-context", BUILD])
    }

    /// The one delivery.
    fn report(&self) -> Value {
        let report = self.status().args(["-o", "json"]).succeeds().json();
        let deliveries = report["items"][0]["deliveries"].as_array().expect("deliveries");
        assert_eq!(deliveries.len(), 1, "{report}");
        deliveries[0].clone()
    }

    fn undeliver(&self) {
        Tapmc::new(["undeliver", &self.package, "--all", "--context", BUILD, "-n", "default", "--yes"])
            .args(["--leave-behind", "--wait-timeout", "120s"])
            .succeeds();
    }

    #[track_caller]
    fn shows_the_package(&self, kind: &str) {
        // An App is under way now and then, also when nothing has changed.
        let mut delivery = Value::Null;
        eventually_within(PATIENCE, "the package is seen, paused", || {
            delivery = self.report();
            delivery["state"] == "install-paused"
        });
        assert_eq!(delivery["name"], self.package.as_str());
        assert_eq!(delivery["readers"][0]["kind"], kind);
        let packages = delivery["packages"].as_array().expect("packages");
        assert_eq!(packages.len(), 1, "{delivery}");
        assert_eq!(packages[0]["package"], self.package.as_str());
        assert_eq!(packages[0]["available"], json!(["1.0.0"]));
        assert_eq!(packages[0]["namespace"], self.case.apps.as_str());
        assert_eq!(packages[0]["result"], "paused");
    }
}

#[test]
fn from_fluxs_source_to_the_package_and_why_it_fails_after_a_revocation() {
    let Some(it) = Delivered::new("dsflux", "flux") else { return };
    it.shows_the_package("Kustomization");
    let delivery = it.report();
    for reader in delivery["readers"].as_array().expect("readers") {
        assert_eq!((&reader["result"], &reader["source"]["result"]), (&json!("ok"), &json!("ok")));
        let revision = reader["revision"].as_str().unwrap_or_default();
        assert!(revision.starts_with("main@sha1:"), "{reader}");
        assert_eq!(reader["source"]["revision"], revision);
    }
    let table = it.status().args(["-o", "wide"]).succeeds().stdout;
    for piece in ["Kustomization 2/2", &it.package, "install-paused", "main@sha1:", "1.0.0"] {
        assert!(table.contains(piece), "{piece}: {table}");
    }

    let marker = it.case.annotation("marker");
    it.case.run().run(&["delete", "secret", &marker, "-n", &it.case.account_namespace()]);
    it.case.await_refused();
    let name = format!("{}-{}-packages", it.package, it.case.name);
    it.flux.kubectl().run(&[
        "annotate",
        "--overwrite",
        KUSTOMIZATIONS,
        &name,
        "-n",
        "default",
        &format!("reconcile.fluxcd.io/requestedAt={}", unique("now")),
    ]);
    eventually_within(PATIENCE, "Flux says why", || it.report()["state"] == "reader-failed");
    let output = it.status().arg("--exit-code").fails(7, &["not fine: 1 of 1 delivery"]);
    assert!(output.stdout.to_lowercase().contains("unauthorized"), "{}", output.stdout);
    let command = format!("kubectl tapmc verify {} --context {BUILD} -n default", it.case.name);
    assert!(output.stdout.contains(&command), "{}", output.stdout);
    it.undeliver();
}

#[test]
fn what_an_app_delivered() {
    let Some(it) = Delivered::new("dsapp", "carvel-app") else { return };
    it.shows_the_package("App");
    let mut tree = String::new();
    eventually_within(PATIENCE, "the App is settled", || {
        tree = it.status().args(["-o", "tree"]).succeeds().stdout;
        !tree.contains("reconciling")
    });
    let lines: Vec<&str> = tree.lines().collect();
    assert_eq!(lines[0], format!("build cluster '{BUILD}'"));
    assert!(lines[1].starts_with(&format!("└─ {} (https://", it.case.name)), "{tree}");
    assert_eq!(lines[2], format!("   └─ {} by App  install-paused", it.package));
    assert_eq!(lines[3], format!("      └─ {} 1.0.0 in {}  paused", it.package, it.case.apps));
    let chart = it.status().args(["-o", "mermaid"]).succeeds().stdout;
    assert!(chart.starts_with("flowchart LR\n") && chart.contains("n2 --> n3"), "{chart}");
    it.undeliver();
    let output = it.status().arg("--exit-code").succeeds();
    assert!(output.stdout.contains("not-delivered"), "what was left behind is nobody's: {}", output.stdout);
}

//! `check`: what the clusters need for deliveries, and lack.

use serde_json::Value;

use crate::{
    deliver::case::Idle,
    support::{BUILD_TWO, RUN, Tapmc, unique},
};

fn check(it: &Idle) -> Tapmc {
    Tapmc::new(["check", "--context", BUILD_TWO, "-n", &it.namespace])
}

/// What is needed and whether it is there: the item whose text begins so.
#[track_caller]
fn item<'a>(report: &'a Value, what: &str) -> &'a Value {
    let items = report["items"].as_array().expect("items");
    let found = items.iter().find(|item| item["what"].as_str().is_some_and(|text| text.starts_with(what)));
    found.unwrap_or_else(|| panic!("{what} in {report}"))
}

#[test]
fn what_is_missing_is_told_with_its_remedy() {
    let Some(it) = Idle::new("check") else { return };
    let output = check(&it).args(["-o", "json"]).run();
    assert_eq!(output.code, 7, "{}", output.stderr);
    let report = output.json();
    for there in [
        "kapp-controller (App)",
        "Flux's source-controller",
        "Flux's kustomize-controller",
        "your own rights",
        "a context of yours",
        "the stored credential",
        "namespace '",
    ] {
        assert_eq!(item(&report, there)["state"], "met", "{there}: {report}");
    }
    // The run cluster of the test bed serves none of these, and the profile is that of Deliverables.
    for (lacks, remedy) in [
        ("kapp-controller (PackageInstall)", "kapp-controller/releases"),
        ("Contour", "projectcontour.io/quickstart"),
        ("rights of the credential", "--profile deliverable --profile packages"),
    ] {
        let item = item(&report, lacks);
        assert_eq!((&item["state"], &item["cluster"]), (&Value::from("missing"), &Value::from(it.case.name.as_str())));
        assert!(item["remedy"].as_str().is_some_and(|text| text.contains(remedy)), "{item}");
    }
    let table = check(&it).args(["--for", "flux"]).fails(7, &["missing"]).stdout;
    assert!(table.contains("✔   build") && table.contains("✘   run"), "{table}");
    assert!(!table.contains("kapp-controller (App)"), "{table}");
}

#[test]
fn a_dead_credential_and_a_namespace_that_is_gone() {
    let Some(it) = Idle::new("checkdead") else { return };
    let marker = it.secret()["metadata"]["annotations"]["kubectl-tapmc/marker"].clone();
    it.case.run().run(&["delete", "secret", marker.as_str().expect("text"), "-n", &it.case.account_namespace()]);
    it.case.run().run(&["delete", "namespace", &it.case.apps]);
    let report = || check(&it).args(["-o", "json"]).run().json();
    crate::support::eventually("the token is refused", || {
        item(&report(), "the stored credential")["state"] == "missing"
    });
    let report = report();
    assert!(
        item(&report, "the stored credential")["remedy"].as_str().is_some_and(|text| text.contains("rotate-token"))
    );
    assert_eq!(item(&report, "namespace '")["state"], "missing");
    let create = format!("kubectl --context {RUN} create namespace {}", it.case.apps);
    assert_eq!(item(&report, "namespace '")["remedy"], create.as_str());
    let typo = format!("{}x", it.case.name);
    check(&it).arg(&typo).fails(2, &["did you mean"]);
}

#[test]
fn deliverables_need_other_things_than_packages() {
    let Some(it) = Idle::new("checkdeliv") else { return };
    let output = check(&it).args(["--deliverables", "-o", "json"]).run();
    assert_eq!(output.code, 7, "{}", output.stderr);
    let report = output.json();
    assert_eq!(item(&report, "rights of the credential")["state"], "met");
    assert_eq!(item(&report, "Cartographer")["cluster"], it.case.name.as_str());
    let told = report.to_string();
    assert!(!told.contains("Contour") && !told.contains("(PackageInstall)"), "{told}");
}

#[test]
fn rights_that_you_lack_in_the_namespace_of_each_registration() {
    let Some(it) = Idle::new("checkpoor") else { return };
    let poor = unique("poor");
    Idle::kubectl().run(&["create", "clusterrole", &poor, "--verb=get,list", "--resource=secrets"]);
    let (role, user) = (format!("--clusterrole={poor}"), format!("--user={poor}"));
    Idle::kubectl().run(&["create", "clusterrolebinding", &poor, &role, &user]);
    // Everywhere: in the namespace of the registration, whatever that of the context is.
    let report = Tapmc::new(["check", "--context", BUILD_TWO, "-A", &it.case.name, "--as", &poor, "-o", "json"]);
    let report = report.run().json();
    let rights = item(&report, "your own rights");
    assert_eq!(rights["state"], "missing");
    let found = rights["found"].as_str().unwrap_or_default();
    for piece in ["create secrets", "kustomizations", &it.namespace] {
        assert!(found.contains(piece), "{piece}: {found}");
    }
    assert!(!found.contains("get secrets") && !found.contains("'default'"), "{found}");
}

#[test]
fn a_pattern_checks_those_to_which_a_matching_context_leads() {
    crate::register_run_cluster::fleet::chooses_by_pattern("chk", &["check"]);
}

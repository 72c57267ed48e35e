//! What is wrong with a file of a fleet is told with its place, all of it before any cluster is asked.

use std::{fs, path::Path};

use kubectl_tapmc::cli::fleet_file::FleetFile;
use serde_json::Value;

use super::fleet::Fleet;
use crate::support::{BUILD, Kubectl, Tapmc};

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/fleet.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// Do the parser and the schema say the same of it?
fn is_fleet(text: &str) -> bool {
    let value: Value = serde_saphyr::from_str(text).unwrap_or(Value::Null);
    let (parsed, valid) = (FleetFile::parse(text, "x"), schema().is_valid(&value));
    assert_eq!(parsed.is_ok(), valid, "{text}\n{:?}", parsed.err());
    valid
}

const HEAD: &str = "apiVersion: kubectl-tapmc/v1\nkind: Fleet\n";

#[test]
fn the_schema_for_editors_says_what_the_parser_says() {
    let all = "runNamespaces: [a], createNamespace: true, profiles: [deliverable, karmada], rules: r.yaml, impersonate: a/b, \
               allowBroadRules: true, guard: true, duration: 24h, renew: true, runCertificateAuthority: ca.pem, \
               runProxyUrl: 'http://p:1', allowLoopbackServer: true";
    for good in [
        "runClusters: [{context: a}]".to_owned(),
        format!(
            "buildContext: b\nnamespace: c\ndefaults: {{{all}, serviceAccount: a/b}}\nrunClusters: [{{context: a}}]"
        ),
        format!(
            "runClusters: [{{context: a, name: b, namespace: c, secretName: d, accountNamespace: e, runServer: 'https://x', {all}}}]"
        ),
    ] {
        assert!(is_fleet(&format!("{HEAD}{good}\n")), "{good}");
    }
    for bad in [
        "runClusters: []",
        "runClusters: [{name: a}]",
        "runClusters: [{context: a, colour: red}]",
        "runClusters: [{context: [a]}]",
        "runClusters: [{context: a, profiles: [everything]}]",
        "runClusters: [{context: a, duration: 3 weeks}]",
        "runClusters: [{context: a, guard: 'maybe'}]",
        "defaults: {name: a}\nrunClusters: [{context: a}]",
        "cluster: x\nrunClusters: [{context: a}]",
    ] {
        assert!(!is_fleet(&format!("{HEAD}{bad}\n")), "{bad}");
    }
    for head in ["kind: Fleet\n", "apiVersion: kubectl-tapmc/v1\n", "apiVersion: v2\nkind: Fleet\n"] {
        assert!(!is_fleet(&format!("{head}runClusters: [{{context: a}}]\n")), "{head}");
    }
}

#[test]
fn faults_name_the_line_and_the_field() {
    let Some(fleet) = Fleet::new("input") else { return };
    let (context, _) = &fleet.members[0];
    let (other, _) = &fleet.members[1];
    let write =
        |entries: &[&str]| fleet.write("", &entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
    let one = format!("context: {context}");
    for (entries, pieces) in [
        (vec![one.as_str(), "{context: x, colour: red}"], vec!["fleet.yaml line 11 column 16", "colour"]),
        (vec![one.as_str(), "context: nosuch"], vec!["fleet.yaml line 11", "there is no context 'nosuch'"]),
        (vec![one.as_str(), one.as_str()], vec!["fleet.yaml line 11", "the context", "is also that of", "line 10"]),
        (
            vec![&format!("{{context: {context}, name: same}}"), &format!("{{context: {other}, name: same}}")],
            vec!["line 11", "the name", "/same' is also that of", "line 10"],
        ),
        (
            vec![
                &format!("{{context: {context}, secretName: same}}"),
                &format!("{{context: {other}, secretName: same}}"),
            ],
            vec!["line 11", "the Secret", "is also that of"],
        ),
        (vec![&format!("context: {BUILD}")], vec!["line 10", "it is the build cluster"]),
        (vec![&format!("{{context: {context}, name: 'No Name'}}")], vec!["line 10", "No Name"]),
        (vec![&format!("{{context: {context}, duration: 5m}}")], vec!["line 10", "10m"]),
        (vec![&format!("{{context: {context}, rules: nosuch.yaml}}")], vec!["line 10", "nosuch.yaml cannot be read"]),
        (
            vec![&format!("{{context: {context}, serviceAccount: a/b, profiles: [workload]}}")],
            vec!["line 10", "serviceAccount"],
        ),
    ] {
        let path = write(&entries.iter().map(std::convert::AsRef::as_ref).collect::<Vec<&str>>());
        fleet.register(&path).fails(2, &pieces);
    }
    assert!(fleet.secrets().is_empty());
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let Some(fleet) = Fleet::new("faults") else { return };
    let entries: Vec<String> = (0..13).map(|index| format!("context: nosuch-{index}")).collect();
    let path = fleet.write("", &[entries, vec![format!("context: {}", fleet.members[0].0)]].concat());
    let output = fleet
        .register(&path)
        .fails(2, &["13 of 14 run clusters cannot be registered", "(and 3 more): nothing was done"]);
    assert_eq!(output.stderr.matches("there is no context 'nosuch-").count(), 10, "{}", output.stderr);
}

#[test]
fn ten_thousand_entries_are_read() {
    let Some(fleet) = Fleet::new("many") else { return };
    let entries: Vec<String> =
        (0..10_000).map(|index| format!("{{context: nosuch-{index}, runNamespaces: [a, b]}}")).collect();
    let path = fleet.write("", &entries);
    fleet.register(&path).fails(2, &["10000 of 10000 run clusters cannot be registered"]);
}

#[test]
fn a_pattern_that_matches_nothing_says_what_there_is() {
    let Some(fleet) = Fleet::new("nothing") else { return };
    let ask = |pattern: &str| {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--yes", "--run-context", pattern])
            .kubeconfig(&fleet.file.path)
    };
    ask("prod-*").fails(2, &["--run-context 'prod-*' matches no context of the kubeconfig", "hint: there are build"]);
    ask("prod-[").fails(2, &["is no pattern"]);
    // The build cluster itself is not meant.
    ask("buil?").fails(2, &["matches no context"]);
    ask(&format!("{}-*", fleet.namespace)).args(["--name", "one"]).fails(2, &["--name is of one run cluster"]);
    let path = fleet.whole();
    fleet.register(&path).args(["--run-context", "prod-*"]).fails(2, &["matches no context of", "fleet.yaml"]);
}

#[test]
fn files_that_are_none() {
    let Some(fleet) = Fleet::new("files") else { return };
    fleet.register(Path::new("/nonexistent/fleet.yaml")).fails(2, &["--fleet /nonexistent/fleet.yaml cannot be read"]);
    let path = fleet.file.dir.path().join("other.yaml");
    fs::write(&path, "kind: Pod\n").unwrap();
    fleet.register(&path).fails(2, &["other.yaml line 1", "hint: write apiVersion: kubectl-tapmc/v1"]);
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    fleet.register(&path).fails(2, &["is not text (UTF-8)"]);
    fs::write(&path, "").unwrap();
    fleet.register(Path::new("-")).stdin(&path).fails(2, &["standard input line 1"]);
    fleet.register(&path).args(["--name", "x"]).fails(2, &["--name"]);
}

#[test]
fn too_few_open_files_are_told_and_fewer_are_worked_on() {
    let Some(fleet) = Fleet::new("nofile") else { return };
    let path = fleet.whole();
    // The shell's own limit holds for the plugin, and cannot be raised again.
    let line = format!(
        "ulimit -n 48 && exec {} register-run-cluster --yes --fleet {}",
        env!("CARGO_BIN_EXE_kubectl-tapmc"),
        path.display()
    );
    let output =
        std::process::Command::new("sh").args(["-c", &line]).env("KUBECONFIG", &fleet.file.path).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("2 run clusters are worked on at a time, not 3"), "{stderr}");
    assert!(stderr.contains("ulimit -n"), "{stderr}");
    assert_eq!(fleet.secrets().len(), 3);
    assert!(Kubectl::on(BUILD).get(&["namespace", &fleet.namespace]).is_some());
}

#[test]
fn a_limit_of_open_files_with_which_nothing_goes_is_told() {
    for limit in [6, 31] {
        let line = format!("ulimit -n {limit} && exec {} status --context none", env!("CARGO_BIN_EXE_kubectl-tapmc"));
        let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let told = format!(
            "error: this machine lets the plugin open {limit} files at a time, and it needs 32\nhint: raise that limit: ulimit -n\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), told);
        assert_eq!(output.status.code(), Some(1));
    }
}

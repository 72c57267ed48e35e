//! What programs read: JSON, YAML and SARIF.

use std::collections::BTreeSet;

use serde_json::Value;

use super::case::{Written, exec, report};

#[test]
fn the_report_has_the_documented_fields() {
    let output = Written::new(exec()).lint().args(["--for", "flux", "-o", "json"]).run();
    let report = report(&output, 7);
    assert_eq!((&report["apiVersion"], &report["kind"]), (&"kubectl-tapmc/v1".into(), &"LintReport".into()));
    assert_eq!(report["asked"], Value::from(vec!["flux"]));
    assert_eq!([&report["errors"], &report["warnings"], &report["notes"]], [1, 1, 0]);
    let found = &report["findings"][0];
    assert_eq!((&found["severity"], &found["rule"]), (&"error".into(), &"no-credential".into()));
    assert_eq!((&found["place"]["line"], &found["place"]["field"]), (&10.into(), &"users[0].user".into()));
    for field in ["message", "remedy"] {
        assert!(found[field].as_str().is_some_and(|text| !text.is_empty()), "{found}");
    }
    let yaml = Written::new(exec()).lint().args(["-o", "yaml"]).run();
    assert!(yaml.stdout.starts_with("apiVersion: kubectl-tapmc/v1\nkind: LintReport\n"), "{}", yaml.stdout);
}

/// The parts of SARIF 2.1.0 that its schema requires, and that code scanners go by.
#[test]
fn sarif_is_what_code_scanners_take() {
    let output = Written::new(exec()).lint().args(["-o", "sarif"]).run();
    let log = report(&output, 7);
    assert_eq!(log["version"], "2.1.0");
    let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "kubectl-tapmc");
    let ids: Vec<&str> = driver["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], ids[index]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
        assert!(result["message"]["text"].is_string(), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("/kubeconfig"), "{result}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1, "{result}");
    }
}

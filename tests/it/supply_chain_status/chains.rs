//! Chains, the Workloads that select them, and what was stamped for these.

use serde_json::json;

use super::{followed, item, report, warnings, write_status};
use crate::support::{
    BUILD, BUILD_TWO, Tap, Tapmc,
    carvel::{SELECTOR, supply_chain, workload},
    eventually, unique,
};

#[test]
fn all_is_well() {
    let tap = Tap::installed("well");
    followed(&tap, "demo");
    let report = report(&["-n", &tap.namespace]);
    let chain = item(&report["chains"], "name", &tap.chain);
    assert_eq!(
        (&chain["severity"], &chain["ready"], &chain["workloads"]),
        (&json!("healthy"), &json!("True"), &json!(1))
    );
    assert_eq!(
        (&chain["selector"], &chain["missingTemplates"]),
        (&json!(format!("{SELECTOR}={}", tap.chain)), &json!([]))
    );
    assert_eq!(
        (&chain["owner"]["object"]["name"], &chain["owner"]["paused"]),
        (&json!("ootb-supply-chain-basic"), &json!(false))
    );
    let workloads = report["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 1);
    assert_eq!((&workloads[0]["severity"], &workloads[0]["selection"]), (&json!("healthy"), &json!("one")));
    assert_eq!(workloads[0]["chains"], json!([tap.chain]));
    let stamped = workloads[0]["stamped"].as_array().unwrap();
    assert_eq!(stamped.len(), 3);
    assert_eq!(stamped[0]["object"], json!({"kind": "ConfigMap", "namespace": tap.namespace, "name": "demo-source"}));

    // A line for what is well, and nothing below it.
    let status = |form: &[&str]| {
        Tapmc::new(["supply-chain-status", "--context", BUILD, "-n", &tap.namespace]).args(form).succeeds().stdout
    };
    let text = status(&[]);
    let last: Vec<&str> = text.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last, [&tap.namespace, "demo", &tap.chain, "True", "Ready"], "{text}");
    assert!(!text.contains("demo-source") && status(&["-o", "wide"]).contains("configmap/demo-source"));
    assert!(status(&["-o", "name"]).ends_with("workload.carto.run/demo\n"));
    assert!(status(&["-o", "yaml"]).contains("kind: SupplyChainStatus\n"));
    // Colour is for terminals alone, and never the only sign.
    let coloured =
        Tapmc::new(["supply-chain-status", "--context", BUILD, "-n", &tap.namespace]).env("CLICOLOR_FORCE", "1");
    assert!(!text.contains('\u{1b}') && coloured.succeeds().stdout.contains("\u{1b}[32mTrue\u{1b}[0m"));
}

#[test]
fn templates_that_are_missing() {
    let tap = Tap::installed("bare");
    let name = unique("missing");
    tap.apply(&[supply_chain(&name, &name, &name), workload(&tap.namespace, "waiting", &[(SELECTOR, &name)])]);
    eventually("the controller says it of the Workload", || {
        let object = tap.workload_object("waiting");
        crate::support::carvel::condition(&object, "Ready")["reason"] == "TemplatesNotFound"
    });
    let report = report(&["-n", &tap.namespace]);
    let chain = item(&report["chains"], "name", &name);
    assert_eq!((&chain["ready"], &chain["reason"]), (&json!("False"), &json!("TemplatesNotFound")));
    assert_eq!(
        chain["missingTemplates"],
        json!([
            format!("ClusterConfigTemplate/{name}-config"),
            format!("ClusterSourceTemplate/{name}-source"),
            format!("ClusterTemplate/{name}-delivery")
        ])
    );
    assert_eq!(item(&report["workloads"], "name", "waiting")["reason"], "TemplatesNotFound");
    let text = Tapmc::new(["supply-chain-status", "--context", BUILD, "-n", &tap.namespace]).succeeds().stdout;
    assert!(text.contains(&format!("missing templates: ClusterConfigTemplate/{name}-config, ")), "{text}");
    tap.kubectl().run(&["delete", "clustersupplychain", &name, "--wait=false"]);
}

/// The controller is the last to know: where none runs it is told all the same.
#[test]
fn what_no_controller_has_noticed_yet() {
    let Some(tap) = Tap::on(BUILD_TWO, "unnoticed") else { return };
    let (kind, name) = &tap.templates[0];
    tap.kubectl().run(&["delete", kind, name]);
    tap.apply(&[workload(&tap.namespace, "fresh", &tap.labels())]);
    let report = Tapmc::new(["supply-chain-status", "--context", BUILD_TWO, "-o", "json", "-n", &tap.namespace]);
    let report = report.succeeds().json();
    let chain = item(&report["chains"], "name", &tap.chain);
    assert_eq!(chain["missingTemplates"], json!([format!("{kind}/{name}")]));
    assert_eq!((&chain["severity"], &chain["ready"]), (&json!("failed"), &json!("True")));
    let fresh = item(&report["workloads"], "name", "fresh");
    assert_eq!((&fresh["ready"], &fresh["reason"]), (&json!("Unknown"), &json!("NotSeen")));
    assert_eq!(fresh["chains"], json!([tap.chain]));
}

#[test]
fn workloads_that_match_none_or_several_or_have_no_labels() {
    let tap = Tap::installed("odd");
    let second = unique("second");
    let near = format!("{}x", tap.chain);
    followed(&tap, "both");
    tap.apply(&[
        supply_chain(&second, &tap.chain, &tap.chain),
        workload(&tap.namespace, "near", &[(SELECTOR, &near)]),
        workload(&tap.namespace, "plain", &[]),
    ]);
    eventually("the controller stops the Workload", || {
        let object = tap.workload_object("both");
        crate::support::carvel::condition(&object, "SupplyChainReady")["reason"] == "MultipleSupplyChainMatches"
    });
    let found = report(&["-n", &tap.namespace]);
    let one = |name: &str| item(&found["workloads"], "name", name);
    assert_eq!((&one("both")["selection"], &one("both")["severity"]), (&json!("several"), &json!("failed")));
    let mut chains = vec![tap.chain.clone(), second.clone()];
    chains.sort();
    assert_eq!(one("both")["chains"], json!(chains));
    assert_eq!((&one("near")["selection"], &one("near")["chains"]), (&json!("none"), &json!([])));
    let closest = &one("near")["closest"];
    assert!(chains.iter().any(|name| closest["name"] == name.as_str()), "{closest}");
    assert_eq!((&closest["matched"], &closest["lacks"]), (&json!(0), &json!([format!("{SELECTOR}={}", tap.chain)])));
    assert_eq!(one("plain")["selection"], "unlabelled");
    assert!(warnings(&second)[0].contains("have the same selector"));
    let text = Tapmc::new(["supply-chain-status", "--context", BUILD, "-n", &tap.namespace]).succeeds().stdout;
    assert!(text.contains("equally well: Cartographer follows none of them"), "{text}");
    assert!(text.contains(&format!("  matches no chain by its labels {SELECTOR}={near}; closest is '")), "{text}");
    assert!(text.contains("  has no labels"), "{text}");
    tap.kubectl().run(&["delete", "clustersupplychain", &second, "--wait=false"]);
}

/// An ImageRepository that cannot reach its registry, and one that is gone.
#[test]
fn what_stamped_objects_say() {
    let Some(tap) = Tap::on(BUILD_TWO, "stamped") else { return };
    let repository = |name: &str| {
        json!({"apiVersion": "source.apps.tanzu.vmware.com/v1alpha1", "kind": "ImageRepository",
            "metadata": {"name": name, "namespace": tap.namespace}, "spec": {"image": "localhost:5000/apps/demo"}})
    };
    tap.apply(&[repository("demo"), workload(&tap.namespace, "demo", &tap.labels())]);
    let message =
        format!("unable to resolve image \"localhost:5000/apps/demo\": {}\nsecond line", "refused ".repeat(30));
    let condition = |type_: &str, status: &str, reason: &str, message: &str| {
        json!({"type": type_, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2022-04-05T05:51:05Z"})
    };
    write_status(
        &tap,
        &["imagerepositories.source.apps.tanzu.vmware.com", "demo"],
        &json!({"conditions": [
        condition("ArtifactAvailable", "Unknown", "Initializing", ""),
        condition("ImageResolved", "False", "RemoteError", &message),
        condition("Ready", "False", "RemoteError", &message)]}),
    );
    let reference = |name: &str| {
        json!({"apiVersion": "source.apps.tanzu.vmware.com/v1alpha1", "kind": "ImageRepository", "name": name,
            "namespace": tap.namespace, "resource": "imagerepositories.source.apps.tanzu.vmware.com"})
    };
    write_status(
        &tap,
        &["workloads.carto.run", "demo"],
        &json!({
        "conditions": [condition("Ready", "Unknown", "MissingValueAtPath", "waiting to read value")],
        "resources": [{"name": "image-builder", "stampedRef": reference("demo")},
            {"name": "cache", "stampedRef": reference("vanished")}, {"name": "deployer"}]}),
    );

    let status = |form: &[&str]| {
        Tapmc::new(["supply-chain-status", "--context", BUILD_TWO])
            .args([&format!("{}/demo", tap.namespace)])
            .args(form)
    };
    let found = status(&["-o", "json"]).succeeds().json();
    let one = item(&found["workloads"], "namespace", &tap.namespace);
    assert_eq!(
        (&one["severity"], &one["ready"], &one["reason"]),
        (&json!("failed"), &json!("Unknown"), &json!("MissingValueAtPath"))
    );
    let image = &one["stamped"][0];
    assert_eq!((&image["state"], &image["condition"]["type"]), (&json!("failed"), &json!("ImageResolved")));
    assert_eq!(image["condition"]["message"], message);
    assert_eq!((&one["stamped"][1]["state"], &one["stamped"][2]["state"]), (&json!("gone"), &json!("unstamped")));
    let text = status(&[]).succeeds().stdout;
    let line = text.lines().find(|line| line.contains("imagerepository/demo")).unwrap();
    assert!(line.starts_with("  image-builder "), "{line}");
    assert!(line.contains("ImageResolved=False RemoteError   unable to resolve image \"localhost:5000"), "{line}");
    assert!(line.ends_with('…') && line.len() < 220, "{line}");
    assert!(text.contains("imagerepository/vanished   does not exist any more"), "{text}");
}

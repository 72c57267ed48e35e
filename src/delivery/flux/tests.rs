//! Flux's objects, field by field.

use super::*;
use crate::{delivery::Content, plan::Side, registration::names::ObjectRef};

fn delivery() -> Delivery {
    Delivery { name: "app.tap".into(), content: Content::Package { folder: "app.tap".into() }, stands_on: Side::Build }
}

fn destination() -> Destination {
    Destination {
        run: "run-a".into(),
        access: Access::KubeconfigSecret(ObjectRef::new("builds", "run-a-kubeconfig")),
        folder: "prod".into(),
        run_namespace: "apps".into(),
    }
}

fn how() -> Flux {
    Flux {
        source: Source::Git { url: "https://h/r".into(), git_ref: GitRef::Tag("v1".into()) },
        source_kind: source_kind("GitRepository").in_version("v1beta2"),
        kustomization: KUSTOMIZATION.clone(),
        secret: None,
        source_interval: "1m".into(),
        interval: "5m".into(),
        decryption: None,
        service_account: None,
        secretless: None,
    }
}

#[test]
fn a_source_and_two_kustomizations() {
    let source = source(&delivery(), "builds", &how()).unwrap().body;
    assert_eq!(source["apiVersion"], "source.toolkit.fluxcd.io/v1beta2");
    assert_eq!(source["spec"]["ref"], json!({"tag": "v1"}));
    assert!(source["spec"]["gitImplementation"].is_null() && source["spec"]["secretRef"].is_null());
    let both =
        [Part::Packages, Part::Own].map(|part| kustomization(&delivery(), &destination(), part, &how()).unwrap().body);
    let paths: Vec<&str> = both.iter().map(|one| one["spec"]["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["./app.tap/packages", "./app.tap/prod"]);
    let spec = &both[1]["spec"];
    assert_eq!(spec["kubeConfig"], json!({"secretRef": {"name": "run-a-kubeconfig", "key": "value"}}));
    assert_eq!(spec["sourceRef"], json!({"kind": "GitRepository", "name": "app.tap-gitops-repo"}));
    assert!(spec["serviceAccountName"].is_null() && spec["decryption"].is_null());
}

#[test]
fn other_sources_and_credentials() {
    let secretless =
        Secretless { provider: "generic".into(), service_account: Some("d".into()), audience: None, cluster: None };
    let oci = Source::Oci { url: "oci://r/a".into(), oci_ref: OciRef::parse("semver:>=1").unwrap() };
    let how = Flux { source: oci, secretless: Some(secretless), decryption: Some("keys".into()), ..how() };
    let spec = kustomization(&delivery(), &destination(), Part::Own, &how).unwrap().body["spec"].clone();
    assert_eq!(spec["kubeConfig"], json!({"configMapRef": {"name": "app.tap-run-a-kubeconfig"}}));
    assert_eq!(spec["decryption"], json!({"provider": "sops", "secretRef": {"name": "keys"}}));
    let endpoint = Endpoint {
        server: "https://run".into(),
        certificate_authority: Some(b"pem".to_vec()),
        tls_server_name: None,
        proxy_url: None,
    };
    let data = config_map(&delivery(), &destination(), &endpoint, &how).unwrap().body["data"].clone();
    assert_eq!(
        data,
        json!({"provider": "generic", "address": "https://run", "ca.crt": "pem", "serviceAccountName": "d"})
    );
    assert_eq!(source(&delivery(), "b", &how).unwrap().body["spec"]["ref"], json!({"semver": ">=1"}));
    let existing = Flux { source: Source::Existing { kind: "Bucket", name: "mine".into() }, ..how };
    assert!(source(&delivery(), "b", &existing).is_none());
    assert_eq!(source_name(&delivery(), &existing.source), "mine");
}

#[test]
fn a_kustomization_on_the_run_cluster_itself() {
    let delivery = Delivery { stands_on: Side::Run, ..delivery() };
    let account = Access::Account(ObjectRef::new("apps", "app.tap-run-a"));
    let destination = Destination { access: account, ..destination() };
    let spec = kustomization(&delivery, &destination, Part::Own, &how()).unwrap().body["spec"].clone();
    assert!(spec["kubeConfig"].is_null(), "{spec}");
    assert_eq!((&spec["serviceAccountName"], &spec["targetNamespace"]), (&json!("app.tap-run-a"), &json!("apps")));
    let labels = source(&delivery, "apps", &how()).unwrap().body["metadata"]["labels"].clone();
    assert_eq!(labels["kubectl-tapmc/on-run-cluster"], "true");
}

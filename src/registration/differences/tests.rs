//! A Secret that differs from its record is said exactly, and nothing of its content with it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::registration::{
    credential::Token,
    kubeconfig::{Endpoint, parse, render},
    names::Name,
    profiles::{Grants, Profile},
    record::labels,
};

fn token(sub: &str, marker: &str) -> Token {
    let payload =
        json!({"sub": sub, "iat": 1, "exp": 2, "kubernetes.io": {"secret": {"name": "m", "uid": marker}}}).to_string();
    Token::new(format!("h.{}.canary", URL_SAFE_NO_PAD.encode(payload)))
}

fn good() -> String {
    let endpoint = Endpoint {
        server: "https://run-a:6443".into(),
        certificate_authority: None,
        tls_server_name: None,
        proxy_url: None,
    };
    let token = token("system:serviceaccount:tapmc-run-a:delivery", "marker-uid");
    render(&Name::parse("run-a").unwrap(), &endpoint, "apps", Some(&token))
}

fn annotations() -> Map {
    let recorded = Recorded {
        build_cluster_uid: "build".into(),
        kubeconfig_secret: ObjectRef::new("default", "run-a-kubeconfig"),
        service_account: ObjectRef::new("tapmc-run-a", "delivery"),
        brought: false,
        run_namespaces: vec!["apps".into()],
        grants: Grants::of(vec![Profile::Deliverable]),
        guard: false,
        renewal: None,
        export: None,
        requested_duration: Duration::from_secs(600),
        run_server: None,
        run_proxy_url: None,
        run_certificate_authority: None,
    };
    let generation = [
        (key::GENERATION, "1"),
        (key::RUN_CLUSTER_UID, "run"),
        (key::SERVER, "https://run-a:6443"),
        (key::MARKER, "delivery-1-abcde"),
        (key::MARKER_UID, "marker-uid"),
        (key::SERVICE_ACCOUNT_UID, "account-uid"),
        (key::ACCOUNT_NAMESPACE_UID, "namespace-uid"),
        (key::ISSUED_AT, "2026-01-01T00:00:00Z"),
        (key::EXPIRES_AT, "2026-02-01T00:00:00Z"),
    ];
    let generation = generation.map(|(key, value)| (key.to_owned(), value.to_owned()));
    recorded.annotations().into_iter().chain(generation).collect()
}

fn secret(text: &str, annotations: &Map) -> SecretFacts {
    SecretFacts {
        labels: labels(&Name::parse("run-a").unwrap()),
        uid: "u".into(),
        resource_version: "1".into(),
        type_: "Opaque".into(),
        immutable: false,
        keys: vec!["value".into()],
        recorded: Recorded::from_annotations(annotations),
        generation: Generation::from_annotations(annotations),
        stored: parse(text.as_bytes()),
        text: None,
        body: json!({"metadata": {"annotations": annotations}}),
    }
}

fn differences(secret: &SecretFacts) -> Vec<String> {
    let differences = as_recorded(&ObjectRef::new("default", "run-a-kubeconfig"), secret).err().unwrap_or_default();
    assert!(!differences.iter().any(|line| line.contains("canary")), "{differences:?}");
    differences
}

#[test]
fn a_secret_as_it_was_written_is_as_recorded() {
    assert_eq!(differences(&secret(&good(), &annotations())), Vec::<String>::new());
}

#[test]
fn another_kubeconfig_is_named_by_its_field() {
    for (from, to, told) in [
        (
            "https://run-a:6443",
            "https://canary:6443",
            "its clusters[0].cluster.server is not the address of its annotation kubectl-tapmc/server, https://run-a:6443",
        ),
        (
            "server: https://run-a:6443",
            "server: https://run-a:6443\n    proxy-url: http://canary:3128",
            "it has a clusters[0].cluster.proxy-url, and no proxy is recorded",
        ),
        ("run-a\n", "run-b\n", "its clusters[0].name is not the name of the registration"),
        (
            "token: ",
            "exec: {command: canary}\n    token: ",
            "its kubeconfig (data key 'value') is not one of this plugin's, line 10 column 5: users[0].user.exec is not allowed: it would run a program",
        ),
    ] {
        assert_eq!(differences(&secret(&good().replace(from, to), &annotations())), [told]);
    }
}

#[test]
fn another_token_is_told_by_what_it_says_of_itself() {
    let text = good();
    let own = parse(text.as_bytes()).unwrap().token;
    for (other, told) in [
        (Token::new("canary".into()), "is not the token of a ServiceAccount"),
        (
            token("system:serviceaccount:kube-system:admin", "marker-uid"),
            "is not one of the recorded ServiceAccount tapmc-run-a/delivery",
        ),
        (
            token("system:serviceaccount:tapmc-run-a:delivery", "other"),
            "is not bound to the recorded marker Secret 'delivery-1-abcde'",
        ),
    ] {
        let [only] =
            differences(&secret(&text.replace(own.expose(), other.expose()), &annotations())).try_into().unwrap();
        assert!(only.starts_with("its users[0].user.token ") && only.contains(told), "{only}");
    }
}

#[test]
fn a_proxy_that_is_recorded_belongs_there() {
    let text = good().replace("server: ", "proxy-url: http://proxy:3128\n    server: ");
    for key in [key::PROXY_URL, key::RUN_PROXY_URL] {
        let mut annotations = annotations();
        annotations.insert(key.into(), "http://proxy:3128".into());
        assert_eq!(differences(&secret(&text, &annotations)), Vec::<String>::new());
        let without = differences(&secret(&good(), &annotations));
        assert_eq!(without, ["its clusters[0].cluster.proxy-url is not the recorded proxy, http://proxy:3128"]);
    }
}

#[test]
fn a_record_that_cannot_be_read_and_a_secret_that_holds_more() {
    let mut lost = annotations();
    lost.remove(key::EXPIRES_AT);
    assert_eq!(differences(&secret(&good(), &lost)), ["its annotation kubectl-tapmc/expires-at is missing"]);
    let mut changed = annotations();
    changed.insert(key::GENERATION.into(), "canary".into());
    assert_eq!(
        differences(&secret(&good(), &changed)),
        ["its annotations hold values that this plugin does not write"]
    );
    assert_eq!(differences(&secret(&good(), &BTreeMap::new())).len(), REQUIRED.len());
    let more = SecretFacts {
        keys: vec!["other".into(), "value".into()],
        type_: "x".into(),
        ..secret(&good(), &annotations())
    };
    assert_eq!(differences(&more).len(), 2);
    let moved = as_recorded(&ObjectRef::new("elsewhere", "x"), &secret(&good(), &annotations())).unwrap_err();
    assert_eq!(
        moved,
        ["its annotation kubectl-tapmc/kubeconfig-secret says that it is the Secret default/run-a-kubeconfig"]
    );
}

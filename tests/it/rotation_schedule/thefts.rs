//! What a thief of one of the tokens can do with it, by what the API server says; and what ends it.

use serde_json::{Value, json};

use super::case::Renewed;
use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{BUILD, Tapmc, eventually},
};

/// A stolen kubeconfig with another token in it.
fn with_token(kubeconfig: &str, answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let line = kubeconfig.lines().find(|line| line.trim_start().starts_with("token:")).unwrap();
    kubeconfig.replace(line.trim_start(), &format!("token: {}", answer["status"]["token"].as_str().unwrap()))
}

#[track_caller]
fn forbidden(what: &str, result: Result<String, String>) {
    let error = result.expect_err(what);
    assert!(error.contains("orbidden"), "{what}: {error}");
}

#[test]
fn a_stolen_delivery_token_cannot_renew_itself() {
    let Some(renewed) = Renewed::new("delivery") else { return };
    let (case, stolen) = (&renewed.case, renewed.case.kubeconfig());
    let namespace = case.account_namespace();
    forbidden("minting for itself", renewed.token_request(&stolen, "delivery", &renewed.bound()));
    forbidden("minting for the other", renewed.token_request(&stolen, "renewal", &renewed.bound()));
    forbidden("reading Secrets", with_kubeconfig(&stolen, &["get", "secrets", "-n", &namespace]));
    forbidden("reading accounts", with_kubeconfig(&stolen, &["get", "serviceaccounts", "-n", &namespace]));
    forbidden("creating Secrets", with_kubeconfig(&stolen, &["create", "secret", "generic", "x", "-n", &namespace]));
}

#[test]
fn a_stolen_renewal_token_can_issue_what_the_registration_asks_for_and_nothing_else() {
    let Some(renewed) = Renewed::new("theft") else { return };
    let (case, stolen) = (&renewed.case, renewed.renewal_kubeconfig());
    let namespace = case.account_namespace();
    let with = |field: &str, value: Value| {
        let mut spec = renewed.bound();
        spec[field] = value;
        spec
    };
    // A policy that was just made takes a moment to be heard of.
    eventually("the policy holds", || {
        renewed.token_request(&stolen, "delivery", &json!({"expirationSeconds": 600})).is_err()
    });
    renewed.token_request(&stolen, "delivery", &renewed.bound()).unwrap();
    renewed.token_request(&stolen, "renewal", &renewed.bound()).unwrap();
    for (what, spec) in [
        ("bound to a marker", json!({"expirationSeconds": 600})),
        (
            "bound to a marker",
            with("boundObjectRef", json!({"kind": "Pod", "apiVersion": "v1", "name": "delivery-1-abcde"})),
        ),
        ("live no longer", with("expirationSeconds", 86_401.into())),
        ("audience", with("audiences", json!(["vault"]))),
        ("audience", with("audiences", json!(["https://kubernetes.default.svc", "vault"]))),
    ] {
        let error = renewed.token_request(&stolen, "delivery", &spec).unwrap_err();
        assert!(error.contains("ValidatingAdmissionPolicy") && error.contains(what), "{what}: {error}");
    }
    let unknown = with("boundObjectRef", json!({"kind": "Secret", "apiVersion": "v1", "name": "delivery-9-zzzzz"}));
    let error = renewed.token_request(&stolen, "delivery", &unknown).unwrap_err();
    assert!(error.contains("not found"), "{error}");
    forbidden("another account", renewed.token_request(&stolen, "default", &renewed.bound()));

    let marker = case.annotation("marker");
    forbidden("listing Secrets", renewed.thief(&["get", "secrets", "-n", &namespace]));
    forbidden("reading a Secret", renewed.thief(&["get", "secret", &marker, "-n", &namespace]));
    forbidden("creating a Secret", renewed.thief(&["create", "secret", "generic", "x", "-n", &namespace]));
    forbidden(
        "a dry-run deletion, which reads",
        renewed.thief(&["delete", "secret", &marker, "-n", &namespace, "--dry-run=server"]),
    );
    forbidden("the run namespace", renewed.thief(&["get", "configmaps", "-n", &case.apps]));
    forbidden("its own Role", renewed.thief(&["get", "roles", "-n", &namespace]));
}

#[test]
fn an_eviction_ends_what_a_thief_issued() {
    let Some(renewed) = Renewed::new("evicted") else { return };
    let (case, stolen) = (&renewed.case, renewed.renewal_kubeconfig());
    let own = with_token(&stolen, &renewed.token_request(&stolen, "renewal", &renewed.bound()).unwrap());
    let delivery = with_token(&case.kubeconfig(), &renewed.token_request(&own, "delivery", &renewed.bound()).unwrap());
    with_kubeconfig(&delivery, &["get", "configmaps", "-n", &case.apps]).unwrap();
    Tapmc::new(["rotate-token", &case.name, "--context", BUILD, "--yes", "--evict"]).succeeds();
    for token in [&stolen, &own, &delivery] {
        case.await_token_refused(token);
    }
    // What is stored works, is what is recorded, and goes on being renewed.
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    assert!(renewed.apply().succeeds().stderr.contains("no changes"));
    renewed.pod().command().args(["--if-expiring-within", "30d"]).succeeds();
}

#[test]
fn a_new_generation_ends_the_renewed_tokens_of_the_former_one() {
    let Some(renewed) = Renewed::new("generation") else { return };
    let case = &renewed.case;
    renewed.pod().command().args(["--if-expiring-within", "30d"]).succeeds();
    let (delivery, own) = (case.kubeconfig(), renewed.renewal_kubeconfig());
    let issued = with_token(&delivery, &renewed.token_request(&own, "delivery", &renewed.bound()).unwrap());
    let output = Tapmc::new(["rotate-token", &case.name, "--context", BUILD, "--yes", "--grace", "0"]).succeeds();
    assert!(output.stderr.contains("(it is bound to the marker of the new generation)"), "{}", output.stderr);
    for token in [&delivery, &own, &issued] {
        case.await_token_refused(token);
    }
    assert_eq!(case.annotation("generation"), "2");
    assert!(renewed.apply().succeeds().stderr.contains("no changes"));
    renewed.pod().command().args(["--if-expiring-within", "30d"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

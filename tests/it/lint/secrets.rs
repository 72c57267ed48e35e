//! Secrets on a cluster: made by hand, and the plugin's own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::case::{authority, exec, good, report, rules, rules_of, token};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, Tapmc, unique},
};

/// A namespace with Secrets of all sorts.
struct ByHand {
    namespace: String,
}

impl ByHand {
    fn new() -> Self {
        let made = Self { namespace: unique("lint") };
        let build = Kubectl::on(BUILD);
        build.namespace(&made.namespace);
        let config = json!({"bearerToken": token(1_000_000), "tlsClientConfig": {"insecure": true}}).to_string();
        let secrets = [
            made.secret(
                "argocd-run-a",
                &json!({"argocd.argoproj.io/secret-type": "cluster"}),
                &json!({
                    "name": "run-a", "server": "https://run-a.example.com", "config": config
                }),
            ),
            made.secret(
                "istio-remote-secret-run-a",
                &json!({"istio/multiCluster": "true"}),
                &json!({
                    "run-a": good(), "ca.crt": authority()
                }),
            ),
            made.secret("seed-kubeconfig", &json!({}), &json!({"value.yaml": good()})),
            made.secret("laptop", &json!({}), &json!({"value": exec()})),
            made.secret("good", &json!({}), &json!({"value": good()})),
            made.secret("nobodys", &json!({}), &json!({"password": "canary"})),
        ];
        build.apply(&json!({"apiVersion": "v1", "kind": "List", "items": secrets}).to_string());
        made
    }

    fn secret(&self, name: &str, labels: &Value, data: &Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": data,
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels}
        })
    }

    fn lint(&self) -> Tapmc {
        Tapmc::new(["lint", "--context", BUILD, "-n", &self.namespace])
    }
}

#[test]
fn a_whole_namespace_of_secrets_that_were_made_by_hand() {
    let it = ByHand::new();
    let output = it.lint().args(["-o", "json"]).run();
    let found = report(&output, 7);
    let place = |name: &str| format!("{}/{name}", it.namespace);
    let looked: Vec<&str> =
        found["subjects"].as_array().unwrap().iter().map(|one| one["place"]["secret"].as_str().unwrap()).collect();
    assert_eq!(looked, ["argocd-run-a", "good", "istio-remote-secret-run-a", "laptop", "seed-kubeconfig"].map(place));
    for (name, wanted) in [
        ("argocd-run-a", &["insecure-tls", "cluster-scope"][..]),
        ("istio-remote-secret-run-a", &["extra-key"]),
        ("seed-kubeconfig", &["wrong-key"]),
        ("laptop", &["no-credential", "exec-program"]),
        ("good", &[]),
    ] {
        assert_eq!(rules_of(&found, &place(name)), wanted, "{name}: {found:#}");
    }
    let everywhere = Tapmc::new(["lint", "--context", BUILD, "-A", "-o", "json"]).run();
    let everywhere = report(&everywhere, 7);
    assert_eq!(rules_of(&everywhere, &place("laptop")), ["no-credential", "exec-program"]);

    // In SARIF a Secret of a cluster has a logical place and no file.
    let log = it.lint().args(["laptop", "-o", "sarif"]).run().json();
    let place = &log["runs"][0]["results"][0]["locations"][0];
    let name = place["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap();
    assert!(name.ends_with("/laptop value users[0].user") && place["physicalLocation"].is_null(), "{place}");
}

#[test]
fn single_secrets_for_single_readers() {
    let it = ByHand::new();
    it.lint().args(["good", "--for", "carvel,flux,fleet"]).succeeds();
    for (name, reader, piece) in [
        (
            "seed-kubeconfig",
            "carvel",
            "carvel looks under the key 'value', and the kubeconfig stands under 'value.yaml'",
        ),
        ("good", "argocd", "the label argocd.argoproj.io/secret-type=cluster is missing"),
        ("good", "multicluster-runtime", "the label sigs.k8s.io/multicluster-runtime-kubeconfig=true is missing"),
        ("good", "karmada", "karmada looks in the namespace 'karmada-cluster' alone"),
        ("nobodys", "carvel", "no kubeconfig stands under any of its keys"),
    ] {
        let output = it.lint().args([name, "--for", reader]).fails(7, &[]);
        assert!(output.stdout.contains(piece), "{name} for {reader}:\n{}", output.stdout);
    }
    it.lint().args(["seed-kubeconfig", "--for", "flux"]).succeeds();
    it.lint().arg("latop").fails(2, &["there is no Secret 'latop'", "did you mean 'laptop'?"]);
    let empty = unique("lintempty");
    Kubectl::on(BUILD).namespace(&empty);
    let output = Tapmc::new(["lint", "--context", BUILD, "-n", &empty]).succeeds();
    assert!(output.stderr.contains("no credentials for other clusters found"), "{}", output.stderr);
}

#[test]
fn no_more_rights_are_needed_than_to_read_the_secret() {
    let it = ByHand::new();
    let (build, user) = (Kubectl::on(BUILD), unique("reader"));
    build.run(&[
        "create",
        "role",
        "one",
        "-n",
        &it.namespace,
        "--verb=get",
        "--resource=secrets",
        "--resource-name=good",
    ]);
    build.run(&["create", "rolebinding", "one", "-n", &it.namespace, "--role=one", "--user", &user]);
    it.lint().args(["good", "--as", &user]).succeeds();
    it.lint().args(["--as", &user]).fails(5, &["listing the Secrets in the namespace", "hint: name the Secrets"]);
    it.lint().args(["laptop", "--as", &user]).fails(5, &["reading the Secret"]);
}

#[test]
fn a_registration_is_clean_until_somebody_changes_it() {
    let case = Case::new("lintown");
    case.register().succeeds();
    let lint = |name: &str| {
        let secret = ["lint", name, "--context", BUILD, "-n", "default", "--allow-loopback-server"];
        Tapmc::new(secret).args(["--for", "carvel,flux", "-o", "json"])
    };
    // By its own name, and by its Secret's.
    for name in [case.name.clone(), format!("{}-kubeconfig", case.name)] {
        let output = lint(&name).run();
        let found = report(&output, 0);
        assert!(rules(&found).is_empty(), "{found:#}");
        assert_eq!(found["subjects"][0]["place"]["secret"], format!("default/{}-kubeconfig", case.name));
    }
    let patch = json!({"data": {"ca.crt": STANDARD.encode("canary")}}).to_string();
    let secret = format!("{}-kubeconfig", case.name);
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "-n", "default", "--type=merge", "-p", &patch]);
    let output = lint(&case.name).run();
    let found = report(&output, 7);
    assert_eq!(rules(&found), ["record-differs"]);
    assert!(found["findings"][0]["message"].as_str().unwrap().contains("the data key 'ca.crt'"), "{found}");
}

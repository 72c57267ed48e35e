//! A Secret as this plugin would make it: the registration takes its place, and its readers go on.

use serde_json::json;

use super::case::{ByHand, on_build, on_run, removal, report, rules, run_commands};
use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{BUILD_TWO, Tapmc, eventually},
};

fn made(stem: &str) -> Option<ByHand> {
    let it = ByHand::new(stem)?;
    it.bind("cluster-admin");
    it.secret("handmade", &json!({"team": "a"}), &json!({"value": it.kubeconfig()}));
    Some(it)
}

#[test]
fn what_is_wrong_is_told_and_a_proper_registration_takes_its_place() {
    let Some(it) = made("impin") else { return };
    it.kustomization("reads", "handmade", None);
    let output = it.import("secret/handmade").run();
    let done = report(&output);
    let former = &done["former"];
    assert_eq!((&former["placement"], &former["state"]), (&json!("in-place"), &json!("accepted")), "{done:#}");
    assert_eq!(former["user"], format!("system:serviceaccount:{}:{}", it.accounts, it.account));
    assert!(["cluster-admin", "token-never-expires"].iter().all(|rule| rules(&done).contains(rule)), "{done:#}");
    assert_eq!(former["readers"][0]["uses"], "registration");
    assert!(
        output.stderr.contains("kustomization/reads may from then on do what is listed above"),
        "{}",
        output.stderr
    );
    assert_eq!(done["registration"]["name"], it.name("handmade"));
    assert_eq!(done["registration"]["profiles"], json!(["deliverable"]));

    // The reader's Secret has the new credential, and everything else that it had.
    it.is_proper(&it.stored("handmade"));
    assert_eq!(it.found("handmade").unwrap()["metadata"]["labels"]["team"], "a");
    // Nothing of the former credential was touched, and it is said how it goes.
    assert!(it.former_works() && removal(&done).is_empty());
    run_commands(&former["removeBy"]);
    assert!(!it.is_there("serviceaccount", &it.account) && !it.is_there("secret", "long-lived"));
    eventually("the former token is refused", || !it.former_works());
    it.is_proper(&it.stored("handmade"));
}

#[test]
fn again_it_is_a_registration_already() {
    let Some(it) = made("impagain") else { return };
    it.import("handmade").succeeds();
    let before = it.found("handmade");
    let again = it.import("handmade").args(["--remove-former"]).succeeds();
    assert_eq!(again.json()["already"], it.name("handmade"));
    assert!(again.json().get("former").is_none());
    let said = format!("this is a registration already: {}", it.name("handmade"));
    assert!(again.stderr.contains(&said), "{}", again.stderr);
    assert_eq!(it.found("handmade"), before);
    assert!(it.former_works());
    let status = ["status", &it.name("handmade"), "-n", &it.namespace, "--context", BUILD_TWO, "-o", "json"];
    let shown = Tapmc::new(status).succeeds().json();
    assert_eq!(shown["items"][0]["state"], "ready", "{shown:#}");
}

#[test]
fn with_its_removal_everything_of_its_own_goes() {
    let Some(it) = ByHand::new("imprem") else { return };
    let role = format!("{}-role", it.account);
    on_run().run(&["create", "clusterrole", &role, "--verb=*", "--resource=*.*"]);
    let binding = it.bind(&role);
    // Another one is bound beside it, and stays so.
    let shared = format!("{}-shared", it.accounts);
    on_run().run(&[
        "create",
        "rolebinding",
        &shared,
        "-n",
        &it.accounts,
        "--clusterrole=view",
        &format!("--serviceaccount={}:{}", it.accounts, it.account),
        "--user=somebody",
    ]);
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let output = it.import("handmade").arg("--remove-former").run();
    let done = report(&output);
    assert_eq!(
        removal(&done),
        [
            (format!("clusterrolebinding.rbac.authorization.k8s.io/{binding}").as_str(), "deleted"),
            ("secret/long-lived", "deleted"),
            (format!("serviceaccount/{}", it.account).as_str(), "deleted"),
            (format!("clusterrole.rbac.authorization.k8s.io/{role}").as_str(), "deleted"),
            (format!("rolebinding.rbac.authorization.k8s.io/{shared}").as_str(), "kept"),
        ],
        "{done:#}"
    );
    assert_eq!(done["former"]["tokenEnded"], true);
    assert!(done["former"].get("removeBy").is_none());
    assert!(!it.former_works());
    assert!(!it.is_there("clusterrole", &role) && it.is_there("rolebinding", &shared));
    it.is_proper(&it.stored("handmade"));
}

#[test]
fn a_dry_run_changes_nothing() {
    let Some(it) = made("impdry") else { return };
    let before = it.found("handmade");
    for how in ["--dry-run", "--dry-run=server"] {
        let output = it.import("handmade").args([how, "--remove-former"]).run();
        let planned = report(&output);
        assert_eq!(planned["dryRun"], if how == "--dry-run" { "client" } else { "server" });
        assert!(rules(&planned).contains(&"cluster-admin"));
        assert!(removal(&planned).iter().any(|(object, _)| *object == format!("serviceaccount/{}", it.account)));
        assert!(!planned["registration"]["objects"].as_array().unwrap().is_empty());
        assert!(output.stderr.contains("then the former credential goes"), "{}", output.stderr);
    }
    assert_eq!(it.found("handmade"), before);
    assert!(it.former_works() && it.is_there("secret", "long-lived"));
    assert!(on_run().get(&["namespace", &format!("tapmc-{}", it.name("handmade"))]).is_none());
    // Without consent and without a terminal nothing happens either.
    it.ask("handmade").args(["--run-namespace", &it.apps]).fails(2, &["--dry-run, then add --yes"]);
    assert_eq!(it.found("handmade"), before);
}

#[test]
fn the_copy_that_kubectl_apply_kept_goes_with_it() {
    let Some(it) = ByHand::new("impcopy") else { return };
    it.bind("view");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": {"value": it.kubeconfig()},
        "metadata": {"name": "applied", "namespace": it.namespace},
    });
    on_build().apply(&secret.to_string());
    let output = it.import("applied").run();
    report(&output);
    assert!(output.stderr.contains("applied again, that puts the former credential back"), "{}", output.stderr);
    let found = it.found("applied").unwrap();
    assert!(!found.to_string().contains("last-applied-configuration"));
    it.is_proper(&it.stored("applied"));
}

#[test]
fn what_its_readers_would_find_otherwise_must_be_said() {
    let Some(it) = made("impsay") else { return };
    let before = it.found("handmade");
    // Neither the run namespace nor the address of a Secret that others may write is believed by itself.
    let hint = format!("as it was --run-namespace {}", it.apps);
    it.ask("handmade").arg("--yes").fails(2, &["would find the run namespace 'default' instead of", &hint]);
    let port = it.run.server.rsplit(':').next().unwrap();
    let elsewhere = format!("https://localhost:{port}");
    let token = format!("{{token: {}}}", it.token);
    it.secret("tunnel", &json!({}), &json!({"value": it.kubeconfig_at(&elsewhere, &token)}));
    let address = format!("--run-server {elsewhere}");
    it.import("tunnel").fails(2, &["would find the address https://127.0.0.1:", &address, "else --run-server"]);
    assert_eq!(it.found("handmade"), before);
    let done = report(&it.import("tunnel").args(["--run-server", &it.run.server]).run());
    assert_eq!(done["registration"]["secret"]["server"], it.run.server);
    it.is_proper(&it.stored("tunnel"));
}

#[test]
fn a_token_that_is_refused_is_replaced_all_the_same() {
    let Some(it) = made("impdead") else { return };
    on_run().run(&["delete", "serviceaccount", &it.account, "-n", &it.accounts]);
    eventually("it is refused", || !it.former_works());
    it.import("handmade").arg("--remove-former").fails(4, &["cannot be removed", "hint: leave --remove-former out"]);
    let done = report(&it.import("handmade").run());
    assert_eq!((&done["former"]["state"], rules(&done)[0]), (&json!("refused"), "refused"));
    it.is_proper(&it.stored("handmade"));
    assert!(with_kubeconfig(&it.kubeconfig(), &["auth", "whoami"]).is_err());
}

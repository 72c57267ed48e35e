//! What others use too stays, and it is said why.

use serde_json::json;

use super::case::{ByHand, on_build, on_run, removal, report};
use crate::support::{BUILD_TWO, KubeconfigFile, RUN, eventually, kubeconfig::started};

/// Imports with the removal; gives what stayed, with the reason.
fn kept(it: &ByHand, secret: &str) -> Vec<(String, String)> {
    let done = report(&it.import(secret).arg("--remove-former").run());
    let all = done["removal"].as_array().unwrap().iter().filter(|one| one["result"] == "kept");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let kept = all.map(|one| (text(&one["object"]), text(&one["note"]))).collect();
    assert!(removal(&done).contains(&("secret/long-lived", "deleted")), "{done:#}");
    kept
}

#[test]
fn an_account_that_runs_pods_or_has_other_tokens() {
    let Some(it) = ByHand::new("impothers") else { return };
    let binding = it.bind("view");
    let cron_job = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": it.accounts},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": {
            "serviceAccountName": it.account, "restartPolicy": "Never",
            "containers": [{"name": "c", "image": "example.com/c"}]}}}}},
    });
    on_run().apply(&cron_job.to_string());
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let stayed = kept(&it, "handmade");
    let account = format!("serviceaccount/{}", it.account);
    assert_eq!(stayed, [(account, "others use it too: cronjob/nightly".to_owned())]);
    // Its own token went, and who uses the account goes on.
    eventually("the former token is refused", || !it.former_works());
    assert!(it.is_there("serviceaccount", &it.account) && it.is_there("clusterrolebinding", &binding));
}

#[test]
fn an_account_with_another_token() {
    let Some(it) = ByHand::new("imptwo") else { return };
    it.bind("view");
    let other = it.token_secret("of-somebody");
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let stayed = kept(&it, "handmade");
    let why = "others may use other tokens of it: those in secret/of-somebody";
    assert_eq!(stayed, [(format!("serviceaccount/{}", it.account), why.to_owned())]);
    eventually("the former token is refused", || !it.former_works());
    let it = ByHand { token: other, ..it };
    assert!(it.former_works());
}

#[test]
fn the_default_account() {
    let Some(it) = ByHand::with_account("impdefault", "default") else { return };
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let stayed = kept(&it, "handmade");
    let why = "it is what every Pod of its namespace runs as that names no other";
    assert_eq!(stayed, [("serviceaccount/default".to_owned(), why.to_owned())]);
    assert!(it.is_there("serviceaccount", "default"));
}

#[test]
fn who_may_not_delete_is_told_before_anything_changes() {
    let Some(it) = ByHand::new("impright") else { return };
    it.bind("view");
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let before = it.found("handmade");
    // May do everything but delete ServiceAccounts and what binds them.
    let user = it.accounts.clone();
    let role = format!("{user}-all-but");
    on_run().run(&["create", "clusterrole", &role, "--verb=get,list,create,patch,bind,escalate", "--resource=*.*"]);
    on_run().run(&["create", "clusterrolebinding", &role, &format!("--clusterrole={role}"), &format!("--user={user}")]);
    let asked = it.import("handmade").args(["--remove-former", "--run-as", &user]);
    asked.fails(5, &["you may not do what this needs on the run cluster", "delete "]);
    assert_eq!(it.found("handmade"), before);
    assert!(it.former_works());
}

#[test]
fn who_may_not_see_the_readers_removes_nothing_from_them() {
    let Some(it) = ByHand::new("imphidden") else { return };
    it.bind("view");
    it.secret("handmade", &json!({}), &json!({"value.yaml": it.kubeconfig()}));
    let user = it.namespace.clone();
    let here = |args: &[&str]| on_build().run(&[args, &["-n", &it.namespace]].concat());
    here(&["create", "role", "secrets", "--verb=get,list,create,patch,delete", "--resource=secrets"]);
    here(&["create", "rolebinding", "secrets", "--role=secrets", &format!("--user={user}")]);
    let asked = || it.import("handmade").args(["--as", &user]);
    asked().arg("--remove-former").fails(5, &["who uses it is not known, you may not list", "apps.kappctrl.k14s.io"]);
    assert!(it.former_works() && it.found("handmade-kubeconfig").is_none());
    let output = asked().run();
    report(&output);
    assert!(output.stderr.contains("who else reads the former credential is not known"), "{}", output.stderr);
    it.is_proper(&it.stored(&format!("{}-kubeconfig", it.name("handmade"))));
}

#[test]
fn whoever_is_it_does_not_end_it() {
    let Some(it) = ByHand::new("impself") else { return };
    it.bind("cluster-admin");
    it.secret("handmade", &json!({}), &json!({"value": it.kubeconfig()}));
    let cluster = crate::support::kubeconfig::inline(&it.run.server, it.run);
    let build = started(BUILD_TWO).unwrap();
    let file =
        KubeconfigFile::new().plain(BUILD_TWO, build).context(RUN, &cluster, &format!("token: {}", it.token), "");
    let asked = || it.import("handmade").kubeconfig(&file.path);
    asked().arg("--remove-former").fails(4, &["own-credential", "cannot be removed"]);
    assert!(it.former_works());
    report(&asked().run());
    it.is_proper(&it.stored("handmade"));
}

//! The token of an Open Cluster Management ManagedServiceAccount: no address stands beside it.

use serde_json::json;

use super::case::{ByHand, on_build, on_run, removal, report};
use crate::support::{RUN, eventually};

/// As its agent reports it to the hub.
fn reported(stem: &str) -> Option<ByHand> {
    let it = ByHand::new(stem)?;
    it.bind("edit");
    let managed = json!({"authentication.open-cluster-management.io/is-managed-serviceaccount": "true"});
    let authority = String::from_utf8(it.authority()).unwrap();
    it.secret("deployer", &managed, &json!({"token": it.token, "ca.crt": authority}));
    Some(it)
}

#[test]
fn the_run_context_is_found_by_its_ca_and_gives_the_address() {
    let Some(it) = reported("impocm") else { return };
    let before = it.found("deployer");
    let done = report(&it.unnamed("secret/deployer").run());
    let former = &done["former"];
    assert_eq!((&former["form"], &former["state"]), (&json!("token"), &json!("accepted")), "{done:#}");
    assert!(former.get("server").is_none());
    assert_eq!(done["registration"]["runCluster"]["context"], RUN);
    assert_eq!(done["registration"]["secret"]["server"], it.run.server);
    // Its namespace is called as the cluster is.
    assert_eq!(done["registration"]["name"], it.namespace);
    it.is_proper(&it.stored(&format!("{}-kubeconfig", it.namespace)));
    assert_eq!(it.found("deployer"), before);
    assert!(it.former_works());
}

#[test]
fn its_secret_is_its_agents_to_remove() {
    let Some(it) = reported("impocmrem") else { return };
    let done = report(&it.unnamed("deployer").arg("--remove-former").run());
    let kept: Vec<_> = removal(&done).into_iter().filter(|(_, result)| *result == "kept").collect();
    assert_eq!(kept, [("secret/deployer", "kept")], "{done:#}");
    assert!(it.found("deployer").is_some());
    eventually("the former token is refused", || !it.former_works());

    // Where the agent keeps the ServiceAccount too, nothing of it goes.
    let Some(it) = reported("impocmkept") else { return };
    let mark = "authentication.open-cluster-management.io/is-managed-serviceaccount=true";
    on_run().run(&["label", "serviceaccount", &it.account, "-n", &it.accounts, mark]);
    on_run().run(&["delete", "secret", "long-lived", "-n", &it.accounts]);
    let token = on_run().run(&["create", "token", &it.account, "-n", &it.accounts]);
    let patch = json!({"stringData": {"token": token.trim()}}).to_string();
    on_build().run(&["patch", "secret", "deployer", "-n", &it.namespace, "--type=merge", "-p", &patch]);
    it.unnamed("deployer").arg("--remove-former").fails(
        4,
        &[
            "cannot be removed: what there is of it stays",
            "Open Cluster Management's ManagedServiceAccount 'true' keeps it",
        ],
    );
}

#[test]
fn another_address_can_be_named() {
    let Some(it) = reported("impocmaddr") else { return };
    let port = it.run.server.rsplit(':').next().unwrap();
    let other = format!("https://localhost:{port}/");
    let done = it.unnamed("deployer").args(["--run-server", &other, "--dry-run"]).run();
    let planned = report(&done);
    assert_eq!(planned["registration"]["secret"]["server"], other.trim_end_matches('/'));
}

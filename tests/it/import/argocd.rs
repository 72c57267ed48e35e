//! What `argocd cluster add` makes: a cluster Secret, a ServiceAccount with the rights of everybody, a token that never ends.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::case::{ByHand, create, on_build, on_run, removal, report, rules};
use crate::support::{BUILD_TWO, Kubectl, Tapmc, eventually};

/// Argo CD's Applications, as far as they name a cluster.
fn serve_applications() {
    let kind = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io"},
        "spec": {"group": "argoproj.io", "scope": "Namespaced",
            "names": {"kind": "Application", "plural": "applications", "singular": "application"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]},
    });
    let build = Kubectl::on(BUILD_TWO);
    build.apply(&kind.to_string());
    eventually("Applications are served", || build.try_run(&["get", "applications.argoproj.io", "-A"]).is_ok());
}

/// As `argocd cluster add` leaves both clusters; what is cluster-wide has the names that it gives, and one more part.
/// Applications of all cases are on one cluster: the host of the address tells which are of this one.
fn added(stem: &str, host: &str) -> Option<(ByHand, String, String)> {
    let it = ByHand::with_account(stem, "argocd-manager")?;
    serve_applications();
    let role = format!("argocd-manager-role-{}", it.accounts);
    on_run().run(&["create", "clusterrole", &role, "--verb=*", "--resource=*.*"]);
    let binding = it.bind(&role);
    let authority = STANDARD.encode(it.authority());
    let config = json!({"bearerToken": it.token, "tlsClientConfig": {"insecure": false, "caData": authority}});
    it.secret(
        "cluster-run",
        &json!({"argocd.argoproj.io/secret-type": "cluster"}),
        &json!({"name": it.apps, "server": it.run.server.replace("127.0.0.1", host), "config": config.to_string()}),
    );
    Some((it, role, binding))
}

fn application(it: &ByHand, destination: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "shop", "namespace": it.namespace}, "spec": {"destination": destination},
    })
}

#[test]
fn it_becomes_a_registration_and_argo_cd_goes_on() {
    let Some((it, ..)) = added("imparg", "localhost") else { return };
    let before = it.found("cluster-run");
    // Argo CD takes the last slash away.
    let server = format!("{}/", it.run.server.replace("127.0.0.1", "localhost"));
    create(&application(&it, &json!({"server": server, "namespace": "default"})));
    let done = report(&it.unnamed("cluster-run").run());
    let former = &done["former"];
    assert_eq!((&former["form"], &former["placement"]), (&json!("argocd"), &json!("beside")), "{done:#}");
    assert_eq!(former["user"], format!("system:serviceaccount:{}:argocd-manager", it.accounts));
    for rule in ["cluster-admin", "token-never-expires"] {
        assert!(rules(&done).contains(&rule), "{rule}: {former:#}");
    }
    let reader = &former["readers"][0];
    assert_eq!(
        (&reader["kind"], &reader["name"], &reader["uses"]),
        (&json!("application"), &json!("shop"), &json!("former-credential"))
    );
    // Named as Argo CD calls the cluster.
    assert_eq!(done["registration"]["name"], it.apps);
    it.is_proper(&it.stored(&format!("{}-kubeconfig", it.apps)));
    assert_eq!(it.found("cluster-run"), before);
    assert!(it.former_works());
    let export = format!("kubectl tapmc export {} --for argocd --apply -n {}", it.apps, it.namespace);
    assert!(done["next"].as_array().unwrap().iter().any(|next| next.as_str().unwrap().contains(&export)), "{done:#}");
}

#[test]
fn all_of_it_goes_once_no_application_uses_it() {
    let Some((it, role, binding)) = added("impargrem", "127.0.0.1") else { return };
    create(&application(&it, &json!({"name": it.apps})));
    let remove = || it.unnamed("cluster-run").arg("--remove-former");
    remove().fails(4, &["application/shop would go on with it"]);
    assert!(it.former_works() && it.found("cluster-run").is_some());
    on_build().run(&["delete", "applications.argoproj.io", "shop", "-n", &it.namespace]);
    let done = report(&remove().run());
    let rbac = "rbac.authorization.k8s.io";
    assert_eq!(
        removal(&done),
        [
            (format!("clusterrolebinding.{rbac}/{binding}").as_str(), "deleted"),
            ("secret/long-lived", "deleted"),
            ("serviceaccount/argocd-manager", "deleted"),
            (format!("clusterrole.{rbac}/{role}").as_str(), "deleted"),
            ("secret/cluster-run", "deleted"),
        ],
        "{done:#}"
    );
    assert_eq!(done["former"]["tokenEnded"], true);
    assert!(!it.former_works() && it.found("cluster-run").is_none());
    it.is_proper(&it.stored(&format!("{}-kubeconfig", it.apps)));
}

#[test]
fn applications_go_on_with_what_is_exported_to_argo_cd() {
    let Some((it, ..)) = added("impargexp", "127.0.0.1") else { return };
    create(&application(&it, &json!({"name": it.apps})));
    let done = report(&it.unnamed("cluster-run").run());
    let change = done["former"]["readers"][0]["change"].as_str().unwrap();
    let words: Vec<&str> = change.split("kubectl tapmc ").nth(1).unwrap().split_whitespace().collect();
    Tapmc::new(words).args(["--allow-broad-rules", "--yes"]).succeeds();
    let exported = format!("{}-argocd", it.apps);
    assert!(it.found(&exported).is_some());

    let done = report(&it.unnamed("cluster-run").arg("--remove-former").run());
    let reader = &done["former"]["readers"][0];
    let serves = format!("the cluster Secret {}/{exported} serves it once the former one is gone", it.namespace);
    assert_eq!((&reader["uses"], &reader["change"]), (&json!("registration"), &json!(serves)), "{done:#}");
    assert_eq!(removal(&done).last(), Some(&("secret/cluster-run", "deleted")), "{done:#}");
    assert!(!it.former_works() && it.found("cluster-run").is_none() && it.found(&exported).is_some());
    // What was exported is a registration's already.
    let again = it.unnamed(&exported).succeeds().json();
    assert_eq!(again["already"], exported);
}

#[test]
fn argo_cds_own_cluster_is_none() {
    let Some(it) = ByHand::new("impargown") else { return };
    it.secret(
        "in-cluster",
        &json!({"argocd.argoproj.io/secret-type": "cluster"}),
        &json!({"name": "in-cluster", "server": "https://kubernetes.default.svc", "config": "{}"}),
    );
    it.import("in-cluster").fails(2, &["is of the cluster that Argo CD itself runs on"]);
}

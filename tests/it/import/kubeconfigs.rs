//! Kubeconfigs in Secrets that have another form than this plugin's: the registration goes beside them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::case::{ByHand, create, on_build, removal, report, rules};
use crate::support::eventually;

#[test]
fn readers_go_on_until_they_are_changed_and_only_then_the_former_goes() {
    let Some(it) = ByHand::new("impby") else { return };
    it.bind("cluster-admin");
    let (name, former_name) = (it.name("c"), format!("{}-kubeconfig", it.name("c")));
    let (secret, new) = (former_name.as_str(), format!("{name}-delivery-kubeconfig"));
    // As the Flux and Carvel guides store it.
    it.secret(secret, &json!({}), &json!({"value.yaml": it.kubeconfig()}));
    it.kustomization("delivers", secret, Some("value.yaml"));
    let before = it.found(secret);
    let refused = it.unnamed(secret).arg("--remove-former");
    refused
        .fails(4, &["cannot be removed: kustomization/delivers would go on with it", "first without --remove-former"]);

    let output = it.unnamed(secret).run();
    let done = report(&output);
    let former = &done["former"];
    assert_eq!((&former["placement"], &former["key"]), (&json!("beside"), &json!("value.yaml")), "{done:#}");
    assert!(former["placedBecause"][0].as_str().unwrap().contains("under the key 'value.yaml'"), "{former:#}");
    assert!(rules(&done).contains(&"token-never-expires") && rules(&done).contains(&"cluster-admin"), "{former:#}");
    // The name that it would have is the former one's.
    assert_eq!((&done["registration"]["name"], &done["registration"]["secret"]["name"]), (&json!(name), &json!(new)));
    let reader = &former["readers"][0];
    assert_eq!(reader["uses"], "former-credential");
    assert_eq!(reader["change"], format!("set its spec.kubeConfig.secretRef.name to {new}, and its key to value"));
    assert_eq!(it.found(secret), before);
    it.is_proper(&it.stored(&new));
    let next = done["next"][0].as_str().unwrap();
    assert!(next.contains("once its readers are changed") && next.ends_with(" --remove-former"), "{next}");

    let patch = json!({"spec": {"kubeConfig": {"secretRef": {"name": new, "key": "value"}}}}).to_string();
    let resource = "kustomizations.kustomize.toolkit.fluxcd.io";
    on_build().run(&["patch", resource, "delivers", "-n", &it.namespace, "--type=merge", "-p", &patch]);
    // Running it again changes nothing of the registration, and removes what was left.
    let stored = it.stored(&new);
    let done = report(&it.unnamed(secret).arg("--remove-former").run());
    assert_eq!(it.stored(&new), stored);
    let gone = removal(&done);
    assert_eq!(gone.last(), Some(&(format!("secret/{secret}").as_str(), "deleted")), "{done:#}");
    assert!(gone.contains(&(format!("serviceaccount/{}", it.account).as_str(), "deleted")), "{done:#}");
    assert_eq!(done["former"]["tokenEnded"], true);
    assert!(it.found(secret).is_none() && !it.former_works());
    it.is_proper(&it.stored(&new));
    it.unnamed(secret).fails(2, &["there is no Secret"]);
}

#[test]
fn what_somebody_keeps_is_not_taken_over() {
    let Some(it) = ByHand::new("impkept") else { return };
    it.bind("view");
    let kubeconfig = || json!({"value": it.kubeconfig()});
    it.secret("flux-kept", &json!({"kustomize.toolkit.fluxcd.io/name": "infra"}), &kubeconfig());
    let mut typed = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "cluster.x-k8s.io/secret", "stringData": kubeconfig(),
        "metadata": {"name": "capi", "namespace": it.namespace},
    });
    create(&typed);
    typed["type"] = json!("Opaque");
    typed["metadata"]["name"] = json!("locked");
    typed["immutable"] = json!(true);
    create(&typed);
    it.secret("mck", &json!({"multi-cluster.argoproj.io/kubeconfig": ""}), &kubeconfig());
    it.secret("two-keys", &json!({}), &json!({"value": it.kubeconfig(), "ca.crt": "x"}));
    for (name, why) in [
        ("flux-kept", "Flux's Kustomization 'infra' keeps it"),
        ("capi", "its type is cluster.x-k8s.io/secret"),
        ("locked", "it is immutable"),
        ("mck", "it has the label of argo-mck"),
        ("two-keys", "it also holds 1 other key"),
    ] {
        let before = it.found(name);
        let planned = report(&it.import(name).arg("--dry-run").run());
        let because = planned["former"]["placedBecause"].to_string();
        assert!(because.contains(why), "{name}: {because}");
        it.import(name).args(["--secret-name", name]).fails(4, &["cannot take the place of the Secret", why]);
        assert_eq!(it.found(name), before);
    }
    it.import("mck").arg("--remove-former").fails(4, &["reader/argo-mck would go on with it"]);
    let done = report(&it.import("flux-kept").arg("--remove-former").run());
    let kept: Vec<_> = removal(&done).into_iter().filter(|(_, result)| *result == "kept").collect();
    assert_eq!(kept, [("secret/flux-kept", "kept")], "{done:#}");
    eventually("the former token is refused", || !it.former_works());
}

#[test]
fn whose_own_it_is_is_told() {
    let Some(it) = ByHand::new("impown") else { return };
    let file = |path: &std::path::Path| STANDARD.encode(std::fs::read(path).unwrap());
    let certificate = format!(
        "{{client-certificate-data: {}, client-key-data: {}}}",
        file(&it.run.client_certificate),
        file(&it.run.client_key)
    );
    it.secret("certificate", &json!({}), &json!({"value": it.kubeconfig_of(&certificate)}));
    it.secret("own", &json!({}), &json!({"value": it.kubeconfig_of(&format!("{{token: {}}}", it.run.token))}));
    for (name, rule, login) in
        [("certificate", "client-certificate", "client-certificate"), ("own", "own-credential", "token")]
    {
        let output = it.import(name).arg("--dry-run").run();
        let planned = report(&output);
        assert_eq!((&planned["former"]["state"], &planned["former"]["login"]), (&json!("accepted"), &json!(login)));
        assert!(rules(&planned).contains(&rule) && rules(&planned).contains(&"cluster-admin"), "{name}: {planned:#}");
        assert!(planned["former"]["user"].as_str().is_some_and(|user| !user.is_empty()), "{planned:#}");
        it.import(name).arg("--remove-former").fails(4, &["cannot be removed"]);
    }
    let output = it.import("certificate").run();
    assert!(output.stderr.contains("nobody can revoke a client certificate"), "{}", output.stderr);
    report(&output);
    it.is_proper(&it.stored("certificate"));
}

#[test]
fn one_of_several_is_picked() {
    let Some(it) = ByHand::new("imppick") else { return };
    it.bind("view");
    let mut two = it.kubeconfig();
    two = two.replace(
        "current-context: x\n",
        "- name: second\n  context: {cluster: c, user: missing}\ncurrent-context: x\n",
    );
    it.secret("contexts", &json!({}), &json!({"value": two}));
    it.import("contexts")
        .fails(2, &["holds 2 contexts: x and second", "hint: say which one is meant with --former-context"]);
    it.import("contexts")
        .args(["--former-context", "z"])
        .fails(2, &["has no context 'z'", "its contexts are x and second"]);
    it.import("contexts").args(["--former-context", "second"]).fails(2, &["no context with a cluster and a user"]);
    let planned = report(&it.import("contexts").args(["--former-context", "x", "--dry-run"]).run());
    assert_eq!(planned["former"]["placement"], "beside");
    it.secret("keys", &json!({}), &json!({"a": it.kubeconfig(), "b": it.kubeconfig()}));
    it.import("keys").fails(2, &["holds 2 kubeconfigs, under the keys a and b", "--former-key"]);
    it.import("keys").args(["--former-key", "c"]).fails(2, &["has no data key 'c'", "its keys are a and b"]);
    let planned = report(&it.unnamed("keys").args(["--former-key", "b", "--name", "of-b", "--dry-run"]).run());
    assert_eq!((&planned["former"]["key"], &planned["registration"]["name"]), (&json!("b"), &json!("of-b")));
}

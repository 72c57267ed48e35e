//! What cannot be imported, and what a hostile Secret must not do.

use serde_json::json;

use super::case::{ByHand, create, on_build, report, rules};
use crate::support::{BUILD_TWO, KubeconfigFile, RUN, RUN_PACKAGES, Tapmc, kubeconfig::started};

#[test]
fn what_is_no_credential_is_refused() {
    let Some(it) = ByHand::new("impbad") else { return };
    let good = it.kubeconfig();
    it.secret("nothing", &json!({}), &json!({"password": "canary"}));
    it.secret("empty", &json!({}), &json!({}));
    it.secret("half", &json!({}), &json!({"token": it.token}));
    it.secret("anchors", &json!({}), &json!({"value": format!("a: &a [*a]\n{good}")}));
    it.secret("deep", &json!({}), &json!({"value": format!("{good}x: {}", "[".repeat(2_000))}));
    it.secret("tagged", &json!({}), &json!({"value": format!("{good}x: !!canary y\n")}));
    it.secret("binary", &json!({}), &json!({"value": format!("{good}\u{1}")}));
    it.secret("no-context", &json!({}), &json!({"value": good.replace("cluster: c,", "cluster: canary,")}));
    it.secret("argo", &json!({"argocd.argoproj.io/secret-type": "cluster"}), &json!({"config": "{canary"}));
    for (name, pieces) in [
        ("nothing", &["holds no credential for another cluster (keys: password)"][..]),
        ("empty", &["(keys: none)"]),
        ("half", &["(keys: token)"]),
        ("anchors", &["under 'value', line 1 column", "holds an anchor or an alias"]),
        ("deep", &["under 'value'"]),
        ("no-context", &["no context with a cluster and a user that are there"]),
        ("argo", &["under 'config'"]),
        ("handmad", &["there is no Secret 'handmad'"]),
        ("a/b", &["'a/b' is not the name of a Secret", "name it as NAME or secret/NAME"]),
        ("secret/../x", &["is not the name of a Secret"]),
    ] {
        it.import(name).fails(2, pieces);
    }
    // A token of this very cluster's.
    on_build().run(&["create", "serviceaccount", "here", "-n", &it.namespace]);
    create(&json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "here", "namespace": it.namespace, "annotations": {"kubernetes.io/service-account.name": "here"}},
    }));
    crate::support::eventually("it is filled", || {
        it.found("here").is_some_and(|found| found["data"]["token"].is_string())
    });
    it.import("here").fails(2, &["holds a token for the very cluster that it is on"]);
}

#[test]
fn another_clusters_credential_is_not_taken_for_this_ones() {
    let (Some(it), Some(other)) = (ByHand::new("impother"), started(RUN_PACKAGES)) else { return };
    let token = format!("{{token: {}}}", other.token);
    let foreign = crate::support::kubeconfig::inline(&other.server, other).replace('\n', "\n    ");
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    {foreign}\nusers:\n- name: u\n  user: {token}\n\
         contexts:\n- name: x\n  context: {{cluster: c, user: u}}\ncurrent-context: x\n"
    );
    it.secret("foreign", &json!({}), &json!({"value": kubeconfig}));
    let before = it.found("foreign");
    // With its own context it is found by its address.
    let planned = report(&it.ask("foreign").args(["--run-namespace", "default", "--dry-run", "-o", "json"]).run());
    assert_eq!(planned["registration"]["runCluster"]["context"], RUN_PACKAGES);
    // With the context of another one nothing may come of it.
    let wrong = |more: &[&str]| it.import("foreign").args(["--run-context", RUN]).args(more);
    wrong(&[])
        .fails(4, &["it may be of another cluster", "hint: name the context of its own cluster with --run-context"]);
    wrong(&["--remove-former"]).fails(4, &["it may be of another cluster"]);
    wrong(&["--secret-name", "beside", "--remove-former"]).fails(4, &["cannot be removed"]);
    assert_eq!(it.found("foreign"), before);
    let output = wrong(&["--secret-name", "beside", "--dry-run"]).run();
    assert_eq!(report(&output)["former"]["state"], "refused");
    assert!(output.stderr.contains("was not seen: it is taken on trust"), "{}", output.stderr);

    // No context leads there at all.
    let build = started(BUILD_TWO).unwrap();
    let file = KubeconfigFile::new().plain(BUILD_TWO, build);
    let hint = "name your own context for its run cluster with --run-context";
    it.import("foreign").kubeconfig(&file.path).fails(2, &["no context of the kubeconfig has the address", hint]);
    // And the build cluster's own credential is no run cluster's.
    let own = crate::support::kubeconfig::inline(&build.server, build).replace('\n', "\n    ");
    let own = kubeconfig.replace(&foreign, &own);
    it.secret("of-build", &json!({}), &json!({"value": own}));
    it.import("of-build").fails(2, &["is of the build cluster itself"]);
}

#[test]
fn programs_are_not_run_and_files_not_opened() {
    let Some(it) = ByHand::new("impexec") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (proof, secret) = (dir.path().join("ran"), dir.path().join("token"));
    std::fs::write(&secret, &it.token).unwrap();
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: touch, args: ['{}'], interactiveMode: Never}}}}",
        proof.display()
    );
    it.secret("program", &json!({}), &json!({"value": it.kubeconfig_of(&exec)}));
    it.secret("file", &json!({}), &json!({"value": it.kubeconfig_of(&format!("{{tokenFile: {}}}", secret.display()))}));
    for (name, rule, why) in [
        ("program", "exec-program", "a program gives it, and none is run"),
        ("file", "file-reference", "it stands in a file, and none is opened"),
    ] {
        let output = it.import(name).run();
        let done = report(&output);
        assert_eq!(done["former"]["state"], "not-tried");
        assert!(rules(&done).contains(&rule) && rules(&done).contains(&"not-tried"), "{done:#}");
        assert!(output.stderr.contains(why), "{}", output.stderr);
        it.is_proper(&it.stored(name));
    }
    assert!(!proof.exists());
}

#[test]
fn hostile_content_moves_no_terminal_and_leads_nowhere() {
    let Some(it) = ByHand::new("imphost") else { return };
    // An address that nobody asked for is never spoken to: a listener would hear it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let trap = format!("https://me:canary@127.0.0.1:{}", listener.local_addr().unwrap().port());
    let token = format!("{{token: {}}}", it.token);
    it.secret("trap", &json!({}), &json!({"value": it.kubeconfig_at(&trap, &token)}));
    it.import("trap").args(["--run-context", RUN]).fails(2, &["would find the address"]);
    let done = it.import("trap").args(["--run-context", RUN, "--run-server", &it.run.server]).run();
    report(&done);
    assert!(listener.accept().is_err(), "somebody spoke to the address in the Secret");

    let named = it
        .kubeconfig()
        .replace("name: x\n", "name: \"\\e[2J\\u202ex\"\n")
        .replace("current-context: x", "current-context: y");
    let two =
        named.replace("current-context: y\n", "- name: y\n  context: {cluster: c, user: u}\ncurrent-context: y\n");
    it.secret("moves", &json!({}), &json!({"value": two}));
    let output = it.import("moves").fails(2, &["holds 2 contexts"]);
    assert!(
        !output.stderr.contains('\u{1b}') && !output.stderr.contains('\u{202e}'),
        "{}",
        output.stderr.escape_debug()
    );
    let huge = format!("{}# {}", it.kubeconfig(), "x".repeat(900_000));
    it.secret("huge", &json!({}), &json!({"value": huge}));
    report(&it.import("huge").arg("--dry-run").run());
}

#[test]
fn without_a_kubeconfig_nothing_is_done() {
    Tapmc::bare(["import", "secret/x"]).fails(2, &["there is no kubeconfig"]);
}

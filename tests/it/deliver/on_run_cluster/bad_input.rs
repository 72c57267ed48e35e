//! What cannot be delivered or taken back, told before anything is changed.

use serde_json::json;

use super::here::Here;
use crate::{
    deliver::case::{APPS, URL},
    support::{BUILD_TWO, KubeconfigFile, Tapmc, unique},
};

#[test]
fn command_lines_that_cannot_be_meant() {
    let file = KubeconfigFile::new().context("prod", "server: https://127.0.0.1:1", "token: t", "");
    let deliver = |args: &[&str]| {
        let url = ["--git-url", URL, "--yes"];
        Tapmc::bare(["deliver"]).args(args).args(url).kubeconfig(&file.path)
    };
    let here = ["--on-run-cluster", "--run-context", "prod"];
    for (args, pieces) in [
        (&["flux", "a", "--all"][..], &["--all means registrations", "--run NAME[=FOLDER]"][..]),
        (&["carvel-app", "a", "--all"], &["--all means registrations"]),
        (&["flux", "a", "--run", "x,y"], &["its own cluster alone, and 2 run clusters are named", "once for each"]),
        (&["flux", "a", "--run", "X_Y"], &["'X_Y' cannot be the name"]),
        (
            &["flux", "a", "--run", "x", "--context", "prod"],
            &["--context is of the build cluster", "--run-context CONTEXT"],
        ),
        (&["flux", "a", "--run", "x", "--as", "me"], &["--as is of the build cluster", "--run-as"]),
        (&["flux", "a", "--run", "x", "--secretless"], &["--secretless is for another cluster", "leave it out"]),
        (&["flux", "a", "--run", "x", "--profile", "view"], &["invalid value 'view'", "package-values"]),
        (&["flux", "a", "--run", "x", "--profile", "packages", "--service-account", "d"], &["cannot be used with"]),
        (
            &["carvel-app", "a", "--run", "x", "-n", "here", "--run-namespace", "there"],
            &["delivers to its own namespace, which is 'here'", "put the App there: -n there; or deliver with Flux"],
        ),
        (&["carvel-app", "a", "--run", "packages", "-n", "here"], &["the folder 'packages' is not for a run cluster"]),
        (&["carvel-app", "a", "--run", "x=.", "-n", "here"], &["has no name", "--run RUN=FOLDER"]),
        (&["carvel-app", "a", "--run", "x", "-n", "here", "--into-ns", "there"], &["--into-ns 'there'"]),
    ] {
        deliver(args).args(here).fails(2, pieces);
    }
    deliver(&["flux", "a", "--run", "x", "--on-run-cluster"]).fails(2, &["--run-context is missing", "prod"]);
    deliver(&["flux", "a", "--run", "x", "--profile", "packages"])
        .fails(2, &["that --on-run-cluster makes", "kubectl tapmc register-run-cluster --profile"]);
    deliver(&["flux", "a", "--run", "a/b", "--on-run-cluster"]).fails(2, &["--run: 'a/b' cannot be the name"]);
    Tapmc::bare(["undeliver", "--all", "--run-context", "prod"]).fails(2, &["--on-run-cluster"]);
    Tapmc::bare(["check", "x", "--on-run-cluster"]).fails(2, &["cannot be used with"]);
}

#[test]
fn what_is_not_there_and_what_is_somebodys() {
    let Some(it) = Here::on(BUILD_TWO, "theirs") else { return };
    it.deliver_only("flux").args(["--run-namespace", "nowhere-at-all"]).fails(
        2,
        &["there is no namespace 'nowhere-at-all' on the run cluster", "kubectl create namespace nowhere-at-all"],
    );
    it.kubectl().run(&["create", "serviceaccount", &it.name(), "-n", &it.namespace]);
    it.deliver_only("flux").fails(4, &["is there already, and is not this plugin's", "--adopt"]);
    it.kubectl().run(&["delete", "serviceaccount", &it.name(), "-n", &it.namespace]);

    it.deliver_only("carvel-app").succeeds();
    let name = it.name();
    let patch =
        |patch: &str| it.kubectl().run(&["patch", APPS, &name, "-n", &it.namespace, "--type=merge", "-p", patch]);
    patch(r#"{"spec":{"cluster":{"namespace":"x"}}}"#);
    it.deliver_only("carvel-app").fails(4, &["has a spec.cluster", "left behind there", "take that field away"]);
    patch(r#"{"spec":{"cluster":null}}"#);
    let other = unique("apps");
    it.kubectl().namespace(&other);
    it.deliver_only("flux")
        .args(["--run-namespace", &other])
        .fails(4, &[&format!("is delivered to the namespace '{}' of 'prod' already", it.namespace), "end that first"]);

    // The other way's verbs leave it alone, though it is the same cluster.
    Tapmc::new(["undeliver", &it.package, "--all", "--context", BUILD_TWO, "-n", &it.namespace, "--yes"])
        .fails(2, &["there is no delivery"]);
    // Somebody else's App acts as the account: it stays, with its rights.
    let theirs = json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
        "metadata": {"name": "theirs", "namespace": it.namespace}, "spec": {"serviceAccountName": name}});
    it.kubectl().apply(&theirs.to_string());
    let output = it.undeliver().succeeds();
    assert!(output.stderr.contains("App 'theirs' acts as that account"), "{}", output.stderr);
    assert_eq!(
        it.made_in(&it.namespace),
        [format!("ServiceAccount/{name}"), format!("Role/{name}"), format!("RoleBinding/{name}")]
    );
    it.kubectl().run(&["delete", APPS, "theirs", "-n", &it.namespace]);
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

#[test]
fn an_account_that_is_gone_takes_nothing_back() {
    let Some(it) = Here::on(BUILD_TWO, "gone") else { return };
    it.deliver_only("carvel-app").succeeds();
    it.kubectl().run(&["delete", "serviceaccount", &it.name(), "-n", &it.namespace]);
    it.undeliver().fails(1, &["could take nothing back; nothing was changed", "have it there again", "--leave-behind"]);
    assert!(it.object(APPS, &it.name()).is_object());
    it.deliver_only("carvel-app").succeeds();
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

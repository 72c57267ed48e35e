//! What went wrong with a registration since it was made, as a user sees it: each by itself, and all of
//! it in one table.

use serde_json::{Value, json};

use super::case::{One, Set, words};
use crate::support::{BUILD_TWO, Kubectl, Proxy, RUN, Tapmc, kubeconfig::started};

/// The words of a registration after something was done to it.
#[track_caller]
fn after(what: impl FnOnce(&Set, &One<'_>)) -> Vec<String> {
    let Some(set) = Set::started() else { return Vec::new() };
    let one = set.register("drift");
    what(&set, &one);
    let report = set.report();
    words(one.of(&report)).into_iter().map(str::to_owned).collect()
}

/// Did the suite pass over it, or were these the words?
#[track_caller]
fn expect(words: &[String], expected: &[&str]) {
    if started(RUN).is_some() {
        assert_eq!(words, expected);
    }
}

fn on_run(args: &[&str]) {
    Kubectl::on(RUN).run(args);
}

#[test]
fn rights_that_were_taken_away() {
    let found = after(|set, one| {
        set.run(&["delete", "rolebinding", &one.account_namespace()]);
    });
    expect(&found, &["rights-missing"]);
}

#[test]
fn rights_that_somebody_added() {
    let found = after(|set, one| {
        let account = format!("--serviceaccount={}:delivery", one.account_namespace());
        set.run(&["create", "rolebinding", &format!("more-{}", one.name), "--clusterrole=view", &account]);
    });
    expect(&found, &["rights-excess"]);
}

#[test]
fn a_marker_that_was_deleted() {
    let found =
        after(|_, one| on_run(&["delete", "secret", &one.annotation("marker"), "-n", &one.account_namespace()]));
    expect(&found, &["marker-gone"]);
}

#[test]
fn an_account_that_was_deleted() {
    let found = after(|_, one| on_run(&["delete", "serviceaccount", "delivery", "-n", &one.account_namespace()]));
    expect(&found, &["account-gone"]);
}

#[test]
fn an_account_that_was_made_anew() {
    let found = after(|_, one| {
        on_run(&["delete", "serviceaccount", "delivery", "-n", &one.account_namespace()]);
        on_run(&["create", "serviceaccount", "delivery", "-n", &one.account_namespace()]);
    });
    expect(&found, &["account-remade"]);
}

#[test]
fn a_record_that_asks_for_more_than_the_run_cluster_knows() {
    let found = after(|_, one| one.annotate(&["profiles=deliverable,package-values"]));
    expect(&found, &["rights-missing", "record-differs"]);
}

#[test]
fn a_life_that_is_said_to_be_longer_than_the_tokens() {
    let found = after(|_, one| one.annotate(&["expires-at=2099-01-01T00:00:00Z"]));
    expect(&found, &["record-differs"]);
}

#[test]
fn a_hostile_kubeconfig_is_not_followed() {
    let proof = tempfile::tempdir().unwrap();
    let touched = proof.path().join("touched");
    let command = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: touch, args: ['{}']}}",
        touched.display()
    );
    for change in [command.as_str(), "tokenFile: /etc/hostname", "token: canary"] {
        let found = after(|_, one| {
            let text = one.kubeconfig();
            let line = text.lines().find(|line| line.trim_start().starts_with("token: ")).unwrap().trim_start();
            one.store(&text.replace(line, change));
        });
        expect(&found, &["kubeconfig-changed"]);
    }
    assert!(!touched.exists(), "a command of the stored kubeconfig was run");
}

#[test]
fn no_connection_is_made_to_where_a_changed_kubeconfig_points() {
    let (Some(set), Some(run)) = (Set::started(), started(RUN)) else { return };
    let elsewhere = Proxy::before(run);
    let one = set.register("elsewhere");
    let text = one.kubeconfig();
    one.store(&text.replace(&run.server, &elsewhere.server));
    assert_eq!(words(one.of(&set.report())), ["kubeconfig-changed"]);
    // Nor where the record is changed with it, but the trust is the system's, or the way a proxy of theirs.
    one.annotate(&[&format!("server={}", elsewhere.server)]);
    let without_authority: String = text
        .replace(&run.server, &elsewhere.server)
        .lines()
        .filter(|line| !line.contains("authority"))
        .map(|line| format!("{line}\n"))
        .collect();
    one.store(&without_authority);
    assert_eq!(one.of(&set.report())["live"]["tokenAccepted"], Value::Null);
    let server = format!("server: {}", elsewhere.server);
    let proxied =
        text.replace(&format!("server: {}", run.server), &format!("{server}\n    proxy-url: {}", elsewhere.server));
    one.store(&proxied);
    assert_eq!(one.of(&set.report())["live"]["tokenAccepted"], Value::Null);
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_mixed_set_in_one_table_the_worst_first() {
    let (Some(set), Some(run)) = (Set::started(), started(RUN)) else { return };
    let dead = Proxy::before(run);
    let set = set.through("prod-jp", &dead, run);
    let healthy = set.register("prod-eu");
    let expiring = set.register_on("prod-us", RUN, &["--duration", "10m"]);
    expiring.annotate(&["issued-at=2020-01-01T00:00:00Z"]);
    let expired = set.register("prod-uk");
    expired.expire();
    let rebuilt = set.register("prod-ch");
    rebuilt.annotate(&["run-cluster-uid=5d2c6a52-0000-4000-8000-6f3c7c0a2b11"]);
    let unreachable = set.register_on("prod-jp", "prod-jp", &[]);
    drop(dead);
    let poor = set.register("prod-fr");
    set.run(&["delete", "rolebinding", &poor.account_namespace()]);
    let rich = set.register("prod-it");
    let account = format!("--serviceaccount={}:delivery", rich.account_namespace());
    set.run(&["create", "rolebinding", &format!("more-{}", rich.name), "--clusterrole=view", &account]);
    let damaged = set.register("prod-es");
    damaged.annotate(&["generation-", "expires-at=soon"]);
    let moved = set.register("prod-se");
    let mut copy = moved.object();
    copy["metadata"] = json!({"name": format!("{}-copy", moved.name), "namespace": set.namespace,
        "labels": copy["metadata"]["labels"], "annotations": copy["metadata"]["annotations"]});
    set.build(&["delete", "secret", &moved.secret()]);
    Kubectl::on(BUILD_TWO).apply(&copy.to_string());

    let output =
        set.status().args(["--exit-code", "--timeout", "5s"]).fails(7, &["error: not fine: 8 of 9 registrations"]);
    let state = |one: &One<'_>| {
        let line = output.stdout.lines().position(|line| line.starts_with(&one.name)).expect("a line");
        (line, output.stdout.lines().nth(line).unwrap().split_whitespace().nth(4).unwrap().to_owned())
    };
    let broken = [
        (&expired, "expired"),
        (&rebuilt, "rebuilt-cluster"),
        (&unreachable, "unreachable"),
        (&poor, "rights-missing"),
        (&damaged, "record-damaged"),
    ];
    for (one, word) in broken {
        let (line, found) = state(one);
        assert_eq!(found, word, "{}", output.stdout);
        assert!((1..=5).contains(&line), "{}", output.stdout);
    }
    assert_eq!(state(&expiring), (6, "expires-soon".to_owned()), "{}", output.stdout);
    assert_eq!((state(&rich).1.as_str(), state(&moved).1.as_str()), ("rights-excess", "moved"), "{}", output.stdout);
    assert_eq!(state(&healthy), (9, "ready".to_owned()), "{}", output.stdout);
    let below = |one: &One<'_>, word: &str| {
        output.stdout.split_once(&format!("\n{}  {word}\n", one.name)).map(|(_, text)| text.to_owned())
    };
    let repair = format!(
        "    kubectl tapmc register-run-cluster --build-context {BUILD_TWO} --run-context {RUN} --name {}",
        poor.name
    );
    let missing = below(&poor, "rights-missing").unwrap();
    assert!(
        missing.starts_with(&format!(
            "  the token may not: configmaps in '{}': create,delete,get,list,patch,update; ",
            set.namespace
        )),
        "{missing}"
    );
    assert_eq!(missing.lines().nth(1).map(|line| line.split(" -n ").next().unwrap()), Some(repair.as_str()));
    assert!(below(&rebuilt, "rebuilt-cluster").unwrap().lines().nth(1).unwrap().ends_with(" --adopt"));
    assert!(below(&healthy, "ready").is_none());
    assert!(output.stderr.contains("are registrations of one run cluster"), "{}", output.stderr);
}

/// Runs the command that is offered for a registration, and expects that all is well then.
#[track_caller]
pub fn repair(set: &Set, one: &One<'_>, verb: &str, more: &[&str]) {
    let report = set.report();
    let command = one.of(&report)["findings"][0]["command"].as_str().unwrap().to_owned();
    let arguments = command.strip_prefix("kubectl tapmc ").unwrap().split(' ').map(str::to_owned);
    assert!(command.contains(verb), "{command}");
    Tapmc::new(arguments).args(more).arg("--yes").kubeconfig(&set.file.path).succeeds();
    assert_eq!(one.of(&set.report())["state"], "ready");
}

#[test]
fn the_command_that_is_offered_repairs() {
    let Some(set) = Set::started() else { return };
    let one = set.register("repaired");
    on_run(&["delete", "serviceaccount", "delivery", "-n", &one.account_namespace()]);
    repair(&set, &one, "register-run-cluster", &["--allow-loopback-server"]);
    on_run(&["delete", "secret", &one.annotation("marker"), "-n", &one.account_namespace()]);
    repair(&set, &one, "rotate-token", &[]);
    one.expire();
    repair(&set, &one, "rotate-token", &[]);
    one.annotate(&["generation-"]);
    repair(&set, &one, "register-run-cluster", &["--allow-loopback-server"]);
}

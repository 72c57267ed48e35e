//! One registration: the former token spared, ended at once, ended by the next run, evicted.

use super::{rotate, works};
use crate::{
    register_run_cluster::case::{Case, Proxied, with_kubeconfig},
    support::{BUILD, Kubectl, unique},
    terminal::{code, terminal},
};

#[test]
fn a_new_generation_begins_and_the_former_token_is_spared() {
    let case = Case::new("spare");
    case.register().succeeds();
    let (former, marker) = (case.kubeconfig(), case.annotation("marker"));
    let output = rotate(&case).succeeds();
    assert!(output.stderr.contains("generation 2 (a new generation was asked for)"), "{}", output.stderr);
    assert!(
        output.stdout.contains(&format!("secret/{}-kubeconfig serverside-applied", case.name)),
        "{}",
        output.stdout
    );
    assert!(output.stderr.contains("may use the former token for 20m"), "{}", output.stderr);
    assert_eq!((case.annotation("generation").as_str(), case.annotation("superseded-marker")), ("2", marker));
    assert_eq!(case.markers().len(), 2);
    works(&case);
    with_kubeconfig(&former, &["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn without_grace_the_former_token_is_refused_when_the_command_returns() {
    let case = Case::new("nograce");
    case.register().succeeds();
    let former = case.kubeconfig();
    let output = rotate(&case).args(["--grace", "0", "-o", "json"]).succeeds();
    let token = output.json()["items"][0]["token"].clone();
    assert_eq!((&token["former"]["state"], &token["generation"]), (&"refused".into(), &2.into()));
    let error = with_kubeconfig(&former, &["get", "configmaps", "-n", &case.apps]).unwrap_err();
    assert!(error.contains("Unauthorized") || error.contains("must be logged in"), "{error}");
    assert_eq!(case.markers(), [case.annotation("marker")]);
    assert_eq!(case.annotation("superseded-marker"), "");
    works(&case);
}

#[test]
fn the_next_run_ends_what_is_due_and_issues_nothing() {
    let case = Case::new("due");
    case.register().succeeds();
    let (former, marker) = (case.kubeconfig(), case.annotation("marker"));
    rotate(&case).succeeds();
    let if_expiring = || rotate(&case).args(["--if-expiring-within", "12h"]);
    let output = if_expiring().succeeds();
    assert_eq!(output.stderr, "nothing to rotate: no token and no marker is due\n");
    assert_eq!(case.markers().len(), 2);

    let (past, secret) = ("2020-01-01T00:00:00Z", format!("{}-kubeconfig", case.name));
    let until = format!("kubectl-tapmc/superseded-until={past}");
    Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, &until]);
    let after = format!("kubectl-tapmc/retire-after={past}");
    case.run().run(&["annotate", "--overwrite", "secret", &marker, "-n", &case.account_namespace(), &after]);
    let output = if_expiring().succeeds();
    assert!(output.stdout.contains(&format!("secret/{marker} deleted")), "{}", output.stdout);
    assert_eq!((case.annotation("generation").as_str(), case.annotation("superseded-marker").as_str()), ("2", ""));
    assert_eq!(case.markers(), [case.annotation("marker")]);
    case.await_token_refused(&former);
    works(&case);
}

#[test]
fn what_expires_soon_is_rotated() {
    let case = Case::new("soon");
    case.register().args(["--duration", "1h"]).succeeds();
    rotate(&case).args(["--if-expiring-within", "2h"]).succeeds();
    assert_eq!(case.annotation("generation"), "2");
    rotate(&case).args(["--if-expiring-within", "30m"]).succeeds();
    assert_eq!(case.annotation("generation"), "2");
    rotate(&case).args(["--duration", "2h"]).succeeds();
    assert_eq!(case.annotation("requested-duration"), "7200s");
}

#[test]
fn a_dead_token_is_no_hindrance() {
    let case = Case::new("dead");
    case.register().succeeds();
    case.run().run(&["delete", "secret", &case.annotation("marker"), "-n", &case.account_namespace()]);
    rotate(&case).succeeds();
    works(&case);
}

#[test]
fn an_eviction_ends_tokens_that_nobody_knows_of() {
    let case = Case::new("evict");
    case.register().succeeds();
    // Somebody who may mint made a token that is bound to nothing.
    let stolen = case.run().run(&["create", "token", "delivery", "-n", &case.account_namespace()]);
    let known = case.kubeconfig();
    let line = known.lines().find(|line| line.trim_start().starts_with("token:")).unwrap();
    let stolen = known.replace(line.trim_start(), &format!("token: {}", stolen.trim()));
    with_kubeconfig(&stolen, &["get", "configmaps", "-n", &case.apps]).unwrap();
    let output = rotate(&case).arg("--evict").succeeds();
    assert!(output.stderr.contains("evicted: every token of it ends"), "{}", output.stderr);
    case.await_token_refused(&stolen);
    case.await_token_refused(&known);
    assert_eq!(case.markers(), [case.annotation("marker")]);
    works(&case);
}

#[test]
fn a_registration_that_is_removed_meanwhile_is_not_resurrected() {
    let case = Case::new("gone");
    case.register().succeeds();
    let mut session = terminal(&["rotate-token", &case.name, "--context", BUILD]);
    session.exp_string("issue the token? [y/N]").unwrap();
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", case.name)]);
    session.send("y").unwrap();
    session.flush().unwrap();
    let text = session.exp_eof().unwrap();
    assert_eq!(code(&session), 4, "{text}");
    assert!(text.contains("run the command again"), "{text}");
    assert!(case.secret().is_none());
    // The marker of the token that was issued in vain is gone; the former one is for the next run.
    assert_eq!(case.markers().len(), 1);
}

#[test]
fn a_rotation_is_six_steps() {
    let Some(Proxied { case, build, run, file }) = Proxied::new("six") else { return };
    let other = unique("apps");
    case.run().namespace(&other);
    case.register().args(["--run-namespace", &other]).kubeconfig(&file.path).succeeds();
    let before = (build.requests().len(), run.requests().len());
    rotate(&case).kubeconfig(&file.path).succeeds();
    let (build, run) = (build.requests()[before.0..].to_vec(), run.requests()[before.1..].to_vec());
    let writes = |requests: &[String]| -> Vec<String> {
        let is_write = |request: &&String| !request.starts_with("GET") && !request.contains("reviews");
        requests.iter().filter(is_write).map(|request| request.split('?').next().unwrap().to_owned()).collect()
    };
    let looks = run.iter().filter(|request| request.ends_with("/api/v1/namespaces/kube-system")).count();
    assert_eq!(looks, 1, "it is looked at once: {run:?}");
    // Listed, observed; then marker, token, proof, Secret. The marker's grace goes beside the Secret.
    let on_run = writes(&run);
    assert_eq!(on_run.len(), 3, "{on_run:?}");
    assert!(on_run[0].starts_with("POST ") && on_run[0].ends_with("/secrets"), "{on_run:?}");
    assert!(on_run[1].ends_with("/serviceaccounts/delivery/token"), "{on_run:?}");
    assert!(on_run[2].starts_with("PATCH "), "{on_run:?}");
    assert_eq!(writes(&build).len(), 1, "{build:?}");
    assert!(build[0].contains("/secrets?"), "{build:?}");
}

//! The schedule taken back, and the registration removed: nothing of it is left, every renewal token is
//! dead, and what is of others stays.

use serde_json::Value;

use super::case::Renewed;
use crate::{
    register_run_cluster::case::{Case, Proxied},
    support::{BUILD, Kubectl, RUN, Tapmc, eventually, unique},
    unregister_run_cluster::case::{labelled, left, unregister},
};

fn namespace(name: &str) -> Option<Value> {
    Kubectl::on(BUILD).get(&["namespace", name])
}

#[test]
fn taken_back_nothing_of_it_is_left_and_every_renewal_token_ends() {
    let Some(renewed) = Renewed::new("back") else { return };
    let stolen = renewed.renewal_kubeconfig();
    // Where it was put is recorded.
    let remove = || Tapmc::new(["rotation-schedule", &renewed.case.name, "--context", BUILD, "--remove", "--yes"]);
    remove().succeeds();
    assert_eq!(left(&renewed.case).len(), 6, "{:?}", left(&renewed.case));
    assert!(namespace(&renewed.locked).is_none());
    renewed.case.await_token_refused(&stolen);
    renewed.case.as_reader(&["get", "configmaps", "-n", &renewed.case.apps]).unwrap();
    assert_eq!(renewed.case.annotation("renewal"), "");
    assert!(remove().succeeds().stderr.contains("no changes"));
    // And it can be scheduled again.
    renewed.apply().succeeds();
    renewed.pod().command().succeeds();
}

#[test]
fn a_registration_that_is_removed_takes_its_renewal_with_it() {
    let Some(renewed) = Renewed::new("removed") else { return };
    let stolen = renewed.renewal_kubeconfig();
    assert_eq!(left(&renewed.case).len(), 18, "{:?}", left(&renewed.case));
    // Jobs of the CronJob that has just run go with it, by the garbage collector.
    let job = renewed.only("cronjobs")["metadata"]["name"].as_str().unwrap().to_owned();
    Kubectl::on(BUILD).run(&["create", "job", "now", &format!("--from=cronjob/{job}"), "-n", &renewed.locked]);
    let output = unregister(&renewed.case).succeeds();
    assert!(output.stderr.contains("proven: the ServiceAccount 'renewal' is gone"), "{}", output.stderr);
    eventually("everything is gone", || left(&renewed.case).is_empty());
    assert!(namespace(&renewed.locked).is_none());
    renewed.case.await_token_refused(&stolen);
}

#[test]
fn a_removal_that_was_killed_after_the_schedule_is_completed() {
    let Some(renewed) = Renewed::new("killed") else { return };
    let job = renewed.only("cronjobs")["metadata"]["name"].as_str().unwrap().to_owned();
    Kubectl::on(BUILD).run(&["delete", "cronjob", &job, "-n", &renewed.locked]);
    // The build cluster's side is lost: the run cluster records where the rest is.
    let secret = format!("{}-kubeconfig", renewed.case.name);
    Kubectl::on(BUILD).run(&["delete", "secret", &secret]);
    unregister(&renewed.case).args(["--run-context", RUN]).succeeds();
    eventually("everything is gone", || left(&renewed.case).is_empty());
    assert!(namespace(&renewed.locked).is_none());
}

#[test]
fn a_namespace_that_others_are_renewed_from_or_use_stays() {
    let Some(first) = Renewed::new("first") else { return };
    let second = Renewed { locked: first.locked.clone(), ..Renewed::registered(Case::new("second")) };
    second.apply().succeeds();
    let output = unregister(&first.case).succeeds();
    let stays = format!("stays: namespace/{}: in it is what is not of this: ", first.locked);
    assert!(output.stderr.contains(&stays), "{stays}: {}", output.stderr);
    assert!(second.apply().succeeds().stderr.contains("no changes"));
    second.pod().command().succeeds();

    Kubectl::on(BUILD).run(&["create", "configmap", "theirs", "-n", &first.locked]);
    let output = unregister(&second.case).succeeds();
    assert!(output.stderr.contains(&format!("{stays}configmap/theirs")), "{}", output.stderr);
    eventually("everything else is gone", || left(&second.case).is_empty());
    assert!(namespace(&first.locked).is_some());
}

#[test]
fn registrations_that_are_removed_together_take_the_namespace_with_them() {
    let Some(first) = Renewed::new("one") else { return };
    let second = Renewed { locked: first.locked.clone(), ..Renewed::registered(Case::new("two")) };
    second.apply().succeeds();
    let names = [&first.case.name, &second.case.name].map(String::as_str);
    Tapmc::new(["unregister-run-cluster", "--context", BUILD, "--yes"]).args(names).succeeds();
    assert!(namespace(&first.locked).is_none());
    eventually("everything is gone", || left(&first.case).is_empty() && left(&second.case).is_empty());
}

#[test]
fn the_namespace_waits_for_the_one_that_fails_and_nobody_for_the_namespace() {
    let Some(first) = Renewed::new("goes") else { return };
    let second = Renewed { locked: first.locked.clone(), ..Renewed::registered(Case::new("fails")) };
    second.apply().succeeds();
    let secret = format!("{}-kubeconfig", second.case.name);
    let recorded = second.case.annotation("run-cluster-uid");
    let record = |uid: &str| {
        let annotation = format!("kubectl-tapmc/run-cluster-uid={uid}");
        Kubectl::on(BUILD).run(&["annotate", "--overwrite", "secret", &secret, &annotation]);
    };
    record("other");
    let names = [&first.case.name, &second.case.name].map(String::as_str);
    let both = |verb: &str| Tapmc::new([verb, "--context", BUILD, "--yes"]).args(names);
    let stays = format!(
        "the namespace '{}' on the build cluster stays: from there is renewed what failed here (default/{secret})",
        first.locked
    );
    both("unregister-run-cluster").fails(3, &["is of the cluster other", "1 of 2 registrations", &stays]);
    eventually("the other one is gone", || left(&first.case).is_empty());
    assert!(namespace(&first.locked).is_some());
    record(&recorded);
    unregister(&second.case).succeeds();
    assert!(namespace(&first.locked).is_none());
}

#[test]
fn one_that_was_never_renewed_and_fails_keeps_no_namespace() {
    let Some(renewed) = Renewed::new("taken") else { return };
    let never = Case::new("never");
    never.register().succeeds();
    let secret = format!("{}-kubeconfig", never.name);
    let other = ["annotate", "--overwrite", "secret", &secret, "kubectl-tapmc/run-cluster-uid=other"];
    Kubectl::on(BUILD).run(&other);
    Tapmc::new(["rotation-schedule", &renewed.case.name, &never.name, "--context", BUILD, "--remove", "--yes"])
        .args(["--renewal-namespace", &renewed.locked])
        .fails(3, &["1 of 2 registrations"]);
    assert!(namespace(&renewed.locked).is_none());
}

#[test]
fn a_fleet_that_is_taken_back_at_once_takes_the_shared_job_with_it() {
    let Some(_) = crate::support::kubeconfig::started(BUILD) else { return };
    let (team, locked) = (unique("fleet"), unique("locked"));
    let names = [unique("member"), unique("member")];
    for name in &names {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--yes", "--name", name])
            .args(["-n", &team, "--run-namespace", &team, "--create-namespace", "--allow-loopback-server"])
            .succeeds();
    }
    let schedule = || Tapmc::new(["rotation-schedule", "--all", "-n", &team, "--context", BUILD, "--yes"]);
    schedule().args(["--apply", "--shards", "2", "--renewal-namespace", &locked]).succeeds();
    assert!(Kubectl::on(BUILD).get(&["cronjob", "renew-all", "-n", &locked]).is_some());
    schedule().arg("--remove").succeeds();
    assert!(namespace(&locked).is_none());
    for name in &names {
        assert_eq!(labelled(BUILD, name).len(), 1, "{:?}", labelled(BUILD, name));
    }
}

#[test]
fn where_the_run_cluster_is_gone_the_build_side_goes_and_the_rest_is_listed() {
    let Some(Proxied { case, run, file, build: _build }) = Proxied::new("nowhere") else { return };
    let renewed = Renewed { case, locked: unique("locked") };
    renewed.case.register().kubeconfig(&file.path).succeeds();
    renewed.apply().kubeconfig(&file.path).succeeds();
    drop(run);
    let output = unregister(&renewed.case).kubeconfig(&file.path).arg("--force-unreachable").succeeds();
    let line = format!("kubectl delete serviceaccount renewal -n {}", renewed.case.account_namespace());
    assert!(output.stderr.contains(&line), "{line}: {}", output.stderr);
    assert_eq!(labelled(BUILD, &renewed.case.name), Vec::<String>::new());
    assert!(namespace(&renewed.locked).is_none());
}

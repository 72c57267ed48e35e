//! Many registrations at once: shown in one table, and none held up by a run cluster that says nothing.

use std::path::Path;

use hyper::Method;

use super::case::labelled;
use crate::{
    register_run_cluster::fleet::Fleet,
    support::{
        BUILD, Fault, KubeconfigFile, Kubectl, Proxy, RUN, Tapmc,
        kubeconfig::{inline, started, token},
        proxy::Answer,
        unique,
    },
};

#[test]
fn many_are_shown_in_one_table() {
    let (team, made) = (unique("table"), unique("table-apps"));
    Kubectl::on(RUN).namespace(&team);
    let names: Vec<String> = (0..12).map(|_| unique("row")).collect();
    for (index, name) in names.iter().enumerate() {
        let apps = if index == 0 { &made } else { &team };
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--yes", "--name", name])
            .args(["-n", &team, "--run-namespace", apps, "--create-namespace", "--allow-loopback-server"])
            .succeeds();
    }
    let secret = format!("{}-kubeconfig", names[11]);
    let broken = ["annotate", "--overwrite", "secret", &secret, "-n", &team, "kubectl-tapmc/run-cluster-uid=other"];
    Kubectl::on(BUILD).run(&broken);
    let all =
        || Tapmc::new(["unregister-run-cluster", "--all", "-n", &team, "--context", BUILD, "--delete-run-namespaces"]);
    let output = all().args(["--dry-run"]).fails(3, &["11 registrations would be removed", "is of the cluster other"]);
    assert!(!output.stderr.contains("unregister row"), "{}", output.stderr);
    let line = output.stderr.lines().find(|line| line.contains(&names[0])).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), [&team, &names[0], RUN, "7", "0"]);
    let namespaces = "run namespaces that are deleted with all that is in them:\n";
    assert!(output.stderr.contains(&format!("{namespaces}  namespace/{made} (")), "{}", output.stderr);
    let stays = "  Namespace on the run cluster (this plugin did not make it for this registration): ";
    assert!(output.stderr.contains(stays), "{}", output.stderr);

    let output = all().args(["--yes"]).fails(3, &["1 of 12 registrations could not be removed", &names[11]]);
    assert_eq!(output.stderr.matches("is unregistered from both clusters").count(), 11, "{}", output.stderr);
    assert!(Kubectl::on(RUN).get(&["namespace", &made]).is_none());
    for name in &names[..11] {
        assert_eq!(labelled(BUILD, name), Vec::<String>::new());
    }
    assert_eq!(labelled(BUILD, &names[11]).len(), 1);
}

/// A fleet that is registered, with a proxy before its first run cluster.
fn before_a_proxy(stem: &str) -> Option<(Fleet, KubeconfigFile, Proxy)> {
    let fleet = Fleet::new(stem)?;
    let proxy = Proxy::before(started(RUN)?);
    let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD)?);
    for (context, run) in &fleet.members {
        let cluster = started(run)?;
        let through = if *run == RUN { proxy.cluster() } else { inline(&cluster.server, cluster) };
        file = file.context(context, &through, &token(cluster), "");
    }
    fleet.register(&fleet.whole()).kubeconfig(&file.path).succeeds();
    Some((fleet, file, proxy))
}

fn remove(fleet: &Fleet, file: &Path) -> Tapmc {
    let all = ["unregister-run-cluster", "--all", "-n", &fleet.namespace, "--context", BUILD, "--yes"];
    Tapmc::new(all).kubeconfig(file)
}

#[test]
fn a_silent_one_holds_up_no_other() {
    let Some((fleet, file, proxy)) = before_a_proxy("silent") else { return };
    proxy.hang(&Method::GET, "", 0);
    let silent = &fleet.members[0].0;
    let output = remove(&fleet, &file.path).args(["--timeout", "20s"]).fails(
        3,
        &["not answered yet, and not waited for: 1 run cluster", "1 of 3 registrations could not be removed", silent],
    );
    let told = |piece: &str| output.stderr.find(piece).unwrap_or_else(|| panic!("{piece}: {}", output.stderr));
    let failure = told(&format!("the registration '{silent}' could not be removed"));
    assert!(told("not answered yet") < failure);
    let left = fleet.secrets();
    assert!(left.len() == 1 && left[0].starts_with(silent), "{left:?}");
    proxy.heal();
    remove(&fleet, &file.path).succeeds();
    assert!(fleet.secrets().is_empty());
}

#[test]
fn what_was_begun_tells_how_the_rest_goes() {
    let Some((fleet, file, proxy)) = before_a_proxy("begun") else { return };
    let begun = &fleet.members[0].0;
    proxy.fault(Method::DELETE, "/roles/", Fault::Answer(403), 1);
    let rest = format!("unregister-run-cluster {begun} -n {} --context {BUILD} --run-context {begun}", fleet.namespace);
    remove(&fleet, &file.path).fails(
        3,
        &[
            "the test answers 403",
            &format!(
                "its Secret is gone already, so for the rest the run cluster has to be named: kubectl tapmc {rest}"
            ),
        ],
    );
    assert!(fleet.secrets().is_empty());
    Tapmc::new(rest.split(' ')).arg("--yes").kubeconfig(&file.path).succeeds();
    let role = ["roles", "-A", "-l", &format!("kubectl-tapmc/registration={begun}"), "-o", "name"];
    assert_eq!(Kubectl::on(RUN).run(&[&["get"], &role[..]].concat()).trim(), "");
}

#[test]
fn one_that_answers_late_goes_all_the_same() {
    let Some((fleet, file, proxy)) = before_a_proxy("late") else { return };
    let later = Answer { status: 503, retry_after: Some("3"), message: None };
    proxy.fault(Method::GET, "/namespaces/kube-system", Fault::Say(later), 1);
    let output = remove(&fleet, &file.path).succeeds();
    assert_eq!(output.stderr.matches("is unregistered from both clusters").count(), 3, "{}", output.stderr);
    assert!(fleet.secrets().is_empty());
}

#[test]
fn a_pattern_removes_those_to_which_a_matching_context_leads_by_that_one() {
    let Some(fleet) = Fleet::new("gone") else { return };
    let Some(run) = started(RUN) else { return };
    fleet.register(&fleet.whole()).succeeds();
    let [first, second, third] = [0, 1, 2].map(|index| fleet.members[index].0.as_str());
    let tunnel = Proxy::before(run);
    let file =
        fleet.members.iter().fold(KubeconfigFile::new(), |file, (name, run)| file.plain(name, started(run).unwrap()));
    let file = file.plain(BUILD, started(BUILD).unwrap());
    let file = file.context(&format!("{}-tunnel", fleet.namespace), &tunnel.cluster(), &token(run), "");
    let by = |pattern: &str| remove(&fleet, &file.path).args(["--run-context", pattern]);

    let pattern = format!("{}-[12]", fleet.namespace);
    let output = by(&pattern).args(["--dry-run"]).succeeds();
    let left_out = format!("left out, since no context that matches '{pattern}' leads there: '{first}'\n");
    assert!(output.stderr.contains(&left_out), "{}", output.stderr);
    assert_eq!(output.stderr.matches("unregister gone").count(), 2, "{}", output.stderr);
    assert!(tunnel.requests().is_empty());

    // Its address is not the registered one: who it is tells.
    let output = by("*-tunne?").succeeds();
    assert!(output.stderr.contains(&format!("leads there: '{second}' and '{third}'\n")), "{}", output.stderr);
    assert!(!tunnel.requests().is_empty());
    let left = fleet.secrets();
    assert!(left.len() == 2 && !left[0].starts_with(first), "{left:?}");

    by("nosuch-*").fails(2, &["--run-context 'nosuch-*' matches no context of the kubeconfig"]);
    by(second).fails(2, &["--run-context names the run cluster of one registration", "'prod-*'"]);
    // A side of a run cluster is that of one.
    Tapmc::new(["unregister-run-cluster", second, "--run-side", "--run-context", &pattern, "--yes"])
        .kubeconfig(&file.path)
        .fails(2, &["a pattern stands for several where one is meant", "hint: name one of its contexts"]);
}

//! Several registrations at once.

use crate::{
    register_run_cluster::fleet::Fleet,
    support::{
        BUILD, KubeconfigFile, Kubectl, RUN, Tapmc,
        kubeconfig::{started, token},
        unique,
    },
};

/// Registrations of one run cluster with their Secrets in a namespace of their own.
fn registered(number: usize) -> (Vec<String>, String) {
    let namespace = unique("fleet");
    let names: Vec<String> = (0..number).map(|_| unique("member")).collect();
    for name in &names {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--yes"])
            .args(["--name", name, "-n", &namespace, "--run-namespace", &namespace])
            .args(["--create-namespace", "--allow-loopback-server"])
            .succeeds();
    }
    (names, namespace)
}

fn generation(name: &str, namespace: &str) -> String {
    let secret = Kubectl::on(BUILD).get(&["secret", &format!("{name}-kubeconfig"), "-n", namespace]).unwrap();
    secret["metadata"]["annotations"]["kubectl-tapmc/generation"].as_str().unwrap().to_owned()
}

#[test]
fn all_of_a_namespace_in_one_table() {
    let (names, namespace) = registered(2);
    let output = Tapmc::new(["rotate-token", "--all", "-n", &namespace, "--context", BUILD, "--yes"]).succeeds();
    let lines: Vec<Vec<&str>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAMESPACE", "NAME", "RESULT", "GENERATION", "ENDS", "FORMER-TOKEN"]);
    for (line, name) in lines[1..].iter().zip(&names) {
        assert_eq!(line[..4], [namespace.as_str(), name, "rotated", "2"]);
        assert_eq!(line[5..7], ["spared", "until"]);
    }
}

#[test]
fn the_parts_of_a_whole_are_disjoint_and_complete() {
    let (names, namespace) = registered(2);
    let part = |shard: &str| {
        let args = ["rotate-token", "--all", "-n", &namespace, "--context", BUILD, "--yes", "--shard", shard];
        Tapmc::new(args).succeeds();
        names.iter().map(|name| generation(name, &namespace)).collect::<Vec<_>>()
    };
    let mut first = part("0/2");
    assert_eq!(part("1/2"), ["2", "2"]);
    first.sort();
    assert_eq!(first, ["1", "2"]);
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let (names, namespace) = registered(1);
    let Some((build, run)) = started(BUILD).zip(started(RUN)) else { return };
    // A registration of a cluster to which no context leads.
    let stray = unique("stray");
    let secret = Kubectl::on(BUILD).get(&["secret", &format!("{}-kubeconfig", names[0]), "-n", &namespace]).unwrap();
    let copy = secret.to_string().replace(&names[0], &stray).replace(&run.server, "https://127.0.0.1:1");
    let mut copy: serde_json::Value = serde_json::from_str(&copy).unwrap();
    copy["metadata"]["uid"] = serde_json::Value::Null;
    copy["metadata"]["annotations"]["kubectl-tapmc/run-cluster-uid"] = "another".into();
    copy["metadata"]["resourceVersion"] = serde_json::Value::Null;
    Kubectl::on(BUILD).apply(&copy.to_string());
    let file = KubeconfigFile::new().plain(BUILD, build).context(
        RUN,
        &crate::support::kubeconfig::inline(&run.server, run),
        &token(run),
        "",
    );
    let args = ["rotate-token", "--all", "-n", &namespace, "--context", BUILD, "--yes"];
    let output = Tapmc::new(args).kubeconfig(&file.path).fails(
        3,
        &[
            &format!("the registration '{stray}' failed"),
            "no context of the kubeconfig leads to the run cluster",
            "1 of 2 registrations failed",
            "hint: run the command again with --if-issued-before 20",
        ],
    );
    assert!(output.stdout.contains("rotated") && output.stdout.contains("failed"), "{}", output.stdout);
    assert_eq!(generation(&names[0], &namespace), "2");
}

#[test]
fn what_a_failed_run_left_is_done_by_the_command_of_its_hint() {
    let (names, namespace) = registered(2);
    let rotate = |name: Option<&str>| {
        let which = name.map_or("--all", |name| name);
        Tapmc::new(["rotate-token", which, "-n", &namespace, "--context", BUILD, "--yes"])
    };
    // Tokens are told in whole seconds: the next one begins after both were issued.
    let issued = |name: &str| {
        let secret = Kubectl::on(BUILD).get(&["secret", &format!("{name}-kubeconfig"), "-n", &namespace]).unwrap();
        secret["metadata"]["annotations"]["kubectl-tapmc/issued-at"].as_str().unwrap().to_owned()
    };
    let before = names.iter().map(|name| issued(name)).max().unwrap();
    crate::support::eventually("the next second", || {
        rotate(Some(&names[0])).succeeds();
        issued(&names[0]) > before
    });
    let first = generation(&names[0], &namespace);
    let time = issued(&names[0]);
    rotate(None).args(["--if-issued-before", &time]).succeeds();
    assert_eq!(generation(&names[0], &namespace), first, "it was done already");
    assert_eq!(generation(&names[1], &namespace), "2");
    let output = rotate(None).args(["--if-issued-before", &time]).succeeds();
    assert!(output.stderr.contains("nothing to rotate"), "{}", output.stderr);
}

#[test]
fn a_pattern_rotates_those_to_which_a_matching_context_leads() {
    let Some(fleet) = Fleet::new("some") else { return };
    fleet.register(&fleet.whole()).succeeds();
    let rotate = |pattern: &str| {
        let all = ["rotate-token", "--all", "-n", &fleet.namespace, "--context", BUILD, "--yes"];
        Tapmc::new(all).args(["--run-context", pattern]).kubeconfig(&fleet.file.path)
    };
    let [first, second, third] = [0, 1, 2].map(|index| fleet.members[index].0.as_str());
    let generations = || [first, second, third].map(|name| generation(name, &fleet.namespace));
    let pattern = format!("{}-[12]", fleet.namespace);
    let output = rotate(&pattern).succeeds();
    let left_out = format!("left out, since no context that matches '{pattern}' leads there: '{first}'\n");
    assert!(output.stderr.contains(&left_out), "{}", output.stderr);
    assert_eq!(generations(), ["1", "2", "2"]);
    rotate("nosuch-*")
        .fails(2, &["--run-context 'nosuch-*' matches no context of the kubeconfig", "hint: there are build"]);
    rotate("nosuch-[").fails(2, &["--run-context 'nosuch-[' is no pattern"]);
    rotate(first).fails(2, &["--run-context names the run cluster of one registration", "'prod-*'"]);
}

//! Faults and a kill between any two steps: the next run completes it.

use std::{process::Command, thread};

use hyper::Method;

use super::case::left;
use crate::{
    register_run_cluster::case::Proxied,
    support::{BUILD, Fault, Tapmc, eventually, tapmc::Output},
};

fn unregister(it: &Proxied) -> Tapmc {
    Tapmc::new(["unregister-run-cluster", &it.case.name, "--context", BUILD, "--yes"]).kubeconfig(&it.file.path)
}

fn register(it: &Proxied) {
    it.case.register().kubeconfig(&it.file.path).succeeds();
}

/// The steps, by the request that each begins with, and how many others come before it that are like it.
const STEPS: [(&str, bool, &str, usize); 6] = [
    ("marker", true, "/secrets/delivery-", 0),
    ("secret", false, "/secrets/", 0),
    ("binding", true, "/rolebindings/", 0),
    ("role", true, "/roles/", 0),
    ("namespace", true, "/api/v1/namespaces/tapmc-", 1),
    ("account", true, "/serviceaccounts/", 0),
];

/// The next run, without faults: by name while the build cluster knows it, else by the run side.
fn completes(it: &Proxied) {
    if it.case.secret().is_some() {
        unregister(it).succeeds();
    } else {
        let output = unregister(it).args(["--run-context", &it.case.run]).run();
        // After the namespace was asked to go, it went by itself.
        assert!(output.code == 0 || output.stderr.contains("neither on the build cluster"), "{}", output.stderr);
    }
    eventually("nothing is left", || left(&it.case).is_empty());
}

#[test]
fn a_kill_at_each_step() {
    thread::scope(|scope| {
        for (name, on_run, piece, spared) in STEPS {
            scope.spawn(move || {
                let Some(it) = Proxied::new(&format!("kill{name}")) else { return };
                register(&it);
                let kubeconfig = it.case.kubeconfig();
                let proxy = if on_run { &it.run } else { &it.build };
                proxy.fault(Method::DELETE, piece, Fault::Pass, spared);
                proxy.fault(Method::DELETE, piece, Fault::Hang, 1);
                let (mut child, _) = unregister(&it).spawn();
                let is_it = |request: &&String| request.starts_with("DELETE") && request.contains(piece);
                eventually("the deletion hangs", || proxy.requests().iter().filter(is_it).count() > spared);
                child.kill().unwrap();
                child.wait().unwrap();
                completes(&it);
                it.case.await_token_refused(&kubeconfig);
            });
        }
    });
}

#[test]
fn a_refusal_at_each_step_says_what_was_done() {
    thread::scope(|scope| {
        for (name, on_run, piece, spared) in STEPS {
            scope.spawn(move || {
                let Some(it) = Proxied::new(&format!("no{name}")) else { return };
                register(&it);
                let proxy = if on_run { &it.run } else { &it.build };
                proxy.fault(Method::DELETE, piece, Fault::Pass, spared);
                proxy.fault(Method::DELETE, piece, Fault::Answer(403), 1);
                let output = unregister(&it).fails(5, &["deleting ", "the test answers 403"]);
                assert_eq!(output.stderr.contains("done before that:"), name != "marker", "{name}: {}", output.stderr);
                completes(&it);
            });
        }
    });
}

#[test]
fn not_found_is_not_believed_of_what_is_there() {
    let Some(it) = Proxied::new("unbelieved") else { return };
    register(&it);
    it.build.fault(Method::DELETE, "/secrets/", Fault::Answer(404), 1);
    unregister(&it)
        .fails(1, &["deleting secret/unbelieved-", "was answered with 'not found' by ", "and yet it is there"]);
    assert!(it.case.secret().is_some());
    completes(&it);
}

#[test]
fn ctrl_c_says_what_was_done() {
    let Some(it) = Proxied::new("ctrlc") else { return };
    register(&it);
    it.run.fault(Method::DELETE, "/rolebindings/", Fault::Hang, 1);
    let (child, command) = unregister(&it).spawn();
    let is_it = |request: &String| request.starts_with("DELETE") && request.contains("/rolebindings/");
    eventually("the deletion hangs", || it.run.requests().iter().any(is_it));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 130, "{}", output.stderr);
    for piece in ["error: interrupted", "done before that:", "build  secret/ctrlc-", "running the command again"] {
        assert!(output.stderr.contains(piece), "{piece}: {}", output.stderr);
    }
    completes(&it);
}

#[test]
fn transient_faults_and_lost_answers_are_ridden_out() {
    let Some(it) = Proxied::new("rides") else { return };
    register(&it);
    it.run.fault(Method::DELETE, "/secrets/delivery-", Fault::LoseAnswer, 1);
    it.build.fault(Method::DELETE, "/secrets/", Fault::Answer(503), 1);
    it.run.fault(Method::DELETE, "/roles/", Fault::Answer(429), 1);
    let output = unregister(&it).succeeds();
    assert!(output.stdout.contains("gone already\n"), "{}", output.stdout);
    assert_eq!(left(&it.case), Vec::<String>::new());
}

//! What goes wrong in the middle: the stored kubeconfig works at every moment, no token is left that
//! nobody knows of, and the next run completes it.

use std::process::Command;

use hyper::Method;

use super::{rotate, works};
use crate::{
    register_run_cluster::case::Proxied,
    support::{Fault, eventually},
};

/// The requests of a rotation that change something or depend on one that did, in their order.
const STEPS: [(&str, bool, Method, &str); 5] = [
    ("marker", true, Method::POST, "/secrets?"),
    ("token", true, Method::POST, "/token"),
    ("proof", true, Method::POST, "selfsubjectrulesreviews"),
    ("secret", false, Method::PATCH, "/secrets/"),
    ("grace", true, Method::PATCH, "/secrets/"),
];

fn a_kill_at(step: usize) {
    let (name, on_run, method, piece) = STEPS[step].clone();
    for fault in [Fault::Hang, Fault::LoseAnswer] {
        let Some(it) = Proxied::new(&format!("kill{name}")) else { return };
        it.register().succeeds();
        let rotate = || rotate(&it.case).kubeconfig(&it.file.path);
        let proxy = if on_run { &it.run } else { &it.build };
        let is_it = |request: &&String| request.starts_with(method.as_str()) && request.contains(piece);
        let before = proxy.requests().iter().filter(is_it).count();
        // The operator's own reviews come before the proof.
        let spared = if name == "proof" { 2 } else { 0 };
        proxy.fault(method.clone(), piece, Fault::Pass, spared);
        if fault == Fault::LoseAnswer {
            proxy.fault(method.clone(), piece, fault, 1);
        }
        proxy.fault(method.clone(), piece, Fault::Hang, 99);
        let (mut child, _) = rotate().args(["--timeout", "30s"]).spawn();
        eventually("the request is there", || proxy.requests().iter().filter(is_it).count() > before + spared);
        let killed = Command::new("kill").args(["-KILL", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        child.wait().unwrap();
        proxy.heal();

        works(&it.case);
        rotate().succeeds();
        works(&it.case);
        // A marker of a run that may still be under way is spared for two deadlines.
        eventually("what is left is the running generation's and what has a grace", || {
            it.case.again().kubeconfig(&it.file.path).args(["--timeout", "2s"]).succeeds();
            let running = it.case.annotation("marker");
            it.case.markers().iter().all(|marker| *marker == running || it.case.retires(marker))
        });
        works(&it.case);
    }
}

#[test]
fn a_kill_at_the_marker_is_completed_by_the_next_run() {
    a_kill_at(0);
}

#[test]
fn a_kill_at_the_token_is_completed_by_the_next_run() {
    a_kill_at(1);
}

#[test]
fn a_kill_at_the_proof_is_completed_by_the_next_run() {
    a_kill_at(2);
}

#[test]
fn a_kill_at_the_secret_is_completed_by_the_next_run() {
    a_kill_at(3);
}

#[test]
fn a_kill_at_the_grace_is_completed_by_the_next_run() {
    a_kill_at(4);
}

#[test]
fn a_refused_step_leaves_the_stored_token_and_no_other() {
    for (step, on_run, method, piece) in STEPS.into_iter().filter(|(step, ..)| !["proof", "grace"].contains(step)) {
        let Some(it) = Proxied::new(&format!("no{step}")) else { return };
        it.register().succeeds();
        let (marker, stored) = (it.case.annotation("marker"), it.case.kubeconfig());
        let proxy = if on_run { &it.run } else { &it.build };
        proxy.fault(method, piece, Fault::Answer(403), 9);
        rotate(&it.case).kubeconfig(&it.file.path).fails(5, &["failed"]);
        assert_eq!(it.case.markers(), [marker], "{step}");
        assert_eq!(it.case.kubeconfig(), stored, "{step}");
        works(&it.case);
    }
}

#[test]
fn two_operators_at_once_leave_one_generation_that_works() {
    let Some(it) = Proxied::new("race") else { return };
    it.case.register().succeeds();
    let both = [rotate(&it.case).spawn(), rotate(&it.case).spawn()];
    let codes: Vec<i32> = both.map(|(child, _)| child.wait_with_output().unwrap().status.code().unwrap()).to_vec();
    // The loser is told; it may also have come so late that both succeeded, one after the other.
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 4].contains(code)), "{codes:?}");
    works(&it.case);
    let number: usize = it.case.annotation("generation").parse().unwrap();
    assert_eq!(number, 1 + codes.iter().filter(|code| **code == 0).count());
}

//! Faults after the first write: no credential is left that nobody knows of, and the next run
//! completes or repairs.

use std::{process::Command, time::Duration};

use hyper::Method;

use super::case::Proxied;
use crate::support::{Fault, eventually, tapmc::Output};

#[test]
fn a_refused_secret_takes_the_marker_with_it() {
    let Some(it) = Proxied::new("refusal") else { return };
    it.build.fault(Method::PATCH, "/secrets/", Fault::Answer(403), 1);
    let output = it.register().fails(
        5,
        &["applying secret/", "done before that:", "(its token is stored nowhere)", "running the command again"],
    );
    assert!(output.stderr.contains("deleted"), "{}", output.stderr);
    assert!(it.case.markers().is_empty(), "the token must not outlive the refusal");
    it.completes();
}

#[test]
fn a_lost_answer_that_can_be_read_back_is_success() {
    let Some(it) = Proxied::new("readback") else { return };
    // Three times: an apply is repeated by itself.
    it.build.fault(Method::PATCH, "/secrets/", Fault::LoseAnswer, 3);
    it.register().succeeds();
    assert_eq!(it.case.markers(), [it.case.annotation("marker")]);
    it.case.as_reader(&["get", "configmaps", "-n", &it.case.apps]).unwrap();
}

#[test]
fn what_cannot_be_told_keeps_the_marker_and_the_next_run_decides() {
    let Some(it) = Proxied::new("unknown") else { return };
    it.build.fault(Method::PATCH, "/secrets/", Fault::LoseAnswer, 3);
    // The second reading: the first one belongs to observing.
    it.build.fault(Method::GET, "-kubeconfig", Fault::Answer(404), 1);
    it.build.fault(Method::GET, "-kubeconfig", Fault::Answer(503), 99);
    it.register()
        .fails(6, &["it cannot be told whether the Secret default/", "hint: run the command again: it finds out"]);
    assert_eq!(it.case.markers().len(), 1, "deleting it could kill the token that was just stored");
    // It was stored after all: nothing is issued anew.
    let output = it.case.register().succeeds();
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
    assert_eq!(it.case.annotation("generation"), "1");
    it.case.as_reader(&["get", "configmaps", "-n", &it.case.apps]).unwrap();
}

#[test]
fn a_lost_token_dies_with_its_marker() {
    let Some(it) = Proxied::new("losttoken") else { return };
    it.run.fault(Method::POST, "/token", Fault::LoseAnswer, 1);
    it.register().fails(6, &["the TokenRequest for the ServiceAccount tapmc-", "got no answer"]);
    assert!(it.case.markers().is_empty());
    assert_eq!(
        it.run.requests().iter().filter(|request| request.ends_with("/token")).count(),
        1,
        "a TokenRequest is not repeated blindly"
    );
    it.completes();
}

#[test]
fn a_garbled_token_answer_is_not_shown() {
    let Some(it) = Proxied::new("garbled") else { return };
    it.run.fault(Method::POST, "/token", Fault::Garbage, 1);
    it.register().args(["-v", "9"]).fails(1, &["answered with something that cannot be read"]);
    assert!(it.case.markers().is_empty());
    it.completes();
}

#[test]
fn a_credential_that_is_not_proven_is_not_stored() {
    let Some(it) = Proxied::new("unproven") else { return };
    // The API server never hears of the binding, but the answer says that it did.
    it.run.fault(Method::PATCH, "/rolebindings/", Fault::Answer(200), 1);
    let output = it.register().run();
    assert_ne!(output.code, 0, "{}", output.stderr);
    assert!(it.case.secret().is_none(), "nothing unproven is stored");
    assert!(it.case.markers().is_empty(), "{}", output.stderr);
    it.completes();
}

#[test]
fn transient_faults_are_ridden_out() {
    let Some(it) = Proxied::new("transient") else { return };
    it.run.fault(Method::PATCH, "/serviceaccounts/", Fault::Answer(503), 1);
    it.run.fault(Method::PATCH, "/roles/", Fault::Answer(429), 1);
    it.run.fault(Method::GET, "/version", Fault::LoseAnswer, 1);
    it.build.fault(Method::GET, "/secrets/", Fault::Answer(504), 1);
    it.register().succeeds();
    it.completes();
}

#[test]
fn each_write_may_fail_and_the_next_run_completes_it() {
    for (name, method, piece) in [
        ("ns", Method::PATCH, "/api/v1/namespaces/tapmc-"),
        ("sa", Method::PATCH, "/serviceaccounts/"),
        ("role", Method::PATCH, "/roles/"),
        ("rb", Method::PATCH, "/rolebindings/"),
        ("mark", Method::POST, "/secrets?"),
        ("tok", Method::POST, "/token"),
    ] {
        for (kind, fault) in [("no", Fault::Answer(500)), ("lost", Fault::LoseAnswer), ("hang", Fault::Hang)] {
            let Some(it) = Proxied::new(&format!("{name}{kind}")) else { return };
            it.run.fault(method.clone(), piece, fault, 9);
            let output = it.register().args(["--timeout", "3s"]).run();
            assert_ne!(output.code, 0, "{name} {kind}: {}", output.stderr);
            assert!(output.stderr.contains("error: "), "{name} {kind}: {}", output.stderr);
            assert!(it.case.secret().is_none());
            it.case.register().succeeds();
            it.case.as_reader(&["get", "configmaps", "-n", &it.case.apps]).unwrap();
        }
    }
}

#[test]
fn an_interruption_at_each_step_says_what_was_done() {
    let reviews = "selfsubjectrulesreviews";
    for (name, on_run, method, piece, spared, begun) in [
        ("observe", true, Method::GET, "/serviceaccounts/", 0, false),
        ("build", false, Method::GET, "/secrets/", 0, false),
        ("namespace", true, Method::PATCH, "/api/v1/namespaces/tapmc-", 0, false),
        ("access", true, Method::PATCH, "/serviceaccounts/", 0, true),
        ("marker", true, Method::POST, "/secrets?", 0, true),
        ("token", true, Method::POST, "/token", 0, true),
        // The operator's own two reviews come first.
        ("verify", true, Method::POST, reviews, 2, true),
        ("secret", false, Method::PATCH, "/secrets/", 0, true),
    ] {
        let Some(it) = Proxied::new(&format!("int{name}")) else { return };
        let proxy = if on_run { &it.run } else { &it.build };
        proxy.fault(method.clone(), piece, Fault::Pass, spared);
        proxy.fault(method.clone(), piece, Fault::Hang, 9);
        let (child, command) = it.case.register().kubeconfig(&it.file.path).spawn();
        let is_it = |request: &&String| request.starts_with(method.as_str()) && request.contains(piece);
        eventually("the request hangs", || proxy.requests().iter().filter(is_it).count() > spared);
        std::thread::sleep(Duration::from_millis(200));
        let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        let output = Output::of(&command, &child.wait_with_output().unwrap());
        assert_eq!(output.code, 130, "{name}: {}", output.stderr);
        assert!(output.stderr.contains("error: interrupted"), "{name}: {}", output.stderr);
        assert_eq!(output.stderr.contains("running the command again completes"), begun, "{name}: {}", output.stderr);
        it.case.register().succeeds();
        it.case.as_reader(&["get", "configmaps", "-n", &it.case.apps]).unwrap();
    }
}

#[test]
fn a_server_that_is_too_old_is_told_apart() {
    let Some(it) = Proxied::new("old") else { return };
    it.run.fault(Method::GET, "/version", Fault::Json(r#"{"major":"1","minor":"23+","gitVersion":"v1.23.4","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#), 1);
    it.register().fails(1, &["the run cluster is Kubernetes 1.23, and this plugin needs 1.24 or newer"]);
    it.run.fault(Method::GET, "/version", Fault::Json(r#"{"major":"1","minor":"28","gitVersion":"v1.28.4","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#), 1);
    it.register().args(["--guard"]).fails(1, &["--guard needs a ValidatingAdmissionPolicy", "the run cluster is 1.28"]);
    assert!(it.case.run().get(&["namespace", &it.case.account_namespace()]).is_none());
}

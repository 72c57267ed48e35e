//! Several run clusters at once: one that fails does not stop the others, and the requests stay few.

use super::case::{GIT_REPOSITORIES, Idle, KUSTOMIZATIONS, URL};
use crate::support::{
    BUILD_TWO, KubeconfigFile, Proxy, RUN, Tapmc,
    kubeconfig::{started, token},
};

/// Registers one more run cluster beside the one that is there.
fn another(it: &Idle, name: &str) {
    Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", RUN, "--name", name])
        .args(["--allow-loopback-server", "--run-namespace", &it.case.apps, "-n", &it.namespace, "--yes"])
        .succeeds();
}

fn deliver_to_all(it: &Idle, reader: &str) -> Tapmc {
    Tapmc::new(["deliver", reader, "app.tap", "--all", "--git-url", URL, "--context", BUILD_TWO, "-n", &it.namespace])
        .args(["--yes", "--no-wait"])
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let Some(it) = Idle::new("part") else { return };
    let dead = format!("{}-dead", it.case.name);
    another(&it, &dead);
    it.case.run().run(&["delete", "namespace", &format!("tapmc-{dead}")]);
    crate::support::eventually("its token is refused", || {
        deliver_to_all(&it, "flux").arg("--dry-run").run().stderr.contains("refuses the stored token")
    });
    let output = deliver_to_all(&it, "flux").fails(
        3,
        &[&format!("nothing is delivered to '{dead}'"), &format!("error: 1 of 2 run clusters failed: '{dead}'")],
    );
    assert!(output.stdout.contains(&it.name("-packages")), "{}", output.stdout);
    assert_eq!(it.names(KUSTOMIZATIONS).len(), 2);
}

#[test]
fn what_others_read_as_well_is_told() {
    let Some(it) = Idle::new("shared") else { return };
    let other = format!("{}-other", it.case.name);
    another(&it, &other);
    it.deliver("flux").arg("--no-wait").succeeds();
    let deliver_to_other = |url: &str| {
        Tapmc::new(["deliver", "flux", "app.tap", "--run", &other, "--git-url", url, "--yes", "--no-wait"])
            .args(["--context", BUILD_TWO, "-n", &it.namespace])
            .succeeds()
            .stderr
    };
    let told = format!("app.tap-gitops-repo changes for '{}' too, which read it as well", it.case.name);
    let same = deliver_to_other(URL);
    assert!(!same.contains("too, which read it"), "{same}");
    let elsewhere = deliver_to_other("https://127.0.0.1:1/team/elsewhere");
    assert!(elsewhere.contains(&told), "{elsewhere}");
}

#[test]
fn several_run_namespaces_are_chosen_from() {
    let Some(it) = Idle::new("spaces") else { return };
    it.register(&["--run-namespace", "default"]);
    it.deliver("flux").arg("--no-wait").fails(2, &["has the run namespaces", "'default'", "--run-namespace"]);
    it.deliver("flux").args(["--no-wait", "--run-namespace", "default"]).succeeds();
    assert_eq!(it.object(KUSTOMIZATIONS, &it.name("-packages"))["spec"]["targetNamespace"], "default");
}

#[test]
fn four_requests_for_each_run_cluster_at_the_most() {
    let Some(it) = Idle::new("few") else { return };
    let (build_facts, run_facts) = (started(BUILD_TWO).unwrap(), started(RUN).unwrap());
    let build = Proxy::before(build_facts);
    let file = KubeconfigFile::new().context(BUILD_TWO, &build.cluster(), &token(build_facts), "").context(
        RUN,
        &Proxy::before(run_facts).cluster(),
        &token(run_facts),
        "",
    );
    // What one run cluster takes, and what each further one adds.
    let requests = |reader: &str| {
        let before = build.requests().len();
        deliver_to_all(&it, reader).kubeconfig(&file.path).succeeds();
        build.requests().len() - before
    };
    let undo = || {
        it.undeliver(&["--all", "--leave-behind"]).succeeds();
        assert_eq!((it.names(KUSTOMIZATIONS), it.names(GIT_REPOSITORIES)), (vec![], vec![]));
    };
    for reader in ["flux", "carvel-app"] {
        let with_one = requests(reader);
        undo();
        for index in 0..3 {
            if reader == "flux" {
                another(&it, &format!("{}-{index}", it.case.name));
            }
        }
        let more = requests(reader);
        undo();
        if reader == "flux" {
            // One more goes to the run cluster itself, which proves the credential.
            assert!(more - with_one <= 3 * 3, "{with_one} requests for one, {more} for four");
        } else {
            assert!(more <= with_one, "{with_one} requests for four, {more} for the same four");
        }
        assert!(with_one <= 25, "{reader}: {with_one} requests for one");
    }
}

#[test]
fn a_pattern_delivers_to_those_to_which_a_matching_context_leads() {
    crate::register_run_cluster::fleet::chooses_by_pattern(
        "to",
        &["deliver", "carvel-app", "app.tap", "--all", "--git-url", URL, "--export"],
    );
}

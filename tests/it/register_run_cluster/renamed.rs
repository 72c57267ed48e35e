//! A context that was renamed, or leads to the same cluster by another address.

use super::case::Case;
use crate::support::{
    BUILD, KubeconfigFile, Kubectl, Tapmc,
    kubeconfig::{inline, started, token},
    unique,
};

/// A registration in a namespace of its own on the build cluster, so that no other one of the same
/// run cluster is there.
struct Alone {
    case: Case,
    namespace: String,
}

impl Alone {
    fn new(stem: &str) -> Self {
        let alone = Self { case: Case::new(stem), namespace: unique("alone") };
        Kubectl::on(BUILD).namespace(&alone.namespace);
        alone
    }

    fn register(&self) -> Tapmc {
        self.case.register().args(["-n", &self.namespace])
    }

    /// Through a context of another name, and without a name of the registration.
    fn nameless(&self, file: &KubeconfigFile, context: &str) -> Tapmc {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", context])
            .args(["-n", &self.namespace, "--allow-loopback-server", "--yes"])
            .kubeconfig(&file.path)
    }

    fn secrets(&self) -> Vec<String> {
        let names = Kubectl::on(BUILD).run(&["get", "secrets", "-n", &self.namespace, "-o", "name"]);
        names.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_renamed_context_leads_to_the_registration_that_is_there() {
    let alone = Alone::new("known");
    let (Some(build), Some(run)) = (started(BUILD), started(&alone.case.run)) else { return };
    alone.register().succeeds();
    let before = alone.case.versions();
    let file = KubeconfigFile::new().plain(BUILD, build).plain("new-name", run);
    let output = alone.nameless(&file, "new-name").succeeds();
    let notice = format!("as '{}', so that one is meant; --name new-name makes one more", alone.case.name);
    assert!(output.stderr.contains(&notice), "{}", output.stderr);
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
    assert_eq!(alone.case.versions(), before);
    assert_eq!(alone.secrets(), [format!("secret/{}-kubeconfig", alone.case.name)]);
}

#[test]
fn another_address_of_the_context_is_all_that_changes() {
    let alone = Alone::new("newaddress");
    let (Some(build), Some(run)) = (started(BUILD), started(&alone.case.run)) else { return };
    alone.register().succeeds();
    let localhost = run.server.replace("127.0.0.1", "localhost");
    let file = KubeconfigFile::new().plain(BUILD, build).context("moved", &inline(&localhost, run), &token(run), "");
    let output = alone.nameless(&file, "moved").succeeds();
    let changed: Vec<&str> = output.stdout.lines().filter(|line| !line.ends_with(" unchanged")).collect();
    assert_eq!(changed, [format!("secret/{}-kubeconfig serverside-applied", alone.case.name)]);
    assert!(output.stderr.contains("the stored one stays"), "{}", output.stderr);
}

#[test]
fn which_of_several_is_meant_must_be_said() {
    let alone = Alone::new("first");
    let (Some(build), Some(run)) = (started(BUILD), started(&alone.case.run)) else { return };
    alone.register().succeeds();
    let second = Case { name: unique("second"), apps: alone.case.apps.clone(), run: alone.case.run.clone() };
    second.register().args(["-n", &alone.namespace]).succeeds();
    let file = KubeconfigFile::new().plain(BUILD, build).plain("new-name", run);
    let before = alone.secrets();
    alone.nameless(&file, "new-name").fails(
        2,
        &[
            &format!(
                "as '{}' and '{}', and the context suggests another name, 'new-name'",
                alone.case.name, second.name
            ),
            "hint: say which one is meant with --name, or --name new-name for one more",
        ],
    );
    assert_eq!(alone.secrets(), before);
    let more = unique("more");
    alone.nameless(&file, "new-name").args(["--name", &more, "--run-namespace", &alone.case.apps]).succeeds();
    assert_eq!(alone.secrets().len(), 3);
}

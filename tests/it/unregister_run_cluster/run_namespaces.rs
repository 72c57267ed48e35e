//! Run namespaces stay, unless this plugin made them and their end is asked for.

use super::case::{left, unregister};
use crate::{register_run_cluster::case::Case, support::unique};

#[test]
fn a_created_run_namespace_goes_when_it_is_asked_for() {
    let case = Case::new("made");
    let made = unique("made-apps");
    case.register().args(["--run-namespace", &made, "--create-namespace"]).succeeds();
    let annotation = |namespace: &str| {
        let object = case.run().get(&["namespace", namespace]).unwrap();
        object["metadata"]["annotations"]["kubectl-tapmc/created-for"].as_str().map(str::to_owned)
    };
    assert_eq!((annotation(&made), annotation(&case.apps)), (Some(case.name.clone()), None));
    case.run().run(&["create", "configmap", "one", "-n", &made]);
    case.run().run(&["create", "deployment", "web", "--image=none", "-n", &made]);

    // While another registration records it, it stays, and so does everything else.
    let other = Case { name: format!("{}-two", case.name), apps: made.clone(), run: case.run.clone() };
    other.register().succeeds();
    let delete = || unregister(&case).args(["--delete-run-namespaces"]);
    delete().fails(4, &[&format!("the run namespace '{made}' is also one of the registration '{}'", other.name)]);
    assert_eq!(left(&case).len(), 8);
    unregister(&other).succeeds();
    assert!(case.run().get(&["namespace", &made]).is_some());

    let output = delete().succeeds();
    let why = "(--delete-run-namespaces; in it: 1 Deployment";
    assert!(output.stderr.contains(why) && output.stderr.contains("1 ConfigMap"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("stays: namespace/{}: this plugin did not make it", case.apps)));
    assert!(output.stdout.contains(&format!("namespace/{made} deleted\n")), "{}", output.stdout);
    assert!(case.run().get(&["namespace", &made]).is_none());
    assert!(case.run().get(&["namespace", &case.apps]).is_some());
    assert_eq!(left(&case), Vec::<String>::new());
}

#[test]
fn without_the_flag_it_stays_and_is_told() {
    let case = Case::new("stays");
    let made = unique("made-apps");
    case.ask().args(["--yes", "--run-namespace", &made, "--create-namespace"]).succeeds();
    let output = unregister(&case).succeeds();
    let stays = format!("stays: namespace/{made}: a run namespace; --delete-run-namespaces deletes it");
    assert!(output.stderr.contains(&stays), "{}", output.stderr);
    assert!(case.run().get(&["namespace", &made]).is_some());
}

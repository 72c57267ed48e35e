//! A Secret that was moved or copied by hand, and the command that is offered for it.

use serde_json::{Value, json};

use super::case::{One, Set, words};
use crate::support::{BUILD_TWO, Kubectl, RUN, Tapmc, kubeconfig::started};

/// Copies the Secret of a registration under another name, as an editor and `kubectl apply` would.
fn copy(one: &One<'_>, name: &str) {
    let mut secret = one.object();
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        secret["metadata"].as_object_mut().unwrap().remove(field);
    }
    secret["metadata"]["name"] = json!(name);
    Kubectl::on(BUILD_TWO).apply(&secret.to_string());
}

#[test]
fn a_moved_secret_is_seen_and_the_offered_command_takes_it_over() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let one = set.register("moved");
    let (kubeconfig, elsewhere) = (one.object()["data"]["value"].clone(), format!("{}-elsewhere", one.name));
    let item = || -> Value {
        let report = set.report();
        let items = report["items"].as_array().unwrap();
        items.iter().find(|item| item["secret"] == elsewhere.as_str()).unwrap().clone()
    };
    let offered = || {
        let command = item()["findings"][0]["command"].as_str().unwrap().to_owned();
        let arguments: Vec<String> =
            command.strip_prefix("kubectl tapmc ").unwrap().split(' ').map(str::to_owned).collect();
        Tapmc::new(arguments).args(["--yes", "--allow-loopback-server"]).kubeconfig(&set.file.path)
    };

    // A copy: nobody knows which of the two readers use.
    copy(&one, &elsewhere);
    assert_eq!(words(&item())[0], "moved");
    offered().fails(4, &["delete the one that it was copied from, then run this again"]);
    assert_eq!(set.report()["items"].as_array().unwrap().len(), 2);

    // Moved: its token goes on.
    set.build(&["delete", "secret", &one.secret()]);
    assert_eq!(words(&item())[0], "moved");
    offered().succeeds();
    assert_eq!(item()["state"], "ready");
    let stored = Kubectl::on(BUILD_TWO).get(&["secret", &elsewhere, "-n", &set.namespace]).unwrap();
    assert_eq!(stored["data"]["value"], kubeconfig);
}

#[test]
fn registrations_of_one_run_cluster_name_each_other() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let (one, two) = (set.register("one"), set.register("two"));
    let report = set.report();
    for (this, other) in [(&one, &two), (&two, &one)] {
        let item = this.of(&report);
        assert_eq!(item["sameRunCluster"], json!([format!("{}/{}", set.namespace, other.name)]));
        assert_eq!(item["state"], "ready");
    }
}

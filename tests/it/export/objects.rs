//! The objects of readers' own that refer to an exported Secret: made, kept, changed, taken away.

use serde_json::{Value, json};

use super::Exported;
use crate::support::{BUILD, Kubectl, Tapmc, kubeconfig::started};

struct Owned {
    it: Exported,
    rules: tempfile::NamedTempFile,
}

impl Owned {
    fn new(stem: &str) -> Self {
        let rules = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&rules, "- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list]\n").expect("rules");
        Self { it: Exported::new(stem), rules }
    }

    fn apply(&self, reader: &str, kinds: &[&str]) -> Tapmc {
        let apply = self.it.apply(reader).arg("--rules").arg(self.rules.path());
        kinds.iter().fold(apply, |apply, kind| apply.args(["--kind", kind]))
    }

    fn object(&self, kind: &str) -> Option<Value> {
        Kubectl::on(BUILD).get(&[kind, &self.it.case.name, "-n", &self.it.namespace])
    }

    fn unregister(&self, reader: &str) {
        self.it.verb("unregister-run-cluster", reader).args(["--with-readers", "--yes"]).succeeds();
    }
}

/// Made, kept as it is by another run, and gone without a rest.
fn is_made_once_and_leaves_no_rest(reader: &str, kinds: &[&str]) {
    let Some(_) = started(BUILD) else { return };
    let owned = Owned::new("kinds");
    for kind in kinds {
        owned.apply(reader, &[kind]).succeeds();
        let made = owned.object(kind).unwrap_or_else(|| panic!("{kind} is there"));
        let registration = format!("{}-{reader}", owned.it.case.name);
        assert_eq!(made["metadata"]["labels"]["kubectl-tapmc/registration"], registration.as_str(), "{kind}");
        assert!(!made.to_string().contains("eyJhbGciOi"), "{kind} holds no token");
        // Again, without naming it: nothing changes.
        let again = owned.apply(reader, &[]).succeeds();
        assert!(again.stderr.contains("no changes"), "{kind}: {}", again.stderr);
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        assert_eq!(version(&owned.object(kind).expect("still there")), version(&made));
        owned.it.verb("verify", reader).succeeds();
        // What its controller deployed would go with it: not without being asked.
        owned
            .it
            .verb("unregister-run-cluster", reader)
            .arg("--yes")
            .fails(4, &["made for it by export", "--with-readers"]);
        owned.unregister(reader);
        assert_eq!(owned.object(kind), None, "{kind}");
        let secrets = format!("kubectl-tapmc/registration={registration}");
        let left = Kubectl::on(BUILD).run(&["get", "secrets", "-A", "-l", &secrets, "-o", "name"]);
        assert_eq!(left, "", "{kind}");
    }
}

#[test]
fn admiraltys() {
    is_made_once_and_leaves_no_rest(
        "admiralty",
        &["Target.multicluster.admiralty.io", "ClusterTarget.multicluster.admiralty.io"],
    );
}

#[test]
fn sveltos() {
    is_made_once_and_leaves_no_rest("sveltos", &["SveltosCluster.lib.projectsveltos.io"]);
}

#[test]
fn fleets() {
    is_made_once_and_leaves_no_rest("fleet", &["Cluster.fleet.cattle.io"]);
}

#[test]
fn karmadas() {
    is_made_once_and_leaves_no_rest("karmada", &["Cluster.cluster.karmada.io"]);
}

#[test]
fn cluster_profiles() {
    is_made_once_and_leaves_no_rest("cluster-profile", &["ClusterProfile.multicluster.x-k8s.io"]);
}

#[test]
fn provider_kubernetes() {
    is_made_once_and_leaves_no_rest(
        "crossplane",
        &[
            "ProviderConfig.kubernetes.m.crossplane.io",
            "ClusterProviderConfig.kubernetes.m.crossplane.io",
            "ProviderConfig.kubernetes.crossplane.io",
        ],
    );
}

#[test]
fn provider_helm() {
    is_made_once_and_leaves_no_rest(
        "crossplane",
        &[
            "ProviderConfig.helm.m.crossplane.io",
            "ClusterProviderConfig.helm.m.crossplane.io",
            "ProviderConfig.helm.crossplane.io",
        ],
    );
}

#[test]
fn several_kinds_and_another_choice() {
    let Some(_) = started(BUILD) else { return };
    let owned = Owned::new("choice");
    let [target, cluster_target] = ["Target.multicluster.admiralty.io", "ClusterTarget.multicluster.admiralty.io"];
    owned.apply("admiralty", &[target, cluster_target]).succeeds();
    assert!(owned.object(target).is_some() && owned.object(cluster_target).is_some());
    let reference = owned.object(cluster_target).expect("it")["spec"]["kubeconfigSecret"].clone();
    let secret = format!("{}-admiralty", owned.it.case.name);
    assert_eq!(reference, json!({"namespace": owned.it.namespace, "name": secret, "key": "config"}));
    // The choice is another one now: what is no longer wanted goes.
    owned.apply("admiralty", &[target]).succeeds();
    assert!(owned.object(target).is_some() && owned.object(cluster_target).is_none());
    owned.apply("admiralty", &[]).arg("--no-object").succeeds();
    assert!(owned.object(target).is_none());
    // One that somebody deleted is made again.
    owned.apply("admiralty", &[target]).succeeds();
    Kubectl::on(BUILD).run(&["delete", target, &owned.it.case.name, "-n", &owned.it.namespace]);
    owned.apply("admiralty", &[]).succeeds();
    assert!(owned.object(target).is_some());
    owned.unregister("admiralty");
}

#[test]
fn somebodys_object_is_left_alone() {
    let Some(_) = started(BUILD) else { return };
    let owned = Owned::new("theirs");
    let theirs = json!({
        "apiVersion": "multicluster.admiralty.io/v1alpha1", "kind": "Target",
        "metadata": {"name": owned.it.case.name, "namespace": owned.it.namespace},
        "spec": {"self": true},
    });
    Kubectl::on(BUILD).apply(&theirs.to_string());
    let before = owned.object("Target.multicluster.admiralty.io");
    owned.apply("admiralty", &[]).fails(4, &["is there already and is somebody else's", "--adopt", "--no-object"]);
    assert_eq!(owned.object("Target.multicluster.admiralty.io"), before);
    let namespace = format!("tapmc-{}-admiralty", owned.it.case.name);
    assert_eq!(owned.it.case.run().get(&["namespace", &namespace]), None, "nothing was made");
    owned.apply("admiralty", &[]).arg("--no-object").succeeds();
    // Its removal leaves somebody's alone as well.
    owned.unregister("admiralty");
    assert_eq!(owned.object("Target.multicluster.admiralty.io"), before);
}

//! Readers that refer to the former Secret by an object of their own: they are told, and nothing is taken from them.

use serde_json::{Value, json};

use super::case::{ByHand, create_on, report};
use crate::support::{BUILD, Kubectl, unique};

const TARGET: &str = "Target.multicluster.admiralty.io";

/// With a Secret that holds the kubeconfig under that key; none when the suite runs against existing clusters.
fn made(stem: &str, key: &str) -> Option<ByHand> {
    let it = ByHand::on(BUILD, stem, &unique("deployer"))?;
    it.bind("view");
    it.secret("handmade", &json!({}), &json!({key: it.kubeconfig()}));
    Some(it)
}

/// An object that says that, in the namespace where its kind has one; goes when the test ends.
struct Referring {
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl Referring {
    fn new(it: &ByHand, (api_version, kind): (&str, &str), is_namespaced: bool, says: &Value) -> Self {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": it.namespace}});
        if is_namespaced {
            object["metadata"]["namespace"] = json!(it.namespace);
        }
        object.as_object_mut().unwrap().extend(says.as_object().unwrap().clone());
        create_on(BUILD, &object);
        let kind = format!("{kind}.{}", api_version.split_once('/').unwrap().0);
        Self { kind, name: it.namespace.clone(), namespace: is_namespaced.then(|| it.namespace.clone()) }
    }
}

impl Drop for Referring {
    fn drop(&mut self) {
        let namespace = self.namespace.iter().flat_map(|namespace| ["-n", namespace.as_str()]);
        let delete: Vec<&str> = ["delete", &self.kind, &self.name].into_iter().chain(namespace).collect();
        Kubectl::on(BUILD).run(&delete);
    }
}

/// The readers of a report: kind, and what each uses.
fn readers(report: &Value) -> Vec<(&str, &str)> {
    let all = report["former"]["readers"].as_array().unwrap().iter();
    let mut all: Vec<_> = all.map(|one| (one["kind"].as_str().unwrap(), one["uses"].as_str().unwrap())).collect();
    all.sort_unstable();
    all
}

#[test]
fn each_kind_is_found_and_keeps_the_former_credential() {
    let Some(it) = made("impobj", "config") else { return };
    let reference = json!({"namespace": it.namespace, "name": "handmade", "key": "config"});
    let provider = json!({"spec": {"credentials": {"source": "Secret", "secretRef": reference}}});
    let local = json!({"spec": {"kubeconfigSecret": {"name": "handmade"}}});
    let karmada = json!({"spec": {"syncMode": "Push", "apiEndpoint": it.run.server,
        "impersonatorSecretRef": {"namespace": it.namespace, "name": "handmade"}}});
    let objects = [
        Referring::new(&it, ("multicluster.admiralty.io/v1alpha1", "Target"), true, &local),
        Referring::new(
            &it,
            ("multicluster.admiralty.io/v1alpha1", "ClusterTarget"),
            false,
            &json!({"spec": {"kubeconfigSecret": reference}}),
        ),
        Referring::new(
            &it,
            ("lib.projectsveltos.io/v1beta1", "SveltosCluster"),
            true,
            &json!({"spec": {"kubeconfigName": "handmade"}}),
        ),
        Referring::new(
            &it,
            ("fleet.cattle.io/v1alpha1", "Cluster"),
            true,
            &json!({"spec": {"kubeConfigSecret": "handmade"}}),
        ),
        Referring::new(&it, ("cluster.karmada.io/v1alpha1", "Cluster"), false, &karmada),
        Referring::new(&it, ("kubernetes.m.crossplane.io/v1alpha1", "ProviderConfig"), true, &provider),
        Referring::new(&it, ("kubernetes.m.crossplane.io/v1alpha1", "ClusterProviderConfig"), false, &provider),
        Referring::new(&it, ("kubernetes.crossplane.io/v1alpha1", "ProviderConfig"), false, &provider),
        Referring::new(&it, ("helm.m.crossplane.io/v1beta1", "ProviderConfig"), true, &provider),
        Referring::new(&it, ("helm.m.crossplane.io/v1beta1", "ClusterProviderConfig"), false, &provider),
        Referring::new(&it, ("helm.crossplane.io/v1beta1", "ProviderConfig"), false, &provider),
    ];
    let mut expected: Vec<String> = objects.iter().map(|one| one.kind.to_lowercase()).collect();
    expected.sort_unstable();
    let output = it.import("handmade").arg("--dry-run").run();
    let planned = report(&output);
    let found = readers(&planned);
    assert_eq!(found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|(_, uses)| *uses == "former-credential"), "{found:?}");
    let said =
        format!("clustertarget.multicluster.admiralty.io/{}: goes on with the former credential; ", it.namespace);
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    let command = format!("export {} --for fleet --apply -n {}", it.name("handmade"), it.namespace);
    assert!(output.stderr.contains(&command), "{}", output.stderr);

    it.import("handmade").arg("--remove-former").fails(4, &["cannot be removed", "would go on with it"]);
    assert!(it.former_works() && it.found("handmade").is_some());
    drop(objects);
    report(&it.import("handmade").arg("--remove-former").run());
    assert!(!it.former_works() && it.found("handmade").is_none());
}

#[test]
fn in_place_they_go_on_with_its_narrower_rights() {
    let Some(it) = made("impobjin", "value") else { return };
    let of = |key: &str| json!({"spec": {"kubeconfigSecret": {"name": "handmade", "key": key}}});
    let target = Referring::new(&it, ("multicluster.admiralty.io/v1alpha1", "Target"), true, &of("value"));
    let output = it.import("handmade").run();
    assert_eq!(readers(&report(&output)), [(TARGET.to_lowercase().as_str(), "registration")]);
    let said = format!("{}/{} may from then on do what is listed above", TARGET.to_lowercase(), target.name);
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    it.is_proper(&it.stored("handmade"));
}

#[test]
fn a_profile_names_it_in_its_status() {
    let Some(it) = made("impobjprofile", "config") else { return };
    let spec = json!({"spec": {"displayName": "c", "clusterManager": {"name": "m"}}});
    let profile = Referring::new(&it, ("multicluster.x-k8s.io/v1alpha1", "ClusterProfile"), true, &spec);
    let status = json!({"status": {"accessProviders": [{"name": "kubeconfig-secretreader", "cluster": {
        "server": it.run.server, "extensions": [{"name": "client.authentication.k8s.io/exec",
            "extension": {"name": "handmade", "key": "config"}}]}}]}});
    let patch = ["patch", &profile.kind, &profile.name, "-n", &it.namespace, "--subresource=status", "--type=merge"];
    Kubectl::on(BUILD).run(&[patch.as_slice(), &["-p", &status.to_string()]].concat());
    it.import("handmade").arg("--remove-former").fails(4, &["clusterprofile.multicluster.x-k8s.io/"]);
    assert!(it.former_works());
}

#[test]
fn who_may_not_list_them_removes_nothing_from_them() {
    let Some(it) = made("impobjhide", "config") else { return };
    let user = it.namespace.clone();
    let kubectl = Kubectl::on(BUILD);
    let role = format!("{user}-all-but");
    kubectl.run(&[
        "create",
        "clusterrole",
        &role,
        "--verb=*",
        "--resource=secrets,apps.kappctrl.k14s.io,packageinstalls.packaging.carvel.dev,kustomizations.kustomize.toolkit.fluxcd.io,helmreleases.helm.toolkit.fluxcd.io",
    ]);
    kubectl.run(&["create", "clusterrolebinding", &role, &format!("--clusterrole={role}"), &format!("--user={user}")]);
    let output = it.import("handmade").args(["--remove-former", "--as", &user]);
    output.fails(5, &["who uses it is not known, you may not list", "clustertargets.multicluster.admiralty.io"]);
    assert!(it.former_works());
}

//! The fixtures behave as the real controllers were measured to: where they run, these tests hold
//! for them; elsewhere for their stand-in.

mod workloads;

use serde_json::{Value, json};

use crate::support::{
    BUILD, BUILD_TWO, Kubectl, Tap,
    carvel::{self, CHAIN, PATIENCE, TAP, TEMPLATES, VERSION, condition, is_observed, package},
    eventually, eventually_within,
    kubeconfig::started,
};

/// What the edit of a chain adds to it.
const EDIT: &str = "edited-by-hand";

/// Edits the chain as an administrator would, live.
fn edit_chain(tap: &Tap) {
    tap.patch(&["clustersupplychain", &tap.chain], &json!({"spec": {"params": [{"name": EDIT, "value": "yes"}]}}));
}

fn is_edited(tap: &Tap) -> bool {
    tap.chain_object()["spec"]["params"][0]["name"] == EDIT
}

fn is_paused(object: &Value) -> bool {
    object["spec"]["paused"] == true
}

#[test]
fn a_tap_is_installed_with_the_marks_of_kapp() {
    let tap = Tap::installed("marks");
    let chain = tap.chain_object();
    let record = tap.get(&["configmap", &format!("{CHAIN}.app")]);
    let spec: Value = serde_json::from_str(record["data"]["spec"].as_str().unwrap()).unwrap();
    assert_eq!(record["metadata"]["labels"]["kapp.k14s.io/is-app"], "");
    assert_eq!(spec["usedGKs"], json!([{"Group": "carto.run", "Kind": "ClusterSupplyChain"}]));
    assert_eq!(chain["metadata"]["labels"]["kapp.k14s.io/app"], spec["labelValue"]);
    let associated = &tap.app(CHAIN)["status"]["deploy"]["kapp"]["associatedResources"];
    assert_eq!(associated["label"], format!("kapp.k14s.io/app={}", spec["labelValue"].as_str().unwrap()));
    assert_eq!(associated["groupKinds"], json!([{"group": "carto.run", "kind": "ClusterSupplyChain"}]));
    let annotations = &chain["metadata"]["annotations"];
    let identity = format!("v1;/carto.run/ClusterSupplyChain/{};carto.run/v1alpha1", tap.chain);
    assert_eq!(annotations["kapp.k14s.io/identity"], identity);
    let owner = &tap.app(CHAIN)["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["controller"]), (&json!("PackageInstall"), &json!(true)));
    assert_eq!(tap.install(CHAIN)["status"]["version"], VERSION);
}

#[test]
fn a_pause_shows_in_the_app_and_nowhere_else() {
    let tap = Tap::installed("pause");
    tap.set_paused(TAP, true);
    tap.await_paused(TAP);
    assert!(is_paused(&tap.app(TAP)));
    eventually("the PackageInstall has seen it", || is_observed(&tap.install(TAP)));
    for object in [tap.install(TAP), tap.app(TAP)] {
        assert_eq!(condition(&object, "ReconcileSucceeded")["status"], "True", "{object}");
    }
    assert_eq!(tap.install(TAP)["status"]["friendlyDescription"], "Reconcile succeeded");
    tap.set_paused(TAP, false);
    eventually_within(PATIENCE, "it is resumed", || {
        let app = tap.app(TAP);
        !is_paused(&app) && is_observed(&app) && app["status"]["friendlyDescription"] == "Reconcile succeeded"
    });
}

#[test]
fn a_child_paused_alone_is_resumed_by_its_parent_and_the_edit_is_lost() {
    let tap = Tap::installed("child");
    tap.set_paused(CHAIN, true);
    edit_chain(&tap);
    eventually_within(PATIENCE, "the parent takes the pause away", || !is_paused(&tap.install(CHAIN)));
    eventually_within(PATIENCE, "the edit is reverted", || !is_edited(&tap));
    eventually_within(PATIENCE, "the App is resumed", || !is_paused(&tap.app(CHAIN)));
}

#[test]
fn a_parent_and_its_child_stay_paused_and_so_does_the_edit() {
    let tap = Tap::installed("both");
    for name in [TAP, CHAIN] {
        tap.set_paused(name, true);
        tap.await_paused(name);
    }
    edit_chain(&tap);
    // The one that is not paused goes on, so time has passed.
    tap.await_sync(TEMPLATES);
    assert!(is_paused(&tap.install(TAP)) && is_paused(&tap.install(CHAIN)) && is_edited(&tap));
    // The parent alone is resumed: it resumes the child, and the edit is lost.
    tap.set_paused(TAP, false);
    eventually_within(PATIENCE, "the child is resumed", || !is_paused(&tap.install(CHAIN)));
    eventually_within(PATIENCE, "the edit is reverted", || !is_edited(&tap));
}

#[test]
fn annotations_stay_on_the_parent_only() {
    let tap = Tap::installed("notes");
    let note = json!({"metadata": {"annotations": {"kubectl-tapmc/note": "x"}, "labels": {"kubectl-tapmc": "x"}}});
    let has_note = |object: &Value| object["metadata"]["annotations"]["kubectl-tapmc/note"] == "x";
    tap.patch(&["packageinstall", TAP], &note);
    for object in [["packageinstall", CHAIN], ["clustersupplychain", &tap.chain]] {
        tap.patch(&object, &note);
        eventually_within(PATIENCE, "the notes go", || {
            let object = tap.get(&object);
            !has_note(&object) && object["metadata"]["labels"]["kubectl-tapmc"].is_null()
        });
    }
    assert!(has_note(&tap.install(TAP)));
}

#[test]
fn nothing_is_written_while_nothing_differs() {
    let tap = Tap::installed("idle");
    let versions = || {
        let chain = tap.chain_object()["metadata"]["resourceVersion"].clone();
        let of_template =
            |(kind, name): &(String, String)| tap.get(&[kind, name])["metadata"]["resourceVersion"].clone();
        (chain, tap.templates.iter().map(of_template).collect::<Vec<_>>())
    };
    let before = versions();
    tap.await_sync(CHAIN);
    tap.await_sync(TEMPLATES);
    assert_eq!(versions(), before);
}

#[test]
fn a_running_deploy_goes_on_to_its_end_when_it_is_paused() {
    // The end of the Job is made by hand: there is no kubelet. Elsewhere there is one.
    if started(BUILD).is_none() {
        return;
    }
    let tap = Tap::installed("running");
    // Else the parent takes the child's pause away, or waits for the child, whichever is first.
    tap.set_paused(TAP, true);
    tap.await_paused(TAP);
    let mut content = carvel::templates(&tap.chain);
    content.push(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "slow", "namespace": tap.namespace},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "slow", "image": "example.com/slow"}],
        }}},
    }));
    tap.apply(&[package(&tap.namespace, &carvel::reference(TEMPLATES), VERSION, &content)]);
    let is_running = |app: &Value| condition(app, "Reconciling")["status"] == "True";
    let pods = || tap.get(&["pods", "-l", "batch.kubernetes.io/job-name=slow"])["items"][0].clone();
    eventually("the Job is there", || pods().is_object());
    tap.set_paused(TEMPLATES, true);
    eventually("the App is told", || is_paused(&tap.app(TEMPLATES)));
    // Nobody else is held up, so time passes.
    tap.await_sync(CHAIN);
    let app = tap.app(TEMPLATES);
    assert!(is_running(&app) && !is_observed(&app), "{app}");
    assert_eq!(condition(&tap.install(TEMPLATES), "Reconciling")["status"], "True");

    let pod = pods()["metadata"]["name"].as_str().unwrap().to_owned();
    tap.patch(&["pod", &pod, "--subresource=status"], &json!({"status": {"phase": "Succeeded"}}));
    tap.await_paused(TEMPLATES);
    assert_eq!(condition(&tap.app(TEMPLATES), "ReconcileSucceeded")["status"], "True");
}

#[test]
fn what_leaves_the_content_is_deleted_and_what_is_refused_is_said() {
    let tap = Tap::installed("content");
    let put =
        |content: &[Value]| tap.apply(&[package(&tap.namespace, &carvel::reference(TEMPLATES), VERSION, content)]);
    let config = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let mut content = carvel::templates(&tap.chain);
    content.push(config("extra"));
    put(&content);
    eventually_within(PATIENCE, "it comes", || tap.get(&["configmap", "extra"]).is_object());
    content.pop();
    content.push(config("Not_A_Name"));
    put(&content);
    eventually_within(PATIENCE, "it is refused", || {
        condition(&tap.install(TEMPLATES), "ReconcileFailed")["status"] == "True"
    });
    // The App says so between two attempts.
    eventually_within(PATIENCE, "it is said why", || {
        let status = tap.app(TEMPLATES)["status"].clone();
        let said = status["usefulErrorMessage"].as_str().unwrap_or_default();
        said.contains("Not_A_Name") && said.contains("is invalid: metadata.name")
    });
    content.pop();
    put(&content);
    eventually_within(PATIENCE, "it goes", || tap.get(&["configmap", "extra"]).is_null());

    // Without a Package there is nothing to install.
    let name = format!("{}.{VERSION}", carvel::reference(TEMPLATES));
    tap.kubectl().run(&["delete", "packages.data.packaging.carvel.dev", &name, "-n", &tap.namespace]);
    eventually_within(PATIENCE, "the Package is missed", || {
        let install = tap.install(TEMPLATES);
        let useful = install["status"]["usefulErrorMessage"].as_str().unwrap_or_default();
        useful.starts_with("Expected to find at least one version, but did not")
            && condition(&install, "ReconcileFailed")["status"] == "True"
    });
}

#[test]
fn what_is_paused_can_be_deleted() {
    let tap = Tap::installed("gone");
    tap.pause_all();
    tap.kubectl().run(&["delete", "packageinstall", TAP, "-n", &tap.namespace]);
    for name in [TAP, TEMPLATES, CHAIN] {
        assert!(tap.install(name).is_null() && tap.app(name).is_null(), "{name}");
    }
    assert!(tap.chain_object().is_null());
}

#[test]
fn a_repository_shows_its_pause_itself() {
    let tap = Tap::installed("repository");
    let repository = || tap.get(&["packagerepositories.packaging.carvel.dev", "repository"]);
    let describes = |wanted: &str| {
        let found = repository();
        is_observed(&found)
            && found["status"]["friendlyDescription"].as_str().is_some_and(|text| text.starts_with(wanted))
    };
    tap.apply(&[json!({
        "apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageRepository",
        "metadata": {"name": "repository", "namespace": tap.namespace},
        "spec": {"fetch": {"inline": {"paths": {"packages/.keep": ""}}}},
    })]);
    eventually_within(PATIENCE, "it is fetched", || describes("Reconcile "));
    tap.patch(&["packagerepository", "repository"], &json!({"spec": {"paused": true}}));
    eventually_within(PATIENCE, "it is paused", || describes("Canceled/paused"));
}

#[test]
fn where_no_controller_runs_a_pause_is_not_taken_up() {
    let Some(tap) = Tap::on(BUILD_TWO, "nobody") else { return };
    for name in [TAP, TEMPLATES, CHAIN] {
        for object in [tap.install(name), tap.app(name)] {
            assert!(is_observed(&object), "{object}");
            assert_eq!(object["status"]["friendlyDescription"], "Reconcile succeeded");
        }
    }
    assert_eq!(condition(&tap.chain_object(), "Ready")["status"], "True");
    assert!(tap.templates.iter().all(|(kind, name)| tap.get(&[kind, name]).is_object()));
    tap.set_paused(TAP, true);
    let install = tap.install(TAP);
    assert!(is_paused(&install) && !is_observed(&install) && !is_paused(&tap.app(TAP)));
}

#[test]
fn flux_has_its_own_kinds() {
    if started(BUILD).is_none() {
        return;
    }
    let resources = Kubectl::on(BUILD).run(&["api-resources", "-o", "name"]);
    for name in [
        "kustomizations.kustomize.toolkit.fluxcd.io",
        "gitrepositories.source.toolkit.fluxcd.io",
        "ocirepositories.source.toolkit.fluxcd.io",
        "helmreleases.helm.toolkit.fluxcd.io",
        "imagerepositories.source.apps.tanzu.vmware.com",
        "clustertasks.tekton.dev",
    ] {
        assert!(resources.lines().any(|line| line == name), "{name} is missing in:\n{resources}");
    }
}

//! What is changed, in which order, and what is told of it.

use serde_json::json;

use super::case::{Case, LABEL};
use crate::support::{RUN, Tap, Tapmc, eventually};

#[test]
fn a_folder_is_made_then_left_alone_then_changed() {
    let case = Case::new("folder");
    case.file("a-chain.yaml", &case.chain(&["-one"]));
    case.file("b-template.yml", &case.template("-one", "first"));
    case.file("c-workload.yaml", &case.workload("a: b"));
    case.file("notes.txt", "not: [yaml");
    let name = &case.name;
    let dry = case.apply().args(["--dry-run=server"]).succeeds();
    assert_eq!(
        dry.stdout,
        format!(
            "clustersupplychain.carto.run/{name} created (server dry run)\nclustertemplate.carto.run/{name}-one created (server dry run)\n\
             workload.carto.run/{name} created (server dry run)\n"
        )
    );
    assert!(case.chain_object().is_null() && case.backups().is_empty());

    let made = case.apply().args(["--yes", "--reason", "first try"]).succeeds();
    let backup = case.backup();
    assert_eq!(
        made.stdout,
        format!(
            "configmap/{backup} created\nclustertemplate.carto.run/{name}-one created\n\
             clustersupplychain.carto.run/{name} created\nworkload.carto.run/{name} created\n"
        )
    );
    assert!(
        made.stderr.contains(&format!("undo it: kubectl tapmc undo-supply-chain {backup} -n {name} --context build"))
    );
    eventually("the template is stamped", || case.stamped("-one").as_deref() == Some("first"));

    let again = case.apply().args(["--yes"]).succeeds();
    assert!(
        again.stdout.lines().count() == 3 && again.stdout.lines().all(|line| line.ends_with(" unchanged")),
        "{again:?}"
    );
    assert!(again.stderr.contains("no changes") && !again.stderr.contains("undo"), "{again:?}");
    assert_eq!(case.backup(), backup);

    case.file("b-template.yml", &case.template("-one", "second"));
    let changed = case.apply().args(["--yes", "-o", "json"]).succeeds();
    let report = changed.json();
    assert_eq!(
        (&report["kind"], &report["differences"][0]["object"]),
        (&json!("ApplyReport"), &json!(format!("clustertemplate.carto.run/{name}-one")))
    );
    assert_eq!(
        report["differences"][0]["fields"],
        json!([{"path": "spec.template.data.x", "before": "first", "after": "second"}])
    );
    assert_eq!(report["changes"][1]["result"], "replaced");
    assert!(report["backup"].as_str().unwrap().starts_with(&format!("{name}/tapmc-backup-")), "{report}");
    assert!(
        changed.stderr.contains("- spec.template.data.x: first")
            && changed.stderr.contains("+ spec.template.data.x: second")
    );
    eventually("the template is stamped anew", || case.stamped("-one").as_deref() == Some("second"));
}

#[test]
fn several_documents_a_list_and_json_on_standard_input() {
    let case = Case::new("stdin");
    let json = case.file(
        "x.json",
        &json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-a-list"}, "data": {"x": "1"}}]})
        .to_string(),
    );
    let text = format!("# a comment\n---\n---\n{}---\n{}---\n", case.template("-one", "x"), case.chain(&["-one"]));
    let file = case.file("in/all.yaml", &text);
    let output =
        Tapmc::new(["apply-supply-chain", "--context", case.cluster, "-n", &case.name, "--yes", "-f", "-", "-f"])
            .args([json])
            .stdin(&file)
            .succeeds();
    assert_eq!(output.stdout.lines().count(), 4, "{output:?}");
    assert!(case.kubectl().get(&["configmap", "of-a-list", "-n", &case.name]).is_some());
    assert_eq!(case.chain_object()["metadata"]["generation"], 1);
}

#[test]
fn what_another_manager_set_goes_and_is_named() {
    let case = Case::new("manager");
    let with = case.chain_named("", &format!("{LABEL}: {}\n    added: by-them", case.name), &[]);
    let file = case.file("theirs/chain.yaml", &with);
    case.kubectl().run(&["apply", "--server-side", "--field-manager=fleet", "-f", file.to_str().unwrap()]);
    case.file("chain.yaml", &case.chain(&[]));
    let output = case.apply().args(["--yes"]).succeeds();
    assert!(output.stderr.contains("- spec.selector.added: by-them"), "{output:?}");
    assert!(output.stderr.contains("field managers in conflict: 'fleet' set spec.selector.added"), "{output:?}");
    assert_eq!(case.chain_object()["spec"]["selector"], json!({LABEL: case.name}));
}

#[test]
fn a_paused_tap_keeps_its_labels_and_loses_what_a_step_stamped() {
    let tap = Tap::installed("apply-tap");
    tap.apply(&[crate::support::carvel::workload(&tap.namespace, "app", &tap.labels())]);
    let delivery = || tap.get(&["configmap", "app-delivery"]);
    eventually("everything is stamped", || !delivery().is_null());
    let before = tap.chain_object();
    let mut chain = json!({"apiVersion": before["apiVersion"], "kind": before["kind"], "metadata": {"name": tap.chain},
        "spec": before["spec"]});
    chain["spec"]["resources"].as_array_mut().unwrap().pop();
    let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::write(file.path(), chain.to_string()).unwrap();
    let apply = || {
        Tapmc::new(["apply-supply-chain", "--context", &tap.cluster, "-n", &tap.namespace, "--yes", "-f"])
            .args([file.path()])
    };
    let owner = format!(
        "clustersupplychain.carto.run/{} belongs to the PackageInstall '{}/ootb-supply-chain-basic', which is not paused",
        tap.chain, tap.namespace
    );
    let hint =
        format!("hint: kubectl tapmc pause-supply-chain ootb-supply-chain-basic -n {} --context build", tap.namespace);
    apply().fails(4, &[&owner, &hint, "nothing was changed"]);
    assert_eq!(tap.chain_object()["metadata"]["generation"], before["metadata"]["generation"]);

    tap.pause_all();
    let output = apply().succeeds();
    let warning = format!(
        "Cartographer will delete configmap/app-delivery -n {}, which the step 'delivery' stamped for the Workload '{}/app': the step goes",
        tap.namespace, tap.namespace
    );
    assert!(output.stderr.contains(&warning), "{output:?}");
    let after = tap.chain_object();
    for kept in ["labels", "annotations"] {
        assert_eq!(after["metadata"][kept], before["metadata"][kept]);
    }
    assert_eq!(after["spec"]["resources"].as_array().unwrap().len(), 2);
    eventually("what the step stamped is deleted", || delivery().is_null());

    // And back.
    Tapmc::new(["undo-supply-chain", "--context", &tap.cluster, "-n", &tap.namespace, "--last", "--yes"]).succeeds();
    assert_eq!(tap.chain_object()["spec"], before["spec"]);
    eventually("it is stamped again", || !delivery().is_null());
}

#[test]
fn cartographer_without_tap() {
    let Some(_) = crate::support::kubeconfig::started(RUN) else { return };
    let case = Case::on(RUN, "no-tap");
    case.file("all.yaml", &format!("{}---\n{}", case.chain(&["-one"]), case.template("-one", "x")));
    let output = case.apply().args(["--yes", "--no-wait"]).succeeds();
    assert_eq!(output.stdout.lines().count(), 3, "{output:?}");
}

#[test]
fn objects_of_a_namespace_that_the_files_make() {
    let case = Case::new("ns");
    let new = format!("{}-new", case.name);
    case.file(
        "all.yaml",
        &format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: r, namespace: {new}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a, namespace: {new}}}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {{name: {new}, labels: {{{LABEL}: {}}}}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r, namespace: {new}}}\nrules: []\n",
            case.name
        ),
    );
    let dry = case.apply().args(["--dry-run=server"]).succeeds();
    assert!(dry.stdout.contains("serviceaccount/a created (dry run)"), "{dry:?}");
    assert!(dry.stdout.contains(&format!("namespace/{new} created (server dry run)")), "{dry:?}");
    let output = case.apply().args(["--yes"]).succeeds();
    let lines: Vec<&str> = output.stdout.lines().skip(1).map(|line| line.split('/').next().unwrap()).collect();
    assert_eq!(
        lines,
        ["namespace", "serviceaccount", "role.rbac.authorization.k8s.io", "rolebinding.rbac.authorization.k8s.io"]
    );
    let undone = case.undo().args(["--last", "--yes"]).succeeds();
    assert!(undone.stderr.contains(&format!("the namespace '{new}' stays")), "{undone:?}");
    assert!(case.kubectl().get(&["serviceaccount", "a", "-n", &new]).is_none());
    case.kubectl().run(&["delete", "namespace", &new, "--wait=false"]);
}

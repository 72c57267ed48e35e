//! What would harm is refused, all of it at once, each with its flag.

use super::case::{Case, LABEL};
use crate::support::eventually;

#[test]
fn a_chain_that_selects_the_same() {
    let case = Case::new("same");
    case.file("one.yaml", &case.chain(&[]));
    case.apply().args(["--yes"]).succeeds();
    let twin = case.chain_named("-twin", &format!("{LABEL}: {}", case.name), &[]);
    case.file("one.yaml", &twin);
    let sentence = format!("'{0}-twin' would select the same as '{0}' ({LABEL}={0})", case.name);
    case.apply().args(["--yes"]).fails(4, &[&sentence, "nothing was changed", "--allow-selector-conflict"]);
    case.apply().args(["--dry-run"]).fails(4, &[&sentence]);
    assert!(case.get("clustersupplychains.carto.run", "-twin").is_null());
    let output = case.apply().args(["--yes", "--allow-selector-conflict"]).succeeds();
    assert!(output.stderr.contains(&format!("warning: {sentence}")), "{output:?}");
}

#[test]
fn a_workload_that_would_match_two_and_templates_that_are_missing() {
    let case = Case::new("tie");
    let name = &case.name;
    case.file("one.yaml", &format!("{}---\n{}", case.chain(&[]), case.workload(&format!("tie-of: {name}"))));
    case.apply().args(["--yes"]).succeeds();
    case.file("one.yaml", &case.chain_named("-other", &format!("tie-of: {name}"), &["-gone"]));
    let sentence =
        format!("the Workload '{name}/{name}' would match several chains equally well: {name}, {name}-other");
    let missing =
        format!("the chain '{name}-other' needs what is neither there nor in the files: ClusterTemplate/{name}-gone");
    let both = [
        "2 conflicts on the build cluster",
        &sentence,
        &missing,
        "--allow-selector-conflict",
        "--allow-missing-templates",
    ];
    case.apply().args(["--yes"]).fails(4, &both);
    case.apply().args(["--yes", "--allow-selector-conflict"]).fails(4, &[&missing]);
    assert!(case.get("clustersupplychains.carto.run", "-other").is_null());
    let output = case.apply().args(["--yes", "--allow-selector-conflict", "--allow-missing-templates"]).succeeds();
    assert!(output.stderr.contains(&format!("warning: {sentence}")), "{output:?}");
    eventually("Cartographer stops the Workload", || {
        let workload = case.kubectl().get(&["workloads.carto.run", name, "-n", name]).unwrap();
        workload["status"].to_string().contains("MultipleSupplyChainMatches")
    });
    // Taken back, it runs again.
    case.undo().args(["--last", "--yes"]).succeeds();
    eventually("the Workload has its chain", || {
        let workload = case.kubectl().get(&["workloads.carto.run", name, "-n", name]).unwrap();
        workload["status"]["supplyChainRef"]["name"] == name.as_str()
            && !workload["status"].to_string().contains("Multiple")
    });
}

#[test]
fn a_more_specific_chain_is_no_conflict() {
    let case = Case::new("specific");
    let name = &case.name;
    case.file("one.yaml", &format!("{}---\n{}", case.chain(&[]), case.workload(&format!("tie-of: {name}"))));
    case.apply().args(["--yes"]).succeeds();
    case.file("one.yaml", &case.chain_named("-other", &format!("{LABEL}: {name}\n    tie-of: {name}"), &[]));
    case.apply().args(["--yes"]).succeeds();
}

#[test]
fn an_object_that_is_going_and_a_role_that_cannot_change() {
    let case = Case::new("going");
    let name = &case.name;
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, finalizers: [tapmc.test/stay]}\ndata: {x: '1'}\n";
    let file = case.file("in/m.yaml", map);
    case.kubectl().run(&["create", "-n", name, "-f", file.to_str().unwrap()]);
    case.kubectl().run(&["delete", "configmap", "m", "-n", name, "--wait=false"]);
    let role = |role: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}\n"
        )
    };
    let file = case.file("in/b.yaml", &role("old"));
    case.kubectl().run(&["create", "-n", name, "-f", file.to_str().unwrap()]);
    case.file("all.yaml", &format!("{}---\n{}", map.replace("'1'", "'2'"), role("new")));
    case.apply().args(["--yes"]).fails(
        4,
        &[
            "2 conflicts",
            "configmap/m is being deleted",
            "rolebinding.rbac.authorization.k8s.io/b refers to the role 'old', and a roleRef cannot be changed",
        ],
    );
    case.kubectl().run(&[
        "patch",
        "configmap",
        "m",
        "-n",
        name,
        "--type=merge",
        "-p",
        r#"{"metadata":{"finalizers":null}}"#,
    ]);
}

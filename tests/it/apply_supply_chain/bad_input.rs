//! Files that cannot be applied: what is wrong, and where.

use super::case::Case;
use crate::support::{RUN_CAPPED, Tapmc, kubeconfig::started};

#[test]
fn mistakes_are_placed_and_nothing_is_sent() {
    let case = Case::new("bad");
    let name = &case.name;
    let chain = case.chain(&[]);
    for (text, pieces) in [
        ("a: [1\n".to_owned(), &["f.yaml line "][..]),
        (format!("{chain}---\n{chain}"), &["is there twice: in ", "document 1 (line 1) and in ", "document 2 (line "]),
        (
            "apiVersion: carto.run/v1alpha1\nkind: ClusterSuplyChain\nmetadata: {name: x}\n".to_owned(),
            &[
                "f.yaml document 1 (line 1)",
                "serves no kind 'ClusterSuplyChain' in carto.run/v1alpha1",
                "hint: did you mean ClusterSupplyChain?",
            ],
        ),
        (
            "apiVersion: carto.run/v1\nkind: Workload\nmetadata: {name: x}\n".to_owned(),
            &["does not serve carto.run/v1, which Workload 'x' of ", "hint: it serves carto.run/v1alpha1"],
        ),
        (
            "apiVersion: nobody.example/v1\nkind: Workload\nmetadata: {name: x}\n".to_owned(),
            &["the build cluster (context 'build') does not serve nobody.example, which "],
        ),
        (
            chain.replace("metadata:\n", &format!("metadata:\n  namespace: {name}\n")),
            &["stands outside of namespaces", "hint: take metadata.namespace out of it"],
        ),
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: canary}\n".to_owned(),
            &["the Secret 'x' is not for this command", "give it to kubectl apply"],
        ),
        (
            "#@ load(\"@ytt:data\", \"data\")\na: 1\n".to_owned(),
            &["line 1 holds ytt's annotations", "hint: render it with ytt first"],
        ),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n".to_owned(), &["has a generateName"]),
        ("---\n# nothing\n".to_owned(), &["there are no objects in what -f names"]),
    ] {
        case.file("f.yaml", &text);
        case.apply()
            .args(["--yes"])
            .fails(if text.contains("carto.run/v1\n") || text.contains("nobody") { 1 } else { 2 }, pieces);
    }
    assert!(case.chain_object().is_null() && case.backups().is_empty());
}

#[test]
fn files_that_cannot_be_read() {
    let case = Case::new("files");
    let apply = |file: &str| Tapmc::new(["apply-supply-chain", "--context", case.cluster, "-f", file]);
    apply("/nonexistent.yaml").fails(2, &["/nonexistent.yaml cannot be read: No such file"]);
    case.file("in/x.yaml", "a: 1");
    case.apply().fails(2, &["holds no *.yaml, *.yml or *.json file", "hint: -R looks into its folders"]);
    case.apply().args(["-R"]).fails(2, &["in/x.yaml document 1 (line 1): the object has no apiVersion"]);
    apply("-").args(["-f", "-"]).fails(2, &["can be read once only"]);
    Tapmc::new(["apply-supply-chain"]).fails(2, &["--filename"]);
    let file = case.file("binary.yaml", "");
    std::fs::write(&file, b"a: 1\nb: \xff\n").unwrap();
    apply(file.to_str().unwrap()).fails(2, &["binary.yaml line 2 is not UTF-8 text"]);
}

#[test]
fn a_cluster_without_cartographer() {
    let Some(_) = started(RUN_CAPPED) else { return };
    let case = Case::new("none");
    case.file("chain.yaml", &case.chain(&[]));
    Tapmc::new(["apply-supply-chain", "--context", RUN_CAPPED, "-f", &case.folder()]).fails(
        1,
        &[
            "(context 'run-capped') does not serve carto.run, which ClusterSupplyChain '",
            "hint: is Cartographer installed there?",
        ],
    );
}

#[test]
fn without_a_terminal_or_rights_nothing_is_done() {
    let case = Case::new("rights");
    case.file("all.yaml", &format!("{}---\n{}", case.chain(&["-one"]), case.template("-one", "x")));
    case.apply().fails(2, &["there is no terminal to ask on", "add --yes"]);
    case.apply().args(["--yes", "--as", "nobody"]).fails(5, &["forbidden"]);
    assert!(case.chain_object().is_null() && case.backups().is_empty());
}

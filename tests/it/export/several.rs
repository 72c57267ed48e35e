//! The credentials of one reader from several registrations at once.

use crate::{
    register_run_cluster::fleet::Fleet,
    support::{BUILD, Kubectl, Tapmc},
};

#[test]
fn of_all_registrations_of_a_namespace_and_again_only_what_is_left() {
    let Some(fleet) = Fleet::new("exp") else { return };
    let path = fleet.whole();
    fleet.register(&path).succeeds();
    let export = |which: &[&str]| {
        Tapmc::new(["export", "--for", "argocd", "-n", &fleet.namespace, "--registration-namespace", &fleet.namespace])
            .args(["--context", BUILD, "--yes"])
            .args(which)
            .kubeconfig(&fleet.file.path)
    };
    let names: Vec<&str> = fleet.members.iter().map(|(context, _)| context.as_str()).collect();
    export(&names).fails(2, &["several credentials can only be kept where their reader looks for them", "--apply"]);
    export(&[names[0], names[1], "--apply", "--name", "x"]).fails(2, &["--name is of one credential"]);
    let output = export(&[names[0], names[1], "--apply"]).succeeds();
    assert_eq!(output.stdout.matches(" exported ").count(), 2, "{}", output.stdout);
    let output = export(&["--all", "--apply"]).succeeds();
    assert_eq!(output.stdout.matches(" kept ").count(), 2, "{}", output.stdout);
    assert_eq!(output.stdout.matches(" exported ").count(), 1, "{}", output.stdout);
    let selector = "argocd.argoproj.io/secret-type=cluster";
    let secrets = Kubectl::on(BUILD).run(&["get", "secrets", "-n", &fleet.namespace, "-l", selector, "-o", "name"]);
    assert_eq!(secrets.lines().count(), 3, "{secrets}");
    let verify =
        Tapmc::new(["verify", "--all", "-n", &fleet.namespace, "--context", BUILD]).kubeconfig(&fleet.file.path);
    verify.args(["--parallel", "1"]).succeeds();
}

//! The credentials of one reader from several registrations at once.

use crate::{
    register_run_cluster::fleet::Fleet,
    support::{BUILD, Kubectl, Tapmc, unique},
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

#[test]
fn in_all_namespaces_and_by_a_pattern() {
    let (Some(one), Some(two)) = (Fleet::new("exp-one"), Fleet::new("exp-two")) else { return };
    let name = unique("exp-both");
    let entry = |fleet: &Fleet, index: usize| format!("{{context: {}, name: {name}}}", fleet.members[index].0);
    for (fleet, index) in [(&one, 0), (&two, 1)] {
        fleet.register(&fleet.write("", &[entry(fleet, index)])).succeeds();
    }
    let export = |reader: &str, args: &[&str]| {
        Tapmc::new(["export", &name, "-A", "--apply", "--for", reader, "--context", BUILD, "--yes"])
            .args(args)
            .kubeconfig(&one.file.path)
    };
    // Where the reader looks in one namespace, two of a name would take each other's Secret.
    let namespaces = format!("'{}'", two.namespace);
    export("argocd", &["-n", &one.namespace]).fails(2, &["has one Secret of that name", &namespaces, "--secret-name"]);
    let selector = "app.kubernetes.io/managed-by=kubectl-tapmc";
    let secrets = |namespace: &str| {
        let found = Kubectl::on(BUILD).run(&["get", "secrets", "-n", namespace, "-l", selector, "-o", "name"]);
        found.lines().count()
    };
    assert_eq!((secrets(&one.namespace), secrets(&two.namespace)), (1, 1));
    // The other one's run cluster is reached by another context.
    let output = export("flux", &["--run-context", &format!("{}-[02]", one.namespace)]).succeeds();
    assert!(output.stderr.contains(&format!("leads there: '{name}'\n")), "{}", output.stderr);
    assert_eq!((secrets(&one.namespace), secrets(&two.namespace)), (2, 1));
    export("flux", &[]).succeeds();
    assert_eq!((secrets(&one.namespace), secrets(&two.namespace)), (2, 2));
    let both = ["export", &name, "-A", "--for", "flux", "--context", BUILD];
    Tapmc::new(both).kubeconfig(&one.file.path).fails(2, &["--apply"]);
}

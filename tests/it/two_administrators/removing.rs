//! A removal in two halves, in either order.

use super::Pair;
use crate::{
    support::{BUILD, Kubectl, Tapmc, eventually},
    unregister_run_cluster::case::{labelled, left},
};

impl Pair {
    pub(super) fn remove_run_side(&self) -> Tapmc {
        self.tapmc(&self.run, "unregister-run-cluster").args([
            &self.case.name,
            "--run-side",
            "--run-context",
            "mine",
            "--yes",
        ])
    }

    pub(super) fn remove_build_side(&self) -> Tapmc {
        self.tapmc(&self.build, "unregister-run-cluster").args([
            &self.case.name,
            "--build-side",
            "--context",
            "yours",
            "--yes",
        ])
    }
}

#[test]
fn the_build_side_goes_and_then_the_run_side() {
    let Some(pair) = Pair::registered("halves") else { return };
    let (kubeconfig, before) = (pair.case.kubeconfig(), pair.case.versions());
    for how in ["client", "server"] {
        pair.remove_build_side().arg(format!("--dry-run={how}")).succeeds();
        pair.remove_run_side().arg(format!("--dry-run={how}")).succeeds();
    }
    assert_eq!(pair.case.versions(), before);

    let output = pair.remove_build_side().succeeds();
    assert_eq!(output.stdout, format!("secret/{}-kubeconfig deleted\n", pair.case.name));
    for piece in [
        "run cluster    left to its administrator".to_owned(),
        "is unregistered from the build cluster alone".to_owned(),
        "not dead: the stored token is still accepted (by https://".to_owned(),
        format!(
            "kubectl tapmc unregister-run-cluster {} --run-side --run-context CONTEXT -n default\n",
            pair.case.name
        ),
    ] {
        assert!(output.stderr.contains(&piece), "{piece}: {}", output.stderr);
    }
    assert_eq!(labelled(BUILD, &pair.case.name), Vec::<String>::new());

    let output = pair.remove_run_side().succeeds();
    for piece in [
        format!("{} (out of sight), Secret default/{}-kubeconfig", super::uid(BUILD), pair.case.name),
        "is unregistered from the run cluster alone".to_owned(),
        "proven: the marker 'delivery-1-".to_owned(),
        "proven: the ServiceAccount 'delivery' is gone".to_owned(),
        format!("kubectl tapmc unregister-run-cluster {} --build-side --context CONTEXT -n default\n", pair.case.name),
    ] {
        assert!(output.stderr.contains(&piece), "{piece}: {}", output.stderr);
    }
    assert_eq!(left(&pair.case), Vec::<String>::new());
    pair.case.await_token_refused(&kubeconfig);
}

#[test]
fn the_run_side_goes_and_then_the_build_side() {
    let Some(pair) = Pair::registered("other-half") else { return };
    let kubeconfig = pair.case.kubeconfig();
    let report = pair.remove_run_side().args(["-o", "json"]).succeeds().json();
    assert_eq!((&report["items"][0]["side"], &report["buildCluster"]), (&"run".into(), &serde_json::json!({})));
    assert_eq!(labelled(&pair.case.run, &pair.case.name), Vec::<String>::new());
    pair.case.await_token_refused(&kubeconfig);

    let output = pair.remove_build_side().succeeds();
    assert!(output.stderr.contains("proven: the stored token is refused (401 from https://"), "{}", output.stderr);
    assert_eq!(left(&pair.case), Vec::<String>::new());
    pair.remove_run_side().fails(2, &["there is no registration '", "on the run cluster"]);
    pair.remove_build_side().fails(2, &["there is no registration '"]);
}

#[test]
fn what_reads_the_secret_holds_up_its_removal() {
    let Some(pair) = Pair::registered("read") else { return };
    let name = &pair.case.name;
    Kubectl::on(BUILD).apply(&format!(
        "{{apiVersion: kappctrl.k14s.io/v1alpha1, kind: App, metadata: {{name: {name}, namespace: default}}, spec: \
         {{paused: true, cluster: {{namespace: {}, kubeconfigSecretRef: {{name: {name}-kubeconfig}}}}, fetch: [{{inline: \
         {{paths: {{a.yml: ''}}}}}}], template: [{{ytt: {{}}}}], deploy: [{{kapp: {{}}}}]}}}}",
        pair.case.apps
    ));
    pair.remove_build_side().fails(4, &["is still read by", "--with-readers"]);
    assert!(pair.case.secret().is_some());
    pair.remove_build_side().args(["--ignore-readers"]).succeeds();
    assert!(pair.case.secret().is_none());
    Kubectl::on(BUILD).run(&["delete", "app.kappctrl.k14s.io", name, "--wait=false"]);
    // The run side cannot see any reader, and says so.
    let output = pair.remove_run_side().succeeds();
    assert!(output.stderr.contains("cannot be seen from here"), "{}", output.stderr);
    assert_eq!(labelled(&pair.case.run, name), Vec::<String>::new());
}

#[test]
fn a_voucher_on_its_way_ends_with_the_run_side() {
    let Some(pair) = Pair::new("unredeemed") else { return };
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    pair.remove_run_side().succeeds();
    assert_eq!(left(&pair.case), Vec::<String>::new());
    eventually("the run cluster refuses it", || pair.build_side(&voucher).run().code == 5);
    pair.build_side(&voucher).fails(5, &["the run cluster refuses the voucher"]);
    assert!(pair.case.secret().is_none());
}

#[test]
fn sides_that_contradict_each_other_are_refused() {
    let Some(pair) = Pair::new("contradicting") else { return };
    pair.remove_run_side().args(["--build-side"]).fails(2, &["cannot be used with"]);
    pair.remove_run_side().args(["--with-readers"]).fails(2, &["cannot be used with"]);
    pair.remove_build_side().args(["--run-context", "mine"]).fails(2, &["cannot be used with"]);
    pair.tapmc(&pair.run, "unregister-run-cluster").args(["x", "--run-side", "--yes"]).fails(2, &["--run-context"]);
    // What another build cluster registered is left alone.
    pair.run_side().arg("-o").arg(pair.file("v")).succeeds();
    pair.remove_run_side()
        .args(["--build-cluster-uid", "another"])
        .fails(4, &["belongs to the Secret default/", &super::uid(BUILD)]);
    pair.remove_run_side().args(["--build-cluster-uid", &super::uid(BUILD), "-n", "default"]).succeeds();
    assert_eq!(left(&pair.case), Vec::<String>::new());
}

//! A registration in two halves.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use super::{Pair, age_key, holds_token, uid};
use crate::support::{BUILD, BUILD_TWO, Kubectl, kubeconfig::started};

#[test]
fn each_does_one_side_and_the_credential_works() {
    let Some(pair) = Pair::new("pair") else { return };
    let voucher = pair.file("run-a.voucher");
    let output = pair.run_side().arg("-o").arg(&voucher).succeeds();
    assert!(output.stderr.contains("warning: the voucher is not encrypted"), "{}", output.stderr);
    assert!(output.stderr.contains("can be redeemed once, until "), "{}", output.stderr);
    let next = format!("kubectl tapmc register-run-cluster --build-side {}", voucher.display());
    assert!(output.stderr.contains(&next), "{}", output.stderr);
    assert!(pair.case.secret().is_none());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&voucher).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let output = pair.build_side(&voucher).succeeds();
    assert!(output.stderr.contains("was tried and works"), "{}", output.stderr);
    assert!(output.stdout.contains(&format!("secret/{}-kubeconfig serverside-applied", pair.case.name)));
    pair.works();
    assert_eq!(pair.case.markers(), [pair.case.annotation("marker")]);
    let recorded = pair.case.secret().unwrap()["metadata"]["annotations"].clone();
    assert_eq!(recorded["kubectl-tapmc/build-cluster-uid"], uid(BUILD));
    assert_eq!(recorded["kubectl-tapmc/generation"], "1");
    let kubeconfig = pair.case.kubeconfig();

    // It is the same registration as one of a single administrator, whole and in order.
    let output = pair.case.again().succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" unchanged")), "{}", output.stdout);
    assert_eq!(pair.case.kubeconfig(), kubeconfig);
}

#[test]
fn a_voucher_is_redeemed_once_and_doing_it_again_changes_nothing() {
    let Some(pair) = Pair::new("once") else { return };
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    assert!(holds_token(pair.folder.path()), "what is not encrypted is seen");
    pair.build_side(&voucher).succeeds();
    let versions = pair.case.versions();
    let output = pair.build_side(&voucher).succeeds();
    assert!(output.stdout.ends_with(" unchanged\n"), "{}", output.stdout);
    assert_eq!(pair.case.versions(), versions);

    // With the Secret gone it does not bring another token.
    Kubectl::on(BUILD).run(&["delete", "secret", &format!("{}-kubeconfig", pair.case.name)]);
    pair.build_side(&voucher).fails(5, &["the run cluster refuses the voucher", "it was redeemed already", "--evict"]);
    assert!(pair.case.secret().is_none());
}

#[test]
fn an_encrypted_voucher_is_never_on_disk_otherwise() {
    let Some(pair) = Pair::new("sealed") else { return };
    let voucher = pair.file("v.age");
    let (recipient, key) = age_key(pair.folder.path(), "key.txt");
    let (_, wrong) = age_key(pair.folder.path(), "wrong.txt");
    let output = pair.run_side().args(["--age-recipient", &recipient, "-o"]).arg(&voucher).succeeds();
    assert!(output.stderr.contains("it is encrypted for 1 age key"), "{}", output.stderr);
    assert!(!output.stderr.contains("is not encrypted"), "{}", output.stderr);
    assert!(fs::read_to_string(&voucher).unwrap().starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(!holds_token(pair.folder.path()));

    pair.build_side(&voucher).fails(2, &["is encrypted", "hint: name your key: --age-identity FILE"]);
    pair.build_side(&voucher).arg("--age-identity").arg(&wrong).fails(2, &["is encrypted for somebody else"]);
    assert!(pair.case.secret().is_none());
    pair.build_side(&voucher).arg("--age-identity").arg(&key).succeeds();
    assert!(!holds_token(pair.folder.path()));
    pair.works();
}

#[test]
fn a_voucher_can_go_through_a_pipe() {
    let Some(pair) = Pair::new("pipe") else { return };
    // The plugin's own stdout is searched for tokens: here it is the way of one, so not by Tapmc.
    let (child, _) = pair.run_side().args(["-o", "-"]).spawn();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("serviceaccount/delivery serverside-applied") && !said.contains("eyJ"), "{said}");
    assert!(output.stdout.starts_with(b"apiVersion: kubectl-tapmc/v1\nkind: RegistrationVoucher\n"));

    let mut child = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"))
        .args(["register-run-cluster", "--context", "yours", "--allow-loopback-server", "--yes", "--build-side", "-"])
        .env("KUBECONFIG", &pair.build.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&output.stdout).unwrap();
    assert!(child.wait().unwrap().success());
    pair.works();
}

#[test]
fn what_is_not_recorded_yet_must_be_typed() {
    let Some(pair) = Pair::new("typed") else { return };
    let voucher = pair.file("v");
    let run_side = |more: &[&str]| {
        pair.tapmc(&pair.run, "register-run-cluster")
            .args([
                "--run-side",
                "--run-context",
                "mine",
                "--yes",
                "--allow-loopback-server",
                "--name",
                &pair.case.name,
            ])
            .args(["--run-namespace", &pair.case.apps])
            .args(more)
            .arg("-o")
            .arg(&voucher)
    };
    run_side(&[]).fails(2, &["the namespace of the Secret on the build cluster is not known here", "-n NAMESPACE"]);
    run_side(&["-n", "default"])
        .fails(2, &["--build-cluster-uid", "kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'"]);
    run_side(&["-n", "default", "--build-cluster-uid", "a b"]).fails(2, &["--build-cluster-uid"]);
    assert!(!voucher.exists(), "a file that nothing was written to stays nowhere");
    assert!(pair.case.run().get(&["namespace", &pair.case.account_namespace()]).is_none());

    run_side(&["-n", "default", "--build-cluster-uid", &uid(BUILD)]).succeeds();
    fs::remove_file(&voucher).unwrap();
    // From here on the run cluster knows it.
    run_side(&[]).succeeds();
    pair.build_side(&voucher).succeeds();
    pair.works();
    assert_eq!(pair.case.annotation("generation"), "2");
}

#[test]
fn a_build_cluster_that_is_known_by_another_namespace_cannot_be_told() {
    let Some(pair) = Pair::new("beside") else { return };
    let voucher = pair.file("v");
    let of = Kubectl::on(BUILD).run(&["get", "namespace", "kube-public", "-o", "jsonpath={.metadata.uid}"]);
    pair.tapmc(&pair.run, "register-run-cluster")
        .args(["--run-side", "--run-context", "mine", "--yes", "--allow-loopback-server", "-n", "default"])
        .args(["--name", &pair.case.name, "--run-namespace", &pair.case.apps, "-o"])
        .arg(&voucher)
        .args(["--build-cluster-uid", &format!("kube-public:{of}")])
        .succeeds();
    let own = format!("have a voucher made for --build-cluster-uid {}", uid(BUILD));
    pair.build_side(&voucher).fails(4, &["whether this is it cannot be told by its namespaces", &own]);
}

#[test]
fn a_voucher_is_for_one_build_cluster() {
    let (Some(pair), Some(two)) = (Pair::new("foreign"), started(BUILD_TWO)) else { return };
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    let other = crate::support::KubeconfigFile::new().plain("yours", two);
    pair.build_side(&voucher)
        .kubeconfig(&other.path)
        .fails(4, &[&format!("was made for the build cluster {}, and this one is {}", uid(BUILD), uid(BUILD_TWO))]);
    assert!(Kubectl::on(BUILD_TWO).get(&["secret", &format!("{}-kubeconfig", pair.case.name)]).is_none());
    // Nor is it for who cannot tell: kube-system may not be read.
    let user = format!("team-{}", pair.case.name);
    let of_user = format!("--user={user}");
    Kubectl::on(BUILD).run(&["create", "rolebinding", &user, "-n", "default", "--clusterrole=admin", &of_user]);
    pair.build_side(&voucher)
        .args(["--build-as", &user])
        .fails(5, &["you may not read whether this is it", "have a voucher made for --build-cluster-uid default:"]);
    // Nothing of it is spent.
    pair.build_side(&voucher).succeeds();
    pair.works();

    // The run cluster knows whose the registration is, too.
    let args = ["--name", &pair.case.name, "--build-cluster-uid", &uid(BUILD_TWO), "-n", "default", "--yes"];
    pair.tapmc(&pair.run, "register-run-cluster")
        .args(["--run-side", "--run-context", "mine", "--allow-loopback-server"])
        .args(args)
        .arg("-o")
        .arg(pair.file("w"))
        .fails(4, &["belongs to the Secret default/", "of the build cluster"]);
    assert!(!pair.file("w").exists());
}

#[test]
fn a_dry_run_of_either_side_makes_nothing() {
    let Some(pair) = Pair::new("dry") else { return };
    let voucher = pair.file("v");
    let output = pair.run_side().args(["--dry-run=server", "-o"]).arg(&voucher).succeeds();
    assert!(output.stdout.contains("serviceaccount/voucher serverside-applied (dry run)"), "{}", output.stdout);
    assert!(output.stderr.contains("voucher: whoever has the file can fetch that token, once"), "{}", output.stderr);
    assert!(!voucher.exists());
    assert!(pair.case.run().get(&["namespace", &pair.case.account_namespace()]).is_none());
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    let output = pair.build_side(&voucher).args(["--dry-run=server", "-o", "json"]).succeeds();
    assert_eq!(output.json()["dryRun"], "server");
    assert!(pair.case.secret().is_none());
    pair.build_side(&voucher).succeeds();
}

//! The voucher's file: made for its owner alone, and refused where it is not what it should be.

use std::fs;

use super::{Pair, age_key};
use crate::support::{BUILD, Kubectl};

#[test]
fn a_file_is_never_written_over() {
    let Some(pair) = Pair::new("over") else { return };
    let voucher = pair.file("v");
    fs::write(&voucher, "mine").unwrap();
    pair.run_side().arg("-o").arg(&voucher).fails(2, &["cannot be written to", "never written over another file"]);
    assert_eq!(fs::read_to_string(&voucher).unwrap(), "mine");
    pair.run_side().arg("-o").arg(pair.file("missing/v")).fails(2, &["cannot be written to"]);
    pair.run_side().fails(2, &["no file is named for it", "-o FILE"]);
    assert!(pair.case.run().get(&["namespace", &pair.case.account_namespace()]).is_none());
    // The file can also be named by the flag itself, and then -o is the form of the result.
    let named = pair.file("named");
    let run_side = format!("--run-side={}", named.display());
    let output = pair
        .tapmc(&pair.run, "register-run-cluster")
        .args([&run_side, "-o", "json", "--run-context", "mine", "--yes", "--allow-loopback-server"])
        .args(["--name", &pair.case.name, "--run-namespace", &pair.case.apps, "-n", "default"])
        .args(["--build-cluster-uid", &super::uid(BUILD)])
        .succeeds();
    assert_eq!(output.json()["voucher"]["file"], named.display().to_string());
    assert!(named.exists());
}

#[test]
fn a_file_that_is_none_is_told_with_its_place() {
    let Some(pair) = Pair::new("damaged") else { return };
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    let good = fs::read_to_string(&voucher).unwrap();
    let damaged = pair.file("damaged");
    for (text, piece) in [
        (good[..good.len() / 3].to_owned(), "damaged"),
        (good.replace("kind: RegistrationVoucher", "kind: Secret"), "it is not a RegistrationVoucher"),
        (good.replace("generation:\n", "generation:\n  more: canary\n"), "line "),
        (good.replace(&pair.case.account_namespace(), "kube-system"), "its token is of another account"),
        (
            good.replace("server: https://", "proxy-url: http://u:p@x\n        server: https://"),
            "'kubeconfig' is not one",
        ),
        ("x".repeat(2 << 20), "is larger than any voucher"),
        ("\u{1b}[31mred".to_owned(), "damaged"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n".to_owned(), "is encrypted"),
    ] {
        fs::write(&damaged, text).unwrap();
        let output = pair.build_side(&damaged).fails(2, &[piece, "hint: "]);
        assert!(!output.stderr.contains('\u{1b}'), "{}", output.stderr);
    }
    pair.build_side(&pair.file("nowhere")).fails(2, &["cannot be read"]);
    assert!(pair.case.secret().is_none());
    pair.build_side(&voucher).succeeds();
}

#[test]
fn a_cut_off_encrypted_file_is_told() {
    let Some(pair) = Pair::new("cut") else { return };
    let voucher = pair.file("v.age");
    let (recipient, key) = age_key(pair.folder.path(), "key");
    let recipients = pair.file("recipients");
    fs::write(&recipients, format!("# them\n{recipient}\n")).unwrap();
    pair.run_side().arg("--age-recipients-file").arg(&recipients).arg("-o").arg(&voucher).succeeds();
    let whole = fs::read_to_string(&voucher).unwrap();
    fs::write(&voucher, &whole[..whole.len() / 2]).unwrap();
    pair.build_side(&voucher).arg("--age-identity").arg(&key).fails(2, &["cannot be decrypted", "sent whole"]);
    pair.run_side().args(["--age-recipient", "age1nope", "-o"]).arg(pair.file("w")).fails(2, &["no recipient of age"]);
}

#[test]
fn an_expired_voucher_is_refused_by_the_run_clusters_clock() {
    let Some(pair) = Pair::new("expired") else { return };
    let voucher = pair.file("v");
    pair.run_side().args(["--voucher-lifetime", "10m", "-o"]).arg(&voucher).succeeds();
    let text = fs::read_to_string(&voucher).unwrap();
    let until = text.lines().find(|line| line.starts_with("validUntil")).unwrap();
    fs::write(&voucher, text.replace(until, "validUntil: 2020-01-01T00:00:00Z")).unwrap();
    pair.build_side(&voucher).fails(
        2,
        &[
            "could be redeemed until 2020-01-01T00:00:00Z, and by the run cluster's clock it is 20",
            "--run-side -o FILE",
        ],
    );
    pair.run_side().args(["--voucher-lifetime", "5m", "-o"]).arg(pair.file("w")).fails(2, &["10m"]);
}

#[test]
fn what_contradicts_the_voucher_is_refused() {
    let Some(pair) = Pair::new("typedtoo") else { return };
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    pair.build_side(&voucher).args(["--name", "other"]).fails(2, &["is for the registration '"]);
    pair.build_side(&voucher).args(["-n", "other"]).fails(2, &["is for the namespace 'default'"]);
    pair.build_side(&voucher).args(["--profile", "packages"]).fails(2, &["cannot be used with"]);
    pair.build_side(&voucher)
        .args(["--run-context", "mine"])
        .fails(2, &["--build-side does not go to the run cluster"]);
    pair.run_side().args(["--build-context", "yours", "-o", "x"]).fails(2, &["--run-side does not go to the build"]);
    pair.run_side().args(["--service-account", "a/b", "-o", "x"]).fails(2, &["cannot be used with"]);
    pair.build_side(&voucher).args(["-o", "x.txt"]).fails(2, &["'x.txt' is no form of a result", "wide, json, yaml"]);
    // A Secret of somebody is theirs, here too.
    let secret = format!("{}-kubeconfig", pair.case.name);
    Kubectl::on(BUILD).run(&["create", "secret", "generic", &secret, "--from-literal=password=theirs"]);
    pair.build_side(&voucher).fails(4, &["was not made by this plugin (keys: password)"]);
    pair.build_side(&voucher).args(["--adopt"]).succeeds();
    pair.works();
}

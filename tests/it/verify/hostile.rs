//! Kubeconfigs that somebody wrote into the Secret: nothing of them is followed, printed or sent.

use std::{fs, io::ErrorKind, net::TcpListener, path::PathBuf, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::verify;
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl},
};

/// A program, a file and an address that must not be touched.
struct Canaries {
    _folder: tempfile::TempDir,
    program: PathBuf,
    ran: PathBuf,
    /// A named pipe: whoever opens it waits for ever.
    file: PathBuf,
    listener: TcpListener,
    address: String,
}

impl Canaries {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [program, ran, file] = ["program", "ran", "pipe"].map(|name| folder.path().join(name));
        fs::write(&program, format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(&program).status().unwrap().success());
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { _folder: folder, program, ran, file, listener, address }
    }

    #[track_caller]
    fn are_untouched(&self) {
        assert!(!self.ran.exists(), "a program of the Secret was run");
        let connected = self.listener.accept();
        assert!(
            connected.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "an address of the Secret was used"
        );
    }
}

/// Writes bytes into the kubeconfig Secret, as somebody who may.
fn write(case: &Case, content: &[u8]) {
    let patch = json!({"data": {"value": STANDARD.encode(content)}}).to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("patch");
    fs::write(&file, patch).unwrap();
    let secret = format!("{}-kubeconfig", case.name);
    let file = file.to_str().unwrap();
    Kubectl::on(BUILD).run(&["patch", "secret", &secret, "-n", "default", "--type=merge", "--patch-file", file]);
}

#[test]
fn what_somebody_wrote_into_the_secret_is_told_and_not_used() {
    let case = Case::new("hostile");
    case.register().succeeds();
    let (good, canaries) = (case.kubeconfig(), Canaries::new());
    let (program, file, address) = (canaries.program.display(), canaries.file.display(), &canaries.address);
    let token = good.lines().find(|line| line.trim_start().starts_with("token: ")).unwrap();
    let server = good.lines().find(|line| line.trim_start().starts_with("server: ")).unwrap();
    let beside = |line: &str, more: &str| good.replace(line, &format!("{line}\n    {more}")).into_bytes();
    let instead = |line: &str, other: &str| good.replace(line, &format!("    {other}")).into_bytes();
    let exec =
        format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: {program}, interactiveMode: Never}}");
    let laughs = (0..40).map(|n| format!("a{n}: &a{n} [canary, *a{}]\n", n - 1)).collect::<String>();
    for (content, told) in [
        (beside(token, &exec), "users[0].user.exec is not allowed: it would run a program"),
        (instead(token, &exec), "users[0].user.exec is not allowed"),
        (beside(token, "auth-provider: {name: canary}"), "users[0].user.auth-provider is not allowed"),
        (instead(token, &format!("tokenFile: {file}")), "users[0].user.tokenFile is not allowed: it names a file"),
        (beside(token, &format!("client-certificate: {file}")), "users[0].user.client-certificate is not allowed"),
        (
            beside(server, &format!("certificate-authority: {file}")),
            "clusters[0].cluster.certificate-authority is not allowed",
        ),
        (
            beside(server, "insecure-skip-tls-verify: true"),
            "clusters[0].cluster.insecure-skip-tls-verify is not allowed",
        ),
        (
            beside(server, &format!("proxy-url: http://{address}")),
            "it has a clusters[0].cluster.proxy-url, and no proxy is recorded",
        ),
        (
            instead(server, &format!("server: https://{address}")),
            "its clusters[0].cluster.server is not the address of its annotation",
        ),
        (beside(server, "server: https://canary"), "says a field twice"),
        (instead(token, "token: canary"), "its users[0].user.token is not the token of a ServiceAccount"),
        (instead(token, "token: \"ey\\e[2Jcanary\\u202e\""), "users[0].user.token is not a token"),
        (format!("{laughs}{good}").into_bytes(), "line 1 column"),
        (format!("{good}---\n{good}").into_bytes(), "holds several documents"),
        (format!("x: {}\n{good}", "[".repeat(700_000)).into_bytes(), "line 1 column"),
        ([good.as_bytes(), b"# \xff\xfe canary"].concat(), "is not text (UTF-8)"),
        (b"canary".to_vec(), "is of another kind than this field has"),
        (Vec::new(), "is empty"),
    ] {
        write(&case, &content);
        let output = verify(&case)
            .fails(7, &["differs from its record, and was not used: ", told, "hint: registering again replaces it"]);
        assert_eq!(output.stdout, format!("secret/{}-kubeconfig differs from its record\n", case.name), "{told}");
        assert!(!output.stderr.contains(address) && !output.stderr.contains(&file.to_string()), "{}", output.stderr);
        canaries.are_untouched();
    }
    let differences = verify(&case).args(["-o", "json"]).run().json()["items"][0]["differences"].clone();
    assert_eq!(differences, json!(["its kubeconfig (data key 'value') is empty"]));
}

#[test]
fn registering_again_replaces_what_somebody_wrote() {
    let case = Case::new("replaced");
    case.register().succeeds();
    let canaries = Canaries::new();
    let (program, address) = (canaries.program.display(), &canaries.address);
    for (hostile, why) in [
        (
            format!(
                "\n    exec: {{apiVersion: client.authentication.k8s.io/v1, command: {program}, interactiveMode: Never}}"
            ),
            "users[0].user.exec is not allowed",
        ),
        (format!("\n    tokenFile: {}", canaries.file.display()), "users[0].user.tokenFile is not allowed"),
        ("&canary\n".to_owned(), "the stored kubeconfig was changed: "),
    ] {
        let good = case.kubeconfig();
        let token = good.lines().find(|line| line.trim_start().starts_with("token: ")).unwrap();
        write(&case, good.replace(token, &format!("{token}{hostile}")).as_bytes());
        let output = case.again().succeeds();
        assert!(output.stderr.contains(why), "{}", output.stderr);
        canaries.are_untouched();
        verify(&case).succeeds();
    }
    // These can be read: the token stays if it is the recorded one, and what surrounds it is written anew.
    for hostile in [format!("proxy-url: http://{address}"), "tls-server-name: canary".to_owned()] {
        let good = case.kubeconfig();
        write(&case, good.replace("    server: ", &format!("    {hostile}\n    server: ")).as_bytes());
        case.again().succeeds();
        canaries.are_untouched();
        assert_eq!(case.kubeconfig(), good);
        verify(&case).succeeds();
    }
}

#[test]
fn a_secret_that_holds_more_or_less_than_its_record_says() {
    let case = Case::new("edited");
    case.register().succeeds();
    let secret = format!("{}-kubeconfig", case.name);
    let patch = |patch: &str| {
        Kubectl::on(BUILD).run(&["patch", "secret", &secret, "-n", "default", "--type=merge", "-p", patch])
    };
    patch(r#"{"stringData":{"canary-file":"x"}}"#.replace("canary-file", "value.yaml").as_str());
    verify(&case).fails(7, &["it holds the data key 'value.yaml' beside 'value', which this plugin did not write"]);
    patch(r#"{"data":{"value.yaml":null,"value":null}}"#);
    verify(&case).fails(7, &["its kubeconfig (data key 'value') is missing"]);
    patch(r#"{"metadata":{"annotations":{"kubectl-tapmc/marker":null,"kubectl-tapmc/service-account":null}}}"#);
    verify(&case).fails(
        7,
        &["its annotation kubectl-tapmc/service-account is missing; its annotation kubectl-tapmc/marker is missing"],
    );
}

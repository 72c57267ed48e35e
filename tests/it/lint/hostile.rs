//! Content that wants to be run, opened, repeated or to cost too much: none of it happens, in files and in Secrets.

use std::{fs, io::ErrorKind, net::TcpListener, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::case::{Written, exec, good, report, rules, rules_of, token, with_user};
use crate::support::{BUILD, Kubectl, Tapmc, unique};

#[test]
fn nothing_is_run_opened_or_asked() {
    let folder = tempfile::tempdir().unwrap();
    let [program, ran, pipe] = ["program", "ran", "pipe"].map(|name| folder.path().join(name));
    fs::write(&program, format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&program).status().unwrap().success());
    // Whoever opens it waits for ever.
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (program, pipe) = (program.display(), pipe.display());
    let user =
        format!("{{exec: {{command: {program}}}, tokenFile: {pipe}, client-certificate: {pipe}, client-key: {pipe}}}");
    let text =
        with_user(&user).replace("https://run-a.example.com", &format!("https://{}", listener.local_addr().unwrap()));
    let output = Written::new(text).lint().args(["-o", "json"]).run();
    let report = report(&output, 7);
    for rule in ["exec-program", "file-reference", "loopback-address"] {
        assert!(rules(&report).contains(&rule), "{report}");
    }
    assert!(!ran.exists(), "a program was run");
    assert!(listener.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "an address was used");
}

#[test]
fn what_would_cost_too_much_is_refused() {
    let laughs = (1..40).map(|n| format!("a{n}: &a{n} [canary, *a{}]\n", n - 1)).collect::<String>();
    for (content, told) in [
        (format!("a0: &a0 [canary]\n{laughs}{}", good()).into_bytes(), "it holds an anchor or an alias"),
        (format!("x: {}\n{}", "[".repeat(700_000), good()).into_bytes(), "it "),
        (format!("{}# {}", good(), "canary".repeat(2_000_000)).into_bytes(), "it is larger than 8 MiB"),
        (format!("{}token: canary\ntoken: canary\n", good()).into_bytes(), "it says a field twice"),
        ([good().as_bytes(), b"# \xff\xfe canary"].concat(), "it is not text (UTF-8)"),
        (format!("{}x: !!python/object:canary {{}}\n", good()).into_bytes(), "it holds a tag"),
        (b"canary".to_vec(), "this is neither a kubeconfig nor a Secret"),
        (Vec::new(), "this is neither a kubeconfig nor a Secret"),
    ] {
        let output = Written::new(content).lint().args(["-o", "json"]).run();
        let report = report(&output, 7);
        let message = report["findings"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(told), "{message}");
    }
}

#[test]
fn terminals_are_left_alone() {
    let text = "kind: Secret\nmetadata: {name: \"a\\e[2J\\u202e\", namespace: \"b\\r\\n\"}\nstringData: {\"x\\e[1m\": \"clusters users\"}\n";
    let output = Written::new(text).lint().run();
    assert_eq!(output.code, 7, "{}", output.stderr);
    for forbidden in ["\u{1b}[2J", "\u{1b}[1m\u{1b}", "\u{202e}", "\r"] {
        assert!(!output.stdout.contains(forbidden) && !output.stderr.contains(forbidden), "{}", output.stdout);
    }
}

#[test]
fn the_same_in_secrets_of_a_cluster() {
    let (namespace, build) = (unique("linthostile"), Kubectl::on(BUILD));
    build.namespace(&namespace);
    let bomb = format!("clusters: &a [users]\nb: [*a, *a]\n{}", good());
    let secret = |name: &str, content: &[u8]| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\ndata: {{value: {}}}\n",
            STANDARD.encode(content)
        )
    };
    let deep = format!("clusters: users\nx: {}", "[".repeat(60_000));
    build.apply(
        &[
            secret("aliases", bomb.as_bytes()),
            secret("binary", b"clusters users \xff\xfe"),
            secret("deep", deep.as_bytes()),
            secret("exec", exec().as_bytes()),
            secret("token", with_user(&format!("{{token: '{} {}'}}", token(60), token(60))).as_bytes()),
        ]
        .concat(),
    );
    let output = Tapmc::new(["lint", "--context", BUILD, "-n", &namespace, "-o", "json"]).run();
    let report = report(&output, 7);
    for (name, rule) in [
        ("aliases", "unreadable"),
        ("binary", "unreadable"),
        ("deep", "unreadable"),
        ("exec", "exec-program"),
        ("token", "bad-token"),
    ] {
        let found = rules_of(&report, &format!("{namespace}/{name}"));
        assert!(found.contains(&rule), "{name}: {found:?}");
    }
}

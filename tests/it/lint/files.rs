//! Files and standard input; no cluster is asked.

use super::case::{Written, exec, good, report, rules, token, with_user};
use crate::support::Tapmc;

#[test]
fn a_good_kubeconfig_is_good_for_every_reader_of_files() {
    let file = Written::new(good());
    let output = file.lint().succeeds();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "nothing found in 1 credential\n"));
    file.lint().args(["--for", "carvel,flux", "--for", "kubeconfig"]).succeeds();
}

#[test]
fn what_a_reader_leaves_out_is_told_with_place_and_remedy() {
    let file = Written::new(exec());
    let output = file.lint().args(["--for", "flux"]).fails(7, &["error: 1 error and 1 warning found"]);
    for piece in [
        "no-credential   10:9 users[0].user ",
        "exec-program    10:16 users[0].user.exec ",
        "flux leaves that out and says nothing",
        "kubectl tapmc register-run-cluster",
    ] {
        assert!(output.stdout.contains(piece), "'{piece}' is missing in:\n{}", output.stdout);
    }
    assert!(output.stdout.find("no-credential") < output.stdout.find("exec-program"), "the worst first");
    // What kubectl runs on this machine is no fault of the file's.
    file.lint().args(["--for", "kubeconfig"]).succeeds();
    let wide = file.lint().args(["-o", "wide"]).fails(7, &[]);
    assert!(wide.stdout.contains("carvel,flux,istio,cluster-profile"), "{}", wide.stdout);
}

#[test]
fn tokens_are_judged_by_when_they_end() {
    for (user, code, rule) in [
        (format!("{{token: {}}}", token(-60)), 7, "token-expired"),
        (format!("{{token: {}}}", token(1)), 7, "token-expire"),
        ("{token: canary}".to_owned(), 0, "opaque-token"),
    ] {
        let output = Written::new(with_user(&user)).lint().args(["--for", "carvel", "-o", "json"]).run();
        let report = report(&output, code);
        assert!(rules(&report)[0].starts_with(rule), "{report}");
    }
}

#[test]
fn standard_input_holds_what_another_command_prints() {
    let secrets = format!(
        "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  apiVersion: v1\n  metadata: {{name: one, namespace: ns}}\n  \
         stringData:\n    value: |\n{}\n- kind: Secret\n  apiVersion: v1\n  metadata: {{name: two}}\n  stringData:\n    \
         value.yaml: |\n{}\n",
        indented(&good()),
        indented(&good())
    );
    let file = Written::new(secrets);
    let output = Tapmc::bare(["lint", "-", "--for", "carvel", "-o", "json"]).stdin(&file.path).run();
    let report = report(&output, 7);
    assert_eq!(rules(&report), ["wrong-key"]);
    let found = &report["findings"][0];
    assert_eq!(found["place"]["file"], "standard input");
    assert_eq!((&found["place"]["secret"], &found["place"]["key"]), (&"two".into(), &"value.yaml".into()));
    assert_eq!(report["subjects"].as_array().unwrap().len(), 2);
    let twice = ["lint", "-", "-"];
    Tapmc::bare(twice).fails(2, &["standard input (-) can be read once only"]);
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}

#[test]
fn what_cannot_be_looked_at_is_told() {
    let file = Written::new("kind: Kustomization\n");
    for (args, code, piece) in [
        (&["lint", "./missing.yaml"][..], 2, "./missing.yaml cannot be read: "),
        (&["lint", file.dir.path().to_str().unwrap()], 2, "cannot be read: it is a folder"),
        (&["lint", "-", "--for", "fluks"], 2, "hint: did you mean 'flux'?"),
        (&["lint", "-", "--for", "x"], 2, "the readers are kubeconfig, carvel, kapp-controller"),
        (&["lint", "a", "-A"], 2, "cannot be used with"),
        (&["lint", "-", "-o", "name"], 2, "invalid value 'name'"),
        (&["lint", file.path.to_str().unwrap()], 7, "error: 1 error found"),
    ] {
        let output = Tapmc::bare(args).run();
        assert_eq!(output.code, code, "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(piece), "{args:?}: {}", output.stderr);
    }
}

//! Command lines that are accepted and refused, before any cluster is asked.

use crate::support::Tapmc;

#[test]
fn refused_with_the_reason() {
    for (args, piece) in [
        (&["register"][..], "unrecognized subcommand 'register'"),
        (&["register-run-cluster", "--duration", "5w"], "'5w' is not a duration: write 90s, 15m, 24h or 30d"),
        (&["register-run-cluster", "--profile", "everything"], "invalid value 'everything'"),
        (&["register-run-cluster", "--dry-run=maybe"], "invalid value 'maybe'"),
        (&["register-run-cluster", "--service-account", "a/b", "--profile", "packages"], "cannot be used with"),
        (&["register-run-cluster", "--service-account", "a/b", "--account-namespace", "c"], "cannot be used with"),
        (&["status", "-A", "-n", "x"], "cannot be used with"),
        (&["status", "-o", "xml"], "invalid value 'xml'"),
        (&["verify"], "required arguments were not provided"),
        (&["verify", "--all", "a"], "cannot be used with"),
        (&["verify", "a", "--source", "GitRepository/a", "--path", "x"], "--through-reader"),
        (&["apply-supply-chain"], "--filename <FILE>"),
        (&["undo-supply-chain", "x", "--last"], "cannot be used with"),
        (&["undo-supply-chain", "-A", "x"], "cannot be used with"),
        (&["completion", "tcsh"], "invalid value 'tcsh'"),
        (&[], "Usage: kubectl tapmc"),
    ] {
        let output = Tapmc::bare(args).run();
        assert_eq!(output.code, 2, "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(piece), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn help_speaks_of_kubectl_tapmc_and_lists_the_exit_codes() {
    for args in [
        &["--help"][..],
        &["register-run-cluster", "--help"],
        &["status", "-h"],
        &["unregister-run-cluster", "--help"],
        &["verify", "--help"],
        &["rotation-schedule", "--help"],
        &["apply-supply-chain", "--help"],
        &["undo-supply-chain", "--help"],
        &["deliver", "carvel-app", "--help"],
        &["deliver", "flux", "--help"],
        &["undeliver", "--help"],
        &["lint", "--help"],
        &["import", "--help"],
        &["version", "-h"],
        &["completion", "-h"],
    ] {
        let output = Tapmc::bare(args).run();
        assert_eq!(output.code, 0);
        assert!(output.stdout.contains("Usage: kubectl tapmc"), "{}", output.stdout);
    }
    let help = Tapmc::bare(["--help"]).run().stdout;
    assert!(help.contains("4 conflict with somebody's object"));
    // Each verb is told on one line, and explains itself at length in its own help.
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    assert!(verbs.clone().all(|line| line.starts_with("  ") && !line.starts_with("   ")), "{help}");
    assert!(verbs.count() > 15);
    for (verb, at_length) in [
        (&["register-run-cluster"][..], "Running the command again repairs"),
        (&["check"], "exit code 7"),
        (&["deliver"], "must be there and proven"),
        (&["deliver", "flux"], "The one applies PACKAGE/packages"),
        (&["scaffold", "package-install"], "PACKAGE/access/RUN-CLUSTER.yaml"),
        (&["undeliver"], "With --on-run-cluster: the context of the run cluster"),
    ] {
        let of = |flag: &str| Tapmc::bare(verb).arg(flag).run().stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(of("--help").contains(at_length), "{verb:?}: {}", of("--help"));
    }
    let short = Tapmc::bare(["deliver", "flux", "-h"]).run().stdout;
    assert!(!short.contains("The one applies"), "{short}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let (mut child, _) = Tapmc::bare(["completion", "bash"]).spawn();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

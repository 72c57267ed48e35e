//! Bad input: one clear sentence, a hint, the documented exit code, and nothing half made.

use std::fs;

use super::case::Case;
use crate::support::{
    BUILD, KubeconfigFile, Proxy, RUN, Tapmc,
    kubeconfig::{inline, inline_pem, started, token},
};

fn register(args: &[&str]) -> Tapmc {
    Tapmc::new(["register-run-cluster"]).args(args)
}

#[test]
fn contexts() {
    // The test bed has four contexts; two existing clusters are listed with 'and'.
    let listed = if started(BUILD).is_some() { "build, " } else { "build and " };
    register(&["--build-context", "biuld", "--run-context", RUN])
        .fails(2, &["there is no context 'biuld' in ", "hint: did you mean 'build'?"]);
    register(&["--build-context", BUILD, "--run-context", "zzz"])
        .fails(2, &["there is no context 'zzz'", &format!("hint: its contexts are {listed}")]);
    register(&["--build-context", BUILD, "--run-context", BUILD])
        .fails(2, &["'build' is named as the build context and as the run context"]);
    register(&["--build-context", BUILD])
        .fails(2, &["--run-context is missing, and there is no terminal", &format!("hint: name one of {listed}")]);
    register(&["--run-context", RUN]).fails(2, &["--build-context is missing"]);
}

#[test]
fn one_cluster_under_two_contexts() {
    let Some(build) = started(BUILD) else { return };
    let file = KubeconfigFile::new().plain(BUILD, build).plain("alias", build);
    let name = crate::support::unique("same");
    let same = || {
        register(&["--build-context", BUILD, "--run-context", "alias", "--allow-loopback-server", "--yes"])
            .args(["--name", &name])
            .kubeconfig(&file.path)
    };
    same().fails(2, &["lead to the same cluster", "--allow-same-cluster"]);
    same().arg("--allow-same-cluster").succeeds();
    // Recorded: a later run need not be allowed it again.
    same().succeeds();
}

#[test]
fn a_kubeconfig_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    fs::write(&file, "apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: {token: canary\nclusters: [\n")
        .unwrap();
    let output = register(&["--build-context", "a", "--run-context", "b"])
        .kubeconfig(&file)
        .fails(2, &["config line ", " column "]);
    assert!(!output.stderr.contains("canary"));
    fs::write(&file, "apiVersion: v1\nkind: Config\ncontexts: 7\n").unwrap();
    register(&["--build-context", "a", "--run-context", "b"]).kubeconfig(&file).fails(2, &["config line 3 column "]);
    fs::write(&file, "").unwrap();
    register(&["--build-context", "a", "--run-context", "b"])
        .kubeconfig(&file)
        .fails(2, &["there is no context 'a'", "it holds no contexts"]);
    let missing = dir.path().join("missing");
    register(&["--build-context", "a", "--run-context", "b", "--kubeconfig", missing.to_str().unwrap()])
        .fails(2, &["cannot be read"]);
    Tapmc::bare(["register-run-cluster"]).fails(2, &["there is no kubeconfig (looked for "]);
}

#[test]
fn a_rules_file_that_cannot_be_used() {
    let case = Case::new("rules");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yaml");
    let ask = || case.register().args(["--rules", file.to_str().unwrap()]);
    ask().fails(2, &["--rules ", "cannot be read"]);
    fs::write(&file, "- apiGroups: ['']\n  resources: [pods]\n  verb: [get]\n").unwrap();
    ask().fails(2, &["rules.yaml line 3 column 3: "]);
    fs::write(&file, "- apiGroups: ['*']\n  resources: ['*']\n  verbs: ['*']\n").unwrap();
    ask().fails(2, &["a wildcard in *.*: *", "--allow-broad-rules"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

#[test]
fn values() {
    let case = Case::new("values");
    for (args, pieces) in [
        (vec!["--duration", "9m"], vec!["at least 10m"]),
        (vec!["--duration", "soon"], vec!["'soon' is not a duration"]),
        (vec!["--name", "Prod_1"], vec!["cannot be the name of a registration", "hint: --name prod-1"]),
        (vec!["--run-server", "http://run"], vec!["which does not begin with https://"]),
        (vec!["--run-server", "https://me:canary@"], vec!["--run-server is '"]),
        (vec!["--run-proxy-url", "ftp://proxy"], vec!["--run-proxy-url is 'ftp://proxy'"]),
        (vec!["--service-account", "deployer"], vec!["is not of the form NAMESPACE/NAME"]),
        (vec!["--run-namespace", "Apps"], vec!["--run-namespace 'Apps' is not a name that a namespace can have"]),
        (vec!["--secret-name", "a/b"], vec!["--secret-name 'a/b'"]),
        (vec!["--profile", "view"], vec!["'view' reads in every namespace", "--allow-broad-rules"]),
        (vec!["--profile", "flux-impersonate"], vec!["need each other"]),
        (vec!["--run-certificate-authority", "/dev/null"], vec!["holds no certificate"]),
    ] {
        let mut command = case.ask().args(["--yes"]);
        if args[0] != "--run-namespace" {
            command = command.args(["--run-namespace", &case.apps]);
        }
        // A second --name is clap's to refuse.
        let command = if args[0] == "--name" {
            register(&["--build-context", BUILD, "--run-context", RUN]).args(&args)
        } else {
            command.args(&args)
        };
        let output = command.run();
        assert_eq!(output.code, 2, "{args:?}: {}", output.stderr);
        for piece in pieces {
            assert!(output.stderr.contains(piece), "{args:?}: '{piece}' is missing in {}", output.stderr);
        }
    }
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

#[test]
fn a_local_address_needs_a_word() {
    let case = Case::new("local");
    if started(RUN).is_none() {
        return;
    }
    let ask = || {
        register(&[
            "--build-context",
            BUILD,
            "--run-context",
            RUN,
            "--name",
            &case.name,
            "--run-namespace",
            &case.apps,
            "--yes",
        ])
    };
    ask().fails(2, &["is a loopback or link-local one", "--run-server URL", "--allow-loopback-server"]);
    ask()
        .args(["--run-server", "https://169.254.1.1:6443", "--timeout", "2s"])
        .fails(2, &["https://169.254.1.1:6443 is a loopback or link-local one"]);
}

#[test]
fn a_wrong_ca() {
    let case = Case::new("wrongca");
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let file = KubeconfigFile::new().plain(BUILD, build).context(RUN, &inline(&run.server, build), &token(run), "");
    case.register().kubeconfig(&file.path).fails(
        6,
        &[
            "the run cluster (context 'run-a') shows a certificate that cannot be trusted",
            "hint: is the certificate authority",
        ],
    );
    // The operator's way is good, the reader's is not.
    let file = KubeconfigFile::new().plain(BUILD, build).plain(RUN, run);
    let ca = build.certificate_authority.to_str().unwrap();
    case.register()
        .kubeconfig(&file.path)
        .args(["--run-certificate-authority", ca])
        .fails(6, &["the address that will be stored, https://127.0.0.1:", "certificate that cannot be trusted"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

#[test]
fn a_context_that_verifies_nothing() {
    let case = Case::new("insecure");
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let insecure = format!("server: {}\ninsecure-skip-tls-verify: true", run.server);
    let file = KubeconfigFile::new().plain(BUILD, build).context(RUN, &insecure, &token(run), "");
    case.register()
        .kubeconfig(&file.path)
        .fails(2, &["skips the verification of its server", "kubectl config set-cluster run-a"]);
}

#[test]
fn refused_and_expired_credentials() {
    let case = Case::new("refused");
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let file =
        KubeconfigFile::new().plain(BUILD, build).context(RUN, &inline(&run.server, run), "token: not-a-token", "");
    case.register()
        .kubeconfig(&file.path)
        .fails(5, &["the run cluster (context 'run-a') refuses the credentials", "log in to it again"]);
    let file =
        KubeconfigFile::new().context(BUILD, &inline(&build.server, build), "token: not-a-token", "").plain(RUN, run);
    case.register().kubeconfig(&file.path).fails(5, &["the build cluster (context 'build') refuses the credentials"]);
}

/// A kubeconfig by which the run cluster is where that one listens; none when the suite runs against existing clusters.
fn with_run_cluster_at(listener: &std::net::TcpListener) -> Option<KubeconfigFile> {
    let (build, run) = (started(BUILD)?, started(RUN)?);
    let ca = fs::read(&run.certificate_authority).unwrap();
    let cluster = inline_pem(&format!("https://{}", listener.local_addr().unwrap()), &ca);
    Some(KubeconfigFile::new().plain(BUILD, build).context(RUN, &cluster, &token(run), ""))
}

#[test]
fn servers_that_do_not_answer() {
    let case = Case::new("silent");
    // Listens, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(file) = with_run_cluster_at(&silent) else { return };
    let begun = std::time::Instant::now();
    case.register()
        .kubeconfig(&file.path)
        .args(["--timeout", "2s"])
        .fails(6, &["got no answer from the run cluster (context 'run-a') within 2 s", "--timeout"]);
    case.register().kubeconfig(&file.path).args(["--request-timeout", "1"]).fails(6, &["within 1 s"]);
    assert!(begun.elapsed().as_secs() < 20, "the deadlines hold");
    drop(silent);
    case.register()
        .kubeconfig(&file.path)
        .fails(6, &["the run cluster (context 'run-a') cannot be reached", "hint: is the address right"]);
}

#[test]
fn a_connection_that_does_not_open_in_time_is_not_tried_again() {
    let case = Case::new("opens");
    // Takes connections, and never answers within them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(file) = with_run_cluster_at(&silent) else { return };
    case.register().kubeconfig(&file.path).fails(6, &["cannot be reached", "no connection within 10 s"]);
    silent.set_nonblocking(true).unwrap();
    // The operator's own, and the one of who proves what the reader will see.
    assert_eq!(std::iter::repeat_with(|| silent.accept()).take_while(Result::is_ok).count(), 2);
}

#[test]
#[cfg(target_os = "linux")]
fn an_address_where_everything_is_lost_is_told_as_such() {
    let case = Case::new("lost");
    // The kernel drops what asks for a connection while the queue of those that nobody takes is full.
    let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = full.local_addr().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&place, std::time::Duration::from_millis(200)).ok();
    let waiting: Vec<_> = std::iter::repeat_with(connect).take(5_000).map_while(|open| open).collect();
    let Some(file) = with_run_cluster_at(&full) else { return };
    case.register().kubeconfig(&file.path).fails(6, &["cannot be reached", "no connection within 10 s"]);
    drop(waiting);
}

#[test]
fn something_that_is_no_api_server() {
    let case = Case::new("html");
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let proxy = Proxy::before(run);
    proxy.fault(hyper::Method::GET, "/api/v1/namespaces/kube-system", crate::support::Fault::Garbage, 9);
    proxy.fault(hyper::Method::GET, "/serviceaccounts/", crate::support::Fault::Garbage, 9);
    let file = KubeconfigFile::new().plain(BUILD, build).context(RUN, &proxy.cluster(), &token(run), "");
    let output = case.register().kubeconfig(&file.path).fails(1, &["answered with something that cannot be read"]);
    assert!(!output.stderr.contains("<html>"));
}

#[test]
fn no_consent() {
    let case = Case::new("consent");
    case.ask()
        .args(["--run-namespace", &case.apps])
        .fails(2, &["there is no terminal to ask on", "hint: look at it with --dry-run, then add --yes"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

//! Kubeconfigs and clusters as they are found in life.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::case::Case;
use crate::support::{
    BUILD, KubeconfigFile, Kubectl, Proxy, Tapmc, Tunnel, eventually,
    kubeconfig::{inline, started, token},
    testbed::ClusterFacts,
    unique,
};

/// Registers with a kubeconfig of its own, whose run context is of this cluster and user.
#[track_caller]
fn registers(case: &Case, file: &KubeconfigFile) {
    case.register().kubeconfig(&file.path).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

fn build_and(build: &ClusterFacts) -> KubeconfigFile {
    KubeconfigFile::new().plain(BUILD, build)
}

#[test]
fn a_ca_file_and_a_client_certificate() {
    let case = Case::new("files");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let file = build_and(build);
    for (name, from) in
        [("ca.crt", &run.certificate_authority), ("me.crt", &run.client_certificate), ("me.key", &run.client_key)]
    {
        fs::copy(from, file.dir.path().join(name)).unwrap();
    }
    // Paths relative to the file, as kubectl takes them.
    let cluster = format!("server: {}\ncertificate-authority: ca.crt", run.server);
    registers(&case, &file.context(&case.run, &cluster, "client-certificate: me.crt\nclient-key: me.key", ""));
    let stored = case.kubeconfig();
    assert!(
        stored.contains("certificate-authority-data: ") && !stored.contains("client-"),
        "never the operator's own credential"
    );
}

#[test]
fn a_token_file() {
    let case = Case::new("tokenfile");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let file = build_and(build);
    fs::write(file.dir.path().join("token"), &run.token).unwrap();
    registers(&case, &file.context(&case.run, &inline(&run.server, run), "tokenFile: token", ""));
}

#[test]
fn an_exec_plugin() {
    let case = Case::new("exec");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let file = build_and(build);
    let credential = format!(
        r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"{}"}}}}"#,
        run.token
    );
    let plugin = script(&file, &format!("echo '{credential}'"));
    let user =
        format!("exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: {plugin}\n  interactiveMode: Never");
    registers(&case, &file.context(&case.run, &inline(&run.server, run), &user, ""));
}

#[test]
fn an_exec_plugin_that_fails_is_quoted_but_not_its_credential() {
    let case = Case::new("execfail");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let file = build_and(build);
    let plugin =
        script(&file, "echo '{\"status\":{\"token\":\"canary\"'; echo 'the session has expired, log in' >&2; exit 7");
    let user =
        format!("exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: {plugin}\n  interactiveMode: Never");
    let file = file.context(&case.run, &inline(&run.server, run), &user, "");
    case.register()
        .kubeconfig(&file.path)
        .fails(5, &["no credentials for the run cluster", "exit code 7: the session has expired, log in"]);
    // And one that prints something else.
    let plugin = script(&file, "echo 'canary is not JSON'");
    let user =
        format!("exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: {plugin}\n  interactiveMode: Never");
    let file = KubeconfigFile::new().plain(BUILD, build).context(&case.run, &inline(&run.server, run), &user, "");
    case.register().kubeconfig(&file.path).fails(5, &["not an ExecCredential"]);
}

fn script(file: &KubeconfigFile, body: &str) -> String {
    let path = file.dir.path().join("plugin");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn several_files_in_kubeconfig_and_one_that_is_missing() {
    let case = Case::new("several");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let files = [build_and(build), KubeconfigFile::new().plain(&case.run, run)];
    let paths = std::env::join_paths([&files[0].path, &files[0].dir.path().join("missing"), &files[1].path]).unwrap();
    case.register().env("KUBECONFIG", paths).succeeds();
}

#[test]
fn minikube_extensions_are_not_carried_over() {
    let case = Case::new("minikube");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let extensions =
        "extensions:\n- name: cluster_info\n  extension:\n    provider: minikube.sigs.k8s.io\n    version: v1.37.0";
    let cluster = format!("{}\n{extensions}", inline(&run.server, run));
    registers(&case, &build_and(build).context(&case.run, &cluster, &token(run), extensions));
    assert!(!case.kubeconfig().contains("minikube.sigs.k8s.io"));
}

#[test]
fn cloud_context_names_suggest_short_names() {
    let case = Case::new("cloud");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    // Where no other registration of this run cluster could be meant.
    let namespace = unique("cloud");
    Kubectl::on(BUILD).namespace(&namespace);
    for context in [
        format!("arn:aws:eks:eu-west-1:123456789012:cluster/{}", case.name),
        format!("gke_my-project_europe-west1-b_{}", case.name),
    ] {
        let file = build_and(build).plain(&context, run);
        let output = Tapmc::new([
            "register-run-cluster",
            "--build-context",
            BUILD,
            "--run-context",
            &context,
            "--allow-loopback-server",
            "--yes",
        ])
        .args(["--run-namespace", &case.apps, "-n", &namespace])
        .kubeconfig(&file.path)
        .succeeds();
        assert!(output.stdout.contains(&format!("secret/{}-kubeconfig ", case.name)), "{}", output.stdout);
    }
}

#[test]
fn the_namespaces_of_the_contexts_are_the_defaults() {
    let case = Case::new("contexts");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let namespace = format!("namespace: {}", case.apps);
    let file = build_and(build).context(&case.run, &inline(&run.server, run), &token(run), &namespace);
    case.again().kubeconfig(&file.path).succeeds();
    assert_eq!(case.annotation("run-namespaces"), case.apps);
}

#[test]
fn an_api_server_behind_a_path_prefix() {
    let case = Case::new("prefix");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::with_prefix(run, "/k8s/clusters/c-7");
    registers(&case, &build_and(build).context(&case.run, &proxy.cluster(), &token(run), ""));
    assert!(case.kubeconfig().contains("/k8s/clusters/c-7"));
    assert!(proxy.requests().iter().all(|request| request.contains(" /k8s/clusters/c-7/")), "{:?}", proxy.requests());
}

#[test]
fn an_api_server_that_speaks_http1_only() {
    let case = Case::new("http1");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::http1(run);
    registers(&case, &build_and(build).context(&case.run, &proxy.cluster(), &token(run), ""));
}

#[test]
fn the_readers_way_may_differ_from_the_operators() {
    let case = Case::new("way");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::before(run);
    let file = build_and(build).plain(&case.run, run);
    let ca = file.dir.path().join("reader-ca.pem");
    fs::write(&ca, proxy.pem()).unwrap();
    case.register()
        .kubeconfig(&file.path)
        .args(["--run-server", &proxy.server, "--run-certificate-authority", ca.to_str().unwrap()])
        .succeeds();
    // The proof went the reader's way: the anonymous request and the use of the new credential.
    let seen = proxy.requests();
    assert!(seen[0].starts_with("GET /version"), "{seen:?}");
    assert!(seen.iter().any(|request| request.contains("selfsubjectrulesreviews")), "{seen:?}");
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
    // And is kept: both flags are left out.
    let before = case.versions();
    case.again().kubeconfig(&file.path).succeeds();
    assert_eq!(case.versions(), before);
}

#[test]
fn a_proxy_url_is_used_and_stored_without_the_operators_password() {
    let case = Case::new("proxied");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let tunnel = Tunnel::start();
    let with_password = tunnel.url.replace("http://", "http://me:canary@");
    let cluster = format!("{}\nproxy-url: {with_password}", inline(&run.server, run));
    let file = build_and(build).context(&case.run, &cluster, &token(run), "");
    case.register().kubeconfig(&file.path).succeeds();
    assert!(case.kubeconfig().contains(&format!("proxy-url: {}", tunnel.url)), "stored without user information");
    // Once as the operator, with the password; once as the reader, without.
    let asked = tunnel.asked();
    assert_eq!(asked.iter().filter(|head| head.to_lowercase().contains("proxy-authorization")).count(), 1);
    assert_eq!(asked.len(), 2);
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn the_reader_may_need_a_proxy_that_the_operator_does_not() {
    let case = Case::new("readerproxy");
    let tunnel = Tunnel::start();
    case.register().args(["--run-proxy-url", &tunnel.url]).succeeds();
    assert_eq!(tunnel.asked().len(), 1);
    assert!(case.kubeconfig().contains("proxy-url: "));
}

#[test]
fn a_proxy_of_the_environment_is_not_used_for_this_machine() {
    let case = Case::new("envproxy");
    if started(&case.run).is_none() {
        return;
    }
    case.register().env("HTTPS_PROXY", "http://127.0.0.1:1").succeeds();
    assert!(!case.kubeconfig().contains("proxy-url"));
}

#[test]
fn a_missing_run_namespace_is_named_or_made() {
    let case = Case::new("missing");
    let missing = format!("{}-missing", case.apps);
    case.ask()
        .args(["--yes", "--run-namespace", &missing])
        .fails(1, &["the namespace '", "does not exist on the run cluster", "--create-namespace"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
    case.ask().args(["--yes", "--run-namespace", &missing, "--create-namespace"]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &missing]).unwrap();
}

#[test]
fn a_run_namespace_that_is_going_is_waited_for() {
    let case = Case::new("going");
    let finalizer = r#"{"metadata":{"finalizers":["example.com/hold"]}}"#;
    case.run().run(&["create", "configmap", "held", "-n", &case.apps]);
    case.run().run(&["patch", "configmap", "held", "-n", &case.apps, "-p", finalizer]);
    case.run().run(&["delete", "namespace", &case.apps, "--wait=false"]);
    case.register().fails(1, &["is being deleted on the run cluster"]);
    case.register().args(["--create-namespace", "--wait-timeout", "1s"]).fails(6, &["still being deleted after 1 s"]);
    let (child, command) = case.register().args(["--create-namespace"]).spawn();
    case.run().run(&["patch", "configmap", "held", "-n", &case.apps, "-p", r#"{"metadata":{"finalizers":null}}"#]);
    let output = crate::support::tapmc::Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 0, "{}", output.stderr);
    eventually("the reader may use it", || case.as_reader(&["get", "configmaps", "-n", &case.apps]).is_ok());
}

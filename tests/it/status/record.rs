//! What the build cluster records, without a look at run clusters.

use hyper::Method;

use crate::support::{
    BUILD, Fault, KubeconfigFile, Kubectl, Proxy, Tapmc,
    kubeconfig::{started, token},
    unique,
};

/// Registers a run cluster with its Secret in a namespace of its own.
fn registered(stem: &str) -> (String, String) {
    let (name, namespace) = (unique(stem), unique("status"));
    let run = crate::support::RUN;
    Tapmc::new([
        "register-run-cluster",
        "--build-context",
        BUILD,
        "--run-context",
        run,
        "--allow-loopback-server",
        "--yes",
    ])
    .args(["--name", &name, "-n", &namespace, "--run-namespace", &namespace, "--create-namespace"])
    .succeeds();
    (name, namespace)
}

#[test]
fn a_registration_in_one_line() {
    let (name, namespace) = registered("shown");
    let text = Tapmc::new(["status", "--context", BUILD, "-n", &namespace, "--live=false"]).succeeds().stdout;
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines[0],
        ["NAME", "RUN-CLUSTER", "RUN-NAMESPACES", "PROFILES", "STATE", "EXPIRES", "AGE", "GENERATION"]
    );
    assert_eq!(lines[1][0], name);
    assert_eq!(lines[1][2..5], [namespace.as_str(), "deliverable", "recorded"]);
    assert!(["in 29d23h", "in 30d"].contains(&lines[1][5..7].join(" ").as_str()), "{text}");
    assert!(lines[1][7].ends_with('s'), "{text}");
    assert_eq!(lines[1][8], "1");
    assert_eq!(lines.len(), 2);
}

#[test]
fn every_output_form() {
    let (name, namespace) = registered("forms");
    let status = |form: &str| Tapmc::new(["status", "--context", BUILD, "-n", &namespace, "-o", form]).succeeds();
    let report = status("json").json();
    let item = &report["items"][0];
    assert_eq!(
        (&report["kind"], &item["name"], &item["generation"]),
        (&"RegistrationStatusList".into(), &name.as_str().into(), &1.into())
    );
    assert_eq!(item["serviceAccount"], format!("tapmc-{name}/delivery"));
    assert!(item["expiresInSeconds"].as_i64().unwrap() > 2_591_000);
    assert!(status("yaml").stdout.contains(&format!("- name: {name}\n")));
    assert_eq!(status("name").stdout, format!("secret/{name}-kubeconfig\n"));
    assert!(status("wide").stdout.contains(&format!("tapmc-{name}/delivery")));
}

#[test]
fn all_namespaces_and_single_names() {
    let (name, namespace) = registered("all");
    let everywhere = Tapmc::new(["status", "--context", BUILD, "-A", &name]).succeeds().stdout;
    assert!(everywhere.starts_with("NAMESPACE"), "{everywhere}");
    assert_eq!(everywhere.lines().count(), 2);
    assert!(everywhere.lines().nth(1).unwrap().starts_with(&namespace));
    let wrong = format!("{name}x");
    Tapmc::new(["status", "--context", BUILD, "-n", &namespace, &wrong])
        .fails(2, &["there is no registration '", &format!("hint: did you mean '{name}'?")]);
}

#[test]
fn an_expired_token_is_said_to_be() {
    let (name, namespace) = registered("expired");
    let secret = format!("{name}-kubeconfig");
    Kubectl::on(BUILD).run(&[
        "annotate",
        "--overwrite",
        "-n",
        &namespace,
        "secret",
        &secret,
        "kubectl-tapmc/expires-at=2020-01-01T00:00:00Z",
    ]);
    let text = Tapmc::new(["status", "--context", BUILD, "-n", &namespace, "--live=false"]).succeeds().stdout;
    assert!(text.contains("expired 2") && text.contains("d ago") || text.contains("h ago"), "{text}");
}

#[test]
fn one_request_for_metadata_and_no_secrets_content() {
    let (_, namespace) = registered("metadata");
    let Some(build) = started(BUILD) else { return };
    let proxy = Proxy::before(build);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    let output = Tapmc::new(["status", "--context", BUILD, "-n", &namespace, "-o", "json", "--live=false"])
        .kubeconfig(&file.path)
        .succeeds();
    assert_eq!(output.json()["items"].as_array().unwrap().len(), 1);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].contains("/secrets?"), "{requests:?}");
    assert_eq!(proxy.accepted(), ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"]);
}

#[test]
fn the_current_context_and_none() {
    let Some(build) = started(BUILD) else { return };
    let file = KubeconfigFile::new().plain(BUILD, build);
    Tapmc::new(["status"])
        .kubeconfig(&file.path)
        .fails(2, &["no context is named, and the kubeconfig has no current one", "--context is one of build"]);
    let empty = tempfile::NamedTempFile::new().unwrap();
    Tapmc::new(["status"]).kubeconfig(empty.path()).fails(2, &["no context is named", "it holds no contexts at all"]);
    let text = std::fs::read_to_string(&file.path).unwrap();
    std::fs::write(&file.path, format!("{text}current-context: {BUILD}\n")).unwrap();
    let empty = unique("empty");
    Kubectl::on(BUILD).namespace(&empty);
    let output = Tapmc::new(["status", "-n", &empty]).kubeconfig(&file.path).succeeds();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "no registrations found\n"));
}

#[test]
fn who_may_not_list_everywhere_is_told() {
    Tapmc::new(["status", "--context", BUILD, "-A", "--as", "nobody"]).fails(
        5,
        &[
            "listing the kubeconfig Secrets in all namespaces failed on the build cluster (context 'build')",
            "hint: name one namespace",
        ],
    );
}

#[test]
fn an_overloaded_server_is_asked_again() {
    let Some(build) = started(BUILD) else { return };
    let proxy = Proxy::before(build);
    proxy.fault(Method::GET, "/secrets", Fault::Answer(429), 2);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    Tapmc::new(["status", "--context", BUILD, "--live=false"]).kubeconfig(&file.path).succeeds();
    assert_eq!(proxy.requests().len(), 3);
}

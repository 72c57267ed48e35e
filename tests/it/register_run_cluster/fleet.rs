//! Many run clusters at once: of a file, and of contexts that match a pattern.

use std::{fs, path::PathBuf, process::Command};

use hyper::Method;

use crate::support::{
    BUILD, BUILD_TWO, Fault, KubeconfigFile, Kubectl, Proxy, RUN, RUN_CAPPED, Tapmc,
    kubeconfig::{started, token},
    unique,
};

/// Contexts of its own for the run clusters, a namespace of its own for their Secrets.
pub struct Fleet {
    pub file: KubeconfigFile,
    pub namespace: String,
    /// The contexts, each with the run cluster that it leads to.
    pub members: Vec<(String, &'static str)>,
}

impl Fleet {
    /// None when the suite runs against existing clusters.
    pub fn new(stem: &str) -> Option<Self> {
        let stem = unique(stem);
        let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD)?);
        let mut members = Vec::new();
        for (index, run) in [RUN, BUILD_TWO, RUN_CAPPED].into_iter().enumerate() {
            let context = format!("{stem}-{index}");
            file = file.plain(&context, started(run)?);
            members.push((context, run));
        }
        Some(Self { file, namespace: stem, members })
    }

    /// A file of the fleet with these further lines of its defaults, and these entries.
    pub fn write(&self, defaults: &str, entries: &[String]) -> PathBuf {
        let path = self.file.dir.path().join("fleet.yaml");
        let mut text = format!(
            "apiVersion: kubectl-tapmc/v1\nkind: Fleet\nbuildContext: {BUILD}\nnamespace: {0}\ndefaults:\n  runNamespaces: \
             [{0}]\n  createNamespace: true\n  allowLoopbackServer: true\n{defaults}runClusters:\n",
            self.namespace
        );
        text.extend(entries.iter().map(|entry| format!("- {entry}\n")));
        fs::write(&path, text).unwrap();
        path
    }

    /// A file with all of them.
    pub fn whole(&self) -> PathBuf {
        self.write("", &self.members.iter().map(|(context, _)| format!("context: {context}")).collect::<Vec<_>>())
    }

    /// The registering of a file, with consent.
    pub fn register(&self, file: &std::path::Path) -> Tapmc {
        Tapmc::new(["register-run-cluster", "--yes", "--fleet"]).arg(file).kubeconfig(&self.file.path)
    }

    /// The kubeconfig Secrets that there are, with their versions.
    pub fn secrets(&self) -> Vec<String> {
        let output = "jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
        let selector = "app.kubernetes.io/managed-by=kubectl-tapmc";
        let text = Kubectl::on(BUILD).run(&["get", "secrets", "-n", &self.namespace, "-l", selector, "-o", output]);
        text.lines().map(str::to_owned).collect()
    }
}

/// A verb that is asked for the run clusters to which contexts of a pattern lead shows those, and tells which it leaves out.
#[track_caller]
pub fn chooses_by_pattern(stem: &str, verb: &[&str]) {
    let Some(fleet) = Fleet::new(stem) else { return };
    fleet.register(&fleet.whole()).succeeds();
    let pattern = format!("{}-[02]", fleet.namespace);
    let output = Tapmc::new(verb)
        .args(["-n", &fleet.namespace, "--context", BUILD, "--run-context", &pattern])
        .kubeconfig(&fleet.file.path)
        .run();
    // `check` finds that more is needed.
    assert_eq!(output.code, if verb == ["check"] { 7 } else { 0 }, "{}", output.stderr);
    let [first, second, third] = [0, 1, 2].map(|index| fleet.members[index].0.as_str());
    assert!(output.stdout.contains(first) && output.stdout.contains(third), "{}", output.stdout);
    assert!(!output.stdout.contains(second), "{}", output.stdout);
    let left_out = format!("no context that matches '{pattern}' leads there: '{second}'\n");
    assert!(output.stderr.contains(&left_out), "{}", output.stderr);
}

/// The lines of a table without its header, split at spaces.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn a_file_is_registered_and_again_nothing_is_left_to_do() {
    let Some(fleet) = Fleet::new("fleet") else { return };
    let file = fleet.whole();
    let output = fleet.register(&file).succeeds();
    let table = rows(&output.stdout);
    assert_eq!(table.len(), 3, "{}", output.stdout);
    for (row, (context, _)) in table.iter().zip(&fleet.members) {
        assert_eq!(row[..4], [&fleet.namespace, context, "registered", "1"]);
    }
    let before = fleet.secrets();
    assert_eq!(before.len(), 3);
    let output = fleet.register(&file).succeeds();
    assert!(rows(&output.stdout).iter().all(|row| row[2] == "kept"), "{}", output.stdout);
    assert_eq!(fleet.secrets(), before, "a second run changes nothing");
}

#[test]
fn entries_go_before_defaults() {
    let Some(fleet) = Fleet::new("over") else { return };
    let [(first, run), (second, _), _] = fleet.members.as_slice() else { panic!("three") };
    Kubectl::on(run).namespace(&unique("other"));
    let other = unique("other");
    let file = fleet.write(
        "  duration: 2h\n  profiles: [deliverable]\n",
        &[
            format!("{{context: {first}, name: {other}, profiles: [workload], runNamespaces: [{other}]}}"),
            format!("context: {second}"),
        ],
    );
    let output = fleet.register(&file).args(["-o", "json"]).succeeds().json();
    assert_eq!(output["kind"], "RegistrationReportList");
    let item = |name: &str| {
        let items = output["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("{name} is missing: {output}")).clone()
    };
    assert_eq!(item(&other)["profiles"], serde_json::json!(["workload"]));
    assert_eq!(item(&other)["runNamespaces"], serde_json::json!([other]));
    assert_eq!(item(second)["profiles"], serde_json::json!(["deliverable"]));
    assert_eq!(item(second)["token"]["requestedSeconds"], 7200);
}

#[test]
fn a_dead_one_fails_alone_and_a_second_run_does_only_what_is_left() {
    let Some(fleet) = Fleet::new("dead") else { return };
    let Some(facts) = started(RUN) else { return };
    let proxy = Proxy::before(facts);
    let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD).unwrap());
    for (context, run) in &fleet.members {
        let (cluster, is_first) = (started(run).unwrap(), *run == RUN);
        let through =
            if is_first { proxy.cluster() } else { crate::support::kubeconfig::inline(&cluster.server, cluster) };
        file = file.context(context, &through, &token(cluster), "");
    }
    // What it answers is no answer.
    proxy.fault(Method::GET, "", Fault::Answer(503), usize::MAX);
    let path = fleet.whole();
    let register = || fleet.register(&path).kubeconfig(&file.path).args(["--timeout", "4s"]);
    let output = register().fails(3, &["1 of 3 registrations failed", &format!("'{}'", fleet.members[0].0)]);
    let results: Vec<&str> = rows(&output.stdout).iter().map(|row| row[2]).collect();
    assert_eq!(results, ["failed", "registered", "registered"], "{}", output.stdout);
    let before = fleet.secrets();
    proxy.heal();
    let output = register().succeeds();
    let results: Vec<&str> = rows(&output.stdout).iter().map(|row| row[2]).collect();
    assert_eq!(results, ["registered", "kept", "kept"], "{}", output.stdout);
    let after = fleet.secrets();
    assert!(before.iter().all(|secret| after.contains(secret)), "the others stayed as they were");
}

#[test]
fn many_that_fail_alike_are_told_together() {
    let Some(fleet) = Fleet::new("alike") else { return };
    let run = started(RUN).unwrap();
    let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD).unwrap());
    let contexts: Vec<String> = (1..=5).map(|port| format!("nobody-{port}")).collect();
    for (context, port) in contexts.iter().zip(1..) {
        let nobody = crate::support::kubeconfig::inline(&format!("https://127.0.0.1:{port}"), run);
        file = file.context(context, &nobody, &token(run), "");
    }
    let path = fleet.write("", &contexts.iter().map(|context| format!("context: {context}")).collect::<Vec<_>>());
    let told = "error: 5 registrations failed alike: 'nobody-1', 'nobody-2', 'nobody-3', 'nobody-4' and 'nobody-5'";
    let output = fleet.register(&path).kubeconfig(&file.path).fails(3, &[told, "(context 'nobody-1')"]);
    assert_eq!(output.stderr.matches("caused by:").count(), 2, "{}", output.stderr);
    assert_eq!(rows(&output.stdout).len(), 5, "{}", output.stdout);
}

#[test]
fn nothing_more_is_begun_when_the_build_cluster_is_gone() {
    let Some(fleet) = Fleet::new("gone") else { return };
    let (build, proxy) = (started(BUILD).unwrap(), Proxy::before(started(BUILD).unwrap()));
    let mut file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    for (context, run) in &fleet.members {
        file = file.plain(context, started(run).unwrap());
    }
    let path = fleet.whole();
    let register = || fleet.register(&path).kubeconfig(&file.path).args(["--parallel", "1"]);
    proxy.fault(Method::PATCH, "/secrets/", Fault::Refuse(usize::MAX), usize::MAX);
    let not_begun = "the build cluster (context 'build') does not answer any more: nothing was begun";
    register().fails(3, &["3 of 3 registrations failed", not_begun]);
    let is_there =
        |(context, run): &&(String, &str)| Kubectl::on(run).get(&["namespace", &format!("tapmc-{context}")]).is_some();
    assert_eq!(fleet.members.iter().filter(is_there).count(), 1, "only the first one was begun");
    proxy.heal();
    register().succeeds();
}

#[test]
fn each_is_renewed_by_the_context_that_was_named() {
    let Some(fleet) = Fleet::new("ctx") else { return };
    let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD).unwrap());
    for (context, run) in &fleet.members {
        // Two contexts lead to each: which one is meant stands in the file alone.
        file = file.plain(context, started(run).unwrap()).plain(&format!("also-{context}"), started(run).unwrap());
    }
    let path = fleet.whole();
    let output = fleet.register(&path).kubeconfig(&file.path).args(["--renew", "-o", "json"]).succeeds().json();
    let items = output["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    for item in items {
        assert_eq!(item["renewal"]["namespace"], "tapmc-renewal", "{item}");
        assert_eq!(item["runCluster"]["context"], item["name"]);
    }
}

#[test]
fn a_pattern_takes_every_context_that_it_matches() {
    let Some(fleet) = Fleet::new("match") else { return };
    let register = |pattern: &str| {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", pattern, "-n", &fleet.namespace])
            .args(["--run-namespace", &fleet.namespace, "--create-namespace", "--allow-loopback-server"])
            .kubeconfig(&fleet.file.path)
    };
    let dry = register(&format!("{}-*", fleet.namespace)).args(["--dry-run"]).succeeds();
    assert_eq!(rows(&dry.stdout).len(), 3, "{}", dry.stdout);
    assert!(fleet.secrets().is_empty());
    let output = register(&format!("{}-[01]", fleet.namespace)).args(["--yes"]).succeeds();
    let names: Vec<&str> = rows(&output.stdout).iter().map(|row| row[1]).collect();
    assert_eq!(names, [&fleet.members[0].0, &fleet.members[1].0]);
    // With a file it takes a part of it.
    let path = fleet.whole();
    let output = fleet.register(&path).args(["--run-context", "*-2"]).succeeds();
    assert!(output.stderr.contains(&format!("{} is registered", fleet.members[2].0)), "{}", output.stderr);
}

#[test]
fn the_same_cluster_under_two_addresses_is_refused_before_anything_is_written() {
    let Some(fleet) = Fleet::new("twice") else { return };
    let Some(facts) = started(RUN) else { return };
    let proxy = Proxy::before(facts);
    let twin = format!("{}-twin", fleet.namespace);
    let file = KubeconfigFile::new()
        .plain(BUILD, started(BUILD).unwrap())
        .plain(&fleet.members[0].0, facts)
        .plain(&fleet.members[1].0, started(BUILD_TWO).unwrap())
        .context(&twin, &proxy.cluster(), &token(facts), "");
    let path = fleet
        .write("", &[&fleet.members[0].0, &fleet.members[1].0, &twin].map(|context| format!("context: {context}")));
    fleet.register(&path).kubeconfig(&file.path).fails(2, &["are the same run cluster", &twin, &fleet.members[0].0]);
    assert!(fleet.secrets().is_empty());
    assert!(Kubectl::on(BUILD).get(&["namespace", &fleet.namespace]).is_none(), "nothing was written");
}

#[test]
fn what_many_ask_the_build_cluster_alike_is_asked_once() {
    let Some(fleet) = Fleet::new("once") else { return };
    let proxy = Proxy::before(started(BUILD).unwrap());
    let mut file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(started(BUILD).unwrap()), "");
    for (context, run) in &fleet.members {
        file = file.plain(context, started(run).unwrap());
    }
    let path = fleet.whole();
    Kubectl::on(BUILD).namespace(&fleet.namespace);
    fleet.register(&path).kubeconfig(&file.path).succeeds();
    let requests = proxy.requests();
    let reads = requests.iter().filter(|request| !request.starts_with("PATCH")).count();
    // kube-system, the namespace, its registrations, its Secrets, the operator's rights.
    assert_eq!(reads, 5, "{requests:#?}");
    let stored = requests.iter().filter(|request| request.starts_with("PATCH")).count();
    assert_eq!(stored, 3, "{requests:#?}");
}

#[test]
fn a_terminal_counts_and_may_be_resized() {
    let Some(fleet) = Fleet::new("count") else { return };
    let Some(facts) = started(RUN) else { return };
    let proxy = Proxy::before(facts);
    let mut file = KubeconfigFile::new().plain(BUILD, started(BUILD).unwrap());
    for (context, run) in &fleet.members {
        let cluster = started(run).unwrap();
        let through =
            if *run == RUN { proxy.cluster() } else { crate::support::kubeconfig::inline(&cluster.server, cluster) };
        file = file.context(context, &through, &token(cluster), "");
    }
    proxy.fault(Method::POST, "/token", Fault::Hang, usize::MAX);
    let path = fleet.whole();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(["register-run-cluster", "--yes", "--timeout", "8s", "--fleet"]).arg(&path);
    command.env("KUBECONFIG", &file.path).env("TERM", "xterm");
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).unwrap();
    session.exp_regex("registering 2/3, [0-9]+[a-z]+ left").unwrap();
    let terminal = session.process().get_file_handle().unwrap();
    let resized = Command::new("stty").args(["rows", "3", "cols", "20"]).stdin(terminal).status().unwrap();
    assert!(resized.success());
    session.exp_string("1 of 3 registrations failed").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(crate::terminal::code(&session), 3);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let Some(fleet) = Fleet::new("pipe") else { return };
    let line = format!(
        "{} register-run-cluster --yes -o yaml --fleet {} | head -n 1; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_kubectl-tapmc"),
        fleet.whole().display()
    );
    let output = Command::new("bash").args(["-c", &line]).env("KUBECONFIG", &fleet.file.path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fleet.secrets().len(), 3, "what was begun is done");
}

//! What `<TAB>` shows: through the real kubectl, and in the scripts for shells.

use std::{
    ffi::OsString,
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use clap::CommandFactory as _;

use crate::support::{
    BUILD, KubeconfigFile, Kubectl, RUN, Tapmc, Testbed, carvel::package_install, tapmc::Output, unique,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");

#[test]
fn the_files_in_completions_are_what_the_plugin_prints() {
    for (shell, file) in [
        ("bash", "kubectl-tapmc.bash"),
        ("zsh", "_kubectl-tapmc"),
        ("fish", "kubectl-tapmc.fish"),
        ("powershell", "kubectl-tapmc.ps1"),
        ("kubectl", "kubectl_complete-tapmc"),
    ] {
        let printed = Tapmc::bare(["completion", shell]).succeeds().stdout;
        let stored = fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
        assert!(printed == stored, "completions/{file} is out of date: run `make completions`");
        assert!(!printed.contains("What kubectl"), "completions/{file} offers a hidden verb");
    }
    let mode = fs::metadata(Path::new(FOLDER).join("kubectl_complete-tapmc")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "kubectl runs only what is executable");
}

#[test]
fn bash_completes_the_flags_of_a_verb() {
    let script = "source \"$1\"; COMP_WORDS=(kubectl-tapmc status --na); COMP_CWORD=2
        $(complete -p kubectl-tapmc | sed 's/.*-F \\([^ ]*\\).*/\\1/') kubectl-tapmc --na status; echo \"${COMPREPLY[@]}\"";
    let file = Path::new(FOLDER).join("kubectl-tapmc.bash");
    let output = Command::new("bash").args(["-c", script, "bash"]).arg(file).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--namespace\n", "{output:?}");
}

#[test]
fn kubectl_shows_verbs_flags_and_values() {
    let shell = Shell::new();
    let (verbs, directive) = shell.tab(&[""]);
    let command = kubectl_tapmc::cli::Cli::command();
    let known = command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| verb.get_name().to_owned());
    assert_eq!(verbs, known.collect::<Vec<_>>());
    assert_eq!(directive, ":4", "no files among the verbs");
    let described = shell.kubectl(&["__complete", "tapmc", "sta"]);
    assert!(described.contains("status\tShow the registrations that a build cluster holds\n"), "{described}");

    assert_eq!(shell.tab(&["status", "--all"]).0, ["--all-namespaces"]);
    assert!(shell.tab(&["register-run-cluster", ""]).0.contains(&"--run-context".to_owned()));
    assert_eq!(shell.tab(&["status", "-o", "y"]).0, ["yaml"]);
    // kubectl's scripts for the shells put `--profile=` back themselves.
    assert_eq!(shell.tab(&["register-run-cluster", "--profile=p"]).0, ["packages", "package-values"]);
    assert_eq!(
        shell.tab(&["register-run-cluster", "--dry-run", "--run-c"]).0,
        ["--run-context", "--run-certificate-authority"]
    );
}

#[test]
fn kubectl_shows_the_contexts_of_the_kubeconfig_in_use() {
    let shell = Shell::new();
    for words in [&["register-run-cluster", "--build-context", ""][..], &["status", "--build-context="]] {
        let (contexts, directive) = shell.tab(words);
        assert!(contexts.contains(&BUILD.to_owned()) && contexts.contains(&RUN.to_owned()), "{contexts:?}");
        assert_eq!(directive, ":4");
    }
    let other = KubeconfigFile::new().context("another", "server: https://127.0.0.1:1", "token: t", "");
    let other = other.path.to_str().unwrap();
    assert_eq!(shell.tab(&["status", "--kubeconfig", other, "--context", "an"]).0, ["another"]);
}

#[test]
fn kubectl_shows_registrations_and_namespaces() {
    let shell = Shell::new();
    let (name, apps) = (unique("tab"), unique("tab-apps"));
    Kubectl::on(RUN).namespace(&apps);
    Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--name", &name])
        .args(["--run-namespace", &apps, "--allow-loopback-server", "--yes"])
        .succeeds();

    let found = |words: &[&str]| shell.tab(words).0;
    assert_eq!(found(&["status", "--context", BUILD, &name]), [name.as_str()]);
    assert_eq!(found(&["status", "-A", "--build-context", BUILD, &name]), [name.as_str()]);
    assert_eq!(found(&["register-run-cluster", "--build-context", BUILD, "--name", &name]), [name.as_str()]);
    assert_eq!(found(&["export", "--context", BUILD, &name]), [name.as_str()]);
    assert_eq!(found(&["export", &name, "--for", "argo-m"]), ["argo-mck"]);
    assert_eq!(found(&["lint", "--context", BUILD, &name]), [name.as_str()]);
    assert!(found(&["status", "--context", BUILD, "-n", "kube-public", &name]).is_empty());
    assert!(found(&["status", "--context", BUILD, &name, &name]).is_empty(), "it was named already");
    assert!(found(&["status", "--context", BUILD, ""]).iter().all(|word| !word.starts_with('-')));

    let on_run = ["register-run-cluster", "--build-context", BUILD, "--run-context", RUN];
    assert_eq!(found(&[&on_run[..], &["--run-namespace", &apps]].concat()), [apps.as_str()]);
    assert_eq!(found(&[&on_run[..], &["-n", "kube-pub"]].concat()), ["kube-public"]);
}

#[test]
fn kubectl_shows_what_can_be_paused() {
    let shell = Shell::new();
    let namespace = unique("tab-pause");
    let kubectl = Kubectl::on(BUILD);
    kubectl.namespace(&namespace);
    let install = |name: &str| package_install(&namespace, name, name, "1.0.0").to_string();
    kubectl.apply(&[install("tab-one"), install("tab-two")].join("\n---\n"));
    let found =
        |verb: &str, words: &[&str]| shell.tab(&[&[verb, "--context", BUILD, "-n", &namespace][..], words].concat()).0;
    assert_eq!(found("pause-supply-chain", &["tab-"]), ["tab-one", "tab-two"]);
    assert_eq!(found("resume-supply-chain", &["tab-one", "tab-"]), ["tab-two"]);
    assert!(found("pause-supply-chain", &["--kind", "kustomization", "tab-"]).is_empty());
    assert_eq!(found("pause-supply-chain", &["--kind", "helm"]), ["helm-release"]);
}

#[test]
fn the_shell_completes_files_where_a_file_is_meant() {
    let shell = Shell::new();
    for words in [
        &["register-run-cluster", "--rules", ""][..],
        &["register-run-cluster", "--rules=a"],
        &["register-run-cluster", "--run-certificate-authority", "ca"],
        &["status", "--kubeconfig", ""],
    ] {
        assert_eq!(shell.tab(words), (Vec::new(), ":0".to_owned()), "{words:?}");
    }
}

#[test]
fn what_cannot_be_looked_up_makes_no_noise() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken");
    fs::write(&broken, "contexts: [").unwrap();
    for file in [&broken, &dir.path().join("missing")] {
        for words in [&["status", ""][..], &["status", "--context", ""], &["register-run-cluster", "--name", "a"]] {
            silent(&Tapmc::bare(["__complete", "--"]).args(words).kubeconfig(file).run());
        }
    }
    silent(&Tapmc::bare(["__complete", "--", "status", "--context", "no\nsuch", ""]).run());
}

#[test]
fn a_cluster_or_credential_plugin_that_hangs_holds_nobody_up() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("server: https://{}", deaf.local_addr().unwrap());
    let plugin = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: sh, \
                  args: ['-c', 'echo noise >&2; echo noise; sleep 5']}";
    Testbed::get(); // every output is searched for its tokens: let that not count
    for user in ["token: t", plugin] {
        let file = KubeconfigFile::new().context("slow", &server, user, "");
        let started = Instant::now();
        silent(&Tapmc::bare(["__complete", "--", "status", "--context", "slow", ""]).kubeconfig(&file.path).run());
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }
}

#[track_caller]
fn silent(output: &Output) {
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, ":4\n", ""));
}

/// A PATH as a user has it: kubectl, the plugin, and the program that completes it.
struct Shell {
    dir: TempDir,
}

impl Shell {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        symlink(Testbed::get().bin.join("kubectl"), dir.path().join("kubectl")).unwrap();
        symlink(env!("CARGO_BIN_EXE_kubectl-tapmc"), dir.path().join("kubectl-tapmc")).unwrap();
        symlink(Path::new(FOLDER).join("kubectl_complete-tapmc"), dir.path().join("kubectl_complete-tapmc")).unwrap();
        Self { dir }
    }

    /// The candidates without their descriptions, and the directive for the shell.
    fn tab(&self, words: &[&str]) -> (Vec<String>, String) {
        let printed = self.kubectl(&[&["__completeNoDesc", "tapmc"], words].concat());
        let mut lines: Vec<String> = printed.lines().map(str::to_owned).collect();
        let directive = lines.pop().unwrap_or_default();
        (lines, directive)
    }

    fn kubectl(&self, args: &[&str]) -> String {
        let mut path = OsString::from(self.dir.path());
        path.push(":/usr/bin:/bin");
        let mut command = Command::new(self.dir.path().join("kubectl"));
        command.args(args).env("PATH", path).env("KUBECONFIG", &Testbed::get().kubeconfig);
        let output = command.output().unwrap();
        let output = Output::of(&command, &output);
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stdout
    }
}

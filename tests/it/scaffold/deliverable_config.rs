//! The chain that is made of the installed one.

use serde_json::{Value, json};

use super::server_takes;
use crate::support::{BUILD, Kubectl, RUN_CAPPED, Tapmc, carvel::SELECTOR, kubeconfig::started, unique};

/// A chain as TAP installs it, on the build cluster, with its `git-writer`.
struct Installed {
    chain: String,
    /// The name of its `git-writer`, and of that one's namespace.
    writer: String,
}

impl Installed {
    fn new(name: &str, task: &str) -> Self {
        let (chain, writer) = (unique(name), unique("writer"));
        let kubectl = Kubectl::on(BUILD);
        kubectl.namespace(&writer);
        let step = |step: &str, kind: &str, template: &str| json!({"name": step, "templateRef": {"kind": kind, "name": template}});
        let mut written = step("config-writer", "ClusterTemplate", "config-writer-template");
        written["params"] = json!([
            {"name": "serviceAccount", "default": "builder"},
            {"name": "registry", "value": {"server": "registry.example.com", "repository": "apps"}},
        ]);
        kubectl.apply(&json!({
            "apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain",
            "metadata": {"name": chain, "labels": {"kapp.k14s.io/app": "17"}, "annotations": {"kapp.k14s.io/original": "{}"}},
            "spec": {
                "selector": {SELECTOR: chain},
                "params": [{"name": "gitops_branch", "default": "trunk"}],
                "resources": [
                    step("source-provider", "ClusterSourceTemplate", "source-template"), written,
                    step("deliverable", "ClusterTemplate", "external-deliverable-template"),
                ],
            },
        }).to_string());
        let installed = Self { chain, writer };
        if !task.is_empty() {
            let namespace = if task == "Task" { Value::from(installed.writer.as_str()) } else { Value::Null };
            kubectl.apply(
                &json!({
                    "apiVersion": "tekton.dev/v1beta1", "kind": task,
                    "metadata": {"name": installed.writer, "namespace": namespace},
                    "spec": {"params": [{"name": "git_files", "type": "string"}, {"name": "odd", "type": "string"}],
                        "steps": [{"name": "write", "image": "git"}]},
                })
                .to_string(),
            );
        }
        installed
    }

    /// The command for this chain, with the names of its own that objects of all tests need.
    fn scaffold(&self) -> Tapmc {
        Tapmc::new(["scaffold", "deliverable-config", "--context", BUILD, "--chain", &self.chain])
            .args(["--task-name", &self.writer, "--task-namespace", &self.writer])
            .args(["--config-template", &format!("{}-config", self.chain)])
            .args(["--writer-template", &format!("{}-writer", self.chain)])
    }
}

const REPOSITORY: [&str; 2] = ["--deliverable-repository", "ssh://git@git.example.com/deliverables.git"];

#[test]
fn the_installed_chain_with_two_steps_more() {
    let installed = Installed::new("derived", "Task");
    let output = installed.scaffold().args(REPOSITORY).succeeds();
    server_takes(BUILD, &output.stdout);
    assert!(
        output.stderr.contains("without the step deliverable (external-deliverable-template)"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("wants odd as well"), "{}", output.stderr);
    assert!(output.stderr.contains("there is no ClusterRunTemplate 'tekton-taskrun'"), "{}", output.stderr);

    let list = installed.scaffold().args(REPOSITORY).args(["-o", "json"]).succeeds().json();
    assert_eq!(list["kind"], "List");
    let chain = &list["items"][2];
    assert_eq!(chain["metadata"], json!({"name": installed.chain}));
    let steps = chain["spec"]["resources"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["source-provider", "config-writer", "deliverable-config", "deliverable-config-writer"]);
    assert_eq!(steps[1]["params"][1]["value"]["server"], "registry.example.com");
    assert_eq!(steps[3]["params"], json!([{"name": "serviceAccount", "default": "builder"}]));
    assert_eq!(chain["spec"]["params"][0], json!({"name": "gitops_branch", "default": "trunk"}));
    let writer = list["items"][1]["spec"]["ytt"].as_str().unwrap();
    assert!(
        writer.contains("resolver: cluster") && writer.contains(&format!("value: {}", installed.writer)),
        "{writer}"
    );
}

#[test]
fn a_chain_that_has_the_steps_is_printed_as_it_is() {
    let installed = Installed::new("again", "Task");
    let first = installed.scaffold().args(REPOSITORY).succeeds().stdout;
    Kubectl::on(BUILD).apply(&first);
    let again = installed.scaffold().succeeds();
    let chain = |printed: &str| {
        printed
            .rsplit("---\n")
            .next()
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(chain(&again.stdout), chain(&first));
    assert!(!again.stderr.contains("without the step"), "{}", again.stderr);
}

#[test]
fn a_cluster_task_where_there_is_no_task() {
    let installed = Installed::new("older", "ClusterTask");
    let printed = installed.scaffold().args(REPOSITORY).succeeds().stdout;
    assert!(printed.contains("kind: ClusterTask") && !printed.contains("resolver:"), "{printed}");
    server_takes(BUILD, &printed);
}

#[test]
fn without_a_task_the_flag_decides() {
    let installed = Installed::new("neither", "");
    installed
        .scaffold()
        .args(REPOSITORY)
        .fails(1, &["there is neither a Task '", "nor a ClusterTask '", "--task-kind"]);
    let printed = installed.scaffold().args(REPOSITORY).args(["--task-kind", "task"]).succeeds().stdout;
    assert!(printed.contains("resolver: cluster"), "{printed}");
}

#[test]
fn taps_own_step_stays_when_asked() {
    let installed = Installed::new("both", "Task");
    let printed = installed.scaffold().args(REPOSITORY).args(["--keep-deliverable"]).succeeds().stdout;
    assert!(printed.contains("name: external-deliverable-template"), "{printed}");
    assert!(printed.contains(r#"metadata.name + "-deliverable-config""#), "{printed}");
}

#[test]
fn names_that_are_wrong_or_missing() {
    let installed = Installed::new("wrong", "Task");
    installed.scaffold().fails(2, &["no repository is named", "hint: --deliverable-repository "]);
    let near = format!("{}x", installed.chain);
    Tapmc::new(["scaffold", "deliverable-config", "--context", BUILD, "--chain", &near])
        .args(REPOSITORY)
        .args(["--task-kind", "task"])
        .fails(2, &["there is no ClusterSupplyChain '", &format!("did you mean --chain {}", installed.chain)]);
    installed.scaffold().args(["--run-template", "A b"]).fails(2, &["--run-template: 'A b' cannot be the name"]);
    installed.scaffold().args(["--deliverable-type", "a: b"]).fails(2, &["--deliverable-type: "]);
}

#[test]
fn a_cluster_without_cartographer() {
    if started(RUN_CAPPED).is_none() {
        return;
    }
    Tapmc::new(["scaffold", "deliverable-config", "--context", RUN_CAPPED, "--task-kind", "task"])
        .args(REPOSITORY)
        .fails(1, &["the build cluster (context 'run-capped') does not serve ClusterSupplyChains"]);
}

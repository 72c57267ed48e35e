//! `kubectl tapmc scaffold deliverable-config`: what can be typed.

use clap::{Args, ValueEnum};

use super::ApplyArgs;
use crate::cli::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputArgs,
};

/// Print two templates and the installed chain with two steps more: for each Workload a ConfigMap
/// with its Deliverable, written to a Git repository from which run clusters are fed.
///
/// The chain is the installed one: its order, selector, parameters and registry stay. TAP's own
/// `deliverable` step is left out, since the new ones replace it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DeliverableConfigArgs {
    /// The installed chain that gets the steps
    #[arg(long, value_name = "NAME", default_value = "source-to-url", help_heading = "Names")]
    pub chain: String,

    /// The name of the ClusterConfigTemplate with the Deliverable
    #[arg(long, value_name = "NAME", default_value = "config-deliverable-template", help_heading = "Names")]
    pub config_template: String,

    /// The name of the ClusterTemplate that writes it
    #[arg(long, value_name = "NAME", default_value = "config-writer-deliverable-template", help_heading = "Names")]
    pub writer_template: String,

    /// The installed ClusterRunTemplate that makes a TaskRun of a Runnable
    #[arg(long, value_name = "NAME", default_value = "tekton-taskrun", help_heading = "Names")]
    pub run_template: String,

    /// Keep TAP's own `deliverable` step beside the new ones, whose ConfigMap is then called
    /// WORKLOAD-deliverable-config
    #[arg(long, help_heading = "Names")]
    pub keep_deliverable: bool,

    /// The value of the label app.tanzu.vmware.com/deliverable-type, by which ClusterDeliveries select
    #[arg(long, value_name = "VALUE", default_value = "web", help_heading = "Names")]
    pub deliverable_type: String,

    /// The Git repository that the Deliverables are written to; without it that of the installed chain
    #[arg(long, value_name = "URL", help_heading = "Git (without a flag the installed chain's)")]
    pub deliverable_repository: Option<String>,

    /// Its branch (main)
    #[arg(long, value_name = "BRANCH", help_heading = "Git (without a flag the installed chain's)")]
    pub deliverable_branch: Option<String>,

    /// The branch of the Workloads' configuration, gitops_branch (main)
    #[arg(long, value_name = "BRANCH", help_heading = "Git (without a flag the installed chain's)")]
    pub git_branch: Option<String>,

    /// Who commits, gitops_user_name (supplychain)
    #[arg(long, value_name = "NAME", help_heading = "Git (without a flag the installed chain's)")]
    pub git_user_name: Option<String>,

    /// Under which e-mail address, gitops_user_email (supplychain@cluster.local)
    #[arg(long, value_name = "ADDRESS", help_heading = "Git (without a flag the installed chain's)")]
    pub git_user_email: Option<String>,

    /// With which message, gitops_commit_message (Update the Deliverable)
    #[arg(long, value_name = "TEXT", help_heading = "Git (without a flag the installed chain's)")]
    pub git_commit_message: Option<String>,

    /// The Secret on the run cluster by which it reads the configuration, gitops_ssh_secret (none)
    #[arg(long, value_name = "NAME", help_heading = "Git (without a flag the installed chain's)")]
    pub ssh_secret: Option<String>,

    /// The ServiceAccount of the TaskRun that writes; without it that of the installed chain's
    /// config-writer (default)
    #[arg(long, value_name = "NAME", help_heading = "The task that writes")]
    pub service_account: Option<String>,

    /// What git-writer is, without asking the cluster
    #[arg(long, value_name = "KIND", value_enum, help_heading = "The task that writes")]
    pub task_kind: Option<TaskKind>,

    /// Its name
    #[arg(long, value_name = "NAME", default_value = "git-writer", help_heading = "The task that writes")]
    pub task_name: String,

    /// The namespace of a Task
    #[arg(long, value_name = "NAMESPACE", default_value = "tap-tasks", help_heading = "The task that writes")]
    pub task_namespace: String,

    /// Applying it.
    #[command(flatten)]
    pub apply: ApplyArgs,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How the objects are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The two kinds of Tekton's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskKind {
    /// A Task in a namespace of its own: TAP 1.7 and newer
    Task,
    /// A ClusterTask: TAP up to 1.6
    ClusterTask,
}

const EXAMPLES: &str = "\
Examples:
  # look at it, keep it, apply it
  kubectl tapmc scaffold deliverable-config --context build \\
    --deliverable-repository ssh://git@git.example.com/team/deliverables.git > chain.yaml
  kubectl tapmc apply-supply-chain --context build -f chain.yaml";

//! Tekton's `git-writer`, which commits files to a Git repository: which of its two kinds is
//! installed, how a TaskRun refers to it, and which parameters it wants.
//!
//! TAP up to 1.6 brings a ClusterTask; from 1.7 on it is a Task in the namespace `tap-tasks`, which a
//! TaskRun of another namespace reaches through Tekton's cluster resolver (pivotal/docs-tap,
//! "Post upgrade checks", and the cluster resolver's documentation of tektoncd/pipeline).

use serde_json::{Value, json};

use crate::kind::ApiKind;

/// A Task, as newer Tektons serve it.
pub static TASK: ApiKind = ApiKind::namespaced("tekton.dev", "v1", "Task", "tasks");
/// A Task, as older Tektons serve it.
pub static OLD_TASK: ApiKind = ApiKind::namespaced("tekton.dev", "v1beta1", "Task", "tasks");
/// A ClusterTask, which Tekton 1.0 took away.
pub static CLUSTER_TASK: ApiKind = ApiKind::cluster_wide("tekton.dev", "v1beta1", "ClusterTask", "clustertasks");
/// Cartographer's ClusterRunTemplate, which makes a TaskRun of a Runnable.
pub static RUN_TEMPLATE: ApiKind =
    ApiKind::cluster_wide("carto.run", "v1alpha1", "ClusterRunTemplate", "clusterruntemplates");

/// The parameters that the Runnable gives to `git-writer`.
pub const PARAMS: [&str; 6] =
    ["git_repository", "git_branch", "git_user_name", "git_user_email", "git_commit_message", "git_files"];

/// The task that writes to Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitWriter {
    /// A Task in a namespace of its own.
    Task {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A ClusterTask.
    ClusterTask {
        /// Its name.
        name: String,
    },
}

impl GitWriter {
    /// As a TaskRun refers to it.
    #[must_use]
    pub fn reference(&self) -> Value {
        match self {
            Self::ClusterTask { name } => json!({"kind": "ClusterTask", "name": name}),
            Self::Task { namespace, name } => json!({
                "resolver": "cluster",
                "params": [
                    {"name": "kind", "value": "task"},
                    {"name": "namespace", "value": namespace},
                    {"name": "name", "value": name},
                ],
            }),
        }
    }
}

/// The parameters that an installed task wants and the Runnable does not give.
#[must_use]
pub fn missing_params(task: &Value) -> Vec<String> {
    let wanted = task["spec"]["params"].as_array().into_iter().flatten();
    let wanted = wanted.filter(|param| param["default"].is_null()).filter_map(|param| param["name"].as_str());
    wanted.filter(|name| !PARAMS.contains(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_referred_to_in_their_own_way() {
        let task = GitWriter::Task { namespace: "tap-tasks".into(), name: "git-writer".into() };
        assert_eq!(task.reference()["resolver"], "cluster");
        assert_eq!(task.reference()["params"][1], json!({"name": "namespace", "value": "tap-tasks"}));
        let task = GitWriter::ClusterTask { name: "git-writer".into() };
        assert_eq!(task.reference(), json!({"kind": "ClusterTask", "name": "git-writer"}));
    }

    #[test]
    fn what_the_task_wants_beyond_what_it_gets() {
        let task = json!({"spec": {"params": [{"name": "git_files"}, {"name": "sub_path", "default": ""}, {"name": "server"}]}});
        assert_eq!(missing_params(&task), ["server"]);
        assert!(missing_params(&json!({})).is_empty());
    }
}

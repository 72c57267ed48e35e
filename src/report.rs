//! What was done, and what to do next: the one value from which every output form is made. Its
//! fields are the schema of `-o json`.

pub mod supply_chain_status;

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::{
    diff::ObjectDifference,
    error::Error,
    plan::{Change, Op, Side},
};

/// The `apiVersion` of every JSON and YAML document that is printed.
pub const API_VERSION: &str = "kubectl-tapmc/v1";

/// The report of `register-run-cluster`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `RegistrationReport`.
    pub kind: &'static str,
    /// The registration's name.
    pub name: String,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The build cluster.
    pub build_cluster: ClusterReport,
    /// The run cluster.
    pub run_cluster: ClusterReport,
    /// The kubeconfig Secret.
    pub secret: SecretReport,
    /// The account, `NAMESPACE/NAME`.
    pub service_account: String,
    /// The run namespaces.
    pub run_namespaces: Vec<String>,
    /// The profiles.
    pub profiles: Vec<String>,
    /// What is granted in each run namespace, a line a rule.
    pub rules: Vec<String>,
    /// The token; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenReport>,
    /// Each object and what became of it.
    pub changes: Vec<Done>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Commands that may be wanted next.
    pub next: Vec<String>,
    /// In a dry run: the objects as they would be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Value>,
}

/// The report of a verb that changes objects on one cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangesReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// The verb's own: `PauseReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The cluster.
    pub cluster: ClusterReport,
    /// Each object and what became of it.
    pub changes: Vec<Done>,
    /// How objects differ: from what they were, or from what they will be put back to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<ObjectDifference>,
    /// The ConfigMap that holds what was replaced, `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Commands that may be wanted next.
    pub next: Vec<String>,
}

/// A cluster as a report names it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    /// The context of the local kubeconfig.
    pub context: String,
    /// The address that the operator uses.
    pub server: String,
    /// The cluster's identity; empty where it does not matter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

impl ClusterReport {
    /// As a plan names it: `build cluster  context 'build'`.
    #[must_use]
    pub fn shown(&self, side: Side) -> String {
        format!("{side} cluster  context '{}'", self.context)
    }
}

/// The kubeconfig Secret as a report names it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretReport {
    /// Its namespace on the build cluster.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The data key with the kubeconfig.
    pub key: &'static str,
    /// The address of the run cluster in it.
    pub server: String,
}

/// A token as a report speaks of it: never the token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenReport {
    /// The generation's number.
    pub generation: u64,
    /// Was it issued by this run?
    pub issued: bool,
    /// The marker Secret to which it is bound.
    pub marker: String,
    /// The lifetime that was asked for.
    pub requested_seconds: u64,
    /// RFC 3339.
    pub issued_at: String,
    /// RFC 3339, as the run cluster granted it.
    pub expires_at: String,
    /// The granted lifetime.
    pub granted_seconds: i64,
    /// The token before this one; none where there was none, or where it was dead already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<FormerToken>,
}

/// What became of a token that another one has taken the place of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerToken {
    /// The marker Secret to which it is bound.
    pub marker: String,
    /// `spared` until the grace is over, `refused` where that was seen, `marker-deleted` where the
    /// token itself was not at hand.
    pub state: &'static str,
    /// RFC 3339: how long it is spared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One object and what became of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// On which cluster.
    pub cluster: Side,
    /// What happened, or would.
    pub op: Op,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `kind.group/name`.
    pub object: String,
    /// In kubectl's words: `serverside-applied`, `created`, `unchanged`, `deleted`.
    pub result: &'static str,
    /// Why, where that is not plain; in a dry run also where it could be checked on our side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Done {
    /// A change that was carried out.
    #[must_use]
    pub fn new(change: &Change) -> Self {
        Self {
            cluster: change.side,
            op: change.op,
            namespace: change.manifest.namespace.clone(),
            object: change.manifest.display_name(),
            result: match change.op {
                Op::Create | Op::Update | Op::Replace => "serverside-applied",
                Op::Keep => "unchanged",
                Op::Delete => "deleted",
                Op::Pause => "paused",
                Op::Resume => "resumed",
            },
            note: change.why.clone(),
        }
    }

    /// The same with another word for what became of the object.
    #[must_use]
    pub fn with_result(self, result: &'static str) -> Self {
        Self { result, ..self }
    }
}

/// What was done so far, kept outside of the command so that it can be told when the command
/// fails or is interrupted.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    noted: Arc<Mutex<Vec<Done>>>,
    /// The one of which this is a branch.
    whole: Option<Arc<Mutex<Vec<Done>>>>,
}

impl Journal {
    /// A journal of a part alone; what is noted in it is noted in this one too.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self { noted: Arc::default(), whole: Some(self.noted.clone()) }
    }

    /// Notes what was done.
    pub fn note(&self, done: Done) {
        if let Some(whole) = &self.whole {
            whole.lock().unwrap_or_else(PoisonError::into_inner).push(done.clone());
        }
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push(done);
    }

    /// Everything that was noted.
    #[must_use]
    pub fn done(&self) -> Vec<Done> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was noted so far has been told: a failure of the whole need not tell it again.
    pub fn told(&self) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Everything that was noted, in the order of the plan: what is done at once is noted as it ends.
    #[must_use]
    pub fn in_order(&self, plan: &[Change]) -> Vec<Done> {
        let place = |done: &Done| {
            let is_it = |change: &Change| {
                change.manifest.namespace == done.namespace && change.manifest.display_name() == done.object
            };
            plan.iter().position(is_it).unwrap_or(plan.len())
        };
        let mut all = self.done();
        all.sort_by_key(place);
        all
    }
}

/// The report of `rotate-token`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `RotationReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The registrations that were visited.
    pub items: Vec<RegistrationReport>,
    /// Those that failed.
    pub failed: Vec<FailedRegistration>,
}

/// A registration of several that failed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedRegistration {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// What went wrong, with its causes.
    pub error: String,
    /// What can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The exit code that the failure alone would have.
    pub exit_code: u8,
}

impl FailedRegistration {
    /// From the failure.
    #[must_use]
    pub fn new(name: String, namespace: String, error: &Error) -> Self {
        let sentences: Vec<String> = error.sentences().collect();
        Self {
            name,
            namespace,
            error: sentences.join(": "),
            hint: error.hint_text().map(str::to_owned),
            exit_code: error.kind().exit_code(),
        }
    }
}

/// One registration as `status` shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationStatus {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// The run cluster's address.
    pub server: String,
    /// The run cluster's identity.
    pub run_cluster_uid: String,
    /// The run namespaces.
    pub run_namespaces: Vec<String>,
    /// The profiles.
    pub profiles: Vec<String>,
    /// RFC 3339: when the token ends.
    pub expires_at: String,
    /// Seconds until then, by the build cluster's clock; negative when it is over.
    pub expires_in_seconds: i64,
    /// The generation's number.
    pub generation: u64,
    /// The account, `NAMESPACE/NAME`.
    pub service_account: String,
    /// The marker Secret.
    pub marker: String,
    /// RFC 3339: when the token was issued.
    pub issued_at: String,
}

/// The report of `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `RegistrationStatusList`.
    pub kind: &'static str,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// The registrations, soonest to expire first.
    pub items: Vec<RegistrationStatus>,
}

/// One backup as `undo-supply-chain` lists it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupStatus {
    /// Its namespace.
    pub namespace: String,
    /// Its name, and that of its first ConfigMap.
    pub name: String,
    /// RFC 3339: when the change was made.
    pub created_at: String,
    /// Seconds since then, by the build cluster's clock.
    pub age_seconds: i64,
    /// Who made the change.
    pub by: String,
    /// How many objects it changed; none where the backup cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<usize>,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The context that it was made with.
    pub context: String,
    /// `kept` or `undone`.
    pub state: &'static str,
    /// RFC 3339: when it was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<String>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
}

/// The report of `undo-supply-chain` without a name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupsReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `BackupList`.
    pub kind: &'static str,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// The backups, newest first.
    pub items: Vec<BackupStatus>,
}

/// The report of `version`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `Version`.
    pub kind: &'static str,
    /// The plugin's version.
    pub version: &'static str,
    /// Where it runs: `linux/amd64`.
    pub platform: String,
}

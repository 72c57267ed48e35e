//! What was done, and what to do next: the one value from which every output form is made. Its
//! fields are the schema of `-o json`.

mod backups;
pub mod check;
pub mod delivery_status;
pub mod import;
mod journal;
pub mod lint;
pub mod package_install;
pub mod removal;
pub mod renewals;
pub mod status;
pub mod supply_chain_status;
pub mod verification;

use serde::Serialize;
use serde_json::Value;

use crate::{
    diff::ObjectDifference,
    error::Error,
    plan::Side,
    registration::form::{Export, Way},
};

pub use backups::{BackupStatus, BackupsReport};
pub use journal::{Done, Journal};

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
    /// The reader that it is for alone; none for the kubeconfig of every registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportReport>,
    /// The token; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenReport>,
    /// Who renews it; none where nobody does, and in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalReport>,
    /// The voucher, where the run cluster's side alone was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherReport>,
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
    /// The context of the local kubeconfig; left out for a cluster out of sight.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// The address that the operator uses.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// The cluster's identity; empty where it does not matter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

impl ClusterReport {
    /// As a plan names it: `build cluster  context 'build'`.
    #[must_use]
    pub fn shown(&self, side: Side) -> String {
        let cluster = format!("{side} cluster");
        // Both sides stand below each other.
        format!("{cluster:<13}  context '{}'", self.context)
    }
}

/// A voucher as a report speaks of it: never what is in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoucherReport {
    /// The file; `-` for stdout.
    pub file: String,
    /// RFC 3339: until when it can be redeemed, as the run cluster granted it.
    pub valid_until: String,
    /// For how many age keys it is encrypted; 0 where it is not.
    pub recipients: usize,
}

/// The kubeconfig Secret as a report names it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretReport {
    /// Its namespace on the build cluster.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The data key with the kubeconfig; the keys of a reader's own form, empty where the Secret only records.
    pub key: String,
    /// The address of the run cluster in it.
    pub server: String,
}

/// A credential that is for one reader.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The reader.
    pub reader: &'static str,
    /// The registration that it was exported from, `NAMESPACE/NAME`.
    pub exported_from: String,
    /// The reader's own objects that refer to the Secret, `KIND.GROUP`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// Who had it printed; none where it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printed_by: Option<String>,
    /// For whom it was printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printed_for: Option<String>,
}

impl ExportReport {
    /// What is recorded of it.
    #[must_use]
    pub fn of(export: &Export) -> Self {
        let (printed_by, printed_for) = match &export.way {
            Way::Printed { by, recipient } => (Some(by.clone()), Some(recipient.clone())),
            Way::Stored(_) => (None, None),
        };
        Self {
            reader: export.reader.name,
            exported_from: export.of_reference().to_string(),
            objects: export.objects().iter().map(|form| form.name()).collect(),
            printed_by,
            printed_for,
        }
    }
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

/// Who renews a token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalReport {
    /// The namespace on the build cluster with the renewal kubeconfig and who uses it.
    pub namespace: String,
    /// The renewal kubeconfig's Secret.
    pub secret: String,
    /// RFC 3339: when the renewal kubeconfig's own token ends, unless it renews itself before.
    pub expires_at: String,
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

/// The report of a verb that registers, rotates or schedules several registrations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationReports {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `RegistrationReportList`, `RotationReport` or `RotationScheduleReport`.
    pub kind: &'static str,
    /// What the table says of one that got a new token: `rotated`.
    #[serde(skip)]
    pub done: &'static str,
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
    /// What was done before it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
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
            done: Vec::new(),
        }
    }
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

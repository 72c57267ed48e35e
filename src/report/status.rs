//! The report of `status`: each registration, how it fares, and what helps. Its fields are the schema of
//! `-o json`; a field that is not known is left out.

use serde::Serialize;

use super::{ClusterReport, ExportReport};
use crate::registration::health::{Finding, Severity};

/// The report of `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `RegistrationStatusList`.
    pub kind: &'static str,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// Was each run cluster looked at, or only what the build cluster records?
    pub live: bool,
    /// The registrations, the worst first, then the soonest to expire.
    pub items: Vec<RegistrationStatus>,
    /// What the operator should know of the whole: clocks that are wrong.
    pub warnings: Vec<String>,
    /// What could not be seen, and what is worth knowing.
    pub notes: Vec<String>,
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
    /// `ready` where it was seen to work, `recorded` where nobody looked, `printed` where it is in other hands, else the word of the worst
    /// finding.
    pub state: &'static str,
    /// The worst finding's: `broken`, `critical`, `attention` or `fine`.
    pub severity: Severity,
    /// What was found, the worst first; empty where all is well.
    pub findings: Vec<Finding>,
    /// The run cluster's address, as recorded.
    pub server: String,
    /// The run cluster's identity, as recorded.
    pub run_cluster_uid: String,
    /// The run namespaces, as recorded.
    pub run_namespaces: Vec<String>,
    /// The profiles, as recorded.
    pub profiles: Vec<String>,
    /// RFC 3339: when the token ends, by the token itself where that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Seconds until then, by the run cluster's clock where it was seen, else by the build cluster's;
    /// negative when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<i64>,
    /// RFC 3339: when the token was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<String>,
    /// Seconds since the Secret was made, by the build cluster's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// The generation's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The account, `NAMESPACE/NAME`.
    pub service_account: String,
    /// The marker Secret.
    pub marker: String,
    /// Other registrations of the same run cluster among those that were listed, `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_run_cluster: Vec<String>,
    /// The reader that it is for alone, and who had it where it was printed; none for the kubeconfig of every
    /// registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportReport>,
    /// Who renews the token, as recorded; none where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalStatus>,
    /// What was seen live; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveStatus>,
    /// What reads the Secret; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<ReaderStatus>>,
}

/// Who renews the token of a registration.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalStatus {
    /// The renewal namespace on the build cluster.
    pub namespace: String,
    /// The renewal kubeconfig's Secret there.
    pub secret: String,
    /// The CronJob; none where there is none, it is suspended, or nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron_job: Option<String>,
    /// RFC 3339: when the renewal kubeconfig's own token ends; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// What was seen of a registration on its run cluster.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveStatus {
    /// Did the run cluster answer, to the operator or to the stored token?
    pub reachable: bool,
    /// The operator's context that led there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_context: Option<String>,
    /// The identity of the cluster that was found there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_cluster_uid: Option<String>,
    /// Did the run cluster accept the stored token? None where it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_accepted: Option<bool>,
    /// Rights of the profile that the token does not hold, a line for each resource.
    pub missing_rights: Vec<String>,
    /// By namespace, rights beyond the profile.
    pub excess_rights: Vec<String>,
    /// By how many seconds the run cluster's clock is ahead of the build cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_ahead_seconds: Option<i64>,
}

/// An object that refers to the Secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderStatus {
    /// `kappctrl.k14s.io/v1alpha1`.
    pub api_version: String,
    /// `App`, `PackageInstall`, `Kustomization` or `HelmRelease`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `ok`, `failed`, `reconciling`, `paused` or `unknown`.
    pub result: &'static str,
    /// Why it failed, in its controller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

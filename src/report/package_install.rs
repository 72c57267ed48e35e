//! What `scaffold package-install` wrote and applied, or would.

use serde::Serialize;

use super::{Done, FailedRegistration};
use crate::diff::ObjectDifference;

/// The report of `scaffold package-install`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageInstallReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `PackageInstallReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The package, by its reference name.
    pub package: String,
    /// The version whose values these are.
    pub version: String,
    /// Where that Package was read.
    pub read_from: String,
    /// Which versions may be installed.
    pub constraint: String,
    /// Each run cluster.
    pub items: Vec<InstallationReport>,
    /// Required values that were not given and have no default.
    pub missing_values: Vec<String>,
    /// Run clusters on which applying failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedRegistration>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// What may be wanted next.
    pub next: Vec<String>,
}

/// One run cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallationReport {
    /// The registration, and the name of its folder.
    pub run_cluster: String,
    /// The namespace there.
    pub namespace: String,
    /// The ServiceAccount there.
    pub service_account: String,
    /// Its files.
    pub files: Vec<FileReport>,
    /// The account and its rights, where they were applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Done>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// Its path below `--output-dir`.
    pub path: String,
    /// `created`, `overwritten`, `unchanged`, or `differs` where it was left alone.
    pub result: &'static str,
    /// `sops` or `kubeseal`; none where it is written as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted_by: Option<&'static str>,
    /// How it differs from what is there; of values the paths alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<ObjectDifference>,
}

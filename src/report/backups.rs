//! The backups of changed supply chains, as `undo-supply-chain` lists them.

use serde::Serialize;

use super::ClusterReport;

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
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `BackupList`.
    pub kind: &'static str,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// The backups, newest first.
    pub items: Vec<BackupStatus>,
}

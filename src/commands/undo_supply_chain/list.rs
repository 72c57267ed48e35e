//! The list of backups.

use jiff::Timestamp;
use serde_json::Value;

use super::find::{annotation, firsts};
use crate::{
    commands::build_cluster::BuildCluster,
    error::Result,
    output::Printer,
    report::{API_VERSION, BackupStatus, BackupsReport},
    supply_chain::backup::{count, key},
};

/// Lists the backups of a namespace, or of all.
pub(super) async fn list(build: &BuildCluster, namespace: Option<&str>, printer: Printer) -> Result<()> {
    let found = firsts(build, namespace).await?;
    let now = build.cluster.now();
    let items = found.iter().map(|first| status(first, now)).collect();
    let report = BackupsReport { api_version: API_VERSION, kind: "BackupList", cluster: build.report(), items };
    printer.backups(&report, namespace.is_none())
}

fn status(first: &Value, now: Timestamp) -> BackupStatus {
    let text = |field: &str| first["metadata"][field].as_str().unwrap_or_default().to_owned();
    let created_at = annotation(first, key::AT).unwrap_or_else(|| text("creationTimestamp"));
    let created: Option<Timestamp> = created_at.parse().ok();
    let undone_at = annotation(first, key::UNDONE_AT);
    BackupStatus {
        namespace: text("namespace"),
        name: text("name"),
        age_seconds: created.map_or(0, |created| now.as_second() - created.as_second()),
        created_at,
        by: annotation(first, key::BY).unwrap_or_default(),
        objects: count(first),
        reason: annotation(first, key::REASON),
        context: annotation(first, key::CONTEXT).unwrap_or_default(),
        state: if undone_at.is_some() { "undone" } else { "kept" },
        undone_at,
        undone_by: annotation(first, key::UNDONE_BY),
    }
}

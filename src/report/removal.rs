//! The report of `unregister-run-cluster`: its fields are the schema of `-o json`.

use serde::Serialize;

use super::{ClusterReport, Done, FailedRegistration};
use crate::registration::removal::Lost;

/// The report of `unregister-run-cluster`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovalReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `RemovalReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The build cluster; with empty fields where it was out of sight.
    pub build_cluster: ClusterReport,
    /// The registrations that were removed, in the order in which they were asked for; last those whose run cluster
    /// answered later than nearly all others.
    pub items: Vec<Removed>,
    /// Those that were not, or not wholly.
    pub failed: Vec<FailedRegistration>,
}

/// What became of one registration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// The Secret's name; empty where it is not known.
    pub secret: String,
    /// The run cluster; none where it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_cluster: Option<ClusterReport>,
    /// Each object and what became of it.
    pub changes: Vec<Done>,
    /// What stays, and why.
    pub kept: Vec<Done>,
    /// What was proven of its tokens; empty in a dry run.
    pub proofs: Vec<Proof>,
    /// What could not be removed on the run cluster.
    pub lost: Vec<Lost>,
    /// `build` or `run`, where that side alone was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<&'static str>,
    /// The command by which the other administrator removes the other side; none where both were removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_side: Option<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Something by which a token could live, and what was seen of its end.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// `the stored token`, `the marker 'delivery-1-abcde'`.
    pub of: String,
    /// How it ended.
    pub state: ProofState,
    /// Seconds from the deletion of the markers until this was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// How it was seen.
    pub how: String,
}

/// How something ended by which a token could live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofState {
    /// The run cluster refuses the token.
    Refused,
    /// Its object is gone, and with it every token that depends on it.
    Gone,
    /// It was not tried.
    Untried,
    /// The run cluster still accepts the token: its own side is removed by its administrator.
    Accepted,
}

//! The report of `check`: what is needed on each cluster, and whether it is there. Its fields are the schema of
//! `-o json`.

use serde::Serialize;

use crate::delivery::requirements::Requirement;

/// The report of `check`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `CheckReport`.
    pub kind: &'static str,
    /// The build cluster's first, then those of each run cluster.
    pub items: Vec<Requirement>,
}

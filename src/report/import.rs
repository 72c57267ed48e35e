//! The report of `import`: what the former credential was, what was wrong with it, the registration that takes its
//! place, and what became of it. Its fields are the schema of `-o json`.

use serde::Serialize;

use super::{Done, RegistrationReport};
use crate::former::{FormerFinding, Reading};

/// The report of `import`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `ImportReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The former credential; none where the Secret is a registration's already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<FormerReport>,
    /// The name of the registration whose Secret it is already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub already: Option<String>,
    /// The registration that takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationReport>,
    /// Each object of the former credential, and what became of it.
    pub removal: Vec<Done>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Commands that may be wanted next.
    pub next: Vec<String>,
}

/// A former credential, as a report speaks of it: never what is in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerReport {
    /// Its Secret on the build cluster, `NAMESPACE/NAME`.
    pub secret: String,
    /// `kubeconfig`, `argocd` or `token`.
    pub form: &'static str,
    /// The data key of the kubeconfig.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The address in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What logs in: `token`, `client-certificate` or `other`.
    pub login: &'static str,
    /// Does the run cluster accept it: `accepted`, `refused` or `not-tried`.
    pub state: &'static str,
    /// The user that it is there; none where that was not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where the registration goes: `in-place` or `beside`.
    pub placement: &'static str,
    /// Why beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub placed_because: Vec<String>,
    /// What is wrong with it, the worst first.
    pub findings: Vec<FormerFinding>,
    /// Who reads the Secret, and what becomes of each.
    pub readers: Vec<Reading>,
    /// Was it seen that the run cluster refuses its token now? None where it was not removed or could not be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_ended: Option<bool>,
    /// The commands that remove what stays of it; empty where nothing does, or nothing can be proven to be its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_by: Vec<String>,
}

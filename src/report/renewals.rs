//! What `rotate-token --renewal` did.

use serde::Serialize;

use super::FailedRegistration;

/// The report of `rotate-token --renewal`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalsReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `RenewalReport`.
    pub kind: &'static str,
    /// `client` or `server`; none where changes were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The registrations whose renewal succeeded.
    pub items: Vec<RenewedRegistration>,
    /// Those whose renewal failed: the names and namespaces of their renewal kubeconfigs' Secrets.
    pub failed: Vec<FailedRegistration>,
}

/// One registration and what its renewal did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewedRegistration {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// `kept`, `token-renewed`, `renewal-renewed` (the renewal kubeconfig's own one) or `renewed` (both);
    /// in a dry run what would be.
    pub result: &'static str,
    /// The running generation's number, which a renewal does not change.
    pub generation: u64,
    /// RFC 3339: when the token ends.
    pub expires_at: String,
    /// RFC 3339: when the renewal kubeconfig's token ends.
    pub renewal_expires_at: String,
}

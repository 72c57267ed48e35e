//! What `verify` found: the schema of its `-o json`.

use serde::Serialize;

use super::{API_VERSION, ClusterReport};

/// The report of `verify`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationReport {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `VerificationReport`.
    pub kind: &'static str,
    /// `client` or `server` where a reader was only planned to be asked; none else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// The registrations, in the order of their names.
    pub items: Vec<Verification>,
    /// What the operator should know of more than one of them.
    pub warnings: Vec<String>,
}

impl VerificationReport {
    /// Of these registrations.
    #[must_use]
    pub fn new(cluster: ClusterReport, items: Vec<Verification>, warnings: Vec<String>) -> Self {
        Self { api_version: API_VERSION, kind: "VerificationReport", dry_run: None, cluster, items, warnings }
    }
}

/// What was found of a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was used, and may do what it should.
    Proven,
    /// It was proven from here, but a reader failed with it.
    ReaderFailed,
    /// The Secret is not what its record says: it was not used.
    Differs,
    /// The run cluster refuses the token.
    Refused,
    /// The token is accepted and lacks rights.
    LacksRights,
    /// The run cluster gave no answer, or its certificate cannot be trusted.
    Unreachable,
    /// Something else went wrong.
    Failed,
}

impl Verdict {
    /// In words: `secret/run-a-kubeconfig proven`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::ReaderFailed => "proven from here, but not through its reader",
            Self::Differs => "differs from its record",
            Self::Refused => "refused",
            Self::LacksRights => "lacks rights",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
        }
    }
}

/// One registration.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// What was found.
    pub result: Verdict,
    /// The exit code that it alone would have.
    pub exit_code: u8,
    /// The run cluster's address, as recorded.
    pub server: String,
    /// The account, `NAMESPACE/NAME`, as recorded.
    pub service_account: String,
    /// The run namespaces, as recorded.
    pub run_namespaces: Vec<String>,
    /// The profiles, as recorded.
    pub profiles: Vec<String>,
    /// RFC 3339: when the token ends, as it says itself; none where it was not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Seconds until then, by the run cluster's clock; negative when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<i64>,
    /// How the Secret differs from its record, with the field; never its content.
    pub differences: Vec<String>,
    /// Rights that the profiles grant and the token has not, a line a resource.
    pub missing: Vec<String>,
    /// Rights that others grant to the token, a line a namespace.
    pub beyond: Vec<String>,
    /// What went wrong, with its causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The readers that used the Secret; empty without `--through-reader`.
    pub readers: Vec<ReaderTrial>,
}

/// One reader that was asked to use the Secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderTrial {
    /// The object: `app.kappctrl.k14s.io/NAME`.
    pub object: String,
    /// Was it made for this, and removed again?
    pub temporary: bool,
    /// Did its controller succeed with the Secret?
    pub succeeded: bool,
    /// The controller's own message, or what went wrong.
    pub message: String,
    /// What is left of it, and where; empty when everything is gone that could be seen.
    pub left: Vec<String>,
}

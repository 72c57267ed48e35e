//! Former credentials: what people or other tools made for a run cluster before there was a registration of it. What a
//! Secret of somebody else's holds, what is wrong with it, where its registration goes, and what of it can be removed.
//! Pure: nothing that stands in one is followed, run, opened or shown.

mod authority;
mod findings;
pub mod managed;
mod placing;
mod reading;
mod referring;
pub mod removal;

use secrecy::SecretString;

use crate::registration::{credential::Token, names::ObjectRef};

pub use authority::share_a_certificate;
pub use findings::{FormerFinding, Seen, Trial, findings};
pub use placing::{Identified, Placement, Reading, check_unsaid, placement, readings, readings_by_label};
pub use reading::{Picked, read};
pub use referring::readings_by_object;

/// A former credential: what a Secret holds, as far as its registration needs it.
#[derive(Debug)]
pub struct Former {
    /// The Secret.
    pub secret: ObjectRef,
    /// In which form.
    pub form: Form,
    /// The data key of the kubeconfig; none for the other forms.
    pub key: Option<String>,
    /// What the credential is called there: the cluster's name; none where it is called nothing.
    pub called: Option<String>,
    /// The address of the run cluster, without user information; none where it has none that can be used.
    pub server: Option<String>,
    /// The CA of that address, PEM; none where it has none.
    pub certificate_authority: Option<Vec<u8>>,
    /// The namespace to deliver to; none where it names none.
    pub namespace: Option<String>,
    /// How many contexts stand beside each other.
    pub contexts: usize,
    /// What logs in.
    pub login: Login,
}

/// The forms that a former credential has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A kubeconfig under some data key.
    Kubeconfig,
    /// Argo CD's cluster Secret, as `argocd cluster add` makes it.
    ArgoCd,
    /// A token and a CA, each under a key of its own, as Open Cluster Management's ManagedServiceAccount makes them.
    Token,
}

impl Form {
    /// As reports say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::ArgoCd => "argocd",
            Self::Token => "token",
        }
    }
}

/// What logs in.
#[derive(Debug)]
pub enum Login {
    /// A token.
    Token(Token),
    /// A client certificate and its key.
    Certificate(ClientCertificate),
    /// Something that is not tried: it would run a program or open a file, or it is nothing.
    Untried(&'static str),
}

impl Login {
    /// As reports say it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Certificate(_) => "client-certificate",
            Self::Untried(_) => "other",
        }
    }
}

/// A client certificate and its key, each PEM in base64 as kubeconfigs have them.
#[derive(Debug)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: SecretString,
}

#[cfg(test)]
mod tests;

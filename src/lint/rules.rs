//! The rules of `lint`: their ids, which do not change, how bad what they find mostly is, and what it is.

use serde::{Serialize, Serializer};

use super::Severity;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It cannot be read as YAML or JSON within limits.
    Unreadable,
    /// There is no credential in it that a reader takes.
    NoKubeconfig,
    /// The reader takes another form.
    WrongForm,
    /// The reader looks under another data key.
    WrongKey,
    /// The reader takes another data key for a cluster.
    ExtraKey,
    /// The label is missing by which the reader finds the Secret.
    MissingLabel,
    /// The Secret has another type than its reader gives it.
    WrongType,
    /// The reader expects another name.
    WrongName,
    /// The reader looks in another namespace.
    WrongNamespace,
    /// A field is missing, or of another kind than it must be.
    WrongKind,
    /// A field that no kubeconfig has, and nobody reads.
    UnknownField,
    /// Two entries have the same name.
    DuplicateName,
    /// No context is the current one.
    NoCurrentContext,
    /// A context names something that is not there.
    DanglingReference,
    /// Credentials for more than one purpose stand together.
    SeveralEntries,
    /// The context names no namespace.
    NoNamespace,
    /// There is no address.
    NoServer,
    /// The address is not one of https.
    BadServer,
    /// A name or password stands in an address.
    CredentialInUrl,
    /// The address leads back to the machine that reads it.
    LoopbackAddress,
    /// The address is one of inside the run cluster.
    InClusterAddress,
    /// The address is one of a private network.
    PrivateAddress,
    /// The way leads through a proxy, which old readers leave out.
    ProxyUrl,
    /// Any server is trusted.
    InsecureTls,
    /// No certificate authority is given.
    NoCertificateAuthority,
    /// The certificate authority cannot be read.
    BadCertificateAuthority,
    /// A program gives the credential.
    ExecProgram,
    /// A plugin of former times gives the credential.
    AuthProvider,
    /// A file is named instead of its content.
    FileReference,
    /// The user acts as another.
    Impersonation,
    /// There are extensions.
    Extensions,
    /// A name and a password log in.
    BasicAuth,
    /// Nothing to log in with is there, or is left.
    NoCredential,
    /// A certificate logs in, which nobody can revoke.
    ClientCertificate,
    /// The client certificate or its key cannot be read.
    BadClientCertificate,
    /// The client certificate is not valid now.
    CertificateExpired,
    /// Less than a fifth of its life is left to the certificate.
    CertificateExpiresSoon,
    /// The token is none.
    BadToken,
    /// The token has ended.
    TokenExpired,
    /// Less than a fifth of its life is left to the token.
    TokenExpiresSoon,
    /// The token never ends.
    TokenNeverExpires,
    /// The token does not say when it ends.
    OpaqueToken,
    /// The reader watches the whole cluster.
    ClusterScope,
    /// A registration of this plugin's was changed by hand.
    RecordDiffers,
}

/// Each rule's id, how bad what it finds mostly is, and what it is.
pub const RULES: [(Rule, &str, Severity, &str); 44] = [
    (Rule::Unreadable, "unreadable", Severity::Error, "it cannot be read as YAML or JSON within limits"),
    (Rule::WrongForm, "wrong-form", Severity::Error, "the reader takes another form"),
    (Rule::NoKubeconfig, "no-kubeconfig", Severity::Error, "there is no credential in it that a reader takes"),
    (Rule::WrongKey, "wrong-key", Severity::Error, "the reader looks under another data key"),
    (Rule::ExtraKey, "extra-key", Severity::Error, "the reader takes another data key for a cluster"),
    (Rule::MissingLabel, "missing-label", Severity::Error, "the label is missing by which the reader finds the Secret"),
    (Rule::WrongType, "wrong-type", Severity::Note, "the Secret has another type than its reader gives it"),
    (Rule::WrongName, "wrong-name", Severity::Warning, "the reader expects another name"),
    (Rule::WrongNamespace, "wrong-namespace", Severity::Error, "the reader looks in another namespace"),
    (Rule::WrongKind, "wrong-kind", Severity::Error, "a field is missing, or of another kind than it must be"),
    (Rule::UnknownField, "unknown-field", Severity::Warning, "a field that no kubeconfig has, and nobody reads"),
    (Rule::DuplicateName, "duplicate-name", Severity::Error, "two entries have the same name"),
    (Rule::NoCurrentContext, "no-current-context", Severity::Error, "no context is the current one"),
    (Rule::DanglingReference, "dangling-reference", Severity::Error, "a context names something that is not there"),
    (
        Rule::SeveralEntries,
        "several-entries",
        Severity::Warning,
        "credentials for more than one purpose stand together",
    ),
    (Rule::NoNamespace, "no-namespace", Severity::Note, "the context names no namespace"),
    (Rule::NoServer, "no-server", Severity::Error, "there is no address"),
    (Rule::BadServer, "bad-server", Severity::Error, "the address is not one of https"),
    (Rule::CredentialInUrl, "credential-in-url", Severity::Warning, "a name or password stands in an address"),
    (Rule::LoopbackAddress, "loopback-address", Severity::Error, "the address leads back to the machine that reads it"),
    (Rule::InClusterAddress, "in-cluster-address", Severity::Error, "the address is one of inside the run cluster"),
    (Rule::PrivateAddress, "private-address", Severity::Note, "the address is one of a private network"),
    (Rule::ProxyUrl, "proxy-url", Severity::Note, "the way leads through a proxy, which old readers leave out"),
    (Rule::InsecureTls, "insecure-tls", Severity::Warning, "any server is trusted"),
    (Rule::NoCertificateAuthority, "no-certificate-authority", Severity::Note, "no certificate authority is given"),
    (
        Rule::BadCertificateAuthority,
        "bad-certificate-authority",
        Severity::Error,
        "the certificate authority cannot be read",
    ),
    (Rule::ExecProgram, "exec-program", Severity::Warning, "a program gives the credential"),
    (Rule::AuthProvider, "auth-provider", Severity::Warning, "a plugin of former times gives the credential"),
    (Rule::FileReference, "file-reference", Severity::Warning, "a file is named instead of its content"),
    (Rule::Impersonation, "impersonation", Severity::Warning, "the user acts as another"),
    (Rule::Extensions, "extensions", Severity::Warning, "there are extensions"),
    (Rule::BasicAuth, "basic-auth", Severity::Warning, "a name and a password log in"),
    (Rule::NoCredential, "no-credential", Severity::Error, "nothing to log in with is there, or is left"),
    (
        Rule::ClientCertificate,
        "client-certificate",
        Severity::Warning,
        "a certificate logs in, which nobody can revoke",
    ),
    (
        Rule::BadClientCertificate,
        "bad-client-certificate",
        Severity::Error,
        "the client certificate or its key cannot be read",
    ),
    (Rule::CertificateExpired, "certificate-expired", Severity::Error, "the client certificate is not valid now"),
    (
        Rule::CertificateExpiresSoon,
        "certificate-expires-soon",
        Severity::Warning,
        "less than a fifth of its life is left to the certificate",
    ),
    (Rule::BadToken, "bad-token", Severity::Error, "the token is none"),
    (Rule::TokenExpired, "token-expired", Severity::Error, "the token has ended"),
    (
        Rule::TokenExpiresSoon,
        "token-expires-soon",
        Severity::Warning,
        "less than a fifth of its life is left to the token",
    ),
    (Rule::TokenNeverExpires, "token-never-expires", Severity::Warning, "the token never ends"),
    (Rule::OpaqueToken, "opaque-token", Severity::Note, "the token does not say when it ends"),
    (Rule::ClusterScope, "cluster-scope", Severity::Note, "the reader watches the whole cluster"),
    (Rule::RecordDiffers, "record-differs", Severity::Warning, "a registration of this plugin's was changed by hand"),
];

impl Rule {
    /// Its id.
    #[must_use]
    pub fn id(self) -> &'static str {
        RULES.iter().find_map(|(rule, id, _, _)| (*rule == self).then_some(*id)).unwrap_or_default()
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_has_an_id_of_its_own() {
        let ids: BTreeSet<&str> = RULES.iter().map(|(rule, ..)| rule.id()).collect();
        assert_eq!(ids.len(), RULES.len());
        for id in ids {
            assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{id}");
        }
    }
}

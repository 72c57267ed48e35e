//! The fields of a kubeconfig that readers treat differently, and how.

/// Fields of a kubeconfig that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `exec`: a program that gives the credential.
    Exec,
    /// `auth-provider`: a plugin of former times.
    AuthProvider,
    /// `client-certificate`, `client-key`: files.
    ClientFiles,
    /// `certificate-authority`: a file.
    AuthorityFile,
    /// `tokenFile`.
    TokenFile,
    /// `as`, `as-groups`, `as-user-extra`.
    Impersonation,
    /// `as-uid`.
    ImpersonatedUid,
    /// `extensions`, anywhere.
    Extensions,
    /// `insecure-skip-tls-verify`.
    Insecure,
    /// `username`, `password`.
    Basic,
}

impl Field {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Exec,
        Self::AuthProvider,
        Self::ClientFiles,
        Self::AuthorityFile,
        Self::TokenFile,
        Self::Impersonation,
        Self::ImpersonatedUid,
        Self::Extensions,
        Self::Insecure,
        Self::Basic,
    ];

    /// In a short text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::AuthProvider => "auth-provider",
            Self::ClientFiles => "client files",
            Self::AuthorityFile => "CA file",
            Self::TokenFile => "tokenFile",
            Self::Impersonation => "as",
            Self::ImpersonatedUid => "as-uid",
            Self::Extensions => "extensions",
            Self::Insecure => "insecure",
            Self::Basic => "password",
        }
    }
}

/// What a reader does about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is used as it stands.
    Used,
    /// It is left out, and nobody is told.
    Dropped,
    /// The whole kubeconfig is refused.
    Refused,
    /// The program or file must be there where the reader runs, not where the kubeconfig was written.
    Local,
}

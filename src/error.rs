//! What can go wrong, as the user is told of it: one sentence, its causes, a hint, and the exit
//! code that scripts rely on.

use std::fmt;

/// The kinds of failure that a script can tell apart, each with its own exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something failed that none of the other kinds describes.
    Failed,
    /// The command line, a file or the kubeconfig says something that cannot be done.
    Usage,
    /// A part of a fleet failed.
    PartFailed,
    /// An object of somebody else stands in the way.
    Conflict,
    /// A cluster refused the operator: not authenticated, or a right is missing.
    NotAllowed,
    /// A cluster did not answer, not in time, or not with a certificate that can be trusted.
    Unreachable,
    /// `verify`, `check`, `lint`, `status --exit-code` or `delivery-status --exit-code` found something that is not fine.
    DriftFound,
    /// Ctrl-C or a termination signal.
    Interrupted,
    /// The command that was given a credential failed, with this exit code of its own.
    Command(u8),
}

/// Each kind's exit code and what it means: the README's table is made from this one.
pub const EXIT_CODES: [(Kind, u8, &str); 8] = [
    (Kind::Failed, 1, "failed"),
    (Kind::Usage, 2, "usage: the command line, a file or the kubeconfig"),
    (Kind::PartFailed, 3, "part of a fleet failed"),
    (Kind::Conflict, 4, "conflict with somebody's object"),
    (Kind::NotAllowed, 5, "not allowed"),
    (Kind::Unreachable, 6, "unreachable or out of time"),
    (
        Kind::DriftFound,
        7,
        "drift or expiry found (`verify`, `check`, `lint`, `status` and `delivery-status --exit-code`)",
    ),
    (Kind::Interrupted, 130, "interrupted"),
];

impl Kind {
    /// The process's exit code for this kind of failure.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        if let Self::Command(code) = self {
            return code;
        }
        EXIT_CODES.iter().find_map(|(kind, code, _)| (*kind == self).then_some(*code)).unwrap_or(1)
    }
}

/// A failure: its kind, a sentence with its causes, and what the user can do now.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    chain: anyhow::Error,
    hint: Option<String>,
    status: Option<u16>,
}

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind` with one sentence that says what was tried, and on which cluster.
    pub fn new(kind: Kind, sentence: impl fmt::Display) -> Self {
        Self { kind, chain: anyhow::anyhow!("{sentence}"), hint: None, status: None }
    }

    /// [`Kind::Usage`]: what was typed cannot be done.
    pub fn usage(sentence: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, sentence)
    }

    /// [`Kind::Conflict`]: an object of somebody else stands in the way.
    pub fn conflict(sentence: impl fmt::Display) -> Self {
        Self::new(Kind::Conflict, sentence)
    }

    /// [`Kind::Usage`]: a YAML error in a file, with its place and without a copy of the file's
    /// text, which may hold secrets.
    #[must_use]
    pub fn in_yaml(file: &str, error: &serde_saphyr::Error) -> Self {
        // A document that is of the wrong kind as a whole is so from its first character on.
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let what = error.without_snippet().to_string();
        let what = what.lines().next().unwrap_or_default();
        // Some of its sentences say the place once more.
        let what = what.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(what);
        Self::usage(format_args!("{file} line {line} column {column}: {what}"))
    }

    /// [`Kind::Failed`].
    pub fn failed(sentence: impl fmt::Display) -> Self {
        Self::new(Kind::Failed, sentence)
    }

    /// Adds what the user can do now; an earlier, closer hint stays.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint.get_or_insert_with(|| hint.to_string());
        self
    }

    /// Puts another hint in place of the one there is.
    #[must_use]
    pub fn replace_hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds a hint on a line of its own, after the one there is.
    #[must_use]
    pub fn another_hint(self, hint: impl fmt::Display) -> Self {
        match self.hint_text() {
            Some(first) => {
                let both = format!("{first}\n      {hint}");
                self.replace_hint(both)
            }
            None => self.hint(hint),
        }
    }

    /// Puts a sentence in front: what was tried when this happened.
    #[must_use]
    pub fn context(mut self, sentence: impl fmt::Display) -> Self {
        self.chain = self.chain.context(sentence.to_string());
        self
    }

    /// The same failure under another kind.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Notes the HTTP status with which an API server answered.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Did an API server certainly refuse, so that nothing was changed?
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.status.is_some_and(|status| (400..500).contains(&status))
    }

    /// Did an API server answer that the object is not the expected one, or is there already?
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status == Some(409)
    }

    /// Did an API server refuse the token?
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status == Some(401)
    }

    /// Did an API server answer that this operator may not do it?
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status == Some(403)
    }

    /// Did an API server answer that the object does not exist?
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == Some(404)
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence, then each cause below it.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        self.chain.chain().map(ToString::to_string)
    }

    /// What the user can do now.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.chain)
    }
}

impl From<anyhow::Error> for Error {
    fn from(chain: anyhow::Error) -> Self {
        Self { kind: Kind::Failed, chain, hint: None, status: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        let mut codes: Vec<u8> = EXIT_CODES.iter().map(|(_, code, _)| *code).collect();
        codes.dedup();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 130]);
        assert_eq!(Kind::Conflict.exit_code(), 4);
    }

    #[test]
    fn the_closest_hint_stays() {
        let error = Error::usage("no such context").hint("near").hint("far").context("cannot start");
        assert_eq!(error.hint_text(), Some("near"));
        assert_eq!(error.sentences().collect::<Vec<_>>(), ["cannot start", "no such context"]);
    }
}

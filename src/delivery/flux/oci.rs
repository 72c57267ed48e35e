//! What of an artifact in an OCI registry is read.

use serde_json::{Value, json};

use crate::error::{Error, Result};

/// A tag has at most so many characters (OCI distribution specification).
const MAX_TAG: usize = 128;

/// Which artifact of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OciRef {
    /// That with this tag.
    Tag(String),
    /// That with this digest, `sha256:…`.
    Digest(String),
    /// That with the newest tag that fulfils these constraints.
    Semver(String),
}

impl OciRef {
    /// Reads `TAG`, `sha256:DIGEST` or `semver:CONSTRAINTS`.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for what no registry can have.
    pub fn parse(typed: &str) -> Result<Self> {
        let is_constraint = |c: char| c.is_ascii_alphanumeric() || "<>=~^*.,| -+".contains(c);
        let in_tag = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let text = || typed.to_owned();
        let read = if let Some(constraints) = typed.strip_prefix("semver:") {
            let good = !constraints.trim().is_empty() && constraints.chars().all(is_constraint);
            good.then(|| Self::Semver(constraints.to_owned()))
        } else if let Some(digest) = typed.strip_prefix("sha256:") {
            (digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit())).then(|| Self::Digest(text()))
        } else {
            let good = !typed.is_empty()
                && typed.len() <= MAX_TAG
                && typed.chars().all(in_tag)
                && !typed.starts_with(['.', '-']);
            good.then(|| Self::Tag(text()))
        };
        read.ok_or_else(|| {
            Error::usage(format_args!("--git-ref '{}' is nothing that an artifact can have", typed.escape_debug()))
                .hint("write a tag (v1.0.0), sha256:DIGEST, or semver:>=1.0.0")
        })
    }

    /// As the field `spec.ref`.
    #[must_use]
    pub fn for_flux(&self) -> Value {
        match self {
            Self::Tag(tag) => json!({"tag": tag}),
            Self::Digest(digest) => json!({"digest": digest}),
            Self::Semver(constraints) => json!({"semver": constraints}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_artifact_can_have() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let of = |typed: &str| OciRef::parse(typed).unwrap().for_flux();
        assert_eq!(of("v1.0_x"), json!({"tag": "v1.0_x"}));
        assert_eq!(of(&digest), json!({"digest": digest}));
        assert_eq!(of("semver:>=1.0.0 <2"), json!({"semver": ">=1.0.0 <2"}));
        for evil in ["", "a b", "-v", "sha256:abc", "semver:", "a/b", "a:b", "a\u{202e}"] {
            assert!(OciRef::parse(evil).is_err(), "{evil}");
        }
    }
}
